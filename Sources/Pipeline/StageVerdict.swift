// SPDX-License-Identifier: Apache-2.0

/// What a stage answers to an event. The numbers are those of include/weir/weir.h.
package enum StageVerdict: Int32, Sendable {
  case goOn = 0, done, skip, reject, tempfail, discard, pending, fail
  /// With reject or tempfail: and close the connection.
  package static let closeFlag: Int32 = 0x100

  /// Whether it may be the answer to `event`; a stage that answers otherwise has failed.
  package func isLegal(at event: StageEvent) -> Bool {
    switch self {
    case .goOn, .done, .pending, .fail: true
    case .skip: event == .rcpt || StageEvents.content.has(event) && event != .endOfMessage
    case .reject, .tempfail: true
    case .discard: !event.isOfSession
    }
  }

  /// Whether it takes the right to refuse mail.
  package var refuses: Bool { self == .reject || self == .tempfail || self == .discard }
}

extension StageVerdict {
  /// As `weir plugin run` and the trace write it.
  package var word: String {
    switch self {
    case .goOn: "CONTINUE"
    case .done: "DONE"
    case .skip: "SKIP"
    case .reject: "REJECT"
    case .tempfail: "TEMPFAIL"
    case .discard: "DISCARD"
    case .pending: "PENDING"
    case .fail: "FAIL"
    }
  }
}

/// `on_failure`: what becomes of what a stage was asked about when it does not answer, or not sensibly.
package enum FailurePolicy: String, CaseIterable, Sendable { case tempfail, `continue`, reject, hold }

/// The reply a stage has set.
package struct StageReply: Equatable, Sendable {
  package var code: Int
  package var status: String
  /// One or more.
  package var lines: [String]

  package init(code: Int, status: String, lines: [String]) {
    self.code = code
    self.status = status
    self.lines = lines
  }

  /// Nil unless code, status and text can be said over SMTP and belong together.
  package init?(code: UInt32, status: String?, text: String) {
    guard (400...599).contains(code) else { return nil }
    let kind = code / 100
    let given = status ?? "\(kind).7.1"
    let parts = given.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == "\(kind)",
      parts.allSatisfy({ (1...3).contains($0.utf8.count) && $0.utf8.allSatisfy { (48...57).contains($0) } })
    else { return nil }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).prefix(Self.maximumLines).map { String($0.prefix(Self.maximumLine)) }
    guard lines.allSatisfy({ $0.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 } }) else { return nil }
    self.init(code: Int(code), status: given, lines: lines)
  }

  private static var maximumLines: Int { 32 }
  /// RFC 5321 §4.5.3.1.5: 512 with code, status and line end.
  private static var maximumLine: Int { 490 }
}
