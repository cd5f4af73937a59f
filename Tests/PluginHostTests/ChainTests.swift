// SPDX-License-Identifier: Apache-2.0
import CWeir
import Glibc
import Names
import Pipeline
import Runtime
import Testing

@testable import PluginHost

/// Stages in a session: what they see, what they may do, what becomes of those that misbehave.
@Suite struct ChainTests {
  typealias Event = ScriptedComponent.Event

  private struct NoNames: NameService {
    func answer(_ query: NameQuery) async -> Result<[NameRecord], NameFailure> {
      query == .txt("example.org") ? .success([.text(Array("v=spf1 -all".utf8))]) : .failure(.notFound)
    }
  }

  /// Runs `body` on a loop of its own, with a session that the stages of `make` are in.
  private func session(
    _ facts: [String: String] = [:], stages make: (SessionRegistry) throws -> [Stage], _ body: @escaping @Sendable (ChainSession) async -> Void
  ) throws {
    let registry = SessionRegistry()
    let chain = StageChain(
      try make(registry), registry: registry, authservID: "mx.example.org", offloads: BlockingPool(name: "offload", threads: 2, queue: 10)
    ) { _, key in .items([("", key.reversed())], isSecure: false, ttl: 0) }
    let loop = try EventLoop()
    let thread = try Thread(name: "loop") { loop.run() }
    let done = Monitor(false)
    loop.spawn {
      let session = ChainSession(chain, on: loop, names: NoNames()) { facts[$0] }
      await body(session)
      session.closed("end")
      done.withLock { $0 = true }
      done.signal()
    }
    #expect(done.wait(timeout: .seconds(20)) { $0 ? true : nil } == true)
    // What was only just begun ends by itself, and calls come back that nobody waited for.
    chain.waitForThreads()
    for _ in 0..<5000 where loop.liveTasks > 0 { Thread.sleep(.milliseconds(1)) }
    #expect(loop.liveTasks == 0)
    loop.stop()
    thread.join()
  }

  private func content(_ session: ChainSession, header: String = "From: a\nSubject: hello\n", body: String = "one\ntwo\n", pool: BlockingPool? = nil)
    async -> StageStep
  {
    await session.content(header: Array(header.utf8), body: OwnedBytes(Array(body.utf8)), pool: pool)
  }

