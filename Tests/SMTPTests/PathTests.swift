// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SMTP

/// RFC 5321 §4.1.2. What the server says about a path that cannot be read is shown by transcripts.
@Suite struct PathTests {
  private func parse(_ text: String, strict: Bool = false) throws -> Mailbox? { try parse(text, PathRules(isStrict: strict)) }

  private func parse(_ text: String, _ rules: PathRules) throws -> Mailbox? {
    try Array(text.utf8).withUnsafeBytes { try PathParser(rules: rules).parsePath($0) }
  }

  /// Each needs one rule, and none of the others.
  @Test(arguments: [
    ("<-a@b>", PathRules(takesHyphen: true), "-a", "b"), ("<\"-a\"@b>", PathRules(takesHyphen: true), "-a", "b"),
    ("<-a>", PathRules(takesHyphen: true), "-a", nil),
    ("<a@192.0.2.1>", PathRules(takesNumericDomain: true), "a", "192.0.2.1"), ("<a@>", PathRules(takesNullDomain: true), "a", nil),
  ])
  func oddPaths(text: String, rules: PathRules, local: String, domain: String?) throws {
    #expect(try parse(text, rules) == Mailbox(localPart: local, domain: domain))
    for others in [
      PathRules(), PathRules(takesHyphen: !rules.takesHyphen, takesNumericDomain: !rules.takesNumericDomain, takesNullDomain: !rules.takesNullDomain),
    ] {
      #expect(throws: PathParser.Fault.self) { try parse(text, others) }
    }
  }

  @Test(arguments: ["<a@1.2>", "<a@256.1.1.1>", "<a@1>", "<@>", "<@1.2.3.4>", "<-@>", "<a@b@1.2>"]) func oddRulesHaveLimits(text: String) {
    #expect(throws: PathParser.Fault.self) { try parse(text, PathRules(takesNumericDomain: true, takesNullDomain: true)) }
  }

  @Test(arguments: [
    ("<a@b.example>", "a", "b.example"), ("a@b.example", "a", "b.example"), ("<a>", "a", nil), ("<\"a b\"@c.example>", "a b", "c.example"),
    ("<\"a\\\"b\\\\c\"@c.example>", "a\"b\\c", "c.example"), ("<a\\@b@c.example>", "a@b", "c.example"),
    ("<a\"b c\"d@e.example>", "ab cd", "e.example"),
    ("<a@b@c.example>", "a@b", "c.example"), ("<@r:a@b.example>", "a", "b.example"), ("<@r,@s:a@b.example>", "a", "b.example"),
    ("<a@b.example.>", "a", "b.example"), ("<a@[192.0.2.1]>", "a", "[192.0.2.1]"), ("<a@[IPv6:2001:db8::1]>", "a", "[IPv6:2001:db8::1]"),
    ("<ü@müller.example>", "ü", "müller.example"), ("<\"ü ü\"@b.example>", "ü ü", "b.example"), ("<a@b_c>", "a", "b_c"), ("<a..b.@c>", "a..b.", "c"),
  ])
  func mailboxes(text: String, local: String, domain: String?) throws {
    #expect(try parse(text) == Mailbox(localPart: local, domain: domain))
  }

  @Test func theNullPath() throws { #expect(try parse("<>") == nil) }

  @Test(arguments: [
    "", "<", ">", "<a", "a>", "<@>", "<a@>", "<@b>", "<@b:>", "<a@@>", "<a b@c>", "<a@b c>", "<a@b>c", "<<a@b>>", "<\"a@b>", "<a\"b@c>", "<\"\"@b>",
    "<a(b)@c>", "<a,b@c>", "<a@b..c>", "<a@.b>", "<a@b..>", "<a@-b>", "<a@b->", "<a@b!c>", "<a@1.2.3.4>", "<a@[1.2.3]>", "<a@[::1]>",
    "<a@[IPv6:1.2.3.4]>",
    "<a@[]>", "<a@[1.2.3.4>", "<a\u{1}@b>", "<\"a\u{7f}\"@b>", "<a\\", "<a\\>",
  ])
  func faults(text: String) {
    #expect(throws: PathParser.Fault.self) { try parse(text) }
  }

  @Test func strictMeansBrackets() throws {
    #expect(throws: PathParser.Fault.self) { try parse("a@b", strict: true) }
    #expect(try parse("<a@b>", strict: true) == Mailbox(localPart: "a", domain: "b"))
  }

  /// Postfix knows no limit but that of the line: RFC 5321 §4.5.3.1.1 lets a server take more than 64 octets.
  @Test(arguments: [64, 65, 255, 256, 900]) func localPartsHaveNoLimit(count: Int) throws {
    let local = String(repeating: "a", count: count)
    #expect(try parse("<\(local)@b.example>") == Mailbox(localPart: local, domain: "b.example"))
  }

  @Test func labelsAndDomainsHaveLimits() throws {
    let label = String(repeating: "a", count: 63)
    #expect(try parse("<x@\(label)>")?.domain == label)
    #expect(throws: PathParser.Fault.self) { try parse("<x@\(label)a>") }
    let longest = [label, label, label, String(repeating: "b", count: 63)].joined(separator: ".")
    #expect(longest.utf8.count == DomainParser.maximumLength)
    #expect(try parse("<x@\(longest)>")?.domain == longest)
    #expect(throws: PathParser.Fault.self) { try parse("<x@c.\(longest)>") }
  }

  @Test(arguments: ["a", "a.b", "a b", "a@b", ".a", "a.", "a..b", "a\"b\\c", "ü", "<>", "a,b", " ", "!#$%&'*+-/=?^_`{|}~"])
  func quotingIsUndoneByParsing(local: String) throws {
    let mailbox = Mailbox(localPart: local, domain: "b.example")
    #expect(try parse("<\(mailbox.quoted)>") == mailbox)
    #expect(Mailbox(address: mailbox.address) == mailbox)
  }

  @Test(arguments: [("a", "a@b"), ("a b", "\"a b\"@b"), (".a", "\".a\"@b"), ("a\"", "\"a\\\"\"@b"), ("a@c", "\"a@c\"@b"), ("ü", "ü@b")])
  func quotedWhereItMustBe(local: String, expected: String) {
    #expect(Mailbox(localPart: local, domain: "b").quoted == expected)
  }

  @Test func xtextRoundTrip() {
    for text in ["", "abc", "a+b=c", "a b", "grün", "+2B"] {
      #expect(Array(XText.write(text).utf8).withUnsafeBytes { XText.parse($0) } == text)
    }
    for bad in ["+", "+4", "+4g", "a b", "+0A", "+FF"] { #expect(Array(bad.utf8).withUnsafeBytes { XText.parse($0) } == nil, "\(bad)") }
  }
}
