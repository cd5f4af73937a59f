// SPDX-License-Identifier: Apache-2.0
import Diagnostics

extension StringProtocol {
  /// Without blanks at both ends.
  var trimmed: String {
    let start = drop { $0.isWhitespace }
    return String(start.reversed().drop { $0.isWhitespace }.reversed())
  }

  /// The elements of a list by Postfix's rules.
  var listElements: [String] { LocatedText(name: "", text: String(self)).elements().map(\.text) }

  /// Before and after the first `=`, without blanks around; nil if there is none.
  var assignment: (name: String, value: String)? {
    guard let equals = utf8.firstIndex(of: UInt8(ascii: "=")) else { return nil }
    return (self[..<equals].trimmed, self[utf8.index(after: equals)...].trimmed)
  }

  /// ASCII letters, digits and underscores.
  var isName: Bool { !isEmpty && utf8.allSatisfy(\.isNameByte) }
}

extension UInt8 {
  var isNameByte: Bool {
    self == UInt8(ascii: "_") || (0x30...0x39).contains(self) || (0x41...0x5a).contains(self) || (0x61...0x7a).contains(self)
  }
}
