// SPDX-License-Identifier: Apache-2.0
import Events
import Glibc
import Runtime
import Testing

@Suite struct LogTests {
  /// 2001-09-09 01:46:40 UTC, in whatever zone the machine is in.
  private static let moment: Int64 = 1_000_000_000_000_000

  private func written(_ style: Log.Style, _ stamp: LogSettings.Stamp = .classic, _ body: (Log) -> Void) throws -> String {
    let file = try SealedMemory.open("log")
    defer { closeDescriptor(file) }
    let log = try Log(LogSettings(host: "mx", sinks: [.descriptor(file, style, stamp)]), name: "postfix", now: { Self.moment })
    body(log)
    log.flush()
    return String(decoding: try SealedMemory.read(file), as: UTF8.self)
  }

  @Test func classicLinesAreForLogAnalysers() throws {
    let text = try written(.classic) {
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

  @Test func stampsOfRFC3339HaveMicrosecondsAndTheZone() throws {
    let text = try written(.classic, .rfc3339) { $0.info("smtpd", "x") }
    let pattern = /2001-09-\d\dT\d\d:\d\d:40\.000000[+-]\d\d:\d\d mx postfix\/smtpd\[\d+\]: x\n/
    #expect(try pattern.wholeMatch(in: text) != nil)
  }

  @Test func aListenersNameGoesBeforeItsDaemons() throws {
    let text = try written(.classic) { log in
      let submission = log.named("postfix/submission")
      submission.info("smtpd", "one")
      submission.base.info("cleanup", "two")
      log.named("postfix/submission").info("smtpd", "three")
    }
    let tags = text.split(separator: "\n").map { $0.split(separator: " ")[4].prefix { $0 != "[" } }
    #expect(tags == ["postfix/submission/smtpd", "postfix/cleanup", "postfix/submission/smtpd"])
  }

  @Test func sessionsHaveNumbersOfTheirOwn() throws {
    let log = try Log(try Folder.openLog("/dev/null", owner: nil), style: .classic, host: "mx")
    #expect([log.nextSession(), log.named("x").nextSession(), log.nextSession()] == [1, 2, 3])
  }

  @Test func aRotatedLogGoesOnInTheNewFile() throws {
    let (old, new) = (try SealedMemory.open("old"), try SealedMemory.open("new"))
    let copy = dup(new)
    let log = try Log(old, style: .classic, host: "mx")
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
