// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Pipeline
import Runtime
import Tables
import Testing

@testable import PluginHost

/// A table that plugins/tests/table.c answers for, asked on a thread that waits, and on a loop.
@Suite struct TableTests {
  private static func table(depth: String = "1", limit: Duration = .seconds(60), recheck: Duration = .seconds(60), _ lines: LogLines = LogLines())
    throws
    -> PluginTable
  {
    let reference = try #require(TableReference(LocatedText(name: "t", text: "table:/t.cf")))
    let files = MemoryFiles(["/t.cf": "depth = \(depth)\n"])
    let read = Table.read(reference, files: files, externals: PluginTables()).table?.externals.first as? PluginTable
    let table = try #require(read)
    let component = try Plugin(path: "\(RefusalTests.folder)/table.so").component("table", .table)
    var settings = TableEngine.Settings(name: "table:/t.cf", path: "/t.cf")
    (settings.limit, settings.recheck) = (limit, recheck)
    let options = ComponentOptions(table.definition.options.map { StageSettings.Option($0.name.text, $0.value.text) }, for: component)
    table.open(try TableEngine(component, settings, options: options.options) { level, text, _ in lines.note(level, text) })
    return table
  }

  /// The same in a worker.
  private static func worker(timeout: Int = 60_000, processes: Int = 1, _ lines: LogLines = LogLines()) throws -> (table: PluginTable, stage: Stage) {
    let reference = try #require(TableReference(LocatedText(name: "t", text: "table:/t.cf")))
    let files = MemoryFiles(["/t.cf": "depth = 1\n"])
    let table = try #require(Table.read(reference, files: files, externals: PluginTables()).table?.externals.first as? PluginTable)
    var settings = StageSettings(name: "table:/t.cf", plugin: Built.plugin("table"))
    (settings.component, settings.isTable, settings.timeout) = ("table", true, timeout)
    settings.options = [StageSettings.Option("depth", "1")]
    settings.processes = processes
    let nursery = try WorkerNursery(program: Built.program, orders: [WorkerOrder(settings)])
    let workers = try TableWorkers(settings, isLenient: false, door: nursery.door, nursery: nursery) { level, text, _ in lines.note(level, text) }
    table.open(workers)
    return (table, workers.stage)
  }

  @Test func aWorkerAnswersTheSame() throws {
    let (table, stage) = try Self.worker()
    let fixture = try HostFixture { _ in [] }
    #expect(table.takesParts)
    for (key, value, hasFailed) in Self.answers {
      let answer = ask(table, key)
      #expect(answer.value == value && answer.hasFailed == hasFailed, "\(key): \(answer)")
      let onLoop = fixture.run { [self] in await Lookups.resolve { ask(table, key) } }
      #expect(onLoop.result.value == value && onLoop.hasFailed == hasFailed, "\(key): \(onLoop)")
    }
    #expect(stage.counters.calls.now > 0)
    #expect(stage.counters.restarts.now == 0)
  }

  /// The look-up that does harm has no answer; those at the same time, of this loop and of another, have theirs.
  @Test(arguments: ["crash", "exit", "hang", "garbage", "elsewhere"]) func onlyTheGuiltyLookUpFails(key: String) throws {
    let lines = LogLines()
    let (table, _) = try Self.worker(timeout: key == "hang" ? 2000 : 60_000, lines)
    let fixtures = [try HostFixture { _ in [] }, try HostFixture { _ in [] }]
    let results = Monitor<[Bool]>([])
    for index in 0..<40 {
      fixtures[index % 2].loop.spawn {
        let asked = index == 20 ? key : "one"
        let (value, hasFailed) = await Lookups.resolve { [self] in ask(table, asked).value }
        results.withLock { $0.append(index == 20 ? value == nil && hasFailed : value == "1" && !hasFailed) }
        results.signal()
      }
    }
    let all: [Bool] = results.wait { $0.count == 40 ? $0 : nil }
    #expect(all.allSatisfy { $0 }, "\(lines.all)")
    #expect(ask(table, "one").value == "1")
    #expect(lines.all.contains { $0.contains("what it was asked then has no answer for now") }, "\(lines.all)")
  }

  /// Ten deaths without use: it is left alone, and nobody waits for it. With as many processes from the beginning the test waits for no back-off.
  @Test func oneThatOnlyCrashesIsFenced() throws {
    let lines = LogLines()
    let (table, stage) = try Self.worker(processes: WorkerHistory.maximumDeaths, lines)
    while stage.fleet?.processIDs.count != WorkerHistory.maximumDeaths { Thread.sleep(.milliseconds(5)) }
    for _ in 0..<WorkerHistory.maximumDeaths {
      #expect(stage.fleet?.isFenced == false)
      #expect(ask(table, "crash") == (nil, true))
    }
    #expect(stage.fleet?.isFenced == true)
    #expect(ask(table, "one") == (nil, true))
    let fixture = try HostFixture { _ in [] }
    let (value, hasFailed) = fixture.run { [self] in await Lookups.resolve { ask(table, "one").value } }
    #expect(value == nil && hasFailed)
    #expect(lines.contains("its process died 10 times and did nothing useful between: the table is fenced, and not asked for 30 s"), "\(lines.all)")
    #expect(lines.contains("died of signal 6 (SIGABRT) at LOOKUP"))
  }

  private func ask(_ table: PluginTable, _ key: String) -> (value: String?, hasFailed: Bool) {
    let value = Array(key.utf8).withUnsafeBytes { table.value(for: $0) }
    return (value, table.hasFailed)
  }

