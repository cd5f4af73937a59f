// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Testing

@testable import Tables

/// The table that a setting's words name, and what is said about it.
func read(_ text: String, _ files: [String: String] = [:]) throws -> (table: Table?, messages: [String]) {
  let reference = try #require(TableReference(LocatedText(name: "t", text: text)))
  let result = Table.read(reference, files: MemoryFiles(files))
  return (result.table, result.diagnostics.map { "\($0.location.map(String.init(describing:)) ?? "") \($0.severity): \($0.message)" })
}

@Suite struct TableTests {
  @Test(arguments: [
    ("inline:{ a=b }", "a", "b"), ("inline:{a=b,c=d}", "c", "d"), ("inline:{ a = b, c = d e }", "c", "d e"),
    ("inline:{ {a = b c}, {d=e} }", "a", "b c"),
    ("inline:{ {a = b c} d=e }", "d", "e"), ("inline:{ a=b c=d }", "c", "d"), ("inline:{ A@X = y=z }", "a@x", "y=z"), ("inline:{ a = }", "a", ""),
    ("static:x", "anything", "x"), ("static:{ x y }", "anything", "x y"), ("proxy:static:x", "a", "x"),
  ])
  func finds(table: String, key: String, value: String) throws {
    let result = try read(table)
    #expect(result.table?.value(for: key) == value)
    #expect(result.messages == [])
  }

  @Test func tellsAllItsEntries() throws {
    let table = try #require(read("inline:{ {B.example = b c}, {a=} }").table)
    #expect(table.entries.map(\.key) == ["b.example", "a"])
    #expect(table.entries.map(\.value) == ["b c", ""])
    let other = try #require(read("inline:{ a=x, d=y }").table)
    #expect(try TableList([table, other, #require(read("static:z").table)]).entries == ["b.example": "b c", "a": "", "d": "y"])
    #expect(try #require(read("static:z").table).entries.isEmpty)
  }

  @Test(arguments: [
    ("inline:{}", "t:1:8 error: this table is empty"), ("inline:a=b", "t:1:8 error: an `inline:` table is written in braces"),
    ("inline:{ a=b, c }", "t:1:15 error: missing `=` in the table entry `c`"),
    ("inline:{ =b }", "t:1:10 error: a table entry needs a key before the `=`"),
    ("inline:{ a=b, A=c }", "t:1:15 warning: `A` is in this table already; the first one counts"),
    ("hash:virtual", "t:1:6 error: `virtual` is no absolute path"),
    ("hash:/none", "t:1:6 error: cannot read the table `/none`: No such file or directory"),
    ("regexp:/x", "t:1:8 error: cannot read the table `/x`: No such file or directory"), ("pcre:x", "t:1:6 error: `x` is no absolute path"),
    ("cidr:/x", "t:1:6 error: cannot read the table `/x`: No such file or directory"),
    ("mysql:/x", "t:1:1 error: tables of type `mysql:` are not supported"),
    ("hahs:/x", "t:1:1 error: unknown type of table `hahs:`"), ("unix:group.byname", "t:1:6 error: there is no table `unix:group.byname`"),
  ])
  func refuses(table: String, message: String) throws {
    #expect(try read(table).messages == [message])
  }

  @Test func readsLines() throws {
    let text = """
      # comment
      alice@example.com   alice/

      bob@example.com bob/
        # a comment between
         more
      "key with blanks" value
      Carol carol
      """
    let result = try read("hash:/t", ["/t": text])
    #expect(result.messages == [])
    #expect(result.table?.count == 4)
    #expect(result.table?.value(for: "ALICE@example.com") == "alice/")
    #expect(result.table?.value(for: "bob@example.com") == "bob/   more")
    #expect(result.table?.value(for: "key with blanks") == "value")
    #expect(result.table?.value(for: "carol") == "carol")
    #expect(result.table?.value(for: "carol carol") == nil)
    #expect(result.table?.value(for: "carol\0") == nil)
    #expect(result.table?.value(for: "") == nil)
    #expect(result.table?.value(for: "alice") == nil)
  }

