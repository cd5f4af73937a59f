// SPDX-License-Identifier: Apache-2.0

/// What is known of one destination while anything waits for it, or has to be remembered. An object, so that its line is never copied.
final class SiteState {
  let site: Schedule.Site
  let transport: Int
  var window: ConcurrencyWindow
  var line = WaitingLine()
  /// Deliveries under way.
  var busy = 0
  /// The last delivery that told anything found it alive.
  var isProven = false
  /// Its turn will come.
  var isListed = false
  /// Left alone until then, if it is dead.
  var deadUntil: Int64 = 0
  var reason: Reason?
  /// `_destination_rate_delay`
  var notBefore: Int64 = 0
  /// That it has failed lately is remembered until then, though nothing waits for it.
  var keptUntil: Int64 = 0

  init(_ site: Schedule.Site, transport: Int, _ limits: TransportLimits) {
    self.site = site
    self.transport = transport
    window = ConcurrencyWindow(limits)
  }

  var isDead: Bool { deadUntil > 0 }

  func suspension(_ now: Int64) -> Reason? { deadUntil > now ? reason : nil }

  func revive(_ limits: TransportLimits) {
    deadUntil = 0
    reason = nil
    window = ConcurrencyWindow(limits)
  }
}

/// The slots of one transport, and the destinations that wait for them.
struct TransportState {
  let limits: TransportLimits
  var deadUntil: Int64 = 0
  var reason: Reason?
  /// `_transport_rate_delay`
  var notBefore: Int64 = 0
  /// Places of destinations with something to do, in the order of their turns.
  var proven = FIFO<Int>()
  var unproven = FIFO<Int>()
  /// Deliveries under way to either.
  private var busy = 0
  private var probes = 0

  init(_ limits: TransportLimits) { self.limits = limits }

  private var isFree: Bool { limits.transportDelay == 0 || busy + probes == 0 }
  var hasSlot: Bool { isFree && busy < limits.slots }
  var hasProbe: Bool { isFree && probes < Schedule.probesPerSlot * limits.slots }
  /// Not only for the first look at a destination.
  var hasProbeToSpare: Bool { probes < limits.slots }
  var hasListed: Bool { !proven.isEmpty || !unproven.isEmpty }

  mutating func take(_ isProven: Bool) { if isProven { busy += 1 } else { probes += 1 } }
  mutating func release(_ isProven: Bool) { if isProven { busy -= 1 } else { probes -= 1 } }
  mutating func list(_ place: Int, isProven: Bool) { if isProven { proven.append(place) } else { unproven.append(place) } }
  func suspension(_ now: Int64) -> Reason? { deadUntil > now ? reason : nil }
}
