// SPDX-License-Identifier: Apache-2.0

/// What a table says to a key.
package enum TableAnswer: Equatable, Sendable {
  case value(String)
  /// There is no such key.
  case none
  /// Nobody can tell for now.
  case failure(TableFailure)
}

/// Why not.
package enum TableFailure: Equatable, Sendable, CustomStringConvertible {
  /// The table itself said so.
  case refused
  case timedOut(Duration)
  /// As many look-ups wait as may.
  case crowded
  /// None of its threads has come back.
  case stuck
  case misbehaved(String)
  /// Its worker process; in words.
  case died(String)
  case fenced
  case notOpen
  /// On an event loop, by code that does not wait.
  case hurried
  /// One decision has asked for more than anybody would wait for.
  case tooMany

  package var description: String {
    switch self {
    case .refused: "the table cannot tell for now"
    case .timedOut(let limit): "no answer within \(limit)"
    case .crowded: "too many look-ups wait"
    case .stuck: "it does not come back from earlier look-ups"
    case .misbehaved(let how): "its plugin \(how)"
    case .died(let how): how
    case .fenced: "its worker process failed too often, and is not asked for now"
    case .notOpen: "it is not open"
    case .hurried: "it was asked where nobody can wait for it"
    case .tooMany: "too many look-ups for one decision"
    }
  }
}