  private static let answers: [(key: String, value: String?, hasFailed: Bool)] = [
    ("one", "1", false), ("ONE", "1", false), ("two", "1,2", false), ("other", nil, false), ("", nil, false), ("file", "/t.cf", false),
    ("state", "kept", false), ("refused", "-8 -8 -8 1", false), ("empty", nil, false), ("tempfail", nil, true), ("fail", nil, true),
    ("done", nil, true), ("nonsense", nil, true), ("later", "later", false), ("twice", "later", false),
  ]

  @Test func answersAThreadThatWaits() throws {
    let table = try Self.table()
    for (key, value, hasFailed) in Self.answers {
      let answer = ask(table, key)
      #expect(answer.value == value && answer.hasFailed == hasFailed, "\(key): \(answer)")
    }
  }

  @Test func answersALoop() throws {
    let table = try Self.table()
    let fixture = try HostFixture { _ in [] }
    for (key, value, hasFailed) in Self.answers {
      let answer = fixture.run { [self] in await Lookups.resolve { ask(table, key) } }
      #expect(answer.result.value == value && answer.result.hasFailed == hasFailed && answer.hasFailed == hasFailed, "\(key): \(answer)")
    }
  }

  /// The code is run again until it has all it asks for, in its order, and without what it does not come to.
  @Test func asksOnlyWhatTheCodeComesTo() throws {
    let table = try Self.table()
    let fixture = try HostFixture { _ in [] }
    let runs = Monitor(0)
    let (text, hasFailed) = fixture.run { [self] in
      await Lookups.resolve {
        runs.withLock { $0 += 1 }
        guard let one = ask(table, "one").value else { return "none" }
        guard ask(table, "other").value == nil else { return "other" }
        return one + (ask(table, "two").value ?? "") + (ask(table, "one").value ?? "")
      }
    }
    #expect(text == "11,21")
    #expect(!hasFailed)
    #expect(runs.withLock { $0 } == 4)
  }

  @Test func oneThatCannotTellIsNotAskedOnInTheSameRun() throws {
    let (table, fixture) = (try Self.table(), try HostFixture { _ in [] })
    let (value, hasFailed) = fixture.run { [self] in await Lookups.resolve { ask(table, "tempfail").value ?? ask(table, "one").value } }
    #expect(value == nil && hasFailed)
  }

  @Test func aDecisionHasALimit() throws {
    let (table, fixture) = (try Self.table(), try HostFixture { _ in [] })
    let (count, hasFailed) = fixture.run { [self] in
      await Lookups.resolve { (0..<1000).count { ask(table, "x\($0)").hasFailed } }
    }
    #expect(hasFailed)
    #expect(count > 0)
  }

  /// On a loop nobody may wait: who does not say `resolve` gets no answer, and the loop goes on.
  @Test func aHurriedQuestionFails() throws {
    let (table, fixture) = (try Self.table(), try HostFixture { _ in [] })
    let answer = fixture.run { [self] in ask(table, "one") }
    #expect(answer.value == nil && answer.hasFailed)
    #expect(ask(try Self.table(), "one").value == "1")
  }

  @Test(arguments: ["never", "slow"]) func timeIsLimited(key: String) throws {
    let lines = LogLines()
    let table = try Self.table(limit: .milliseconds(30), lines)
    let fixture = try HostFixture { _ in [] }
    #expect(ask(table, key) == (nil, true))
    let (value, hasFailed) = fixture.run { [self] in await Lookups.resolve { ask(table, key).value } }
    #expect(value == nil && hasFailed)
    #expect(lines.all.contains { $0.hasPrefix("warning: table:/t.cf: table lookup problem: no answer within 0.03 seconds") }, "\(lines.all)")
  }

  @Test func manyAtOnce() throws {
    let (table, fixture) = (try Self.table(), try HostFixture { _ in [] })
    let results = Monitor<[String?]>([])
    for index in 0..<200 {
      fixture.loop.spawn {
        let answer = await Lookups.resolve { [self] in ask(table, index % 2 == 0 ? "later" : "one").value }.result
        results.withLock { $0.append(answer) }
        results.signal()
      }
    }
    let all = results.wait { $0.count == 200 ? $0 : nil }
    #expect(all.count { $0 == "later" } == 100)
    #expect(all.count { $0 == "1" } == 100)
  }

  @Test func oneThatHasChangedIsMadeAnew() throws {
    let table = try Self.table(recheck: .zero)
    // The first instance of the process says that it has changed; others may have been made before by other tests.
    _ = ask(table, "one")
    #expect(ask(table, "born").value == "again")
  }

  @Test func itSaysWhetherItWantsParts() throws {
    #expect(try Self.table().takesParts)
    #expect(try !Self.table(depth: "2").takesParts)
  }

  @Test func createCanRefuse() {
    let error = #expect(throws: PluginRefusal.self) { try Self.table(depth: "0") }
    #expect(error == .create("depth: it is too small"))
  }

  @Test func aStageIsNoTable() throws {
    let error = #expect(throws: PluginRefusal.self) { try Plugin(path: "\(RefusalTests.folder)/plain.so").component("plain", .table) }
    #expect(error?.description == "has no component that is a table")
    #expect(throws: PluginRefusal.self) { try Plugin(path: "\(RefusalTests.folder)/table.so").component("table") }
  }
}
