// SPDX-License-Identifier: Apache-2.0
import Glibc
import Runtime
import Testing

@Suite struct LogTests {
  /// 2001-09-09 01:46:40 UTC, in whatever zone the machine is in.
  private static let moment: Int64 = 1_000_000_000_000_000

  private func written(_ style: Log.Style, _ body: (Log) -> Void) throws -> String {
    let file = try SealedMemory.open("log")
    defer { closeDescriptor(file) }
    let log = try Log(file, style: style, host: "mx", now: { Self.moment })
    body(log)
    log.flush()
    return String(decoding: try SealedMemory.read(file), as: UTF8.self)
  }

  @Test func classicLinesAreForLogAnalysers() throws {
    let text = try written(.classic(name: "postfix")) {
      $0.info("smtpd", "connect from localhost[127.0.0.1]")
      $0.warning("smtpd", "odd")
      $0.error("qmgr", "bad")
    }
    let lines = text.split(separator: "\n")
    #expect(lines.count == 3)
    let pattern = /Sep [ 0-9]\d \d\d:\d\d:40 mx postfix\/smtpd\[\d+\]: connect from localhost\[127\.0\.0\.1\]/
    #expect(try pattern.wholeMatch(in: lines[0]) != nil)
    #expect(lines[1].hasSuffix("]: warning: odd"))
    #expect(lines[2].hasSuffix("postfix/qmgr[\(Machine.processID)]: error: bad"))
  }

  @Test func whatAClientSaysCannotForgeALine() throws {
    let text = try written(.classic(name: "p")) { $0.info("smtpd", "a\nSep 1 00:00:00 mx p/smtpd[1]: forged\u{1b}[31m\u{7f}") }
    #expect(text.split(separator: "\n").count == 1)
    #expect(!text.contains("\u{1b}") && !text.contains("\u{7f}"))
  }

  @Test func terminalLinesShowOutcomesInColour() throws {
    let text = try written(.terminal) { $0.info("virtual", "ID: to=<a@b>, status=sent (delivered to maildir)") }
    #expect(text.contains("\u{1b}[32mID: to=<a@b>, status=sent"))
  }

  @Test func aRotatedLogGoesOnInTheNewFile() throws {
    let (old, new) = (try SealedMemory.open("old"), try SealedMemory.open("new"))
    let copy = dup(new)
    let log = try Log(old, style: .classic(name: "p"), host: "mx")
    log.info("a", "one")
    log.flush()
    let before = String(decoding: try SealedMemory.read(old), as: UTF8.self)
    log.redirect(to: new)
    log.info("a", "two")
    log.flush()
    #expect(before.hasSuffix("one\n"))
    #expect(String(decoding: try SealedMemory.read(copy), as: UTF8.self).hasSuffix("two\n"))
    closeDescriptor(copy)
  }
}
