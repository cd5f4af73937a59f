// SPDX-License-Identifier: Apache-2.0
import Bytes
import Embedded
import Message
import Queue
import Runtime
import SMTP
import Server
import Spool
import Synchronization

/// One session over a stream in memory, with a clock that the test moves.
final class SessionFixture {
  let loop = EmbeddedLoop()
  let stream: MemoryStream
  let store: ScriptedStore
  private let session: Session<MemoryStream>

  init(
    store: ScriptedStore = ScriptedStore(), client: String = "192.0.2.1", _ change: (inout ServerConfiguration) -> Void = { _ in }
  ) throws {
    self.store = store
    stream = MemoryStream(on: loop)
    var configuration = ServerConfiguration(myhostname: "mx.example.com", relay: SessionFixture.relay)
    change(&configuration)
    var habits = Habits()
    habits.completesHeader = { $0 == .loopbackV4 }
    let services = Services(
      context: ServerContext(configuration), log: try Log(try Folder.openLog("/dev/null", owner: nil), style: .classic, host: "mx"),
      store: store, users: EveryoneIsKnown(), names: NobodyHasAName(), habits: habits,
      arrival: ArrivalHeaders(hostname: "mx.example.com", product: "Weir", origin: "example.com", zone: .utc), now: { 1_000_000 })
    session = Session(stream, client: Client(address: IPAddress(client)), services: services)
    nonisolated(unsafe) let session = session
    loop.spawn { await session.run() }
    loop.runUntilIdle()
  }

  private static var relay: RelayPolicy {
    RelayPolicy(
      mynetworks: NetworkList(words: ["127.0.0.0/8"]) ?? NetworkList(), mydestination: [], virtualMailboxDomains: ["example.com"],
      myorigin: "example.com", mydomain: "example.com")
  }

  /// Sends `text`, each line ended by CRLF, and answers what comes back.
  @discardableResult
  func say(_ lines: String...) -> String {
    stream.send(lines.map { $0 + "\r\n" }.joined())
    loop.runUntilIdle()
    return stream.takeOutput()
  }

  func wait(_ duration: Duration) -> String {
    loop.advance(by: duration)
    return stream.takeOutput()
  }

  func interrupt() -> String {
    session.interrupt()
    loop.runUntilIdle()
    return stream.takeOutput()
  }

  /// To the point where content is awaited.
  func beginData(to recipients: String...) -> String {
    _ = stream.takeOutput()
    let rcpt = recipients.map { "RCPT TO:<\($0)>\r\n" }.joined()
    stream.send("EHLO client.example\r\nMAIL FROM:<a@client.example>\r\n\(rcpt)DATA\r\n")
    loop.runUntilIdle()
    return stream.takeOutput()
  }
}

struct EveryoneIsKnown: RecipientDirectory {
  func verdict(on query: RecipientQuery) async -> RecipientVerdict { .accepted }
}

struct NobodyHasAName: ClientNaming {
  func name(of address: IPAddress) async -> PeerName { .notLookedUp }
}

/// A store that keeps what it gets and answers as told.
final class ScriptedStore: MessageStore, Sendable {
  struct Kept: Equatable {
    var envelope: Envelope
    var content: String
    var wasSpilled: Bool
  }

  private struct State {
    var kept: [Kept] = []
    var files: [ScriptedFile] = []
    var ids: Int64 = 0
    var outcome = CommitOutcome.committed
    var refusesFiles = false
    var isLow = false
  }

  let memory: MemoryBudget
  let spillThreshold: Int
  private let state = Mutex(State())

  init(memory: Int = 1 << 20, spillThreshold: Int = 1 << 20) {
    self.memory = MemoryBudget(limit: memory)
    self.spillThreshold = spillThreshold
  }

  var kept: [Kept] { state.withLock { $0.kept } }
  var isLow: Bool { state.withLock { $0.isLow } }
  func setLow() { state.withLock { $0.isLow = true } }
  func setOutcome(_ outcome: CommitOutcome) { state.withLock { $0.outcome = outcome } }
  func refuseFiles() { state.withLock { $0.refusesFiles = true } }
  var filesDiscarded: Int { state.withLock { $0.files.count { $0.isDiscarded } } }

  func reserveID() -> QueueID {
    state.withLock { state in
      state.ids += 1
      return QueueID(microseconds: state.ids, lane: 0)
    }
  }

  func commit(_ message: IncomingMessage) async -> CommitOutcome {
    state.withLock { state in
      let content: String
      var isFile = false
      switch message.content {
      case .memory(let chunks):
        content = chunks.map { String(decoding: $0.bytes, as: UTF8.self) }.joined()
        memory.giveBack(chunks.reduce(0) { $0 + $1.count })
      case .file:
        content = state.files.last?.text ?? ""
        isFile = true
      }
      if state.outcome == .committed { state.kept.append(Kept(envelope: message.envelope, content: content, wasSpilled: isFile)) }
      return state.outcome
    }
  }

  func beginSpill(_ id: QueueID) async -> (any SpillFile)? {
    state.withLock { state in
      if state.refusesFiles { return nil }
      let file = ScriptedFile()
      state.files.append(file)
      return file
    }
  }
}

final class ScriptedFile: SpillFile, Sendable {
  private let state = Mutex((bytes: [UInt8](), discarded: false))

  var text: String { state.withLock { String(decoding: $0.bytes, as: UTF8.self) } }
  var isDiscarded: Bool { state.withLock { $0.discarded } }

  func append(_ chunk: ContentChunk) async -> Bool {
    state.withLock { $0.bytes += Array(chunk.bytes) }
    return true
  }

  func view() async -> FileView? {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, text.utf8.count), alignment: 16)
    memory.copyBytes(from: text.utf8)
    nonisolated(unsafe) let kept = memory
    return FileView(UnsafeRawBufferPointer(rebasing: memory[..<text.utf8.count])) { kept.deallocate() }
  }

  func finish() async -> FinishedFile? { FinishedFile(length: Int64(text.utf8.count), crc: 0) }

  func discard() async { state.withLock { $0.discarded = true } }
}
