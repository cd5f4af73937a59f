// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// A named system thread, for work that may block: disk, name service, blocking plugins.
///
/// The body must not be `async`: a loop is the only place where tasks run.
package final class Thread: Sendable {
  private let handle: pthread_t

  private final class Start {
    let name: String
    let body: @Sendable () -> Void
    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }

  /// Starts a thread that runs `body` once. `name` is cut to 15 bytes by the kernel.
  package init(name: String, stackSize: Int = 512 * 1024, body: @escaping @Sendable () -> Void) throws(SystemError) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, stackSize)
    let start = Unmanaged.passRetained(Start(name: name, body: body))
    var handle = pthread_t()
    let code = pthread_create(
      &handle, &attributes,
      { raw in
        guard let raw else { return nil }
        let start = Unmanaged<Start>.fromOpaque(raw).takeRetainedValue()
        clinux_name_thread(String(start.name.prefix(15)))
        start.body()
        return nil
      }, start.toOpaque())
    guard code == 0 else {
      start.release()
      throw SystemError(code: code, operation: "pthread_create")
    }
    self.handle = handle
  }

  /// Makes the calling thread wait. Never on an event loop.
  package static func sleep(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    var time = timespec(tv_sec: Int(max(0, seconds)), tv_nsec: Int(max(0, attoseconds) / 1_000_000_000))
    var rest = timespec()
    while nanosleep(&time, &rest) != 0, errno == EINTR { time = rest }
  }

  /// Lets the thread clean up after itself when it ends; nobody may join it then.
  package func detach() { pthread_detach(handle) }

  /// Whether it is the calling thread, which cannot join itself.
  package var isCurrent: Bool { pthread_equal(handle, pthread_self()) != 0 }

  /// Waits until the body has returned. Call at most once.
  package func join() { pthread_join(handle, nil) }
}
