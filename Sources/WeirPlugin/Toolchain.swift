// SPDX-License-Identifier: MIT
import CWeir

/// Swift has no stable binary interface on Linux: the host looks at which compiler made the plugin before it takes it into its own process.
enum Toolchain {
  static func table(_ id: UnsafePointer<CChar>?) -> UnsafeRawPointer? {
    guard let id, String(cString: id) == WEIR_SWIFT else { return nil }
    return UnsafeRawPointer(swift)
  }

  nonisolated(unsafe) private static let swift: UnsafePointer<weir_swift> = {
    let table = UnsafeMutablePointer<weir_swift>.allocate(capacity: 1)
    table.initialize(to: weir_swift(size: UInt32(MemoryLayout<weir_swift>.size), version: version))
    return UnsafePointer(table)
  }()

  /// The compiler's version, a byte for each of its numbers: it tells no program its version but by such questions.
  static var version: UInt32 {
    #if compiler(>=7.0)
      0
    #elseif compiler(>=6.5)
      0
    #elseif compiler(>=6.4.3)
      0x06_04_03
    #elseif compiler(>=6.4.2)
      0x06_04_02
    #elseif compiler(>=6.4.1)
      0x06_04_01
    #elseif compiler(>=6.4)
      0x06_04_00
    #elseif compiler(>=6.3.3)
      0x06_03_03
    #elseif compiler(>=6.3.2)
      0x06_03_02
    #elseif compiler(>=6.3.1)
      0x06_03_01
    #elseif compiler(>=6.3)
      0x06_03_00
    #elseif compiler(>=6.2.4)
      0x06_02_04
    #elseif compiler(>=6.2.3)
      0x06_02_03
    #elseif compiler(>=6.2.2)
      0x06_02_02
    #elseif compiler(>=6.2.1)
      0x06_02_01
    #elseif compiler(>=6.2)
      0x06_02_00
    #else
      0
    #endif
  }
}
