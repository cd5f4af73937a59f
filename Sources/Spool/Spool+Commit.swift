// SPDX-License-Identifier: Apache-2.0
import Bytes
import Queue
import Runtime

extension Spool {
  /// Hands a message in and waits until it is durable or refused. The caller's executor goes on with other work meanwhile.
  ///
  /// Content in memory was taken from `memory` by the caller, and is the spool's from now on, whatever the outcome.
  package func commit(_ message: IncomingMessage) async -> CommitOutcome {
    let pending = prepare(message)
    return await withUnsafeContinuation { continuation in
      enqueue(PendingMessage(message: pending.0, place: pending.1, progress: message.progress, completion: .task(continuation)))
    }
  }

  /// As `commit`, for callers without a task: `completion` is called once, on the committer's thread, and must not block.
  package func submit(_ message: IncomingMessage, completion: @escaping @Sendable (CommitOutcome) -> Void) {
    let pending = prepare(message)
    enqueue(PendingMessage(message: pending.0, place: pending.1, progress: message.progress, completion: .call(completion)))
  }

  /// A file for the content of a message that is big, or that `memory` has no room for.
  package func makeBigFile(_ id: QueueID) throws(DiskError) -> BigFile { try BigFile(folder, id: id) }

  /// The caller's thread reckons the CRC, so that the committer's does not have to.
  private func prepare(_ message: IncomingMessage) -> (QueuedMessage, ContentPlace) {
    let source: QueuedMessage.Source
    let place: ContentPlace
    switch message.content {
    case .memory(let chunks):
      var crc = CRC32C()
      for chunk in chunks { crc.update(chunk.bytes) }
      place = ContentPlace(isFile: false, offset: 0, length: Int64(chunks.reduce(0) { $0 + $1.count }), crc: crc.value)
      source = .memory(chunks)
    case .file(let file):
      place = ContentPlace(isFile: true, offset: 0, length: file.length, crc: file.crc)
      source = .spool(SpooledContent(id: message.id, folder: folder, segment: nil, place: place, report: report))
    }
    let due = message.envelope.recipients.indices.map { DueRecipient(index: $0, replay: .none) }
    let queued = QueuedMessage(
      id: message.id, envelope: message.envelope, size: place.length, due: due, source: source, memory: memory)
    return (queued, place)
  }

  private func enqueue(_ message: PendingMessage) {
    let refusal: CommitOutcome? = intake.withLock { intake in
      if intake.isStopping { return .localError(cause: "stopping") }
      intake.messages.append(message)
      return nil
    }
    if let refusal { message.completion.resume(refusal) } else { intake.signal() }
  }

  func enqueue(_ note: NoteRecord) {
    let isAsleep = intake.withLock { intake in
      if case .finished(let ids) = note { intake.finished += ids } else { intake.notes.append(note) }
      return intake.isAsleep
    }
    if isAsleep { intake.signal() }
  }
}

extension IncomingMessage {
  fileprivate var progress: Progress {
    guard let hold else { return Progress() }
    return Progress(nextAttempt: Progress.asked, crashes: 0, states: envelope.recipients.map { _ in .held(hold) })
  }
}
