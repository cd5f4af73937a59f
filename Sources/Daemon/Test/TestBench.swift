// SPDX-License-Identifier: Apache-2.0
import Bytes
import Delivery
import Diagnostics
import Events
import Names
import Restrictions
import Runtime
import SMTP
import Server
import Settings
import Spool

/// What a message met.
struct TestResult {
  let mail: TestMail
  let client: String
  let helo: String
  let login: String?
  let exchanges: [TestClient.Exchange]
  let final: TestClient.Exchange?
  let events: [TraceEvent]
  /// What would have been queued; nil if it was refused, or thrown away.
  let queued: IncomingMessage?
  let microseconds: Int64

  enum Outcome: String, CaseIterable { case accepted, discarded, held, refused, deferred }

  var outcome: Outcome {
    guard let final, final.code < 500 else { return .refused }
    if final.code >= 400 { return .deferred }
    guard let queued else { return .discarded }
    return queued.hold == nil ? .accepted : .held
  }

  /// The step that decided; nil where none did.
  var decision: TraceEvent? {
    events.last { $0.kind == .step && !$0.has(.isShadow) && ["REJECT", "TEMPFAIL", "DISCARD", "FAILED"].contains($0[.action]) }
  }
}

/// Plays sessions with the configuration as it is: the machine, restrictions and stages of the daemon, but a client and a spool in memory.
final class TestBench {
  struct Fault: Error, CustomStringConvertible { let description: String }

  private let loop: EventLoop
  private let thread: Thread
  private let log: Log
  private let records = TestRecords()
  private let store = TestStore()
  private let services: Services
  private let options: TestOptions
  private let pool = BlockingPool(name: "pool", threads: 4, queue: 256)
  private let recording: RecordingNames?
  private let recorded: RecordedNames?
  let listener: ListenerConfiguration

  init(_ setup: Setup, _ options: TestOptions) throws {
    self.options = options
    if let address = options.client, IPAddress(address) == nil {
      throw Fault(description: "--ip: `\(address)` is no address, such as 192.0.2.7 or 2001:db8::7")
    }
    let loop = try EventLoop()
    self.loop = loop
    thread = try Thread(name: "loop") { loop.run() }
    var settings = LogSettings(host: setup.configuration[Keys.myhostname], sinks: [])
    (settings.trace, settings.traceDetail) = (records, .all)
    log = try Log(settings, name: setup.configuration[Keys.syslogName])
    listener = try Self.listener(setup, options.listener)
    let resolver = Resolver(setup.configuration, home: loop, log: log)
    recorded = try options.recordedNames.map { RecordedNames(try Self.namesFile($0)) }
    let asked: any NameService = recorded ?? resolver.names
    let direct: any NameService = recorded ?? DirectNames(resolver.names)
    // One record for both: what /etc/hosts says of a name is not asked of the DNS.
    recording = options.namesRecord.map { _ in RecordingNames(direct) }
    try TableOpener(log: log).open(setup)
    let users = UserDirectory(setup)
    let ground = SessionGround(
      setup: setup, log: log, pool: pool, users: users, room: RoomLookup(setup, users: users, pool: pool),
      stages: try StageAssembly(setup, log: log), store: store, names: recording ?? asked, directNames: recording ?? direct,
      expander: RecipientExpander(setup), verifier: AbsentVerification(log: log)
    ) { [log] _ in AbsentPolicies(log: log) }
    services = ground.services(for: listener)(loop)
  }

  private static func listener(_ setup: Setup, _ name: String?) throws(Fault) -> ListenerConfiguration {
    let all = setup.configuration.listeners
    if let name {
      if let found = all.first(where: { $0.name == name }) { return found }
      throw Fault(description: "no listener '\(name)'; there is \(all.map(\.name).joined(separator: ", "))")
    }
    guard let first = all.first(where: { ServerConfiguration($0, setup, ownAddresses: []).service != .lmtp }) else {
      throw Fault(description: "no listener")
    }
    return first
  }

  private static func namesFile(_ path: String) throws(Fault) -> NamesFile {
    do {
      return try NamesFile(String(decoding: try LinuxFiles(insistsOnRoot: false).read(path, limit: 64 << 20), as: UTF8.self))
    } catch let error as FileError {
      throw Fault(description: "\(path): \(error.reason)")
    } catch {
      throw Fault(description: "\(path): \(error)")
    }
  }

  // MARK: Playing

  func play(_ mail: TestMail) -> TestResult {
    let began = Instant.now()
    let done = Monitor<Played?>(nil)
    // All that the session has stays on the loop until it is over.
    nonisolated(unsafe) let bench = self
    loop.spawn {
      let played = await bench.session(mail)
      done.withLock { $0 = played }
      done.signal()
    }
    let played = done.wait { $0 }
    let (seconds, attoseconds) = (Instant.now() - began).components
    log.flush()
    return TestResult(
      mail: mail, client: played.client, helo: played.helo, login: options.login, exchanges: played.exchanges, final: played.final,
      events: TraceEvent.all(in: records.takeAll()),
      queued: store.takeMessage(), microseconds: seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
  }

  private struct Played: Sendable {
    let client: String
    let helo: String
    let exchanges: [TestClient.Exchange]
    let final: TestClient.Exchange?
  }

  private func session(_ mail: TestMail) async -> Played {
    let client = await client()
    let helo = options.helo ?? options.clientName ?? TestBench.helo
    let stream = TestStream(TestClient(mail, helo: helo))
    await Session(stream, client: client, services: services).run()
    return Played(client: client.description, helo: helo, exchanges: stream.client.exchanges, final: stream.client.final)
  }

  /// A network that is nobody's: RFC 5737.
  static let address = "192.0.2.1"
  static let helo = "client.example"

  private func client() async -> Client {
    let address = IPAddress(options.client ?? Self.address)
    let names: Client.Names
    if let name = options.clientName {
      names = Client.Names(name)
    } else if let address {
      names = Client.Names(await services.names.name(of: address))
    } else {
      names = Client.Names(Client.unknown)
    }
    return Client(address: address, names: names, port: 0, login: options.login)
  }

  /// What was asked of a record of the DNS and is not in it.
  var unanswered: [String] { recorded?.unanswered ?? [] }
  /// The record that was asked for.
  var namesRecord: String? { recording?.text }
}

/// Policy servers remember what they are asked, so that asking has effects: they are not.
private struct AbsentPolicies: PolicyService {
  let log: Log

  func ask(_ server: PolicyServer, _ attributes: [(name: String, value: String)]) async -> Result<String, PolicyFailure> {
    log.warning("test", "policy server \(server.address) is not asked, and taken to say DUNNO")
    return .success("DUNNO")
  }
}

/// Nobody is asked about addresses.
private struct AbsentVerification: AddressVerification {
  let log: Log

  func status(of address: SMTP.Mailbox, _ destination: Destination) -> Verification {
    log.warning("test", "the address \(address.address) is not verified, and taken for a good one")
    return Verification(.deliverable, "not verified")
  }
}

/// What was reported since it was last asked.
final class TestRecords: TraceTaker {
  private let records = Monitor<[UInt8]>([])

  func take(_ new: [UInt8], lost: Int) { records.withLock { $0 += new } }
  func takeWarnings() -> [String] { [] }
  func flush() {}

  func takeAll() -> [UInt8] {
    records.withLock { records in
      defer { records = [] }
      return records
    }
  }
}
