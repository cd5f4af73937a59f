// SPDX-License-Identifier: Apache-2.0

/// A message as a program hands it to `sendmail`, made ready to be handed in: lines end in LF, and what only the sender is to see is gone.
package struct LocalMessage {
  package struct Options: Sendable {
    /// False for `-i`: a line of a single dot ends the message.
    package var endsAtDot = true
    /// `-t`
    package var takesRecipients = false
    /// The name of the sender, for a From: that is missing; empty for none.
    package var fullName = ""
    /// The address in it; empty for the null path.
    package var sender = ""

    package init() {}
  }

  package private(set) var content: [UInt8]
  /// Those of `-t`, in the order in which they stand.
  package private(set) var recipients: [String] = []
  /// Whether it has bytes beyond ASCII, and whether its header has.
  package private(set) var hasEightBit = false
  package private(set) var hasEightBitHeader = false

  package init(_ input: [UInt8], _ options: Options) {
    content = input.withUnsafeBytes { Self.lines($0, endsAtDot: options.endsAtDot) }
    hasEightBit = content.contains { $0 >= 0x80 }
    var header = Header()
    let end = content.withUnsafeBytes { bytes in HeaderBlock.scan(bytes) { header.take($0, bytes) } }
    hasEightBitHeader = hasEightBit && content[..<end.offset].contains { $0 >= 0x80 }
    if options.takesRecipients { recipients = header.isResent ? header.resentRecipients : header.recipients }
    remove(header.private)
    if !header.hasSender, !options.fullName.isEmpty, !options.sender.isEmpty { addSender(options, header, end) }
  }

  // MARK: Lines

  /// Without the separators of mailbox files that stand before the header, without CR before LF, and with an LF at the end.
  private static func lines(_ input: UnsafeRawBufferPointer, endsAtDot: Bool) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(input.count + 256)
    var position = 0
    var isAtStart = true
    while position < input.count {
      let rest = UnsafeRawBufferPointer(rebasing: input[position...])
      let length = rest.firstIndex(of: 0x0a) ?? rest.count
      var line = rest[..<length]
      position += length + 1
      while line.last == 0x0d { line = line.dropLast() }
      if isAtStart, isSeparator(line) { continue }
      isAtStart = false
      if endsAtDot, line.count == 1, line.first == 0x2e { break }
      output += line
      output.append(0x0a)
    }
    return output
  }

  /// `From sender date`, or that line as an earlier program has made it harmless.
  private static func isSeparator(_ line: Slice<UnsafeRawBufferPointer>) -> Bool {
    line.drop { $0 == 0x3e }.starts(with: "From ".utf8)
  }

  // MARK: Header

  private struct Header {
    var recipients: [String] = []
    var resentRecipients: [String] = []
    var isResent = false
    private var hasFrom = false
    private var hasResentFrom = false
    /// Fields that go no further.
    var `private`: [Range<Int>] = []

    /// RFC 5322 §3.6.6: each sending has its own.
    var hasSender: Bool { isResent ? hasResentFrom : hasFrom }

    mutating func take(_ field: HeaderBlock.Field, _ content: UnsafeRawBufferPointer) {
      let name = String(decoding: content[field.name], as: UTF8.self).lowercased()
      switch name {
      case "from": hasFrom = true
      case "resent-from": hasResentFrom = true
      case "to", "cc", "bcc": recipients += AddressList.parse(content[field.value])
      case "resent-to", "resent-cc", "resent-bcc": resentRecipients += AddressList.parse(content[field.value])
      default: break
      }
      if name.hasPrefix("resent-") { isResent = true }
      if ["bcc", "resent-bcc", "return-path", "content-length"].contains(name) { `private`.append(field.lines) }
    }
  }

  private mutating func remove(_ ranges: [Range<Int>]) {
    for range in ranges.reversed() { content.removeSubrange(range) }
  }

  private mutating func addSender(_ options: Options, _ header: Header, _ end: HeaderBlock.End) {
    let field = "\(header.isResent ? "Resent-" : "")From: \(Self.phrase(options.fullName)) <\(options.sender)>\n"
    // A message that begins with its body.
    if case .bodyLine(0) = end { content.insert(0x0a, at: 0) }
    content.insert(contentsOf: Array(field.utf8), at: 0)
  }

  /// `phrase = 1*word / obs-phrase`, RFC 5322 §3.2.5.
  static func phrase(_ name: String) -> String {
    let visible = name.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7f }
    let isPlain = visible.allSatisfy { scalar in
      scalar.value >= 0x80 || scalar == " " || scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
        || "!#$%&'*+-/=?^_`{|}~".unicodeScalars.contains(scalar)
    }
    let text = String(String.UnicodeScalarView(visible))
    if isPlain { return text }
    return "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }
}
