// SPDX-License-Identifier: Apache-2.0
import Bytes
import Mailbox
import Message
import Queue
import Runtime

/// The content of one message.
protocol MailContent {
  /// In bytes.
  var size: Int64 { get }
  /// Calls `body` with all of it, block by block; may be called again. False if it can't be read; an error of `body` stops it.
  func forEachBlock(_ body: ([UnsafeRawBufferPointer]) throws(DiskError) -> Void) throws(DiskError) -> Bool
}

extension MailContent {
  /// Shows the first block, which holds the header of any reasonable message.
  func peek(_ body: ([UnsafeRawBufferPointer]) -> Void) {
    do throws(DiskError) {
      _ = try forEachBlock { pieces throws(DiskError) in
        body(pieces)
        // Enough: any error ends the reading.
        throw DiskError(code: DiskError.inputOutput, operation: "peek")
      }
    } catch {}
  }

  func hasBeenDelivered(to address: String) -> Bool {
    var found = false
    peek { found = DeliveryHeaders.isLoop($0, recipient: address) }
    return found
  }
}

/// Puts copies of messages into mailboxes, looking first where an earlier attempt may have left one. Belongs to one thread.
final class MailboxWriter {
  private let disk: any Disk
  private let store: MaildirStore
  private let files: MboxStore
  private var search: MaildirSearch?

  init(disk: any Disk, volume: @escaping (DiskHandle) throws(DiskError) -> MaildirVolume) {
    self.disk = disk
    store = MaildirStore(disk: disk, volume: volume)
    files = MboxStore(disk: disk)
  }

  /// One copy for one recipient.
  struct Copy {
    let mailbox: UserMailbox
    let name: String
    /// The reverse-path, empty for the null path, and the time of arrival, in microseconds since 1970: for the line before it in a file.
    let sender: String
    let arrival: Int64
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
      switch copy.mailbox.location {
      case .maildir(let location): return try put(copy, into: location, now, content)
      case .mbox(let location): return try append(copy, to: location, now, content)
      }
    } catch {
      return .failed(error)
    }
  }

  private func append(_ copy: Copy, to location: MboxLocation, _ now: Int64, _ content: some MailContent) throws(MailboxError) -> Outcome {
    let zone = LocalZone.at(copy.arrival)
    let separator = MboxSeparator.compose(sender: copy.sender, time: copy.arrival, Zone(offset: zone.offset, name: zone.name))
    let text = MboxText(separator: separator) { sink throws(DiskError) in
      try Self.pour(copy.header, content) { pieces throws(DiskError) in
        for piece in pieces { try sink(piece) }
      }
    }
    let user = copy.mailbox.owner.flatMap { $0.name.isEmpty ? nil : $0 }
    let outcome = try files.deliver(
      text, name: copy.name, to: location, copy.mailbox.rules, looks: copy.replay != .none, user: user?.name, owner: user?.uid, now: now)
    return outcome == .unreadable ? .unreadable : .stable
  }

  private func put(_ copy: Copy, into location: MaildirLocation, _ now: Int64, _ content: some MailContent) throws(MailboxError) -> Outcome {
    switch copy.replay {
    case .none: return try deliver(copy, location, now, content)
    case .verify: return try verify(copy, location, now, content)
    case .renew:
      guard let place = try currentSearch().locate(copy.name, in: location) else { return try deliver(copy, location, now, content) }
      return try write(copy, location, place, now, content)
    case .rewrite:
      guard let place = try currentSearch().locate(copy.name, in: location) else { return .stable }
      var copy = copy
      copy.isDurable = true
      return try write(copy, location, place, now, content)
    }
  }

  /// Writes a copy that is not there yet, if the user's quota has room for it.
  private func deliver(_ copy: Copy, _ location: MaildirLocation, _ now: Int64, _ content: some MailContent) throws(MailboxError) -> Outcome {
    guard let quota = copy.mailbox.quota else { return try write(copy, location, .new, now, content) }
    try store.checkQuota(quota, of: location, adding: content.size + Int64(copy.header.count), now: now)
    let outcome = try write(copy, location, .new, now, content)
    if case .written(let delivery) = outcome { store.noteSize(delivery.seal.length, quota, in: location, now: now) }
    return outcome
  }

  private func write(
    _ copy: Copy, _ location: MaildirLocation, _ place: MaildirStore.Place, _ now: Int64, _ content: some MailContent
  ) throws(MailboxError) -> Outcome {
    var isReadable = true
    do throws(MailboxError) {
      let delivery = try store.deliver(copy.name, to: location, at: place, now: now, durable: copy.isDurable) { writer throws(DiskError) in
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

  private func verify(
    _ copy: Copy, _ location: MaildirLocation, _ now: Int64, _ content: some MailContent
  ) throws(MailboxError) -> Outcome {
    guard let seal = seal(copy.header, content) else { return .unreadable }
    switch try currentSearch().find(copy.name, in: location, seal) {
    case .intact: return .stable
    case .damaged(let place): return try write(copy, location, place, now, content)
    case .absent: return try deliver(copy, location, now, content)
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
