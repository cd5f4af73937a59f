// SPDX-License-Identifier: Apache-2.0

/// What a file is by its own bytes, whatever its name says.
package enum FileType: String, Sendable, CaseIterable {
  // What runs, or makes something run.
  case pe, elf, macho = "mach-o", java, dex, script, windowsScript = "windows-script", shortcut, macro, installer, help, onenote
  case diskImage = "disk-image"
  // What holds other files.
  case zip, archive, compressed, compound, tnef
  // What needs no second look.
  case harmless

  /// So many bytes from the start tell all types that are told by their start; a disk image needs `imageHead`.
  package static let head = 4096
  package static let imageHead = 0x9000

  /// Whether it has other files in it that can be looked at.
  package var isContainer: Bool {
    switch self {
    case .zip, .archive, .compressed, .compound, .tnef, .diskImage: true
    default: false
    }
  }

  /// Nil for what is not known here, such as text.
  package init?(_ head: UnsafeRawBufferPointer) {
    guard let type = Self.program(head) ?? Self.container(head) ?? Self.harmless(head) ?? Self.image(head) ?? Self.text(head) else { return nil }
    self = type
  }

  private static func starts(_ bytes: UnsafeRawBufferPointer, _ magic: [UInt8], at offset: Int = 0) -> Bool {
    bytes.count >= offset + magic.count && bytes[offset..<(offset + magic.count)].elementsEqual(magic)
  }

  private static func starts(_ bytes: UnsafeRawBufferPointer, _ magic: StaticString, at offset: Int = 0) -> Bool {
    let magic = UnsafeBufferPointer(start: magic.utf8Start, count: magic.utf8CodeUnitCount)
    return bytes.count >= offset + magic.count && bytes[offset..<(offset + magic.count)].elementsEqual(magic)
  }

  private static func big32(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
    guard bytes.count >= offset + 4 else { return 0 }
    return bytes[offset..<(offset + 4)].reduce(0) { $0 << 8 | UInt32($1) }
  }

  // MARK: Programs

  private static func program(_ head: UnsafeRawBufferPointer) -> FileType? {
    switch big32(head, 0) {
    case 0x7f45_4c46: return .elf
    case 0xfeed_face, 0xfeed_facf, 0xcefa_edfe, 0xcffa_edfe: return .macho
    // A class of Java says its version there, 45 and more; a Mach-O for several machines how many they are.
    case 0xcafe_babe: return big32(head, 4) & 0xffff >= 45 ? .java : .macho
    case 0xcafe_babf, 0xbeba_feca, 0xbfba_feca: return .macho
    case 0x4c00_0000: return starts(head, [0x01, 0x14, 0x02, 0x00], at: 4) ? .shortcut : nil
    case 0x6465_780a: return .dex
    case 0x4954_5346: return .help
    case 0xe452_5c7b: return starts(head, [0x8c, 0xd8, 0xa7, 0x4d], at: 4) ? .onenote : nil
    case 0xedab_eedb: return .installer
    default: break
    }
    if starts(head, "!<arch>\ndebian-binary") { return .installer }
    return isPE(head) ? .pe : nil
  }

  /// `MZ`, and not the beginning of a text.
  private static func isPE(_ head: UnsafeRawBufferPointer) -> Bool {
    guard starts(head, "MZ") || starts(head, "ZM") else { return false }
    return head.count < 8 || head.prefix(64).contains { $0 < 0x20 && $0 != 0x09 && $0 != 0x0a && $0 != 0x0d || $0 >= 0x7f }
  }

  // MARK: Containers

  private static func container(_ head: UnsafeRawBufferPointer) -> FileType? {
    if starts(head, [0x50, 0x4b, 0x03, 0x04]) || starts(head, [0x50, 0x4b, 0x05, 0x06]) || starts(head, [0x50, 0x4b, 0x30, 0x30]) { return .zip }
    if starts(head, [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]) { return .compound }
    if starts(head, [0x78, 0x9f, 0x3e, 0x22]) { return .tnef }
    if starts(head, [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]) || starts(head, "Rar!\u{1a}\u{07}") || starts(head, "MSCF") { return .archive }
    if starts(head, "xar!") || starts(head, "ustar", at: 257) || starts(head, "-lh", at: 2) || starts(head, "-lz", at: 2) { return .archive }
    if starts(head, "!<arch>\n") || starts(head, "070701") || starts(head, "070707") || isOldTar(head) { return .archive }
    if starts(head, [0x1f, 0x8b]) || starts(head, [0x1f, 0x9d]) || starts(head, [0xfd, 0x37, 0x7a, 0x58, 0x5a]) || starts(head, "LZIP") {
      return .compressed
    }
    if starts(head, "BZh") && starts(head, [0x31, 0x41, 0x59], at: 4) || starts(head, [0x28, 0xb5, 0x2f, 0xfd]) { return .compressed }
    return starts(head, [0x5d, 0x00, 0x00]) && head.count > 13 ? .compressed : nil
  }

  /// One without the word `ustar`: octal numbers where a tar file has them, and the right sum.
  private static func isOldTar(_ head: UnsafeRawBufferPointer) -> Bool {
    guard head.count >= 512, head[0] != 0 else { return false }
    let digits = head[148..<154].filter { $0 != 0x20 && $0 != 0 }
    guard !digits.isEmpty, digits.allSatisfy({ $0 >= 0x30 && $0 < 0x38 }) else { return false }
    let stated = digits.reduce(0) { $0 * 8 + Int($1 - 0x30) }
    let sum = head[..<512].enumerated().reduce(0) { $0 + ($1.offset >= 148 && $1.offset < 156 ? 0x20 : Int($1.element)) }
    return sum == stated
  }

  private static func image(_ head: UnsafeRawBufferPointer) -> FileType? {
    if starts(head, "conectix") || starts(head, "vhdxfile") || starts(head, "KDMV") || starts(head, [0x51, 0x46, 0x49, 0xfb]) { return .diskImage }
    for sector in [0x8001, 0x8801] where starts(head, "CD001", at: sector) || starts(head, "BEA01", at: sector) || starts(head, "NSR0", at: sector) {
      return .diskImage
    }
    // The first sector of a disk or of a file system on it.
    guard starts(head, [0x55, 0xaa], at: 510) else { return nil }
    return head[0] == 0xeb && head[2] == 0x90 || head[0] == 0xe9 || head[0] == 0x33 || head[0] == 0xfa || head[0] == 0 ? .diskImage : nil
  }

  // MARK: The rest

  private static func harmless(_ head: UnsafeRawBufferPointer) -> FileType? {
    switch big32(head, 0) {
    case 0x8950_4e47, 0x4749_4638, 0x4949_2a00, 0x4d4d_002a, 0x4f67_6753: return .harmless
    default: break
    }
    return starts(head, [0xff, 0xd8, 0xff]) || starts(head, "%PDF-") || starts(head, "ftyp", at: 4) || starts(head, "ID3") ? .harmless : nil
  }

  /// Scripts: what begins with their interpreter, or with words that no other text begins with.
  private static func text(_ head: UnsafeRawBufferPointer) -> FileType? {
    var text = UnsafeRawBufferPointer(rebasing: head.prefix(textHead))
    if starts(text, [0xef, 0xbb, 0xbf]) { text = UnsafeRawBufferPointer(rebasing: text.dropFirst(3)) }
    if starts(text, "#!"), text.prefix(64).contains(UInt8(ascii: "/")) { return .script }
    if starts(text, "#@~^") { return .windowsScript }
    let words = narrow(text)
    if let start = words.firstIndex(where: { $0 > 0x20 }) {
      let begin = words[start...]
      for word in ["@echo off", "<job", "<package", "<?component", "<scriptlet", "<hta:application", "windows registry editor", "regedit4"]
      where begin.starts(with: word.utf8) {
        return .windowsScript
      }
      if begin.starts(with: "[internetshortcut]".utf8) || begin.starts(with: "[desktop entry]".utf8) { return .shortcut }
    }
    let marks = ["wscript.shell", "wscript.createobject", "new activexobject(", "<hta:application"]
    return marks.contains { contains(words, Array($0.utf8)) } ? .windowsScript : nil
  }

  private static let textHead = 4096

  /// In lower case, without the zero bytes of UTF-16.
  private static func narrow(_ text: UnsafeRawBufferPointer) -> [UInt8] {
    let wide = starts(text, [0xff, 0xfe]) || starts(text, [0xfe, 0xff])
    return text.compactMap { byte in
      if wide, byte == 0 || byte >= 0xfe { return nil }
      return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
    }
  }

  private static func contains(_ text: [UInt8], _ word: [UInt8]) -> Bool {
    guard text.count >= word.count, let first = word.first else { return false }
    for index in 0...(text.count - word.count) where text[index] == first && text[index..<(index + word.count)].elementsEqual(word) { return true }
    return false
  }
}
