// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What XCLIENT says of a client, in place of what the connection shows. Postfix's XCLIENT_README.
package struct ClientOverride: Equatable, Sendable {
  /// A name, or why there is none.
  package enum Name: Equatable, Sendable {
    case known(String)
    case missing(Client.NameStatus)
  }

  package internal(set) var name: Name?
  package internal(set) var reverseName: Name?
  /// The inner nil: the sender does not know it.
  package internal(set) var address: IPAddress??
  /// 0: the sender does not know it.
  package internal(set) var port: UInt16?
  package internal(set) var destinationAddress: IPAddress??
  package internal(set) var destinationPort: UInt16?
  /// Empty: the sender does not know it.
  package internal(set) var helo: String?
  package internal(set) var isExtended: Bool?
  package internal(set) var login: String?

  static func parse(_ arguments: Arguments) throws(Refusal) -> ClientOverride {
    var override = ClientOverride()
    var attributes = XAttributes(arguments)
    while let attribute = try attributes.next() { try override.take(attribute) }
    return override
  }

  /// In the order in which EHLO names them.
  static let attributeNames = "NAME ADDR PROTO HELO REVERSE_NAME PORT LOGIN DESTADDR DESTPORT"

  private mutating func take(_ attribute: XAttributes.Attribute) throws(Refusal) {
    switch attribute.name.uppercased() {
    case "NAME": name = try Self.name(attribute)
    case "REVERSE_NAME": reverseName = try Self.name(attribute)
    case "ADDR": address = .some(try Self.address(attribute))
    case "PORT": port = try Self.port(attribute)
    case "DESTADDR": destinationAddress = .some(try Self.address(attribute))
    case "DESTPORT": destinationPort = try Self.port(attribute)
    case "HELO": helo = attribute.isUnavailable ? "" : attribute.neutered
    case "PROTO": isExtended = try Self.isExtended(attribute)
    case "LOGIN": login = attribute.isUnavailable ? nil : attribute.value
    default: throw Refusal(Replies.badAttributeName("XCLIENT", attribute.name))
    }
  }

  private static func name(_ attribute: XAttributes.Attribute) throws(Refusal) -> Name {
    if attribute.isUnavailable { return .missing(.notFound) }
    if attribute.isTemporarilyUnavailable { return .missing(.temporaryFailure) }
    guard let name = attribute.hostName else { throw attribute.malformed() }
    return .known(name)
  }

  private static func address(_ attribute: XAttributes.Attribute) throws(Refusal) -> IPAddress? {
    if attribute.isUnavailable { return nil }
    guard let address = attribute.address else { throw attribute.malformed() }
    return address
  }

  private static func port(_ attribute: XAttributes.Attribute) throws(Refusal) -> UInt16 {
    if attribute.isUnavailable { return 0 }
    guard let port = attribute.port else { throw attribute.malformed() }
    return port
  }

  private static func isExtended(_ attribute: XAttributes.Attribute) throws(Refusal) -> Bool {
    switch attribute.value.uppercased() {
    case "SMTP": false
    case "ESMTP": true
    default: throw attribute.malformed()
    }
  }
}

extension ClientOverride {
  /// A verified name also is what the address points to.
  func names(replacing names: Client.Names) -> Client.Names {
    var names = names
    switch name {
    case .known(let name): names = Client.Names(name: name, status: .known, reverseName: name, reverseStatus: .known)
    case .missing(let status): (names.name, names.status) = (Client.unknown, status)
    case nil: break
    }
    switch reverseName {
    case .known(let name): (names.reverseName, names.reverseStatus) = (name, .known)
    case .missing(let status): (names.reverseName, names.reverseStatus) = (Client.unknown, status)
    case nil: break
    }
    return names
  }

  func destination(replacing destination: Client.Endpoint?) -> Client.Endpoint? {
    guard let address = destinationAddress ?? destination?.address else { return nil }
    return Client.Endpoint(address, port: destinationPort ?? destination?.port ?? 0)
  }
}
