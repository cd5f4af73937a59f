// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

/// What waits for the committer.
struct Intake {
  var messages: [PendingMessage] = []
  var notes: [NoteRecord] = []
  var finished: [QueueID] = []
  var isStopping = false
  /// The committer sleeps until anything comes; else it looks again after `noteDelay` without being woken.
  var isAsleep = false
  /// Messages that the committer took when it last took some: of more than one, others are likely to be close behind.
  var lastTaken = 0

  var isEmpty: Bool { messages.isEmpty && notes.isEmpty && finished.isEmpty }
}

/// A message that waits for its commit, and whom to tell.
struct PendingMessage {
  let message: QueuedMessage
  let place: ContentPlace
  /// As far as it is when it comes: nothing done, or held.
  var progress = Progress()
  let completion: Completion

  enum Completion {
    case task(UnsafeContinuation<CommitOutcome, Never>)
    case call(@Sendable (CommitOutcome) -> Void)

    func resume(_ outcome: CommitOutcome) {
      switch self {
      case .task(let continuation): continuation.resume(returning: outcome)
      case .call(let body): body(outcome)
      }
    }
  }

  /// At most this many bytes in a segment.
  var space: Int {
    let content = place.isFile ? 0 : Int(place.length)
    return message.envelope.encodedSizeBound + progress.encodedSizeBound + content
  }
}

extension Envelope {
  /// No record of a message just committed is longer.
  var encodedSizeBound: Int {
    var size = 256 + sender.utf8.count + host.utf8.count + (envelopeID?.utf8.count ?? 0) + contentFilter.utf8.count
    size += client?.size ?? 0
    for recipient in recipients {
      size += 32 + recipient.address.utf8.count + recipient.original.utf8.count + (recipient.originalRecipient?.utf8.count ?? 0)
    }
    return size
  }
}

extension NoteRecord {
  /// No record of this note is longer.
  var encodedSizeBound: Int {
    switch self {
    case .state(_, _, let state): 64 + state.encodedSizeBound
    case .snapshot(_, let progress): progress.encodedSizeBound
    case .finished(let ids), .void(let ids): 64 + 8 * ids.count
    }
  }
}

extension Progress {
  var encodedSizeBound: Int { states.reduce(96) { $0 + $1.encodedSizeBound } }
}

extension RecipientState {
  fileprivate var encodedSizeBound: Int {
    switch self {
    case .waiting, .stable, .relayed: 1
    case .delivered(let delivered): 48 + delivered.path.utf8.count + delivered.name.utf8.count
    case .deferred(let deferral): 32 + deferral.reason.status.utf8.count + deferral.reason.text.utf8.count
    case .failed(let reason), .held(let reason): 16 + reason.status.utf8.count + reason.text.utf8.count
    }
  }
}
