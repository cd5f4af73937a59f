// SPDX-License-Identifier: Apache-2.0
import IDNA

/// One of the keys by which an address is looked up.
package struct AddressKey: Equatable, Sendable {
  package enum Form: CaseIterable, Sendable {
    /// `user+extension@domain`
    case full
    /// `user@domain`
    case withoutExtension
    /// `user+extension`
    case local
    /// `user`
    case localWithoutExtension
    /// `@domain`
    case domain
  }

  package let form: Form
  package let text: String

  /// As virtual(8): `user+ext@domain`, `user@domain`, `@domain`. A domain with A-labels is looked up in U-labels as well.
  package static func virtualMailbox(local: String, domain: String, delimiters: String) -> [AddressKey] {
    let base = split(local, delimiters: delimiters)?.base
    return DomainForm.keys(domain).flatMap { domain in
      [
        AddressKey(form: .full, text: "\(local)@\(domain)"), base.map { AddressKey(form: .withoutExtension, text: "\($0)@\(domain)") },
        AddressKey(form: .domain, text: "@\(domain)"),
      ].compactMap { $0 }
    }.specificFirst
  }

  /// As virtual(5) and canonical(5) for an address of our own: the same, with the bare names before `@domain`.
  package static func mapped(local: String, domain: String, delimiters: String) -> [AddressKey] {
    localRecipient(local: local, domain: domain, delimiters: delimiters)
  }

  /// As for local_recipient_maps: the same, with the bare names before `@domain`.
  package static func localRecipient(local: String, domain: String, delimiters: String) -> [AddressKey] {
    let base = split(local, delimiters: delimiters)?.base
    let names = [AddressKey(form: .local, text: local), base.map { AddressKey(form: .localWithoutExtension, text: $0) }].compactMap { $0 }
    return (virtualMailbox(local: local, domain: domain, delimiters: delimiters) + names).specificFirst
  }

  /// `user` and `extension` of `user+extension`; nil if there is no delimiter after the first character. As Postfix, never splits
  /// `mailer-daemon`, `postmaster`, `double-bounce`, nor `owner-list` and `list-request` when `-` is a delimiter.
  package static func split(_ local: String, delimiters: String) -> (base: String, extension: String)? {
    guard !delimiters.isEmpty, !isExempt(local, delimiters) else { return nil }
    let utf8 = local.utf8
    guard let at = utf8.dropFirst().firstIndex(where: { delimiters.utf8.contains($0) }) else { return nil }
    return (String(local[..<at]), String(local[utf8.index(after: at)...]))
  }

  private static func isExempt(_ local: String, _ delimiters: String) -> Bool {
    let folded = local.lowercased()
    if ["mailer-daemon", "postmaster", "double-bounce"].contains(folded) { return true }
    return delimiters.contains("-") && (folded.hasPrefix("owner-") || folded.hasSuffix("-request"))
  }
}

extension [AddressKey] {
  /// In the order of the forms, which is that of the look-ups.
  fileprivate var specificFirst: [AddressKey] {
    count <= 3 && first?.form == .full && last?.form == .domain ? self : AddressKey.Form.allCases.flatMap { form in filter { $0.form == form } }
  }
}
