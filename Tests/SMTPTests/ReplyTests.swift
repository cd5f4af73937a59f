// SPDX-License-Identifier: Apache-2.0
import Bytes
import SMTP
import Testing

@Suite struct ReplyTests {
  private func written(_ reply: Reply) -> String {
    var buffer = ByteBuffer()
    reply.write(to: &buffer)
    return String(decoding: buffer.array(), as: UTF8.self)
  }

  @Test(arguments: [
    (Reply(250, EnhancedStatus(2, 1, 0), "Ok"), "250 2.1.0 Ok\r\n"), (Reply(354, nil, "Go on"), "354 Go on\r\n"), (Reply(250, nil, ""), "250 \r\n"),
    (Reply(250, nil, "a\nb\nc"), "250-a\r\n250-b\r\n250 c\r\n"), (Reply(550, EnhancedStatus(5, 7, 1), "a\nb"), "550-5.7.1 a\r\n550 5.7.1 b\r\n"),
    (Reply(550, nil, "a\rb\u{0}c\u{7f}d\té"), "550 a?b?c?d?é\r\n"),
  ])
  func written(reply: Reply, expected: String) { #expect(written(reply) == expected) }

  @Test(arguments: [
    Reply(250, EnhancedStatus(2, 1, 0), "Ok"), Reply(354, nil, "Go on"), Reply(250, nil, "a\nb"), Reply(550, EnhancedStatus(5, 17, 100), "a\nb c"),
    Reply(250, nil, "4.7.1 not of this class"),
  ])
  func parsedAsWritten(reply: Reply) throws {
    var parser = ReplyParser()
    var parsed: ServerReply?
    for line in written(reply).split(separator: "\r\n") {
      #expect(parsed == nil)
      parsed = try Array(line.utf8).withUnsafeBytes { try parser.lineReceived($0) }
    }
    #expect(parsed?.code == reply.code && parsed?.status == reply.status)
    let prefix = reply.status.map { "\($0) " } ?? ""
    #expect(parsed?.texts.joined(separator: "\n") == reply.lines.map { prefix + $0 }.joined(separator: "\n"))
  }

  @Test func codesMustAgree() throws {
    var parser = ReplyParser()
    _ = try Array("250-a".utf8).withUnsafeBytes { try parser.lineReceived($0) }
    #expect(throws: ReplyParser.Fault.self) { try Array("251 b".utf8).withUnsafeBytes { try parser.lineReceived($0) } }
  }

  @Test func anEndlessReplyIsNotKept() throws {
    var parser = ReplyParser()
    let line = Array("250-\(String(repeating: "x", count: 1000))".utf8)
    for _ in 0..<1000 { _ = try line.withUnsafeBytes { try parser.lineReceived($0) } }
    let reply = try Array("250 end".utf8).withUnsafeBytes { try parser.lineReceived($0) }
    #expect((reply?.words.utf8.count ?? 0) <= ReplyParser.maximumText + 1001)
  }

  @Test func summaries() {
    #expect(Reply(550, EnhancedStatus(5, 7, 1), "a\nb").summary == "550 5.7.1 a b")
    #expect(Reply(450, nil, "x").isTransient && !Reply(550, nil, "x").isTransient && Reply(550, nil, "x").isNegative)
  }
}
