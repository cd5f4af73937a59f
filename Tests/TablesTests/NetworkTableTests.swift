// SPDX-License-Identifier: Apache-2.0
import Bytes
import Diagnostics
import Testing

@testable import Tables

@Suite struct NetworkTableTests {
  private func table(_ text: String) throws -> Table {
    let result = try read("cidr:/t", ["/t": text])
    #expect(result.messages == [])
    return try #require(result.table)
  }

  @Test func theFirstRuleThatMatchesCounts() throws {
    let table = try table(
      """
      # comment
      192.168.1.1             OK
      192.168.0.0/16          REJECT a b
      192.168.2.0/24          never
      2001:db8::1             OK six
      [2001:db8::]/32         REJECT six
      [2001:db9::/32]         nine
        and more
      10.0.0.0/9              lower half
      0.0.0.0/0               rest
      """)
    let expected = [
      "192.168.1.1": "OK", "192.168.2.7": "REJECT a b", "192.168.255.255": "REJECT a b", "192.169.0.0": "rest", "2001:db8::1": "OK six",
      "2001:DB8:0::2": "REJECT six", "2001:db9::": "nine  and more", "10.127.255.255": "lower half", "10.128.0.0": "rest", "0.0.0.0": "rest",
      "255.255.255.255": "rest",
    ]
    for (key, value) in expected { #expect(table.value(for: key) == value, "\(key)") }
    for key in ["::1", "example.com", "", "192.168.1", "192.168.1.1/32", "2001:db8::1%eth0"] { #expect(table.value(for: key) == nil, "\(key)") }
    #expect(table.isPattern)
    #expect(table.count == 8)
  }

  @Test func negationIsOfTheSameFamily() throws {
    let table = try table("!10.0.0.0/8 outside\n10.1.0.0/16 one\n::/0 six\n")
    #expect(table.value(for: "192.0.2.1") == "outside")
    #expect(table.value(for: "10.1.2.3") == "one")
    #expect(table.value(for: "10.2.2.3") == nil)
    #expect(table.value(for: "::1") == "six")
    #expect(try self.table("!!10.0.0.0/8 in\n").value(for: "10.0.0.1") == "in")
  }

  @Test func conditionsHoldOneInTheOther() throws {
    let table = try table(
      """
      if 10.0.0.0/8
      10.0.0.1 first
      IF !10.1.0.0/16
      10.0.0.0/8 not in 10.1
      endif
      10.1.2.0/24 in 10.1.2
      endif
      10.0.0.0/8 after
      0.0.0.0/0 all
      """)
    let expected = [
      "10.0.0.1": "first", "10.2.0.1": "not in 10.1", "10.1.2.3": "in 10.1.2", "10.1.3.3": "after", "192.0.2.1": "all",
    ]
    for (key, value) in expected { #expect(table.value(for: key) == value, "\(key)") }
    #expect(table.value(for: "::1") == nil)
  }

  @Test(arguments: [
    ("10.0.0.1/8 x", "/t:1:1 error: `10.0.0.1/8` has bits set after the first 8"),
    ("\n10.0.0.0/33 x", "/t:2:1 error: expected a length from 0 to 32 after the `/`, not `33`"),
    ("10.0.0.0/255.0.0.0 x", "/t:1:1 error: expected a length from 0 to 32 after the `/`, not `255.0.0.0`"),
    ("!example.com x", "/t:1:2 error: `example.com` is no address and no network"),
    ("10.0.0 x", "/t:1:1 error: `10.0.0` is no address and no network"),
    ("10.0.0.0/8", "/t:1:1 warning: this rule has no value: its answer is empty"), ("if 10.0.0.0/8\n", "/t:1:1 error: this `if` has no `endif`"),
    ("endif\n", "/t:1:1 error: this `endif` has no `if`"), (" 10.0.0.0/8 x", "/t:1:2 error: the first rule starts with white space"),
    ("if 10.0.0.0/8 x\nendif y", "/t:1:15 warning: what follows the network of an `if` means nothing"),
    ("10.0.0.0/8\0 x", "/t:1:11 error: a NUL byte: this is no text file"),
    ("! x", "/t:1:2 error: here is no network"), ("if\nendif\n", "/t:1:1 error: `if` is no address and no network"),
  ])
  func refuses(text: String, message: String) throws {
    #expect(try read("cidr:/t", ["/t": text]).messages.first == message)
  }

  @Test func lenientTablesLeaveRulesOut() throws {
    let result = try read("lenient:cidr:/t", ["/t": "10.0.0.1/8 x\n10.0.0.0/8 y\n"])
    #expect(result.messages == ["/t:1:1 warning: `10.0.0.1/8` has bits set after the first 8"])
    #expect(result.table?.value(for: "10.0.0.1") == "y")
  }

  @Test func standsInBracesToo() throws {
    let result = try read("cidr:{ {10.0.0.0/8 OK}, {!0.0.0.0/0 never} { ::1 REJECT us } }")
    #expect(result.messages == [])
    #expect(result.table?.value(for: "10.2.3.4") == "OK")
    #expect(result.table?.value(for: "::1") == "REJECT us")
    #expect(try read("cidr:{ 10.0.0.0/8 }").messages == ["t:1:8 error: a rule of a table in braces stands in braces of its own"])
  }

  /// The map of intervals against the rules tried in order.
  @Test func agreesWithTheRulesInOrder() {
    var random = SplitMix(state: 1)
    for _ in 0..<200 {
      let rules = (0..<12).map { value in
        let length = Int(random.next() % 33)
        return (
          network: IPNetwork(IPAddress(v4: UInt32(truncatingIfNeeded: random.next()) & 0x8000_0701).masked(to: length), length: length), value: value
        )
      }.compactMap { rule in rule.network.map { (network: $0, value: rule.value) } }
      let intervals = NetworkIntervals(rules)
      let edges = rules.map { UInt32(truncatingIfNeeded: $0.network.address.low) }.flatMap { [$0, $0 &- 1, $0 &+ 1, $0 | 0xff, $0 | 0xffff] }
      for edge in edges + [0, .max] {
        let address = IPAddress(v4: edge)
        #expect(intervals.value(for: address) == rules.first { $0.network.contains(address) }?.value)
      }
    }
  }
}

/// The same numbers in every run.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }
}
