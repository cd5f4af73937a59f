// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Runtime

@Suite struct TLSProtocolsTests {
  @Test(
    arguments: [
      (">=TLSv1", [.tls1, .tls11, .tls12, .tls13]),
      (">=TLSv1.2", [.tls12, .tls13]),
      ("!SSLv2, !SSLv3", [.tls1, .tls11, .tls12, .tls13]),
      ("!SSLv2:!SSLv3:!TLSv1:!TLSv1.1", [.tls12, .tls13]),
      ("TLSv1.2 TLSv1.3", [.tls12, .tls13]),
      ("TLSv1.2", [.tls12]),
      ("TLSv1.1, TLSv1.3", [.tls11, .tls13]),
      (">=TLSv1.1 <=TLSv1.2", [.tls11, .tls12]),
      (">=tlsV1.3", [.tls13]),
      (">=0x0303", [.tls12, .tls13]),
      ("<=0x0304, >=TLSv1.2", [.tls12, .tls13]),
      (">=SSLv3", [.ssl3, .tls1, .tls11, .tls12, .tls13]),
      ("", [.ssl3, .tls1, .tls11, .tls12, .tls13]),
    ] as [(String, [TLSVersion])])
  func settings(value: String, allowed: [TLSVersion]) throws {
    #expect(try TLSProtocols(value).allowed == allowed)
  }

  @Test(arguments: ["TLSv2", ">TLSv1.2", "> =TLSv1", ">=", "!", "0x", "0xzz", "0x-1", ">=!TLSv1"])
  func whatIsNoProtocolIsNamed(value: String) {
    #expect(throws: TLSConfigurationError.self) { try TLSProtocols(value) }
  }

  @Test(arguments: ["SSLv2", ">=0x0305", "TLSv1.2 !TLSv1.2", ">=TLSv1.3 <=TLSv1.2"])
  func nothingLeftIsAnError(value: String) {
    #expect(throws: TLSConfigurationError(value, "leaves no TLS protocol")) { try TLSProtocols(value) }
  }

  @Test func thePostfixDefault() throws {
    #expect(try TLSProtocols(">=TLSv1") == .postfix)
  }

  @Test func cipherGrades() {
    #expect(TLSCiphers.Grade(setting: "medium") == .medium)
    #expect(TLSCiphers.Grade(setting: "export") == .medium)
    #expect(TLSCiphers.Grade(setting: "high") == .high)
    #expect(TLSCiphers.Grade(setting: "null") == nil)
    #expect(TLSCiphers(grade: .high, excluded: ["kRSA"]).list == "HIGH:@STRENGTH:!aNULL:!eNULL:!kRSA")
  }
}

@Suite struct TLSServerNamesTests {
  static let names: TLSServerNames<Int> = {
    var names = TLSServerNames<Int>()
    for (pattern, value) in [("mx.Example.org", 1), ("*.example.org", 2), (".example.org", 3), (".net", 4), (".b.net", 5)] { names[pattern] = value }
    return names
  }()

  @Test(
    arguments: [
      ("mx.example.org", 1), ("MX.EXAMPLE.ORG", 1), ("www.example.org", 2), ("a.b.example.org", 3), ("example.org", nil), ("a.net", 4),
      ("a.b.net", 5), ("x.a.b.net", 5), ("net", nil), ("", nil), (".example.org", nil), ("a b.example.org", nil), ("a\n.example.org", nil),
      ("*.example.org", nil), ("mx.example.org.", nil),
    ] as [(String, Int?)])
  func match(name: String, value: Int?) { #expect(Self.names.match(name) == value) }
}
