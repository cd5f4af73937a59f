// SPDX-License-Identifier: Apache-2.0
import Glibc

package enum ProcessorClock {
  /// What all threads of a process have used of the processors so far; zero when it has ended.
  package static func time(of pid: Int32) -> Duration {
    var clock = clockid_t()
    var time = timespec()
    guard clock_getcpuclockid(pid, &clock) == 0, clock_gettime(clock, &time) == 0 else { return .zero }
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}
