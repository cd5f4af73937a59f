// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What is different for some clients: extensions hidden from them, and commands taken for others.
extension ServerMachine {
  /// `smtpd_discard_ehlo_keyword_address_maps`.
  mutating func takeDiscarded() {
    guard let maps = configuration.edge.discardedKeywords, let address = client.address else { return discarded = nil }
    discarded = maps(address)
  }

  private var hiddenKeywords: Set<String> { discarded ?? configuration.smtpdDiscardEhloKeywords }

  func offers(_ keyword: String) -> Bool { !hiddenKeywords.contains(keyword) }

  var ehloReply: Reply {
    if privileges.isEmpty, discarded == nil { return tls == nil ? context.ehloInClear : context.ehloInTLS }
    return context.ehlo(to: privileges, inTLS: tls != nil, hiding: hiddenKeywords)
  }

  /// Postfix logs what it hides, unless `silent-discard` is among it.
  mutating func noteHiddenKeywords() {
    let hidden = hiddenKeywords
    if hidden.isEmpty || hidden.contains("SILENT-DISCARD") || notice != nil { return }
    notice = .info("discarding EHLO keywords: \(hidden.sorted().joined(separator: " "))")
  }

  /// `smtpd_command_filter`.
  mutating func filtered(_ line: UnsafeRawBufferPointer, hasMoreInput: Bool) -> Action {
    guard let filter = configuration.edge.commandFilter else { return commandReceived(line, hasMoreInput: hasMoreInput) }
    var cursor = ByteCursor(line)
    cursor.take(while: .blank)
    let text = String(decoding: cursor.rest, as: UTF8.self)
    guard let replacement = filter(text) else { return commandReceived(line, hasMoreInput: hasMoreInput) }
    let action = Array(replacement.utf8).withUnsafeBytes { commandReceived($0, hasMoreInput: hasMoreInput) }
    // What the command itself has to say is worth more.
    if notice == nil { notice = .info("\(client.description): replacing command \"\(text.prefix(100))\" with \"\(replacement.prefix(100))\"") }
    return action
  }
}
