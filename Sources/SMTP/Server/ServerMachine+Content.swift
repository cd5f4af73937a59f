// SPDX-License-Identifier: Apache-2.0
import Bytes

/// DATA, BDAT and what follows them.
extension ServerMachine {
  /// RFC 5321 §4.1.1.4.
  mutating func data(_ arguments: Arguments) -> Action {
    if chunk.state != .none { return .reply(Replies.dataAfterBdat) }
    guard let transaction else { return .reply(Replies.needRcpt) }
    if transaction.recipients.isEmpty { return .reply(Replies.noValidRecipients) }
    var arguments = arguments
    guard arguments.isAtEnd else { return .reply(Replies.dataSyntax) }
    if isJudged(.data) { return judge(JudgementRequest(.data), then: .data) }
    return receiveContent()
  }

  mutating func receiveContent() -> Action {
    stage = .content
    return .receiveContent(Replies.sendContent)
  }

  /// RFC 3030 §2. A chunk comes even if it is unwelcome, so it is read before it is refused.
  mutating func bdat(_ arguments: Arguments) -> Action {
    let command: BdatCommand
    do {
      command = try BdatCommand.parse(arguments)
    } catch { return close([error.reply]) }
    let fault = fault(of: command)
    if fault == .none, chunk.state == .none, isJudged(.data) { return judge(JudgementRequest(.data), then: .chunk(command)) }
    return receiveChunk(command, fault)
  }

  mutating func receiveChunk(_ command: BdatCommand, _ fault: Chunk.Fault) -> Action {
    chunk = Chunk(
      state: fault == .none ? .good : .bad, isLast: command.isLast, size: command.size, remaining: command.size, fault: fault)
    stage = .chunk
    return .receiveChunk
  }

  private func fault(of command: BdatCommand) -> Chunk.Fault {
    if chunk.state == .bad { return .earlier }
    guard let transaction else { return .needRcpt }
    if transaction.recipients.isEmpty { return .noRecipients }
    if command.size == 0, !command.isLast { return .null }
    let limit = configuration.messageSizeLimit
    return limit > 0 && command.size > limit &- transaction.size ? .overLimit : .none
  }

  /// Bytes of content. What is to be kept is appended to `buffer`, which the caller may empty as it likes.
  ///
  /// After `.receiveChunk`, call it even if no byte has come yet: a chunk may be empty.
  package mutating func contentReceived(_ bytes: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) -> ContentProgress {
    notice = nil
    switch stage {
    case .content: return dataReceived(bytes, into: &buffer)
    case .chunk: return chunkReceived(bytes, into: &buffer)
    default: return ContentProgress(consumed: 0, action: close([Replies.notSynchronized]))
    }
  }

  private mutating func dataReceived(_ bytes: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) -> ContentProgress {
    guard let transaction else { return ContentProgress(consumed: 0, action: close([Replies.notSynchronized])) }
    let (consumed, isComplete) = transaction.decoder.decode(bytes, into: &buffer)
    return ContentProgress(consumed: consumed, action: isComplete ? contentEnded(transaction) : nil)
  }

  private mutating func chunkReceived(_ bytes: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) -> ContentProgress {
    let piece = bytes.slice(0, chunk.remaining)
    chunk.remaining &-= piece.count
    if chunk.state == .good { transaction?.decoder.decodeChunk(piece, into: &buffer) }
    return ContentProgress(consumed: piece.count, action: chunk.remaining == 0 ? chunkEnded(into: &buffer) : nil)
  }

  private mutating func chunkEnded(into buffer: inout ByteBuffer) -> Action {
    stage = .command
    if chunk.state == .good, let transaction {
      if !chunk.isLast { return finish(.bdat, .reply(Replies.chunkOk(chunk.size))) }
      transaction.decoder.finishChunks(into: &buffer)
      return contentEnded(transaction)
    }
    let reply = chunkRefusal
    if chunk.isLast { dropTransaction() }
    return finish(.bdat, .reply(reply))
  }

  private var chunkRefusal: Reply {
    switch chunk.fault {
    case .none, .earlier: Replies.chunkDiscarded(chunk.size)
    case .needRcpt: Replies.needRcpt
    case .noRecipients: Replies.noValidRecipients
    case .null: Replies.nullBdat
    case .overLimit: Replies.chunkOverLimit
    case .judged: transaction?.chunkRefusal ?? Replies.noValidRecipients
    }
  }

  private mutating func contentEnded(_ transaction: Transaction) -> Action {
    stage = .committing
    if bareNewlineMode == .note, transaction.hasBareNewline { noteBareNewline() }
    guard let refusal = refusal(of: transaction) else {
      return isJudged(.endOfData) ? judge(JudgementRequest(.endOfData), then: .endOfData) : .commit
    }
    return endTransaction(with: refusal)
  }

  /// What is wrong with a complete message.
  private func refusal(of transaction: Transaction) -> Reply? {
    if transaction.decoder.isBareNewlineRefused { return bareNewlineRefusal }
    if transaction.decoder.isOverLimit { return Replies.messageTooBig }
    // RFC 5321 §6.3. The Received field that this server adds counts too.
    if transaction.header.receivedCount &+ 1 >= configuration.hopcountLimit { return Replies.tooManyHops }
    return nil
  }

  /// The answer to `.commit`. The transaction is over, however it went.
  package mutating func messageCommitted(_ result: CommitResult) -> Action {
    notice = nil
    guard stage == .committing, let transaction else { return close([Replies.notSynchronized]) }
    switch result {
    case .queued(let id):
      let reply = chunk.state == .good ? Replies.queued(as: id, size: transaction.size) : Replies.queued(as: id)
      return messageAccepted(Array(repeating: reply, count: repliesAtEnd))
    case .each(let replies) where replies.contains { !$0.isNegative }: return messageAccepted(replies)
    case .each(let replies): return endTransaction(with: replies)
    case .storageFull: return endTransaction(with: Replies.storageFull)
    case .writeFailed: return endTransaction(with: Replies.writeFailed)
    case .looped: return endTransaction(with: Replies.looped)
    case .refused(let reply, let isTold): return isTold ? endTransaction(judged: reply) : endTransaction(with: reply)
    }
  }

  /// RFC 2033 §4.2: in LMTP the reply that ends a transaction comes once for each recipient.
  private var repliesAtEnd: Int { configuration.service == .lmtp ? transaction?.recipients.count ?? 1 : 1 }

  /// A client that delivers mail is forgiven its errors.
  private mutating func messageAccepted(_ replies: [Reply]) -> Action {
    errorCount = 0
    junkCount = 0
    return endTransaction(with: replies)
  }

  /// The refusal is in the log already.
  mutating func endTransaction(judged refusal: Reply) -> Action { endTransaction(with: Array(repeating: refusal, count: repliesAtEnd)) }

  private mutating func endTransaction(with refusal: Reply) -> Action {
    _ = reject(refusal)
    return endTransaction(with: Array(repeating: refusal, count: repliesAtEnd))
  }

  private mutating func endTransaction(with replies: [Reply]) -> Action {
    let verb = chunk.state == .none ? Verb.data : .bdat
    dropTransaction()
    stage = .command
    return finishAll(verb, replies)
  }
}
