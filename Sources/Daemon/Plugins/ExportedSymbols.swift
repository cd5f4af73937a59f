// SPDX-License-Identifier: Apache-2.0

/// The names that a shared object shows to others: the dynamic symbols of a 64-bit little-endian ELF file that are defined in it.
enum ExportedSymbols {
  private static let dynamicSymbols: UInt64 = 11
  private static let symbolSize = 24
  private static let sectionSize = 64

  /// Nil if it is no such file.
  static func names(_ file: [UInt8]) -> [String]? {
    guard file.count >= 64, file.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1]), let table = number(file, 40, 8), let count = number(file, 60, 2) else {
      return nil
    }
    let sections = (0..<count).compactMap { Section(file, at: table &+ $0 &* UInt64(sectionSize)) }
    guard let symbols = sections.first(where: { $0.kind == dynamicSymbols }), Int(clamping: symbols.link) < sections.count else { return nil }
    let strings = sections[Int(clamping: symbols.link)]
    return stride(from: 0, to: min(symbols.size, UInt64(file.count)), by: symbolSize).compactMap { offset -> String? in
      let start = symbols.offset &+ offset
      guard let name = number(file, start, 4), let info = number(file, start &+ 4, 1), let section = number(file, start &+ 6, 2),
        section != 0, info >> 4 == 1 || info >> 4 == 2
      else { return nil }
      return text(file, strings.offset &+ name)
    }.sorted()
  }

  private struct Section {
    let kind: UInt64
    let offset: UInt64
    let size: UInt64
    let link: UInt64

    init?(_ file: [UInt8], at start: UInt64) {
      guard let kind = number(file, start &+ 4, 4), let offset = number(file, start &+ 24, 8), let size = number(file, start &+ 32, 8),
        let link = number(file, start &+ 40, 4)
      else { return nil }
      self.kind = kind
      self.offset = offset
      self.size = size
      self.link = link
    }
  }

  private static func number(_ file: [UInt8], _ start: UInt64, _ size: Int) -> UInt64? {
    guard start <= UInt64(file.count), Int(start) <= file.count - size else { return nil }
    return file[Int(start)..<Int(start) + size].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private static func text(_ file: [UInt8], _ start: UInt64) -> String? {
    guard start < UInt64(file.count) else { return nil }
    return String(decoding: file[Int(start)...].prefix { $0 != 0 }, as: UTF8.self)
  }
}
