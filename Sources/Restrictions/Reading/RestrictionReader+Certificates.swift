// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// `check_ccert_access type:table`, `check_ccert_access { type:table, { search_order = pubkey_fingerprint, cert_fingerprint } }`.
extension RestrictionReader {
  mutating func readCertificateAccess(_ word: LocatedText) {
    guard let argument = argument(of: word, "a table", hint: "check_ccert_access hash:/etc/weir/certificates") else { return }
    var elements = (argument.group?.elements() ?? [argument])[...]
    guard let first = elements.popFirst() else { return report(.error(argument, "expected a table", hint: Self.certificateHint)) }
    guard let table = table(first, after: word) else { return }
    var order = CertificateKey.allCases
    for option in elements { order = searchOrder(option.group ?? option) ?? order }
    add(.certificateAccess(table, order), word, to: argument)
  }

  private static let certificateHint = "{ hash:/etc/weir/certificates, { search_order = pubkey_fingerprint, cert_fingerprint } }"

  private mutating func searchOrder(_ option: LocatedText) -> [CertificateKey]? {
    guard let equals = option.bytes.firstIndex(of: UInt8(ascii: "=")), option[..<equals].trimmed.text == "search_order" else {
      report(.error(option, "check_ccert_access has no option `\(option.text)`", hint: Self.certificateHint))
      return nil
    }
    let words = option[(equals + 1)...].trimmed.elements()
    let keys = words.compactMap { CertificateKey(rawValue: $0.text) }
    if !keys.isEmpty, keys.count == words.count { return keys }
    let wrong = words.first { CertificateKey(rawValue: $0.text) == nil } ?? option
    report(.error(wrong, "expected cert_fingerprint or pubkey_fingerprint, not `\(wrong.text)`", hint: Self.certificateHint))
    return nil
  }
}
