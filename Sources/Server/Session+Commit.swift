// SPDX-License-Identifier: Apache-2.0
import Bytes
import Message
import PluginHost
import Queue
import Runtime
import SMTP
import Spool

/// From the final dot to the reply: trace fields in front, then the spool.
extension Session {
  @inline(never) func commit() async -> CommitResult {
    guard let message, let transaction = machine.transaction else { return .writeFailed }
    self.message = nil
    if isLoop(transaction) {
      await message.discard(services.store)
      return .looped
    }
    if transaction.marks.isDiscarded {
      await message.discard(services.store)
      return .queued(message.id.description)
    }
    if message.spillFailed { return await refuse(message, transaction) }
    let result = message.spill == nil ? await storeMemory(message, transaction) : await storeFile(message, transaction)
    if chain != nil { chain?.ended(result.queuedID, size: transaction.size) }
    return result
  }

  @inline(never) private func storeMemory(_ message: ArrivingMessage, _ transaction: Transaction) async -> CommitResult {
    var chunks = await prepared(message, transaction)
    if chain != nil {
      switch await staged(chunks, added: message.addedFields) {
      case .unchanged: break
      case .changed(let changed): chunks = changed
      case .refused(let reply, let isTold): return await give(up: message, .refused(reply, isTold: isTold))
      case .discarded: return await throwAway(message)
      }
    }
    message.settle(services.store.memory, total: chunks.reduce(0) { $0 + $1.count })
    return await keep(message, transaction, .memory(chunks))
  }

  @inline(never) private func storeFile(_ message: ArrivingMessage, _ transaction: Transaction) async -> CommitResult {
    guard var file = message.spill else { return .writeFailed }
    if !message.content.isEmpty { message.spillFailed = await !file.append(ContentChunk(message.takeContent())) }
    message.settle(services.store.memory, total: 0)
    if message.spillFailed { return await refuse(message, transaction) }
    if chain != nil {
      guard let (step, looked) = await staged(file, message.id, added: message.addedFields) else {
        message.spill = nil
        return await refuse(message, transaction)
      }
      (file, message.spill) = (looked, looked)
      switch step {
      case .unchanged, .changed: break
      case .refused(let reply, let isTold): return await give(up: message, .refused(reply, isTold: isTold))
      case .discarded: return await throwAway(message)
      }
    }
    guard let finished = await file.finish() else { return await refuse(message, transaction) }
    return await keep(message, transaction, .file(finished))
  }

  private func keep(_ message: ArrivingMessage, _ transaction: Transaction, _ content: IncomingMessage.Content) async -> CommitResult {
    guard var envelope = await addressed(transaction, message.id) else { return await give(up: message, .writeFailed) }
    if let cause = message.rewriteFailure {
      logUnaccepted(cause, message.id)
      return await give(up: message, .writeFailed)
    }
    // A stage may have given it another sender.
    if let sender = message.sender, envelope.sender == transaction.sender.address { envelope.sender = sender }
    envelope.contentFilter = contentFilter(of: transaction, message.id)
    // Stages have taken every recipient away.
    if envelope.recipients.isEmpty { return await throwAway(message) }
    if let expand = services.expand {
      switch await expand(envelope.recipients, envelope.sender) {
      case .recipients(let recipients): envelope.recipients = recipients
      case .failed(let cause):
        logUnaccepted(cause, message.id)
        return await give(up: message, .writeFailed)
      }
    }
    let hold = chain?.message?.envelope.holdReason.map { Reason(status: "4.7.0", text: $0.isEmpty ? "held" : "held: \($0)") } ?? transaction.hold
    return report(await services.store.commit(IncomingMessage(id: message.id, envelope: envelope, content: content, hold: hold)), message.id)
  }

  /// Nil where it cannot be told for now where a recipient that was added leads.
  private func addressed(_ transaction: Transaction, _ id: QueueID) async -> Envelope? {
    guard services.context.configuration.relay.asksSlowly else { return envelope(of: transaction) }
    let (found, hasFailed) = await Lookups.resolve { envelope(of: transaction) }
    if hasFailed { logUnaccepted("domain lookup problem", id) }
    return hasFailed ? nil : found
  }

  private func logUnaccepted(_ cause: String, _ id: QueueID) {
    logCleanup(.text("\(cause) -- message not accepted, try again later"), about: id, severity: .warning)
  }

  /// The client is told that all is well.
  private func throwAway(_ message: ArrivingMessage) async -> CommitResult {
    chain?.aborted("discarded")
    return await give(up: message, .queued(message.id.description))
  }

  private func give(up message: ArrivingMessage, _ result: CommitResult) async -> CommitResult {
    await message.discard(services.store)
    return result
  }

  @inline(never) private func refuse(_ message: ArrivingMessage, _ transaction: Transaction) async -> CommitResult {
    await message.discard(services.store)
    return report(.insufficientStorage(cause: "the spool has no room for a message of \(transaction.size) bytes"), message.id)
  }

