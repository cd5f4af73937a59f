// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Testing

@testable import Tables

@Suite struct AddressKeyTests {
  @Test(arguments: [
    ("alice", ["alice@d", "@d"]), ("alice+news", ["alice+news@d", "alice@d", "@d"]), ("+news", ["+news@d", "@d"]),
    ("a+b+c", ["a+b+c@d", "a@d", "@d"]), ("postmaster", ["postmaster@d", "@d"]),
  ])
  func virtual(local: String, keys: [String]) {
    #expect(AddressKey.virtualMailbox(local: local, domain: "d", delimiters: "+").map(\.text) == keys)
  }

  @Test func local() {
    let keys = AddressKey.localRecipient(local: "a-b", domain: "d", delimiters: "+-")
    #expect(keys.map(\.text) == ["a-b@d", "a@d", "a-b", "a", "@d"])
    #expect(keys.map(\.form) == [.full, .withoutExtension, .local, .localWithoutExtension, .domain])
  }

  @Test(arguments: ["owner-list", "list-request", "mailer-daemon", "double-bounce"])
  func neverSplits(local: String) {
    #expect(AddressKey.split(local, delimiters: "-") == nil)
  }

  @Test func splitsOwnersAtOtherDelimiters() {
    #expect(AddressKey.split("owner-list+x", delimiters: "+")?.extension == "x")
    #expect(AddressKey.split("alice+x", delimiters: "") == nil)
  }

  @Test func theNearestKeyOfAnyTableWins() throws {
    let texts = ["inline:{ @d = catchall }", "inline:{ alice@d = alice/ }"]
    let references = try texts.map { try #require(TableReference(LocatedText(name: "t", text: $0))) }
    let list = TableList.read(references, files: MemoryFiles()).list
    let match = list.match(AddressKey.virtualMailbox(local: "alice+x", domain: "d", delimiters: "+"))
    #expect(match?.value == "alice/")
    #expect(match?.key.form == .withoutExtension)
    #expect(list.match(AddressKey.virtualMailbox(local: "bob", domain: "d", delimiters: "+"))?.value == "catchall")
    #expect(list.match(AddressKey.virtualMailbox(local: "bob", domain: "e", delimiters: "+")) == nil)
  }
}
