// SPDX-License-Identifier: Apache-2.0
import CArchive

/// The names in a zip file, as its directory and as its entries have them: the two may differ.
enum ZipNames {
  private static let maximum = 100_000

  /// The end of a directory is near the end of the file.
  static func hasDirectory(_ file: UnsafeRawBufferPointer) -> Bool {
    let tail = UnsafeRawBufferPointer(rebasing: file.suffix(66_000))
    return place(of: (0x05, 0x06), in: tail, from: 0) != nil
  }

  static func directory(_ file: UnsafeRawBufferPointer) -> Set<[UInt8]> { Set(names(file, (0x01, 0x02), length: 28, name: 46)) }
  static func local(_ file: UnsafeRawBufferPointer) -> [[UInt8]] { names(file, (0x03, 0x04), length: 26, name: 30) }

  private static func names(_ file: UnsafeRawBufferPointer, _ mark: (UInt8, UInt8), length: Int, name: Int) -> [[UInt8]] {
    var (names, start): ([[UInt8]], Int) = ([], 0)
    while names.count < maximum, let found = place(of: mark, in: file, from: start) {
      start = found + 4
      guard found + name <= file.count else { break }
      let count = Int(file[found + length]) | Int(file[found + length + 1]) << 8
      if count > 0, count < 1024, found + name + count <= file.count { names.append(Array(file[(found + name)..<(found + name + count)])) }
    }
    return names
  }

  /// `PK` and these two bytes.
  private static func place(of mark: (UInt8, UInt8), in file: UnsafeRawBufferPointer, from start: Int) -> Int? {
    guard let base = file.baseAddress, start < file.count else { return nil }
    let bytes: [UInt8] = [0x50, 0x4b, mark.0, mark.1]
    return carchive_find(base + start, file.count - start, bytes, bytes.count).map { base.distance(to: $0) }
  }
}
