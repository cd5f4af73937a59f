// SPDX-License-Identifier: Apache-2.0

/// Writes reports as messages, in the layout of Postfix: text for people, `message/delivery-status`, what is returned of the message.
///
/// Nothing that a remote server, a sender or a recipient's address says can begin a line of its own or a field: control characters become `?`,
/// and each such text stands behind a word of ours or is indented.
package struct ReportWriter: Sendable {
  /// A report, and what its envelope must say.
  package struct Written: Equatable, Sendable {
    package var content: [UInt8]
    package var messageID: String
    package var isEightBit: Bool
  }

  private let hostname: String
  /// The domain of MAILER-DAEMON.
  private let origin: String
  private let product: String
  private let texts: ReportTexts
  /// A value for `$name` in the texts.
  private let value: @Sendable (String) -> String?
  /// RFC 5322 §3.6.4: the report names the message that it answers.
  private let isThreaded: Bool

  package init(
    hostname: String, origin: String, product: String, texts: ReportTexts = ReportTexts(), isThreaded: Bool = false,
    value: @escaping @Sendable (String) -> String? = { _ in nil }
  ) {
    self.hostname = hostname
    self.origin = origin
    self.product = product
    self.texts = texts
    self.isThreaded = isThreaded
    self.value = value
  }

  package func write(_ report: StatusReport, _ zone: Zone) -> Written {
    var page = Page(report, zone, boundary: boundary(report))
    let status = statusPart(report, zone)
    let text = textPart(report)
    page.isEightBit = report.returned?.isEightBit == true || status.isEightBit || text.isEightBit
    let messageID = writeHeader(report, &page)
    page.write("This is a MIME-encapsulated message.\n\n")
    write(text, report, &page)
    write(status: status, report, &page)
    write(returned: report, &page)
    page.write("--\(page.boundary)--\n")
    return Written(content: page.output, messageID: messageID, isEightBit: page.isEightBit)
  }

  // MARK: header

  private func writeHeader(_ report: StatusReport, _ page: inout Page) -> String {
    let text = texts[report.kind]
    page.write("Received: by \(visible: hostname) (\(visible: product))\n\tid \(report.id); ")
    page.writeDate(report.time)
    page.write("\nDate: ")
    page.writeDate(report.time)
    page.write("\nFrom: ")
    page.write(from(text.from))
    page.write("\nSubject: \(visible: report.isForPostmaster ? text.postmasterSubject : text.subject)\nTo: ")
    page.output.writeAddress(report.addressee)
    page.write("\nAuto-Submitted: \(report.isForPostmaster ? "auto-generated" : "auto-replied")\n")
    if isThreaded { writeReferences(report, &page) }
    page.write("MIME-Version: 1.0\n")
    page.write("Content-Type: multipart/report; report-type=delivery-status;\n")
    page.write("\tboundary=\"\(page.boundary)\"\n")
    if page.isEightBit { page.write("Content-Transfer-Encoding: 8bit\n") }
    var stamp: [UInt8] = []
    DateTime.writeStamp(report.time, into: &stamp)
    let messageID = "<\(String(decoding: stamp, as: UTF8.self)).\(report.id)@\(visible: hostname)>"
    page.write("Message-Id: \(messageID)\n\n")
    return messageID
  }

  /// `name <address>`, as Postfix turns `address (name)` round.
  private func from(_ text: String) -> String {
    var address = text[...]
    var name = ""
    if let open = text.firstIndex(of: "("), text.hasSuffix(")") {
      name = String(text[text.index(after: open)...].dropLast())
      address = text[..<open]
      while address.last == " " { address.removeLast() }
    } else if text.contains("<") {
      return visible(text)
    }
    let full = visible(address.contains("@") ? String(address) : "\(address)@\(origin)")
    return name.isEmpty ? full : "\(visible(name)) <\(full)>"
  }

  private func writeReferences(_ report: StatusReport, _ page: inout Page) {
    guard let returned = report.returned else { return }
    returned.bytes.withUnsafeBytes { bytes in
      var id: [UInt8] = []
      HeaderBlock.scan(bytes) { field in
        if id.isEmpty, FieldName.messageID.matches(bytes[field.name]) { id = Array(bytes[field.value].filter { $0 > 0x20 && $0 < 0x7F }) }
      }
      guard id.first == 0x3C, id.last == 0x3E, id.count <= 900 else { return }
      page.write("References: ")
      page.output.append(contentsOf: id)
      page.write("\nIn-Reply-To: ")
      page.output.append(contentsOf: id)
      page.write("\n")
    }
  }

  // MARK: the text

  private struct Lines {
    var bytes: [UInt8] = []
    var charset = "us-ascii"
    var isEightBit: Bool { bytes.contains { $0 >= 0x80 } }
  }

  private func textPart(_ report: StatusReport) -> Lines {
    let text = texts[report.kind]
    var lines = Lines()
    if !report.isForPostmaster { lines.bytes.write(TextExpansion(value).expand(text.body)) }
    for recipient in report.recipients {
      lines.bytes.append(0x0A)
      LineWrap.write(sentence(recipient), into: &lines.bytes)
    }
    lines.bytes.append(0x0A)
    if lines.isEightBit { lines.charset = "utf-8" }
    if text.charset.lowercased() != "us-ascii", !report.isForPostmaster { lines.charset = visible(text.charset) }
    return lines
  }

  /// `<user@example.com>: reason`, or `<user@example.com> (expanded from <alias@example.org>): reason`.
  private func sentence(_ recipient: ReportedRecipient) -> [UInt8] {
    var line: [UInt8] = [0x3C]
    line.writeAddress(recipient.address)
    line.append(0x3E)
    if !recipient.original.isEmpty, recipient.original.lowercased() != recipient.address.lowercased() {
      line.write(" (expanded from <")
      line.writeAddress(recipient.original)
      line.write(">)")
    }
    line.write(": ")
    line.writeVisible(recipient.reason)
    return line
  }

  private func write(_ text: Lines, _ report: StatusReport, _ page: inout Page) {
    page.write("--\(page.boundary)\nContent-Description: Notification\nContent-Type: text/plain; charset=\(text.charset)\n")
    if text.isEightBit { page.write("Content-Transfer-Encoding: 8bit\n") }
    page.write("\n")
    page.output += text.bytes
  }

  // MARK: what was returned

  private func write(returned report: StatusReport, _ page: inout Page) {
    guard let returned = report.returned else { return }
    let global = report.message.smtpUTF8
    page.write("--\(page.boundary)\nContent-Description: \(report.kind == .success || report.kind == .verification ? "" : "Undelivered ")")
    if returned.isWhole {
      page.write("Message\nContent-Type: message/\(global ? "global" : "rfc822")\n")
    } else {
      page.write("Message Headers\nContent-Type: \(global ? "message/global-headers" : "text/rfc822-headers")\n")
    }
    if returned.isEightBit { page.write("Content-Transfer-Encoding: 8bit\n") }
    page.write("\nReturn-Path: <")
    page.output.writeAddress(report.message.sender)
    page.write(">\n")
    page.output += returned.bytes
    if let last = page.output.last, last != 0x0A { page.output.append(0x0A) }
    page.write("\n")
  }

  /// Not in what is returned: that could have been written by anybody, and long before.
  private func boundary(_ report: StatusReport) -> String {
    let base = "\(report.id).\(report.time / 1_000_000)/\(visible(hostname))"
    guard let returned = report.returned else { return base }
    var boundary = base
    var count = 0
    while count < 1000, returned.bytes.contains(line: "--\(boundary)") {
      count += 1
      boundary = "\(count).\(base)"
    }
    return boundary
  }
}

