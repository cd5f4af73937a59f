// SPDX-License-Identifier: Apache-2.0
import Bytes
import Mailbox
import Queue
import Runtime

/// The content of one message.
protocol MailContent {
  /// Calls `body` with all of it, block by block; may be called again. False if it can't be read; an error of `body` stops it.
  func forEachBlock(_ body: ([UnsafeRawBufferPointer]) throws(DiskError) -> Void) throws(DiskError) -> Bool
}

/// Puts copies of messages into Maildirs, looking first where an earlier attempt may have left one. Belongs to one thread.
final class MailboxWriter {
  private let disk: any Disk
  private let store: MaildirStore
  private var search: MaildirSearch?

  init(disk: any Disk, volume: @escaping (DiskHandle) throws(DiskError) -> MaildirVolume) {
    self.disk = disk
    store = MaildirStore(disk: disk, volume: volume)
  }

  /// One copy for one recipient.
  struct Copy {
    let location: MaildirLocation
    let name: String
    /// Goes before the content.
    let header: [UInt8]
    let replay: Replay
    /// Must be durable when `put` returns.
    var isDurable = false
  }

  enum Outcome: Equatable {
    /// Under its name; stable when the file system is synchronized next, or already.
    case written(MaildirStore.Delivery)
    /// Was there whole, or its reader has deleted it: nothing had to be done.
    case stable
    case failed(MailboxError)
    /// The content could not be read.
    case unreadable
  }

  /// Files found or listed before this moment are looked for anew.
  func beginBatch() { search = nil }

  func put(_ copy: Copy, now: Int64, _ content: some MailContent) -> Outcome {
    do throws(MailboxError) {
      switch copy.replay {
      case .none: return try write(copy, .new, now, content)
      case .verify: return try verify(copy, now, content)
      case .renew: return try write(copy, try currentSearch().locate(copy.name, in: copy.location) ?? .new, now, content)
      case .rewrite:
        guard let place = try currentSearch().locate(copy.name, in: copy.location) else { return .stable }
        var copy = copy
        copy.isDurable = true
        return try write(copy, place, now, content)
      }
    } catch {
      return .failed(error)
    }
  }

  private func write(_ copy: Copy, _ place: MaildirStore.Place, _ now: Int64, _ content: some MailContent) throws(MailboxError) -> Outcome {
    var isReadable = true
    do throws(MailboxError) {
      let delivery = try store.deliver(copy.name, to: copy.location, at: place, now: now, durable: copy.isDurable) { writer throws(DiskError) in
        isReadable = try Self.pour(copy.header, content) { pieces throws(DiskError) in try writer.write(pieces) }
        // Any error makes the store throw the half file away.
        if !isReadable { throw DiskError(code: DiskError.inputOutput, operation: "read") }
      }
      return .written(delivery)
    } catch {
      if isReadable { throw error }
      return .unreadable
    }
  }

  private func verify(_ copy: Copy, _ now: Int64, _ content: some MailContent) throws(MailboxError) -> Outcome {
    guard let seal = seal(copy.header, content) else { return .unreadable }
    switch try currentSearch().find(copy.name, in: copy.location, seal) {
    case .intact: return .stable
    case .damaged(let place): return try write(copy, place, now, content)
    case .absent: return try write(copy, .new, now, content)
    }
  }

  /// What the file has if it is whole.
  private func seal(_ header: [UInt8], _ content: some MailContent) -> FileSeal? {
    var (length, checksum): (Int64, CRC32C) = (0, CRC32C())
    do throws(DiskError) {
      let isReadable = try Self.pour(header, content) { pieces throws(DiskError) in
        for piece in pieces {
          checksum.update(piece)
          length += Int64(piece.count)
        }
      }
      return isReadable ? FileSeal(length: length, checksum: checksum.value) : nil
    } catch {
      return nil
    }
  }

  private func currentSearch() -> MaildirSearch {
    let search = search ?? MaildirSearch(disk: disk)
    self.search = search
    return search
  }

  /// The header and the first block go together, so that a small message is one write.
  private static func pour(
    _ header: [UInt8], _ content: some MailContent, into sink: ([UnsafeRawBufferPointer]) throws(DiskError) -> Void
  ) throws(DiskError) -> Bool {
    var isFirst = true
    let wasRead = try content.forEachBlock { pieces throws(DiskError) in
      guard isFirst else { return try sink(pieces) }
      isFirst = false
      try header.withBytes { header throws(DiskError) in try sink([header] + pieces) }
    }
    if wasRead, isFirst { try header.withBytes { header throws(DiskError) in try sink([header]) } }
    return wasRead
  }
}

extension [UInt8] {
  /// `withUnsafeBytes` with typed errors.
  fileprivate func withBytes(_ body: (UnsafeRawBufferPointer) throws(DiskError) -> Void) throws(DiskError) {
    let result = withUnsafeBytes { bytes -> Result<Void, DiskError> in
      do throws(DiskError) { return .success(try body(bytes)) } catch { return .failure(error) }
    }
    try result.get()
  }
}
