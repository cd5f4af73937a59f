// SPDX-License-Identifier: Apache-2.0
import Queue
import Testing

@Suite struct QueueIDTests {
  @Test func looksAsPostfixsLongIDs() {
    let id = QueueID(microseconds: 1_700_000_000_123_456, lane: 3)
    #expect(id.description.count == 12)
    #expect(id.description.hasSuffix("z3"))
    #expect(!id.description.contains { "aeiouAEIOU:".contains($0) })
  }

  @Test(arguments: [0, 1, 51, 52, 999_999, 1_000_000, 1_700_000_000_123_456, 1 << 56 - 1] as [Int64], [0, 1, 50, 51, 255] as [UInt8])
  func theTextIsTheID(microseconds: Int64, lane: UInt8) throws {
    let id = QueueID(microseconds: microseconds, lane: lane)
    #expect(QueueID(id.description) == id)
  }

  @Test(arguments: [
    "", "z", "000000000z0", "0000000000", "0000000000z", "0000000000a0", "0000000000z000", "000000zzzzz0", "00000000000000z0", "0000000000z0 ",
    "zzzzzzz0000z0", "0000000000zaa", "0000000000z00",
  ])
  func otherTextsAreNone(text: String) { #expect(QueueID(text) == nil) }

  @Test func laterIsGreater() {
    #expect(QueueID(microseconds: 5, lane: 200) < QueueID(microseconds: 6, lane: 0))
  }
}
