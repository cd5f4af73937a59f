// SPDX-License-Identifier: Apache-2.0
import Glibc
import Names
import Pipeline
import PluginHost
import Runtime

/// `StageCosts chain PLUGIN COMPONENT [MESSAGES]`: processor time of a message that goes through ten stages, and through one, and of each event.
///
/// `StageCosts worker PLUGIN COMPONENT WEIR [MESSAGES]`: what a message costs that goes through one stage, in this process and in a worker (WEIR is the
/// program that has the subcommand `worker`): microseconds of wall-clock time one after the other, and of processor time of both processes. And how long it
/// takes until a worker that hangs is noticed, where the plugin hangs on `X-Do: hang`. Pairs are interleaved, so that both meet the same machine.
@main
struct StageCosts {
  static func main() throws {
    var arguments = CommandLine.arguments.dropFirst()
    guard arguments.count >= 3, let mode = arguments.popFirst(), let plugin = arguments.popFirst(), let component = arguments.popFirst() else {
      return Terminal.writeError("usage: StageCosts chain|worker PLUGIN COMPONENT [WEIR] [MESSAGES]\n")
    }
    if mode == "worker", let program = arguments.popFirst() {
      try compareWorker(plugin, component, program, arguments.first.flatMap { Int($0) } ?? 2000)
    } else {
      try measureChain(plugin, component, arguments.first.flatMap { Int($0) } ?? 20_000)
    }
  }

  private static func stages(_ count: Int, _ plugin: String, _ component: String, _ registry: SessionRegistry) throws -> [Stage] {
    try (0..<count).map { number in
      let settings = settings("\(component)\(number)", plugin, component)
      let found = try Plugin(path: plugin).component(component)
      let options = ComponentOptions([], for: found).options
      let instance = try ComponentInstance(found, name: settings.name, options: options, posts: registry) { _, _, _ in }
      return Stage(settings, instance) { _, _, _ in }
    }
  }

  private static func settings(_ name: String, _ plugin: String, _ component: String) -> StageSettings {
    var settings = StageSettings(name: name, plugin: plugin)
    settings.component = component
    settings.timeout = 500
    return settings
  }

  private static func measureChain(_ plugin: String, _ component: String, _ count: Int) throws {
    let registry = SessionRegistry()
    let (none, one, ten) = (
      try Bench([], registry), try Bench(stages(1, plugin, component, registry), registry),
      try Bench(stages(10, plugin, component, registry), registry)
    )
    let long = Bench.header + String(repeating: "X-More: of the same\n", count: 1000)
    var figures: [[Double]] = []
    for _ in 0..<5 {
      figures.append([
        none.run(Bench.header, count).processor, one.run(Bench.header, count).processor, ten.run(Bench.header, count).processor,
        (one.run(long, count / 20).processor - none.run(long, count / 20).processor), one.sessions(count), ten.sessions(count),
      ])
    }
    let medians = figures[0].indices.map { column in figures.map { $0[column] }.sorted()[figures.count / 2] }
    Terminal.write(
      """
      a message of \(Bench.fields) fields: no stage \(medians[0]) us, one stage \(medians[1]) us, ten \(medians[2]) us
      a header event: \(medians[3] * 1000 / Double(Bench.fields + 1000)) ns (of 1,000)
      a session that says nothing: one stage \(medians[4]) us, ten \(medians[5]) us

      """)
  }

