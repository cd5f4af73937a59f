// SPDX-License-Identifier: Apache-2.0
import Bytes
import SMTP
import Tables

/// The keys by which a table of access(5) is asked, the most particular first. Most are parts of others, and no text is made of them.
struct AccessKeys {
  typealias Key = UnsafeBufferPointer<UInt8>

  let table: Table
  private let parentsMatch: Bool

  /// `parentsMatch`: `b.c` is asked for `a.b.c`; otherwise `.b.c`.
  init(_ table: Table, _ parentsMatch: Bool) {
    self.table = table
    self.parentsMatch = parentsMatch
  }

  /// access(5), host name patterns: the name, then its parents.
  func value(forName name: Key) -> String? {
    if let value = table.value(for: name) { return value }
    // Parents of an address in numbers are no domains.
    if table.isPattern || IPAddress(ascii: name) != nil { return nil }
    return value(forParentsOf: name)
  }

  /// `b.c`, `c` for `a.b.c`; `.b.c`, `.c` where parents do not match their subdomains.
  func value(forParentsOf name: Key) -> String? {
    var start = 0
    while start < name.count, let dot = name[(start + 1)...].firstIndex(of: UInt8(ascii: ".")) {
      start = parentsMatch ? dot + 1 : dot
      if start < name.count, let value = table.value(for: Key(rebasing: name[start...])) { return value }
    }
    return nil
  }

  /// `192.0.2.1`, `192.0.2`, `192.0`, `192`; `2001:db8::1`, `2001:db8:`, `2001:db8`, `2001`.
  func value(for address: IPAddress) -> String? {
    if table.isPattern { return table.value(for: address) }
    let separator = UInt8(ascii: address.family == .v4 ? "." : ":")
    var text = address.description
    return text.withUTF8 { text in
      var end = text.count
      while end > 0 {
        if let value = table.value(for: Key(rebasing: text[..<end])) { return value }
        end = text[..<end].lastIndex(of: separator) ?? 0
      }
      return nil
    }
  }
}

/// Those of an envelope address: `user+ext@dom`, `user@dom`, `dom` and its parents, `user+ext@`, `user@`.
struct MailKeys {
  private var whole: String
  private let localLength: Int
  /// Without an extension, if it has one.
  private var base: String?
  private let baseLength: Int

  init(_ mailbox: Mailbox, delimiters: String) {
    let local = mailbox.localPart.lowercased()
    let domain = RelayPolicy.canonical(mailbox.domain ?? "")
    let base = AddressKey.split(local, delimiters: delimiters)?.base
    whole = local + "@" + domain
    localLength = local.utf8.count
    self.base = base.map { $0 + "@" + domain }
    baseLength = base?.utf8.count ?? 0
  }

  mutating func value(in keys: AccessKeys) -> String? {
    let length = localLength
    let baseLength = baseLength
    return whole.withUTF8 { whole in
      if let value = keys.table.value(for: whole) { return value }
      if let value = base?.withUTF8({ keys.table.value(for: $0) }) ?? nil { return value }
      if keys.table.isPattern { return nil }
      if let value = keys.value(forName: AccessKeys.Key(rebasing: whole[(length + 1)...])) { return value }
      if let value = keys.table.value(for: AccessKeys.Key(rebasing: whole[...length])) { return value }
      return base?.withUTF8 { keys.table.value(for: AccessKeys.Key(rebasing: $0[...baseLength])) } ?? nil
    }
  }
}

/// What is known of an envelope address once somebody has asked for it.
struct Addressee {
  let resolution: RelayPolicy.Resolution
  var keys: MailKeys?
}

extension Evaluation {
  /// Where an address leads, and what it stands for; nil for none and for the null address. Found out once for all restrictions that ask.
  mutating func resolve(_ party: Party) -> RelayPolicy.Resolution? {
    if let known = party == .sender ? sender : recipient { return known.resolution }
    guard let mailbox = mailbox(party) else { return nil }
    let resolution = judge.settings.relay.resolve(mailbox)
    set(party, Addressee(resolution: resolution))
    return resolution
  }

  mutating func keys(_ party: Party) -> MailKeys? {
    guard let resolution = resolve(party) else { return nil }
    if let known = (party == .sender ? sender : recipient)?.keys { return known }
    let keys = MailKeys(resolution.address, delimiters: judge.settings.recipientDelimiter)
    set(party, Addressee(resolution: resolution, keys: keys))
    return keys
  }

  private mutating func set(_ party: Party, _ addressee: Addressee) {
    if party == .sender { sender = addressee } else { recipient = addressee }
  }
}
