// SPDX-License-Identifier: Apache-2.0
import Glibc
import Names
import Pipeline
import PluginHost
import Runtime

/// `StageCosts PLUGIN COMPONENT WEIR [MESSAGES]`: what a message costs that goes through one stage, in this process and in a worker (WEIR is the program
/// that has the subcommand `worker`): microseconds of wall-clock time one after the other, and microseconds of processor time of both processes. Pairs are
/// interleaved, so that both meet the same machine. And how long it takes until a worker that hangs is noticed, where the plugin hangs on `X-Do: hang`.
@main
struct StageCosts {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count >= 4 else { return Terminal.writeError("usage: StageCosts PLUGIN COMPONENT WEIR [MESSAGES]\n") }
    let count = arguments.count > 4 ? Int(arguments[4]) ?? 2000 : 2000
    var settings = StageSettings(name: arguments[2], plugin: arguments[1])
    settings.component = arguments[2]
    settings.timeout = 500
    let registry = SessionRegistry()
    let instance = try ComponentInstance(try Plugin(path: settings.plugin).component(arguments[2]), name: settings.name, options: [], posts: registry)
    {
      _, _, _ in
    }
    let fleet = try WorkerFleet(settings, program: arguments[3]) { _, _, _ in }
    let local = try Bench(Stage(settings, instance) { _, _, _ in }, registry)
    let worker = try Bench(Stage(settings, fleet) { _, _, _ in }, registry)
    for header in [Bench.header, Bench.header + String(repeating: "X-More: of the same\n", count: 100)] {
      var figures: [(Figures, Figures)] = []
      for _ in 0..<5 { figures.append((local.run(header, count, fleet), worker.run(header, count, fleet))) }
      let fields = header.utf8.count { $0 == 0x0a }
      let best = { (figure: (Figures) -> Double) in
        (figures.map { figure($0.0) }.sorted()[2], figures.map { figure($0.1) }.sorted()[2])
      }
      let (wall, processor) = (best { $0.wall }, best { $0.processor })
      Terminal.write("\(fields) fields: in process \(wall.0) us, in a worker \(wall.1) us; processor \(processor.0) us and \(processor.1) us\n")
    }
    let began = Instant.now()
    _ = worker.run("X-Do: hang\n", 1, fleet)
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
  private let chain: StageChain
  private let loop: EventLoop

  init(_ stage: Stage, _ registry: SessionRegistry) throws {
    chain = StageChain([stage], registry: registry, authservID: "mx.example", offloads: BlockingPool(name: "offload", threads: 1, queue: 1)) { _, _ in
      .failed(-1)
    }
    let loop = try EventLoop()
    self.loop = loop
    try Thread(name: "loop") { loop.run() }.detach()
  }

  func run(_ header: String, _ count: Int, _ fleet: WorkerFleet) -> Figures {
    let before = Self.processorTime(fleet)
    let clock = ContinuousClock.now
    let done = Monitor(false)
    loop.spawn { [chain, loop] in
      let session = ChainSession(chain, on: loop, listener: "smtp", names: NoNames()) { _ in nil }
      let bytes = Array(header.utf8)
      let body = OwnedBytes(Array("Hello\n".utf8))
      for _ in 0..<count {
        _ = await session.mail("a@b.test", parameters: [])
        _ = await session.content(header: bytes, body: body, pool: nil)
      }
      session.closed("end")
      done.withLock { $0 = true }
      done.signal()
    }
    done.wait { $0 ? true : nil }
    let wall = (ContinuousClock.now - clock) / .microseconds(1)
    return Figures(wall: wall / Double(count), processor: (Self.processorTime(fleet) - before) / Double(count))
  }

  /// In microseconds: of this process, and of the workers' main threads.
  private static func processorTime(_ fleet: WorkerFleet) -> Double {
    var usage = rusage()
    getrusage(RUSAGE_SELF, &usage)
    let own = Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
    return fleet.processIDs.reduce(own) { $0 + Self.runtime($1) }
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
