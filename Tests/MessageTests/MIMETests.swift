// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Message

@Suite struct MIMEParametersTests {
  private func read(_ text: String) -> MIMEParameters { Array(text.utf8).withUnsafeBytes { MIMEParameters($0) } }
  private func text(_ field: String, _ name: String) -> String? { read(field).text(name).map { String(decoding: $0, as: UTF8.self) } }

  @Test(arguments: [
    ("text/plain", "text/plain"), (" Text/HTML ; charset=utf-8", "text/html"), ("(c) text/plain(d)", "text/plain"), ("", ""), (";", ""),
  ])
  func values(field: String, expected: String) { #expect(read(field).value == expected) }

  @Test(arguments: [
    ("attachment; filename=virus.exe", "virus.exe"), ("attachment; filename=\"virus.exe\"", "virus.exe"),
    ("attachment; FILENAME = \"a \\\"b\\\".exe\"", "a \"b\".exe"),
    ("attachment; filename*0=\"vir\"; filename*1=\"us.exe\"", "virus.exe"), ("attachment; filename*=utf-8''%76irus.exe", "virus.exe"),
    ("attachment; filename*0*=iso-8859-1'de'%FCber; filename*1=.exe", "über.exe"), ("attachment; filename=\"=?utf-8?B?dmlydXMuZXhl?=\"", "virus.exe"),
    ("attachment; filename=my virus.exe", "my virus.exe"), ("attachment; filename=\"a\n b.exe", "a b.exe"),
    ("attachment; x=1; filename=v.exe; y", "v.exe"),
  ])
  func fileNames(field: String, expected: String) { #expect(text(field, "filename") == expected) }

  @Test(arguments: ["attachment", "attachment; filename", "attachment; =x", "\"", ";;;;", "a;b=\"", "a; filename*", "x; (((((", "x; a=\\"])
  func oddities(field: String) { _ = text(field, "filename") }
}

@Suite struct MIMEStructureTests {
  private func parts(_ type: String, _ body: String) -> [(type: String, depth: Int, isNested: Bool, content: String)] {
    let bytes = Array(body.utf8)
    return bytes.withUnsafeBytes { raw in
      MIMEStructure(header: [(Array("Content-Type".utf8), Array(type.utf8))], body: raw).parts.map {
        ($0.type.value, $0.depth, $0.isNested, String(decoding: raw[$0.content], as: UTF8.self))
      }
    }
  }

  private func summary(_ type: String, _ body: String) -> [String] {
    parts(type, body).map { "\($0.depth) \($0.type)\($0.isNested ? " nested" : ""): \($0.content.replacing("\n", with: "|"))" }
  }

  @Test func plainIsOnePart() { #expect(summary("text/plain", "one\ntwo\n") == ["0 text/plain: one|two|"]) }

  @Test func multipartHasItsParts() {
    let body = "preamble\n--b\nContent-Type: text/html\n\n<p>\n--b  \n\nplain\n--b--\nepilogue\n"
    #expect(summary("multipart/mixed; boundary=b", body) == ["0 multipart/mixed: ", "1 text/html: <p>", "1 text/plain: plain"])
  }

  @Test func multipartsWithinMultiparts() {
    let body = "--a\nContent-Type: multipart/alternative; boundary=\"b\"\n\n--b\n\nx\n--b--\n--a\nContent-Type: image/png\n\ny\n--a--\n"
    #expect(
      summary("multipart/mixed; boundary=a", body) == [
        "0 multipart/mixed: ", "1 multipart/alternative: ", "2 text/plain: x", "1 image/png: y",
      ])
  }

  @Test func theOuterBoundaryEndsWhatIsWithin() {
    let body = "--a\nContent-Type: multipart/x; boundary=b\n\n--b\n\nx\n--a\n\ny\n"
    #expect(summary("multipart/mixed; boundary=a", body) == ["0 multipart/mixed: ", "1 multipart/x: ", "2 text/plain: x", "1 text/plain: y|"])
  }

  @Test func attachedMessages() {
    let body = "Subject: inner\nContent-Type: multipart/mixed; boundary=c\n\n--c\nContent-Type: text/css\n\nz\n--c--\n"
    #expect(summary("message/rfc822", body) == ["0 message/rfc822: ", "1 multipart/mixed nested: ", "2 text/css nested: z"])
  }

  @Test func withoutAnEndItIsReadAsFarAsItGoes() {
    #expect(summary("multipart/mixed; boundary=b", "--b\nContent-Type: text/x") == ["0 multipart/mixed: ", "1 text/x: "])
    #expect(summary("multipart/mixed; boundary=b", "") == ["0 multipart/mixed: "])
    #expect(summary("multipart/mixed", "--\n\nx\n") == ["0 multipart/mixed: --||x|"])
  }

  @Test func depthIsBounded() {
    var body = ""
    for level in 0..<1000 { body += "--b\(level)\nContent-Type: multipart/mixed; boundary=b\(level + 1)\n\n" }
    let found = parts("multipart/mixed; boundary=b0", body)
    #expect(found.map(\.depth).max() == MIMEStructure.maximumDepth)
  }

  @Test func partsAreBounded() {
    let body = String(repeating: "--b\n\nx\n", count: 20_000)
    #expect(parts("multipart/mixed; boundary=b", body).count == MIMEStructure.maximumParts)
  }

  @Test(arguments: [
    (MIMEStructure.Encoding.base64, "bG90\ndGVyeQ==\n", "lottery"), (.quotedPrintable, "lot=\nte=72=79 \n", "lottery \n"),
    (.identity, "a\nb", "a\nb"),
    (.quotedPrintable, "a=  \nb=Z", "ab=Z"), (.base64, "!!!", ""),
  ])
  func decodes(encoding: MIMEStructure.Encoding, text: String, expected: String) {
    for limit in [1000, 5] {
      let bytes = Array(text.utf8)
      var decoder = TransferDecoder(encoding, 0..<bytes.count)
      var output: [UInt8] = []
      bytes.withUnsafeBytes { raw in while !decoder.isAtEnd { output += decoder.next(raw, limit: limit) } }
      if encoding != .quotedPrintable || limit == 1000 { #expect(String(decoding: output, as: UTF8.self) == expected) }
    }
  }
}

@Suite struct EncodedWordsTests {
  private func decoded(_ text: String) -> String { Array(text.utf8).withUnsafeBytes { String(decoding: EncodedWords.decoded($0), as: UTF8.self) } }

  @Test(arguments: [
    ("plain", "plain"), ("=?utf-8?B?bG90dGVyeQ==?=", "lottery"), ("=?UTF-8?q?lot=74ery_now?=", "lottery now"), ("a\n\tb", "a\tb"),
    ("=?utf-8?q?lot?= =?utf-8?q?tery?=", "lottery"), ("=?utf-8?q?lot?=\n =?utf-8?q?tery?=", "lottery"), ("x =?utf-8?q?y?= z", "x y z"),
    ("=?iso-8859-1?q?=FCber?=", "über"), ("=?klingon?q?x?=", "=?klingon?q?x?="), ("=?utf-8?x?y?=", "=?utf-8?x?y?="),
    ("=?utf-8?q?open", "=?utf-8?q?open"),
    ("=?", "=?"), ("=", "="), ("=?utf-8*en?q?x?=", "x"),
  ])
  func decodes(text: String, expected: String) { #expect(decoded(text) == expected) }
}
