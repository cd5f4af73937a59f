// SPDX-License-Identifier: Apache-2.0
import Message
import WeirPlugin

/// Does what the severest finding says.
struct Reaction: Sendable {
  let policy: Policy

  static let properties: [StaticString] = ["client.name", "client.addr", "sender", "rcpt", "protocol", "helo"]

  func perform(_ findings: Findings, _ message: LentMessage, _ context: Context) throws -> Verdict {
    guard let worst = findings.severest else { return .continue }
    try tell(worst, context)
    switch worst.deed {
    case .pass: break
    case .refuse:
      // The line that `tell` has written is the only one.
      try context.set("attachments.told", "yes")
      return context.reply(550, "5.7.1", worst.text.printable)
    case .discard: return .discard
    case .hold: try context.hold(worst.text.printable)
    case .strip: return try strip(findings, message, context)
    case .tag: break
    }
    if worst.deed != .strip { try tag(findings, context) }
    return .continue
  }

  private func tell(_ finding: Finding, _ context: Context) throws {
    try context.set("attachments.rule", finding.rule.name)
    try context.set("attachments.matched", finding.matched)
    context.log(.info, Self.line(finding) { key in (try? context.property(key)).flatMap { $0 }.map { String($0) } })
  }

  /// As Postfix writes of header_checks: `reject: attachment a.zip/virus.exe (refuse_extensions: exe) from mail.example.org[192.0.2.1]; from=<…> …`
  static func line(_ finding: Finding, _ property: (StaticString) -> String?) -> String {
    let word = finding.deed == .refuse ? "reject" : finding.deed.word
    var line = "\(word): attachment \(finding.matched.printable) (\(finding.rule.name))"
    if let address = property("client.addr") { line += " from \(property("client.name") ?? "unknown")[\(address)]" }
    line += ";"
    if let sender = property("sender") { line += " from=<\(sender)>" }
    if let recipient = property("rcpt") { line += " to=<\(recipient)>" }
    if let protocolName = property("protocol") { line += " proto=\(protocolName)" }
    if let helo = property("helo") { line += " helo=<\(helo)>" }
    return line + ": \(finding.text.printable)"
  }

  /// One field for each thing that was found, at most ten.
  private func tag(_ findings: Findings, _ context: Context) throws {
    for finding in findings.all.filter({ $0.deed == .tag }).prefix(10) {
      try context.appendHeader("X-Attachments", "\(finding.rule.name); \"\(finding.matched.printable.filter { $0 != "\"" })\"")
    }
  }

  /// Every part that is to go. If something of it is left in another reading of the structure, the message is refused.
  private func strip(_ findings: Findings, _ message: LentMessage, _ context: Context) throws -> Verdict {
    let removal = Removal(findings.all.filter { $0.deed == .strip }, message.body)
    guard let removal, !isLeft(removal, message) else {
      return context.reply(550, "5.7.1", (findings.severest?.text ?? "").printable)
    }
    if removal.isWholeMessage { try replaceFields(message, context) }
    try removal.body.withUnsafeBytes { try context.writeBody(BorrowedText($0)) }
    try tag(findings, context)
    return .continue
  }

  private func isLeft(_ removal: Removal, _ message: LentMessage) -> Bool {
    guard !removal.isWholeMessage else { return false }
    return removal.body.withUnsafeBytes { body in
      Survey(header: message.header, body: body, policy: policy).findings.all.contains { $0.deed >= .strip }
    }
  }

  private func replaceFields(_ message: LentMessage, _ context: Context) throws {
    for reference in message.references { try context.deleteHeader(reference) }
    try context.appendHeader("Content-Type", "text/plain; charset=utf-8")
    try context.appendHeader("Content-Transfer-Encoding", "8bit")
  }
}

/// A body without some of its parts.
struct Removal {
  private(set) var body: [UInt8] = []
  private(set) var isWholeMessage = false

  /// Nil if parts overlap, so that it is not clear what would be left.
  init?(_ findings: [Finding], _ original: UnsafeRawBufferPointer) {
    if let whole = findings.first(where: { $0.place == nil }) {
      isWholeMessage = true
      body = Array(Self.note(whole).utf8)
      return
    }
    var places: [(range: Range<Int>, finding: Finding)] = []
    for finding in findings {
      guard let place = finding.place, !places.contains(where: { $0.range == place }) else { continue }
      places.append((place, finding))
    }
    places.sort { $0.range.lowerBound < $1.range.lowerBound }
    var offset = 0
    for (range, finding) in places {
      guard range.lowerBound >= offset, range.upperBound <= original.count else { return nil }
      body += original[offset..<range.lowerBound]
      body += Self.part(finding, original, range).utf8
      offset = range.upperBound
    }
    body += original[offset...]
  }

  /// A part with a header of its own, or, in the text of a part, lines.
  private static func part(_ finding: Finding, _ body: UnsafeRawBufferPointer, _ range: Range<Int>) -> String {
    let begin = body[range].prefix(6)
    if begin.elementsEqual("begin ".utf8) || begin.elementsEqual("begin-".utf8) || begin.elementsEqual("=ybegi".utf8) { return note(finding) }
    return "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\nContent-Disposition: inline\n\n" + note(finding)
  }

  private static func note(_ finding: Finding) -> String {
    let name = String(finding.path.first ?? "").printable
    return
      "The attachment \"\(name)\" was taken out of this message on its way: it is not accepted here\n(\(finding.why.printable); \(finding.rule.name)).\n"
  }
}

extension String {
  /// On one line: a `?` for each control character.
  var printable: String {
    guard unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) else { return self }
    return String(String.UnicodeScalarView(unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? "?" : $0 }))
  }
}
