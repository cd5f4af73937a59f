// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Tables

@Suite struct AliasFaultsTests {
  private func faults(_ text: String) -> [String] {
    let questions = AliasFaults.Questions(
      isNobody: { !["alice", "bob"].contains($0) }, faultOfInclude: { $0 == "/there" ? nil : "missing" },
      faultOfCommand: { $0.hasPrefix("/bin/") ? nil : "missing" }, faultOfFile: { $0.hasPrefix("/var/") ? nil : "missing" })
    return AliasFaults.find(in: AliasTable.read("aliases", Array(text.utf8)).table, questions).map { "\($0.line) \($0.text)" }
  }

  @Test func whatWorks() {
    #expect(faults("root: alice\nalice: \\alice, b@example.org\nbob: bob, root\nx: |/bin/cat, /var/mail/x, :include:/there\n") == [])
  }

  @Test func circlesAreToldOnce() {
    #expect(faults("x: alice\na: b\nb: c, x\nc: bob, a\nd: a\n") == ["2 these aliases lead in a circle: a -> b -> c -> a"])
    #expect(faults("a: b, a\nb: bob, a, b\n").contains("1 these aliases lead in a circle: a -> b -> a"))
  }

  @Test func whoIsNobody() {
    #expect(faults("root: carl\n") == ["1 `root`: `carl` is neither a user of this system nor an alias"])
    #expect(faults("\n# c\nroot: \\abuse\nabuse: alice\n") == ["3 `root`: `abuse` is neither a user of this system nor an alias"])
    // Itself is final, and so must be somebody.
    #expect(faults("carl: carl, bob\n") == ["1 `carl`: `carl` is neither a user of this system nor an alias"])
  }

  @Test func whatIsMissing() {
    #expect(faults("a: :include:/x\nb: \"|/y z\"\nc: /w/m\n") == ["1 `a`: :include:/x: missing", "2 `b`: |/y z: missing", "3 `c`: /w/m: missing"])
  }
}
