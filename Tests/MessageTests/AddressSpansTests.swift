// SPDX-License-Identifier: Apache-2.0
import Message
import Testing

@Suite struct AddressSpansTests {
  @Test(arguments: [
    ("a@b.example", ["a@b.example"]), (" A B <a@b.example>, c@d.example (x@y)", ["a@b.example", "c@d.example"]),
    ("\"x@y, z\" <a@b>, Group: c@d, e@f;", ["a@b", "c@d", "e@f"]), ("x@y z <a@b>", ["a@b"]), ("two words@here", []),
    ("\"q q\"@b, <@r:a@b>, alone", []),
    ("<a@b", ["a@b"]), ("(", []), ("\"", []), ("a@b\n\t, c@d", ["a@b", "c@d"]), ("", []), ("<>", []), ("@b, a@, a@@b", []), ("(a\\", []),
  ])
  func found(text: String, expected: [String]) {
    let bytes = Array(text.utf8)
    bytes.withUnsafeBytes { raw in
      var found: [String] = []
      AddressSpans.forEach(in: raw, 0..<raw.count) { found.append(String(decoding: raw[$0], as: UTF8.self)) }
      #expect(found == expected)
    }
  }

  @Test func whoseAddressesAFieldHolds() {
    #expect(AddressSpans.place("Reply-To".utf8) == .headerSender)
    #expect(AddressSpans.place("Resent-Reply-To".utf8) == .headerRecipient)
    #expect(AddressSpans.place("Subject".utf8) == nil)
  }

  @Test func addressesAreChangedInTheHeaderAlone() {
    let text = "From: A <a@local>\nSubject: a@local\nTo: x@local,\n y@else\n\nFrom: a@local\n"
    let result = Array(text.utf8).withUnsafeBytes { HeaderBlock.withAddresses(of: $0) { $0.replacing("@local", with: "@world.example") } }
    #expect(
      result.map { String(decoding: $0.header, as: UTF8.self) } == "From: A <a@world.example>\nSubject: a@local\nTo: x@world.example,\n y@else\n")
    #expect(result?.rest == text.utf8.count - "\nFrom: a@local\n".utf8.count)
    #expect(Array("From: a@b\n\n".utf8).withUnsafeBytes { HeaderBlock.withAddresses(of: $0) { $0 } } == nil)
  }
}
