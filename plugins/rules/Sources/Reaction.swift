// SPDX-License-Identifier: Apache-2.0
import Tables
import WeirPlugin

/// Does what a rule says about a line.
package struct Reaction {
  /// Where the line is, to be changed there.
  package enum Place {
    /// A field of the message's header.
    case field(UInt64)
    /// Lines of the body: `text` is without the line end, `lines` with it.
    case body(text: Range<Int>, lines: Range<Int>, BodyEdits)
    /// Nowhere: it has been decoded.
    case none
  }

  /// How a component calls what it tells of itself.
  package struct Names: Sendable {
    let rule, matched, held, passed, told: StaticString
    package init(rule: StaticString, matched: StaticString, held: StaticString, passed: StaticString, told: StaticString) {
      (self.rule, self.matched, self.held, self.passed, self.told) = (rule, matched, held, passed, told)
    }
  }

  private let match: ContentChecks.Match
  private let subject: CheckAction.Subject
  /// The beginning of the line.
  private let shown: String
  /// In the form in which it matched: decoded, perhaps.
  private let matched: String
  private let place: Place
  private let names: Names
  private let context: Context

  package init(
    _ match: ContentChecks.Match, _ subject: CheckAction.Subject, shown: String, matched: String? = nil, at place: Place, names: Names,
    _ context: Context
  ) {
    (self.match, self.subject, self.shown, self.place, self.names, self.context) = (match, subject, shown, place, names, context)
    self.matched = matched ?? shown
  }

  package func perform() throws -> Verdict {
    let action: CheckAction
    do throws(CheckProblem) {
      action = try match.action
    } catch {
      // As Postfix, which lets the line pass.
      context.log(.warning, "\(match.rule): \(error.message)")
      return .continue
    }
    if action == .dunno { return .continue }
    try context.set(names.rule, match.rule)
    try context.set(names.matched, matched)
    return try perform(action)
  }

  private func perform(_ action: CheckAction) throws -> Verdict {
    switch action {
    case .dunno, .ignore, .strip: try remove(action)
    case .warn(let text): log("warning", text)
    case .info(let text): log("info", text)
    case .prepend(let text): try insert(text)
    case .replace(let text): try replace(text)
    case .reject(let status, let text): try refuse(status, text)
    case .discard(let text): log("discard", text, .discard)
    case .pass(let text): try pass("pass", text)
    case .hold, .redirect, .filter, .bcc: try route(action)
    }
  }

  // MARK: The line

  private func remove(_ action: CheckAction) throws -> Verdict {
    if case .none = place { return unchangeable(action) }
    if case .strip(let text) = action { _ = log("strip", text) }
    switch place {
    case .field(let reference): try context.deleteHeader(reference)
    case .body(_, let lines, let edits): edits.replace(lines, with: [])
    case .none: break
    }
    return .continue
  }

  private func insert(_ text: [UInt8]) throws -> Verdict {
    switch place {
    case .field(let reference):
      guard let header = HeaderText(text[...]) else { return .continue }
      try context.insertHeader(header.name, folded(header.value), before: reference)
    case .body(let range, _, let edits): edits.replace(range.lowerBound..<range.lowerBound, with: folded(text) + [0x0a])
    case .none: return unchangeable(.prepend(text))
    }
    return log("prepend", text)
  }

  private func replace(_ text: [UInt8]) throws -> Verdict {
    switch place {
    case .field(let reference):
      guard let header = HeaderText(text[...]) else { return .continue }
      try context.replaceHeader(reference, with: header.name, folded(header.value))
    case .body(let range, _, let edits): edits.replace(range, with: folded(text))
    case .none: return unchangeable(.replace(text))
    }
    return log("replace", text)
  }

  /// A group can hold line ends of a folded field: what comes after one stays a continuation. As Postfix, by a tab.
  private func folded(_ value: [UInt8]) -> [UInt8] {
    guard subject == .header, value.contains(0x0a) else { return value }
    var text: [UInt8] = []
    for (index, byte) in value.enumerated() {
      text.append(byte)
      if byte == 0x0a, index + 1 == value.count || (value[index + 1] != 0x20 && value[index + 1] != 0x09) { text.append(0x09) }
    }
    return text
  }

  private func unchangeable(_ action: CheckAction) -> Verdict {
    context.log(.warning, "\(match.rule): \(action.word): the line was decoded, and stays as it came")
    return .continue
  }

  // MARK: The message

  private func refuse(_ status: String, _ text: String) throws -> Verdict {
    // As in Postfix the line of cleanup(8) is the only one.
    try context.set(names.told, "yes")
    let isPermanent = status.hasPrefix("5")
    _ = log("reject", "\(status) \(text)")
    return context.reply(isPermanent ? 550 : 451, status: status, text.printable)
  }

  /// No more tests of this message, by whichever component.
  private func pass(_ word: String, _ text: String) throws -> Verdict {
    try context.set(names.passed, "yes")
    return log(word, text, .done)
  }

  private func route(_ action: CheckAction) throws -> Verdict {
    switch action {
    case .hold(let text): try hold(text)
    case .redirect(let address):
      try context.redirect(to: address)
      return try pass("redirect", address)
    case .filter(let hop):
      try context.send(through: hop)
      return log("filter", hop)
    case .bcc(let address):
      try context.addRecipient(address, parameters: "NOTIFY=NEVER")
      return log("bcc", address)
    default: break
    }
    return .continue
  }

  /// As in Postfix, the first one tells.
  private func hold(_ text: String) throws {
    let memory = context.message(MessageMemory())
    if memory.isHeld { return }
    memory.isHeld = true
    if subject == .body, try context.property("header_checks.held") != nil { return }
    try context.set(names.held, "yes")
    try context.hold(text)
    _ = log("hold", text)
  }

  // MARK: The log

  private func log(_ word: String, _ text: [UInt8]) -> Verdict { log(word, String(decoding: text, as: UTF8.self)) }

  private func log(_ word: String, _ text: String, _ verdict: Verdict = .continue) -> Verdict {
    context.log(.info, LogContext.line(word, subject, shown, text, context))
    return verdict
  }
}

/// What a component remembers of a message.
package final class MessageMemory {
  fileprivate var isHeld = false
  /// The Content-Type fields of its header, if it may have parts.
  package var types: [[UInt8]] = []
  /// How often rules have reached their limit.
  package var exhaustions = 0

  package init() {}
}
