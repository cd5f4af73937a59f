// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tables
import WeirPlugin

/// Reads the tables that options name, and gathers what is wrong with them.
package struct RuleReader {
  private let subject: CheckAction.Subject
  private let files: any FileSource
  private var diagnostics: [Diagnostic] = []

  package init(_ subject: CheckAction.Subject, files: any FileSource) {
    self.subject = subject
    self.files = files
  }

  package mutating func read(_ option: String, _ list: [String]) -> ContentChecks {
    let (checks, found) = ContentChecks.read(LocatedText(name: option, text: list.joined(separator: ", ")), subject, files: files)
    diagnostics += found
    return checks
  }

  /// Throws all that is wrong.
  package func end() throws(Refusal) {
    let errors = diagnostics.filter { $0.severity == .error }
    if !errors.isEmpty { throw Refusal(errors.map(Self.inOneLine).joined(separator: "; ")) }
  }

  /// The host shows a reason at the stage in the configuration; where it shows the line itself, it has read the rules, too.
  private static func inOneLine(_ diagnostic: Diagnostic) -> String {
    let place = diagnostic.location.map { "\($0): " } ?? ""
    return place + diagnostic.message + (diagnostic.hint.map { " (\($0))" } ?? "")
  }
}
