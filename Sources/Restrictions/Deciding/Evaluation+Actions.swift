// SPDX-License-Identifier: Apache-2.0
import SMTP

/// What a table or a policy server wants done.
extension Evaluation {
  mutating func perform(_ action: AccessAction, from source: String, _ context: Context) throws(Interruption) -> Outcome {
    switch action {
    case .ok: return .permit
    case .dunno: return .dunno
    case .refuse(let code, let status, let text): return reject(number(code), status.fitting(context.replyClass), context, text)
    case .deferIfPermit(let status, let text): doubt(deferral(status, text, context))
    case .deferIfReject(let status, let text): doubtReject(deferral(status, text, context))
    case .warn(let text): note("warn", text)
    case .info(let text): note("info", text)
    case .restrictions(let words): return try apply(words, source, context)
    default: return try mark(action, source, context)
    }
    return .dunno
  }

  private func number(_ code: AccessAction.Code) -> UInt16 {
    switch code {
    case .reject: settings.accessMapRejectCode
    case .defer: settings.accessMapDeferCode
    case .number(let number): number
    }
  }

  private func deferral(_ status: EnhancedStatus, _ text: String, _ context: Context) -> Refusal {
    Refusal(
      code: settings.accessMapDeferCode, status: status.fitting(context.replyClass),
      text: "<\(context.name)>: \(context.replyClass) rejected: \(text)")
  }

  /// Actions on the message as a whole.
  private mutating func mark(_ action: AccessAction, _ source: String, _ context: Context) throws(Interruption) -> Outcome {
    guard facts.sender != nil else {
      warn("\(source): with smtpd_delay_reject = no, \(action.word) is always skipped in client or helo restrictions")
      return .dunno
    }
    let subject = "<\(context.name)>: \(context.replyClass)"
    switch action {
    case .hold(let text):
      note("hold", "\(subject) \(text.isEmpty ? "triggers HOLD action" : text)")
      judgement.verdict.marks.isHeld = true
    case .discard(let text):
      note("discard", "\(subject) \(text.isEmpty ? "triggers DISCARD action" : text)")
      judgement.verdict.marks.isDiscarded = true
      return .permit
    case .redirect(let address) where address.contains("@"):
      note("redirect", "\(subject) triggers REDIRECT \(address)")
      judgement.verdict.marks.redirect = address
    case .bcc(let address) where address.contains("@"):
      note("bcc", "\(subject) triggers BCC \(address)")
      judgement.verdict.marks.bcc = address
    case .prepend(let line): try prepend(line, source)
    case .filter(let filter) where filter.contains(":"):
      note("filter", "\(subject) triggers FILTER \(filter)")
      judgement.verdict.marks.filter = filter
    case .filter: warn("\(source): FILTER requires transport:destination")
    default: warn("\(source): \(action.word) requires user@domain target")
    }
    return .dunno
  }

  private mutating func prepend(_ line: String, _ source: String) throws(Interruption) {
    if facts.place == "END-OF-MESSAGE" {
      return warn("\(source): action PREPEND must be used before smtpd_end_of_data_restrictions")
    }
    guard AccessCheck(classes: judge.classNames).isHeader(line) else { return warn("\(source): PREPEND requires header: text") }
    judgement.verdict.marks.prepended.append(line)
  }

  /// Restrictions in the place of an action. As Postfix, they bring no table of their own along, except through a class.
  private mutating func apply(_ words: String, _ source: String, _ context: Context) throws(Interruption) -> Outcome {
    if judge.classNames.contains(words) {
      return try check(RestrictionList([RestrictionList.Item(restriction: .named(words), title: words)]), context)
    }
    if let restriction = RestrictionWords.simple[words.lowercased()] {
      return try check(RestrictionList([RestrictionList.Item(restriction: restriction, title: words)]), context)
    }
    let (list, diagnostics) = AccessCheck.read(words, classes: judge.classNames)
    if let error = diagnostics.first(where: { $0.severity == .error }) { throw serverError("\(source): \(error.message)") }
    return try check(list, context)
  }
}

extension AccessAction {
  fileprivate var word: String {
    switch self {
    case .hold: "HOLD"
    case .discard: "DISCARD"
    case .redirect: "REDIRECT"
    case .bcc: "BCC"
    case .filter: "FILTER"
    default: "PREPEND"
    }
  }
}
