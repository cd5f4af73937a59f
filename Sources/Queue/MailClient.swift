// SPDX-License-Identifier: Apache-2.0

/// The client that a message came from, as XFORWARD tells the next server (Postfix's XFORWARD_README) and as programs are told. What is not known is empty.
package struct MailClient: Equatable, Sendable {
  package var name = ""
  package var address = ""
  package var port = ""
  package var helo = ""
  package var protocolName = ""
  package var isLocal = false
  package var saslMethod = ""
  package var saslUsername = ""
  package var saslSender = ""

  package init() {}

  /// Bytes in a record, about.
  package var size: Int { texts.reduce(0) { $0 + 4 + $1.utf8.count } }

  fileprivate var texts: [String] { [name, address, port, helo, protocolName, saslMethod, saslUsername, saslSender] }
}

extension RecordWriter {
  /// All but `isLocal`, which is a mark of its own.
  mutating func put(_ client: MailClient) { for text in client.texts { put(text) } }
}

extension ByteCursor {
  mutating func client() -> MailClient? {
    guard var client = clientWithoutLogin(), let method = string(), let username = string(), let sender = string() else { return nil }
    (client.saslMethod, client.saslUsername, client.saslSender) = (method, username, sender)
    return client
  }

  /// As records of earlier releases have it for XFORWARD.
  mutating func origin() -> MailClient? {
    guard var client = clientWithoutLogin(), let isLocal = integer(UInt8.self) else { return nil }
    client.isLocal = isLocal != 0
    if client.address.lowercased().hasPrefix("ipv6:") { client.address.removeFirst(5) }
    return client
  }

  private mutating func clientWithoutLogin() -> MailClient? {
    guard let name = string(), let address = string(), let port = string(), let helo = string(), let protocolName = string() else { return nil }
    var client = MailClient()
    (client.name, client.address, client.port, client.helo, client.protocolName) = (name, address, port, helo, protocolName)
    return client
  }
}
