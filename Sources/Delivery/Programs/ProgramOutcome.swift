// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

/// What the end of a program means for a message: sysexits(3), and the words of Postfix's pipe(8) and local(8).
package struct ProgramOutcome: Equatable, Sendable {
  package let outcome: RecipientResult.Outcome
  package let reason: Reason

  /// `command` is how the program is called in what is said of it; `success` is what is said when all is well.
  package init(_ result: MailProgram.Result, command: String, success: String) {
    let output = Self.text(result.output)
    let words = output.isEmpty ? "" : ". Command output: \(output)"
    switch result.end {
    case .exited(0): self.init(.sent, "2.0.0", success)
    case .exited(let code):
      if let said = Self.status(of: output) {
        self.init(said.status.hasPrefix("4") ? .deferred : .bounced, said.status, said.text)
      } else if let known = Self.exits[code] {
        self.init(known.status.hasPrefix("4") ? .deferred : .bounced, known.status, known.text + words)
      } else {
        self.init(.bounced, "5.3.0", "Command died with status \(code): \"\(command)\"\(words)")
      }
    case .killed(let signal): self.init(.deferred, "4.3.0", "Command died with signal \(signal): \"\(command)\"\(words)")
    case .timedOut: self.init(.bounced, "5.3.0", "Command time limit exceeded: \"\(command)\"\(words)")
    case .notStarted(let why): self.init(.deferred, "4.3.0", "temporary failure. Command output: \(why)")
    case .unreadable: self.init(.deferred, "4.3.0", "queue file read error")
    }
  }

  package init(_ outcome: RecipientResult.Outcome, _ status: String, _ text: String) {
    self.outcome = outcome
    reason = Reason(status: status, text: text)
  }

  /// Printable, in one line.
  private static func text(_ output: [UInt8]) -> String {
    var bytes = output.map { $0 < 0x20 || $0 == 0x7f ? 0x20 : $0 }
    while bytes.last == 0x20 { bytes.removeLast() }
    return String(decoding: bytes.drop { $0 == 0x20 }, as: UTF8.self)
  }

  /// `5.7.1 text`, as a program may say itself.
  private static func status(of output: String) -> (status: String, text: String)? {
    let word = output.prefix { $0 != " " }
    let parts = word.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, ["4", "5"].contains(parts[0]),
      parts.allSatisfy({ (1...3).contains($0.count) && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
    else { return nil }
    return (String(word), String(output.dropFirst(word.count).drop { $0 == " " }))
  }

  private static let exits: [Int32: (status: String, text: String)] = [
    64: ("5.3.0", "command line usage error"), 65: ("5.6.0", "data format error"), 66: ("5.3.0", "cannot open input"), 67: ("5.1.1", "user unknown"),
    68: ("5.1.2", "host name unknown"), 69: ("5.3.0", "service unavailable"), 70: ("5.3.0", "internal software error"),
    71: ("4.3.0", "system resource problem"), 72: ("5.3.0", "critical OS file missing"), 73: ("5.2.0", "can't create user output file"),
    74: ("5.3.0", "input/output error"), 75: ("4.3.0", "temporary failure"), 76: ("5.5.0", "remote error in protocol"),
    77: ("5.7.0", "permission denied"), 78: ("5.3.5", "local configuration error"),
  ]
}
