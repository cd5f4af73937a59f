// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Message

@Suite struct MessagePartsTests {
  private func parts(_ type: String, _ body: String, _ reading: MessageParts.Reading = []) -> MessageParts {
    let header = type.split(separator: "|").map { (name: Array("Content-Type".utf8), value: Array($0.utf8)) }
    return Array(body.utf8).withUnsafeBytes { MessageParts(header: header, body: $0, reading: reading) }
  }

  private func texts(_ type: String, _ body: String, _ reading: MessageParts.Reading = []) -> [String] {
    let bytes = Array(body.utf8)
    return parts(type, body, reading).parts.filter { !$0.isContainer }.map { String(decoding: bytes[$0.content], as: UTF8.self) }
  }

  @Test func asTheRuleHasIt() {
    let body = "x\n--b\nContent-Type: text/html\n\none\n--b\n\ntwo\n--b--\ny\n"
    #expect(texts("multipart/mixed; boundary=b", body) == ["one", "two"])
    #expect(parts("multipart/mixed; boundary=b", body).parts.map(\.type) == ["multipart/mixed", "text/html", "text/plain"])
    #expect(parts("multipart/mixed; boundary=b", body).doubts == [])
    #expect(texts("text/plain", "x\n") == ["x\n"])
  }

  @Test(arguments: [
    ("multipart/mixed", "--c\n\none\n--c--\n", [] as MessageParts.Reading, ["one"]),
    ("multipart/mixed; boundary=b", "--c\n\none\n--c--\n", .guess, ["one"]),
    ("multipart/mixed; boundary=a; boundary=b", "--b\n\none\n--b--\n", .last, ["one"]),
    ("multipart/mixed; boundary=a; boundary=b", "--b\n\none\n--a\n\ntwo\n--a--\n", .all, ["one", "two"]),
    ("text/plain|multipart/mixed; boundary=b", "--b\n\none\n--b--\n", .last, ["one"]),
    ("multipart/mixed; boundary=b", "--bb\n\none\n--bb\n", .prefix, ["one", ""]),
    ("multipart/mixed; boundary=b", "--b--\n--b\n\none\n--b--\n", .reopen, ["one"]),
    ("multipart/mixed; boundary=b", "--b\nX: y\nno field\none\n--b--\n", .shortHeader, ["no field\none"]),
  ])
  func otherReadings(type: String, body: String, reading: MessageParts.Reading, expected: [String]) {
    #expect(texts(type, body, reading) == expected)
    if reading != [] { #expect(parts(type, body).doubts.contains(reading), "\(parts(type, body).doubts)") }
  }

  @Test func nestedMessages() {
    let body = "--b\nContent-Type: message/rfc822\n\nSubject: x\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\none\n--c--\n--b--\n"
    let found = parts("multipart/mixed; boundary=b", body)
    #expect(found.parts.map(\.depth) == [0, 1, 2, 3])
    #expect(texts("multipart/mixed; boundary=b", body) == ["one"])
  }

  /// A part and its header are what is taken out.
  @Test func wholeParts() {
    let body = "--b\nA: b\n\none\n--b--\n"
    let bytes = Array(body.utf8)
    #expect(parts("multipart/mixed; boundary=b", body).parts.last.map { String(decoding: bytes[$0.whole], as: UTF8.self) } == "A: b\n\none")
  }

  @Test(arguments: ["base64", "BASE64", "\"base64\";", "(x) base64", "x-base64"])
  func encodings(word: String) {
    let header = [(name: Array("Content-Transfer-Encoding".utf8), value: Array(word.utf8))]
    let found = Array("x".utf8).withUnsafeBytes { MessageParts(header: header, body: $0) }
    #expect(found.parts.first?.encodings.contains(.base64) == true)
  }

  // MARK: Bounds

  private func nested(_ levels: Int) -> String {
    (0..<levels).map { "Content-Type: multipart/mixed; boundary=n\($0)e\n\n--n\($0)e\n" }.joined() + "\nx\n"
  }

  @Test func depthHasTwoSides() {
    let inside = MessageParts.maximumDepth - 1
    #expect(!parts("multipart/mixed; boundary=b", "--b\n" + nested(inside)).isExcessive)
    #expect(parts("multipart/mixed; boundary=b", "--b\n" + nested(inside + 1)).isExcessive)
    #expect(parts("message/rfc822", String(repeating: "Content-Type: message/rfc822\n\n", count: 10_000)).isExcessive)
  }

  @Test func numberHasTwoSides() {
    let part = "--b\n\n\n"
    #expect(!parts("multipart/mixed; boundary=b", String(repeating: part, count: MessageParts.maximumParts - 1)).isExcessive)
    let found = parts("multipart/mixed; boundary=b", String(repeating: part, count: 1_000_000))
    #expect(found.isExcessive && found.parts.count == MessageParts.maximumParts)
    for line in ["--bb\n", "--c\n"] {
      #expect(!parts("multipart/mixed; boundary=b", String(repeating: line, count: 20_000)).isExcessive)
      #expect(parts("multipart/mixed; boundary=b", String(repeating: line, count: 20_000), [.prefix, .guess]).isExcessive)
    }
  }
}
