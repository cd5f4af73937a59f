// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Foundation
import Import
import Settings
import Testing

@Suite struct FixtureTests {
  /// The words of the settings change; `WEIR_RECORD=1 swift test --filter ImportTests` writes what comes out now, to be read before it is committed.
  @Test(arguments: Fixture.names)
  func comesOutAsExpected(name: String) throws {
    let fixture = Fixture(name: name)
    let result = try fixture.imported()
    for file in result.files where !file.path.hasPrefix("tables/") {
      let found = String(decoding: file.bytes, as: UTF8.self)
      #expect(try found == fixture.expected(file.path, found: found), "\(name)/\(file.path)")
    }
  }

  /// Nothing is dropped silently: the report has every line of every file that was read, and no other.
  @Test(arguments: Fixture.names)
  func everyLineIsAccountedFor(name: String) throws {
    let fixture = Fixture(name: name)
    let ledger = try fixture.imported().report.ledger
    for input in ledger.inputs {
      let bytes = try #require(fixture.files[input.path])
      let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      let count = lines.count - (lines.last?.isEmpty ?? true ? 1 : 0)
      let reported = ledger.items.filter { $0.path == input.path }.reduce(into: Set<Int>()) { $0.formUnion($1.lines) }
      #expect(reported == Set(1..<(count + 1)), "\(input.path)")
      #expect(input.lineCount == count)
    }
  }

  /// Every file of the machine that is a configuration was read; what is not is named here by its ending.
  @Test(arguments: Fixture.names)
  func everyFileIsRead(name: String) throws {
    let fixture = Fixture(name: name)
    let read = Set(try fixture.imported().report.ledger.inputs.map(\.path))
    let others = [".key", ".pem", ".crt", ".db", "/mailname", ".unread"]
    for path in fixture.files.keys where !others.contains(where: path.hasSuffix) {
      #expect(read.contains(path), "\(path) was not read")
    }
  }

  /// What comes out is sound, in the eyes of `weir check`.
  @Test(arguments: Fixture.names)
  func isSound(name: String) throws {
    let fixture = Fixture(name: name)
    var files = fixture.files
    for file in try fixture.imported().files { files["/etc/weir/" + file.path] = file.bytes }
    let facts = HostFacts(hostName: "mail.example.com", processors: 2)
    let result = Configuration.load(path: "/etc/weir/weir.conf", files: MemoryFiles(bytes: files), facts: facts)
    #expect(result.configuration != nil, "\(CheckReport(result, name: name).text)")
  }

  @Test func thereAreAtLeastTwenty() { #expect(Fixture.names.count >= 20) }
}