// MARK: message/delivery-status

extension ReportWriter {
  /// RFC 3464 §2.1: `per-message-fields 1*( CRLF per-recipient-fields )`.
  private func statusPart(_ report: StatusReport, _ zone: Zone) -> Lines {
    var lines = Lines()
    let global = report.message.smtpUTF8
    func field(_ text: String) { ReportWriter.write(field: text, global, &lines.bytes) }
    field("Reporting-MTA: dns; \(visible(hostname))")
    if let envelopeID = report.message.envelopeID { field("Original-Envelope-Id: \(visible(envelopeID))") }
    field("X-\(word)-Queue-ID: \(report.message.queueID)")
    let sender = report.message.sender.isEmpty ? "MAILER-DAEMON@\(origin)" : report.message.sender
    field("X-\(word)-Sender: \(addressType(sender, global)); \(visible(sender))")
    field("Arrival-Date: \(date(report.message.arrival, zone))")
    for recipient in report.recipients {
      lines.bytes.append(0x0A)
      write(recipient, report, zone, &lines.bytes)
    }
    lines.bytes.append(0x0A)
    return lines
  }

  private func write(_ recipient: ReportedRecipient, _ report: StatusReport, _ zone: Zone, _ output: inout [UInt8]) {
    let global = report.message.smtpUTF8
    func field(_ text: String) { ReportWriter.write(field: text, global, &output) }
    func diagnostic(_ text: String) { ReportWriter.write(field: "Diagnostic-Code: \(text)", global, wraps: true, &output) }
    field("Final-Recipient: \(addressType(recipient.address, global)); \(visible(recipient.address))")
    let original = recipient.originalRecipient ?? (recipient.original.isEmpty ? nil : "rfc822;\(recipient.original)")
    if let original { field("Original-Recipient: \(visible(original))") }
    field("Action: \(recipient.action.rawValue)")
    field("Status: \(visible(recipient.status))")
    if let remote = recipient.remote {
      field("Remote-MTA: \(visible(remote.nameType)); \(visible(remote.name))")
      diagnostic("\(visible(remote.diagnosticType)); \(visible(remote.diagnostic))")
    } else {
      diagnostic("X-\(word); \(visible(recipient.reason))")
    }
    if report.kind == .delay, let until = report.message.retryUntil { field("Will-Retry-Until: \(date(until, zone))") }
  }

