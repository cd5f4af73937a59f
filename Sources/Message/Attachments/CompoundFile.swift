// SPDX-License-Identifier: Apache-2.0

/// [MS-CFB]: the files of old Office, of Windows Installer and of Outlook: a small file system in a file. Its directory, as far as it can be read.
package struct CompoundFile: Sendable {
  package struct Entry: Sendable {
    package let name: String
    fileprivate let start: UInt32
    fileprivate let size: Int
  }

  package private(set) var entries: [Entry] = []
  /// The class of its root: what program it is for.
  package private(set) var rootClass: [UInt8] = []
  /// Sectors are named that are not there.
  package private(set) var isBroken = false

  private let sectorSize: Int
  private let fat: [Int]

  package static let maximumEntries = 10_000
  private static let endOfChain: UInt32 = 0xffff_fffa

  package init?(_ file: UnsafeRawBufferPointer) {
    guard file.count >= 512, Self.word(file, 0) == 0xe011_cfd0 else { return nil }
    let shift = Int(file[30]) | Int(file[31]) << 8
    guard shift == 9 || shift == 12 else { return nil }
    sectorSize = 1 << shift
    fat = Self.tables(file, 1 << shift)
    readDirectory(file)
  }

  private static func word(_ file: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
    guard offset >= 0, offset + 4 <= file.count else { return 0xffff_ffff }
    return file.loadUnaligned(fromByteOffset: offset, as: UInt32.self).littleEndian
  }

  /// Where the pieces of the allocation table are: 109 in the header, of big files more in sectors of their own.
  private static func tables(_ file: UnsafeRawBufferPointer, _ sectorSize: Int) -> [Int] {
    var tables = (0..<109).map { Int(word(file, 76 + 4 * $0)) }
    var sector = word(file, 68)
    for _ in 0..<1000 where sector < endOfChain {
      let start = (Int(sector) + 1) * sectorSize
      guard start + sectorSize <= file.count else { break }
      for index in 0..<(sectorSize / 4 - 1) { tables.append(Int(word(file, start + 4 * index))) }
      sector = word(file, start + sectorSize - 4)
    }
    return tables
  }

  private func offset(_ sector: Int) -> Int { (sector + 1) * sectorSize }

  private func next(_ file: UnsafeRawBufferPointer, _ sector: UInt32) -> UInt32 {
    let perSector = sectorSize / 4
    let table = Int(sector) / perSector
    guard table < fat.count, fat[table] < Int(Self.endOfChain) else { return 0xffff_ffff }
    return Self.word(file, offset(fat[table]) + 4 * (Int(sector) % perSector))
  }

  private mutating func readDirectory(_ file: UnsafeRawBufferPointer) {
    var sector = Self.word(file, 48)
    var steps = 0
    while sector < Self.endOfChain {
      let start = offset(Int(sector))
      steps += 1
      guard start + 128 <= file.count, steps < file.count / sectorSize + 2 else { return isBroken = true }
      for place in stride(from: start, to: min(start + sectorSize, file.count - 127), by: 128) {
        guard entries.count < Self.maximumEntries else { return isBroken = true }
        readEntry(file, place)
      }
      sector = next(file, sector)
    }
  }

  private mutating func readEntry(_ file: UnsafeRawBufferPointer, _ place: Int) {
    let length = Int(file[place + 64]) | Int(file[place + 65]) << 8
    guard file[place + 66] != 0, length >= 2, length <= 64 else { return }
    let units = stride(from: place, to: place + length - 2, by: 2).map { UInt16(file[$0]) | UInt16(file[$0 + 1]) << 8 }
    if file[place + 66] == 5 { rootClass = Array(file[(place + 80)..<(place + 96)]) }
    entries.append(
      Entry(name: String(decoding: units, as: UTF16.self), start: Self.word(file, place + 116), size: Int(Self.word(file, place + 120))))
  }

  /// The stream's bytes, of those that are not kept among the small ones (under 4096 bytes); at most `limit`.
  package func stream(_ entry: Entry, in file: UnsafeRawBufferPointer, limit: Int) -> [UInt8] {
    var (bytes, sector) = ([UInt8](), entry.start)
    let size = min(entry.size, limit, file.count)
    guard entry.size >= 4096 else { return [] }
    while sector < Self.endOfChain, bytes.count < size {
      let start = offset(Int(sector))
      guard start < file.count else { break }
      bytes += file[start..<min(start + sectorSize, file.count, start + size - bytes.count)]
      sector = next(file, sector)
    }
    return bytes
  }

  // MARK: What it is

  /// It has code of Visual Basic, or the sheets of Excel's older macros.
  package var hasMacros: Bool {
    entries.contains { ["_vba_project", "vba", "macros", "_vba_project_cur"].contains($0.name.lowercased()) }
  }

  /// A document that a password protects: its content is another file in it.
  package var isEncrypted: Bool { entries.contains { $0.name.lowercased() == "encryptedpackage" } }

  /// Windows Installer: 000C1084-0000-0000-C000-000000000046, and patches and transforms beside it.
  package var isInstaller: Bool {
    rootClass.count == 16 && [0x82, 0x84, 0x86].contains(rootClass[0]) && rootClass[1] == 0x10 && rootClass[2] == 0x0c && rootClass[8] == 0xc0
  }

  /// Streams that hold a whole file: objects put into a document, and the attachments of a message that Outlook has saved.
  package var embedded: [Entry] {
    entries.filter { $0.name == "\u{01}Ole10Native" || $0.name == "Package" || $0.name.lowercased() == "__substg1.0_37010102" }
  }
}
