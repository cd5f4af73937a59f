// SPDX-License-Identifier: Apache-2.0
import CPluginHost
import Pipeline
import Runtime

/// The page on which a worker says which calls it runs. What stands there is the worker's word: it can only speak for or against its own calls.
final class RunningCalls: @unchecked Sendable {
  struct Call: Equatable {
    let number: UInt64
    let event: StageEvent?
    /// The signal that its thread died of; 0 for none.
    let signal: UInt32
  }

  let descriptor: Int32
  private let page: UnsafeMutableRawPointer

  init() throws(SystemError) {
    descriptor = try SystemError.check(cpluginhost_page_open(), "memfd_create")
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

  var all: [Call] {
    (0..<Int32(CPLUGINHOST_MARKS)).compactMap { index in
      let entry = cpluginhost_running(page, index)
      return entry.call == 0 ? nil : Call(number: entry.call, event: StageEvent(rawValue: entry.event), signal: entry.crashed)
    }
  }

  /// The first entry is that of the thread on which a component runs that does not block.
  var first: UInt64 { cpluginhost_running(page, 0).call }

  /// Those that the process died of: where a thread noted its own crash, that one.
  var guilty: [Call] {
    let all = all
    let crashed = all.filter { $0.signal != 0 }
    return crashed.isEmpty ? all : crashed
  }
}
