// SPDX-License-Identifier: Apache-2.0
import Bytes
import Server
import Testing

@Suite struct PassTests {
  private func passes(_ text: String) throws -> Passes { try #require(Passes(text)) }
  private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

  @Test func theTextIsThatOfPostfix() throws {
    var passes = Passes()
    passes[.pregreet] = 1_795_361_363
    passes[.dnsbl] = Passes.notMade
    #expect(passes.text == "1795361363;1;0;0;0")
    #expect(Passes(passes.text) == passes)
    for wrong in ["", "1;2;3;4", "1;2;3;4;5;6", "1;2;3;4;x", "1;2;3;4;-5", "1;2;3;4;99999999999999999999"] { #expect(Passes(wrong) == nil) }
  }

  @Test func aListIsReadBack() throws {
    let entries = [(try address("192.0.2.1"), try passes("5;1;1;1;1")), (try address("2001:db8::1"), try passes("5;6;7;8;9"))]
    let read = try PassList.read(PassList.text(entries), limit: 2)
    #expect(read.map(\.key) == entries.map(\.0) && read.map(\.value) == entries.map(\.1))
    #expect(try PassList.read(PassList.text([]), limit: 2).isEmpty)
    #expect(throws: PassList.Damage.tooMany) { try PassList.read(PassList.text(entries), limit: 1) }
  }

  @Test func everyDamageIsSeen() throws {
    let text = PassList.text([(try address("192.0.2.1"), try passes("5;1;1;1;1"))])
    for length in 0..<text.count { #expect(throws: PassList.Damage.self) { try PassList.read(Array(text[..<length]), limit: 9) } }
    for place in text.indices {
      var changed = text
      changed[place] ^= 1
      #expect(throws: PassList.Damage.self) { try PassList.read(changed, limit: 9) }
    }
  }

  @Test func clientsAreForgottenInTime() throws {
    let cache = PassCache(capacity: 2, retention: .seconds(10))
    #expect(cache.takeChanges() == nil)
    let clients = try ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map(address)
    for client in clients { cache.remember(try passes("100;1;1;1;1"), for: client) }
    #expect(cache.passes(of: clients[0], now: 50) == nil)
    #expect(cache.passes(of: clients[1], now: 109) != nil)
    #expect(cache.takeChanges()?.map(\.key) == [clients[2], clients[1]])
    #expect(cache.takeChanges() == nil)
    cache.restoreChanges()
    #expect(cache.takeChanges()?.count == 2)
    let early = cache.cleanUp(now: 109)
    #expect(early == (2, 0))
    let late = cache.cleanUp(now: 110)
    #expect(late == (0, 2))
    #expect(cache.takeChanges()?.isEmpty == true)
  }

  @Test func whatOthersKnewIsAdded() throws {
    let cache = PassCache()
    let client = try address("192.0.2.1")
    cache.remember(try passes("100;0;50;1;1"), for: client)
    cache.adopt([(client, try passes("90;70;60;1;1"))], now: 0)
    #expect(cache.passes(of: client, now: 0) == (try passes("100;70;60;1;1")))
  }
}
