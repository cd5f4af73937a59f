// SPDX-License-Identifier: Apache-2.0

/// RFC 8601: what stages found out about who sent a message, in one field of ours; and fields of others that claim to be ours.
package enum AuthenticationResults {
  /// The prefix of the properties that make up the field: `ar.spf` = `pass smtp.mailfrom=example.org`.
  package static let prefix = "ar."

  /// Whether the value of an Authentication-Results field names `authservID` as who wrote it. §5: such a field that comes in from outside is a forgery.
  package static func isOurs(_ value: UnsafeRawBufferPointer, authservID: String) -> Bool {
    var rest = value[...]
    skipComments(&rest)
    var token: [UInt8] = []
    if rest.first == UInt8(ascii: "\"") {
      rest = rest.dropFirst()
      while let byte = rest.first, byte != UInt8(ascii: "\"") {
        if byte == UInt8(ascii: "\\") { rest = rest.dropFirst() }
        if let byte = rest.popFirst() { token.append(byte) }
      }
    } else {
      token = Array(rest.prefix { $0 > 0x20 && $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: "(") })
    }
    return String(decoding: token, as: UTF8.self).lowercased() == authservID.lowercased()
  }

  private static func skipComments(_ rest: inout Slice<UnsafeRawBufferPointer>) {
    var depth = 0
    while let byte = rest.first, depth > 0 || byte <= 0x20 || byte == UInt8(ascii: "(") {
      if byte == UInt8(ascii: "(") { depth += 1 }
      if byte == UInt8(ascii: ")"), depth > 0 { depth -= 1 }
      if byte == UInt8(ascii: "\\") { rest = rest.dropFirst() }
      rest = rest.dropFirst()
    }
  }

  /// The value of our field; nil when no stage has found out anything. `results`: method and the rest, in order.
  package static func value(authservID: String, _ results: [(method: String, result: [UInt8])]) -> [UInt8]? {
    if results.isEmpty { return nil }
    var value = Array(authservID.utf8)
    for (method, result) in results {
      value += Array(";\n\t\(method)=".utf8)
      // A result is one line: what a stage puts in must not become a field of its own.
      value += result.map { $0 < 0x20 || $0 == 0x7f ? 0x20 : $0 }
    }
    return value
  }
}
