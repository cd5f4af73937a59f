// SPDX-License-Identifier: Apache-2.0
import CPluginHost
import Pipeline
import Runtime

/// The page on which a worker says which calls it runs. What stands there is the worker's word: it can only speak for or against its own calls.
final class RunningCalls: @unchecked Sendable {
  struct Call: Equatable {
    let number: UInt64
    let event: StageEvent?
    /// A function that was handed to `offload` for this call, which may run for longer than the call.
    let isOffload: Bool
    /// The signal that its thread died of; 0 for none.
    let signal: UInt32
  }

  let descriptor: Int32
  private let page: UnsafeMutableRawPointer

  /// In place of an event's number.
  static let offload: UInt32 = 0xff

  convenience init() throws(SystemError) {
    try self.init(adopting: try SystemError.check(cpluginhost_page_open(), "memfd_create"))
  }

  /// Takes the descriptor over.
  init(adopting descriptor: Int32) throws(SystemError) {
    self.descriptor = descriptor
    guard let page = cpluginhost_page_map(descriptor) else {
      closeDescriptor(descriptor)
      throw .last("mmap")
    }
    self.page = page
  }

  deinit {
    cpluginhost_page_unmap(page)
    closeDescriptor(descriptor)
  }

  private func entries() -> [cpluginhost_running] { (0..<Int32(CPLUGINHOST_FOREIGN)).map { cpluginhost_running(page, $0) } }

  var all: [Call] { entries().filter { $0.call != 0 }.map(Call.init) }

  /// The first entry is that of the thread on which a component runs that does not block.
  var first: UInt64 { cpluginhost_running(page, 0).call }

  /// Those that the process died of: where a thread noted its own crash, what it ran; where the process ended itself, the one that ran.
  /// None where that was nothing, or a thread of the plugin's own, or where nobody knows.
  func guilty(endedItself: Bool) -> [Call] {
    let crashed = entries().filter { $0.crashed != 0 && $0.call != 0 }.map(Call.init)
    guard crash == nil, endedItself else { return crashed }
    let all = all
    let called = all.filter { !$0.isOffload }
    let possible = called.isEmpty ? all : called
    return possible.count == 1 ? possible : []
  }

  /// The signal that one of its threads died of, its own or a thread of the plugin.
  var crash: Int32? {
    (0...Int32(CPLUGINHOST_FOREIGN)).map { cpluginhost_running(page, $0).crashed }.first { $0 != 0 }.map { Int32(clamping: $0) }
  }
}

extension RunningCalls.Call {
  fileprivate init(_ entry: cpluginhost_running) {
    number = entry.call
    event = StageEvent(rawValue: entry.event)
    isOffload = entry.event == RunningCalls.offload
    signal = entry.crashed
  }
}
