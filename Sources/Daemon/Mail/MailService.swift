// SPDX-License-Identifier: Apache-2.0
import Bytes
import Delivery
import Message
import Queue
import Restrictions
import Runtime
import SMTP
import Server
import Settings
import Spool
import Tables

/// The `mta` process: SMTP sessions on event loops, the spool, and the threads that deliver from it.
final class MailService: Sendable {
  private let setup: Setup
  private let log: Log
  private let pool = BlockingPool(name: "pool", threads: 8, queue: 4096)
  private let spool: Spool
  private let storage: StorageWatch
  private let users: UserDirectory
  private let room: RoomLookup?
  private let certificates: [String: Certificates]
  private let loops: LoopGroup
  private let resolver: Resolver
  private let relaying: Relaying
  private let delivery: LocalDelivery
  private let control: ControlServer
  private let visitors: ControlServer
  private let lanes: LaneKeeper
  /// By listener.
  private let limits: [String: ClientLimits]
  private let anvil: AnvilStatistics
  private let stages: StageAssembly
  private let expander: RecipientExpander?
  private let passes: (cache: PassCache, keeper: CacheKeeper)
  private let verifier: AddressVerifier
  private let verified: CacheKeeper
  private let drop = Monitor<DropReader?>(nil)

  /// Sessions that have not ended after this are cut.
  private static let patience = Duration.seconds(30)
  /// Certificate files, free space and free memory are looked at this often.
  private static let refreshInterval = Duration.seconds(1)
  /// While it drains, it looks so often whether that is over.
  private static let drainInterval = Duration.milliseconds(50)
  /// So many users' messages are taken in at a time.
  private static let pickupSessions = 500

  init(_ setup: Setup, lane: Lane, usesMailboxService: Bool, log: Log) throws {
    self.setup = setup
    self.log = log
    try Folder.ensure(setup.tlsFolder, owner: nil)
    spool = try Spool(lane, setup.configuration) { SpoolLog.write($0, to: log) }
    storage = StorageWatch(
      path: setup.queueFolder, minimum: setup.configuration[Keys.queueMinfree].bytes,
      messageSizeLimit: setup.configuration[Keys.messageSizeLimit].bytes, log: log)
    storage.look()
    let tables = try TableOpener(log: log).open(setup)
    users = UserDirectory(setup)
    room = RoomLookup(setup, users: users, pool: pool)
    limits = setup.configuration.listeners.reduce(into: [:]) { $0[$1.name] = ClientLimits(ClientLimits.Limits($1, setup), service: $1.name) }
    anvil = AnvilStatistics(Array(limits.values), interval: setup.configuration[Keys.anvilStatusUpdateTime], log: log)
    certificates = MailService.certificates(setup, log)
    loops = try LoopGroup(count: setup.configuration[Keys.eventLoops])
    resolver = Resolver(setup.configuration, home: loops.first, log: log)
    stages = try StageAssembly(setup, log: log)
    expander = RecipientExpander(setup)
    let reports = DeliveryReports(stages, on: loops.first, names: resolver.names, log: log)
    relaying = try Relaying(
      setup, spool: spool, users: users, names: resolver.names, pool: pool, expander: expander, usesMailboxService: usesMailboxService,
      reports: reports, log: log)
    delivery = LocalDelivery(
      setup, spool: spool, lane: lane.number, users: users, usesMailboxService: usesMailboxService, relaying: relaying,
      senders: SenderReporter(setup, spool: spool, home: spool, pool: pool, log: log), reports: reports, log: log)
    passes = setup.passCache(pool: pool, log: log)
    verifier = AddressVerifier(setup, relaying, spool: spool, users: users, pool: pool, log: log)
    verified = setup.verifyKeeper(verifier, pool: pool, log: log)
    let intake = QueueIntake(
      spool: spool, pool: pool, relay: ServerConfiguration(setup.configuration.pickup, setup, ownAddresses: setup.ownAddresses()).relay,
      host: setup.configuration[Keys.myhostname])
    control = ControlServer(path: Setup.controlSocket(of: lane), queue: spool, intake: intake, stages: stages.stages + tables, pool: pool, log: log)
    visitors = ControlServer(
      path: PublicQueue.socket(of: lane.number, in: setup.publicFolder), visitors: ControlServer.Visitors(setup), queue: spool, pool: pool, log: log)
    lanes = LaneKeeper(
      own: lane.number,
      LaneKeeper.Means(
        setup: setup, users: users, home: spool, usesMailboxService: usesMailboxService, relaying: relaying, reports: reports, pool: pool,
        loop: loops.first, log: log))
  }

  /// The supervisor has checked them, but files can break while it runs: mail that may come in clear still does then.
  private static func certificates(_ setup: Setup, _ log: Log) -> [String: Certificates] {
    var certificates: [String: Certificates] = [:]
    for listener in setup.configuration.listeners {
      do throws(TLSConfigurationError) {
        certificates[listener.name] = try Certificates(listener, setup, log: log)
      } catch {
        let consequence = listener.requiresTLS ? "is closed" : "goes on without TLS"
        log.error("tls", "\(error); listener \(listener.name) \(consequence) until Weir is started again")
      }
    }
    return certificates
  }

