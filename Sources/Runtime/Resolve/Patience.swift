// SPDX-License-Identifier: Apache-2.0

/// How long one name server is waited for: long while it is known to live, short once it has let a question expire.
///
/// A name that is asked for the first time may take a server seconds, which tells nothing of the server; one that is dead must not cost every session
/// those seconds.
struct Patience: Sendable {
  /// For a server in doubt.
  static let short = Duration.milliseconds(400)
  /// A doubt holds for at least so long: answers from the cache are no sign of life.
  static let doubt = Duration.seconds(2)
  /// While others can be asked, a server that let a question expire is asked after them for so long.
  static let rest = Duration.seconds(5)

  private let long: Duration
  private var lastAnswer = Instant.distantPast
  /// The last expiry, while there is doubt.
  private var doubtedSince: Instant?

  init(_ long: Duration) { self.long = long }

  var limit: Duration { doubtedSince == nil ? long : min(long, Self.short) }

  /// One slow question makes no doubt where others were answered meanwhile.
  mutating func expired(askedAt begin: Instant, at now: Instant) {
    if lastAnswer < begin { doubtedSince = now }
  }

  mutating func answered(at now: Instant) {
    lastAnswer = now
    if let expiry = doubtedSince, now - expiry >= Self.doubt { doubtedSince = nil }
  }

  func isResting(at now: Instant) -> Bool { doubtedSince.map { now - $0 < Self.rest } ?? false }
}
