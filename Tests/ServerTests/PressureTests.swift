// SPDX-License-Identifier: Apache-2.0
import Server
import Testing

@Suite struct PressureTests {
  @Test(arguments: [(10, 9, 7), (100, 90, 70), (1, 1, 1), (2, 2, 2), (7, 7, 5)]) func edges(maximum: Int, high: Int, low: Int) {
    var pressure = Pressure(maximum: maximum)
    let rises = (0..<high).filter { pressure.changes($0) }
    #expect(rises.isEmpty)
    let begins = pressure.changes(high)
    #expect(begins && pressure.isHigh)
    let stays = pressure.changes(low)
    #expect(!stays && pressure.isHigh)
    let ends = pressure.changes(low - 1)
    #expect(ends && !pressure.isHigh)
  }
}