  /// Serves the sockets until SIGTERM; or, after SIGUSR2, until those who are connected have left.
  func run(_ sockets: [(listener: String, descriptor: Int32)]) throws {
    try spool.start()
    try delivery.start()
    control.start(on: loops.first)
    visitors.start(on: loops.first)
    try lanes.start()
    for socket in sockets { serve(socket.listener, socket.descriptor) }
    let isDrained = waitForEnd(sockets.map(\.descriptor))
    stopDrop()
    let isOver = loops.stop(patience: Self.patience)
    passes.keeper.stop()
    verified.stop()
    anvil.report(now: .never)
    lanes.handOn()
    _ = delivery.end(within: Relaying.patience)
    lanes.stop(patience: isDrained ? Drain.deliveryPatience : Relaying.patience)
    relaying.stop()
    delivery.stop()
    resolver.names.close()
    spool.stop()
    if spool.isEmpty { spool.removeSpares() }
    pool.stop()
    if isOver { stages.end() }
    log.flush()
  }

  /// True when it has drained, false when it is told to end at once.
  private func waitForEnd(_ sockets: [Int32]) -> Bool {
    var drain: Drain?
    var nextChores = Instant.distantPast
    while drain?.isOver(loops, spool) != true {
      if loops.areTurning() { Heartbeat.beat(on: Handover.heartbeat) }
      switch Signal.wait(timeout: drain == nil ? Self.refreshInterval : Self.drainInterval) {
      case .terminate: return false
      case .hangUp:
        DaemonLog.reopen(log, setup, owner: nil)
        lanes.look()
        nextChores = .distantPast
      case .user1: DaemonLog.reopen(log, setup, owner: nil)
      case .user2 where drain == nil:
        close(sockets)
        drain = Drain()
      default: break
      }
      guard nextChores <= .now() else { continue }
      nextChores = .now() + Self.refreshInterval
      doChores()
    }
    return true
  }

  private func doChores() {
    drop.withLock { $0 }?.look()
    storage.look()
    resolver.refresh()
    relaying.doChores()
    anvil.report(now: .now())
    passes.keeper.refresh()
    verified.refresh()
    Machine.releaseFreeMemory()
    for certificate in certificates.values { certificate.refresh() }
  }

  /// Takes no connections any more: another generation does. What this one has adopted is for that one, too.
  private func close(_ sockets: [Int32]) {
    lanes.handOn()
    stopDrop()
    passes.keeper.stop()
    verified.stop()
    log.info("master", "draining")
    guard loops.drain() else { return log.error("master", "a loop does not answer: its listeners are closed when it does") }
    for socket in sockets { closeDescriptor(socket) }
    Heartbeat.closed(on: Handover.heartbeat)
  }

  /// Mail of this machine's users.
  private func servePickup(_ descriptor: Int32) {
    let limits = ClientLimits(.pickup(setup), service: "pickup")
    let services = ground.pickupServices(limits: limits)
    let reader = DropReader(setup.dropFolder, on: loops.first, pool: pool, log: log, services: services)
    drop.withLock { $0 = reader }
    loops.serve(descriptor, maximumSessions: Self.pickupSessions, log: log, services: services)
  }

  private func stopDrop() {
    let reader = drop.withLock { drop in
      defer { drop = nil }
      return drop
    }
    reader?.stop()
  }

  private func serve(_ name: String, _ descriptor: Int32) {
    if name == setup.configuration.pickup.name { return servePickup(descriptor) }
    guard let listener = setup.configuration.listeners.first(where: { $0.name == name }) else { return }
    if listener.requiresTLS, certificates[name] == nil { return }
    let maximum = max(1, setup.sessionLimit(of: listener) / setup.configuration[Keys.eventLoops])
    let calm = services(for: listener)
    let stressed = listener.underStress.map { services(for: $0) }
    loops.serve(descriptor, maximumSessions: maximum, log: log.named(listener[Keys.syslogName])) { loop in
      let services = calm(loop)
      services.underStress = stressed?(loop)
      return services
    }
  }

  private var ground: SessionGround {
    SessionGround(
      setup: setup, log: log, pool: pool, users: users, room: room, stages: stages, store: SpoolStore(spool: spool, pool: pool, storage: storage),
      names: resolver.names, directNames: DirectNames(resolver.names), expander: expander, verifier: verifier
    ) { [resolver] loop in PolicyClient(on: LoopPolicyGround(loop, names: resolver.names)) }
  }

  private func services(for listener: ListenerConfiguration) -> @Sendable (EventLoop) -> Services {
    let tls = certificates[listener.name].map { certificates in { @Sendable in certificates.store.context as TLSServerContext? } }
    return ground.services(
      for: listener, limits: limits[listener.name], tls: tls, screen: Screen(listener, setup, cache: passes.cache, names: resolver.names))
  }
}

extension Spool {
  convenience init(_ lane: Lane, _ configuration: Configuration, report: @escaping @Sendable (SpoolEvent) -> Void) throws(SpoolError) {
    try self.init(lane, disk: LinuxDisk(), settings: SpoolSettings(configuration), clock: wallClock, report: report)
  }
}

extension SpoolSettings {
  init(_ configuration: Configuration) {
    self.init()
    segmentSize = configuration[Keys.spoolSegmentSize].bytes
    bigMessageSize = configuration[Keys.spoolBigMessageSize].bytes
    memoryLimit = configuration[Keys.spoolMemoryLimit].bytes
    batchSize = configuration[Keys.spoolBatchSize].bytes
    readyLimit = configuration[Keys.spoolReadyLimit]
    noteDelay = configuration[Keys.spoolNoteDelay]
    stableDelay = configuration[Keys.syncInterval]
    stableBytes = Int64(configuration[Keys.syncBytes].bytes)
    spareSegments = configuration[Keys.spoolSpareSegments]
    crashLimit = configuration[Keys.spoolCrashLimit]
    unnotedDelay = configuration[Keys.queueRunDelay]
    ownRoutes = configuration.mailboxRoutes
  }
}
