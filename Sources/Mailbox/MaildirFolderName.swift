// SPDX-License-Identifier: Apache-2.0

/// The folder of a mailbox that IMAP knows by a name, as Maildir++ has it: `Lists/Weir` is `.Lists.Weir`.
package enum MaildirFolderName {
  package static func of(_ mailbox: String) -> String {
    "." + mailbox.split(separator: "/", omittingEmptySubsequences: false).map(modifiedUTF7).joined(separator: ".")
  }

  /// RFC 3501 §5.1.3: `&` begins what is not printable ASCII, in base64 of UTF-16, and is itself `&-`.
  private static func modifiedUTF7(_ text: Substring) -> String {
    var (result, units) = ("", [UInt16]())
    for scalar in text.unicodeScalars {
      guard (0x20...0x7e).contains(scalar.value) else {
        units += Array(String(scalar).utf16)
        continue
      }
      result += shifted(&units)
      result += scalar == "&" ? "&-" : String(scalar)
    }
    return result + shifted(&units)
  }

  private static func shifted(_ units: inout [UInt16]) -> String {
    if units.isEmpty { return "" }
    let bits = units.flatMap { unit in (0..<16).map { unit >> (15 - $0) & 1 } }
    units = []
    let digits = stride(from: 0, to: bits.count, by: 6).map { start in
      (0..<6).reduce(0) { $0 << 1 | (start + $1 < bits.count ? Int(bits[start + $1]) : 0) }
    }
    return "&" + String(digits.map { alphabet[$0] }) + "-"
  }

  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,")
}
