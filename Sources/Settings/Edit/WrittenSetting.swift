// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Where a setting stands in its file, to the byte.
struct WrittenSetting {
  let source: SourceText
  /// From its name to the end of its value, without a comment after it.
  let extent: Range<Int>
  private let value: Range<Int>
  private let lines: ClosedRange<Int>
  private let isOnLineOfBlock: Bool

  init(_ setting: Setting) {
    let raw = setting.rawValue
    let name = setting.name.start
    source = name.source
    let nameEnd = name.offset + setting.name.count
    let equals = source.bytes[nameEnd...].firstIndex(of: UInt8(ascii: "=")) ?? nameEnd
    let begin = raw.isEmpty ? equals + 1 : raw.start.offset
    let end = raw.isEmpty ? begin : raw.location(at: setting.valueLength - 1).offset + 1
    value = begin..<max(begin, end)
    extent = name.offset..<value.upperBound
    let first = source.lineIndex(at: name.offset)
    lines = first...max(first, source.lineIndex(at: max(name.offset, value.upperBound - 1)))
    let before = source.bytes[source.lineRange(first).lowerBound..<name.offset]
    isOnLineOfBlock = before.contains { !$0.isBlank && $0 < 0x80 }
  }

  /// The file with another value here. Comments between the lines of the old one stay.
  func settingValue(_ text: [UInt8]) -> [UInt8] {
    var bytes = Array(source.bytes[..<value.lowerBound])
    if value.isEmpty, !text.isEmpty { bytes.append(UInt8(ascii: " ")) }
    bytes += text
    for index in keptLines { bytes += Array(source.lineEnding.utf8) + source.line(index) }
    return bytes + source.bytes[value.upperBound...]
  }

  /// The file without the setting.
  func removed() -> [UInt8] {
    if isOnLineOfBlock { return Array(source.bytes[..<extent.lowerBound]) + source.bytes[extent.upperBound...] }
    return rewritten { isComment, _ in isComment ? [] : nil }
  }

  /// The file with the setting as a comment; nil where that would take more with it.
  func commentedOut() -> [UInt8]? {
    isOnLineOfBlock ? nil : rewritten { isComment, _ in isComment ? [] : [UInt8(ascii: "#")] }
  }

  /// The lines of the setting, each after what `prefix` puts before it, or left out where that is nil.
  private func rewritten(_ prefix: (_ isComment: Bool, _ line: Int) -> [UInt8]?) -> [UInt8] {
    var bytes = Array(source.bytes[..<source.lineRange(lines.lowerBound).lowerBound])
    for index in lines {
      guard let prefix = prefix(isKept(index), index) else { continue }
      bytes += prefix + source.fullLine(index)
    }
    return bytes + source.bytes[source.fullLine(lines.upperBound).endIndex...]
  }

  private var keptLines: [Int] { lines.dropFirst().filter(isKept) }

  private func isKept(_ index: Int) -> Bool { LocatedText(source, source.lineRange(index)).isBlankOrComment }
}

extension Setting {
  /// The bytes of the raw value up to the end of the value itself.
  fileprivate var valueLength: Int {
    guard isDovecotValue else { return rawValue.count }
    return max(1, DovecotValue(rawValue).length)
  }

  /// Whether it is read by Dovecot's rules.
  var isDovecotValue: Bool { dialect == .dovecot || Schema.origin(of: name.text) == .dovecot }
}

extension SourceText {
  /// As the first line ends.
  var lineEnding: String {
    let end = lineRange(0).upperBound
    return end < bytes.count && bytes[end] == UInt8(ascii: "\r") ? "\r\n" : "\n"
  }

  /// A line (counted from 0) with its line ending.
  func fullLine(_ index: Int) -> ArraySlice<UInt8> {
    bytes[lineRange(index).lowerBound..<(index + 1 < lineCount ? lineRange(index + 1).lowerBound : bytes.count)]
  }
}