  @Test func eventsComeInOrder() throws {
    let seen = Monitor<[String]>([])
    let script = ScriptedComponent { _, _, event in
      let kind = StageEvent(rawValue: event.pointee.type)?.name ?? "?"
      seen.withLock { $0.append("\(kind) \(event.pointee.name.string)|\(event.pointee.value.string)") }
      return 0
    }
    try session {
      [try script.stage(posts: $0)]
    } _: { session in
      _ = await session.connected(host: "client.test", address: "192.0.2.1", port: 25)
      _ = await session.helo("EHLO", "client.test")
      _ = await session.mail("a@b.test", parameters: [("SIZE", Array("10".utf8))])
      _ = await session.recipient("c@d.test", parameters: [], isRejected: false)
      _ = await session.data("DATA", recipients: 1)
      #expect(await content(session) == .goOn)
      session.ended("ABC", size: 10)
    }
    #expect(
      seen.withLock { $0 } == [
        "CONNECT client.test|192.0.2.1", "HELO EHLO|client.test", "MAIL |a@b.test", "RCPT |c@d.test", "DATA DATA|", "HEADER From|a",
        "HEADER Subject|hello", "EOH |", "PART text/plain|", "PART_BODY |one\ntwo\n", "BODY |one\ntwo\n", "EOM |", "QUEUED ABC|", "CLOSE |end",
      ])
  }

  @Test func whatIsNotWantedIsNotSent() throws {
    let seen = Monitor<[UInt32]>([])
    let script = ScriptedComponent { _, _, event in
      seen.withLock { $0.append(event.pointee.type) }
      return 0
    }
    try session {
      [try script.stage(events: StageEvent.endOfMessage.bit, posts: $0)]
    } _: { session in
      _ = await session.connected(host: "c", address: "192.0.2.1", port: 25)
      _ = await session.mail("", parameters: [])
      _ = await content(session)
      session.ended("A", size: 1)
    }
    #expect(seen.withLock { $0 } == [StageEvent.endOfMessage.rawValue])
  }

  @Test func laterStagesSeeTheEditsOfEarlierOnes() throws {
    let first = ScriptedComponent { script, context, event in
      guard event.pointee.type == StageEvent.header.rawValue else {
        if event.pointee.type == StageEvent.endOfMessage.rawValue {
          _ = script.message?.pointee.body(script.host, context.pointee.id, weir_str(staticText: "new body\n"))
        }
        return 0
      }
      if event.pointee.name.string == "From" {
        _ = script.message?.pointee.header(
          script.host, context.pointee.id, 2, event.pointee.ref, weir_str(staticText: "X-Before"), weir_str(staticText: "1"))
      }
      if event.pointee.name.string == "Subject" {
        _ = script.message?.pointee.header(script.host, context.pointee.id, 5, event.pointee.ref, weir_str(staticText: ""), weir_str(staticText: ""))
      }
      return 0
    }
    let seen = Monitor<[String]>([])
    let second = ScriptedComponent { _, _, event in
      seen.withLock { $0.append("\(event.pointee.name.string)=\(event.pointee.value.string)") }
      return 0
    }
    try session {
      [
        try first.stage("first", events: [StageEvent.header.bit, StageEvent.endOfMessage.bit], posts: $0),
        try second.stage("second", events: [StageEvent.header.bit, StageEvent.body.bit], posts: $0),
      ]
    } _: { session in
      _ = await session.mail("", parameters: [])
      #expect(await content(session) == .goOn)
      #expect(session.message.map { String(decoding: $0.fields.rendered(), as: UTF8.self) } == "X-Before: 1\nFrom: a\n")
      #expect(session.message.map { String(decoding: $0.body, as: UTF8.self) } == "new body\n")
    }
    #expect(seen.withLock { $0 } == ["X-Before=1", "From=a", "=new body\n"])
  }

  @Test func theFirstRefusalEndsIt() throws {
    let first = ScriptedComponent { script, context, _ in
      script.message?.pointee.reply(script.host, context.pointee.id, 554, "5.7.9", weir_str(staticText: "go away")) ?? 0
    }
    let later = ScriptedComponent { _, _, _ in
      Issue.record("was asked"); return 0
    }
    let events: StageEvents = [StageEvent.mail.bit]
    try session {
      [try first.stage("first", events: events, posts: $0), try later.stage("later", events: events, posts: $0)]
    } _: { session in
      let step = await session.mail("", parameters: [])
      #expect(step == .refuse(StageReply(code: 554, status: "5.7.9", lines: ["go away"]), closes: false, by: "first"))
    }
  }

  @Test(arguments: [(FailurePolicy.tempfail, 451), (.reject, 550), (.continue, 0), (.hold, 0)])
  func failurePolicies(policy: FailurePolicy, code: Int) throws {
    let script = ScriptedComponent { _, _, _ in 42 }
    try session {
      [try script.stage(posts: $0) { $0.onFailure = policy }]
    } _: { session in
      let step = await session.mail("", parameters: [])
      if case .refuse(let reply, _, _) = step { #expect(reply.code == code) } else { #expect(code == 0) }
      #expect((session.message?.envelope.holdReason != nil) == (policy == .hold))
    }
  }

  @Test func whatIsNotDeclaredIsDenied() throws {
    let answers = Monitor<[Int32]>([])
    let script = ScriptedComponent { script, context, event in
      let id = context.pointee.id
      var out = weir_str()
      answers.withLock {
        $0.append(script.message?.pointee.header(script.host, id, 0, 0, weir_str(staticText: "X"), weir_str(staticText: "1")) ?? 0)
        $0.append(script.host?.pointee.get(script.host, id, "auth.user", &out) ?? 0)
        $0.append(script.host?.pointee.set(script.host, id, 0, "other.key", weir_str(staticText: "1")) ?? 0)
        $0.append(script.host?.pointee.get(script.host, id &- 1, "auth.user", &out) ?? 0)
      }
      return 0
    }
    try session {
      [try script.stage(events: StageEvent.mail.bit, rights: [], posts: $0) { $0.onFailure = .reject }]
    } _: { session in
      guard case .refuse = await session.mail("", parameters: []) else { Issue.record("misbehaviour had no consequence"); return }
    }
    #expect(answers.withLock { $0 } == [Status.denied, Status.denied, Status.denied, Status.stale])
  }

  @Test func pendingUntilATimerCompletesIt() throws {
    let script = ScriptedComponent { script, context, event in
      guard event.pointee.type == StageEvent.mail.rawValue else { return 0 }
      let pending = Pending(script.host, context.pointee.id)
      let taken = script.host?.pointee.timer(
        script.host, context.pointee.id, 20,
        { user, context, result in
          guard let user, result?.pointee.status == Status.ok, context != nil else { return }
          let pending = Unmanaged<Pending>.fromOpaque(user).takeRetainedValue()
          #expect(pending.host?.pointee.complete(pending.host, pending.id, 3) == Status.ok)
          #expect(pending.host?.pointee.complete(pending.host, pending.id, 3) == Status.stale)
        }, Unmanaged.passRetained(pending).toOpaque())
      return taken == Status.ok ? 6 : 7
    }
    try session {
      [try script.stage(posts: $0)]
    } _: { session in
      guard case .refuse(let reply, _, _) = await session.mail("", parameters: []) else { Issue.record("not refused"); return }
      #expect(reply.code == 550)
    }
  }

  final class Pending {
    let host: UnsafePointer<weir_host>?
    let id: UInt64
    init(_ host: UnsafePointer<weir_host>?, _ id: UInt64) { (self.host, self.id) = (host, id) }
  }

  @Test func whoNeverCompletesMeetsTheDeadline() throws {
    let script = ScriptedComponent { _, _, event in event.pointee.type == StageEvent.body.rawValue ? 6 : 0 }
    let stage = Monitor<Stage?>(nil)
    try session {
      let made = try script.stage(posts: $0) { $0.timeout = 50 }
      stage.withLock { $0 = made }
      return [made]
    } _: { session in
      _ = await session.mail("", parameters: [])
      guard case .refuse(let reply, _, _) = await content(session) else { Issue.record("not refused"); return }
      #expect(reply.code == 451)
    }
    #expect(stage.withLock { $0 }?.counters.timeouts.now == 1)
  }

  @Test func aPostFromAnotherThreadEntersTheSession() throws {
    let script = ScriptedComponent { script, context, event in
      guard event.pointee.type == StageEvent.mail.rawValue else { return 0 }
      nonisolated(unsafe) let pending = Pending(script.host, context.pointee.id)
      do {
        try Thread(name: "plugin") {
          #expect(pending.host?.pointee.complete(pending.host, pending.id, 0) == Status.denied)
          let status = pending.host?.pointee.post(
            pending.host, pending.id,
            { user, context, _ in
              guard let user else { return }
              let pending = Unmanaged<Pending>.fromOpaque(user).takeRetainedValue()
              #expect(context != nil)
              #expect(pending.host?.pointee.complete(pending.host, pending.id, 5) == Status.ok)
            }, Unmanaged.passRetained(pending).toOpaque())
          #expect(status == Status.ok)
        }.detach()
      } catch { return 7 }
      return 6
    }
    try session {
      [try script.stage(posts: $0)]
    } _: { session in
      #expect(await session.mail("", parameters: []) == .discard(by: "scripted"))
    }
  }

  @Test func blockingCallsGetAThread() throws {
    let loopThread = Monitor<pthread_t?>(nil)
    let script = ScriptedComponent { _, _, event in
      if let loop = loopThread.withLock({ $0 }) { #expect(pthread_equal(loop, pthread_self()) == 0) }
      return event.pointee.type == StageEvent.header.rawValue && event.pointee.name.string == "Subject" ? 3 : 0
    }
    try session {
      [try script.stage(flags: Int(WEIR_BLOCKING), posts: $0)]
    } _: { session in
      loopThread.withLock { $0 = pthread_self() }
      _ = await session.mail("", parameters: [])
      guard case .refuse = await content(session) else { Issue.record("not refused"); return }
    }
  }

  @Test func aBlockingCallThatDoesNotReturnCostsOneMessage() throws {
    let gate = Monitor(false)
    let script = ScriptedComponent { _, context, event in
      context.pointee.message = UnsafeMutableRawPointer(bitPattern: 7)
      if event.pointee.type == StageEvent.mail.rawValue { _ = gate.wait { $0 ? true : nil } }
      return 0
    }
    try session {
      [try script.stage(flags: Int(WEIR_BLOCKING), posts: $0) { $0.timeout = 50 }]
    } _: { session in
      guard case .refuse(let reply, _, _) = await session.mail("", parameters: []) else { Issue.record("not refused"); return }
      #expect(reply.code == 451)
      gate.withLock { $0 = true }
      gate.signal()
      // What the call left behind is given back when it returns, late as it is.
      while script.freed.isEmpty { await Task.yield() }
    }
  }

  @Test func oneCallAtATimeInASession() throws {
    let running = Monitor((now: 0, most: 0, all: 0))
    let script = ScriptedComponent { _, _, _ in
      running.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1), $0.all + 1) }
      Thread.sleep(.milliseconds(2))
      running.withLock { $0.now -= 1 }
      return 0
    }
    let events: StageEvents = [StageEvent.mail.bit, StageEvent.queued.bit, StageEvent.abort.bit]
    try session {
      [try script.stage(events: events, flags: Int(WEIR_BLOCKING), posts: $0)]
    } _: { session in
      for number in 0..<5 {
        _ = await session.mail("", parameters: [])
        _ = await content(session)
        if number % 2 == 0 { session.ended("A", size: 1) } else { session.aborted("RSET") }
      }
    }
    for _ in 0..<5000 where running.withLock({ $0.all }) < 10 { Thread.sleep(.milliseconds(1)) }
    let (_, most, all) = running.withLock { $0 }
    #expect(all == 10)
    #expect(most == 1)
  }

  @Test func aPostWaitsForTheCallThatIsUnderWay() throws {
    let script = ScriptedComponent { script, context, event in
      guard event.pointee.type == StageEvent.mail.rawValue else { return 0 }
      let pending = Pending(script.host, context.pointee.id)
      let status = script.host?.pointee.post(
        script.host, context.pointee.id,
        { user, context, _ in
          guard let user else { return }
          let pending = Unmanaged<Pending>.fromOpaque(user).takeRetainedValue()
          #expect(context != nil)
          #expect(pending.host?.pointee.complete(pending.host, pending.id, 3) == Status.ok)
        }, Unmanaged.passRetained(pending).toOpaque())
      #expect(status == Status.ok)
      Thread.sleep(.milliseconds(20))
      return 6
    }
    try session {
      [try script.stage(flags: Int(WEIR_BLOCKING), posts: $0)]
    } _: { session in
      guard case .refuse = await session.mail("", parameters: []) else { Issue.record("not refused"); return }
    }
  }

  @Test func aCallThatIsGivenUpLooksAtWhatWas() throws {
    let gate = Monitor(false)
    let found = Monitor<[String]>([])
    let script = ScriptedComponent { script, context, event in
      guard event.pointee.type == StageEvent.header.rawValue else { return 0 }
      _ = gate.wait { $0 ? true : nil }
      var (value, reference, name) = (weir_str(), UInt64(0), weir_str())
      let id = context.pointee.id
      found.withLock {
        $0.append("\(script.host?.pointee.get(script.host, id, "helo", &value) ?? 1) \(value.string)")
        $0.append("\(script.message?.pointee.next_header(script.host, id, &reference, &name, &value) ?? 1) \(name.string)")
        $0.append("\(script.message?.pointee.content(script.host, id, 0, &value) ?? 1) \(value.string.prefix(7))")
      }
      return 0
    }
    try session(["helo": "then"]) {
      [try script.stage(flags: Int(WEIR_BLOCKING), properties: ["helo"], posts: $0) { $0.timeout = 30 }]
    } _: { session in
      _ = await session.mail("", parameters: [])
      guard case .refuse = await content(session) else { Issue.record("not refused"); return }
      _ = await session.mail("", parameters: [])
      gate.withLock { $0 = true }
      gate.signal()
      for number in 0..<2000 where found.withLock({ $0.isEmpty }) { _ = await session.mail("\(number)", parameters: []) }
    }
    for _ in 0..<5000 where found.withLock({ $0.count }) < 3 { Thread.sleep(.milliseconds(1)) }
    #expect(found.withLock { Array($0.prefix(3)) } == ["0 then", "0 From", "0 From: a"])
  }

  @Test func statesOfASerialComponentWaitForNobody() throws {
    let gate = Monitor(false)
    let began = Monitor(false)
    let script = ScriptedComponent { _, context, event in
      context.pointee.session = UnsafeMutableRawPointer(bitPattern: 3)
      guard event.pointee.type == StageEvent.helo.rawValue else { return 0 }
      began.withLock { $0 = true }
      _ = gate.wait { $0 ? true : nil }
      return 0
    }
    let events: StageEvents = [StageEvent.connect.bit, StageEvent.helo.bit]
    let fixture = try HostFixture { _ in
      [try script.stage(events: events, flags: Int(WEIR_BLOCKING | WEIR_SERIAL), posts: SessionRegistry()) { $0.timeout = 20 }]
    }
    fixture.run { [fixture] in
      let (stuck, other) = (fixture.session(), fixture.session())
      _ = await other.connected(host: "c", address: "192.0.2.1", port: 25)
      _ = await stuck.helo("EHLO", "c")
      #expect(began.withLock { $0 })
      // This loop does not wait for that call.
      other.closed("end")
      #expect(script.freed.isEmpty)
      gate.withLock { $0 = true }
      gate.signal()
      stuck.closed("end")
    }
    for _ in 0..<5000 where script.freed.count < 2 { Thread.sleep(.milliseconds(1)) }
    #expect(script.freed.map(\.state) == [3, 3])
  }

  @Test func whatIsSetForTheSessionStaysForTheNextMessage() throws {
    let script = ScriptedComponent { script, context, event in
      let id = context.pointee.id
      guard event.pointee.type == StageEvent.endOfMessage.rawValue else {
        var value = weir_str()
        _ = script.host?.pointee.get(script.host, id, "scripted.seen", &value)
        return value.string == "yes" ? 3 : 0
      }
      #expect(script.host?.pointee.set(script.host, id, UInt32(WEIR_PER_SESSION), "scripted.seen", weir_str(staticText: "yes")) == Status.ok)
      return 0
    }
    let later = try StageCondition("scripted.seen = yes")
    let refuser = ScriptedComponent { _, _, _ in 5 }
    try session {
      [
        try script.stage(events: StageEvent.endOfMessage.bit, posts: $0),
        try refuser.stage("later", events: StageEvent.endOfMessage.bit, posts: $0) { $0.condition = later },
      ]
    } _: { session in
      _ = await session.mail("", parameters: [])
      #expect(await content(session) == .goOn)
      session.ended("A", size: 1)
      _ = await session.mail("", parameters: [])
      #expect(await content(session) == .discard(by: "later"))
    }
  }

  @Test func statesAreGivenBackOnce() throws {
    let script = ScriptedComponent { _, context, event in
      if event.pointee.type == StageEvent.connect.rawValue { context.pointee.session = UnsafeMutableRawPointer(bitPattern: 1) }
      if event.pointee.type == StageEvent.mail.rawValue { context.pointee.message = UnsafeMutableRawPointer(bitPattern: 2) }
      return 0
    }
    try session {
      [try script.stage(posts: $0)]
    } _: { session in
      _ = await session.connected(host: "c", address: "192.0.2.1", port: 25)
      for _ in 0..<2 {
        _ = await session.mail("", parameters: [])
        session.aborted("RSET")
      }
    }
    #expect(script.freed.map(\.state) == [2, 2, 1])
    #expect(script.freed.map(\.scope) == [1, 1, 0])
  }

  @Test func requestsOfAMessageEndWithIt() throws {
    let statuses = Monitor<[Int32]>([])
    let script = ScriptedComponent { script, context, event in
      guard event.pointee.type == StageEvent.mail.rawValue else { return 0 }
      let status = script.host?.pointee.timer(
        script.host, context.pointee.id, 60_000,
        { user, context, result in
          guard let user, let result else { return }
          #expect(context == nil)
          let box = Unmanaged<Box>.fromOpaque(user).takeRetainedValue()
          box.statuses.withLock { $0.append(result.pointee.status) }
        }, Unmanaged.passRetained(Box(statuses)).toOpaque())
      #expect(status == Status.ok)
      return 0
    }
    try session {
      [try script.stage(posts: $0)]
    } _: { session in
      _ = await session.mail("", parameters: [])
      session.aborted("RSET")
      #expect(statuses.withLock { $0 } == [Status.cancelled])
    }
  }

  final class Box: Sendable {
    let statuses: Monitor<[Int32]>
    init(_ statuses: Monitor<[Int32]>) { self.statuses = statuses }
  }

  @Test func shadowsChangeNothingAndSayWhatTheyWouldHave() throws {
    let lines = Monitor<[String]>([])
    let script = ScriptedComponent { script, context, event in
      guard event.pointee.type == StageEvent.header.rawValue, event.pointee.name.string == "Subject" else { return 0 }
      _ = script.message?.pointee.header(script.host, context.pointee.id, 0, 0, weir_str(staticText: "X"), weir_str(staticText: "1"))
      return 3
    }
    try session {
      [try script.stage(posts: $0, configure: { $0.isShadow = true }) { _, text, _ in lines.withLock { $0.append(text) } }]
    } _: { session in
      _ = await session.mail("", parameters: [])
      #expect(await content(session) == .goOn)
      #expect(session.message?.fields.isChanged == false)
    }
    #expect(lines.withLock { $0 } == ["shadow: at HEADER would have done: append header X: 1, REJECT"])
  }

  @Test func anObserverIsToldWhatStagesSayAndWhoSaysNothing() throws {
    let quiet = ScriptedComponent { _, _, _ in 0 }
    let loud = ScriptedComponent { script, context, event in
      guard event.pointee.name.string == "Subject" else { return 0 }
      _ = script.message?.pointee.header(script.host, context.pointee.id, 0, 0, weir_str(staticText: "X"), weir_str(staticText: "1"))
      return StageVerdict.reject.rawValue
    }
    let steps = Monitor<[String]>([])
    try session {
      [
        try quiet.stage("quiet", events: StageEvent.header.bit, posts: $0), try loud.stage("loud", events: StageEvent.header.bit, posts: $0),
      ]
    } _: { session in
      session.observer = { step in
        let text = "\(step.stage) \(step.event.name) \(step.verdict.word) \(step.edits.map(\.summary)) \(step.header == nil)"
        steps.withLock { $0.append(text) }
      }
      _ = await session.mail("", parameters: [])
      _ = await content(session)
      #expect(session.passed.map(\.stage.settings.name) == ["quiet"])
    }
    #expect(steps.withLock { $0 } == ["loud HEADER REJECT [\"append header X: 1\"] true"])
  }

  @Test func conditionsHoldForStagesThatOnlySeeContent() throws {
    let script = ScriptedComponent { _, _, _ in StageVerdict.reject.rawValue }
    let condition = try StageCondition("client.mynetworks != yes")
    for (own, expected) in [("yes", true), ("no", false)] {
      try session(["client.mynetworks": own]) {
        [try script.stage("a", events: StageEvent.header.bit, posts: $0) { $0.condition = condition }]
      } _: { session in
        _ = await session.mail("a@b.test", parameters: [])
        #expect((await content(session) == .goOn) == expected)
        session.beginMessage()
        #expect((await content(session) == .goOn) == expected)
      }
    }
  }

  @Test func conditionsAndListenersDecideWhoIsAsked() throws {
    let asked = Monitor<[String]>([])
    let make: (String) -> ScriptedComponent = { name in
      ScriptedComponent { _, _, _ in
        asked.withLock { $0.append(name) }
        return 0
      }
    }
    let (own, others) = (try StageCondition("client.mynetworks = yes"), try StageCondition("client.mynetworks != yes"))
    let (trusted, strangers) = (make("trusted"), make("strangers"))
    try session(["client.mynetworks": "yes"]) {
      [
        try trusted.stage("a", events: StageEvent.mail.bit, posts: $0) { $0.condition = own },
        try strangers.stage("b", events: StageEvent.mail.bit, posts: $0) { $0.condition = others },
      ]
    } _: { session in
      _ = await session.mail("", parameters: [])
    }
    #expect(asked.withLock { $0 } == ["trusted"])
  }

  @Test func resultsAreOneFieldAndForgeriesGo() throws {
    let script = ScriptedComponent { script, context, event in
      guard event.pointee.type == StageEvent.endOfMessage.rawValue else { return 0 }
      #expect(script.host?.pointee.set(script.host, context.pointee.id, 1, "ar.spf", weir_str(staticText: "pass")) == Status.ok)
      return 0
    }
    try session {
      [try script.stage(posts: $0)]
    } _: { session in
      _ = await session.mail("", parameters: [])
      _ = await content(session, header: "Authentication-Results: mx.example.org; spf=fail\nAuthentication-Results: other; spf=fail\n")
      let text = session.message.map { String(decoding: $0.fields.rendered(), as: UTF8.self) }
      #expect(text == "Authentication-Results: mx.example.org;\n\tspf=pass\nAuthentication-Results: other; spf=fail\n")
    }
  }

  @Test func namesAreAnsweredLater() throws {
    let found = Monitor<[String]>([])
    let script = ScriptedComponent { script, context, event in
      guard event.pointee.type == StageEvent.mail.rawValue else { return 0 }
      let box = Answer(found, Pending(script.host, context.pointee.id))
      let status = script.host?.pointee.dns(
        script.host, context.pointee.id, weir_str(staticText: "example.org"), 16,
        { user, _, result in
          guard let user, let result else { return }
          let box = Unmanaged<Answer>.fromOpaque(user).takeRetainedValue()
          for item in UnsafeBufferPointer(start: result.pointee.items, count: Int(result.pointee.n_items)) {
            box.found.withLock { $0.append(item.value.string) }
          }
          _ = box.pending.host?.pointee.complete(box.pending.host, box.pending.id, 0)
        }, Unmanaged.passRetained(box).toOpaque())
      return status == Status.ok ? 6 : 7
    }
    try session {
      [try script.stage(posts: $0)]
    } _: { session in
      #expect(await session.mail("", parameters: []) == .goOn)
    }
    #expect(found.withLock { $0 } == ["v=spf1 -all"])
  }

  final class Answer {
    let found: Monitor<[String]>
    let pending: Pending
    init(_ found: Monitor<[String]>, _ pending: Pending) { (self.found, self.pending) = (found, pending) }
  }
}

extension weir_str {
  init(staticText: StaticString) {
    self.init(ptr: UnsafeRawPointer(staticText.utf8Start).assumingMemoryBound(to: CChar.self), len: staticText.utf8CodeUnitCount)
  }
}

extension StageChain {
  /// Until no thread of a pool is at work, for a while.
  func waitForThreads() {
    let pools = stages.compactMap { stage in if case .inProcess(_, let pool) = stage.engine { pool } else { nil } } + [offloads]
    for _ in 0..<5000 where !pools.allSatisfy(\.isIdle) { Thread.sleep(.milliseconds(1)) }
  }
}
