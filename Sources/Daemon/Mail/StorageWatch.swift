// SPDX-License-Identifier: Apache-2.0
import Runtime
import Synchronization

/// Whether the disk of the spool has room for more mail (`queue_minfree`). Asked by every session, looked up now and then.
final class StorageWatch: Sendable {
  private let path: String
  private let minimum: Int64
  private let low = Atomic<Bool>(false)
  private let log: Log

  /// As Postfix: at least `queue_minfree`, and room for a message and a half of the greatest size.
  static func minimum(queueMinfree: Int, messageSizeLimit: Int) -> Int64 {
    Int64(clamping: max(queueMinfree, messageSizeLimit + messageSizeLimit / 2))
  }

  init(path: String, minimum: Int, messageSizeLimit: Int, log: Log) {
    self.path = path
    self.minimum = Self.minimum(queueMinfree: minimum, messageSizeLimit: messageSizeLimit)
    self.log = log
  }

  var isLow: Bool { low.load(ordering: .relaxed) }

  /// Looks at the disk. May block.
  func look() {
    guard let free = try? Folder.freeSpace(path) else { return }
    let isLowNow = free < minimum
    guard low.exchange(isLowNow, ordering: .relaxed) != isLowNow else { return }
    if isLowNow {
      log.warning("smtpd", "\(free) bytes free on the disk of \(path), less than \(minimum): refusing mail (see queue_minfree)")
    } else {
      log.info("smtpd", "\(free) bytes free on the disk of \(path): accepting mail again")
    }
  }
}
