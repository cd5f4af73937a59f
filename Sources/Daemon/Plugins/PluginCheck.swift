// SPDX-License-Identifier: Apache-2.0
import Pipeline
import PluginHost
import Runtime

extension Launch {
  private static let patience = Duration.seconds(10)
  /// Where the process that looks at the file says that it has come to its end.
  private static let doneDescriptor: Int32 = 3

  /// Looks at a plugin in a process that may die of it. `arguments` are those of this command, for that process.
  package static func checkPlugin(_ request: PluginFileOptions, arguments: [String]) -> Int32 {
    do {
      let done = try SealedMemory.open("weir-plugin-check")
      defer { closeDescriptor(done) }
      let child = try ChildProcess.start(Machine.executable, ["plugin", "describe"] + arguments, descriptors: [done], as: nil)
      let status = child.wait(patience: patience)
      if try !SealedMemory.read(done).isEmpty { return status ?? ExitStatus.failure }
      let how =
        switch status {
        case nil: "the process that loaded it was still busy with it after \(patience.components.seconds) seconds"
        case let status? where status >= 128: "the process that loaded it died of signal \(status - 128)"
        case let status?: "the process that loaded it ended with status \(status), on its own"
        }
      Terminal.writeError("weir plugin check: \(request.path): \(how)\n")
    } catch {
      Terminal.writeError("weir plugin check: \(error)\n")
    }
    return ExitStatus.failure
  }

  /// In that process.
  package static func describePlugin(_ request: PluginFileOptions) -> Int32 {
    defer { Terminal.write(Array("end".utf8), to: doneDescriptor) }
    do {
      let trial = PluginTrial(request)
      let plugin = try trial.plugin()
      Terminal.write(PluginDescription(plugin, path: request.path).text)
      let component = try trial.component(of: plugin)
      // Without the options that must be given, create() cannot be tried.
      guard component.options.allSatisfy({ option in option.defaultValue != nil || request.options.contains { $0.name == option.name } }) else {
        Terminal.write("create() was not tried: give it the options by -o NAME=VALUE\n")
        return ExitStatus.success
      }
      if component.kind == .table { try trial.table(plugin) } else { _ = try trial.instance(RehearsalPosts()) }
      Terminal.write("create() takes these options\n")
      return ExitStatus.success
    } catch {
      Terminal.writeError("weir plugin check: \(error)\n")
      return ExitStatus.failure
    }
  }
}

/// What a plugin says of itself, for people.
struct PluginDescription {
  private let plugin: Plugin
  private let path: String

  init(_ plugin: Plugin, path: String) {
    self.plugin = plugin
    self.path = path
  }

  var text: String {
    let symbols = (try? LinuxFiles(insistsOnRoot: false).read(path, limit: 256 << 20)).flatMap(ExportedSymbols.names)
    var lines = ["\(path): plugin \(plugin.id) \(plugin.version), for this Weir's interface"]
    lines.append("  exports      \(symbols.map(Self.list) ?? "could not be read")")
    if let symbols, symbols != [Plugin.entry] {
      lines.append("               it should export \(Plugin.entry) alone: see WEIR_EXPORT, -fvisibility=hidden, --version-script")
    }
    lines += plugin.refused.map { "  left out     \($0)" }
    for component in plugin.components { lines += Self.describe(component.facts) }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func describe(_ facts: ComponentFacts) -> [String] {
    (facts.kind == .table ? describeTable(facts) : describeStage(facts)) + options(facts)
  }

  private static func describeTable(_ facts: ComponentFacts) -> [String] {
    let events = TableEvents(rawValue: facts.events.rawValue)
    let manners = [
      (facts.isBlocking, "may block"), (facts.isSerial, "one look-up at a time"), (events.contains(.changed), "says when it has changed"),
    ]
    return [
      "  table \(facts.name): \(facts.help)",
      "    keys       \(events.contains(.parts) ? "parts of addresses, too" : "whole ones"), \(facts.keepsCase ? "as they are" : "in lower case")",
      "    manners    \(list(manners.filter(\.0).map(\.1)))",
    ]
  }

  private static func describeStage(_ facts: ComponentFacts) -> [String] {
    var lines = ["  stage \(facts.name): \(facts.help)"]
    lines.append("    events     \(list(StageEvent.allCases.filter(facts.events.has).map(\.name)))")
    lines.append("    may        \(list(rights(facts.rights)))")
    lines.append("    reads      \(list(facts.properties.sorted()))")
    let manners = [(facts.isBlocking, "may block"), (facts.isSerial, "one call at a time"), (facts.wantsDecodedHeaders, "decoded header fields")]
    lines.append("    manners    \(list(manners.filter(\.0).map(\.1)))")
    return lines
  }

  private static func options(_ facts: ComponentFacts) -> [String] {
    facts.options.map { option in
      let value = option.defaultValue.map { option.isSecret ? "(secret)" : $0 } ?? "(must be given)"
      return "    option     \(option.name) = \(value)  \(option.kind)\(option.isRepeatable ? ", may be repeated" : ""): \(option.help)"
    }
  }

  private static func rights(_ rights: StageRights) -> [String] {
    [
      (StageRights.headers, "edit header fields"), (.recipients, "edit recipients"), (.sender, "set the sender"), (.body, "write the body"),
      (.route, "hold and route"), (.reject, "refuse"), (.fields, "read all fields"), (.content, "read the message"),
    ].filter { rights.contains($0.0) }.map(\.1)
  }

  private static func list(_ words: [String]) -> String { words.isEmpty ? "-" : words.joined(separator: ", ") }
}
