// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Message

@Suite struct FileContentTests {
  private func type(_ bytes: [UInt8]) -> FileType? { bytes.withUnsafeBytes { FileType($0) } }

  @Test(
    arguments: [
      ("MZ", .pe), ("MZ\u{0}", .pe), ("MZ, a text that is longer", nil), ("\u{7f}ELF", .elf), ("#!/bin/sh", .script), ("#! a title", nil),
      ("#!", nil),
      ("@ECHO OFF\r\n", .windowsScript), ("\u{feff}@echo off", .windowsScript), ("  <job>", .windowsScript), ("[InternetShortcut]\n", .shortcut),
      ("x = new ActiveXObject(\"y\")", .windowsScript), ("dex\n035", .dex), ("PK\u{3}\u{4}", .zip), ("7z", nil), ("Rar!\u{1a}\u{7}\u{0}", .archive),
      ("%PDF-1.4", .harmless), ("hello", nil), ("", nil), ("BZh91AY", .compressed), ("BZh is a word", nil), ("MSCF", .archive),
      ("!<arch>\ndebian-binary", .installer),
    ] as [(String, FileType?)])
  func magic(start: String, expected: FileType?) { #expect(type(Array(start.utf8)) == expected) }

  @Test(
    arguments: [
      ([0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 0x34], .java), ([0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 2], .macho), ([0xfe, 0xed, 0xfa, 0xcf], .macho),
      ([0x4c, 0, 0, 0, 1, 0x14, 2, 0], .shortcut), ([0x4c, 0, 0, 0], nil), ([0x1f, 0x8b, 8], .compressed), ([0x28, 0xb5, 0x2f, 0xfd], .compressed),
    ] as [([UInt8], FileType?)])
  func numbers(bytes: [UInt8], expected: FileType?) { #expect(type(bytes) == expected) }

  @Test func images() {
    var image = [UInt8](repeating: 0, count: FileType.imageHead)
    image.replaceSubrange(0x8001..<0x8006, with: Array("CD001".utf8))
    #expect(type(image) == .diskImage)
    #expect(type(Array(image[..<0x8005])) == nil)
  }

  // MARK: Text

  private func files(_ text: String) -> [(String, String)] {
    Array(text.utf8).withUnsafeBytes { bytes in
      InlineFiles.find(bytes).map { file in
        (String(decoding: file.name, as: UTF8.self), String(decoding: InlineFiles.decoded(file, in: bytes, limit: .max), as: UTF8.self))
      }
    }
  }

  @Test(arguments: [
    ("begin 644 a b.txt\n#0V%T\n`\nend\n", "a b.txt", "Cat"), ("x\nbegin 0644 c\n#0V%T", "c", "Cat"),
    ("begin-base64 644 d\nQ2F0\n====\n", "d", "Cat"),
    ("=ybegin line=1 size=3 name=e f\nabc\n", "e f", ""),
  ])
  func filesInText(text: String, name: String, content: String) {
    #expect(files(text).map(\.0) == [name])
    #expect(files(text).map(\.1) == [content])
  }

  @Test(arguments: ["begin the day", "begin 9 x", "begin 644", " begin 644 x\n", "begin 644 \n", "begin-base64 x\n"])
  func ordinaryText(text: String) { #expect(files(text).isEmpty) }

  // MARK: Decoding

  private func decoded(_ text: String, _ limit: Int = .max) -> [String] {
    Array(text.utf8).withUnsafeBytes { PartDecoder.readings($0, .base64, limit: limit).map { String(decoding: $0, as: UTF8.self) } }
  }

  @Test(arguments: [
    ("Q2F0", ["Cat"]), ("Q2\nF0\n", ["Cat"]), ("Q2E=\n", ["Ca"]), ("Q2E=\nQ2F0", ["CaCat"]), ("Q2=F0", ["C\u{17}", "Cat"]), ("!Q-2 F0", ["Cat"]),
    ("", [""]),
  ])
  func base64(text: String, expected: [String]) {
    let found = decoded(text)
    for word in expected where word.utf8.allSatisfy({ $0 >= 0x20 }) { #expect(found.contains { $0.hasPrefix(word) }, "\(found)") }
  }

  @Test func decodesNoMoreThanNeeded() { #expect(decoded(String(repeating: "Q2F0", count: 1000), 3) == ["Cat"]) }

  // MARK: Containers that are cut off, or lie

  @Test func compoundFilesThatLie() {
    var file = [UInt8](repeating: 0xff, count: 1024)
    file.replaceSubrange(0..<8, with: [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1])
    (file[30], file[31]) = (9, 0)
    // Its directory begins in a sector that is followed by itself.
    file.replaceSubrange(48..<52, with: [0, 0, 0, 0])
    file.replaceSubrange(76..<80, with: [0, 0, 0, 0])
    file.replaceSubrange(512..<516, with: [0, 0, 0, 0])
    let found = file.withUnsafeBytes { CompoundFile($0) }
    #expect(found?.isBroken == true)
    #expect(file.prefix(511).withUnsafeBytes { CompoundFile(UnsafeRawBufferPointer($0)) } == nil)
  }

  @Test func tnefThatIsCutOff() {
    let file: [UInt8] = [0x78, 0x9f, 0x3e, 0x22, 1, 0, 2, 0x10, 0x80, 1, 0, 0xff, 0, 0, 0, 0x61]
    let found = file.withUnsafeBytes { TNEF($0) }
    #expect(found?.isBroken == true && found?.attachments == [])
    #expect(Array(file.prefix(3)).withUnsafeBytes { TNEF($0) } == nil)
  }
}
