// SPDX-License-Identifier: Apache-2.0
import Bytes
import Names
import Runtime
import SMTP

/// `postscreen_dnsbl_sites` with what belongs to it.
package struct DNSBlocklists: Sendable {
  /// One domain, asked once for a client.
  package struct Site: Sendable {
    package let domain: String
    /// The name to ask for.
    package let question: @Sendable (IPAddress) -> String
    /// Each element of the setting with this domain: whether the addresses found mean that the client is listed, and how much that weighs.
    package let entries: [(isListed: @Sendable ([IPAddress]) -> Bool, weight: Int)]
    /// As refusals name it: after `postscreen_dnsbl_reply_map`.
    package let title: String

    package init(
      domain: String, question: @escaping @Sendable (IPAddress) -> String, entries: [(isListed: @Sendable ([IPAddress]) -> Bool, weight: Int)],
      title: String
    ) {
      self.domain = domain
      self.question = question
      self.entries = entries
      self.title = title
    }
  }

  package var sites: [Site]
  package var threshold = 1
  /// `postscreen_dnsbl_allowlist_threshold`: a score of this or less passes all tests. Nil: none does.
  package var allowlistThreshold: Int?
  package var action = ScreeningMachine.Consequence.ignore
  /// `postscreen_dnsbl_timeout`.
  package var timeout = Duration.seconds(10)
  /// `postscreen_dnsbl_min_ttl` and `postscreen_dnsbl_max_ttl`, in seconds.
  package var timeToLive: ClosedRange<Int64> = 60...3600
  let names: any NameService

  package init(sites: [Site], names: any NameService) {
    self.sites = sites
    self.names = names
  }
}

/// The lists asked for one client, all at the same time. On one loop.
final class DNSBlocklistInquiry {
  private let lists: DNSBlocklists
  private var open: Int
  private(set) var score = 0
  /// Of the weightiest list that has the client; of equals, of the first to answer.
  private(set) var title = ""
  private var weight = 0
  private var shortest: Int64?
  /// Called when the last one has answered.
  var whenDone: () -> Void = {}

  var isDone: Bool { open == 0 }

  /// A list that has not answered in time does not count.
  init(_ lists: DNSBlocklists, _ client: IPAddress, log: Log, spawn: (@escaping @Sendable () async -> Void) -> Void) {
    self.lists = lists
    open = lists.sites.count
    // Everything stays on this loop; the compiler cannot see that through the tasks' closures.
    nonisolated(unsafe) let inquiry = self
    for site in lists.sites {
      spawn { await inquiry.ask(site, client, log) }
    }
  }

  private func ask(_ site: DNSBlocklists.Site, _ client: IPAddress, _ log: Log) async {
    let result = await lists.names.findings(.a(site.question(client)), within: lists.timeout)
    if case .success(let answer) = result { take(answer, site, client, log) }
    open -= 1
    if isDone { whenDone() }
  }

  private func take(_ answer: NameAnswer, _ site: DNSBlocklists.Site, _ client: IPAddress, _ log: Log) {
    if let seconds = answer.timeToLive { shortest = min(shortest ?? .max, Int64(seconds)) }
    let found = answer.records.compactMap { if case .address(let address) = $0 { address } else { nil } }
    for address in found { log.info("dnsblog", "addr \(client) listed by domain \(site.domain) as \(address)") }
    let weights = site.entries.filter { $0.isListed(found) }.map(\.weight)
    score += weights.reduce(0, +)
    guard let most = weights.max(), most > weight else { return }
    weight = most
    title = site.title
  }

  /// How long a score that passes holds.
  var timeToLive: Int64 { min(max(shortest ?? .max, lists.timeToLive.lowerBound), lists.timeToLive.upperBound) }

  /// Whether the client is so well spoken of that no other test is needed.
  var isAllowlisted: Bool {
    guard isDone, score < lists.threshold, let least = lists.allowlistThreshold else { return false }
    return score <= least
  }
}
