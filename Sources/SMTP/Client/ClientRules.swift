// SPDX-License-Identifier: Apache-2.0

/// How the client's side of a session is to be played.
package struct ClientRules: Sendable {
  package enum Service: Sendable { case smtp, lmtp }

  package enum Hello: Sendable {
    /// EHLO first, HELO where that is refused.
    case extended
    /// EHLO only if the greeting speaks of ESMTP.
    case whereGreeted
    /// HELO only.
    case plain
  }

  package var service: Service
  package var heloName: String
  package var hello = Hello.extended
  /// Extensions that are not used, in capitals.
  package var ignored: Set<String> = []
  /// BDAT where it is offered.
  package var usesChunks = false
  /// Whether odd local parts are quoted.
  package var quotes = true

  package init(service: Service = .smtp, heloName: String) {
    self.service = service
    self.heloName = heloName
  }
}
