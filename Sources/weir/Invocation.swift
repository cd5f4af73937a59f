// SPDX-License-Identifier: Apache-2.0
import Daemon

/// A command line that was understood.
enum Invocation {
  case run(Options)
  case check(Options)
  case config(Options, ConfigurationRequest)
  case importing(ImportOptions)
  case queue(Options, QueueRequest)
  case doctor(Options, asJSON: Bool)
  case events(Options, isJSON: Bool)
  case plugins(Options, isJSON: Bool)
  case log(Options, LogCommand)
  case test(Options, TestOptions)
  case explain(Options, ExplainOptions)
  case shadow(Options, ShadowOptions)
  case map(MapRequest)
  case tlsOutcomes(Options, isJSON: Bool)
  case plugin(PluginCommand)
  case reference(String)
  /// For a shell.
  case completion(String)
  case version
  case help(String?)
  case reload(Options)
  /// `weir sendmail …` and so on, where there is no link of that name.
  case program(ForeignProgram, [String])
  /// Started by the supervisor only, with the listeners that its sockets are for.
  case service(String, Options, generation: Int, door: Int32?, [String])
  /// Started by the mta only.
  case worker

  static func parse(_ arguments: [String]) -> Result<Invocation, UsageError> {
    do {
      return .success(try parseOrThrow(arguments))
    } catch {
      return .failure(error)
    }
  }

  private static func parseOrThrow(_ arguments: [String]) throws(UsageError) -> Invocation {
    var words = Words(arguments)
    guard let verb = words.next() else { return .help(nil) }
    switch verb {
    case "run": return .run(try words.options())
    case "check": return .check(try words.options())
    case "config": return try parseConfig(&words)
    case "import": return .importing(try words.importOptions())
    case "queue": return try words.queueInvocation()
    case "doctor": return try parseDoctor(&words)
    case "events": return try parseEvents(&words)
    case "log": return try parseLog(&words)
    case "map": return .map(try words.mapRequest())
    case "plugins":
      let isJSON = words.take("--json")
      return .plugins(try words.options(), isJSON: isJSON)
    case "explain": return try words.explainInvocation()
    case "shadow": return try words.shadowInvocation()
    case "test": return try words.testInvocation()
    case "tls-outcomes":
      let isJSON = words.take("--json")
      return .tlsOutcomes(try words.options(), isJSON: isJSON)
    case "plugin": return .plugin(try words.pluginCommand())
    case "completion": return .completion(try words.required("which shell: bash or zsh"))
    case "reference": return .reference(try words.required("which page: markdown, sample or man"))
    case "version", "--version", "-V": return .version
    case "help", "--help", "-h": return .help(words.next())
    case "reload": return .reload(try words.options())
    case "service":
      let name = try words.required("the name of a service")
      let options = try words.options(allowingOthers: true)
      let generation = try words.value(of: ["--generation"]).flatMap { Int($0) } ?? 1
      let door = try words.value(of: ["--door"]).flatMap { Int32($0) }
      return .service(name, options, generation: generation, door: door, words.rest)
    case "worker": return .worker
    case let name where ForeignProgram(rawValue: name) != nil: return .program(ForeignProgram(rawValue: name) ?? .sendmail, words.rest)
    default: throw UsageError("unknown command '\(verb)'", hint: Suggestion.nearest(to: verb, in: Help.verbs))
    }
  }

  private static func parseConfig(_ words: inout Words) throws(UsageError) -> Invocation {
    let options = try words.options(allowingOthers: true)
    return .config(options, try ConfigArguments.parse(words.rest))
  }

  private static func parseEvents(_ words: inout Words) throws(UsageError) -> Invocation {
    let isJSON = words.take("--json")
    return .events(try words.options(), isJSON: isJSON)
  }

  private static func parseLog(_ words: inout Words) throws(UsageError) -> Invocation {
    let verb = try words.required("what to do: rotate or reopen")
    guard let command = LogCommand(rawValue: verb) else {
      throw UsageError("unknown command 'log \(verb)'", hint: Suggestion.nearest(to: verb, in: LogCommand.allCases.map(\.rawValue)))
    }
    return .log(try words.options(), command)
  }

  func perform() -> Int32 {
    switch self {
    case .run(let options): Launch.run(options)
    case .check(let options): Launch.check(options)
    case .config(let options, let request): Launch.config(options, request)
    case .importing(let options): Launch.importConfiguration(options)
    case .queue(let options, let request): Launch.queue(options, request)
    case .doctor(let options, let asJSON): Launch.doctor(options, asJSON: asJSON)
    case .events(let options, let isJSON): Launch.events(options, isJSON: isJSON)
    case .plugins(let options, let isJSON): Launch.plugins(options, isJSON: isJSON)
    case .explain(let options, let request): Launch.explain(options, request)
    case .shadow(let options, let request): Launch.shadow(options, request)
    case .tlsOutcomes(let options, let isJSON): Launch.tlsOutcomes(options, isJSON: isJSON)
    case .test(let options, let request): Launch.test(options, request)
    case .log(let options, let command): Launch.log(options, command)
    case .map(let request): Launch.map(request)
    case .plugin(let command): command.perform()
    case .completion(let shell): Help.printCompletion(shell)
    case .reference(let page): Launch.writeReference(page)
    case .version: Help.printVersion()
    case .help(let topic): Help.print(topic)
    case .reload(let options): Launch.reload(options)
    case .program(let program, let words): Launch.program(program, words)
    case .service(let name, let options, let generation, let door, let listeners):
      Launch.service(name, options, generation: generation, door: door, listeners: listeners)
    case .worker: Launch.worker()
    }
  }
}
