// SPDX-License-Identifier: Apache-2.0
import Tables
import Testing

@Suite struct AliasCirclesTests {
  private func circles(_ ways: [String: [String]]) -> [[String]] { AliasCircles.find(ways.keys.sorted(), leadingTo: ways) }

  @Test func circlesAreFoundOnce() {
    #expect(circles(["a": ["b"], "b": ["c", "x"], "c": ["a"]]) == [["a", "b", "c"]])
    #expect(circles(["a": ["b", "c"], "b": ["a"], "c": ["a"]]) == [["a", "b"], ["a", "c"]])
    #expect(circles(["start": ["a"], "a": ["b"], "b": ["a"]]) == [["a", "b"]])
  }

  @Test func whatEndsIsNone() {
    #expect(circles(["a": ["a", "b"], "b": ["c"], "d": ["b", "c"]]).isEmpty)
    #expect(circles([:]).isEmpty)
  }

  @Test func aLongWayIsNoDanger() {
    var ways: [String: [String]] = [:]
    for number in 0..<20_000 { ways["n\(number)"] = ["n\(number + 1)"] }
    #expect(circles(ways).isEmpty)
    ways["n20000"] = ["n0"]
    #expect(circles(ways).first?.count == 20_001)
  }
}
