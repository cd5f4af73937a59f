// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SQLiteTable

/// Which statement a `query` becomes, and what is refused.
@Suite struct QueryTests {
  private func sql(_ text: String) throws -> String { String(decoding: try Query(text).sql, as: UTF8.self) }

  @Test(arguments: [
    ("SELECT a FROM t WHERE k = '%s'", "SELECT a FROM t WHERE k = ?1", 1),
    ("SELECT a FROM t WHERE k = '%u@%d'", "SELECT a FROM t WHERE k = ?1", 1),
    ("SELECT a FROM t WHERE u='%u' AND d='%d'", "SELECT a FROM t WHERE u=?1 AND d=?2", 2),
    ("SELECT a FROM t WHERE id = %s", "SELECT a FROM t WHERE id = ?1", 1),
    ("SELECT a FROM t WHERE id IN (%s,%u)", "SELECT a FROM t WHERE id IN (?1,?2)", 2),
    ("SELECT a FROM t WHERE k LIKE '%%%s%%'", "SELECT a FROM t WHERE k LIKE ?1", 1),
    ("SELECT 'it''s' FROM t WHERE k = '%s'", "SELECT 'it''s' FROM t WHERE k = ?1", 1),
    ("SELECT a FROM t WHERE k = \"%s\"", "SELECT a FROM t WHERE k = ?1", 1),
    ("SELECT a%%2 FROM t", "SELECT a%2 FROM t", 0),
    ("SELECT \"odd name\", `b`, [c] FROM t -- x\n WHERE /* y */ k='%s'", "SELECT \"odd name\", `b`, [c] FROM t -- x\n WHERE /* y */ k=?1", 1),
    ("SELECT x'6162' FROM t", "SELECT x'6162' FROM t", 0),
    ("SELECT max'%s'", "SELECT max?1", 1),
  ])
  func keysAreParameters(_ text: String, _ expected: String, _ count: Int) throws {
    #expect(try sql(text) == expected)
    #expect(try Query(text).parameters.count == count)
  }

  @Test func quotesInAParameterAreItsText() throws {
    let query = try Query("SELECT 1 WHERE k = 'o''%u-%%'")
    #expect(query.parameters.map { String(decoding: $0.template.filled { _ in Array("X".utf8) }, as: UTF8.self) } == ["o'X-%"])
  }

  @Test(arguments: [
    ("SELECT a FROM t_%d", "query: a key can be a value, not a part of a name"),
    ("SELECT a FROM t WHERE %s_x = 1", "query: a key can be a value, not a part of a name"),
    ("SELECT a FROM t WHERE k = %u%d", "query: a key can be a value, not a part of a name"),
    ("SELECT a FROM [%s]", "query: a key can be a value, not a part of a name or a comment"),
    ("SELECT a FROM t -- %s", "query: a key can be a value, not a part of a name or a comment"),
    ("SELECT a FROM t /* %d */", "query: a key can be a value, not a part of a name or a comment"),
    ("SELECT x'%s'", "query: a key cannot stand in a blob"),
    ("SELECT a WHERE k = '%s", "query: a quote is not closed"),
    ("SELECT a WHERE k = '%x'", "query: `%x` is none of"),
    ("SELECT a WHERE k = %", "query: `%` is none of"),
    ("SELECT a WHERE k = '%0'", "query: `%0` is none of"),
  ])
  func whatIsNoValueIsRefused(_ text: String, _ reason: String) {
    let error = #expect(throws: TemplateError.self) { try Query(text) }
    #expect(error?.description.hasPrefix(reason) == true, "\(error?.description ?? "")")
  }
}

/// What is asked for a key, and what is made of a row.
@Suite struct SubjectTests {
  private func needs(_ query: String, _ format: String = "%s") throws -> Needs {
    Needs(query: try Query("SELECT '\(query)'").placeholders, result: try Template(format, option: "result_format").placeholders)
  }

