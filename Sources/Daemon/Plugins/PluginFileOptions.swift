// SPDX-License-Identifier: Apache-2.0
import Pipeline

/// What `weir plugin check` and `weir plugin run` are given.
package struct PluginFileOptions: Sendable {
  package var path: String
  package var component: String?
  package var options: [StageSettings.Option] = []
  package var message: String?
  package var client: String?
  package var helo: String?
  package var sender: String?
  package var recipients: [String] = []
  /// NAME=TEXT: what the DNS and tables answer.
  package var answers: [String: [String]] = [:]
  package var timeout: Int?

  package init(path: String) { self.path = path }

  /// False if it is not NAME=VALUE.
  package mutating func addOption(_ text: String) -> Bool {
    guard let (name, value) = Self.pair(text) else { return false }
    options.append(StageSettings.Option(name, value))
    return true
  }

  package mutating func addAnswer(_ text: String) -> Bool {
    guard let (name, value) = Self.pair(text) else { return false }
    answers[name.lowercased(), default: []].append(value)
    return true
  }

  private static func pair(_ text: String) -> (String, String)? {
    guard let sign = text.firstIndex(of: "="), sign != text.startIndex else { return nil }
    return (String(text[..<sign]), String(text[text.index(after: sign)...]))
  }
}
