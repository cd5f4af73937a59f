// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Message

/// That this is what Postfix looks at is asked of it in Tests/EndToEnd/test_body_checks.py.
@Suite struct BodyLinesTests {
  /// `part X-A: 1`, `nested Subject: x`, `0 text`: with the offset in the part, and `+` where the line goes on.
  private func events(_ type: String?, _ body: String) -> [String] {
    let bytes = Array(body.utf8)
    return bytes.withUnsafeBytes { bytes in
      var lines = BodyLines(types: type.map { [Array($0.utf8)] } ?? [], body: bytes)
      var found: [String] = []
      lines.run { event in
        switch event {
        case .field(let field):
          let text = String(decoding: bytes[field.name.lowerBound..<field.value.upperBound], as: UTF8.self)
          found.append("\(field.isNested ? "nested" : "part") \(text.replacing("\n", with: "|"))")
        case .text(let text):
          let goesOn = text.end == text.range.upperBound && text.end < bytes.count
          found.append("\(text.offset) \(String(decoding: bytes[text.range].prefix(20), as: UTF8.self))\(goesOn ? "+" : "")")
        }
        return true
      }
      return found
    }
  }

  @Test func plainText() {
    #expect(events(nil, "one\n\n--two\nX: 3") == ["1 one", "5 ", "6 --two", "12 X: 3"])
    #expect(events("text/plain", "").isEmpty)
  }

  @Test func longLinesComeInPieces() {
    let long = String(repeating: "a", count: 2048)
    #expect(events(nil, long + "\n" + long + "b\n").map { $0.prefix { $0 != "a" } } == ["1 ", "2050 ", "4099 b"])
    #expect(events(nil, long + "b\n")[0].hasSuffix("a+"))
  }

  @Test func parts() {
    let body = "pre\n--b\nX-A: 1\n 2\nContent-Type: text/plain\n\ntext\n--b--\nend\n"
    #expect(
      events("multipart/mixed; boundary=b", body)
        == ["1 pre", "5 --b", "part X-A: 1| 2", "part Content-Type: text/plain", "0 ", "1 text", "0 --b--", "6 end"])
  }

  @Test func attachedMessages() {
    let body = "Subject: in\nContent-Type: multipart/digest; boundary=d\n\n--d\n\nSubject: x\n\nhi\n--d--\n"
    #expect(
      events("message/rfc822", body)
        == [
          "nested Subject: in", "nested Content-Type: multipart/digest; boundary=d", "0 ", "1 --d", "0 ", "nested Subject: x", "0 ", "1 hi",
          "0 --d--",
        ])
  }

  @Test func headersThatEndWithoutAnEmptyLine() {
    #expect(events("multipart/mixed; boundary=b", "--b\nX-A: 1\nno field\nX-B: 2\n") == ["1 --b", "part X-A: 1", "0 no field", "9 X-B: 2"])
    #expect(events("multipart/mixed; boundary=b", "--b\nX-A: 1\n--b\nX-B: 2") == ["1 --b", "part X-A: 1", "0 --b", "part X-B: 2"])
  }

  @Test func stopsWhenAsked() {
    let body = Array("one\ntwo\n".utf8)
    var count = 0
    body.withUnsafeBytes { bytes in
      var lines = BodyLines(types: [], body: bytes)
      lines.run { _ in
        count += 1
        return false
      }
    }
    #expect(count == 1)
  }

  /// Each takes as long as its bytes are many: a boundary on every line, parts in parts, one endless field.
  @Test(arguments: [
    String(repeating: "--b\n", count: 200_000), String(repeating: "--b\nContent-Type: multipart/mixed; boundary=b\n\n", count: 10_000),
    "--b\nX: " + String(repeating: " a\n", count: 200_000), "--b\n" + String(repeating: "Content-Type: multipart/mixed; boundary=c\n", count: 20_000),
  ])
  func nothingIsQuadratic(body: String) {
    #expect(!events("multipart/mixed; boundary=b", body).isEmpty)
  }

  @Test func textIsDecoded() {
    func decoded(_ fields: [(String, String)], _ body: String) -> [String] {
      let header = fields.map { (name: Array($0.0.utf8), value: Array($0.1.utf8)) }
      var found: [String] = []
      Array(body.utf8).withUnsafeBytes {
        DecodedText.lines(header: header, body: $0, limit: 0) { line in
          found.append(String(decoding: line, as: UTF8.self))
          return true
        }
      }
      return found
    }
    #expect(decoded([("Content-Transfer-Encoding", "base64")], "YSBsb3R0\nZXJ5Cg0KYg==\n") == ["a lottery", "b"])
    #expect(decoded([("Content-Transfer-Encoding", "quoted-printable")], "a l=6Ft=\ntery\n") == ["a lottery"])
    #expect(decoded([("Content-Type", "text/plain; charset=koi8-r"), ("Content-Transfer-Encoding", "base64")], "8NLJ18XU\n") == ["Привет"])
    #expect(decoded([("Content-Type", "text/plain; charset=utf-16le"), ("Content-Transfer-Encoding", "base64")], "aABpAA==\n") == ["hi"])
    #expect(decoded([("Content-Type", "application/pdf"), ("Content-Transfer-Encoding", "base64")], "aGk=\n").isEmpty)
    #expect(decoded([], "plain\n").isEmpty)
    #expect(decoded([("Content-Type", "text/plain; charset=nonsense//IGNORE"), ("Content-Transfer-Encoding", "base64")], "aGk=\n") == ["hi"])
  }

  @Test func fieldsAloneAreThoseOfTheWhole() {
    var random = SystemRandomNumberGenerator()
    let pieces = [
      "--b\n", "--b--\n", "-", "--", "\n", "A: b\n", " c\n", "Content-Type: multipart/mixed; boundary=c\n", "--c\n", "text - of -- a line\n", "x",
      "Content-Type: message/rfc822\n", "\n\n", "--c--\n",
    ]
    for _ in 0..<5000 {
      let text = (0..<Int.random(in: 0...20, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
      let type = Array("multipart/mixed; boundary=b".utf8)
      Array(text.utf8).withUnsafeBytes { bytes in
        var (all, alone): ([String], [String]) = ([], [])
        var lines = BodyLines(types: [type], body: bytes)
        lines.run { event in
          if case .field(let field) = event { all.append("\(field)") }
          return true
        }
        lines = BodyLines(types: [type], body: bytes)
        lines.runFields { field in
          alone.append("\(field)")
          return true
        }
        #expect(all == alone, "\(text.debugDescription)")
      }
    }
  }
}
