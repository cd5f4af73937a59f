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

  /// A table may have the name in either form.
  @Test(arguments: ["bücher.example", "xn--bcher-kva.example", "BÜCHER.Example"]) func domainsInAnyScript(domain: String) {
    let keys = AddressKey.virtualMailbox(local: "Jörg+x", domain: domain, delimiters: "+").map(\.text)
    #expect(
      keys == [
        "Jörg+x@xn--bcher-kva.example", "Jörg+x@bücher.example", "Jörg@xn--bcher-kva.example", "Jörg@bücher.example", "@xn--bcher-kva.example",
        "@bücher.example",
      ])
    let local = AddressKey.localRecipient(local: "a", domain: domain, delimiters: "").map(\.text)
    #expect(local == ["a@xn--bcher-kva.example", "a@bücher.example", "a", "@xn--bcher-kva.example", "@bücher.example"])
  }

  /// Of several delimiters the first in the address counts, whatever their order in the setting.
  @Test(arguments: [
    ("a+b-c", "a"), ("a-b+c", "a"), ("owner-a+b", "owner-a+b"), ("a-request", "a-request"), ("-a", "-a"), ("-a-b", "-a"), ("a+", "a"),
  ])
  func severalDelimiters(local: String, base: String) { #expect((AddressKey.split(local, delimiters: "+-")?.base ?? local) == base) }

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
