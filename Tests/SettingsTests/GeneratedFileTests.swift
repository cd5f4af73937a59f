// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Settings
import Testing

/// The files that are made from the schema, or embedded, are what the repository holds.
@Suite struct GeneratedFileTests {
  @Test(arguments: [
    ("docs/configuration.md", MarkdownReference().text), ("conf/weir.conf.reference", SampleReference().text),
    ("docs/man/weir.conf.5", ManualReference().text), ("conf/weir.conf.demo", DemoConfiguration.text),
  ])
  func isUpToDate(path: String, text: String) throws {
    #expect(try text == Fixture.expected(Fixture.repository.appendingPathComponent(path), found: text), "\(path): run make docs")
  }

  private func load(_ name: String, _ text: String) -> LoadResult {
    Configuration.load(SourceText(name: name, text: text), files: MemoryFiles(), facts: HostFacts(hostName: "mail.example.com"))
  }

  @Test func theInstalledDefaultHasNoMistake() throws {
    let result = load("weir.conf", Fixture.text(Fixture.repository.appendingPathComponent("conf/weir.conf")))
    #expect(DiagnosticText().render(result.diagnostics) == "")
    let configuration = try #require(result.configuration)
    #expect(configuration.listeners.flatMap(\.sockets).map(\.title) == ["127.0.0.1:25", "[::1]:25"])
  }

  /// With every comment taken off, as the line numbers of tutorials suggest, each line must still be one that can be read.
  @Test func theReferenceCanBeUncommented() throws {
    let lines = SampleReference().text.split(separator: "\n").map(String.init)
    let settings = lines.filter { $0.hasPrefix("#") && !$0.hasPrefix("# ") && !$0.contains("= (") }.map { String($0.dropFirst()) }
    let result = load("weir.conf.reference", settings.joined(separator: "\n"))
    #expect(DiagnosticText().render(result.diagnostics.filter { $0.severity == .error }) == "")
    #expect(settings.count > Schema.definitions.count - 10)
  }

  @Test func theDemoListensOnOnePort() throws {
    let result = Configuration.load(DemoConfiguration.source(dataFolder: "/tmp/$x"), files: MemoryFiles(), facts: HostFacts(hostName: "h"))
    #expect(DiagnosticText().render(result.diagnostics) == "")
    let configuration = try #require(result.configuration)
    #expect(configuration.listeners.flatMap(\.sockets).map(\.title) == ["127.0.0.1:2525"])
    #expect(configuration[Keys.virtualMailboxBase] == "/tmp/$x/mail")
    #expect(configuration[Keys.queueDirectory] == "/tmp/$x/queue")
    #expect(configuration[Keys.virtualMailboxDomains].contains("demo.test"))
  }
}
