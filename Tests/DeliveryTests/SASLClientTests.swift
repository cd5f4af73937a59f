// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Delivery
@testable import SMTP

@Suite struct SASLClientTests {
  private func client(_ mechanism: SASLMechanism, _ user: String = "user", _ password: String = "pencil", nonce: String = "n") -> SASLClient {
    SASLClient(mechanism, SASLCredentials(user: user, password: password), hashes: .openSSL, nonce: nonce)
  }

  private func base64(_ text: String) -> String { Base64.encode(Array(text.utf8)) }
  private func text(_ base64: String) -> String { String(decoding: Base64.decode(base64) ?? [], as: UTF8.self) }

  @Test(arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")])
  func base64(plain: String, coded: String) {
    #expect(Base64.encode(Array(plain.utf8)) == coded)
    #expect(Base64.decode(coded) == Array(plain.utf8))
  }

  @Test(arguments: ["Z", "Zg=", "Z===", "Zg==Zg==", "Z!=="])
  func noBase64(text: String) { #expect(Base64.decode(text) == nil) }

  @Test func plainAndLogin() throws {
    #expect(client(.plain, "tim", "tanstaaftanstaaf").command == "AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm")
    var login = client(.login)
    #expect(login.command == "AUTH LOGIN")
    #expect(try text(login.answer(base64("Username:"))) == "user")
    #expect(try text(login.answer(base64("Password:"))) == "pencil")
    #expect(throws: SASLClient.Fault.self) { try login.answer("") }
  }

  /// The example of RFC 2195 §2.
  @Test func cramMD5() throws {
    var cram = client(.cramMD5, "tim", "tanstaaftanstaaf")
    #expect(try text(cram.answer(base64("<1896.697170952@postoffice.reston.mci.net>"))) == "tim b913a602c7eda7a495b4e6e7334d3890")
  }

  /// The example of RFC 7677 §3.
  private static let first = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
  private static let signature = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

  @Test func scramSHA256() throws {
    var scram = client(.scramSHA256, nonce: "rOprNGfwEbeRWgbNEkqO")
    #expect(text(String(scram.command.dropFirst("AUTH SCRAM-SHA-256 ".count))) == "n,,n=user,r=rOprNGfwEbeRWgbNEkqO")
    #expect(
      try text(scram.answer(base64(Self.first)))
        == "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    #expect(try scram.answer(base64(Self.signature)) == "")
    try scram.succeeded("235 2.7.0 fine")
  }

  @Test func aServerWithoutTheProofIsNone() throws {
    var scram = client(.scramSHA256, nonce: "rOprNGfwEbeRWgbNEkqO")
    _ = try scram.answer(base64(Self.first))
    #expect(throws: SASLClient.Fault.forgedServer) { try scram.succeeded("235 2.7.0 fine") }
    #expect(throws: SASLClient.Fault.forgedServer) { try scram.answer(base64("v=AAAA")) }
    var other = client(.scramSHA256, nonce: "mine")
    #expect(throws: SASLClient.Fault.forgedServer) { try other.answer(base64("r=theirs,s=QQ==,i=4096")) }
    var greedy = client(.scramSHA256, nonce: "mine")
    #expect(throws: SASLClient.Fault.self) { try greedy.answer(base64("r=mineX,s=QQ==,i=\(SCRAMClient.maximumIterations + 1)")) }
  }

  @Test(arguments: [
    (["PLAIN", "LOGIN"], ["noplaintext"], nil), (["plain", "CRAM-MD5"], ["noplaintext", "noanonymous"], SASLMechanism.cramMD5),
    (["PLAIN", "LOGIN"], ["noanonymous"], .plain), (["CRAM-MD5", "SCRAM-SHA-256"], ["mutual_auth"], .scramSHA256), (["XOAUTH2", "GSSAPI"], [], nil),
    (["CRAM-MD5"], ["noactive"], nil), (["SCRAM-SHA-256"], ["nodictionary"], nil),
  ])
  func choice(offered: [String], demands: [String], expected: SASLMechanism?) {
    #expect(SASLMechanism.choose(offered: offered, demands: SASLMechanism.Demands(words: demands)) { _ in true } == expected)
  }
}
