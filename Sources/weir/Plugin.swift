// SPDX-License-Identifier: Apache-2.0
import Daemon

/// What `weir plugin` is asked to do.
enum PluginCommand {
  case new(NewPlugin)
  /// With the words of the command, for the process that looks.
  case check(PluginFileOptions, [String])
  case run(PluginFileOptions)
  /// Started by `check` only.
  case describe(PluginFileOptions)

  func perform() -> Int32 {
    switch self {
    case .new(let plugin): Launch.newPlugin(plugin)
    case .check(let request, let words): Launch.checkPlugin(request, arguments: words)
    case .run(let request): Launch.runPlugin(request)
    case .describe(let request): Launch.describePlugin(request)
    }
  }
}

extension Words {
  /// `weir plugin new|check|run …`
  mutating func pluginCommand() throws(UsageError) -> PluginCommand {
    let verbs = ["new", "check", "run"]
    let verb = try required("what to do: \(verbs.joined(separator: ", "))")
    switch verb {
    case "new": return .new(try newPlugin())
    case "check":
      let words = rest
      return .check(try pluginFile(), words)
    case "describe": return .describe(try pluginFile())
    case "run": return .run(try pluginRun())
    default: throw UsageError("unknown command 'plugin \(verb)'", hint: Suggestion.nearest(to: verb, in: verbs))
    }
  }

  private mutating func newPlugin() throws(UsageError) -> NewPlugin {
    let kinds = NewPlugin.Kind.allCases.map(\.rawValue)
    let kindName = try value(of: ["--kind"]) ?? NewPlugin.Kind.stage.rawValue
    guard let kind = NewPlugin.Kind(rawValue: kindName) else {
      throw UsageError(
        "no plugins of kind '\(kindName)'; there is \(kinds.joined(separator: ", "))", hint: Suggestion.nearest(to: kindName, in: kinds))
    }
    let word = try value(of: ["--lang"]) ?? NewPlugin.Language.c.rawValue
    let languages = NewPlugin.languages(of: kind).map(\.rawValue)
    guard let language = NewPlugin.Language(rawValue: word), languages.contains(word) else {
      throw UsageError(
        "no \(kind == .table ? "tables" : "plugins") in '\(word)'; there is \(languages.joined(separator: ", "))",
        hint: Suggestion.nearest(to: word, in: languages))
    }
    let name = try required("a name for the plugin")
    if let more = next() { throw UsageError("unexpected '\(more)'") }
    guard let plugin = NewPlugin(language: language, kind: kind, name: name) else {
      throw UsageError("'\(name)' can be no plugin's name: a small letter, then small letters, digits and '_', at most \(NewPlugin.maximumName)")
    }
    return plugin
  }

  private mutating func pluginRun() throws(UsageError) -> PluginFileOptions {
    let client = try value(of: ["--ip"])
    let helo = try value(of: ["--helo"])
    let sender = try value(of: ["--from"])
    let timeout = try value(of: ["--timeout"])
    var recipients: [String] = []
    while let recipient = try value(of: ["--to"]) { recipients.append(recipient) }
    var answers: [String] = []
    while let answer = try value(of: ["--answer"]) { answers.append(answer) }
    var request = try pluginFile(andMessage: true)
    request.client = client
    request.helo = helo
    request.sender = sender
    request.recipients = recipients
    if let timeout {
      guard let seconds = Int(timeout), (1...3600).contains(seconds) else {
        throw UsageError("--timeout needs a number of seconds, not '\(timeout)'")
      }
      request.timeout = seconds
    }
    for answer in answers where !request.addAnswer(answer) { throw UsageError("--answer needs NAME=TEXT, not '\(answer)'") }
    return request
  }

  private mutating func pluginFile(andMessage: Bool = false) throws(UsageError) -> PluginFileOptions {
    let component = try value(of: ["--component"])
    var options: [String] = []
    while let option = try value(of: ["-o"]) { options.append(option) }
    if let flag = rest.first(where: { $0.hasPrefix("-") }) { throw UsageError("unexpected '\(flag)'") }
    var request = PluginFileOptions(path: try required("the file of a plugin"))
    request.component = component
    if andMessage { request.message = next() }
    if let more = next() { throw UsageError("unexpected '\(more)'") }
    for option in options where !request.addOption(option) { throw UsageError("-o needs NAME=VALUE, not '\(option)'") }
    return request
  }
}

extension Help {
  static let pluginTopic = """
    usage: weir plugin new [--lang c|cpp|rust|swift] [--kind stage|table] NAME
           weir plugin check FILE.so [-o NAME=VALUE]... [--component NAME]
           weir plugin run FILE.so [-o NAME=VALUE]... [MESSAGE] [--from ADDRESS]
               [--to ADDRESS]... [--ip ADDRESS] [--helo NAME] [--answer NAME=TEXT]...
               [--timeout SECONDS] [--component NAME]

    new    writes a folder NAME with a filter that works: `make` builds it,
           `make test` shows it some messages. With --kind table it is a look-up
           table (c, swift)
    check  loads a plugin in a process that may die of it, and says what it is,
           what it wants and may do, and which options it has; or why it cannot be
           used. Tries its create() if all options that must be given are.
    run    shows a plugin one session with one message (a file), and prints each
           event that it wants, what it asks for and each verdict. Timers pass at
           once; the DNS and tables answer what --answer says, and nothing else.

    docs/plugin-abi.md is the manual. Exit status 0; 1 if the plugin cannot be used.

    """
}
