// SPDX-License-Identifier: Apache-2.0
import Daemon

/// What `weir plugin` is asked to do.
enum PluginCommand {
  case new(NewPlugin)

  func perform() -> Int32 {
    switch self {
    case .new(let plugin): Launch.newPlugin(plugin)
    }
  }
}

extension Words {
  /// `weir plugin new [--lang LANGUAGE] NAME`
  mutating func pluginCommand() throws(UsageError) -> PluginCommand {
    let verbs = ["new"]
    let verb = try required("what to do: \(verbs.joined(separator: ", "))")
    switch verb {
    case "new": return .new(try newPlugin())
    default: throw UsageError("unknown command 'plugin \(verb)'", hint: Suggestion.nearest(to: verb, in: verbs))
    }
  }

  private mutating func newPlugin() throws(UsageError) -> NewPlugin {
    let word = try value(of: ["--lang"]) ?? NewPlugin.Language.c.rawValue
    let languages = NewPlugin.Language.allCases.map(\.rawValue)
    guard let language = NewPlugin.Language(rawValue: word) else {
      throw UsageError("no plugins in '\(word)'; there is \(languages.joined(separator: ", "))", hint: Suggestion.nearest(to: word, in: languages))
    }
    let name = try required("a name for the plugin")
    if let more = next() { throw UsageError("unexpected '\(more)'") }
    guard let plugin = NewPlugin(language: language, name: name) else {
      throw UsageError("'\(name)' can be no plugin's name: a small letter, then small letters, digits and '_', at most \(NewPlugin.maximumName)")
    }
    return plugin
  }
}

extension Help {
  static let pluginTopic = """
    usage: weir plugin new [--lang c|cpp|rust|swift] NAME

    Writes a folder NAME with a filter that works: `make` builds it, `make test`
    shows it some messages. docs/plugin-abi.md is the manual.

    """
}
