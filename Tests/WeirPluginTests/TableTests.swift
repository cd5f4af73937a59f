// SPDX-License-Identifier: Apache-2.0
import CWeir
import Testing

@testable import WeirPlugin

/// A table whose keys say what it does.
private final class Sample: Table {
  static let component = Component(
    table: "sample", help: "a sample", traits: .exactCase, asksForChanges: true, options: [.string("word", help: "a word")])

  private struct Trouble: Error, CustomStringConvertible {
    var description: String { "in trouble" }
  }

  init(host: Host, options: Options) throws {
    guard options.string("word") != "no" else { throw Refusal("word: not that one") }
  }

  var takesParts: Bool { false }
  func hasChanged() -> Bool { true }

  func lookUp(_ key: BorrowedText, _ context: LookUp) throws -> Finding {
    switch String(key) {
    case "one": return .value("1")
    case "two": return .values(["1", "zwei"])
    case "nothing": return .values([])
    case "refused": return .value("")
    case "wait": return .tempfail
    case "trouble": throw Trouble()
    case "later": return context.finding { pending in pending.answer(.value("late")) }
    case "budget": return .value("\(context.budget.map { "\($0.components.seconds)" } ?? "none")")
    default: return .none
    }
  }
}

private let plugin = Plugin(id: "org.example.tables", version: "1", tables: [Sample.self])

@Suite struct TableTests {
  @Test func saysWhatTheTableIs() throws {
    let component = try #require(TableHost.component)
    #expect(component.kind == UInt32(WEIR_TABLE))
    #expect(String(cString: component.name) == "sample")
    #expect(component.events == 1 << UInt64(WEIR_TABLE_LOOKUP) | 1 << UInt64(WEIR_TABLE_PARTS) | 1 << UInt64(WEIR_TABLE_CHANGED))
    #expect(component.flags == UInt32(WEIR_TABLE_EXACT_CASE))
    #expect(component.free_state == nil)
  }

  @Test(arguments: [
    ("one", WEIR_DONE, "1"), ("two", WEIR_DONE, "1,zwei"), ("nothing", WEIR_CONTINUE, ""), ("else", WEIR_CONTINUE, ""), ("refused", WEIR_FAIL, ""),
    ("wait", WEIR_TEMPFAIL, ""), ("trouble", WEIR_TEMPFAIL, ""), ("later", WEIR_PENDING, "late"), ("budget", WEIR_DONE, "3"),
  ])
  func answers(key: String, verdict: Int, answer: String) throws {
    let host = try TableHost(word: "yes")
    #expect(host.ask(key) == Int32(verdict))
    #expect(host.answer == answer)
    #expect(host.logged == (key == "trouble" ? ["in trouble"] : []))
    #expect(host.completed == (key == "later" ? [Int32(WEIR_DONE)] : []))
  }

  @Test func clearsTheBitOfParts() throws {
    #expect(try TableHost(word: "yes").events == 1 << UInt64(WEIR_TABLE_LOOKUP) | 1 << UInt64(WEIR_TABLE_CHANGED))
  }

  @Test func saysThatItHasChanged() throws {
    #expect(try TableHost(word: "yes").ask("", WEIR_TABLE_CHANGED) == Int32(WEIR_DONE))
  }

  @Test func refusesWithAReason() {
    #expect(throws: TableHost.Refused(reason: "word: not that one")) { try TableHost(word: "no") }
  }
}

/// A host of one table and one question at a time.
private final class TableHost {
  private(set) var answer = ""
  private(set) var logged: [String] = []
  private(set) var completed: [Int32] = []
  private(set) var events: UInt64 = 0
  private var instance: UnsafeMutableRawPointer?
  /// The same for the call and for what it calls back.
  private let context: UnsafeMutablePointer<weir_ctx>
  private let memory: UnsafeMutablePointer<Memory>

  private struct Memory {
    var host = weir_host()
    var answer = weir_answer()
    var owner: Unmanaged<TableHost>
  }

  struct Refused: Error, Equatable { let reason: String }

  static var component: weir_component? { plugin.descriptor?.assumingMemoryBound(to: weir_plugin.self).pointee.components?.pointee?.pointee }

  init(word: String) throws {
    context = .allocate(capacity: 1)
    context.initialize(to: weir_ctx())
    memory = .allocate(capacity: 1)
    memory.initialize(to: Memory(owner: .passUnretained(self)))
    fillIn()
    events = Self.component?.events ?? 0
    var reason = [CChar](repeating: 0, count: 256)
    let host = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: weir_host.self)
    instance = Self.lend("word") { key in
      Self.lend(word) { value in
        var pair = weir_pair(key: key, value: value)
        return Self.component?.create(host, &pair, 1, &events, &reason, UInt64(reason.count))
      }
    }
    if instance == nil { throw Refused(reason: String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)) }
  }

  deinit {
    if let instance { Self.component?.destroy(instance) }
    context.deallocate()
    memory.deallocate()
  }

  func ask(_ key: String, _ type: Int = Int(WEIR_TABLE_LOOKUP)) -> Int32 {
    context.pointee.size = UInt32(MemoryLayout<weir_ctx>.size)
    context.pointee.id = 7
    context.pointee.budget_ms = 3000
    return Self.lend(key) { key in
      var event = weir_event()
      event.size = UInt32(MemoryLayout<weir_event>.size)
      event.type = UInt32(type)
      event.value = key
      return Self.component?.on_event(instance, context, &event) ?? -1
    }
  }

  private static func lend<Result>(_ text: String, _ body: (weir_str) -> Result) -> Result {
    text.utf8CString.withUnsafeBufferPointer { body(weir_str(ptr: $0.baseAddress, len: $0.count - 1)) }
  }

  private static func owner(_ host: UnsafePointer<weir_host>?) -> TableHost? {
    host.map { UnsafeRawPointer($0).assumingMemoryBound(to: Memory.self).pointee.owner.takeUnretainedValue() }
  }

  private static func text(_ text: weir_str) -> String {
    String(decoding: UnsafeRawBufferPointer(start: text.ptr, count: Int(text.len)), as: UTF8.self)
  }

  private func fillIn() {
    memory.pointee.host.size = UInt32(MemoryLayout<weir_host>.size)
    memory.pointee.host.extension = { host, _ in
      guard let host, let offset = MemoryLayout<Memory>.offset(of: \.answer) else { return nil }
      return UnsafeRawPointer(host) + offset
    }
    memory.pointee.host.log = { host, _, _, line in TableHost.owner(host)?.logged.append(TableHost.text(line)) }
    memory.pointee.host.complete = { host, _, verdict in
      TableHost.owner(host)?.completed.append(verdict)
      return Int32(WEIR_OK)
    }
    memory.pointee.host.post = { host, _, done, user in
      guard let owner = TableHost.owner(host) else { return Int32(WEIR_E_STALE) }
      done?(user, owner.context, nil)
      return Int32(WEIR_OK)
    }
    memory.pointee.answer.size = UInt32(MemoryLayout<weir_answer>.size)
    memory.pointee.answer.answer = { host, _, items, count in
      let values = (0..<Int(count)).compactMap { items?[$0].value }.map(TableHost.text)
      if values.contains("") { return Int32(WEIR_E_INVALID) }
      TableHost.owner(host)?.answer = values.joined(separator: ",")
      return Int32(WEIR_OK)
    }
  }
}
