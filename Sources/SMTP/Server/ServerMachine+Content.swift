// SPDX-License-Identifier: Apache-2.0
import Bytes

/// DATA, BDAT and what follows them.
extension ServerMachine {
  /// RFC 5321 §4.1.1.4.
  mutating func data(_ arguments: Arguments) -> Action {
    guard let transaction else { return .reply(Replies.needRcpt) }
    if transaction.usesChunking { return .reply(Replies.dataAfterBdat) }
    if transaction.recipients.isEmpty { return .reply(Replies.noValidRecipients) }
    var arguments = arguments
    guard arguments.isAtEnd else { return .reply(Replies.dataSyntax) }
    stage = .content
    return .receiveContent(Replies.sendContent)
  }

  /// RFC 3030 §2. A chunk comes even if it is unwelcome, so it is read before it is refused.
  mutating func bdat(_ arguments: Arguments) -> Action {
    let command: BdatCommand
    do {
      command = try BdatCommand.parse(arguments)
    } catch { return close(error.reply) }
    chunkRefusal = transaction == nil ? .needMail : transaction?.recipients.isEmpty == true ? .noRecipients : nil
    if chunkRefusal == nil { transaction?.usesChunking = true }
    chunkRemaining = command.size
    chunkIsLast = command.isLast
    stage = .chunk
    return .receiveChunk
  }

  /// Bytes of content. What is to be kept is appended to `buffer`, which the caller may empty as it likes.
  ///
  /// After `.receiveChunk`, call it even if no byte has come yet: a chunk may be empty.
  package mutating func contentReceived(_ bytes: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) -> ContentProgress {
    notice = nil
    switch stage {
    case .content: return dataReceived(bytes, into: &buffer)
    case .chunk: return chunkReceived(bytes, into: &buffer)
    default: return ContentProgress(consumed: 0, action: close(Replies.notSynchronized))
    }
  }

  private mutating func dataReceived(_ bytes: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) -> ContentProgress {
    guard let transaction else { return ContentProgress(consumed: 0, action: close(Replies.notSynchronized)) }
    let (consumed, isComplete) = transaction.decoder.decode(bytes, into: &buffer)
    if transaction.decoder.isBareNewlineRefused { return ContentProgress(consumed: consumed, action: refuseBareNewline()) }
    return ContentProgress(consumed: consumed, action: isComplete ? contentEnded(transaction) : nil)
  }

  private mutating func chunkReceived(_ bytes: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) -> ContentProgress {
    let piece = bytes.slice(0, chunkRemaining)
    chunkRemaining &-= piece.count
    if chunkRefusal == nil { transaction?.decoder.decodeChunk(piece, into: &buffer) }
    if transaction?.decoder.isBareNewlineRefused == true { return ContentProgress(consumed: piece.count, action: refuseBareNewline()) }
    return ContentProgress(consumed: piece.count, action: chunkRemaining == 0 ? chunkEnded(into: &buffer) : nil)
  }

  private mutating func chunkEnded(into buffer: inout ByteBuffer) -> Action {
    stage = .command
    guard let transaction, chunkRefusal == nil else {
      return finish(.bdat, .reply(chunkRefusal == .noRecipients ? Replies.noValidRecipients : Replies.needRcpt))
    }
    if chunkIsLast {
      transaction.decoder.finishChunks(into: &buffer)
      return contentEnded(transaction)
    }
    return finish(.bdat, .reply(Replies.ok))
  }

  private mutating func contentEnded(_ transaction: Transaction) -> Action {
    guard let refusal = refusal(of: transaction) else {
      stage = .committing
      return .commit
    }
    return endTransaction(reject(refusal))
  }

  /// What is wrong with a complete message.
  private func refusal(of transaction: Transaction) -> Reply? {
    if transaction.decoder.isOverLimit { return Replies.messageTooBig }
    // RFC 5321 §6.3. The Received field that this server adds counts too.
    if transaction.header.receivedCount &+ 1 >= configuration.hopcountLimit { return Replies.tooManyHops }
    return nil
  }

  /// The answer to `.commit`. The transaction is over, however it went.
  package mutating func messageCommitted(_ result: CommitResult) -> Action {
    notice = nil
    guard stage == .committing, let transaction else { return close(Replies.notSynchronized) }
    switch result {
    case .queued(let id):
      errorCount = 0
      junkCount = 0
      return endTransaction(.reply(transaction.usesChunking ? Replies.queued(as: id, size: transaction.size) : Replies.queued(as: id)))
    case .storageFull: return endTransaction(reject(Replies.storageFull))
    case .writeFailed: return endTransaction(reject(Replies.writeFailed))
    case .looped: return endTransaction(reject(Replies.looped))
    case .refused(let reply): return endTransaction(reject(reply))
    case .each(let replies): return endTransaction(.replies(replies))
    }
  }

  /// RFC 2033 §4.2: in LMTP the reply that ends a transaction comes once for each recipient.
  private mutating func endTransaction(_ action: Action) -> Action {
    let verb = transaction?.usesChunking == true ? Verb.bdat : Verb.data
    let recipients = transaction?.recipients.count ?? 0
    transaction = nil
    stage = .command
    if configuration.service == .lmtp, case .reply(let reply) = action {
      return finishAll(verb, Array(repeating: reply, count: recipients))
    }
    if case .replies(let replies) = action { return finishAll(verb, replies) }
    return finish(verb, action)
  }

  private mutating func finishAll(_ verb: Verb, _ replies: [Reply]) -> Action {
    let hasGood = replies.contains { !$0.isNegative }
    counts.count(verb, succeeded: hasGood)
    if !hasGood { errorCount &+= 1 }
    return endingIfTooManyErrors(replies)
  }
}
