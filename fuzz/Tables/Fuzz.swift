// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tables

/// Any text read as a table of any type is refused in words or answers: every entry of a table of lines is found by its key, and looking up any line of the
/// text ends. The first byte chooses the type, the rest is the file, or what is in the setting.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = UnsafeBufferPointer(start: start, count: count)
  // Patterns on long texts are the library's affair, and take its time.
  guard let choice = input.first, count < 4096 else { return 0 }
  let types = ["hash", "cidr", "regexp", "pcre", "lenient:regexp", "lenient:pcre", "lenient:cidr"]
  let type = types[Int(choice & 0x0f) % types.count]
  let text = Array(input.dropFirst())
  let name = choice & 0x80 == 0 ? Array("/t".utf8) : Array("{".utf8) + text + Array("}".utf8)
  guard let reference = TableReference(located(Array("\(type):".utf8) + name)) else { return 0 }
  let result = Table.read(reference, files: MemoryFiles(bytes: ["/t": text]))
  _ = DiagnosticText().render(result.diagnostics)
  if let table = result.table { check(table, text, isLines: type == "hash") }
  return 0
}

private func located(_ bytes: [UInt8]) -> LocatedText {
  let source = SourceText(name: "input", bytes: bytes)
  return LocatedText(source, 0..<source.bytes.count)
}

private func check(_ table: Table, _ text: [UInt8], isLines: Bool) {
  for line in text.split(separator: UInt8(ascii: "\n")).prefix(20) { _ = table.value(for: String(decoding: line, as: UTF8.self)) }
  for key in ["", "192.0.2.1", "2001:db8::1", "a@b"] { _ = table.value(for: key) }
  guard isLines else { return }
  _ = table.firstEntry(notEndingIn: "/")
  for entry in table.entries where !entry.key.unicodeScalars.contains("\u{fffd}") {
    precondition(table.value(for: entry.key) == entry.value, "an entry that its key does not find")
  }
}
