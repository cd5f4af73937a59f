// SPDX-License-Identifier: Apache-2.0
import Runtime
import Testing

@Suite struct ExpiringCacheTests {
  static func at(_ seconds: UInt64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

  @Test func theLongestUnusedGoes() {
    var cache = ExpiringCache<Int, String>(capacity: 3)
    for key in 1...3 { cache.set("\(key)", for: key, until: Self.at(10)) }
    #expect(cache.value(for: 1, now: Self.at(0)) == "1")
    cache.set("4", for: 4, until: Self.at(10))
    #expect((1...4).map { cache.value(for: $0, now: Self.at(0)) } == ["1", nil, "3", "4"])
    #expect(cache.count == 3)
  }

  @Test func anEntryEndsAtItsTime() {
    var cache = ExpiringCache<Int, String>(capacity: 2)
    cache.set("a", for: 1, until: Self.at(10))
    #expect(cache.value(for: 1, now: Instant(nanoseconds: 9_999_999_999)) == "a")
    #expect(cache.value(for: 1, now: Self.at(10)) == nil)
    cache.set("b", for: 1, until: Self.at(20))
    #expect(cache.value(for: 1, now: Self.at(19)) == "b")
    #expect(cache.count == 1)
  }

  @Test(arguments: [0, 1]) func theSmallestTableHoldsOne(capacity: Int) {
    var cache = ExpiringCache<Int, Int>(capacity: capacity)
    for key in 0..<5 { cache.set(key, for: key, until: Self.at(1)) }
    #expect((0..<5).map { cache.value(for: $0, now: Self.at(0)) } == [nil, nil, nil, nil, 4])
  }

  /// Against a plain list kept in the order of use.
  @Test func itAgreesWithAModel() {
    var cache = ExpiringCache<Int, Int>(capacity: 7)
    var model: [(key: Int, value: Int, expiry: UInt64)] = []
    var seed: UInt64 = 1
    for step in 0..<UInt64(5000) {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let key = Int(seed >> 33) % 12
      let found = model.firstIndex { $0.key == key }
      if seed >> 60 < 8 {
        let expected = found.flatMap { model[$0].expiry > step ? model[$0].value : nil }
        #expect(cache.value(for: key, now: Self.at(step)) == expected)
        if expected != nil, let found { model.append(model.remove(at: found)) }
      } else {
        if let found { model.remove(at: found) } else if model.count == 7 { model.removeFirst() }
        model.append((key, Int(step), step + seed >> 62 + 5))
        cache.set(Int(step), for: key, until: Self.at(step + seed >> 62 + 5))
      }
    }
  }

  @Test func whatIsTakenOutIsGone() {
    var cache = ExpiringCache<Int, Int>(capacity: 4)
    for key in 0..<4 { cache.set(key, for: key, until: Self.at(10)) }
    #expect(cache.removeValue(for: 1, now: Self.at(0)) == 1)
    #expect(cache.removeValue(for: 1, now: Self.at(0)) == nil)
    #expect(cache.count == 3)
    #expect((0..<4).map { cache.value(for: $0, now: Self.at(0)) } == [0, nil, 2, 3])
    // The order of use holds: 0 has been longest unused.
    cache.set(4, for: 4, until: Self.at(10))
    cache.set(5, for: 5, until: Self.at(10))
    #expect((0..<6).map { cache.value(for: $0, now: Self.at(0)) } == [nil, nil, 2, 3, 4, 5])
    #expect(cache.removeValue(for: 5, now: Self.at(10)) == nil)
    for key in [2, 3, 4] { #expect(cache.removeValue(for: key, now: Self.at(0)) == key) }
    #expect(cache.count == 0)
    cache.set(6, for: 6, until: Self.at(10))
    #expect(cache.value(for: 6, now: Self.at(0)) == 6)
  }
}
