// SPDX-License-Identifier: Apache-2.0
import SMTP

/// The restrictions of one listener: all its lists, and the settings that they depend on.
package final class Judge: Sendable {
  package let settings: RestrictionSettings
  /// In the order of `RestrictionPoint`: looked at for every recipient.
  private let lists: [RestrictionList]
  let classes: [String: RestrictionList]
  let classNames: Set<String>
  /// Whether policy servers are asked: they are told which message it is about.
  package let asksPolicies: Bool
  /// Whether a table takes its time to answer.
  package let asksExternals: Bool
  /// The moments at which there is something to decide.
  package let moments: JudgementRequest.Moments

  package init(_ settings: RestrictionSettings, lists: [RestrictionPoint: RestrictionList], classes: [String: RestrictionList] = [:]) {
    self.settings = settings
    self.lists = RestrictionPoint.allCases.map { lists[$0] ?? .empty }
    self.classes = classes
    classNames = Set(classes.keys)
    moments = Self.moments(settings, lists)
    let lists = self.lists + classes.values
    asksExternals =
      lists.contains { $0.items.contains { $0.restriction.table?.isExternal == true } }
      || !settings.rblReplyMaps.externals.isEmpty || !settings.relayClientcerts.externals.isEmpty || settings.relay.asksSlowly
    asksPolicies = (self.lists + classes.values).contains { list in
      list.items.contains { if case .policy = $0.restriction { true } else { false } }
    }
  }

  /// What a judgement comes to: a decision, or what must be answered before there is one.
  package enum Ruling: Sendable {
    case decided(Judgement)
    case needs(Question, JudgeMemory)
  }

  /// Decides what the session is asking; with a `.needs`, ask again with that memory, and the answer added to `answers`.
  package func rule(_ moment: JudgementRequest.Moment, _ facts: Facts, _ memory: JudgeMemory = JudgeMemory(), _ answers: Answers = [:]) -> Ruling {
    var evaluation = Evaluation(self, facts, answers)
    evaluation.judgement.memory = memory
    evaluation.judgement.memory.settled.renew(facts)
    do throws(Evaluation.Interruption) {
      let outcome = try evaluation.judge(moment)
      if settings.relay.isFailing?() == true { return .decided(undecided(evaluation.judgement, facts, memory)) }
      if outcome == .reject, let refusal = evaluation.refusal { evaluation.judgement.verdict.refusal = refusal.reply(soft: settings.softBounce) }
      return .decided(evaluation.judgement)
    } catch {
      switch error {
      case .needs(let question):
        var kept = memory
        kept.settled = evaluation.judgement.memory.settled
        return .needs(question, kept)
      case .refused: return .decided(evaluation.judgement)
      }
    }
  }

  /// Nobody can tell for now whose a domain is: what was decided without that does not count.
  private func undecided(_ judgement: Judgement, _ facts: Facts, _ memory: JudgeMemory) -> Judgement {
    var judgement = judgement
    judgement.memory = memory
    judgement.blame = nil
    judgement.verdict = .unruled
    judgement.verdict.refusal = Reply.lookupFailed(facts.recipient?.address ?? facts.sender?.address ?? "")
    return judgement
  }

  func list(_ point: RestrictionPoint) -> RestrictionList { lists[point.index] }

  /// Nothing is asked but who may relay, in Postfix's default words: what `RelayPolicy` decides without lists.
  package var isDefault: Bool {
    let relay = list(.relay).items.map(\.restriction)
    let others = RestrictionPoint.allCases.filter { $0 != .relay }
    guard others.allSatisfy({ list($0).isEmpty }), !settings.rejectUnlistedSender, settings.relayDomainsRejectCode == 554 else { return false }
    guard relay.count == 3, case .permitMynetworks = relay[0], case .permitSASLAuthenticated = relay[1] else { return false }
    if case .deferUnauthDestination = relay[2] { return true }
    return false
  }

  private static func moments(_ settings: RestrictionSettings, _ lists: [RestrictionPoint: RestrictionList]) -> JudgementRequest.Moments {
    func has(_ points: RestrictionPoint...) -> Bool { points.contains { lists[$0]?.isEmpty == false } }
    var moments: JudgementRequest.Moments = []
    if !settings.delayReject {
      if has(.client) { moments.insert(.init(.connect)) }
      if has(.helo) { moments.insert(.init(.hello)) }
      if has(.sender) || settings.rejectUnlistedSender { moments.insert(.init(.mail)) }
    }
    moments.formUnion([.init(.recipient), .init(.verify)])
    if has(.data) { moments.insert(.init(.data)) }
    if has(.endOfData) { moments.insert(.init(.endOfData)) }
    if has(.client, .helo, .etrn) { moments.insert(.init(.etrn)) }
    return moments
  }
}
