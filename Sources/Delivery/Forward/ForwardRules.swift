// SPDX-License-Identifier: Apache-2.0
import Runtime
import Tables

/// `forward_path`: where users of the system say who gets their mail instead. As Postfix's local(8).
package struct ForwardRules: Sendable {
  /// Paths as they are written; none: nobody may.
  package var paths: [String] = []
  /// `forward_expansion_filter`
  package var filter: Set<UInt8> = []
  package var delimiters = ""

  package init() {}

  package init(path: String, filter: String, delimiters: String) {
    paths = path.split { $0 == "," || $0.isWhitespace }.map(String.init)
    self.filter = Set(filter.utf8)
    self.delimiters = delimiters
  }

  /// Files to look for, in their order. `usesExtension`: what follows the delimiter in the address is in the name.
  func files(of user: SystemUser, for address: String) -> [(path: String, usesExtension: Bool)] {
    let local = LocalAliases.local(of: address).lowercased()
    let parts = local == user.name ? nil : AddressKey.split(local, delimiters: delimiters)
    // A slash would lead elsewhere.
    let suffix = parts.flatMap { $0.extension.contains("/") ? nil : $0.extension } ?? ""
    let delimiter = suffix.isEmpty ? "" : String(local.dropFirst(user.name.count).prefix(1))
    let values = [
      "user": user.name, "local": local, "extension": suffix, "domain": LocalAliases.domain(of: address).lowercased(), "recipient": address,
      "recipient_delimiter": delimiter,
    ].mapValues(filtered)
    let expansion = LocalExpansion(values.merging(["home": user.home]) { $1 })
    return paths.compactMap { text in
      guard let path = expansion.expandDefined(text), path.hasPrefix("/") else { return nil }
      return (path, !suffix.isEmpty && text.contains("extension"))
    }
  }

  private func filtered(_ value: String) -> String {
    String(decoding: value.utf8.map { filter.contains($0) ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
  }
}
