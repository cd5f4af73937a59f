// SPDX-License-Identifier: Apache-2.0
import Bytes
import Embedded
import Names
import Queue
import Runtime
import Synchronization
import Testing

@testable import Delivery

@Suite struct HostFinderTests {
  private let loop = EmbeddedLoop()
  private let names: ScriptedNames

  init() { names = ScriptedNames(on: loop) }

  private func find(_ text: String, _ change: (inout SMTPClientSettings) -> Void = { _ in }) -> Result<[RelayHost], HostFinder.Failure>? {
    var settings = SMTPClientSettings(name: "smtp", service: .smtp, hostname: "me.example")
    settings.randomizes = false
    change(&settings)
    guard let destination = HopDestination(text, isLMTP: false, defaultPort: 25) else { return nil }
    let finder = HostFinder(settings: settings, names: names)
    let result = Mutex<Result<[RelayHost], HostFinder.Failure>?>(nil)
    loop.spawn {
      let found = await finder.find(destination)
      result.withLock { $0 = found }
    }
    loop.runUntilIdle()
    return result.withLock { $0 }
  }

  private func hosts(_ text: String, _ change: (inout SMTPClientSettings) -> Void = { _ in }) -> [String]? {
    if case .success(let hosts)? = find(text, change) { hosts.map(\.relay) } else { nil }
  }

  private func reason(_ text: String, _ change: (inout SMTPClientSettings) -> Void = { _ in }) -> Reason? {
    if case .failure(let failure)? = find(text, change) { failure.reason } else { nil }
  }

  private static let one = IPAddress(v4: 0xc000_0201)
  private static let two = IPAddress(v4: 0xc000_0202)
  private static let six = IPAddress(v6: 0x2001_0db8 << 32, 1)

  private func scriptTwo() {
    names.script(.mx("d.example"), .exchanger(preference: 20, host: "b.example"), .exchanger(preference: 10, host: "a.example"))
    names.script(.a("a.example"), .address(Self.one))
    names.script(.a("b.example"), .address(Self.two))
    names.script(.aaaa("b.example"), .address(Self.six))
  }

  @Test func theBestComesFirst() {
    scriptTwo()
    #expect(hosts("d.example") == ["a.example[192.0.2.1]:25", "b.example[192.0.2.2]:25", "b.example[2001:db8::1]:25"])
    #expect(hosts("d.example") { $0.preference = .v6 } == ["a.example[192.0.2.1]:25", "b.example[2001:db8::1]:25", "b.example[192.0.2.2]:25"])
    #expect(hosts("d.example") { $0.families = [.v6] } == ["b.example[2001:db8::1]:25"])
  }

  @Test func bothFamiliesGetAShare() {
    names.script(.a("h.example"), .address(Self.one), .address(Self.two))
    names.script(.aaaa("h.example"), .address(Self.six))
    #expect(hosts("[h.example]") { $0.addressLimit = 2 } == ["h.example[192.0.2.1]:25", "h.example[2001:db8::1]:25"])
    #expect(
      hosts("[h.example]") {
        $0.addressLimit = 2
        $0.balances = false
      } == ["h.example[192.0.2.1]:25", "h.example[192.0.2.2]:25"])
    #expect(hosts("[h.example]") { $0.addressLimit = 0 }?.count == 3)
  }

  @Test func loopsAreSeen() {
    scriptTwo()
    #expect(reason("d.example") { $0.ownAddresses = [Self.one] } == Reason(status: "5.4.6", text: "mail for d.example loops back to myself"))
    #expect(hosts("d.example") { $0.ownAddresses = [Self.six] } == ["a.example[192.0.2.1]:25"])
    #expect(hosts("d.example:26") { $0.ownAddresses = [Self.one] }?.count == 3)
  }

  @Test func aDomainWithoutExchangersIsItsOwn() {
    names.script(.a("d.example"), .address(Self.one))
    #expect(hosts("d.example") == ["d.example[192.0.2.1]:25"])
    #expect(names.takeAsked().first == .mx("d.example"))
    #expect(hosts("d.example") { $0.asksForExchangers = false } != nil)
    #expect(names.takeAsked().first == .a("d.example"))
  }

  @Test func nobodyTakesMailThere() {
    names.script(.mx("null.example"), .exchanger(preference: 0, host: "."))
    #expect(reason("null.example")?.status == "5.1.0")
  }

  @Test func whatIsNotThereAndWhatMayBe() {
    names.script(.mx("broken.example"), .temporary("x"))
    names.script(.a("broken.example"), .address(Self.one))
    #expect(reason("broken.example")?.status == "4.4.3")
    #expect(hosts("broken.example") { $0.ignoresExchangerFailure = true } == ["broken.example[192.0.2.1]:25"])
    names.script(.mx("empty.example"), .exchanger(preference: 0, host: "no.example"))
    #expect(reason("empty.example")?.status == "5.4.4")
    #expect(reason("empty.example") { $0.defersWithoutAddress = true }?.status == "4.4.4")
    #expect(reason("no.example")?.text == "Host or domain name not found. Name service error for name=no.example type=AAAA: Host not found")
  }
}
