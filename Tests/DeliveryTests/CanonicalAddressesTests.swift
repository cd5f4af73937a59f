// SPDX-License-Identifier: Apache-2.0
import Message
import Testing

@testable import Delivery

struct CanonicalAddressesTests {
  private static let all: Set<AddressPlace> = [.envelopeSender, .headerSender]

  private func masked(_ address: String, _ domains: [String], _ place: AddressPlace = .headerSender) -> String? {
    let addresses = CanonicalAddresses([], Masquerade(domains, Self.all) { $0 == "root" })
    if case .address(let found) = addresses.address(for: PlacedAddress(address, place)) { return found }
    return nil
  }

  @Test func theFirstDomainThatMatchesCounts() {
    #expect(masked("a@h.x.test", ["x.test"]) == "a@x.test")
    #expect(masked("A@H.X.test", ["X.Test"]) == "A@x.test")
    #expect(masked("a@h.k.x.test", ["!k.x.test", "x.test"]) == "a@h.k.x.test")
    #expect(masked("a@k.x.test", ["!k.x.test", "x.test"]) == "a@k.x.test")
    #expect(masked("a@h.x.test", ["test", "x.test"]) == "a@test")
    #expect(masked("a@x.test", ["x.test", "test"]) == "a@x.test")
    #expect(masked("a@hx.test", ["x.test"]) == "a@hx.test")
  }

  @Test func whoIsLeftAlone() {
    #expect(masked("Root@h.x.test", ["x.test"]) == "Root@h.x.test")
    #expect(masked("a@h.x.test", ["x.test"], .headerRecipient) == "a@h.x.test")
    #expect(masked("", ["x.test"]) == "")
    #expect(masked("bare", ["x.test"]) == "bare")
  }
}
