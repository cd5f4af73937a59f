// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A shared object in this process. It stays until the process ends: what it left behind in threads and tables could not be taken away with it.
package struct DynamicLibrary: @unchecked Sendable {
  private let handle: UnsafeMutableRawPointer

  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  /// Its symbols are seen by nobody else, and are all there, or it is not loaded.
  package init(path: String) throws(Failure) {
    guard let handle = DynamicLibrary.load(path) else { throw DynamicLibrary.failure() }
    self.init(handle)
  }

  private init(_ handle: UnsafeMutableRawPointer) { self.handle = handle }

  private static func load(_ path: String) -> UnsafeMutableRawPointer? { dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) }

  /// From a copy of the file that nobody can change or cut off: for a process that lives on when somebody writes over it. Debuggers find the copy
  /// under its name, /proc/PID/fd/N. The file itself is taken where there can be no copy, and where it looks for libraries beside itself ($ORIGIN), which a
  /// copy could not; `hasAll`: these are in the process already.
  package init(copyOf path: String, hasAll: Bool) throws(Failure) {
    // The descriptor stays open: a library is known by its name, which must not come again.
    if let copy = DynamicLibrary.copy(path, hasAll), let handle = DynamicLibrary.load("/proc/\(getpid())/fd/\(copy)") {
      self.init(handle)
    } else {
      try self.init(path: path)
    }
  }

  /// Sealed; nil where that cannot be done.
  private static func copy(_ path: String, _ hasAll: Bool) -> Int32? {
    guard let file = try? LinuxDisk().open(path, at: nil, [.read], mode: 0) else { return nil }
    defer { closeDescriptor(file.rawValue) }
    guard let bytes = try? SealedMemory.read(file.rawValue), hasAll || !looksBesideItself(bytes) else { return nil }
    return try? SealedMemory.make(String(path.split(separator: "/").last ?? "plugin"), bytes)
  }

  private static func looksBesideItself(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { all in
      var rest = all[...]
      while let dollar = rest.firstIndex(of: UInt8(ascii: "$")) {
        rest = rest[(dollar + 1)...]
        if rest.starts(with: Array("ORIGIN".utf8)) || rest.starts(with: Array("{ORIGIN}".utf8)) { return true }
      }
      return false
    }
  }

  package func symbol(_ name: String) -> UnsafeMutableRawPointer? { dlsym(handle, name) }

  private static func failure() -> Failure { Failure(description: dlerror().map { String(cString: $0) } ?? "dlopen failed") }
}
