// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What tells one version of a file from the next without reading it.
struct FileStamp: Equatable, Sendable {
  let device: UInt64
  let inode: UInt64
  let size: Int64
  let modifiedSeconds: Int
  let modifiedNanoseconds: Int

  init(_ status: stat) {
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    size = Int64(status.st_size)
    modifiedSeconds = status.st_mtim.tv_sec
    modifiedNanoseconds = status.st_mtim.tv_nsec
  }

  /// The stamp of the file now at `path`, or nil when there is none that can be looked at.
  init?(path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }
}

/// The bytes of a certificate or key file, with the stamp of exactly the file that was read.
struct CertificateFile: Sendable {
  /// Far above any chain; a setting that names a wrong file must not fill the memory.
  static let sizeLimit = 1 << 20

  let path: String
  let stamp: FileStamp
  let isReadableByOthers: Bool
  let bytes: [UInt8]

  init(path: String) throws(TLSConfigurationError) {
    // O_NONBLOCK so that a FIFO by mistake cannot hang the server.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else { throw Self.failure(path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Self.failure(path) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw TLSConfigurationError(path, "not a regular file") }
    guard status.st_size <= Self.sizeLimit else { throw TLSConfigurationError(path, "larger than \(Self.sizeLimit) bytes") }
    self.path = path
    stamp = FileStamp(status)
    isReadableByOthers = status.st_mode & S_IROTH != 0
    bytes = try Self.readAll(descriptor, path)
  }

  private static func readAll(_ descriptor: Int32, _ path: String) throws(TLSConfigurationError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: sizeLimit)
    var filled = 0
    while filled < bytes.count {
      let count = bytes.withUnsafeMutableBytes { buffer in
        Glibc.read(descriptor, buffer.baseAddress.map { $0 + filled }, buffer.count - filled)
      }
      if count == 0 { break }
      if count > 0 { filled += count } else if errno != EINTR { throw failure(path) }
    }
    return Array(bytes.prefix(filled))
  }

  private static func failure(_ path: String) -> TLSConfigurationError {
    TLSConfigurationError(path, String(cString: strerror(errno)))
  }
}
