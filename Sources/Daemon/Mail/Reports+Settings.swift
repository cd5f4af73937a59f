// SPDX-License-Identifier: Apache-2.0
import Delivery
import Message
import PluginHost
import Queue
import Runtime
import SMTP
import Server
import Settings
import Spool

extension SenderReporter {
  /// Reports on the messages in `spool`. They are queued in `home`.
  convenience init(_ setup: Setup, spool: Spool, home: Spool, pool: BlockingPool, log: Log) {
    let resolve = setup.resolver()
    var means = Means(
      offload: { pool.submit($0) },
      resolve: { address in
        let (recipient, hasFailed) = Lookups.wait { resolve(address) }
        return hasFailed ? nil : recipient ?? Recipient(address: address, original: address, route: .remote)
      }, clock: wallClock,
      zone: { time in
        let zone = LocalZone.at(time)
        return Zone(offset: zone.offset, name: zone.name)
      },
      log: { log.event($0) })
    if let expansion = setup.expansion() {
      means.expand = { recipients in
        if case .recipients(let found) = expansion.expandSlowly(recipients, sender: "", wantsCopies: false) { found } else { nil }
      }
    }
    self.init(Settings(setup), spool: spool, home: home, means: means)
  }
}

extension SenderReporter.Settings {
  fileprivate init(_ setup: Setup) {
    let configuration = setup.configuration
    let writer = ReportWriter(
      hostname: configuration[Keys.myhostname], origin: configuration[Keys.myorigin], product: configuration[Keys.mailName],
      texts: setup.reportTexts, isThreaded: configuration[Keys.enableThreadedBounces]
    ) { setup.valueInReports($0) }
    self.init(rules: ReportRules(configuration), writer: writer, hostname: configuration[Keys.myhostname])
    sizeLimit = configuration[Keys.bounceSizeLimit].bytes
    lifetime = SchedulerSettings(configuration).lifetime
    bounceLifetime = SchedulerSettings(configuration).bounceLifetime
  }
}

extension SessionNotices {
  /// Nil where nobody wants to be told of sessions.
  init?(_ setup: Setup, pool: BlockingPool) {
    let configuration = setup.configuration
    let classes = Classes(configuration[Keys.notifyClasses])
    if classes.isEmpty { return nil }
    let addressee = setup.completed(configuration[Keys.errorNoticeRecipient])
    let (resolve, expansion) = (setup.resolver(), setup.expansion())
    let find: @Sendable () -> [Recipient]? = {
      let (recipient, hasFailed) = Lookups.wait { resolve(addressee) }
      if hasFailed { return nil }
      let given = [recipient ?? Recipient(address: addressee, original: addressee, route: .remote)]
      guard let expansion else { return given }
      if case .recipients(let found) = expansion.expandSlowly(given, sender: "", wantsCopies: false) { return found }
      return nil
    }
    self.init(
      classes, to: addressee, recipients: { await pool.run(find) ?? nil }, from: setup.completed(configuration[Keys.doubleBounceSender]),
      writer: SessionNoticeWriter(hostname: configuration[Keys.myhostname], product: configuration[Keys.mailName]))
  }
}

extension SessionNotices.Classes {
  init(_ words: [String]) {
    let names: [String: SessionNotices.Classes] = [
      "bounce": .bounce, "policy": .policy, "protocol": .protocolErrors, "resource": .resource, "software": .software, "data": .data,
    ]
    self = words.reduce(into: []) { $0.formUnion(names[$1] ?? []) }
  }
}

extension Setup {
  /// With myorigin where there is no domain.
  func completed(_ address: String) -> String { address.contains("@") ? address : "\(address)@\(configuration[Keys.myorigin])" }
}

extension ReportRules {
  init(_ configuration: Configuration) {
    let origin = configuration[Keys.myorigin]
    func address(_ key: Key<String>) -> String { configuration[key].contains("@") ? configuration[key] : "\(configuration[key])@\(origin)" }
    self.init(postmaster: address(Keys.bounceNoticeRecipient), doubleBounceSender: address(Keys.doubleBounceSender))
    doubleBounceNoticeRecipient = address(Keys.doubleBounceNoticeRecipient)
    delayNoticeRecipient = address(Keys.delayNoticeRecipient)
    for word in configuration[Keys.notifyClasses] {
      switch word {
      case "bounce": classes.insert(.bounce)
      case "2bounce": classes.insert(.doubleBounce)
      case "delay": classes.insert(.delay)
      default: break
      }
    }
    delayWarningTime = configuration[Keys.delayWarningTime].components.seconds.multipliedReportingOverflow(by: 1_000_000).partialValue
    confirmsDelayCleared = configuration[Keys.confirmDelayCleared]
  }
}

/// `$delay_warning_time_hours` and its like in bounce_template_file.
private enum ReportTime {
  private static let units: [(suffix: String, seconds: Int64)] = [
    ("_seconds", 1), ("_minutes", 60), ("_hours", 3600), ("_days", 86_400), ("_weeks", 604_800),
  ]

  static func value(_ name: String, _ configuration: Configuration) -> String? {
    for unit in units where name.hasSuffix(unit.suffix) {
      guard let seconds = seconds(String(name.dropLast(unit.suffix.count)), configuration) else { return nil }
      return String(seconds / unit.seconds)
    }
    return nil
  }

  private static func seconds(_ name: String, _ configuration: Configuration) -> Int64? {
    switch name {
    case Keys.delayWarningTime.name: configuration[Keys.delayWarningTime].components.seconds
    case "maximal_queue_lifetime": SchedulerSettings(configuration).lifetime / 1_000_000
    case "bounce_queue_lifetime": SchedulerSettings(configuration).bounceLifetime / 1_000_000
    default: nil
    }
  }
}

extension Setup {
  /// `$name` in the texts of reports.
  func valueInReports(_ name: String) -> String? { ReportTime.value(name, configuration) ?? configuration.values.expanded(name) }

  /// Completes an address, and says whose mail that is.
  func resolver() -> @Sendable (String) -> Recipient? {
    guard let listener = configuration.listeners.first else { return { _ in nil } }
    let policy = ServerConfiguration(listener, self, ownAddresses: ownAddresses()).relay
    return { address in
      guard !address.isEmpty else { return nil }
      let resolved = policy.resolve(SMTP.Mailbox(address: address))
      let route: Recipient.Route = resolved.destination == .local ? .local : resolved.destination == .virtual ? .virtual : .remote
      return Recipient(address: resolved.address.address, original: address, route: route)
    }
  }
}
