// SPDX-License-Identifier: Apache-2.0
import Tables
import WeirPlugin

/// The form of Postfix's log lines about header_checks and body_checks, which pflogsumm and others read:
///
///     reject: header Subject: a lottery from mail.example.org[192.0.2.1]; from=<a@example.org> to=<b@example.com> proto=ESMTP helo=<mail>: 5.7.1 no
package enum LogContext {
  /// `rcpt` is the last recipient that was accepted.
  package static let properties: [StaticString] = ["client.name", "client.addr", "sender", "rcpt", "protocol", "helo"]

  /// So much of the line is told.
  package static let maximumLine = 200

  package static func line(_ word: String, _ subject: CheckAction.Subject, _ shown: String, _ text: String, _ context: Context) -> String {
    line(word, subject, shown, text) { key in (try? context.property(key)).flatMap { $0 }.map { String($0) } }
  }

  package static func line(
    _ word: String, _ subject: CheckAction.Subject, _ shown: String, _ text: String, _ property: (StaticString) -> String?
  ) -> String {
    var line = "\(word): \(subject == .header ? "header" : "body") \(shown.printable)"
    if let address = property("client.addr") { line += " from \(property("client.name") ?? "unknown")[\(address)]" }
    line += ";"
    if let sender = property("sender") { line += " from=<\(sender)>" }
    if let recipient = property("rcpt") { line += " to=<\(recipient)>" }
    if let protocolName = property("protocol") { line += " proto=\(protocolName)" }
    if let helo = property("helo") { line += " helo=<\(helo)>" }
    return text.isEmpty ? line : line + ": \(text.printable)"
  }
}

extension String {
  /// On one line: as in Postfix's log and replies, a `?` for each control character.
  package var printable: String {
    guard utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else { return self }
    return String(String.UnicodeScalarView(unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? "?" : $0 }))
  }
}