  /// Moves what has arrived of a big message to its file; the first part takes the trace fields along.
  @inline(never) func spill() async {
    guard let message, let transaction = machine.transaction else { return }
    defer { message.settle(services.store.memory, total: 0) }
    if message.spillFailed {
      message.content.removeAll()
      return
    }
    if let file = message.spill {
      message.spillFailed = await !file.append(ContentChunk(message.takeContent()))
      return
    }
    guard let file = await services.store.beginSpill(message.id) else {
      message.spillFailed = true
      message.content.removeAll()
      return
    }
    message.spill = file
    for chunk in await prepared(message, transaction) where !message.spillFailed {
      message.spillFailed = await !file.append(chunk)
    }
  }

  /// The content in memory with its trace fields in front, as chunks; the header of the message must be complete in it.
  private func prepared(_ message: ArrivingMessage, _ transaction: Transaction) async -> [ContentChunk] {
    if services.canonical == nil { return prepared(message, transaction, sender: transaction.sender.address) }
    message.sender = await canonicalSender(transaction.sender.address, message)
    let chunks = prepared(message, transaction, sender: message.sender ?? transaction.sender.address)
    return await withCanonicalHeader(chunks, message)
  }

  private func prepared(_ message: ArrivingMessage, _ transaction: Transaction, sender: String) -> [ContentChunk] {
    let received = receivedField(message.id, transaction)
    let time = services.now()
    let content = message.takeContent()
    let arrival = content.withReadable {
      services.compose(received, sender: sender, arrival: time, content: $0, isLocal: isFromLocal)
    }
    if trace != nil { content.withReadable { traceArrival($0, transaction, message.id) } }
    for id in arrival.messageIDs { logCleanup(.messageID(id.text, isResent: id.isResent), about: message.id) }
    message.addedFields = transaction.marks.prepended.count..<transaction.marks.prepended.count + arrival.addedFields
    let prefix = prepended(transaction.marks) + [ContentChunk(arrival.prefix)]
    guard arrival.edits.isEmpty else {
      return prefix + [ContentChunk(content.withReadable { Edit.apply(arrival.edits, to: $0) })]
    }
    return prefix + [ContentChunk(content)]
  }

  /// PREPEND of access(5): above our own Received, as Postfix.
  private func prepended(_ marks: MessageMarks) -> [ContentChunk] {
    if marks.prepended.isEmpty { return [] }
    var buffer = ByteBuffer()
    buffer.append(Array(marks.prepended.map { "\($0)\n" }.joined().utf8))
    return [ContentChunk(buffer)]
  }

  /// Whether fields that are missing in the header are added. XFORWARD's SOURCE decides it for the client that the message first came from.
  private var isFromLocal: Bool {
    if let isFromLocal = machine.forwardedClient?.isFromLocal { return isFromLocal }
    // An address that is not known is no address of ours.
    return services.habits.completesHeader(client.isLocal ? nil : client.address ?? .anyV4)
  }

  // MARK: What is written about the message

  private func receivedField(_ id: QueueID, _ transaction: Transaction) -> ReceivedField {
    let transmission = Transmission(
      extended: machine.protocolName != "SMTP", encrypted: secured != nil, smtpUTF8: transaction.parameters.smtpUTF8)
    var received = ReceivedField(
      helo: machine.heloName.isEmpty ? nil : machine.heloName, clientName: client.name, clientAddress: client.literal,
      transmission: transmission, tls: services.habits.tellsTLSInReceived ? secured.map(TLSComment.init) : nil, queueID: id.description,
      recipient: transaction.recipients.count == 1 ? transaction.recipients.first?.original.mailbox.address : nil)
    received.userID = client.submitter?.uid
    return received
  }

  private func envelope(of transaction: Transaction) -> Envelope {
    let parameters = transaction.parameters
    var envelope = Envelope(
      sender: chain?.message?.envelope.sender ?? transaction.sender.address, arrival: services.now(), host: services.context.configuration.myhostname,
      recipients: recipients(of: transaction).unique, body: parameters.body == .eightBitMIME ? .eightBitMIME : .sevenBit,
      smtpUTF8: parameters.smtpUTF8, envelopeID: parameters.envelopeID,
      returnContent: parameters.returnContent.map { $0 == .full ? .full : .headers })
    envelope.isProbe = parameters.isProbe
    if services.keepsClient || envelope.recipients.contains(where: { $0.route == .local }) { envelope.client = mailClient }
    return envelope
  }

