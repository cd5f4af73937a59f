// SPDX-License-Identifier: Apache-2.0
import Pipeline
import PluginHost
import Runtime

extension Launch {
  private static let maximumMessage = 1 << 30

  /// Shows a message to a plugin, in this process, so that a debugger sees it.
  package static func runPlugin(_ request: PluginFileOptions) -> Int32 {
    var script = RehearsalScript()
    script.client = request.client ?? script.client
    script.helo = request.helo ?? script.helo
    script.clientName = request.helo ?? script.clientName
    script.sender = request.sender ?? script.sender
    if !request.recipients.isEmpty { script.recipients = request.recipients }
    script.answers = request.answers
    if let seconds = request.timeout { script.timeout = .seconds(seconds) }
    do {
      if let path = request.message {
        script.setMessage(try LinuxFiles(insistsOnRoot: false).read(path, limit: maximumMessage))
      }
      let posts = RehearsalPosts()
      let instance = try PluginTrial(request).instance(posts)
      Rehearsal(instance, script, posts: posts) { Terminal.write($0 + "\n") }.run()
      return ExitStatus.success
    } catch {
      Terminal.writeError("weir plugin run: \(error)\n")
      return ExitStatus.failure
    }
  }
}

/// A plugin file with options from the command line.
struct PluginTrial {
  private let request: PluginFileOptions

  init(_ request: PluginFileOptions) { self.request = request }

  func plugin() throws -> Plugin {
    let path = request.path
    let full = path.hasPrefix("/") ? path : "\(Machine.workingFolder)/\(path)"
    do throws(PluginRefusal) {
      return try Plugin(path: full)
    } catch {
      throw TrialFailure(description: "\(path) \(error)")
    }
  }

  /// Of those that there are, a stage before a table.
  func component(of plugin: Plugin) throws(PluginRefusal) -> Component {
    let hasStage = plugin.components.contains { $0.kind == .stage && (request.component == nil || $0.name == request.component) }
    return try plugin.component(request.component, hasStage ? .stage : .table)
  }

  /// Has its create() make a table of the options.
  func table(_ plugin: Plugin) throws {
    var settings = StageSettings(name: request.path, plugin: request.path)
    settings.component = request.component
    settings.options = request.options
    do throws(TableOpener.Fault) {
      let means = TableEngine.Settings(name: request.path, path: request.path)
      _ = try TableOpener.engine(settings, means, plugin, isLenient: false) { level, text, _ in Terminal.write("  log    \(level): \(text)\n") }
    } catch {
      throw TrialFailure(description: "\(request.path): create() failed: \(error.message)\(error.hint.map { " (\($0))" } ?? "")")
    }
  }

  func instance(_ posts: any PostOffice) throws -> ComponentInstance {
    let plugin = try plugin()
    do throws(PluginRefusal) {
      let component = try plugin.component(request.component)
      let options = ComponentOptions(request.options, for: component)
      if let problem = options.problems.first {
        throw PluginRefusal.option(problem.message + (problem.hint.map { " (\($0))" } ?? ""))
      }
      return try ComponentInstance(component, name: component.name, options: options.options, posts: posts) { level, text, _ in
        Terminal.write("  log    \(level): \(text)\n")
      }
    } catch {
      switch error {
      case .create(let reason): throw TrialFailure(description: "\(request.path): create() failed: \(reason)")
      default: throw TrialFailure(description: "\(request.path): \(error)")
      }
    }
  }
}

struct TrialFailure: Error, CustomStringConvertible {
  let description: String
}
