// SPDX-License-Identifier: Apache-2.0
import Bytes
import SMTP
import Tables

/// What smtp_… or lmtp_… say.
package struct SMTPClientSettings: Sendable {
  package enum Preference: Sendable { case any, v4, v6 }

  package struct Times: Sendable {
    /// Zero leaves it to the system.
    package var connect = Duration.seconds(30)
    package var helo = Duration.seconds(300)
    package var mail = Duration.seconds(300)
    package var rcpt = Duration.seconds(300)
    package var dataInit = Duration.seconds(120)
    package var dataXfer = Duration.seconds(180)
    package var dataDone = Duration.seconds(600)
    package var rset = Duration.seconds(20)
    package var quit = Duration.seconds(300)
    package var xforward = Duration.seconds(300)

    package init() {}
  }

  package struct Cache: Sendable {
    package var isOnDemand = true
    /// In lower case.
    package var destinations: Set<String> = []
    package var timeLimit = Duration.seconds(2)
    package var reuseTimeLimit = Duration.seconds(300)
    /// 0 for any number.
    package var reuseCountLimit = 0

    package init() {}
  }

  /// `smtp`, `relay`, `lmtp`.
  package var name: String
  package var rules: ClientRules
  package var hostname: String
  package var port: UInt16 = 25
  /// Where unix sockets are whose path is not absolute.
  package var socketFolder = ""
  package var sources: (v4: IPAddress?, v6: IPAddress?) = (nil, nil)
  package var families: Set<IPAddress.Family> = [.v4, .v6]
  package var preference = Preference.any
  package var balances = true
  package var randomizes = true
  /// 0 for all.
  package var addressLimit = 5
  package var sessionLimit = 2
  package var defersWithoutAddress = false
  package var asksForExchangers = true
  package var ignoresExchangerFailure = false
  package var fallbackRelays: [String] = []
  package var ownAddresses: Set<IPAddress> = []
  package var times = Times()
  package var cache = Cache()
  /// The extensions to ignore of a server by its address; nil for those of `rules`.
  package var ignored: @Sendable (IPAddress) -> Set<String>? = { _ in nil }
  package var skipsQuitResponse = true
  package var skips5xxGreeting = true
  package var lineLimit = 998
  package var convertsTo7Bit = true
  package var generic = TableList([])
  package var genericDelimiters = ""
  package var replyFilter = TableList([])
  /// A probe goes up to DATA, not only to RCPT.
  package var probesData = false
  /// Servers that offer it are told by XFORWARD where a message came from.
  package var forwardsClients = false
  package var statusFilter = TableList([])

  package init(name: String, service: ClientRules.Service, hostname: String) {
    self.name = name
    self.hostname = hostname
    rules = ClientRules(service: service, heloName: hostname)
    if service == .lmtp { port = 24 }
  }
}
