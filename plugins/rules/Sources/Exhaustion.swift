// SPDX-License-Identifier: Apache-2.0
import Tables
import WeirPlugin

/// A rule that takes too long for a line is given up for that line, and said; a message that makes rules do so again and again is given up, too.
package enum Exhaustion {
  /// Each is some ten milliseconds.
  private static let maximum = 50

  /// Whether it is enough: then the component fails, and `on_failure` says what becomes of the message.
  package static func tell(_ rules: [String], length: Int, _ context: Context) -> Bool {
    let memory = context.message(MessageMemory())
    for rule in rules {
      memory.exhaustions += 1
      if memory.exhaustions <= 3 {
        context.log(
          .warning, "\(rule): given up for a line of \(length) bytes: this pattern tries too many ways to match it. The rule does not count there")
      }
    }
    guard memory.exhaustions > maximum else { return false }
    context.log(.error, "given up: for \(memory.exhaustions) lines of this message there were patterns that took too long")
    return true
  }
}
