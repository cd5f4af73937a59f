// SPDX-License-Identifier: Apache-2.0

/// A message to try, with its envelope.
struct TestMail {
  /// The file, and the number of the message where it has several.
  let name: String
  /// With LF as line ends.
  let content: [UInt8]
  var sender: String
  var recipients: [String]

  var hasEightBit: Bool { content.contains { $0 >= 0x80 } }
  var needsUTF8: Bool { ([sender] + recipients).contains { !$0.utf8.allSatisfy { $0 < 0x80 } } }
  /// RFC 1870 §4: with CRLF, without the dot.
  var wireSize: Int { content.count + content.count { $0 == 0x0a } + (content.last == 0x0a ? 0 : 2) }

  /// As it is sent after DATA: RFC 5321 §4.5.2.
  var wire: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(content.count + content.count / 32 + 16)
    var isAtStart = true
    for byte in content {
      if isAtStart, byte == UInt8(ascii: ".") { bytes.append(byte) }
      if byte == 0x0a { bytes.append(0x0d) }
      bytes.append(byte)
      isAtStart = byte == 0x0a
    }
    if !isAtStart { bytes += [0x0d, 0x0a] }
    return bytes + Array(".\r\n".utf8)
  }

  /// `options` say what the envelope is; else the message itself does.
  init(name: String, _ bytes: [UInt8], _ options: TestOptions) {
    self.name = name
    let header = MailHeader(bytes)
    content = header.content
    sender = options.sender ?? header.sender
    recipients = options.recipients.isEmpty ? header.recipients : options.recipients
  }
}

/// What a message says of its own envelope.
struct MailHeader {
  /// Without what a delivery has put on top: sent again it would come back here for ever.
  let content: [UInt8]
  private let fields: [(name: String, value: String)]

  private static let ofDelivery = ["return-path", "x-original-to", "delivered-to"]

  init(_ bytes: [UInt8]) {
    let all = Self.fields(bytes)
    fields = all.map { ($0.name, $0.value) }
    let top = all.prefix { Self.ofDelivery.contains($0.name) }
    let isDelivered = top.first?.name == "return-path"
    content = isDelivered ? Array(bytes[(top.last?.end ?? 0)...]) : bytes
    wasDelivered = isDelivered
  }

  private let wasDelivered: Bool

  var sender: String {
    if wasDelivered, let path = first("return-path") { return Addresses.all(in: path).first ?? "" }
    for name in ["sender", "from"] { if let address = first(name).flatMap({ Addresses.all(in: $0).first }) { return address } }
    return ""
  }

  var recipients: [String] {
    if wasDelivered, let address = (first("x-original-to") ?? first("delivered-to")).flatMap({ Addresses.all(in: $0).first }) { return [address] }
    var found: [String] = []
    for field in fields where ["to", "cc", "bcc"].contains(field.name) {
      for address in Addresses.all(in: field.value) where !found.contains(address) { found.append(address) }
    }
    return found
  }

  private func first(_ name: String) -> String? { fields.first { $0.name == name }?.value }

  private static func fields(_ bytes: [UInt8]) -> [(name: String, value: String, end: Int)] {
    var fields: [(name: String, value: String, end: Int)] = []
    var index = 0
    while index < bytes.count, bytes[index] != 0x0a, fields.count < 1000 {
      let end = bytes[index...].firstIndex(of: 0x0a).map { $0 + 1 } ?? bytes.count
      let line = String(decoding: bytes[index..<end], as: UTF8.self)
      if bytes[index] == 0x20 || bytes[index] == 0x09, let last = fields.indices.last {
        fields[last].value += line
        fields[last].end = end
      } else if let colon = line.firstIndex(of: ":") {
        fields.append((String(line[..<colon]).lowercased(), String(line[line.index(after: colon)...]), end))
      } else {
        return fields
      }
      index = end
    }
    return fields
  }
}

/// The addresses in a field such as To: RFC 5322 §3.4, read leniently.
enum Addresses {
  static func all(in value: String) -> [String] {
    var found: [String] = []
    var word = ""
    var angle: String?
    var (isQuoted, depth) = (false, 0)
    func end() {
      let address = (angle ?? word).filter { !$0.isWhitespace }
      if angle != nil ? !address.isEmpty : address.contains("@") { found.append(address) }
      (word, angle) = ("", nil)
    }
    var isInAngle = false
    for character in value {
      switch character {
      case "\"" where depth == 0:
        isQuoted.toggle()
        if isInAngle { angle?.append(character) } else { word.append(character) }
      case _ where isQuoted: if isInAngle { angle?.append(character) } else { word.append(character) }
      case "(": depth += 1
      case ")": depth = max(0, depth - 1)
      case _ where depth > 0: break
      case "<": (angle, isInAngle) = ("", true)
      case ">": isInAngle = false
      case ",", ";": if !isInAngle { end() }
      case ":" where !isInAngle && !word.contains("@"): word = ""
      default: if isInAngle { angle?.append(character) } else { word.append(character) }
      }
    }
    end()
    return found
  }
}
