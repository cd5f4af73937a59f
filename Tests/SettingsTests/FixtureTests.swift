// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Settings
import Testing

@Suite struct FixtureTests {
  private static let facts = HostFacts(hostName: "mail.example.com", processors: 2)

  private static func found(_ name: String) -> String {
    let result = Configuration.load(path: "/\(name).conf", files: Fixture.files, facts: facts)
    let report = CheckReport(result, name: "\(name).conf").text
    let values = result.configuration.map { ConfigurationListing($0, isExpanded: true).text(.set) } ?? ""
    return report + (result.configuration == nil ? "" : "---\n" + values)
  }

  @Test(arguments: Fixture.names)
  func saysWhatIsExpected(name: String) throws {
    let found = Self.found(name)
    #expect(try found == Fixture.expected(Fixture.folder.appendingPathComponent("\(name).expected"), found: found))
  }

  @Test func thereAreAtLeastSixty() {
    #expect(Fixture.names.count >= 60)
  }
}
