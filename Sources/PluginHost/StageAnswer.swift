// SPDX-License-Identifier: Apache-2.0
import Pipeline

/// Why a stage did not answer, or not sensibly; then its on_failure is applied.
package enum StageFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// A verdict that is none, or not one for this event.
  case badVerdict(Int32)
  /// It tried what it has not declared, or what cannot be done now.
  case denied
  case badEdit
  /// It said WEIR_FAIL.
  case reported
  case timedOut(milliseconds: Int)
  /// Its pool has no thread left.
  case stuck
  /// Its process died; in words.
  case died(String)
  case fenced

  package var description: String {
    switch self {
    case .badVerdict(let raw): "answered \(raw), which is no verdict for this event"
    case .denied: "tried something that it has not declared, or that cannot be done at this event"
    case .badEdit: "made an edit that cannot be made"
    case .reported: "reported a failure of its own"
    case .timedOut(let milliseconds): "did not answer within \(milliseconds) ms"
    case .stuck: "has all its threads in calls that do not return"
    case .died(let how): "died: \(how)"
    case .fenced: "failed too often and is not asked for now"
    }
  }
}

/// What one callback came to.
struct StageAnswer {
  var verdict = StageVerdict.goOn
  var closes = false
  var reply: StageReply?
  var edits: [StageEdit] = []
  var failure: StageFailure?

  init(failure: StageFailure) { self.failure = failure }

  init(_ raw: Int32, at event: StageEvent, _ context: StageContext) {
    if context.hasEffects {
      let effects = context.takeEffects()
      edits = effects.edits
      reply = effects.reply
      if effects.misbehaved {
        failure = .denied
        edits = []
        return
      }
    }
    self.take(raw, at: event, rights: context.instance.component.facts.rights)
  }

  /// As it came from another process.
  init(_ raw: Int32, at event: StageEvent, rights: StageRights, edits: [StageEdit], reply: StageReply?) {
    self.edits = edits
    self.reply = reply
    take(raw, at: event, rights: rights)
  }

  private mutating func take(_ raw: Int32, at event: StageEvent, rights: StageRights) {
    guard event.asks else { return }
    closes = raw & StageVerdict.closeFlag != 0
    guard let verdict = StageVerdict(rawValue: raw & ~StageVerdict.closeFlag), verdict.isLegal(at: event),
      !closes || verdict == .reject || verdict == .tempfail
    else {
      failure = .badVerdict(raw)
      return
    }
    guard !verdict.refuses || rights.contains(.reject) else {
      failure = .denied
      return
    }
    self.verdict = verdict
    if verdict == .fail { failure = .reported }
  }
}
