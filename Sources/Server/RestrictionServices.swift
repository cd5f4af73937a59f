// SPDX-License-Identifier: Apache-2.0
import Names
import Restrictions
import SMTP

/// The restrictions of a listener, and whom they ask.
package struct RestrictionServices: Sendable {
  package let judge: Judge
  package let names: any NameService
  package let policies: any PolicyService
  /// Nil where nobody is asked.
  package let verifier: (any AddressVerification)?

  package init(judge: Judge, names: any NameService, policies: any PolicyService, verifier: (any AddressVerification)? = nil) {
    self.judge = judge
    self.names = names
    self.policies = policies
    self.verifier = verifier
  }
}

/// What is kept between the judgements of one session.
struct Bench {
  var memory = JudgeMemory()
  /// The answers of the Domain Name System, for the next recipients of the same message.
  var answers: Answers = [:]
  /// Names the message for policy servers; nil between messages.
  var instance: String?

  /// A message with very many recipients must not make it grow for ever.
  static let maximumAnswers = 256

  mutating func keep(_ asked: Answers) {
    if asked.isEmpty { return }
    answers = asked.count > Self.maximumAnswers ? [:] : asked.filter { if case .name = $0.key { true } else { false } }
  }

  var isAboutMessage: Bool { instance != nil || !answers.isEmpty }

  mutating func beginMessage() {
    if !answers.isEmpty { answers = [:] }
    instance = nil
  }
}
