// SPDX-License-Identifier: Apache-2.0
import SMTP
import Tables

/// smtp_generic_maps: `user+extension@domain`, `user@domain`, `user`, `@domain`, in that order.
struct GenericMap: Sendable {
  private let tables: TableList
  private let delimiters: String

  init(_ tables: TableList, delimiters: String) {
    self.tables = tables
    self.delimiters = delimiters
  }

  /// The address in its place, or itself.
  func address(for address: String) -> String {
    guard !address.isEmpty else { return address }
    let mailbox = Mailbox(address: address.lowercased())
    guard let domain = mailbox.domain else { return address }
    let (user, tag) = split(mailbox.localPart)
    var keys = ["\(mailbox.localPart)@\(domain)"]
    if tag != nil { keys.append("\(user)@\(domain)") }
    for key in keys + ["@\(domain)"] {
      guard let value = tables.value(for: key)?.split(whereSeparator: { $0 == " " || $0 == "," }).first.map(String.init) else { continue }
      return result(value, for: Mailbox(address: address), tag: key.hasPrefix("@") || key == keys.first ? nil : tag, isDomain: key.hasPrefix("@"))
    }
    return address
  }

  private func result(_ value: String, for address: Mailbox, tag: String?, isDomain: Bool) -> String {
    // `@domain` stands for the same user there.
    if value.hasPrefix("@") { return address.localPart + value }
    guard let tag else { return value }
    let target = Mailbox(address: value)
    return Mailbox(localPart: target.localPart + tag, domain: target.domain).address
  }

  private func split(_ local: String) -> (user: String, tag: String?) {
    guard let place = local.dropFirst().firstIndex(where: { delimiters.contains($0) }) else { return (local, nil) }
    return (String(local[..<place]), String(local[place...]))
  }
}
