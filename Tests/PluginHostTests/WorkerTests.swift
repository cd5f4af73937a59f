// SPDX-License-Identifier: Apache-2.0
import Pipeline
import PluginHost
import Runtime
import Testing

@Suite struct WorkerTests {
  private func header(_ word: String) -> String { "From: a@b.test\nX-Do: \(word)\nSubject: x\n" }

  private func fixture(
    _ component: String = "trouble", timeout: Int = 60_000, limits: WorkerFleet.Limits = .init(), failure: FailurePolicy = .tempfail
  )
    throws
    -> HostFixture
  {
    try HostFixture { lines in
      var settings = StageSettings(component, timeout: timeout)
      settings.onFailure = failure
      return [try .worker(settings, limits: limits, lines)]
    }
  }

  private static let failed = "451 Service unavailable - try again later"

  @Test(arguments: ["trouble", "blocking", "stateful"])
  func saysTheSameInProcessAndInAWorker(component: String) throws {
    let local = try HostFixture { [try .inProcess(StageSettings(component), $0)] }
    let worker = try fixture(component)
    for word in ["", "refuse", "add", "much", "state", "wait", "names", "property", "nonsense", "undeclared"] {
      let said = local.message(header(word))
      #expect(worker.message(header(word)) == said, "\(word)")
    }
    if component != "trouble" { return }
    #expect(worker.message(header("add")).header == "X-First: 1\n\(header("add"))X-Last: 2\n")
    #expect(worker.message(header("much")).bodySize == 1_000_000)
    #expect(worker.message(header("names")).text == "550 status 0: v=spf1 -all")
    #expect(worker.message(header("property")).text == "550 0 192.0.2.1")
    // A table that the configuration did not give to the stage.
    #expect(worker.message(header("table")).text == "550 status -6: ")
    #expect(worker.lines.contains("added two"))
    #expect(worker.chain.stages[0].counters.restarts.now == 0)
  }

