// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// What `weir check` prints, and its exit status.
package struct CheckReport: Sendable {
  package let text: String
  /// 0 without errors (warnings are none), else 1.
  package let exitStatus: Int32

  package init(_ result: LoadResult, name: String, isColored: Bool = false) {
    let errors = result.diagnostics.count { $0.severity == .error }
    let warnings = result.diagnostics.count - errors
    let counts = [Self.count(errors, "error"), Self.count(warnings, "warning")].compactMap(\.self)
    let summary = counts.isEmpty ? "no errors" : counts.joined(separator: ", ")
    text = DiagnosticText(isColored: isColored).render(result.diagnostics) + "\(name): \(summary)\n"
    exitStatus = errors == 0 ? 0 : 1
  }

  private static func count(_ number: Int, _ noun: String) -> String? {
    number == 0 ? nil : "\(number) \(noun)\(number == 1 ? "" : "s")"
  }
}