  @Test(arguments: [
    ("k\n  v\n", "k", "v"), ("k a\n\n#c\n  \n b\nl m", "k", "a b"), ("k a\n b\n\n c\nl m", "l", "m"), ("\"a b\nc\" v", "c\"", "v"),
    ("k v \r\nl m\r\n", "l", "m"),
    ("\"k\" v", "K", "v"), ("\"\"\" v", "\"\"\"", "v"), ("\"a\"b v", "\"a\"b", "v"), ("a\"b v", "a\"b", "v"), ("\"a b\" c d", "A B", "c d"),
    ("# c\n\n   # d\n\u{e9}\u{c9}A v", "\u{e9}\u{c9}a", "v"), ("abcdefgh@[`{ v", "ABCDEFGH@[`{", "v"),
    ("abcdefghijklmnopqrstuvwxyz v", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "v"),
  ])
  func findsInLines(text: String, key: String, value: String) throws {
    let table = try #require(read("hash:/t", ["/t": text]).table)
    #expect(table.value(for: key) == value)
    #expect(table.entries.contains { $0 == (key.lowercased(), value) } || key.utf8.contains(0xc3))
  }

  @Test(arguments: ["a\u{0}b", "@", "[", "`", "{", "\u{e9}"])
  func foldsNoOtherBytes(key: String) throws {
    let other = String(decoding: key.utf8.map { $0 ^ 0x20 }, as: UTF8.self)
    let table = try #require(read("hash:/t", ["/t": "abcdefgh\(other.filter { $0 != "\0" && $0 != " " })z v"]).table)
    #expect(table.value(for: "abcdefgh\(key)z") == nil)
  }

  @Test func standsInBracesAsLines() throws {
    let result = try read("hash:{ {A@x b c}, { \"d e\" f }, {a@X g} }")
    #expect(result.messages == ["t:1:33 warning: `a@X` is in this table already; the first one counts"])
    #expect(result.table?.value(for: "a@x") == "b c")
    #expect(result.table?.value(for: "D E") == "f")
    #expect(try read("texthash:{ {a} }").messages == ["t:1:13 error: a table line is `key value`; here is no value"])
  }

  /// The others are counted, and nothing that is said holds the whole text.
  @Test func doesNotSayTheSameForever() throws {
    let text = "k v\n" + (0..<500).map { _ in "k v\n" }.joined() + "end\n"
    let messages = try read("hash:/t", ["/t": text]).messages
    #expect(messages.count == 102)
    #expect(messages[0] == "/t:2:1 warning: `k` is in this table already; the first one counts")
    #expect(messages[99] == "/t:101:1 warning: `k` is in this table already; the first one counts")
    #expect(messages[100] == "/t:502:1 error: a table line is `key value`; here is no value")
    #expect(messages[101] == " warning: /t: 400 more of the same kind")
  }

  @Test(arguments: [
    ("a\n", "/t:1:1 error: a table line is `key value`; here is no value"), ("  a b\n", "/t:1:1 error: the first entry starts with white space"),
    ("x y\nroot: me\n", "/t:2:1 warning: the key ends in a colon"),
    ("a b\nc d\nA e\n", "/t:3:1 warning: `A` is in this table already; the first one counts"),
    ("a b\nc\0 d", "/t:2:2 error: a NUL byte: this is no text file"),
  ])
  func refusesLines(text: String, message: String) throws {
    #expect(try read("texthash:/t", ["/t": text]).messages == [message])
  }

  @Test func holdsMany() throws {
    let text = (0..<5000).map { "key\($0) \($0)\n" }.joined() + "KEY17 again"
    let result = try read("hash:/t", ["/t": text])
    let table = try #require(result.table)
    #expect(result.messages == ["/t:5001:1 warning: `KEY17` is in this table already; the first one counts"])
    #expect(table.count == 5000)
    for number in 0..<5000 { #expect(table.value(for: "kEy\(number)") == "\(number)") }
    #expect(table.value(for: "key5000") == nil)
    #expect(table.value(for: "") == nil)
    #expect(table.entries.map(\.key) == (0..<5000).map { "key\($0)" })
  }

  @Test func refusesWhatIsTooLong() throws {
    let reference = try #require(TableReference(LocatedText(name: "t", text: "hash:/big")))
    struct Big: FileSource {
      func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] { throw .tooLong(limit: limit) }
      func names(inFolder path: String) throws(FileError) -> [String] { [] }
    }
    #expect(Table.read(reference, files: Big()).diagnostics.map(\.message) == ["cannot read the table `/big`: longer than 268435456 bytes"])
  }

  @Test func systemUsersAreLeftToTheSystem() throws {
    let table = try #require(try read("proxy:unix:passwd.byname").table)
    #expect(table.isSystemUsers)
    #expect(table.value(for: "root") == nil)
    #expect(TableList([table]).asksSystemUsers)
  }
}