  private func write(status: Lines, _ report: StatusReport, _ page: inout Page) {
    let global = report.message.smtpUTF8
    page.write("--\(page.boundary)\nContent-Description: Delivery report\n")
    page.write("Content-Type: message/\(global ? "global-delivery-status" : "delivery-status")\n")
    if status.isEightBit { page.write("Content-Transfer-Encoding: 8bit\n") }
    page.write("\n")
    page.output += status.bytes
  }

  /// RFC 3464 §2.1.1: 7 bit, unless it is `message/global-delivery-status`.
  private static func write(field text: String, _ isGlobal: Bool, wraps: Bool = false, _ output: inout [UInt8]) {
    var bytes = Array(text.utf8)
    if !isGlobal { for index in bytes.indices where bytes[index] >= 0x80 { bytes[index] = 0x3F } }
    if wraps || bytes.count > LineWrap.longestWord { return LineWrap.write(bytes, into: &output) }
    output += bytes
    output.append(0x0A)
  }

  /// RFC 6533 §3.
  private func addressType(_ address: String, _ isGlobal: Bool) -> String {
    isGlobal && address.utf8.contains { $0 >= 0x80 } ? "utf-8" : "rfc822"
  }

  /// The mail system's name as it may stand in a field's name.
  private var word: String { String(decoding: product.utf8.map { Self.isNameByte($0) ? $0 : 0x2D }, as: UTF8.self) }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }

  private func date(_ time: Int64, _ zone: Zone) -> String {
    var bytes: [UInt8] = []
    var dates = DateTime()
    dates.write(time, zone, into: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// The report as far as it is written.
private struct Page {
  var output: [UInt8] = []
  var isEightBit = false
  let boundary: String
  private var dates = DateTime()
  private let zone: Zone

  init(_ report: StatusReport, _ zone: Zone, boundary: String) {
    self.boundary = boundary
    self.zone = zone
    output.reserveCapacity(4096 + (report.returned?.bytes.count ?? 0))
  }

  mutating func write(_ text: String) { output.write(text) }
  mutating func writeDate(_ time: Int64) { dates.write(time, zone, into: &output) }
}

private func visible(_ text: String) -> String {
  var bytes: [UInt8] = []
  bytes.writeVisible(text)
  return String(decoding: bytes, as: UTF8.self)
}

extension DefaultStringInterpolation {
  fileprivate mutating func appendInterpolation(visible text: String) { appendLiteral(visible(text)) }
}

extension [UInt8] {
  /// Whether a line begins with `text`.
  fileprivate func contains(line text: String) -> Bool {
    let wanted = Array(text.utf8)
    var start = startIndex
    while start < endIndex {
      if self[start...].starts(with: wanted) { return true }
      guard let end = self[start...].firstIndex(of: 0x0A) else { return false }
      start = end + 1
    }
    return false
  }
}
