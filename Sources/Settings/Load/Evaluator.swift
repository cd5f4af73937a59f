// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Finds the expanded text of settings. Order does not matter: a value may refer to what is set further down, or to a default.
final class Evaluator {
  /// Names that refer to names: deeper chains are refused, so that no stack overflows.
  static let maximumChain = 32

  /// What Weir means by Postfix's words is what the newest level means.
  private static let compatibilityLevel = "3.9"

  /// Innermost first: a listener's block, then the top level.
  private let scopes: [Scope]
  private let facts: HostFacts
  private let underStress: Bool
  private var finished: [Place: LocatedText] = [:]
  private var chain: [Place] = []
  private(set) var diagnostics: [Diagnostic] = []
  /// Names whose expansion failed, and all that refer to them: what is left of their values must not be judged.
  private var broken: Set<String> = []
  private var advice = SpellingAdvice()

  /// A name, and the outermost-counted scope from which it is looked up.
  private struct Place: Hashable {
    let name: String
    let level: Int
  }

  /// `underStress`: `$stress` is `yes` where nobody has set it.
  init(_ scopes: [Scope], facts: HostFacts, underStress: Bool = false) {
    self.scopes = scopes
    self.underStress = underStress
    self.facts = facts
  }

  func isBroken(_ name: String) -> Bool { broken.contains(name) || written(name)?.isMissing == true }

  private func report(_ diagnostic: Diagnostic) {
    diagnostics.append(diagnostic)
    broken.formUnion(chain.map(\.name))
  }

  /// What was written for the name in any scope.
  func written(_ name: String) -> ScopedValue? {
    for scope in scopes {
      if let value = scope.settings[name] { return value }
    }
    return nil
  }

  /// The expanded value, or the default's; nil if nobody knows the name.
  func value(of name: String) -> LocatedText? { value(of: name, from: 0) }

  private func value(of name: String, from level: Int) -> LocatedText? {
    guard let found = (level..<scopes.count).first(where: { scopes[$0].settings[name] != nil }) else { return defaultValue(of: name) }
    guard let value = scopes[found].settings[name] else { return nil }
    let isRaw = !value.expands || Schema.anyDefinition(name)?.expands == false
    return isRaw ? value.text : evaluate(value.text, Place(name: name, level: found))
  }

  private func defaultValue(of name: String) -> LocatedText? {
    if name == Keys.mydomain.name { return defaultDomain() }
    if name == Keys.stress.name, underStress { return LocatedText(name: "default of stress", text: "yes") }
    if name == "compatibility_level" { return LocatedText(name: "default of \(name)", text: Self.compatibilityLevel) }
    if name == Keys.mynetworks.name { return defaultNetworks() }
    guard let text = facts.value(of: name) ?? Schema.anyDefinition(name)?.defaultText else {
      return Schema.knownName(name).map { LocatedText(name: "default of \($0.name)", text: "") }
    }
    let located = LocatedText(name: "default of \(name)", text: text)
    return Schema.anyDefinition(name)?.expands == false ? located : evaluate(located, Place(name: name, level: scopes.count))
  }

  /// myhostname without its first part, if something remains that can be a domain.
  private func defaultDomain() -> LocatedText? {
    let host = value(of: Keys.myhostname.name)?.text ?? ""
    let rest = host.split(separator: ".", maxSplits: 1).dropFirst().first.map(String.init)
    return LocatedText(name: "default of mydomain", text: rest ?? "localdomain")
  }

  private func defaultNetworks() -> LocatedText {
    let key = Keys.mynetworksStyle
    let style = value(of: key.name).flatMap { MynetworksStyle(rawValue: $0.text) } ?? .host
    let interfaces = value(of: Keys.inetInterfaces.name)?.elements().map(\.text) ?? []
    return LocatedText(name: "default of mynetworks", text: DefaultNetworks(style: style, interfaces: interfaces).text(facts))
  }

  private func evaluate(_ text: LocatedText, _ place: Place) -> LocatedText {
    if let value = finished[place] { return value }
    chain.append(place)
    let value = Expander(resolve: { [self] in resolve($0, $1, in: place) }, report: { [self] in report($0) }).expand(text)
    chain.removeLast()
    finished[place] = value
    return value
  }

  private func resolve(_ reference: LocatedText, _ use: Expander.Use, in user: Place) -> LocatedText? {
    let name = reference.text
    // `smtpd_banner = $smtpd_banner extra` in a block means the value outside of it.
    let level = name == user.name && user.level + 1 < scopes.count ? user.level + 1 : 0
    guard checkChain(reference, level) else { return nil }
    let value = value(of: name, from: level)
    if broken.contains(name) { broken.formUnion(chain.map(\.name)) }
    if value == nil, use == .value { reportUndefined(reference) }
    return value
  }

  private func checkChain(_ reference: LocatedText, _ level: Int) -> Bool {
    let name = reference.text
    if let first = chain.firstIndex(where: { $0.name == name && $0.level >= level }) {
      let names = chain[first...].map(\.name) + [name]
      let hint = names.count > 2 ? names.map { "`\($0)`" }.joined(separator: " needs ") : nil
      report(.error(reference, "the value of `\(name)` depends on itself", hint: hint))
    } else if chain.count >= Self.maximumChain {
      report(.error(reference, "more than \(Self.maximumChain) values that refer to each other"))
    } else {
      return true
    }
    return false
  }

  private func reportUndefined(_ reference: LocatedText) {
    let own = scopes.flatMap { $0.settings.keys }.filter { Schema.anyDefinition($0) == nil }.sorted()
    let meant = advice.isLeft() ? Suggestion(own).nearest(to: reference.text) ?? Schema.suggestion(for: reference.text) : nil
    let hint = meant.map { "did you mean `$\($0)`?" }
    report(.error(reference, "`$\(reference.text)`: there is no such setting", hint: hint ?? "write `$$` for a `$` that is no reference"))
  }
}
