// SPDX-License-Identifier: Apache-2.0
import Events
import Message
import Pipeline
import PluginHost
import Queue
import Restrictions
import Runtime
import SMTP

/// What a session remembers for the trace. There is none where nobody keeps one.
final class SessionTrace {
  let detail: TraceDetail
  /// The message whose reply is next.
  var answered: QueueID?
  /// Refusals so far: each has a name of its own.
  var refusals: UInt64 = 0

  init?(_ detail: TraceDetail) {
    if detail == .none { return nil }
    self.detail = detail
  }
}

/// What a session tells beyond its log, so that each verdict can be explained.
extension Session {
  func traceStages() {
    guard let trace, let chain else { return }
    chain.observesAll = trace.detail == .all
    chain.observer = { [unowned self] in traceStep($0) }
  }

  private func traceStep(_ step: StageTrace) {
    guard let trace else { return }
    // At commands there is one for each stage, about nothing.
    if trace.detail == .notable, !step.isNotable { return }
    tracePassed()
    let facts = StepFacts(
      step, isSoft: services.context.configuration.softBounce, setsProperties: trace.detail == .all, hidesText: !services.habits.tracesSubjects)
    log(.step(facts), about: queueID)
  }

  /// The stages are through with the message.
  func tracePassed() {
    guard let chain, !chain.passed.isEmpty else { return }
    var text: [UInt8] = []
    text.reserveCapacity(chain.passed.count * SessionTraceLimit.passedStage)
    for (stage, microseconds) in chain.passed {
      if !text.isEmpty { text.append(UInt8(ascii: " ")) }
      text += stage.settings.name.utf8
      text.append(UInt8(ascii: "="))
      if (0..<10).contains(microseconds) { text.append(UInt8(ascii: "0") + UInt8(microseconds)) } else { text += String(microseconds).utf8 }
    }
    chain.passed.removeAll(keepingCapacity: true)
    log(.passed(String(decoding: text, as: UTF8.self)), about: queueID)
  }

  /// Restrictions have refused.
  func traceRefusal(_ judgement: Judgement) {
    guard trace != nil, let refusal = judgement.verdict.refusal else { return }
    var step = StepFacts(stage: judgement.blame?.list ?? "restrictions", place: machine.place, verdict: refusal.verdictWord)
    step.rule = judgement.blame?.place ?? ""
    step.matched = judgement.blame?.restriction ?? ""
    step.reply = refusal.summary
    log(.step(step), about: queueID)
  }

  /// The header of a message is there.
  func traceArrival(_ content: UnsafeRawBufferPointer, _ transaction: Transaction, _ id: QueueID) {
    guard trace != nil else { return }
    let recipients = transaction.recipients.prefix(SessionTraceLimit.recipients).map(\.address.address).joined(separator: " ")
    let subject = services.habits.tracesSubjects ? Self.subject(content) : ""
    let facts = EnvelopeFacts(
      sender: transaction.sender.address, recipients: recipients, subject: subject, protocolName: machine.protocolName, helo: machine.heloName)
    log(.arrived(facts), about: id)
  }

  private static func subject(_ content: UnsafeRawBufferPointer) -> String {
    var found: Range<Int>?
    _ = HeaderBlock.scan(content) { field in
      guard found == nil, field.name.count == 7 else { return }
      let name = UnsafeRawBufferPointer(rebasing: content[field.name])
      if name.equalsIgnoringCase("SUBJECT") { found = field.value }
    }
    guard let found else { return "" }
    let value = UnsafeRawBufferPointer(rebasing: content[found].prefix(SessionTraceLimit.text))
    return String(String(decoding: EncodedWords.decoded(value), as: UTF8.self).drop { $0 == " " })
  }

  /// The reply as it is sent: a refusal with its name, if that is wanted.
  func traced(_ reply: Reply) -> Reply {
    guard let trace else { return reply }
    guard reply.isNegative else {
      if let answered = trace.answered { log(.answer(reply: reply.summary, place: machine.place, code: ""), about: answered) }
      return reply
    }
    trace.refusals &+= 1
    let code = TraceCode(seed: UInt64(bitPattern: services.now()) ^ UInt64(number) << 40 ^ trace.refusals << 20)
    log(.answer(reply: reply.summary, place: machine.place, code: code.description), about: trace.answered ?? queueID)
    return services.habits.marksRefusals ? Reply(reply.code, reply.status, "\(reply.text) \(code.mark)") : reply
  }
}

enum SessionTraceLimit {
  static let recipients = 100
  static let text = 1000
  /// Bytes that the name of a stage and its time take as a rule.
  static let passedStage = 24
}

extension Reply {
  /// What the client is to make of a refusal, whoever has made it.
  fileprivate var verdictWord: String { (code < 500 ? StageVerdict.tempfail : .reject).word }
}

extension StepFacts {
  /// `isSoft`: with soft_bounce clients are told to try again.
  init(_ step: StageTrace, isSoft: Bool, setsProperties: Bool, hidesText: Bool) {
    let said = step.reply.map { isSoft ? Reply($0).softened : Reply($0) }
    // A stage may refuse with a reply of the other kind, as `REJECT 4.7.1 later` of header_checks: it is the reply that counts.
    let word = step.verdict.refuses && said?.isNegative == true ? said?.verdictWord : nil
    self.init(stage: step.stage, place: step.event.name, verdict: step.failure == nil ? word ?? step.verdict.word : "FAILED")
    duration = step.duration
    isShadow = step.isShadow
    reply = said?.summary ?? ""
    reason = step.failure?.description ?? ""
    var story = StageStory(component: step.component, setsProperties: setsProperties, hidesText: hidesText)
    for edit in step.edits { story.tell(edit) }
    if let header = step.header { story.compare(header.before, header.after) }
    (rule, matched, edits) = (story.allRules, story.matched, story.text)
  }
}
