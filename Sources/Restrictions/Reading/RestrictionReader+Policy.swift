// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// `check_policy_service inet:host:port`, `check_policy_service { unix:path, timeout=10s, default_action=DUNNO }`.
extension RestrictionReader {
  mutating func readPolicy(_ word: LocatedText) {
    guard let argument = argument(of: word, "a policy server", hint: Self.policyHint) else { return }
    let elements = argument.group?.policyElements() ?? [argument]
    guard let first = elements.first else { return report(.error(argument, "expected a policy server", hint: Self.policyHint)) }
    guard let address = policyAddress(first) else { return }
    var limits = PolicyLimits()
    var options = PolicyOptions()
    for element in elements.dropFirst() { readPolicyOption(element, &limits, &options) }
    if let action = options.defaultAction, let fault = AccessCheck(classes: context.classes).fault(of: action.text) {
      report(.error(action, fault.message, hint: fault.hint))
    }
    add(
      .policy(PolicyCall(address: address, limits: limits, defaultAction: options.defaultAction?.text, context: options.context, title: first.text)),
      word, to: argument
    )
  }

  private struct PolicyOptions {
    var defaultAction: LocatedText?
    var context: String?
  }

  private static let policyHint = "check_policy_service inet:127.0.0.1:10023, or unix:/run/policy"

  private mutating func policyAddress(_ text: LocatedText) -> PolicyServer.Address? {
    if text.text.hasPrefix("unix:") {
      let path = text.text.dropFirst(5)
      if path.hasPrefix("/") { return .unix(path: String(path)) }
      report(.error(text, "`\(text.text)` needs an absolute path", hint: "Postfix's `unix:private/policy` is unix:/var/spool/postfix/private/policy"))
      return nil
    }
    let place = text.text.hasPrefix("inet:") ? text.text.dropFirst(5) : text.text[...]
    if let colon = place.lastIndex(of: ":"), let port = UInt16(place[place.index(after: colon)...]), port > 0 {
      let host = place[..<colon]
      let name = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : String(host)
      if !name.isEmpty { return .tcp(host: name, port: port) }
    }
    report(.error(text, "`\(text.text)` is no policy server", hint: Self.policyHint))
    return nil
  }

  private mutating func readPolicyOption(_ element: LocatedText, _ limits: inout PolicyLimits, _ options: inout PolicyOptions) {
    guard let equals = element.bytes.firstIndex(of: UInt8(ascii: "=")) else {
      return report(.error(element, "expected `name=value`, not `\(element.text)`", hint: "timeout=10s"))
    }
    let name = element[..<equals].trimmed
    let value = element[(equals + 1)...].trimmed
    switch name.text {
    case "default_action": options.defaultAction = value
    case "policy_context": options.context = value.text
    case "timeout": limits.timeout = seconds(value)
    case "max_idle": limits.maxIdle = seconds(value)
    case "max_ttl": limits.maxTTL = seconds(value)
    case "retry_delay": limits.retryDelay = seconds(value)
    case "try_limit": limits.tryLimit = count(value, from: 1)
    case "request_limit": limits.requestLimit = count(value, from: 0)
    default:
      let names = ["default_action", "policy_context", "timeout", "max_idle", "max_ttl", "retry_delay", "try_limit", "request_limit"]
      let meant = Suggestion(names).nearest(to: name.text).map { "did you mean `\($0)`?" }
      report(.error(name, "a policy server has no option `\(name.text)`", hint: meant ?? names.joined(separator: ", ")))
    }
  }

  private mutating func seconds(_ value: LocatedText) -> Int? {
    let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604_800]
    let unit = value.text.last.flatMap { units[$0] }
    let digits = unit == nil ? value.text[...] : value.text.dropLast()
    if let number = Int(digits), number > 0, number < 1_000_000 { return number * (unit ?? 1) }
    report(.error(value, "expected a duration, not `\(value.text)`", hint: "10s"))
    return nil
  }

  private mutating func count(_ value: LocatedText, from least: Int) -> Int? {
    if let number = Int(value.text), number >= least, number < 1_000_000 { return number }
    report(.error(value, "expected a number, not `\(value.text)`"))
    return nil
  }
}

extension LocatedText {
  /// The server, then `name=value` and `{ name = value with blanks }`.
  fileprivate func policyElements() -> [LocatedText] { elements().map { $0.group ?? $0 } }
}
