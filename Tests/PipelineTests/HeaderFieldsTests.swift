// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Pipeline

@Suite struct HeaderFieldsTests {
  private func fields(_ text: String) -> HeaderFields { HeaderFields(Array(text.utf8)) }
  /// A macro cannot hold what changes its subject.
  private func apply(_ fields: inout HeaderFields, _ operation: StageEdit.HeaderOperation, reference: UInt64, name: [UInt8], value: [UInt8]) -> Bool {
    fields.apply(operation, reference: reference, name: name, value: value)
  }

  private func text(_ fields: HeaderFields) -> String { String(decoding: fields.rendered(), as: UTF8.self) }

  @Test func unchangedIsTheSameBytes() {
    let header = "Received: from a\n\tby b\nSubject:no blank\nX-Odd : v\n"
    let made = fields(header)
    #expect(made.count == 3)
    #expect(!made.isChanged)
    #expect(text(made) == header)
  }

  @Test func valuesBeginAfterOneBlank() {
    let made = fields("A: one\nB:two\nC:   three\nD: a\n b\n")
    let values = (0..<made.count).map { made.withField($0) { _, _, value in String(decoding: value, as: UTF8.self) } }
    #expect(values == ["one", "two", "  three", "a\n b"])
  }

  @Test(arguments: [
    (StageEdit.HeaderOperation.append, 0, "A: 1\nB: 2\nX: v\n"), (.prepend, 0, "X: v\nA: 1\nB: 2\n"), (.before, 2, "A: 1\nX: v\nB: 2\n"),
    (.after, 1, "A: 1\nX: v\nB: 2\n"), (.replace, 1, "X: v\nB: 2\n"), (.delete, 2, "A: 1\n"),
  ])
  func edits(operation: StageEdit.HeaderOperation, reference: Int, expected: String) {
    var made = fields("A: 1\nB: 2\n")
    #expect(apply(&made, operation, reference: UInt64(reference), name: Array("X".utf8), value: Array("v".utf8)))
    #expect(text(made) == expected)
  }

  @Test func referencesStay() {
    var made = fields("A: 1\nB: 2\nC: 3\n")
    #expect(apply(&made, .prepend, reference: 0, name: Array("X".utf8), value: Array("0".utf8)))
    #expect(apply(&made, .delete, reference: 1, name: [], value: []))
    #expect(apply(&made, .replace, reference: 2, name: [], value: Array("two".utf8)))
    #expect(!apply(&made, .replace, reference: 1, name: [], value: Array("gone".utf8)))
    #expect(text(made) == "X: 0\nB: two\nC: 3\n")
  }

  @Test(arguments: ["a\nb", "a\r", "a\0b", "a\n", "x\n\ny"])
  func valuesThatWouldBeMoreThanOneFieldAreRefused(value: String) {
    var made = fields("A: 1\n")
    #expect(!apply(&made, .append, reference: 0, name: Array("X".utf8), value: Array(value.utf8)))
    #expect(text(made) == "A: 1\n")
  }

  @Test(arguments: ["", "a b", "a:", "ä", "a\n"])
  func namesAreChecked(name: String) {
    var made = fields("A: 1\n")
    #expect(!apply(&made, .append, reference: 0, name: Array(name.utf8), value: []))
  }

  @Test func foldedValuesMayBeWritten() {
    var made = fields("A: 1\n")
    #expect(apply(&made, .append, reference: 0, name: Array("X".utf8), value: Array("a;\r\n\tb".utf8)))
    #expect(text(made) == "A: 1\nX: a;\n\tb\n")
  }
}

@Suite struct StageConditionTests {
  @Test(arguments: [
    ("auth.user = \"\"", ["auth.user": ""], true), ("auth.user = \"\"", [:], true), ("auth.user != \"\"", ["auth.user": "a"], true),
    ("client.mynetworks != yes and auth.user=\"\"", ["client.mynetworks": "yes"], false),
    ("client.mynetworks != yes && auth.user == \"\"", ["client.mynetworks": "no"], true),
    ("helo = MAIL.example.COM", ["helo": "mail.example.com"], true),
    ("helo = \"a b\"", ["helo": "a b"], true),
  ])
  func holds(text: String, properties: [String: String], expected: Bool) throws {
    #expect(try StageCondition(text).holds { properties[$0] } == expected)
  }

  @Test(arguments: ["", "auth.user", "auth.user =", "= x", "A = b", "a = b c", "a = \"b", "a = b and", "a ! b"])
  func refused(text: String) {
    #expect(throws: StageCondition.Failure.self) { try StageCondition(text) }
  }
}

@Suite struct StageReplyTests {
  @Test(arguments: [
    (550, "5.7.1", "no", true), (450, "4.7.1", "later", true), (550, nil, "default status", true), (550, "4.7.1", "mixed", false),
    (250, "2.0.0", "ok", false),
    (600, nil, "x", false), (550, "5.7", "short", false), (550, "5.7.1000", "long", false), (550, "5.7.1", "a\rb", false),
    (550, "5.7.1", "two\nlines", true),
  ])
  func checked(code: Int, status: String?, text: String, isGood: Bool) {
    #expect((StageReply(code: UInt32(code), status: status, text: text) != nil) == isGood)
  }
}

@Suite struct AuthenticationResultsTests {
  private func isOurs(_ value: String) -> Bool {
    Array(value.utf8).withUnsafeBytes { AuthenticationResults.isOurs($0, authservID: "mx.example.org") }
  }

  @Test(arguments: [
    "mx.example.org; spf=pass", " MX.Example.ORG;none", "(comment) mx.example.org 1; none", "\"mx.example.org\"; none", "mx.example.org(x); none",
    "mx.example.org",
  ])
  func forged(value: String) { #expect(isOurs(value)) }

  @Test(arguments: ["mx.example.com; spf=pass", "example.org; none", "", "(mx.example.org) other; none", "(((", "\\", "\"mx"])
  func ofOthers(value: String) { #expect(!isOurs(value)) }

  @Test func oneFieldOfAll() {
    #expect(AuthenticationResults.value(authservID: "mx", []) == nil)
    let value = AuthenticationResults.value(authservID: "mx", [("spf", Array("pass a=b".utf8)), ("dkim", Array("fail\nX: y".utf8))])
    #expect(value.map { String(decoding: $0, as: UTF8.self) } == "mx;\n\tspf=pass a=b;\n\tdkim=fail X: y")
  }
}