  /// sqlite_table(5): where a part is missing, nothing is asked.
  @Test(arguments: [
    ("%s", "alice", true), ("%s", "@", true), ("%u", "alice", true), ("%u", "alice@b.c", true), ("%u", "@b.c", false), ("%d", "alice", false),
    ("%d", "alice@", false), ("%d", "@b.c", true), ("%u@%d", "@b.c", false), ("%1", "alice@c", true), ("%2", "alice@c", false), ("%2", "a@b.c", true),
    ("%3", "a@b..c", false), ("%u", "@", false), ("%D", "a@b", true), ("%U", "@b", false), ("%S", "", true),
  ])
  func aMissingPartSuppresses(_ template: String, _ key: String, _ isAsked: Bool) throws {
    let needs = try needs(template)
    #expect((Subject(Array(key.utf8), user: needs.keyUser, domain: needs.keyDomain, labels: needs.keyLabels) != nil) == isAsked)
  }

  @Test func resultFormatCountsForTheKeyToo() throws {
    #expect(try needs("%s", "%D").takesKeysApart)
    #expect(try !needs("%s", "%d").takesKeysApart)
    #expect(try needs("%s", "%2").keyLabels == 2)
  }

  @Test(arguments: [
    ("%s", "a@b.c", "row", "row"), ("%u", "a@b.c", "x@y.z", "x"), ("%d", "a@b.c", "x@y.z", "y.z"), ("%d", "a@b.c", "x", nil),
    ("%u", "a@b.c", "@y", nil),
    ("%S|%U|%D|%1|%2|%s", "a@b.c", "row", "a@b.c|a|b.c|c|b|row"), ("[%s]%%", "k", "row", "[row]%"), ("%s", "k", "", nil),
    ("smtp:[%d]", "k", "u@h", "smtp:[h]"),
  ])
  func rowsBecomeValues(_ format: String, _ key: String, _ row: String, _ expected: String?) throws {
    let needs = try needs("%s", format)
    let subject = try #require(Subject(Array(key.utf8), user: needs.keyUser, domain: needs.keyDomain, labels: needs.keyLabels))
    var answer = Answer(format: try Template(format, option: "result_format"), needs: needs, key: subject, limit: 0)
    try answer.add(Array(row.utf8))
    #expect(answer.values.map { String(decoding: $0, as: UTF8.self) } == [expected].compactMap(\.self))
  }

  @Test func rowsHaveALimit() throws {
    let needs = try needs("%s")
    let subject = try #require(Subject([0x61], user: false, domain: false))
    var answer = Answer(format: try Template("%s", option: ""), needs: needs, key: subject, limit: 2)
    try answer.add([0x31])
    try answer.add([0x32])
    #expect(throws: Answer.Excess.self) { try answer.add([0x33]) }
    var large = Answer(format: try Template("%s", option: ""), needs: needs, key: subject, limit: 0)
    try large.add([UInt8](repeating: 0x61, count: Connection.maximumAnswer - 1))
    #expect(throws: Answer.Excess.self) { try large.add([0x61]) }
  }

  @Test func domainsAreAFilter() throws {
    let filter = try #require(try DomainFilter("example.com, !example.org  Example.NET"))
    for key in ["a@example.com", "a@EXAMPLE.com", "a@example.net"] { #expect(filter.takes(Array(key.utf8)), "\(key)") }
    for key in ["a", "example.com", "@example.com", "a@example.org", "a@b.example.com", "a@"] { #expect(!filter.takes(Array(key.utf8)), "\(key)") }
    #expect(try DomainFilter(" ") == nil)
    #expect(throws: TemplateError.self) { try DomainFilter("hash:/etc/domains") }
  }

  @Test func theOldWordsMakeAStatement() throws {
    let settings = SQLSettings(
      query: "", old: [("select_field", "m"), ("table", "t"), ("where_field", "k"), ("additional_conditions", "and active = 1")])
    #expect(try settings.statement == "SELECT m FROM t WHERE k = '%s' and active = 1")
    #expect(settings.blamed("query: no such table: t") == "table: no such table: t")
    #expect(settings.blamed("query: no such column: m") == "select_field: no such column: m")
    #expect(settings.blamed("query: near \"x\": syntax error") == "additional_conditions: near \"x\": syntax error")
    #expect(throws: TemplateError.self) { try SQLSettings(query: "", old: [("table", "t")]).statement }
  }
}