  /// What the client itself was told of by XFORWARD goes on. Nothing is known of who comes by a socket of this machine.
  private var mailClient: MailClient {
    var known = MailClient()
    if let forwarded = machine.forwardedClient {
      known.name = forwarded.name
      (known.address, known.port) = (forwarded.address ?? Client.unknown, forwarded.port ?? Client.unknown)
      (known.helo, known.protocolName) = (forwarded.helo ?? "", forwarded.protocolName ?? "")
      known.isLocal = forwarded.isFromLocal ?? false
    } else if client.isLocal {
      known.isLocal = true
    } else {
      (known.name, known.address) = (client.name, client.address?.unmapped.description ?? Client.unknown)
      known.port = client.port == 0 ? Client.unknown : String(client.port)
      (known.helo, known.protocolName, known.isLocal) = (machine.heloName, machine.protocolName, isFromLocal)
    }
    if let login = client.login { (known.saslMethod, known.saslUsername) = ("XCLIENT", login) }
    return known
  }

  /// REDIRECT and BCC of access(5).
  private func recipients(of transaction: Transaction) -> [Recipient] {
    let marks = transaction.marks
    let given = marks.redirect.map { [recipient($0)] } ?? transaction.recipients.map(Recipient.init)
    let all = given + (marks.bcc.map { [recipient($0)] } ?? [])
    guard let edits = chain?.message?.envelope else { return all }
    if let redirect = edits.redirect { return [recipient(redirect)] }
    return all.filter { !edits.deleted.contains($0.address.lowercased()) } + edits.added.map { recipient($0.address) }
  }

  /// The last FILTER counts, before content_filter; a REDIRECT goes before both.
  private func contentFilter(of transaction: Transaction, _ id: QueueID) -> String {
    let edits = chain?.message?.envelope
    if transaction.marks.redirect != nil || edits?.redirect != nil { return "" }
    let filter = edits?.nextHop ?? transaction.marks.filter ?? services.contentFilter
    if filter.isEmpty || filter.utf8.contains(UInt8(ascii: ":")) { return filter }
    logCleanup(.text("ignoring invalid content filter: \(filter)"), about: id, severity: .warning)
    return ""
  }

  private func recipient(_ address: String) -> Recipient {
    let resolved = services.context.configuration.relay.resolve(SMTP.Mailbox(address: address))
    return Recipient(address: resolved.address.address, original: address, route: Recipient.Route(resolved.destination))
  }

  /// A recipient that the message has been delivered to before.
  private func isLoop(_ transaction: Transaction) -> Bool {
    let seen = transaction.header.deliveredTo
    if seen.isEmpty { return false }
    return transaction.recipients.contains { recipient in
      recipient.destination != .remote && seen.contains { $0.lowercased() == recipient.address.address.lowercased() }
    }
  }

  private func report(_ outcome: CommitOutcome, _ id: QueueID) -> CommitResult {
    switch outcome {
    case .committed: return .queued(id.description)
    case .insufficientStorage(let cause):
      logCleanup(.text(cause), about: id, severity: .warning)
      return .storageFull
    case .localError(let cause):
      logCleanup(.text(cause), about: id, severity: .error)
      return .writeFailed
    }
  }
}

extension CommitResult {
  fileprivate var queuedID: String? { if case .queued(let id) = self { id } else { nil } }
}

extension Client {
  /// RFC 5321 §4.1.3, as Received writes it: `192.0.2.1` or `IPv6:2001:db8::1`.
  fileprivate var literal: String { address?.family == .v6 ? "IPv6:\(addressText)" : addressText }
}

extension Recipient {
  fileprivate init(_ accepted: AcceptedRecipient) {
    self.init(
      address: accepted.address.address, original: accepted.original.mailbox.address, route: Route(accepted.destination),
      notify: Notify(rawValue: accepted.parameters.notify.rawValue), originalRecipient: accepted.parameters.originalRecipient)
  }
}

extension Recipient.Route {
  fileprivate init(_ destination: Destination) {
    switch destination {
    case .local: self = .local
    case .virtual: self = .virtual
    case .remote: self = .remote
    }
  }
}

extension TLSComment {
  fileprivate init(_ facts: Runtime.TLSFacts) {
    self.init(
      version: facts.protocolVersion, cipher: facts.cipher, usedBits: facts.usedBits, algorithmBits: facts.algorithmBits,
      keyExchange: facts.keyExchange,
      signature: facts.serverSignature.map { Signature(algorithm: $0.algorithm, digest: $0.digest) }, client: ClientCertificate(facts.peer))
  }
}

extension TLSComment.ClientCertificate {
  fileprivate init(_ peer: Runtime.TLSFacts.PeerCertificate) {
    switch peer {
    case .notRequested: self = .notRequested
    case .absent: self = .notPresented
    case .untrusted(let name, let issuer): self = .presented(commonName: name, issuer: issuer, verified: false)
    case .trusted(let name, let issuer), .verified(let name, let issuer): self = .presented(commonName: name, issuer: issuer, verified: true)
    }
  }
}

extension Transaction {
  /// HOLD of access(5).
  fileprivate var hold: Reason? { marks.isHeld ? Reason(status: "4.7.0", text: "held: an access table says HOLD") : nil }
}
