// SPDX-License-Identifier: Apache-2.0
import Bytes
import Message
import Pipeline
import PluginHost
import Queue
import Runtime
import SMTP
import Spool

/// The stages in a session: asked at each command after the restrictions, and about the content before it is committed.
extension Session {
  func beginStages() {
    guard let stages = services.stages else { return }
    chain = ChainSession(stages.chain, on: stages.loop, names: stages.names, spares: stages.spares) { [unowned self] in property($0) }
    if trace != nil { traceStages() }
  }

  /// What the stages say to a command that the restrictions let pass.
  @inline(never) func askStages(_ request: JudgementRequest, _ verdict: inout Verdict) async {
    guard let chain else { return }
    guard let event = StageEvent(request.moment), chain.wants(event) else {
      if request.moment == .mail { chain.beginMessage() }
      return
    }
    let step: StageStep
    switch request.moment {
    case .connect: step = await chain.connected(host: client.name, address: client.addressText, port: client.port)
    case .hello: step = await chain.helo(request.verb ?? "HELO", request.helo ?? "")
    case .mail: step = await chain.mail(request.sender?.address ?? "", parameters: machine.judgedMail?.parameters.pairs ?? [])
    case .recipient:
      let (answer, rewritten) = await chain.recipient(
        request.recipient?.address ?? "", parameters: machine.judgedRecipient?.parameters.pairs ?? [], isRejected: false)
      step = answer
      verdict.rewritten = rewritten.map(SMTP.Mailbox.init(address:))
    case .data: step = await chain.data(machine.judgedContentVerb, recipients: machine.transaction?.recipients.count ?? 0)
    case .verify, .endOfData, .etrn: return
    }
    switch step {
    case .goOn: break
    case .discard: verdict.marks.isDiscarded = true
    case .refuse(let reply, let closes, let stage):
      verdict.refusal = Reply(reply)
      verdict.closes = closes
      log(.text("stage \(stage): refused \(machine.place) from \(client.description)"), about: queueID)
    }
  }

  /// TLS has begun, which no stage can be asked about before.
  @inline(never) func tellStagesOfTLS() async -> Action? {
    guard let chain, chain.wants(.tls), let secured else { return nil }
    let step = await chain.tlsStarted(version: secured.protocolVersion, cipher: secured.cipher, bits: secured.usedBits)
    guard case .refuse(let reply, _, let stage) = step else { return nil }
    log(.text("stage \(stage): refused TLS from \(client.description)"))
    return .close([Reply(reply)])
  }

  /// The transaction has ended without a message.
  func tellStagesOfAbort() {
    guard let chain, chain.message != nil, machine.transaction == nil else { return }
    chain.aborted("the transaction was given up")
  }

  // MARK: Content

  /// What the stages have made of a message, or why it is not taken.
  enum Staged {
    case unchanged
    case changed([ContentChunk])
    /// `isTold`: a stage that speaks as Postfix's cleanup(8) has written its line.
    case refused(Reply, isTold: Bool)
    case discarded
  }

  /// A message in memory: `chunks` are its trace fields and then its content, as they would be committed.
  @inline(never) func staged(_ chunks: [ContentChunk], added: Range<Int>) async -> Staged {
    guard let chain, let message = chain.message, chain.wantsContent, let content = chunks.last else { return .unchanged }
    let split = SplitContent(front: chunks.dropLast(), content: content, added: added)
    let step = await chain.content(split.fields, body: split.body, pool: nil)
    if trace != nil { tracePassed() }
    return outcome(step, message, split.body.chunk)
  }

  private func outcome(_ step: StageStep, _ message: StagedMessage, _ body: ContentChunk) -> Staged {
    switch step {
    case .discard: return .discarded
    case .refuse(let reply, _, let stage):
      let isTold = message.properties.keys.contains { $0.hasSuffix(".told") }
      if let queueID, !isTold { logCleanup(.text("stage \(stage): message refused"), about: queueID) }
      return .refused(Reply(reply), isTold: isTold)
    case .goOn:
      guard message.fields.isChanged || message.isBodyReplaced else { return .unchanged }
      let header = ContentChunk(message.fields.rendered() + [0x0a])
      return .changed([header, message.isBodyReplaced ? ContentChunk(Array(message.body)) : body])
    }
  }

