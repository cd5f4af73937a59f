// SPDX-License-Identifier: Apache-2.0
import Message
import Testing

@Suite struct SevenBitFormTests {
  private func converted(_ text: String) -> String? {
    Array(text.utf8).withUnsafeBytes { SevenBitForm.of($0) }.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func asciiStaysAsItIs() {
    #expect(converted("Subject: x\n\nText\n") == nil)
  }

  @Test func aTextBecomesQuotedPrintable() {
    #expect(
      converted("MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\nTo: x\n\nGr\u{fc}\u{df}e = 1 \nok\n")
        == "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nTo: x\nContent-Transfer-Encoding: quoted-printable\n\nGr=C3=BC=C3=9Fe =3D 1=20\nok\n"
    )
  }

  @Test func whatIsNoMIMEBecomesIt() {
    #expect(
      converted("Subject: x\n\n\u{fc}\n")
        == "Subject: x\nContent-Transfer-Encoding: quoted-printable\nMIME-Version: 1.0\nContent-Type: text/plain; charset=unknown-8bit\n\n=C3=BC\n")
  }

  @Test func onlyThePartsThatNeedIt() {
    let text = """
      MIME-Version: 1.0
      Content-Type: multipart/mixed; boundary=b
      Content-Transfer-Encoding: 8bit

      --b
      Content-Type: text/plain; charset=utf-8
      Content-Transfer-Encoding: 8bit

      \u{e9}
      --b
      Content-Type: text/plain

      plain
      --b

      \u{e8}
      --b
      Content-Transfer-Encoding: base64

      AAAA
      --b--

      """
    let expected = """
      MIME-Version: 1.0
      Content-Type: multipart/mixed; boundary=b
      Content-Transfer-Encoding: 7bit

      --b
      Content-Type: text/plain; charset=utf-8
      Content-Transfer-Encoding: quoted-printable

      =C3=A9
      --b
      Content-Type: text/plain

      plain
      --b
      Content-Transfer-Encoding: quoted-printable

      =C3=A8
      --b
      Content-Transfer-Encoding: base64

      AAAA
      --b--

      """
    #expect(converted(text) == expected)
  }

  @Test func attachedMessagesToo() {
    let text = "MIME-Version: 1.0\nContent-Type: message/rfc822\nContent-Transfer-Encoding: 8bit\n\nSubject: in\nMIME-Version: 1.0\n\n\u{e9}\n"
    #expect(
      converted(text)
        == "MIME-Version: 1.0\nContent-Type: message/rfc822\nContent-Transfer-Encoding: 7bit\n\nSubject: in\nMIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n\n=C3=A9\n"
    )
  }

  @Test func linesAreShort() {
    let text = "MIME-Version: 1.0\n\n" + String(repeating: "x", count: 76) + "\n" + String(repeating: "\u{e9}", count: 100) + "\n"
    let lines = converted(text)?.split(separator: "\n", omittingEmptySubsequences: false) ?? []
    #expect(lines.allSatisfy { $0.utf8.count <= 76 } && lines.contains(Substring(String(repeating: "x", count: 76))))
    #expect(lines.joined().replacing("=", with: "").contains("C3A9C3A9"))
  }
}
