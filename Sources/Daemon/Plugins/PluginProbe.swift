// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Pipeline
import PluginHost
import Runtime
import Settings

/// Loads the plugins of a configuration in a process that may die of it, and has each create() what the configuration asks for.
struct PluginProbe {
  /// One instance to be tried.
  private struct Trial {
    enum Kind: String { case stage, table, lenientTable }

    let kind: Kind
    let settings: StageSettings
    /// What names the plugin.
    let plugin: LocatedText
    let place: (Int?) -> LocatedText

    init(_ entry: StagePlan.Entry) {
      (kind, settings, plugin, place) = (.stage, entry.settings, entry.block.plugin, { entry.place($0) })
    }

    init(_ entry: TablePlan.Entry) {
      let definition = entry.table.definition
      (kind, settings, place) = (entry.isLenient ? .lenientTable : .table, entry.settings, { entry.place($0) })
      plugin = definition.word("plugin") ?? definition.type
    }
  }

  private let trials: [Trial]
  private let setup: Setup
  private let known: [Diagnostic]

  /// What a plugin may do to the process that checks is nothing: who runs it later does it.
  init(_ setup: Setup) {
    let (stages, tables) = (StagePlan(setup), TablePlan(setup))
    trials = stages.entries.map { Trial($0) } + tables.entries.map { Trial($0) }
    known = stages.diagnostics + tables.diagnostics
    self.setup = setup
  }

  private func identity(_ mode: StageSettings.Mode) throws -> ChildProcess.Identity? {
    guard Machine.isRoot else { return nil }
    let owner = try setup.owner()
    let user = try mode == .worker ? setup.workerUser() ?? owner : owner
    return ChildProcess.Identity(user: user.uid, group: user.gid, groups: try user.groups())
  }

  private static let patience = Duration.seconds(20)

  /// What is wrong, at the places in the configuration where it is.
  func diagnostics() -> [Diagnostic] { known + [.inprocess, .worker].flatMap(diagnostics) }

  private func diagnostics(_ mode: StageSettings.Mode) -> [Diagnostic] {
    let trials = trials.filter { $0.settings.mode == mode }
    guard let first = trials.first else { return [] }
    do {
      let answer = try SealedMemory.open("weir-probe")
      defer { closeDescriptor(answer) }
      let question = try SealedMemory.make("weir-probe", Array(trials.map(Self.encoded).joined(separator: "\u{2}").utf8))
      defer { closeDescriptor(question) }
      let child = try ChildProcess.start(Machine.executable, ["service", "probe"], descriptors: [question, answer], as: try identity(mode))
      let status = child.wait(patience: Self.patience)
      return read(String(decoding: try SealedMemory.read(answer), as: UTF8.self), status, trials, first)
    } catch {
      return [.error(first.place(nil), "plugins cannot be checked: \(error)")]
    }
  }

  private func read(_ text: String, _ status: Int32?, _ trials: [Trial], _ first: Trial) -> [Diagnostic] {
    var found: [Diagnostic] = []
    var open: Int?
    for line in text.split(separator: "\n") {
      let words = line.split(separator: "\t", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
      guard words.count == 4, let number = Int(words[1]), trials.indices.contains(number) else { continue }
      let trial = trials[number]
      switch words[0] {
      case "begin": open = number
      case "end": open = nil
      case "error", "file":
        let parts = words[3].split(separator: "\u{1}", maxSplits: 1).map(String.init)
        let place = words[0] == "file" ? trial.plugin : trial.place(Int(words[2]))
        found.append(.error(place, parts.first ?? "", hint: parts.count > 1 ? parts[1] : nil))
      default: continue
      }
    }
    guard status != 0 || open != nil else { return found }
    let trial = open.map { trials[$0] } ?? first
    let how =
      status.map { $0 >= 128 ? "died of signal \($0 - 128)" : "ended with status \($0) in the midst of it" }
      ?? "did not come back within \(Self.patience.components.seconds) seconds"
    return found + [
      .error(trial.plugin, "the process that tried \(trial.settings.plugin) \(how)", hint: "weir plugin check \(trial.settings.plugin)")
    ]
  }

  // MARK: In the child

  /// Writes a line about each thing that it finds to descriptor 4.
  static func run() -> Int32 {
    do {
      let question = String(decoding: try SealedMemory.read(Handover.memoryDescriptor), as: UTF8.self)
      let report = Report(descriptor: Handover.heartbeat)
      for (index, text) in question.split(separator: "\u{2}").enumerated() {
        guard let (kind, settings) = decoded(String(text)) else { return ExitStatus.systemError }
        report.write("begin", index)
        tryOut(kind, settings, index, report)
        report.write("end", index)
      }
      return ExitStatus.success
    } catch {
      return ExitStatus.systemError
    }
  }

  private static func encoded(_ trial: Trial) -> String {
    let settings = trial.settings
    let words = [settings.name, settings.plugin, settings.component ?? "", trial.kind.rawValue]
    return (words + settings.options.flatMap { [$0.name, $0.value] }).joined(separator: "\u{1}")
  }

  private static func decoded(_ text: String) -> (Trial.Kind, StageSettings)? {
    let words = text.split(separator: "\u{1}", omittingEmptySubsequences: false).map(String.init)
    guard words.count >= 4, words.count % 2 == 0, let kind = Trial.Kind(rawValue: words[3]) else { return nil }
    var settings = StageSettings(name: words[0], plugin: words[1])
    settings.component = words[2].isEmpty ? nil : words[2]
    settings.options = stride(from: 4, to: words.count, by: 2).map { StageSettings.Option(words[$0], words[$0 + 1]) }
    return (kind, settings)
  }

  private static func tryOut(_ kind: Trial.Kind, _ settings: StageSettings, _ index: Int, _ report: Report) {
    if kind == .stage { return tryStage(settings, index, report) }
    do throws(PluginRefusal) {
      let plugin = try Plugin(path: settings.plugin)
      let means = TableEngine.Settings(name: settings.name, path: settings.name)
      do throws(TableOpener.Fault) {
        _ = try TableOpener.engine(settings, means, plugin, isLenient: kind == .lenientTable) { _, _, _ in }
      } catch {
        report.write("error", index, option: error.option, error.message, hint: error.hint)
      }
    } catch {
      report.write("file", index, "\(settings.plugin) \(error)")
    }
  }

  private static func tryStage(_ settings: StageSettings, _ index: Int, _ report: Report) {
    do throws(PluginRefusal) {
      let component = try Plugin(path: settings.plugin).component(settings.component ?? settings.name)
      let options = ComponentOptions(settings.options, for: component)
      for problem in options.problems { report.write("error", index, option: problem.index, problem.message, hint: problem.hint) }
      guard options.problems.isEmpty else { return }
      _ = try ComponentInstance(component, name: settings.name, options: options.options, posts: SessionRegistry()) { _, _, _ in }
    } catch {
      switch error {
      case .create(let reason): report.write("error", index, option: settings.option(named: reason), reason)
      default: report.write("file", index, "\(settings.plugin) \(error)")
      }
    }
  }

  private struct Report {
    let descriptor: Int32

    func write(_ kind: String, _ stage: Int, option: Int? = nil, _ message: String = "", hint: String? = nil) {
      let text = (message + (hint.map { "\u{1}\($0)" } ?? "")).map { $0 == "\n" || $0 == "\t" ? " " : $0 }
      Terminal.write(Array("\(kind)\t\(stage)\t\(option ?? -1)\t\(String(text))\n".utf8), to: descriptor)
    }
  }
}