  private static func compareWorker(_ plugin: String, _ component: String, _ program: String, _ count: Int) throws {
    let registry = SessionRegistry()
    let settings = settings(component, plugin, component)
    let nursery = try WorkerNursery(program: program, orders: [WorkerOrder(settings)])
    let fleet = try WorkerFleet(settings, door: nursery.door) { _, _, _ in }
    let local = try Bench(stages(1, plugin, component, registry), registry)
    let worker = try Bench([Stage(settings, fleet) { _, _, _ in }], registry, fleet)
    for header in [Bench.header, Bench.header + String(repeating: "X-More: of the same\n", count: 100)] {
      var figures: [(Figures, Figures)] = []
      for _ in 0..<5 { figures.append((local.run(header, count), worker.run(header, count))) }
      let fields = header.utf8.count { $0 == 0x0a }
      let best = { (figure: (Figures) -> Double) in
        (figures.map { figure($0.0) }.sorted()[2], figures.map { figure($0.1) }.sorted()[2])
      }
      let (wall, processor) = (best { $0.wall }, best { $0.processor })
      Terminal.write("\(fields) fields: in process \(wall.0) us, in a worker \(wall.1) us; processor \(processor.0) us and \(processor.1) us\n")
    }
    let began = Instant.now()
    _ = worker.run("X-Do: hang\n", 1)
    Terminal.write("a hang was noticed after \((Instant.now() - began) / .milliseconds(1)) ms; the timeout is \(settings.timeout) ms\n")
  }
}

struct Figures {
  let wall: Double
  let processor: Double
}

final class Bench: Sendable {
  static let header = """
    Received: from client.example by mx.example with ESMTP id 1234567; Mon, 2 Nov 2026 10:00:00 +0000
    From: Sender <sender@example.org>
    To: Recipient <recipient@example.net>
    Subject: a message as there are many
    Date: Mon, 2 Nov 2026 10:00:00 +0000
    Message-ID: <1234567@example.org>
    MIME-Version: 1.0
    Content-Type: text/plain; charset=utf-8

    """
  static let fields = header.utf8.count { $0 == 0x0a }
  private let chain: StageChain
  private let loop: EventLoop
  private let fleet: WorkerFleet?
  nonisolated(unsafe) private let spares = SpareSeats()

  init(_ stages: [Stage], _ registry: SessionRegistry, _ fleet: WorkerFleet? = nil) throws {
    self.fleet = fleet
    chain = StageChain(stages, registry: registry, authservID: "mx.example", offloads: BlockingPool(name: "offload", threads: 1, queue: 1)) { _, _ in
      .failed(-1)
    }
    let loop = try EventLoop()
    self.loop = loop
    try Thread(name: "loop") { loop.run() }.detach()
  }

  func run(_ header: String, _ count: Int) -> Figures {
    let bytes = Array(header.utf8)
    let body = OwnedBytes(Array("Hello\n".utf8))
    nonisolated(unsafe) let spares = spares
    return measure(count) { [chain, loop] in
      let session = ChainSession(chain, on: loop, names: NoNames(), spares: spares) { _ in nil }
      for _ in 0..<count {
        _ = await session.mail("a@b.test", parameters: [])
        _ = await session.content(header: bytes, body: body, pool: nil)
      }
      session.closed("end")
    }
  }

  func sessions(_ count: Int) -> Double {
    nonisolated(unsafe) let spares = spares
    return measure(count) { [chain, loop] in
      for _ in 0..<count { ChainSession(chain, on: loop, names: NoNames(), spares: spares) { _ in nil }.closed("end") }
    }.processor
  }

  private func measure(_ count: Int, _ body: @escaping @Sendable () async -> Void) -> Figures {
    let before = processorTime()
    let clock = ContinuousClock.now
    let done = Monitor(false)
    loop.spawn {
      await body()
      done.withLock { $0 = true }
      done.signal()
    }
    _ = done.wait { $0 ? true : nil }
    let wall = (ContinuousClock.now - clock) / .microseconds(1)
    return Figures(wall: wall / Double(count), processor: (processorTime() - before) / Double(count))
  }

  /// In microseconds: of this process, and of the workers' main threads.
  private func processorTime() -> Double {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    let own = Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
    return (fleet?.processIDs ?? []).reduce(own) { $0 + Self.runtime($1) }
  }

  private static func runtime(_ pid: Int32) -> Double {
    guard let file = fopen("/proc/\(pid)/schedstat", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 200)
    guard fgets(&line, 200, file) != nil else { return 0 }
    return Double(strtoull(line, nil, 10)) / 1000
  }
}

struct NoNames: NameService {
  func answer(_ query: NameQuery) async -> Result<[NameRecord], NameFailure> { .failure(.notFound) }
}
