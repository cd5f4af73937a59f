// SPDX-License-Identifier: MIT
import CWeir

/// A stage as the host holds it.
final class Instance: Sendable {
  let host: Host
  nonisolated(unsafe) let message: UnsafePointer<weir_message>
  let stage: any Stage

  init(host: Host, message: UnsafePointer<weir_message>, stage: any Stage) {
    self.host = host
    self.message = message
    self.stage = stage
  }

  /// What is thrown is the stage's failure, and goes to the log.
  @inline(__always) func verdict(_ context: Context, _ body: () throws -> Verdict) -> Verdict {
    do {
      return try body()
    } catch {
      return failed(context, error)
    }
  }

  private func failed(_ context: Context, _ error: any Error) -> Verdict {
    context.log(.error, "\(error)")
    return .fail
  }
}

// What the host calls.

func handleEvent(_ me: UnsafeMutableRawPointer?, _ context: UnsafeMutablePointer<weir_ctx>?, _ event: UnsafePointer<weir_event>?) -> Int32 {
  guard let me, let context, let event else { return Verdict.fail.rawValue }
  let instance = Unmanaged<Instance>.fromOpaque(me)
  return instance._withUnsafeGuaranteedRef { object in
    let view = Context(raw: context, id: context.pointee.id, instance: instance)
    return object.verdict(view) { () throws -> Verdict in try object.stage.handle(Event(event), view) }.rawValue
  }
}

func destroyInstance(_ me: UnsafeMutableRawPointer?) {
  if let me { Unmanaged<Instance>.fromOpaque(me).release() }
}

func freeState(_: UnsafeMutableRawPointer?, _: UInt32, _ state: UnsafeMutableRawPointer?) {
  if let state { State.free(state) }
}

typealias Entry =
  @convention(c) (
    UnsafePointer<weir_host>?, UnsafePointer<weir_pair>?, UInt64, UnsafeMutablePointer<UInt64>?, UnsafeMutablePointer<CChar>?, UInt64
  ) -> UnsafeMutableRawPointer?

/// What `create` was called with.
struct Creation {
  let host: UnsafePointer<weir_host>?
  let options: Pairs
  let events: UnsafeMutablePointer<UInt64>?
  let reason: UnsafeMutableBufferPointer<CChar>

  func perform(_ part: Registry.Part?) -> UnsafeMutableRawPointer? {
    switch part {
    case .stage(let type): perform(type)
    case .table(let type): perform(type)
    case nil: refuse("there is no such component")
    }
  }

  private func perform(_ type: any Table.Type) -> UnsafeMutableRawPointer? {
    guard let host else { return refuse("there is no host") }
    let owner = Host(raw: host)
    guard let answer = owner.table(WEIR_ANSWER, as: weir_answer.self) else { return refuse("the host has no \(WEIR_ANSWER)") }
    do {
      let table = try type.init(host: owner, options: Options(options))
      if let events, !table.takesParts { events.pointee &= ~(1 << UInt64(WEIR_TABLE_PARTS)) }
      return Unmanaged.passRetained(TableInstance(host: owner, answer: answer, table: table)).toOpaque()
    } catch {
      return refuse("\(error)")
    }
  }

  private func perform(_ type: any Stage.Type) -> UnsafeMutableRawPointer? {
    guard let host else { return refuse("there is no host") }
    let owner = Host(raw: host)
    guard let message = owner.table(WEIR_MESSAGE, as: weir_message.self) else { return refuse("the host has no \(WEIR_MESSAGE)") }
    do {
      let stage = try type.init(host: owner, options: Options(options))
      if let events { events.pointee &= stage.wanted(of: EventSet(rawValue: events.pointee)).rawValue }
      return Unmanaged.passRetained(Instance(host: owner, message: message, stage: stage)).toOpaque()
    } catch {
      return refuse("\(error)")
    }
  }

  private func refuse(_ text: String) -> UnsafeMutableRawPointer? {
    guard !reason.isEmpty else { return nil }
    var end = 0
    for byte in text.utf8.prefix(reason.count - 1) {
      reason[end] = CChar(bitPattern: byte)
      end += 1
    }
    reason[end] = 0
    return nil
  }
}
