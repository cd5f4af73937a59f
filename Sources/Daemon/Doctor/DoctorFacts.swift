// SPDX-License-Identifier: Apache-2.0
import Bytes
import Names
import Runtime

/// All that the doctor knows.
package struct DoctorFacts: Sendable {
  package typealias Found<Element> = Result<[Element], NameFailure>

  package struct Host: Sendable {
    package var systemName = ""
    package var myhostname = ""
    package var addresses: Found<IPAddress> = .failure(.notFound)
    /// Those of this machine's interfaces.
    package var own: Set<IPAddress> = []
  }

  package struct Resolver: Sendable {
    /// In words: `192.0.2.53`, `the root servers`.
    package var servers: [String] = []
    package var comesFromSystem = true
    /// Why there was no answer; nil if there was one.
    package var failure: String?
  }

  /// An address that the world can see, and its names.
  package struct Pointer: Sendable {
    package var address: IPAddress
    package var names: Found<String>
    /// Those of the names that lead back to the address.
    package var confirmed: [String]
  }

  package struct Domain: Sendable {
    package var name: String
    package var exchangers: Found<Exchanger>
    /// Of the domain itself, where it has no exchanger.
    package var addresses: Found<IPAddress>
  }

  package struct Exchanger: Hashable, Sendable {
    package var preference: UInt16
    package var host: String
    package var addresses: [IPAddress]
  }

  package struct Port: Sendable {
    package enum State: Equatable, Sendable {
      case free
      /// Somebody listens there: the program if it is known, and the first line that it says.
      case taken(by: String?, banner: String?)
      case forbidden
      case failed(String)
    }

    package var listener: String
    package var address: String
    package var number: Int
    /// Only this machine can reach it.
    package var isLoopback: Bool
    package var beginsWithTLS = false
    package var state: State
  }

  package struct CertificateSet: Sendable {
    package var listener: String
    /// The pair that Weir makes for itself.
    package var isOwn: Bool
    package var name: String
    package var found: Result<[CertificateFacts], CertificateFailure>
  }

  package struct CertificateFailure: Error, Sendable {
    package var reason: String
    package var isPermission: Bool
  }

  package struct File: Sendable {
    package enum Role: Sendable { case configuration, key, folder }
    package var path: String
    package var role: Role
    /// Nil for what is not there.
    package var status: Status?

    package struct Status: Equatable, Sendable {
      package var owner: UInt32
      package var ownerName: String
      package var mode: UInt32
    }
  }

  /// The user that Weir runs as.
  package enum Runner: Sendable {
    /// Not root: whoever starts it.
    case starter(name: String)
    case user(name: String, uid: UInt32)
    case missing(name: String)
    case root(name: String)
  }

  /// What shuts in plugins that do not come with Weir.
  package struct Confinement: Sendable {
    package enum Landlock: Equatable, Sendable {
      case present(version: Int)
      /// The kernel has it, and was not told to use it.
      case disabled
      case missing
    }

    package enum User: Equatable, Sendable {
      case own(name: String)
      /// As the mta; there is no user of that name.
      case shared(missing: String)
      /// As the mta, because Weir is not started as root or is told so.
      case same
    }

    package var landlock = Landlock.missing
    package var hasSeccomp = false
    package var user = User.same
    /// The stages whose plugins run in workers.
    package var stages: [String] = []

    package init() {}
  }

  package struct Disk: Sendable {
    package var path: String
    package var volume: Volume
    /// Below this no mail is accepted.
    package var minimum: Int64
  }

  package struct Neighbour: Hashable, Sendable {
    package var name: String
    package var isRunning: Bool
  }

  package struct Trust: Sendable {
    package var networks: [IPNetwork] = []
    /// Addresses of strangers that are trusted all the same.
    package var strangers: [IPAddress] = []
    package var relaying: [Relaying] = []

    /// smtpd_relay_restrictions and smtpd_recipient_restrictions of a listener, as written.
    package struct Relaying: Sendable {
      package var listener: String
      package var lists: [[String]]
    }
  }

  package var host = Host()
  package var resolver = Resolver()
  package var pointers: [Pointer] = []
  package var domains: [Domain] = []
  package var ports: [Port] = []
  package var certificates: [CertificateSet] = []
  package var listenersWithoutTLS: [String] = []
  package var files: [File] = []
  package var runner = Runner.starter(name: "")
  package var confinement = Confinement()
  package var disks: [Disk] = []
  package var isClockSynchronized: Bool?
  package var neighbours: [Neighbour] = []
  package var trust = Trust()

  package init() {}
}
