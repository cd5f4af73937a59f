// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Pipeline

/// The options of a stage, checked against what its component says that it takes.
package struct ComponentOptions: Sendable {
  package struct Problem: Equatable, Sendable {
    /// Which of the given options; nil for one that is missing.
    package let index: Int?
    package let message: String
    package let hint: String?

    package init(index: Int?, message: String, hint: String?) {
      self.index = index
      self.message = message
      self.hint = hint
    }
  }

  /// As create() gets them: in the order of the file, then the defaults.
  package private(set) var options: [StageSettings.Option] = []
  package private(set) var problems: [Problem] = []

  package init(_ given: [StageSettings.Option], for component: Component) { self.init(given, for: component.facts) }

  package init(_ given: [StageSettings.Option], for component: ComponentFacts) {
    var seen: Set<String> = []
    for (index, option) in given.enumerated() {
      guard let definition = component.options.first(where: { $0.name == option.name }) else {
        let meant = Suggestion(component.options.map(\.name)).nearest(to: option.name).map { "did you mean `\($0)`?" }
        let all = component.options.isEmpty ? "it takes none" : "it takes \(component.options.map(\.name).joined(separator: ", "))"
        problems.append(Problem(index: index, message: "`\(component.name)` has no option `\(option.name)`", hint: meant ?? all))
        continue
      }
      if !seen.insert(option.name).inserted, !definition.isRepeatable {
        problems.append(Problem(index: index, message: "`\(option.name)` is set twice", hint: nil))
      }
      take(option, definition, index)
    }
    for definition in component.options where !seen.contains(definition.name) {
      if let value = definition.defaultValue {
        takeDefault(StageSettings.Option(definition.name, value), definition)
      } else {
        problems.append(Problem(index: nil, message: "`\(component.name)` needs the option `\(definition.name)`", hint: definition.help))
      }
    }
  }

  /// In the form of its type; one that is not of its type, such as `$other`, is the plugin's to understand.
  private mutating func takeDefault(_ option: StageSettings.Option, _ definition: ComponentFacts.Option) {
    let count = problems.count
    take(option, definition, nil)
    guard problems.count > count else { return }
    problems.removeLast(problems.count - count)
    options.append(option)
  }

  private mutating func take(_ option: StageSettings.Option, _ definition: ComponentFacts.Option, _ index: Int?) {
    func refuse(_ expected: String) {
      problems.append(Problem(index: index, message: "`\(option.name)`: expected \(expected), not `\(option.value)`", hint: definition.help))
    }
    var value = option.value
    switch definition.kind {
    case .string: break
    case .bool:
      guard let answer = ["yes": "yes", "true": "yes", "on": "yes", "no": "no", "false": "no", "off": "no"][value.lowercased()] else {
        return refuse("yes or no")
      }
      value = answer
    case .int: guard Int64(value) != nil else { return refuse("a number") }
    case .duration:
      guard let milliseconds = Self.milliseconds(value) else {
        return refuse("a duration such as 30s")
      }
      value = String(milliseconds)
    case .size:
      guard let bytes = Self.number(value, units: ["": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30])
      else {
        return refuse("a size such as 10M")
      }
      value = String(bytes)
    case .path: guard value.hasPrefix("/") || value.isEmpty else { return refuse("an absolute path") }
    case .table: guard value.isEmpty || value.contains(":") else { return refuse("a table such as hash:/etc/weir/list") }
    }
    options.append(StageSettings.Option(option.name, value))
  }

  /// Of a duration such as `30s`.
  package static func milliseconds(_ text: String) -> Int64? {
    number(text, units: ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "": 1000])
  }

  private static func number(_ text: String, units: [String: Int64]) -> Int64? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let count = Int64(digits), let unit = units[text.dropFirst(digits.count).lowercased().filter { $0 != " " }] else { return nil }
    let (value, overflow) = count.multipliedReportingOverflow(by: unit)
    return overflow ? nil : value
  }
}
