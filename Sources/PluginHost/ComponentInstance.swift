// SPDX-License-Identifier: Apache-2.0
import CPluginHost
import CWeir
import Pipeline
import Runtime

/// One appearance of a component in the configuration: what its create() made, and the host table that it was given.
///
/// It may be used on all loops at once. It ends, with destroy(), when the last session that could call it has gone.
package final class ComponentInstance: @unchecked Sendable {
  package let component: Component
  let wantsDecodedHeaders: Bool
  /// The name of the stage.
  package let name: String
  /// What it wants of what it declared.
  package private(set) var events: StageEvents = []
  package let counters = StageCounters()
  let metrics: PluginMetrics
  private let host: UnsafeMutableRawPointer
  private let logLine: PluginLog
  /// Nil: it may write as much as it likes.
  private let flood: Monitor<LogAllowance>?
  private(set) var pointer: UnsafeMutableRawPointer?
  /// For components that are not made for several threads.
  private let serial: Turn?
  let posts: any PostOffice
  /// In a worker: where to say which call runs.
  nonisolated(unsafe) var marks: UnsafeMutableRawPointer?

  package enum LogLevel: UInt32, Sendable { case debug, info, warning, error }

  private static let maximumError = 1024

  /// Calls create(). `options` are checked, with defaults filled in. `limitsLog`: it may not fill the log.
  package init(
    _ component: Component, name: String, options: [StageSettings.Option], posts: any PostOffice, limitsLog: Bool = true,
    log: @escaping PluginLog
  ) throws(PluginRefusal) {
    self.component = component
    wantsDecodedHeaders = component.facts.wantsDecodedHeaders
    self.name = name
    self.posts = posts
    logLine = log
    flood = limitsLog ? Monitor(LogAllowance()) : nil
    metrics = PluginMetrics()
    serial = component.facts.isSerial ? Turn() : nil
    host = HostTable.make()
    HostTable.setOwner(host, self)
    var wanted = component.facts.events.rawValue
    pointer = try ComponentInstance.create(component, host, options, &wanted).get()
    events = StageEvents(rawValue: wanted).intersection(component.facts.events)
  }

  deinit {
    end()
    HostTable.free(host)
  }

  /// destroy(). Nothing may call it any more.
  func end() {
    guard let pointer else { return }
    component.destroy(pointer)
    self.pointer = nil
  }

  private static func create(_ component: Component, _ host: UnsafeMutableRawPointer, _ options: [StageSettings.Option], _ wanted: inout UInt64)
    -> Result<UnsafeMutableRawPointer, PluginRefusal>
  {
    var texts: [UInt8] = []
    var ranges: [(Range<Int>, Range<Int>)] = []
    for option in options {
      let name = texts.count..<texts.count + option.name.utf8.count
      texts += Array(option.name.utf8) + [0]
      let value = texts.count..<texts.count + option.value.utf8.count
      texts += Array(option.value.utf8) + [0]
      ranges.append((name, value))
    }
    var reason = [CChar](repeating: 0, count: maximumError)
    let made = texts.withUnsafeBytes { bytes -> UnsafeMutableRawPointer? in
      let pairs = ranges.map { name, value in
        weir_pair(key: weir_str(UnsafeRawBufferPointer(rebasing: bytes[name])), value: weir_str(UnsafeRawBufferPointer(rebasing: bytes[value])))
      }
      return pairs.withUnsafeBufferPointer { pairs in
        component.create(HostTable.table(host), pairs.baseAddress, UInt64(pairs.count), &wanted, &reason, UInt64(maximumError))
      }
    }
    if let made { return .success(made) }
    reason[maximumError - 1] = 0
    let text = reason.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return .failure(.create(text.isEmpty ? "create() failed and gave no reason" : text))
  }

  var hostTable: UnsafePointer<weir_host> { HostTable.table(host) }

  /// `queueID`: of the message that it is about.
  func log(_ level: LogLevel, _ text: String, queueID: String? = nil) {
    guard let flood else { return logLine(level, text, queueID) }
    let now = Instant.now()
    let (isTaken, leftOut) = flood.withLock { $0.take(at: now) }
    if leftOut > 0 {
      logLine(.warning, "\(leftOut) lines of it were left out: it may write \(LogAllowance.lines) in \(LogAllowance.seconds) seconds", nil)
    }
    if isTaken { logLine(level, text, queueID) }
  }

  /// Runs `body`, which is the doing of this call: a worker says so on its page.
  func marked(_ call: UInt64, _ event: UInt32, _ body: () -> Void) {
    guard let marks, call != 0 else { return body() }
    cpluginhost_mark(marks, call, event)
    body()
    cpluginhost_unmark(marks)
  }

  /// Runs `body`, alone if the component asks for that.
  @inline(__always) func exclusively<Result>(_ body: () -> Result) -> Result {
    guard let serial else { return body() }
    serial.take()
    defer { serial.give() }
    return body()
  }

  /// As `exclusively`, but never waits: while another has its turn, `body` runs on that one's thread, behind it.
  func soon(_ body: @escaping @Sendable () -> Void) {
    guard let serial else { return body() }
    if serial.take(orLeave: body) {
      body()
      serial.give()
    }
  }
}