  @Test(arguments: ["crash", "abort", "exit", "recurse", "eat", "hang", "spin"], ["trouble", "blocking"])
  func onlyTheGuiltyFails(word: String, component: String) throws {
    let fixture = try fixture(component, timeout: word == "hang" || word == "spin" ? 2000 : 60_000)
    let count = 200
    let said = fixture.messages((0..<count).map { header($0 == 70 ? word : "refuse") })
    for (index, said) in said.enumerated() { #expect(said.text == (index == 70 ? Self.failed : "550 refused as told"), "\(index)") }
    #expect(fixture.message(header("refuse")).text == "550 refused as told")
  }

  /// Seats go from session to session.
  @Test func theSecondSessionHasWhatTheFirstHas() throws {
    let fixture = try fixture()
    for _ in 0..<3 {
      #expect(fixture.message(header("property")).text == "550 0 192.0.2.1")
      #expect(fixture.message(header("names")).text == "550 status 0: v=spf1 -all")
      #expect(fixture.message(header("wait")).text == "550 later")
    }
  }

  @Test func eachFailureHasItsPolicy() throws {
    #expect(try fixture(failure: .reject).message(header("crash")).text == "550 Command rejected")
    #expect(try fixture(failure: .continue).message(header("crash")).step == .goOn)
    let held = try fixture(failure: .hold).message(header("crash"))
    #expect(held.step == .goOn)
    #expect(held.hold?.contains("SIGSEGV") == true)
  }

  @Test func theLogSaysWhatItDiedOf() throws {
    let fixture = try fixture()
    _ = fixture.message(header("crash"))
    #expect(fixture.lines.contains("signal 11 (SIGSEGV) at HEADER"))
    _ = fixture.message(header("exit"))
    #expect(fixture.lines.contains("exit status 3"), "\(fixture.lines.all)")
  }

  @Test func garbageEndsIt() throws {
    let fixture = try fixture()
    #expect(fixture.message(header("garbage")).text == Self.failed)
    #expect(fixture.lines.contains("no frame"))
    #expect(fixture.message(header("refuse")).text == "550 refused as told")
  }

  @Test func whatIsPendingForEverFailsAtItsDeadline() throws {
    let fixture = try fixture(timeout: 200)
    #expect(fixture.message(header("never")).text == Self.failed)
    #expect(fixture.message(header("refuse")).text == "550 refused as told")
    #expect(fixture.chain.stages[0].counters.restarts.now == 0)
  }

  @Test func oneThatTakesItsTimeIsLetFinish() throws {
    let fixture = try fixture()
    let said = fixture.messages((0..<20).map { header($0 == 5 ? "nap" : "refuse") })
    #expect(said[5].step == .goOn)
    #expect(said.count { $0.text == "550 refused as told" } == 19)
  }

  @Test func aSessionIsToldAgainToTheNext() throws {
    let fixture = try fixture("stateful")
    #expect(fixture.message(header("state")).text == "550 events before: 4")
    let said = fixture.run { [fixture] in
      let session = fixture.session()
      _ = await session.connected(host: "client.test", address: "192.0.2.1", port: 25)
      _ = await session.helo("EHLO", "client.test")
      _ = await session.mail("a@b.test", parameters: [])
      let other = await fixture.say("X-Do: crash\n", "")
      _ = await session.recipient("c@d.test", parameters: [], isRejected: false)
      let step = await session.content(header: Array("X-Do: state\n".utf8), body: OwnedBytes([]), pool: nil)
      session.closed("quit")
      return [other.text, Said(step: step, header: "", bodySize: 0, hold: nil, properties: []).text]
    }
    #expect(said == [Self.failed, "550 events before: 4"])
  }

  @Test func oneThatIsOfNoUseIsFenced() {
    var history = WorkerHistory()
    var now = Instant(nanoseconds: 1_000_000_000)
    var waits: [Duration] = []
    for _ in 1..<WorkerHistory.maximumDeaths {
      #expect(history.died(at: now, answered: 3, lived: .seconds(1)) == nil)
      waits.append(history.delay(at: now))
      now = now + history.delay(at: now)
      #expect(history.mayStart(at: now))
    }
    #expect(waits.prefix(4) == [.milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800)])
    #expect(history.died(at: now, answered: 0, lived: .zero)?.contains("fenced") == true)
    #expect(history.isFenced(at: now))
    #expect(!history.isFenced(at: now + WorkerHistory.firstFence))
    // Tried again, it has one chance.
    now = now + WorkerHistory.firstFence
    #expect(history.died(at: now, answered: 0, lived: .zero)?.contains("60 s") == true)
    #expect(history.died(at: now, answered: WorkerHistory.usefulAnswers, lived: .zero) == nil)
    #expect(history.deathsInRow == 0)
  }

  @Test func manyThatDieAtOnceAfterMuchGoodWorkAreReplacedAtOnce() {
    var history = WorkerHistory()
    let now = Instant(nanoseconds: 1_000_000_000)
    #expect(history.died(at: now, answered: 1_000_000, lived: .zero) == nil)
    let free = WorkerHistory.maximumCredit / WorkerHistory.usefulAnswers
    for _ in 1..<free {
      #expect(history.died(at: now, answered: 0, lived: .zero) == nil)
      #expect(history.mayStart(at: now))
    }
    #expect(history.died(at: now, answered: 0, lived: .zero) == nil)
    #expect(history.delay(at: now) == WorkerHistory.firstDelay)
  }

  @Test func deathsThatComeOftenHoldNobodyUp() throws {
    let fixture = try fixture()
    let said = fixture.messages((0..<1000).map { header($0 % 100 == 50 ? "crash" : "refuse") })
    for (index, said) in said.enumerated() { #expect(said.text == (index % 100 == 50 ? Self.failed : "550 refused as told"), "\(index)") }
  }

  /// A thread of the plugin's own crashes while many calls are pending: nobody knows for which. Each is asked once more, alone; the guilty one fails then.
  @Test func whoCrashesElsewhereIsFound() throws {
    let disk = LinuxDisk()
    let path = (Machine.environment("TMPDIR") ?? "/tmp") + "/weir-tally-\(Machine.processID)"
    let file = try disk.open(path, at: nil, [.read, .write, .create], mode: 0o666)
    defer {
      try? disk.close(file)
      try? disk.unlink(path, at: nil)
    }
    var limits = WorkerFleet.Limits()
    limits.writablePaths = [path]
    let fixture = try HostFixture {
      [try .worker(StageSettings("trouble", timeout: 60_000), limits: limits, options: [StageSettings.Option("file", path)], $0)]
    }
    let count = 8
    let said = fixture.messages((0..<count).map { header($0 == 5 ? "elsewhere" : "tally") })
    for (index, said) in said.enumerated() { #expect(said.text == (index == 5 ? Self.failed : "550 later"), "\(index): \(fixture.lines.all)") }
    #expect(try disk.status(file).size == Int64(2 * count))
    #expect(fixture.message(header("refuse")).text == "550 refused as told")
  }

  @Test func whyItCannotStartIsSaid() throws {
    #expect(throws: PluginRefusal.create("told not to start")) {
      try Stage.worker(StageSettings("trouble"), options: [StageSettings.Option("refuse_to_start", "yes")], LogLines())
    }
    for name in ["constructor_crashes", "constructor_exits", "create_crashes", "no_symbol"] {
      #expect(throws: PluginRefusal.self, "\(name)") { try Stage.worker(StageSettings("plain", plugin: Built.plugin(name)), LogLines()) }
    }
    let facts = try WorkerFleet.facts(of: Built.plugin("trouble"), program: Built.program)
    #expect(facts.components.map(\.name) == ["trouble", "blocking", "stateful"])
    #expect(facts == (try Plugin(path: Built.plugin("trouble")).facts))
  }

  @Test func aKeeperStartsOnlyWhatItHasOrdersFor() throws {
    let nursery = try WorkerNursery(program: Built.program, orders: [WorkerOrder(stage: "trouble", plugin: Built.plugin("trouble"))])
    var settings = StageSettings("trouble")
    _ = try WorkerFleet(settings, door: nursery.door) { _, _, _ in }
    settings = StageSettings("other")
    let refusal = #expect(throws: PluginRefusal.self) { try WorkerFleet(settings, door: nursery.door) { _, _, _ in } }
    #expect(refusal?.description.contains("no worker is for a stage 'other'") == true)
  }

  @Test func aProcessThatDidNothingWrongComesToItsEnd() throws {
    let options = [StageSettings.Option("do", "nothing"), StageSettings.Option("at", "HEADER")]
    let fixture = try HostFixture { [try .worker(StageSettings("torture", plugin: Built.plugin("torture")), options: options, $0)] }
    #expect(fixture.message(header("")).step == .goOn)
    let stage = fixture.chain.stages[0]
    stage.dismiss()
    stage.end()
    for _ in 0..<300 where !fixture.lines.contains("destroyed") { Thread.sleep(.milliseconds(10)) }
    #expect(fixture.lines.contains("destroyed"))
  }

  @Test func metricsComeOver() throws {
    let fixture = try fixture()
    _ = fixture.message(header("add"))
    for _ in 0..<300 where fixture.chain.stages[0].fleet?.metrics.isEmpty != false {
      Thread.sleep(.milliseconds(10))
      _ = fixture.message(header("refuse"))
    }
    #expect(fixture.chain.stages[0].fleet?.metrics.map(\.name) == ["added"])
  }
}

@Suite struct WorkerSandboxTests {
  private func fixture(_ limits: WorkerFleet.Limits, _ options: [StageSettings.Option]) throws -> HostFixture {
    try HostFixture { [try .worker(StageSettings("trouble"), limits: limits, options: options, $0)] }
  }

  @Test func nothingOfOthersIsInReach() throws {
    let said = try fixture(.init(), [StageSettings.Option("file", Built.root + "/Package.swift")]).message("X-Do: break\n")
    #expect(said.text == "550 possible:")
  }

  @Test func whatItIsForCanBeDone() throws {
    #expect(try fixture(.init(), []).message("X-Do: work\n").text == "550 works")
    var limits = WorkerFleet.Limits()
    limits.readablePaths = [Built.root + "/Package.swift"]
    let said = try fixture(limits, [StageSettings.Option("file", Built.root + "/Package.swift")]).message("X-Do: break\n")
    #expect(said.text == "550 possible: file")
  }

  @Test func networkIsGranted() throws {
    var limits = WorkerFleet.Limits()
    limits.mayUseNetwork = true
    #expect(try fixture(limits, []).message("X-Do: break\n").text == "550 possible: socket unix")
  }
}
