// SPDX-License-Identifier: Apache-2.0
import Names
import SMTP

/// One run through lists of restrictions, as smtpd does it. It has no effect but its own fields, so it can be thrown away when an answer is missing.
struct Evaluation {
  enum Outcome { case dunno, permit, reject }

  /// Why a run cannot go on.
  enum Interruption: Error {
    case needs(Question)
    /// Refused because of our own fault: no later restriction counts.
    case refused
  }

  /// What the words of a list are about, for replies: `<reply name>: reply class rejected: …`
  struct Context {
    /// Most lists refuse nobody: the text is made when one does.
    private enum Subject {
      case text(String)
      case client(Client)
      case mailbox(Mailbox)
    }

    private let subject: Subject
    let replyClass: String

    init(name: String, replyClass: String) { (subject, self.replyClass) = (.text(name), replyClass) }
    init(_ client: Client, replyClass: String) { (subject, self.replyClass) = (.client(client), replyClass) }
    init(_ mailbox: Mailbox, replyClass: String) { (subject, self.replyClass) = (.mailbox(mailbox), replyClass) }

    var name: String {
      switch subject {
      case .text(let text): text
      case .client(let client): client.description
      case .mailbox(let mailbox): mailbox.address
      }
    }
  }

  /// access(5) tables and classes that name each other. Postfix has 100; each takes some KiB of a loop's stack here, and nobody needs so many.
  static let maximumDepth = 16

  let judge: Judge
  let facts: Facts
  let answers: Answers
  var judgement = Judgement()
  var refusal: Refusal?
  var deferIfPermit: Refusal?
  var deferIfReject: Refusal?
  /// The depth at which `warn_if_reject` stands.
  var warnDepth: Int?
  var depth = 0
  /// Whose list is run.
  var point = RestrictionPoint.client
  var policyCalls = 0
  var pauses = 0
  var hasCheckedSender = false
  /// For how long what was found out so far stays true.
  var scope = Scope.session
  var sender: Addressee?
  var recipient: Addressee?

  init(_ judge: Judge, _ facts: Facts, _ answers: Answers) {
    self.judge = judge
    self.facts = facts
    self.answers = answers
  }

  var settings: RestrictionSettings { _read { yield judge.settings } }

  // MARK: Lists

  /// Runs a whole list: what `warn_if_reject` and `defer_if_reject` left behind ends with it.
  mutating func run(_ point: RestrictionPoint, _ context: Context) throws(Interruption) -> Outcome {
    let list = judge.list(point)
    self.point = point
    (depth, warnDepth, deferIfReject) = (0, nil, nil)
    if list.isEmpty { return .dunno }
    do throws(Interruption) {
      return try check(list, context)
    } catch {
      if case .refused = error { return .reject }
      throw error
    }
  }

  mutating func check(_ list: RestrictionList, _ context: Context) throws(Interruption) -> Outcome {
    depth += 1
    defer {
      depth -= 1
      if let warnDepth, warnDepth > depth { self.warnDepth = nil }
    }
    guard depth <= Self.maximumDepth else { throw serverError("restrictions within restrictions, more than \(Self.maximumDepth) deep") }
    for item in list.items {
      if judgement.verdict.marks.isDiscarded { return .permit }
      if case .warnIfReject = item.restriction {
        if warnDepth == nil { warnDepth = depth }
        continue
      }
      scope = max(scope, item.scope)
      let outcome = try check(item, context)
      if let warnDepth, warnDepth >= depth { self.warnDepth = nil }
      if outcome == .reject, judgement.blame == nil {
        judgement.blame = Judgement.Blame(list: point.setting, restriction: item.title, place: item.place)
      }
      if outcome != .dunno { return outcome }
      // Whatever comes, it will be deferred.
      if deferIfPermit != nil, deferIfReject != nil { break }
    }
    return .dunno
  }

  // MARK: Refusals

  mutating func reject(_ code: UInt16, _ status: EnhancedStatus, _ text: String) -> Outcome {
    reject(Refusal(code: code, status: status, text: text))
  }

  mutating func reject(_ code: UInt16, _ status: EnhancedStatus, _ context: Context, _ why: String) -> Outcome {
    reject(code, status, "<\(context.name)>: \(context.replyClass) rejected: \(why)")
  }

  private mutating func reject(_ refusal: Refusal) -> Outcome {
    if warnDepth != nil, !refusal.isServerError {
      note("reject_warning", refusal.reply(soft: settings.softBounce).summary)
      return .dunno
    }
    // What could have let it pass is not known yet: then later.
    if refusal.code >= 500, let earlier = deferIfReject {
      (warnDepth, deferIfReject) = (nil, nil)
      return reject(earlier)
    }
    self.refusal = refusal
    return .reject
  }

  /// A question that refuses has no answer: the command is refused for now unless something else refuses it for good.
  mutating func doubt(_ refusal: Refusal) {
    if warnDepth != nil { return note("reject_warning", refusal.reply(soft: settings.softBounce).summary) }
    scope = .once
    if deferIfPermit == nil { deferIfPermit = refusal }
  }

  /// A question that permits has no answer.
  mutating func doubtReject(_ refusal: Refusal) {
    scope = .once
    if deferIfReject == nil { deferIfReject = refusal }
  }

  /// `*_tempfail_action`
  mutating func tempfail(_ action: RestrictionSettings.TempfailAction, _ refusal: Refusal) -> Outcome {
    if action == .defer { return reject(refusal) }
    doubt(refusal)
    return .dunno
  }

  /// A doubt that is left when nothing refused becomes a refusal.
  mutating func settleDoubt() -> Outcome {
    guard let doubt = deferIfPermit else { return .dunno }
    return reject(doubt)
  }

  mutating func serverError(_ why: String) -> Interruption {
    warn(why)
    _ = reject(Refusal(code: 451, status: EnhancedStatus(4, 3, 5), text: "Server configuration error", isServerError: true))
    return .refused
  }

  mutating func lookupFailed(_ name: String) -> Interruption {
    _ = reject(Refusal(code: 451, status: EnhancedStatus(4, 3, 0), text: "<\(name)>: Temporary lookup failure", isServerError: true))
    return .refused
  }

  // MARK: The log

  mutating func note(_ word: String, _ text: String) { note(.session(word), text) }
  mutating func warn(_ text: String) { note(.warning, text) }

  private mutating func note(_ kind: Judgement.Note.Kind, _ text: String) {
    scope = .once
    judgement.notes.append(Judgement.Note(kind: kind, text: text))
  }

  // MARK: Questions

  mutating func ask(_ query: NameQuery) throws(Interruption) -> Result<[NameRecord], NameFailure> {
    scope = .once
    let question = Question.name(query)
    guard let answer = answers[question] else { throw .needs(question) }
    guard case .name(let result) = answer else { return .failure(.unsupported) }
    return result
  }
}

extension Refusal {
  /// As it goes to the client: the class of the status follows the code.
  func reply(soft: Bool) -> Reply {
    guard (400..<600).contains(code) else { return Reply(450, EnhancedStatus(4, 7, 1), "Service unavailable") }
    let code = soft && code >= 500 ? code - 100 : code
    return Reply(code, status.fitting(code), text)
  }
}
