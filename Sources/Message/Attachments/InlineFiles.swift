// SPDX-License-Identifier: Apache-2.0
import CBytes

/// Files in the text of a message, from before there was MIME: uuencode (POSIX), and yEnc.
package enum InlineFiles {
  package struct File: Equatable, Sendable {
    package let name: [UInt8]
    /// Of its lines, from `begin` on.
    package let lines: Range<Int>
    package let isBase64: Bool
    package let isYEnc: Bool

    /// The same file in a text that begins with it.
    package var alone: File { File(name: name, lines: 0..<lines.count, isBase64: isBase64, isYEnc: isYEnc) }
  }

  package static let maximum = 1000

  /// Stops after `maximum` files.
  package static func find(_ text: UnsafeRawBufferPointer) -> [File] {
    var files: [File] = []
    var start = 0
    while start < text.count, files.count < maximum {
      let end = lineEnd(text, start)
      if text[start] == UInt8(ascii: "b"), let file = uuencoded(text, start, end) {
        files.append(file)
        start = file.lines.upperBound
      } else {
        if text[start] == UInt8(ascii: "="), let file = yEnc(text, start, end) { files.append(file) }
        start = end
      }
    }
    return files
  }

  private static func lineEnd(_ text: UnsafeRawBufferPointer, _ start: Int) -> Int {
    guard let base = text.baseAddress, let found = memchr(base + start, 0x0a, text.count - start) else { return text.count }
    return base.distance(to: UnsafeRawPointer(found)) + 1
  }

  private static func words(_ text: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> [UInt8] {
    text[start..<end].filter { $0 != 0x0a && $0 != 0x0d }
  }

  /// `begin 644 name`, or `begin-base64 644 name`.
  private static func uuencoded(_ text: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> File? {
    guard end - start > 8, end - start < 2000 else { return nil }
    let line = words(text, start, end)
    let isBase64 = line.starts(with: "begin-base64 ".utf8)
    guard isBase64 || line.starts(with: "begin ".utf8) else { return nil }
    let rest = line.drop { $0 != 0x20 }.drop { $0 == 0x20 }
    let mode = rest.prefix { $0 >= 0x30 && $0 < 0x38 }
    guard mode.count >= 3, mode.count <= 6, mode.endIndex < rest.endIndex, rest[mode.endIndex] == 0x20 else { return nil }
    let name = Array(rest[mode.endIndex...].drop { $0 == 0x20 })
    guard !name.isEmpty else { return nil }
    return File(name: name, lines: start..<stop(text, from: end, isBase64: isBase64), isBase64: isBase64, isYEnc: false)
  }

  /// Behind the line `end` or `====`; else where the text ends.
  private static func stop(_ text: UnsafeRawBufferPointer, from start: Int, isBase64: Bool) -> Int {
    var start = start
    while start < text.count {
      let end = lineEnd(text, start)
      if end - start < 8 {
        let line = words(text, start, end)
        if line.elementsEqual((isBase64 ? "====" : "end").utf8) { return end }
      }
      start = end
    }
    return text.count
  }

  /// `=ybegin line=128 size=1 name=virus.exe`
  private static func yEnc(_ text: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> File? {
    guard end - start > 16, end - start < 2000 else { return nil }
    let line = words(text, start, end)
    guard line.starts(with: "=ybegin ".utf8), let place = line.indices.first(where: { line[$0...].starts(with: " name=".utf8) }) else { return nil }
    return File(name: Array(line[(place + 6)...]), lines: start..<end, isBase64: false, isYEnc: true)
  }

  /// What is in it, at most `limit` bytes.
  package static func decoded(_ file: File, in text: UnsafeRawBufferPointer, limit: Int) -> [UInt8] {
    var start = lineEnd(text, file.lines.lowerBound)
    var output: [UInt8] = []
    while start < file.lines.upperBound, output.count < limit, !file.isYEnc {
      let end = min(lineEnd(text, start), file.lines.upperBound)
      let line = words(text, start, end)
      if file.isBase64 { output += EncodedWords.base64(line[...]) } else { decode(line, into: &output) }
      start = end
    }
    return Array(output.prefix(limit))
  }

  private static func decode(_ line: [UInt8], into output: inout [UInt8]) {
    guard let first = line.first, first > 0x20, first <= 0x60 else { return }
    let count = Int(first - 0x20) & 63
    var bytes: [UInt8] = []
    var index = 1
    while index < line.count, bytes.count < count {
      let group = (0..<4).map { index + $0 < line.count ? UInt32((line[index + $0] &- 0x20) & 63) : 0 }
      let bits = group[0] << 18 | group[1] << 12 | group[2] << 6 | group[3]
      bytes += [UInt8(bits >> 16 & 255), UInt8(bits >> 8 & 255), UInt8(bits & 255)]
      index += 4
    }
    output += bytes.prefix(count)
  }
}
