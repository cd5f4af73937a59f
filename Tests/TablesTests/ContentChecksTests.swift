// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Testing

@testable import Tables

@Suite struct ContentChecksTests {
  private func checks(_ tables: String, _ files: [String: String] = [:]) throws -> ContentChecks {
    let (checks, diagnostics) = ContentChecks.read(LocatedText(name: "s", text: tables), .header, files: MemoryFiles(files))
    #expect(diagnostics.map(\.message) == [])
    return checks
  }

  private func match(_ checks: ContentChecks, _ line: String) -> (action: CheckAction?, rule: String)? {
    Array(line.utf8).withUnsafeBufferPointer { checks.match($0) }.map { (try? $0.action, $0.rule) }
  }

  @Test func theFirstTableAndRuleThatMatchCount() throws {
    let files = [
      "/a": "# x\n/^Subject:.*lottery/ REJECT no\n  lotteries\n\nif /^X-/\n/b/ WARN x\nendif\n",
      "/b": "/lottery/ INFO second\n/^X-(.*)/ REPLACE Y-$1\n",
    ]
    let checks = try checks("regexp:/a, pcre:/b", files)
    var found = try #require(match(checks, "Subject: a LOTTERY"))
    #expect(found == (.reject(status: "5.7.1", text: "no  lotteries"), "/a:2"))
    found = try #require(match(checks, "X-b: 1"))
    #expect(found == (.warn("x"), "/a:6"))
    found = try #require(match(checks, "From: lottery"))
    #expect(found == (.info("second"), "/b:1"))
    found = try #require(match(checks, "X-c: 1"))
    #expect(found == (.replace(Array("Y-c: 1".utf8)), "/b:2"))
    #expect(match(checks, "Subject: hello") == nil)
    #expect(match(checks, "") == nil)
  }

  @Test func rulesInTheSettingAreNamedByIt() throws {
    let checks = try checks("regexp:{ {/a/ OK} {/b/ WARN} }, hash:/h, static:INFO", ["/h": "# x\nx:c  HOLD\nx  OK\n  \n"])
    #expect(match(checks, "b")?.rule == "s table 1 rule 2")
    #expect(match(checks, "X:c")?.rule == "/h:2")
    #expect(match(checks, "z")?.rule == "s table 3 static:")
  }

  /// What groups put together may be no action: then the line passes, and there is something to log.
  @Test func whatIsNoActionIsAProblem() throws {
    let checks = try checks("regexp:/a", ["/a": "/^X: (.*)/ $1\n/^Y: (.*)/ REPLACE $1\n"])
    #expect(match(checks, "X: warn it")?.action == .warn("it"))
    let found = try #require(match(checks, "X: nothing"))
    #expect(found.action == nil)
    #expect(match(checks, "Y: no header")?.action == nil)
    #expect(match(checks, "Y: Z: header")?.action == .replace(Array("Z: header".utf8)))
  }

  @Test func bytesStayAsTheyAre() throws {
    let checks = try checks("regexp:/a", ["/a": "/^Subject: (.*)/ REPLACE Subject: [x] $1\n"])
    let line = Array("Subject: ".utf8) + [0xe9, 0xff]
    let found = try #require(line.withUnsafeBufferPointer { checks.match($0) })
    #expect(try found.action == .replace(Array("Subject: [x] ".utf8) + [0xe9, 0xff]))
  }

  // MARK: The header as rules see it

  private func logical(_ name: String, _ value: String, isTight: Bool = false, limit: Int = 0) -> String {
    var text = ""
    Array(name.utf8).withUnsafeBufferPointer { name in
      Array(value.utf8).withUnsafeBufferPointer { value in
        LogicalHeader.with(name, value, isTight: isTight, limit: limit) { text = String(decoding: $0, as: UTF8.self) }
      }
    }
    return text
  }

  @Test func linesAreJoinedByLineFeeds() {
    #expect(logical("Subject", "a\r\n b\r\n\tc ") == "Subject: a\n b\n\tc ")
    #expect(logical("Subject", "a\n b") == "Subject: a\n b")
    #expect(logical("Subject", "a\rb\r") == "Subject: a\rb\r")
    #expect(logical("Subject", "", isTight: true) == "Subject:")
    #expect(logical("Subject", "a", isTight: true) == "Subject:a")
  }

  /// As header_size_limit: the line in which the limit is reached still counts, and of a long line the piece of 2048 bytes.
  @Test func aLongFieldIsCut() {
    #expect(logical("X", "a\n b\n c\n d", limit: 5) == "X: a\n b")
    #expect(logical("X", "a\n b\n c\n d", limit: 6) == "X: a\n b")
    #expect(logical("X", "a\n b\n c\n d", limit: 7) == "X: a\n b")
    #expect(logical("X", "a\n b\n c\n d", limit: 8) == "X: a\n b\n c")
    #expect(logical("X", "a\n b\n c\n d", limit: 4) == "X: a")
    let long = String(repeating: "z", count: 5000)
    #expect(logical("X", long, limit: 2048).utf8.count == 2048)
    #expect(logical("X", long, limit: 2049).utf8.count == 4096)
    #expect(logical("X", long, limit: 4097).utf8.count == 5003)
    #expect(logical("X", "a\n " + long, limit: 5).utf8.count == 5 + 2048)
  }

  @Test(arguments: [
    ("Content-Type", true), ("CONTENT-DISPOSITION", true), ("mime-version", true), ("Content-Id", true), ("Content-Length", false), ("MIME", false),
    ("", false), ("Subject", false), ("Content-Description", true), ("content-transfer-encoding", true),
  ])
  func knowsTheFieldsOfMIME(name: String, isMIME: Bool) {
    #expect(Array(name.utf8).withUnsafeBufferPointer { LogicalHeader.isMIME($0) } == isMIME)
  }
}