  /// A message in a file: looked through on the pool, and written anew if a stage changes it. Nil when that failed.
  @inline(never) func staged(_ file: any SpillFile, _ id: QueueID, added: Range<Int>) async -> (Staged, file: any SpillFile)? {
    guard let stages = services.stages, let chain, let message = chain.message, chain.wantsContent else { return (.unchanged, file) }
    guard let view = await file.view() else { return nil }
    let split = SplitContent(front: [], content: ContentChunk(view), added: added)
    let step = await chain.content(split.fields, body: split.body, pool: stages.pool)
    if trace != nil { tracePassed() }
    let outcome = outcome(step, message, split.body.chunk)
    guard case .changed(let chunks) = outcome else { return (outcome, file) }
    // The view keeps the old content readable while the new is written under its name.
    await file.discard()
    guard let fresh = await services.store.beginSpill(id) else { return nil }
    for chunk in chunks where !(await fresh.append(chunk)) {
      await fresh.discard()
      return nil
    }
    return (.unchanged, fresh)
  }

  // MARK: Properties

  private func property(_ key: String) -> String? {
    switch key {
    case "client.addr": client.addressText
    case "client.port": String(client.port)
    case "client.name": client.name
    case "client.verified": client.name == Client.unknown ? "no" : "yes"
    case "client.mynetworks": services.stages?.isOwnNetwork(client) == true ? "yes" : "no"
    case "listener": services.stages?.listener
    case "helo": machine.judgedName ?? machine.heloName
    case "protocol": machine.protocolName
    case "tls.version": secured?.protocolVersion
    case "tls.cipher": secured?.cipher
    case "auth.user": client.login
    case "queue.id": queueID?.description
    case "sender": (machine.judgedMail?.sender ?? machine.transaction?.sender)?.address
    case "rcpt": (machine.judgedRecipient?.recipient ?? machine.transaction?.recipients.last?.original)?.mailbox.address
    case "rcpt.count": machine.transaction.map { String($0.recipients.count) }
    case "size.declared": mailParameters?.size.map { String($0) }
    case "body.8bit": mailParameters.map { $0.body == .eightBitMIME ? "yes" : "no" }
    case "smtputf8": mailParameters.map { $0.smtpUTF8 ? "yes" : "no" }
    case "server.name": services.context.configuration.myhostname
    default: nil
    }
  }

  /// Of the message, or of the MAIL that is being judged.
  private var mailParameters: MailParameters? { machine.judgedMail?.parameters ?? machine.transaction?.parameters }
}

extension StageEvent {
  /// What stages are asked at that moment.
  fileprivate init?(_ moment: JudgementRequest.Moment) {
    switch moment {
    case .connect: self = .connect
    case .hello: self = .helo
    case .mail: self = .mail
    case .recipient: self = .rcpt
    case .data: self = .data
    case .verify, .endOfData, .etrn: return nil
    }
  }
}

extension Reply {
  init(_ reply: StageReply) {
    let numbers = reply.status.split(separator: ".").compactMap { UInt16($0) }
    let status = numbers.count == 3 ? EnhancedStatus(UInt8(clamping: numbers[0]), numbers[1], numbers[2]) : nil
    self.init(UInt16(clamping: reply.code), status, reply.lines.joined(separator: "\n"))
  }
}

extension MailParameters {
  /// As the client gave them.
  fileprivate var pairs: [(key: String, value: [UInt8])] {
    var pairs: [(key: String, value: [UInt8])] = []
    if let size { pairs.append(("SIZE", Array(String(size).utf8))) }
    if let body { pairs.append(("BODY", Array((body == .eightBitMIME ? "8BITMIME" : "7BIT").utf8))) }
    if smtpUTF8 { pairs.append(("SMTPUTF8", [])) }
    if let returnContent { pairs.append(("RET", Array((returnContent == .full ? "FULL" : "HDRS").utf8))) }
    if let envelopeID { pairs.append(("ENVID", Array(envelopeID.utf8))) }
    return pairs
  }
}

extension RcptParameters {
  fileprivate var pairs: [(key: String, value: [UInt8])] {
    var pairs: [(key: String, value: [UInt8])] = []
    let words = [(Notify.never, "NEVER"), (.success, "SUCCESS"), (.failure, "FAILURE"), (.delay, "DELAY")].filter { notify.contains($0.0) }
    if !words.isEmpty { pairs.append(("NOTIFY", Array(words.map(\.1).joined(separator: ",").utf8))) }
    if let originalRecipient { pairs.append(("ORCPT", Array(originalRecipient.utf8))) }
    return pairs
  }
}
