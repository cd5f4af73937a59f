// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Who is at the other end: what the connection tells, or what a trusted proxy said in its place (XCLIENT, the PROXY protocol).
package final class Client: Sendable {
  /// How the look-up of a name ended: Postfix's classes, which decide between 450 and 550 where a policy asks for a known name.
  package enum NameStatus: Sendable { case known, temporaryFailure, notFound, forged }

  /// What is known of the client's names.
  package struct Names: Equatable, Sendable {
    /// The verified host name, or `unknown`; `local` on a unix socket.
    package var name: String
    package var status: NameStatus
    /// The name that the address points to, verified or not, or `unknown`.
    package var reverseName: String
    package var reverseStatus: NameStatus

    package init(name: String, status: NameStatus, reverseName: String, reverseStatus: NameStatus) {
      self.name = name
      self.status = status
      self.reverseName = reverseName
      self.reverseStatus = reverseStatus
    }

    /// A name that was verified; `unknown` for one that was not found.
    package init(_ name: String) {
      let status = name == Client.unknown ? NameStatus.notFound : .known
      self.init(name: name, status: status, reverseName: name, reverseStatus: status)
    }
  }

  /// An address and a port.
  package struct Endpoint: Equatable, Sendable {
    package var address: IPAddress
    package var port: UInt16

    package init(_ address: IPAddress, port: UInt16) {
      self.address = address
      self.port = port
    }
  }

  /// A user of this machine who hands in mail without speaking to a network.
  package struct Submitter: Equatable, Sendable {
    package let uid: UInt32
    /// The user's name, or the number where there is none.
    package let name: String

    package init(uid: UInt32, name: String) {
      self.uid = uid
      self.name = name
    }
  }

  /// Nil when the peer is on a unix socket, or when a proxy did not know it.
  package let address: IPAddress?
  package let names: Names
  /// 0 when it is not known.
  package let port: UInt16
  package let isLocal: Bool
  /// Where the client connected to; nil if nobody has told.
  package let destination: Endpoint?
  /// The user that XCLIENT's LOGIN names.
  package let login: String?
  /// `smtpd_client_port_logging`.
  package let logsPort: Bool
  /// Whose mail the program `sendmail` hands in; nil for all others.
  package let submitter: Submitter?

  package static let unknown = "unknown"

  package init(
    address: IPAddress?, names: Names, port: UInt16 = 0, isLocal: Bool = false, destination: Endpoint? = nil, login: String? = nil,
    logsPort: Bool = false, submitter: Submitter? = nil
  ) {
    self.address = address
    self.names = names
    self.port = port
    self.isLocal = isLocal
    self.destination = destination
    self.login = login
    self.logsPort = logsPort
    self.submitter = submitter
  }

  /// Without an address, the client of a unix socket.
  package convenience init(address: IPAddress?, name: String = Client.unknown, port: UInt16 = 0) {
    self.init(address: address, names: Names(name), port: port, isLocal: address == nil)
  }

  /// The verified host name, or `unknown`; `local` on a unix socket.
  package var name: String { names.name }

  /// The address as log lines and replies write it, without brackets.
  package var addressText: String { address.map(\.description) ?? (isLocal ? "local" : Client.unknown) }

  /// `name[address]`, as in every log line of Postfix's smtpd; with `smtpd_client_port_logging`, `name[address]:port`.
  package var description: String {
    guard logsPort else { return "\(name)[\(addressText)]" }
    return "\(name)[\(addressText)]:\(port == 0 ? Client.unknown : String(port))"
  }

  /// The client whose address a proxy gave, before its name is known.
  package func standing(for source: Endpoint, to destination: Endpoint) -> Client {
    Client(address: source.address, names: Names(Client.unknown), port: source.port, destination: destination, logsPort: logsPort)
  }

  /// The same client with its names.
  package func named(_ names: Names) -> Client {
    Client(
      address: address, names: names, port: port, isLocal: isLocal, destination: destination, login: login, logsPort: logsPort,
      submitter: submitter)
  }

  /// A user of this machine: as a client that nobody restricts.
  package convenience init(submitter: Submitter) {
    self.init(address: nil, names: Names("local"), isLocal: true, submitter: submitter)
  }

  /// The same connection with another client behind it.
  func with(_ other: ClientOverride) -> Client {
    Client(
      address: other.address ?? address, names: other.names(replacing: names), port: other.port ?? port, isLocal: isLocal && other.address == nil,
      destination: other.destination(replacing: destination), login: other.login, logsPort: logsPort)
  }
}