/// What a plugin says, and of which message (its queue id).
package typealias PluginLog = @Sendable (ComponentInstance.LogLevel, String, String?) -> Void

/// How much a component may write to the log: it is everybody's.
struct LogAllowance {
  static let lines = 500
  static let seconds = 10

  private var began = Instant.distantPast
  private var count = 0
  private var leftOut = 0

  /// Whether one more line may be written, and how many were not before.
  mutating func take(at now: Instant) -> (isTaken: Bool, leftOut: Int) {
    var told = 0
    if began + .seconds(Self.seconds) <= now {
      (told, began, count, leftOut) = (leftOut, now, 0, 0)
    }
    count += 1
    if count <= Self.lines { return (true, told) }
    leftOut += 1
    return (false, told)
  }
}

/// Takes what threads of plugins post to sessions.
package protocol PostOffice: AnyObject, Sendable {
  /// Whether the session of `id` is there; then `body` runs on its loop, with the context of `instance` whose event `id` is pending, or nil.
  func post(_ id: UInt64, instance: ComponentInstance, _ body: @escaping @Sendable (StageContext?) -> Void) -> Bool
}

/// The figures that a component keeps of its own. Few, and made in create() only.
final class PluginMetrics: Sendable {
  private struct Metric {
    let name: String
    let help: String
    let kind: UInt32
    var value: Double = 0
    var told: Double = 0
  }

  private let metrics = Monitor<[Metric]>([])
  private static let maximum = 256

  func make(kind: UInt32, name: String, help: String) -> UInt64 {
    metrics.withLock { metrics in
      guard metrics.count < Self.maximum else { return 0 }
      metrics.append(Metric(name: name, help: help, kind: kind))
      return UInt64(metrics.count)
    }
  }

  /// What another process has counted since it last told.
  func merge(_ metric: WorkerFrame.Metric) {
    let number = metrics.withLock { $0.firstIndex { $0.name == metric.name }.map { UInt64($0 + 1) } }
    add(number ?? make(kind: metric.kind, name: metric.name, help: metric.help), metric.value)
  }

  /// What has changed since the last call of this: what was added, or for gauges how they stand.
  func takeChanges() -> [WorkerFrame.Metric] {
    metrics.withLock { metrics in
      var changes: [WorkerFrame.Metric] = []
      for index in metrics.indices where metrics[index].value != metrics[index].told {
        let metric = metrics[index]
        let value = metric.kind == 1 ? metric.value : metric.value - metric.told
        changes.append(WorkerFrame.Metric(name: metric.name, help: metric.help, kind: metric.kind, value: value))
        metrics[index].told = metric.value
      }
      return changes
    }
  }

  func add(_ number: UInt64, _ value: Double) {
    metrics.withLock { metrics in
      guard number > 0, number <= UInt64(metrics.count) else { return }
      let index = Int(number) - 1
      metrics[index].value = metrics[index].kind == 1 ? value : metrics[index].value + value
    }
  }

  var all: [(name: String, value: Double)] { metrics.withLock { $0.map { ($0.name, $0.value) } } }
}
