// SPDX-License-Identifier: Apache-2.0
import IDNA
import Testing

@Suite struct DomainFormTests {
  @Test(arguments: [
    ("Example.COM", "example.com"), ("example.com..", "example.com"), ("", ""), (".", ""), (".Example.com", ".example.com"),
    ("[127.0.0.1]", "[127.0.0.1]"), ("[IPv6:::1]", "[ipv6:::1]"), ("BÜCHER.example", "xn--bcher-kva.example"),
    ("bu\u{308}cher.Example.", "xn--bcher-kva.example"), (".bücher.example", ".xn--bcher-kva.example"),
    ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
    ("faß.de", "xn--fa-hia.de"), ("例え.テスト", "xn--r8jz45g.xn--zckzah"), ("δοκιμή。example", "xn--jxalpdlp.example"),
    ("a\u{200B}é\u{0}.x", "a\u{200B}é\u{0}.x"),
    // No name of IDNA: compared as it is.
    ("-é.example", "-é.example"),
  ])
  func aNameHasOneForm(_ given: String, _ canonical: String) { #expect(DomainForm.canonical(given) == canonical) }

  /// RFC 1035 §2.3.4: 63 octets in A-label form.
  @Test func aLabelHasALength() {
    let longest = "é" + String(repeating: "a", count: 55)
    #expect(DomainForm.canonical(longest).hasPrefix("xn--"))
    #expect(DomainForm.canonical(longest).utf8.count == 63)
    #expect(DomainForm.canonical(longest + "a") == longest + "a")
  }

  @Test(arguments: [
    ("example.com", ["example.com"]), ("bücher.example", ["xn--bcher-kva.example", "bücher.example"]),
    ("xn--bcher-kva.EXAMPLE", ["xn--bcher-kva.example", "bücher.example"]), ("xn--.example", ["xn--.example"]), ("axn--b.x", ["axn--b.x"]),
  ])
  func bothFormsAreKeys(_ given: String, _ keys: [String]) { #expect(DomainForm.keys(given) == keys) }
}
