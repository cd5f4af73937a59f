// SPDX-License-Identifier: Apache-2.0
import Names
import Pipeline
import PluginHost
import Runtime
import Synchronization
import Testing

/// A loop on a thread of its own, with the stages of one listener, for one test.
final class HostFixture: Sendable {
  let loop: EventLoop
  let chain: StageChain
  let lines: LogLines
  let offloads: BlockingPool
  /// On the loop, as everything of a session.
  nonisolated(unsafe) private let spares = SpareSeats()
  private let thread: Thread

  /// `registry`: where threads of plugins in this process post to.
  init(registry: SessionRegistry = SessionRegistry(), _ make: (LogLines) throws -> [Stage]) throws {
    let loop = try EventLoop()
    self.loop = loop
    lines = LogLines()
    thread = try Thread(name: "loop") { loop.run() }
    offloads = BlockingPool(name: "offload", threads: 2, queue: 64)
    chain = StageChain(try make(lines), registry: registry, authservID: "mx.test", offloads: offloads) { _, _ in .failed(-1) }
  }

  deinit {
    loop.stop()
    // The last to hold this may have been a task of the loop.
    if thread.isCurrent { thread.detach() } else { thread.join() }
  }

  /// Runs `body` on the loop and waits for its result on the calling thread.
  func run<Result: Sendable>(_ body: @escaping @Sendable () async -> Result) -> Result {
    let result = Monitor<Result?>(nil)
    loop.spawn {
      let value = await body()
      result.withLock { $0 = value }
      result.signal()
    }
    return result.wait { $0 }
  }

  /// One message with this header in a session of its own: what the stages say to it, and how it looks then.
  func message(_ header: String, body: String = "Hello\n") -> Said {
    run { [self] in await say(header, body) }
  }

  /// All of them at once, each in a session of its own.
  func messages(_ headers: [String]) -> [Said] {
    let results = Monitor<[Said?]>(Array(repeating: nil, count: headers.count))
    for (index, header) in headers.enumerated() {
      loop.spawn { [self] in
        let said = await say(header, "Hello\n")
        results.withLock { $0[index] = said }
        results.signal()
      }
    }
    return results.wait { all in all.contains { $0 == nil } ? nil : all.compactMap { $0 } }
  }

  func session() -> ChainSession {
    ChainSession(chain, on: loop, names: FewNames(), spares: spares) { $0 == "client.addr" ? "192.0.2.1" : nil }
  }

  func say(_ header: String, _ body: String) async -> Said {
    let session = session()
    var step = await session.connected(host: "client.test", address: "192.0.2.1", port: 25)
    if step == .goOn { step = await session.helo("EHLO", "client.test") }
    if step == .goOn { step = await session.mail("a@b.test", parameters: []) }
    if step == .goOn { step = await session.recipient("c@d.test", parameters: [], isRejected: false).0 }
    if step == .goOn { step = await session.content(header: Array(header.utf8), body: OwnedBytes(Array(body.utf8)), pool: nil) }
    let message = session.message
    let said = Said(
      step: step, header: String(decoding: message?.fields.rendered() ?? [], as: UTF8.self), bodySize: message?.body.count ?? 0,
      hold: message?.envelope.holdReason, properties: message?.propertyOrder ?? [])
    session.closed("quit")
    return said
  }
}

struct Said: Equatable, Sendable {
  var step: StageStep
  var header: String
  var bodySize: Int
  var hold: String?
  var properties: [String]

  var text: String? {
    guard case .refuse(let reply, _, _) = step else { return nil }
    return "\(reply.code) \(reply.lines.joined(separator: "/"))"
  }
}

final class LogLines: Sendable {
  private let lines = Monitor<[String]>([])
  var all: [String] { lines.withLock { $0 } }
  func note(_ level: ComponentInstance.LogLevel, _ text: String) { lines.withLock { $0.append("\(level): \(text)") } }
  func contains(_ part: String) -> Bool { all.contains { $0.contains(part) } }
}

struct FewNames: NameService {
  func answer(_ query: NameQuery) async -> Result<[NameRecord], NameFailure> {
    query == .txt("example.org") ? .success([.text(Array("v=spf1 -all".utf8))]) : .failure(.notFound)
  }
}

/// What tests have been built: the program, and the plugins of plugins/tests.
enum Built {
  static let program = environment("WEIR_BIN") ?? root + "/.build/debug/weir"
  static let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
  static func plugin(_ name: String) -> String { root + "/.build/plugins/tests/\(name).so" }
  private static func environment(_ name: String) -> String? { Machine.environment(name) }
}

extension StageSettings {
  init(_ component: String, plugin: String = Built.plugin("trouble"), timeout: Int = 5000) {
    self.init(name: component, plugin: plugin)
    self.component = component
    self.timeout = timeout
  }
}

extension Stage {
  static func inProcess(
    _ settings: StageSettings, options: [StageSettings.Option] = [], posts: SessionRegistry = SessionRegistry(), _ lines: LogLines
  ) throws -> Stage {
    let plugin = try Plugin(path: settings.plugin)
    let instance = try ComponentInstance(
      try plugin.component(settings.component), name: settings.name, options: options, posts: posts
    ) { level, text, _ in lines.note(level, text) }
    return Stage(settings, instance) { level, text, _ in lines.note(level, text) }
  }

  static func worker(_ settings: StageSettings, limits: WorkerFleet.Limits = .init(), options: [StageSettings.Option] = [], _ lines: LogLines) throws
    -> Stage
  {
    let fleet = try WorkerFleet(
      settings, limits: limits, program: Built.program,
      choose: { _ throws(PluginRefusal) in (component: settings.component ?? "trouble", options: options) },
      log: { level, text, _ in lines.note(level, text) })
    return Stage(settings, fleet) { level, text, _ in lines.note(level, text) }
  }

  var fleet: WorkerFleet? {
    guard case .worker(let fleet) = engine else { return nil }
    return fleet
  }
}
