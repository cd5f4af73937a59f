// SPDX-License-Identifier: Apache-2.0
import CLinux

package enum ClockState {
  /// Whether the kernel holds its clock for synchronised; nil where it may not be asked.
  package static var isSynchronized: Bool? {
    let state = clinux_clock_is_synchronized()
    return state < 0 ? nil : state == 1
  }
}
