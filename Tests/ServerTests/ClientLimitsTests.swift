// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime
import SMTP
import Server
import Testing

@Suite struct ClientLimitsTests {
  private let one = IPAddress(v4: 0xc000_0201)
  private let other = IPAddress(v4: 0xc000_0202)
  private let start = Instant(nanoseconds: 1_000_000_000)

  private func limits(connections: Int = 0, rate: Int = 0, exceptions: [String] = []) -> ClientLimits {
    ClientLimits(
      .init(connections: connections, rate: rate, timeUnit: .seconds(60), exceptions: NetworkList(words: exceptions) ?? NetworkList()))
  }

  @Test func connectionsAtATime() {
    let limits = limits(connections: 2)
    #expect(limits.arrived(one, now: start) == nil)
    #expect(limits.arrived(one, now: start) == nil)
    #expect(limits.arrived(one, now: start) == .tooManyConnections)
    #expect(limits.arrived(other, now: start) == nil)
    limits.left(one)
    #expect(limits.arrived(one, now: start) == nil)
    #expect(limits.arrived(one, now: start) == .tooManyConnections)
  }

  @Test func connectionsPerTime() {
    let limits = limits(rate: 2)
    for _ in 0..<2 {
      #expect(limits.arrived(one, now: start) == nil)
      limits.left(one)
    }
    #expect(limits.arrived(one, now: start + .seconds(59)) == .tooFrequent)
    #expect(limits.arrived(one, now: start + .seconds(60)) == nil)
  }

  @Test func exceptionsAndNoLimit() {
    let excepted = limits(connections: 1, exceptions: ["192.0.2.0/24"])
    let unlimited = limits()
    for _ in 0..<5 {
      #expect(excepted.arrived(one, now: start) == nil)
      #expect(unlimited.arrived(one, now: start) == nil)
    }
  }
}
