// SPDX-License-Identifier: Apache-2.0

/// Which delivery may begin next. It knows deliveries by number only, and is told of each that is wanted, that has begun and that has ended.
///
/// Each transport has so many slots, and its destinations take turns for them; each destination has a window for what it stands at a time. One that
/// has not shown yet that it works takes none of the slots of those that do: an attempt to reach a dead host may last for minutes.
package final class Schedule {
  /// A destination of a transport; with a recipient limit of 1, a recipient.
  package struct Site: Hashable, Sendable {
    package var transport: String
    package var name: String

    package init(transport: String, name: String) {
      self.transport = transport
      self.name = name
    }
  }

  package enum Admission: Equatable, Sendable {
    case queued
    /// Nothing is tried for this destination at present.
    case suspended(Reason)
  }

  package enum Verdict: Equatable, Sendable {
    case alive
    case dead(Reason)
    /// Nothing was tried.
    case untried
  }

  /// A delivery to begin; to be shown again when it has ended.
  package struct Start: Equatable, Sendable {
    package let item: Int
    let place: Int
    /// Which kind of slot it has.
    let isProven: Bool
  }

  private let limits: (String) -> TransportLimits
  private var sites: [SiteState?] = []
  private var unused: [Int] = []
  private var places: [Site: Int] = [:]
  private var transports: [TransportState] = []
  private var transportPlaces: [String: Int] = [:]
  /// Sites whose delay or whose time as dead is over then.
  private var alarms = Timetable<Int>()
  private var nextTransport = 0

  /// So many slots of a transport are for first looks at destinations that have not shown that they work, for one that does.
  static let probesPerSlot = 10
  /// So many dead destinations are remembered.
  static let mostDead = 20_000

  package init(limits: @escaping (String) -> TransportLimits) { self.limits = limits }

  package var siteCount: Int { places.count }

  package func limits(of name: String) -> TransportLimits { transports[transport(name)].limits }

  // MARK: events

  /// A delivery is wanted.
  package func add(_ item: Int, to site: Site, sender: String, isRetry: Bool, now: Int64) -> Admission {
    let transport = transport(site.transport)
    if let reason = transports[transport].suspension(now) { return .suspended(reason) }
    let place = place(of: site, transport)
    if let reason = sites[place]?.suspension(now) { return .suspended(reason) }
    sites[place]?.line.append(item, from: sender, isRetry: isRetry)
    list(place)
    return .queued
  }

  /// The next delivery that may begin now; nil when there is none.
  package func next(now: Int64) -> Start? {
    for _ in transports.indices {
      let transport = nextTransport % transports.count
      nextTransport = transport + 1
      if let start = next(of: transport, now) { return start }
    }
    return nil
  }

  /// Whether more waits for the destination of a delivery, or is on its way there.
  package func hasMore(_ start: Start) -> Bool { sites[start.place].map { $0.busy > 1 || !$0.line.isEmpty } ?? false }

  /// A delivery has ended. Answers those that are not to be tried now, because their destination is dead.
  package func ended(_ start: Start, _ verdict: Verdict, now: Int64) -> [Int] {
    guard let site = sites[start.place] else { return [] }
    let limits = transports[site.transport].limits
    transports[site.transport].release(start.isProven)
    var dropped: [Int] = []
    site.keptUntil = 0
    switch verdict {
    case .alive:
      site.window.succeeded(limits, busy: site.busy)
      site.isProven = true
    case .dead(let reason):
      site.isProven = false
      if !site.isDead, !site.window.failed(limits) { dropped = bury(site, start.place, reason, now) }
    case .untried: break
    }
    site.busy -= 1
    if verdict != .untried { delay(site, start.place, limits, now) }
    settle(start.place, now)
    return dropped
  }

  /// The transport can do nothing at present.
  package func suspend(_ name: String, _ reason: Reason, until: Int64) -> [Int] {
    let transport = transport(name)
    transports[transport].deadUntil = until
    transports[transport].reason = reason
    var dropped: [Int] = []
    for place in sites.indices where sites[place]?.transport == transport {
      while let item = sites[place]?.line.removeFirst() { dropped.append(item) }
    }
    return dropped
  }

  /// When `next` may find something without any other event; nil if never.
  package var nextAlarm: Int64? {
    let delays = transports.lazy.filter { $0.hasListed && $0.notBefore > 0 }.map(\.notBefore).min()
    guard let alarm = alarms.first?.time else { return delays }
    return min(alarm, delays ?? alarm)
  }

  /// Time has passed.
  package func wake(now: Int64) {
    while let alarm = alarms.first, alarm.time <= now {
      _ = alarms.removeFirst()
      guard let site = sites[alarm.item] else { continue }
      if site.isDead, site.deadUntil <= now { site.revive(transports[site.transport].limits) }
      settle(alarm.item, now)
    }
  }

  // MARK: places

  private func transport(_ name: String) -> Int {
    if let place = transportPlaces[name] { return place }
    transports.append(TransportState(limits(name)))
    transportPlaces[name] = transports.count - 1
    return transports.count - 1
  }

  private func place(of site: Site, _ transport: Int) -> Int {
    if let place = places[site] { return place }
    let state = SiteState(site, transport: transport, transports[transport].limits)
    if let place = unused.popLast() {
      sites[place] = state
      places[site] = place
      return place
    }
    sites.append(state)
    places[site] = sites.count - 1
    return sites.count - 1
  }

  /// Lets it have its turn, or forgets it when nothing about it need be remembered.
  private func settle(_ place: Int, _ now: Int64) {
    guard let site = sites[place] else { return }
    if !site.line.isEmpty { return list(place) }
    guard site.busy == 0, !site.isListed, !site.isDead, site.notBefore <= now, !isToBeKept(site, place, now) else { return }
    places[site.site] = nil
    sites[place] = nil
    unused.append(place)
  }

  /// Failures count together although nothing waits in between.
  private func isToBeKept(_ site: SiteState, _ place: Int, _ now: Int64) -> Bool {
    guard site.window.isFailing else { return false }
    if site.keptUntil == 0, alarms.count < Schedule.mostDead {
      site.keptUntil = now.addingReportingOverflow(transports[site.transport].limits.deadTime).partialValue
      alarms.insert(place, at: site.keptUntil)
    }
    return site.keptUntil > now
  }

  private func list(_ place: Int) {
    guard let site = sites[place], !site.isListed else { return }
    site.isListed = true
    transports[site.transport].list(place, isProven: site.isProven)
  }

  // MARK: deaths and delays

  private func bury(_ site: SiteState, _ place: Int, _ reason: Reason, _ now: Int64) -> [Int] {
    var dropped: [Int] = []
    while let item = site.line.removeFirst() { dropped.append(item) }
    if alarms.count < Schedule.mostDead {
      site.deadUntil = now.addingReportingOverflow(transports[site.transport].limits.deadTime).partialValue
      site.reason = reason
      alarms.insert(place, at: site.deadUntil)
    } else {
      site.revive(transports[site.transport].limits)
    }
    return dropped
  }

  private func delay(_ site: SiteState, _ place: Int, _ limits: TransportLimits, _ now: Int64) {
    if limits.transportDelay > 0 { transports[site.transport].notBefore = now.addingReportingOverflow(limits.transportDelay).partialValue }
    guard limits.destinationDelay > 0 else { return }
    site.notBefore = now.addingReportingOverflow(limits.destinationDelay).partialValue
    alarms.insert(place, at: site.notBefore)
  }

  // MARK: turns

  private func next(of transport: Int, _ now: Int64) -> Start? {
    guard transports[transport].notBefore <= now else { return nil }
    // First those that work, then those that have to show it: each has its slots.
    while transports[transport].hasSlot, let place = transports[transport].proven.removeFirst() {
      if let start = start(place, inProven: true, now) { return start }
    }
    while transports[transport].hasProbe, let place = transports[transport].unproven.removeFirst() {
      if let start = start(place, inProven: false, now) { return start }
    }
    // Some of those may have shown it since they were listed.
    return transports[transport].hasSlot && !transports[transport].proven.isEmpty ? next(of: transport, now) : nil
  }

  /// A destination has its turn.
  private func start(_ place: Int, inProven: Bool, _ now: Int64) -> Start? {
    guard let site = sites[place] else { return nil }
    site.isListed = false
    if site.isProven != inProven {
      settle(place, now)
      return nil
    }
    let isCrowded = !inProven && !transports[site.transport].hasProbeToSpare
    guard site.busy < (isCrowded ? 1 : site.window.size), site.notBefore <= now, !site.isDead, let item = site.line.removeFirst() else {
      // What has changed is told by the end of a delivery or by an alarm.
      if site.line.isEmpty { settle(place, now) }
      return nil
    }
    site.busy += 1
    transports[site.transport].take(inProven)
    if !site.line.isEmpty { list(place) }
    return Start(item: item, place: place, isProven: inProven)
  }
}
