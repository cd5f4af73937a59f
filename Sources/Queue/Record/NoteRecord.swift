// SPDX-License-Identifier: Apache-2.0

/// What the spool adds to a message after it was committed.
package enum NoteRecord: Equatable, Sendable {
  case state(QueueID, recipient: Int, RecipientState)
  case snapshot(QueueID, Progress)
  /// Nothing remains to be done: the messages are forgotten.
  case finished([QueueID])
  /// Their commit failed and their senders were told so: whatever of them is on disk does not count.
  case void([QueueID])

  /// It says that messages are over.
  package var isEnd: Bool {
    switch self {
    case .finished, .void: true
    case .state, .snapshot: false
    }
  }

  package func write(to writer: inout RecordWriter) {
    switch self {
    case .state(let id, let recipient, let state):
      writer.record(.note, id: id.rawValue) { payload in
        payload.put(UInt32(truncatingIfNeeded: recipient))
        payload.put(state)
      }
    case .snapshot(let id, let progress): progress.writeSnapshot(of: id, to: &writer)
    case .finished(let ids): writer.put(ids, .finished)
    case .void(let ids): writer.put(ids, .void)
    }
  }

  package init?(_ frame: RecordFrame, _ bytes: UnsafeRawBufferPointer, at position: Int) {
    let id = QueueID(rawValue: frame.id)
    var payload = frame.payload(bytes, at: position)
    switch frame.kind {
    case .note:
      guard let recipient = payload.integer(UInt32.self), let state = payload.state() else { return nil }
      self = .state(id, recipient: Int(recipient), state)
    case .snapshot:
      guard let progress = Progress(frame, bytes, at: position) else { return nil }
      self = .snapshot(id, progress)
    case .finished:
      guard let ids = payload.ids() else { return nil }
      self = .finished(ids)
    case .void:
      guard let ids = payload.ids() else { return nil }
      self = .void(ids)
    case .batch, .message: return nil
    }
  }
}

extension RecordWriter {
  fileprivate mutating func put(_ ids: [QueueID], _ kind: RecordKind) {
    record(kind, id: 0) { payload in
      for id in ids { payload.put(id.rawValue) }
    }
  }
}

extension ByteCursor {
  fileprivate mutating func ids() -> [QueueID]? {
    guard left % 8 == 0 else { return nil }
    var ids: [QueueID] = []
    ids.reserveCapacity(left / 8)
    while let id = integer(UInt64.self) { ids.append(QueueID(rawValue: id)) }
    return ids
  }
}
