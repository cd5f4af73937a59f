// SPDX-License-Identifier: Apache-2.0

/// One of those who get mail for an alias: aliases(5).
package enum AliasTarget: Hashable, Sendable {
  /// An address, without the quotes of its local part; perhaps without a domain, perhaps with a `\` before it, which ends the expansion.
  case address(String)
  /// `|command`, without the bar.
  case command(String)
  /// `/file`
  case file(String)
  /// `:include:/path`
  case include(String)

  /// As it is written in an alias file, unless it needs quotes.
  package var text: String {
    switch self {
    case .address(let address): address
    case .command(let command): "|\(command)"
    case .file(let path): path
    case .include(let path): ":include:\(path)"
    }
  }

  /// What stands in front of it says what it is.
  package init(_ text: String) {
    if text.utf8.first == UInt8(ascii: "|") {
      self = .command(String(text.dropFirst().drop { $0 == " " || $0 == "\t" }))
    } else if text.lowercased().hasPrefix(":include:") {
      self = .include(String(text.dropFirst(9).drop { $0 == " " || $0 == "\t" }))
    } else if text.utf8.first == UInt8(ascii: "/") {
      self = .file(text)
    } else {
      self = .address(text)
    }
  }

  /// The elements of a value, apart by commas. Quotes and backslashes protect what is in them; `Name <address>` is the address; what stands in parentheses is
  /// a comment.
  package static func list(_ value: String) -> [AliasTarget] {
    var reader = AliasValueReader(value)
    return reader.read()
  }
}

/// Takes a value apart.
private struct AliasValueReader {
  private let bytes: [UInt8]
  private var offset = 0
  private var found: [AliasTarget] = []
  private var current: [UInt8] = []
  /// What stands in `< >`, which counts instead of what is around it.
  private var route: [UInt8]?
  private var isProgram = false

  init(_ value: String) { bytes = Array(value.utf8) }

  mutating func read() -> [AliasTarget] {
    while offset < bytes.count { take(bytes[offset]) }
    finish()
    return found
  }

  private mutating func take(_ byte: UInt8) {
    offset += 1
    switch byte {
    case UInt8(ascii: ","), 0x0a: finish()
    case UInt8(ascii: "\""): takeQuoted()
    case UInt8(ascii: "\\"):
      // Before a name it means that the name is final.
      if current.isEmpty || isProgram { current.append(byte) }
      if offset < bytes.count, !current.isEmpty || isProgram { takeAny() }
    case UInt8(ascii: "("): isProgram ? current.append(byte) : skipComment()
    case UInt8(ascii: "<") where !isProgram:
      current = []
      route = []
    case UInt8(ascii: ">") where route != nil && !isProgram:
      route = current
      current = []
    default:
      if current.isEmpty, byte == UInt8(ascii: "|") { isProgram = true }
      if !current.isEmpty || !byte.isBlankByte { current.append(byte) }
    }
  }

  private mutating func takeAny() {
    current.append(bytes[offset])
    offset += 1
  }

  private mutating func takeQuoted() {
    while offset < bytes.count, bytes[offset] != UInt8(ascii: "\"") {
      if bytes[offset] == UInt8(ascii: "\\"), offset + 1 < bytes.count { offset += 1 }
      takeAny()
    }
    offset += 1
  }

  private mutating func skipComment() {
    var depth = 1
    while offset < bytes.count, depth > 0 {
      if bytes[offset] == UInt8(ascii: "(") { depth += 1 }
      if bytes[offset] == UInt8(ascii: ")") { depth -= 1 }
      offset += 1
    }
  }

  private mutating func finish() {
    var text = route.flatMap { $0.isEmpty ? nil : $0 } ?? current
    while let last = text.last, last.isBlankByte { text.removeLast() }
    (current, route, isProgram) = ([], nil, false)
    if !text.isEmpty { found.append(AliasTarget(String(decoding: text, as: UTF8.self))) }
  }
}
