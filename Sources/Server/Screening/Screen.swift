// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime
import SMTP

/// What postscreen does at one listener: its settings, and the clients that have passed. Shared by all loops of a process.
package final class Screen: Sendable {
  package typealias Consequence = ScreeningMachine.Consequence

  /// What `postscreen_access_list` says of a client.
  package enum Access: Sendable { case permit, reject, unknown }

  package struct Settings: Sendable {
    /// What holds for conversations in which no mail is taken.
    package var conversation = ScreeningMachine.Settings()
    /// `postscreen_greet_wait`.
    package var greetWait = Duration.seconds(6)
    package var greetAction = Consequence.ignore
    /// `postscreen_greet_banner`; without one there is no greet delay, as in Postfix.
    package var greetBanner = ""
    /// `smtpd_banner`, for those who get no session.
    package var banner = ""
    package var access: @Sendable (IPAddress) -> Access = { _ in .unknown }
    /// `postscreen_allowlist_interfaces`: whether clients of this address of ours can pass.
    package var mayPassAt: @Sendable (IPAddress) -> Bool = { _ in true }
    package var denylistAction = Consequence.ignore
    package var dnsbl: DNSBlocklists?
    /// `postscreen_pipelining_enable` and its like.
    package var deepTests: [ScreeningMachine.Test: Consequence] = [:]
    /// How long a test that was passed holds, in seconds. That of the lists is what their answers say.
    package var lifetimes: [ScreenTest: Int64] = [
      .pregreet: 86_400, .pipelining: 30 * 86_400, .nonSMTPCommand: 30 * 86_400, .bareNewline: 30 * 86_400,
    ]
    /// `postscreen_command_time_limit`.
    package var commandTime = Duration.seconds(300)
    package var lineLengthLimit = 2048
    /// Nil where refusals say what they say.
    package var footer: RejectFooter?

    package init() {}

    /// The tests that clients take here.
    var tests: Set<ScreenTest> {
      var tests = Set(deepTests.keys.map(ScreenTest.init))
      if !greetBanner.isEmpty { tests.insert(.pregreet) }
      if dnsbl != nil { tests.insert(.dnsbl) }
      return tests
    }

    /// How long a test holds that was failed and is ignored: as long as the one that holds shortest.
    var shortestLifetime: Int64 { min(lifetimes.values.min() ?? 60, dnsbl?.timeToLive.lowerBound ?? 60) }
  }

  package let settings: Settings
  let cache: PassCache
  /// Seconds since 1970.
  let clock: @Sendable () -> Int64

  package init(_ settings: Settings, cache: PassCache, clock: @escaping @Sendable () -> Int64 = { wallClock() / 1_000_000 }) {
    self.settings = settings
    self.cache = cache
    self.clock = clock
  }

  /// Who must take one test again takes those along that end soon: nobody is to pass one and fail another a minute later.
  private static let refresh: Int64 = 60

  /// The tests that a client with these passes has to take now.
  func due(_ passes: Passes, at now: Int64) -> Set<ScreenTest> {
    let tests = settings.tests
    if !tests.contains(where: { passes[$0] < now }) { return [] }
    return tests.filter { passes[$0] < now + Self.refresh }
  }
}
