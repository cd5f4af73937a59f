// SPDX-License-Identifier: Apache-2.0
import Names
import Pipeline

/// What a component in a session may ask for while one of its callbacks runs, and what it may start. In the mta this is the session itself, in a worker what was sent ahead.
package protocol StageEnvironment: AnyObject {
  /// A property of session or message; nil where it is not set.
  func property(_ key: String) -> [UInt8]?
  /// Those whose names begin so, as components have set them.
  func properties(withPrefix prefix: String) -> [StageCall.Parameter]
  /// The header as the stages before have left it; nil before it is complete.
  var fields: HeaderFields? { get }
  /// The raw message from `offset` on, as much of it as there is in one piece; empty at its end. The bytes stay until the message ends.
  func content(from offset: UInt64) -> UnsafeRawBufferPointer?
  /// Starts what ends in a call of the context's `finished`; false when it cannot be started.
  func start(_ request: StageRequest, for context: StageContext) -> Bool
  /// Goes on with an event that was pending.
  func completed(_ context: StageContext, _ verdict: Int32)
}

/// Something that a component asked for and that takes time.
package final class StageRequest {
  package enum Work {
    case timer(milliseconds: UInt32)
    case names(String, type: UInt32)
    case lookUp(table: String, key: [UInt8])
    case offload
  }

  package enum Answer: Sendable {
    case ok
    case items([(key: String, value: [UInt8])], isSecure: Bool, ttl: UInt32)
    case failed(Int32)
  }

  package let work: Work
  /// Ends with the message; else with the session.
  let isOfMessage: Bool
  let done: DoneFunction
  let user: UnsafeMutableRawPointer?
  let offloaded: OffloadFunction?
  /// Its callback has run.
  var isFinished = false
  /// What goes wherever the request itself goes: until an offloaded function has returned, the callback waits.
  var isRunning = false
  /// What it belonged to has ended.
  var isCancelled = false
  /// Gives up what it waits for; nil where that ends by itself.
  var stop: (() -> Void)?

  init(_ work: Work, isOfMessage: Bool, done: @escaping DoneFunction, user: UnsafeMutableRawPointer?, offloaded: OffloadFunction? = nil) {
    self.work = work
    self.isOfMessage = isOfMessage
    self.done = done
    self.user = user
    self.offloaded = offloaded
  }
}
