// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime
import SMTP
import Server
import Synchronization
import Testing

@Suite struct ClientLimitsTests {
  private let one = Client(address: IPAddress("192.0.2.1"))
  private let other = Client(address: IPAddress("192.0.2.2"))
  private let time = Time()

  /// A clock that the test moves.
  private final class Time: Sendable {
    private let state = Mutex(Instant(nanoseconds: 1_000_000_000))
    var now: Instant { state.withLock { $0 } }
    func pass(_ duration: Duration) { state.withLock { $0 = $0 + duration } }
  }

  private func limits(_ change: (inout ClientLimits.Limits) -> Void) -> ClientLimits {
    var limits = ClientLimits.Limits()
    limits.connections = 0
    change(&limits)
    return ClientLimits(limits, clock: { [time] in time.now }, wallClock: { 0 })
  }

  @Test func connectionsAtATime() {
    let limits = limits { $0.connections = 2 }
    #expect(limits.arrived(one) == nil)
    #expect(limits.arrived(one) == nil)
    #expect(limits.arrived(one) == .tooManyConnections(3))
    limits.left(one)
    #expect(limits.arrived(other) == nil)
    limits.left(one)
    #expect(limits.arrived(one) == nil)
    #expect(limits.arrived(one) == .tooManyConnections(3))
  }

  @Test func connectionsPerTime() {
    let limits = limits { $0.connectionRate = 2 }
    for _ in 0..<2 {
      #expect(limits.arrived(one) == nil)
      limits.left(one)
    }
    time.pass(.seconds(59))
    #expect(limits.arrived(one) == .tooFrequent(3))
    limits.left(one)
    time.pass(.seconds(1))
    #expect(limits.arrived(one) == nil)
  }

  @Test(arguments: MeteredEvent.allCases) func eventsPerTime(event: MeteredEvent) {
    let limits = limits { $0.rates = [event: 2] }
    #expect(limits.metersEvents)
    _ = limits.arrived(one)
    #expect(limits.count(event, by: one) == nil)
    #expect(limits.count(event, by: one) == nil)
    #expect(limits.excess(of: event, by: one) == nil)
    #expect(limits.count(event, by: one) == 3)
    #expect(limits.excess(of: event, by: one) == 3)
    #expect(limits.count(event, by: other) == nil)
    // A connection that ends forgets nothing, as long as the time has not passed.
    limits.left(one)
    #expect(limits.count(event, by: one) == 4)
    time.pass(.seconds(60))
    #expect(limits.count(event, by: one) == nil)
    for another in MeteredEvent.allCases where another != event { #expect(limits.count(another, by: one) == nil) }
  }

  @Test func exceptionsByAddressAndName() {
    let limits = limits {
      $0.connections = 1
      $0.exceptions = ClientList(words: ["192.0.2.0/24", "friend.example"])
    }
    let friend = Client(address: IPAddress("198.51.100.1"), name: "Friend.example")
    let stranger = Client(address: IPAddress("198.51.100.1"))
    for _ in 0..<5 {
      #expect(limits.arrived(one) == nil)
      #expect(limits.arrived(friend) == nil)
    }
    #expect(limits.arrived(stranger) == nil)
    #expect(limits.arrived(stranger) == .tooManyConnections(2))
  }

  @Test func clientsOfOneNetworkCountAsOne() {
    let limits = limits { $0.connections = 1 }
    #expect(limits.arrived(Client(address: IPAddress("2001:db8::1"))) == nil)
    #expect(limits.arrived(Client(address: IPAddress("2001:db8::fff:ffff:ffff"))) == .tooManyConnections(2))
    #expect(limits.arrived(Client(address: IPAddress("2001:db8::1000:0:1"))) == nil)
    #expect(limits.arrived(one) == nil)
    #expect(limits.arrived(other) == nil)
  }

  @Test func aFloodOfAddressesIsForgotten() {
    let limits = limits { $0.connectionRate = 1 }
    for number in 0..<(ClientLimits.idleCapacity + 100) {
      let client = Client(address: IPAddress(v4: UInt32(number)))
      #expect(limits.arrived(client) == nil)
      limits.left(client)
    }
    #expect(limits.rememberedClients == ClientLimits.idleCapacity)
    // The last is remembered, the first is not.
    #expect(limits.arrived(Client(address: IPAddress(v4: UInt32(ClientLimits.idleCapacity + 99)))) == .tooFrequent(2))
    #expect(limits.arrived(Client(address: IPAddress(v4: 0))) == nil)
  }

  @Test func statisticsAreThoseOfAnvil() {
    let limits = limits { $0.rates = [.message: 10] }
    #expect(limits.takeStatistics() == [])
    for client in [one, one, other] { _ = limits.arrived(client) }
    for _ in 0..<3 { _ = limits.count(.message, by: other) }
    let lines = limits.takeStatistics().map { $0.prefix { $0 != "J" && $0 != "D" } }
    #expect(
      lines == [
        "statistics: max connection rate 2/60s for (smtp:192.0.2.1) at ", "statistics: max connection count 2 for (smtp:192.0.2.1) at ",
        "statistics: max message rate 3/60s for (smtp:192.0.2.2) at ", "statistics: max cache size 2 at ",
      ])
    #expect(limits.takeStatistics() == [])
  }
}
