// SPDX-License-Identifier: Apache-2.0
import Tables
import WeirPlugin

/// Does what a rule says about a header line.
struct Reaction {
  let match: ContentChecks.Match
  let line: HeaderLine
  let limit: Int
  /// Nil for a line of a part, which is told but cannot be changed.
  let reference: UInt64?
  let context: Context

  func perform() throws -> Verdict {
    let action: CheckAction
    do throws(CheckProblem) {
      action = try match.action
    } catch {
      // As Postfix, which lets the line pass.
      context.log(.warning, "\(match.rule): \(error.message)")
      return .continue
    }
    if action == .dunno { return .continue }
    try context.set("header_checks.rule", match.rule)
    return try perform(action)
  }

  private func perform(_ action: CheckAction) throws -> Verdict {
    switch action {
    case .dunno, .ignore, .strip: try perform(removing: action)
    case .warn(let text): log("warning", text)
    case .info(let text): log("info", text)
    case .prepend(let text): try insert(text)
    case .replace(let text): try replace(text)
    case .reject(let status, let text): refuse(status, text)
    case .discard(let text): log("discard", text, .discard)
    case .pass(let text): log("pass", text, .done)
    case .hold, .redirect, .bcc: try route(action)
    case .filter: unsupported(action)
    }
  }

  // MARK: The line

  private func perform(removing action: CheckAction) throws -> Verdict {
    guard let reference else { return unchangeable(action) }
    if case .strip(let text) = action { _ = log("strip", text) }
    if action != .dunno { try context.deleteHeader(reference) }
    return .continue
  }

  private func insert(_ text: [UInt8]) throws -> Verdict {
    guard let header = HeaderText(text[...]) else { return .continue }
    guard let reference else { return unchangeable(.prepend(text)) }
    _ = log("prepend", text)
    try context.insertHeader(header.name, folded(header.value), before: reference)
    return .continue
  }

  private func replace(_ text: [UInt8]) throws -> Verdict {
    guard let header = HeaderText(text[...]) else { return .continue }
    guard let reference else { return unchangeable(.replace(text)) }
    _ = log("replace", text)
    try context.replaceHeader(reference, with: header.name, folded(header.value))
    return .continue
  }

  /// A group can hold line ends of a folded field: what comes after one stays a continuation. As Postfix, by a tab.
  private func folded(_ value: [UInt8]) -> [UInt8] {
    guard value.contains(0x0a) else { return value }
    var text: [UInt8] = []
    for (index, byte) in value.enumerated() {
      text.append(byte)
      if byte == 0x0a, index + 1 == value.count || (value[index + 1] != 0x20 && value[index + 1] != 0x09) { text.append(0x09) }
    }
    return text
  }

  private func unchangeable(_ action: CheckAction) -> Verdict {
    context.log(.warning, "\(match.rule): \(action.word): header lines of parts cannot be changed yet")
    return .continue
  }

  // MARK: The message

  private func refuse(_ status: String, _ text: String) -> Verdict {
    let isPermanent = status.hasPrefix("5")
    _ = log("reject", "\(status) \(text)")
    return context.reply(isPermanent ? 550 : 451, status: status, text.printable)
  }

  private func route(_ action: CheckAction) throws -> Verdict {
    switch action {
    case .hold(let text):
      try context.hold(text)
      return log("hold", text)
    case .redirect(let address):
      try context.redirect(to: address)
      return log("redirect", address, .done)
    case .bcc(let address):
      try context.addRecipient(address, parameters: "NOTIFY=NEVER")
      return log("bcc", address)
    default: return .continue
    }
  }

  private func unsupported(_ action: CheckAction) -> Verdict {
    context.log(.warning, "\(match.rule): Weir has no \(action.word) yet")
    return .continue
  }

  // MARK: The log

  private func log(_ word: String, _ text: [UInt8]) -> Verdict { log(word, String(decoding: text, as: UTF8.self)) }

  private func log(_ word: String, _ text: String, _ verdict: Verdict = .continue) -> Verdict {
    let shown = line.logical(limit: limit) { String(decoding: $0.prefix(LogContext.maximumLine), as: UTF8.self) }
    context.log(.info, LogContext.line(word, shown, text, context))
    return verdict
  }
}
