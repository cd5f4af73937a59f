// SPDX-License-Identifier: Apache-2.0
import Bytes
import Names
import Runtime
import SMTP

/// What postscreen knows: its settings, and the clients that have passed its tests. Shared by all loops of a process; kept in memory only.
package final class Screen: Sendable {
  package typealias Consequence = ScreeningMachine.Consequence

  /// What `postscreen_access_list` says of a client.
  package enum Access: Sendable { case permit, reject, unknown }

  package struct Settings: Sendable {
    package var host = ""
    package var heloRequired = false
    /// `postscreen_greet_wait`.
    package var greetWait = Duration.seconds(6)
    package var greetAction = Consequence.ignore
    /// `postscreen_greet_banner`; without one there is no greet delay, as in Postfix.
    package var greetBanner = ""
    /// `smtpd_banner`, for those who get no session.
    package var banner = ""
    package var greetTTL = Duration.seconds(86_400)
    package var access: @Sendable (IPAddress) -> Access = { _ in .unknown }
    package var denylistAction = Consequence.ignore
    package var dnsbl: DNSBlocklists?
    /// `postscreen_pipelining_enable` and its like.
    package var tests = ScreeningMachine.Tests()
    package var testTTL = Duration.seconds(30 * 86_400)
    /// `postscreen_command_time_limit`.
    package var commandTime = Duration.seconds(300)

    package init() {}

    var makesNoTests: Bool { greetBanner.isEmpty && dnsbl == nil && tests.isEmpty }
  }

  /// Until when the tests need not be made again.
  struct Passes: Sendable {
    var greet = Instant.distantPast
    var dnsbl = Instant.distantPast
    var deep = Instant.distantPast
  }

  package let settings: Settings
  private let passes: Monitor<ExpiringCache<IPAddress, Passes>>
  /// Clients that are remembered. The one longest unseen is forgotten first, and waits again.
  package static let capacity = 100_000

  package init(_ settings: Settings, capacity: Int = Screen.capacity) {
    self.settings = settings
    passes = Monitor(ExpiringCache(capacity: capacity))
  }

  /// Nil for a client that was never seen.
  func passes(of address: IPAddress, now: Instant) -> Passes? { passes.withLock { $0.value(for: address, now: now) } }

  func remember(_ new: Passes, for address: IPAddress) {
    passes.withLock { $0.set(new, for: address, until: max(new.greet, new.dnsbl, new.deep)) }
  }
}

/// `postscreen_dnsbl_sites` with what belongs to it.
package struct DNSBlocklists: Sendable {
  package struct Site: Sendable {
    /// The name to ask for a client, and whether the addresses found mean that it is listed.
    package let question: @Sendable (IPAddress) -> String
    package let isListed: @Sendable ([IPAddress]) -> Bool
    package let weight: Int
    /// As refusals name it: after `postscreen_dnsbl_reply_map`.
    package let title: String

    package init(
      question: @escaping @Sendable (IPAddress) -> String, isListed: @escaping @Sendable ([IPAddress]) -> Bool, weight: Int, title: String
    ) {
      self.question = question
      self.isListed = isListed
      self.weight = weight
      self.title = title
    }
  }

  package let sites: [Site]
  package let threshold: Int
  package let action: ScreeningMachine.Consequence
  package let ttl: Duration
  private let names: any NameService

  package init(sites: [Site], threshold: Int, action: ScreeningMachine.Consequence, ttl: Duration, names: any NameService) {
    self.sites = sites
    self.threshold = threshold
    self.action = action
    self.ttl = ttl
    self.names = names
  }

  /// The sum of the weights of the lists that have the client, and the weightiest of these. A list that does not answer does not count.
  func score(of address: IPAddress) async -> (rank: Int, title: String) {
    var rank = 0
    var worst: Site?
    for site in sites where await isListed(address, by: site) {
      rank += site.weight
      if site.weight > worst?.weight ?? 0 { worst = site }
    }
    return (rank, worst?.title ?? "")
  }

  private func isListed(_ address: IPAddress, by site: Site) async -> Bool {
    guard case .success(let records) = await names.answer(.a(site.question(address))) else { return false }
    return site.isListed(records.compactMap { if case .address(let address) = $0 { address } else { nil } })
  }
}
