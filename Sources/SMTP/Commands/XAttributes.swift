// SPDX-License-Identifier: Apache-2.0
import Bytes

/// The arguments of XCLIENT and XFORWARD: `attribute "=" xtext`, one or more.
///
/// Postfix's XCLIENT_README and XFORWARD_README: names in any case; a value that is no xtext stands for itself, as from senders of old.
struct XAttributes {
  /// A value after decoding. Control characters are `?`.
  struct Attribute {
    let name: String
    let value: String

    /// `[UNAVAILABLE]`: the sender will not know it, now or ever.
    var isUnavailable: Bool { value.lowercased() == "[unavailable]" }
    /// `[TEMPUNAVAIL]`: the sender could not find it out just now.
    var isTemporarilyUnavailable: Bool { value.lowercased() == "[tempunavail]" }

    /// The value with what could be mistaken in a header field or a log line as `?`.
    var neutered: String { String(decoding: value.utf8.map { Attribute.dangerous.contains($0) ? 0x3f : $0 }, as: UTF8.self) }

    var neuteredWhole: Attribute { Attribute(name: name, value: neutered) }

    private static let dangerous = ASCIISet(" <>()\\\";@")
  }

  /// The longest value as it is sent.
  static let maximumLength = 255
  /// The longest host name.
  static let maximumNameLength = 255

  private var arguments: Arguments

  init(_ arguments: Arguments) { self.arguments = arguments }

  mutating func next() throws(Refusal) -> Attribute? {
    guard let word = nextWord() else { return nil }
    guard let equals = word.offset(of: 0x3d), equals &+ 1 < word.count else { throw Refusal(Replies.attributeExpected) }
    let value = word.slice(equals &+ 1, word.count)
    guard value.count <= XAttributes.maximumLength else { throw Refusal(Replies.attributeTooLong) }
    return Attribute(name: String(decoding: word.slice(0, equals), as: UTF8.self), value: XAttributes.decode(value))
  }

  /// A quote or a bracket that is never closed means nothing.
  private mutating func nextWord() -> UnsafeRawBufferPointer? {
    var quoted = arguments
    if let word = try? quoted.word() {
      arguments = quoted
      return word
    }
    return arguments.plainWord()
  }

  private static func decode(_ value: UnsafeRawBufferPointer) -> String {
    let bytes = XText.decode(value) ?? Array(value)
    let isText = String(validating: bytes, as: UTF8.self) != nil
    return String(decoding: bytes.map { $0 < 0x20 || $0 == 0x7f || !isText && $0 > 0x7f ? 0x3f : $0 }, as: UTF8.self)
  }
}

extension XAttributes.Attribute {
  /// RFC 1123 §2.1 with underscores, as Postfix takes host names; not numbers and dots alone.
  var hostName: String? {
    let labels = value.split(separator: ".", omittingEmptySubsequences: false)
    let isName =
      value.utf8.count <= XAttributes.maximumNameLength
      && labels.allSatisfy { label in
        !label.isEmpty && label.utf8.count <= 63 && label.first != "-" && label.last != "-" && label.utf8.allSatisfy(Self.nameCharacters.contains)
      }
    return isName && value.utf8.contains { $0 != 0x2e && !ASCIISet.digit.contains($0) } ? value : nil
  }

  /// `192.0.2.1`, or `IPv6:` before an address of the other kind (RFC 5321 §4.1.3, without brackets).
  var address: IPAddress? {
    let isTagged = value.utf8.count > 5 && value.prefix(5).lowercased() == "ipv6:"
    guard let address = IPAddress(isTagged ? value.dropFirst(5) : value[...]), value.dropFirst(isTagged ? 5 : 0).utf8.contains(0x3a) == isTagged
    else { return nil }
    return address.unmapped
  }

  /// Up to five digits. Postfix lets 65536 to 99999 pass; a port cannot hold them.
  var port: UInt16? {
    guard !value.isEmpty, value.utf8.count <= 5, value.utf8.allSatisfy(ASCIISet.digit.contains) else { return nil }
    return UInt16(value)
  }

  private static let nameCharacters = ASCIISet.alphanumeric.union(ASCIISet("-_"))

  func malformed() -> Refusal { Refusal(Replies.badAttribute(name.uppercased(), value)) }
}
