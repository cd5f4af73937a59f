// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What XFORWARD says of the client that a message first came from; for the log only. Postfix's XFORWARD_README.
///
/// Attributes add up over several commands until the transaction ends.
package struct ForwardedClient: Equatable, Sendable {
  package private(set) var name = Client.unknown
  /// The inner text of `[…]`; nil when the sender does not know it.
  package private(set) var address: String?
  package private(set) var port: String?
  package private(set) var helo: String?
  package private(set) var protocolName: String?
  /// The queue id on the sender's side.
  package private(set) var ident: String?
  /// Whether the first client was a local one (SOURCE): what is missing in its messages is added.
  package private(set) var isFromLocal: Bool?
  private var hasClient = false

  package init() {}

  /// In the order in which EHLO names them.
  static let attributeNames = "NAME ADDR PROTO HELO SOURCE PORT IDENT"
  private static let maximumProtocolLength = 64

  mutating func add(_ arguments: Arguments) throws(Refusal) {
    var attributes = XAttributes(arguments)
    while let attribute = try attributes.next() { try take(attribute) }
  }

  private mutating func take(_ attribute: XAttributes.Attribute) throws(Refusal) {
    let value = attribute.isUnavailable ? nil : attribute.neutered
    switch attribute.name.uppercased() {
    case "NAME": name = try Self.name(attribute)
    case "ADDR": address = try Self.address(attribute)
    case "PORT":
      if value != nil, attribute.port == nil { throw attribute.malformed() }
      port = value
    case "HELO": helo = value
    case "PROTO":
      if attribute.value.utf8.count > Self.maximumProtocolLength { throw attribute.malformed() }
      protocolName = value
    case "IDENT": ident = value
    case "SOURCE": isFromLocal = try Self.isLocal(attribute)
    default: throw Refusal(Replies.badAttributeName("XFORWARD", attribute.name))
    }
    hasClient = hasClient || !["IDENT", "SOURCE"].contains(attribute.name.uppercased())
  }

  private static func name(_ attribute: XAttributes.Attribute) throws(Refusal) -> String {
    if attribute.isUnavailable { return Client.unknown }
    guard let name = attribute.hostName else { throw attribute.neuteredWhole.malformed() }
    return name
  }

  private static func address(_ attribute: XAttributes.Attribute) throws(Refusal) -> String? {
    if attribute.isUnavailable { return nil }
    guard let address = attribute.address else { throw attribute.neuteredWhole.malformed() }
    return address.description
  }

  private static func isLocal(_ attribute: XAttributes.Attribute) throws(Refusal) -> Bool {
    if attribute.isUnavailable { return true }
    switch attribute.value.uppercased() {
    case "LOCAL": return true
    case "REMOTE": return false
    default: throw attribute.malformed()
    }
  }

  /// `name[address]`, or the name alone; nil if nothing was said of the client.
  package var clientDescription: String? {
    guard hasClient else { return nil }
    return address.map { "\(name)[\($0)]" } ?? name
  }
}
