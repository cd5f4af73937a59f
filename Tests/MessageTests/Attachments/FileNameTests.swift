// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Message

@Suite struct FileNameTests {
  private func values(_ field: String) -> [String] {
    Array(field.utf8).withUnsafeBytes { ParameterReadings($0, "name").values.map { String(decoding: $0, as: UTF8.self) } }
  }

  @Test(arguments: [
    ("a; name=\"x.y\"", ["x.y"]), ("a; name=x.y; b=c", ["x.y"]), ("a; name=x y; b=c", ["x y", "x"]), ("a; filename=\"x\"", ["x"]),
    ("a; name=\"x\\\"y\"", ["x\"y", "x\\", "x\\y"]), ("a; name=x(c).y", ["x.y", "x(c).y"]), ("a; name*=utf-8''%41b", ["Ab"]),
    ("a; name*0=x; name*1=y", ["xy"]), ("a; name*1=y; name*0=x", ["xy", "yx"]), ("a; name*0=x; name*2=y", ["x", "xy"]), ("a; name", []),
    ("a; name=", []),
    ("a; name=\"", []), ("a; name*0*=iso-8859-1'en'%E4; name*1=b", ["äb"]), ("a; names=x", []), ("", []),
  ])
  func everyReading(field: String, expected: [String]) {
    let found = values(field)
    for value in expected { #expect(found.contains(value), "\(field): \(found)") }
    if expected.isEmpty { #expect(found == []) }
  }

  @Test func boundariesAreWholeWords() {
    let field = Array("multipart/mixed; xboundary=a; boundary=b".utf8)
    #expect(field.withUnsafeBytes { ParameterReadings($0, "boundary", isWhole: true).values } == [Array("b".utf8)])
  }

  @Test func tooManyAreTold() {
    func field(_ count: Int) -> [UInt8] { Array("a".utf8) + (0..<count).flatMap { Array("; name=\($0)".utf8) } }
    #expect(!field(ParameterReadings.maximumValues).withUnsafeBytes { ParameterReadings($0, "name").isExcessive })
    #expect(field(ParameterReadings.maximumValues + 1).withUnsafeBytes { ParameterReadings($0, "name").isExcessive })
    func same(_ count: Int) -> [UInt8] { Array("a".utf8) + (0..<count).flatMap { _ in Array("; name=x".utf8) } }
    #expect(!same(ParameterReadings.maximumPlaces).withUnsafeBytes { ParameterReadings($0, "name").isExcessive })
    #expect(same(ParameterReadings.maximumPlaces + 1).withUnsafeBytes { ParameterReadings($0, "name").isExcessive })
    func long(_ count: Int) -> [UInt8] { Array("a; name=\"".utf8) + [UInt8](repeating: 0x61, count: count) + Array("\"".utf8) }
    // The quotes are part of one of the readings.
    #expect(!long(ParameterReadings.maximumLength - 2).withUnsafeBytes { ParameterReadings($0, "name").isExcessive })
    #expect(long(ParameterReadings.maximumLength + 1).withUnsafeBytes { ParameterReadings($0, "name").isExcessive })
  }

  @Test(arguments: [
    ("a.exe", ["exe"]), ("a.EXE. .", ["exe"]), ("a", []), ("a.", []), (".exe", ["exe"]), ("a.tar.gz", ["gz"]), ("a\u{0}.exe", ["exe"]),
    ("a.e\u{200b}xe", ["exe"]), ("a．ｅｘｅ", ["exe"]), ("a.ехе", ["exe"]), ("a.ру", ["ру"]), ("C:\\x\\a.exe", ["exe"]), ("a.exe::$DATA", ["exe"]),
    ("a.exe/", ["exe"]), ("a. exe", ["exe"]), ("a.exe\u{a0}", ["exe"]), ("a.𝐞𝐱𝐞", ["exe"]), ("a.{X}", ["{x}"]),
  ])
  func extensions(name: String, expected: [String]) {
    let found = FileName(Array(name.utf8)).extensions
    for word in expected { #expect(found.contains(word), "\(found)") }
    if expected.isEmpty { #expect(found == []) }
  }

  @Test func shortWordsOfOtherScriptsAreThemselves() { #expect(!FileName(Array("сайт.ру".utf8)).extensions.contains("py")) }

  @Test func showsOneLine() {
    #expect(FileName(Array("\u{202e}a\"b\n.exe ".utf8)).shown == "?a'b .exe")
    #expect(FileName(Array(String(repeating: "x", count: 5000).utf8) + Array(".exe".utf8)).shown.count == 120)
    #expect(FileName(Array("a\u{202e}b".utf8)).overridesDirection)
    #expect(!FileName(Array("a\u{200f}b".utf8)).overridesDirection)
  }

  @Test func innerExtensions() {
    #expect(FileName(Array("a.exe.pdf".utf8)).inner == ["exe"])
    #expect(FileName(Array("report.executive.pdf".utf8)).inner == ["executive"])
  }

  /// Each letter of the table is beside the one that it looks like.
  @Test func lookAlikesComeInPairs() {
    #expect(LookAlikes.letters.allSatisfy { $0.key.value > 0x7f && $0.value.value < 0x80 })
    #expect(LookAlikes.letters.count > 120)
  }

  @Test(arguments: [
    ("windows-1251", [0xe5, 0x78, 0xb3], "еxі"), ("koi8-r", [0xc5, 0xc1], "еа"), ("iso-8859-5", [0xd5, 0x41], "еA"),
    ("utf-7", Array("a+AC4-b+-".utf8), "a.b+"),
    ("utf-16", [0xff, 0xfe, 0x41, 0x00], "A"), ("utf-16be", [0x00, 0x41], "A"), ("utf-16le", [0x41, 0x00, 0x42], "A"),
  ])
  func characterSets(name: String, bytes: [UInt8], text: String) {
    #expect(EncodedWords.inUTF8(bytes, name).map { String(decoding: $0, as: UTF8.self) } == text)
  }
}
