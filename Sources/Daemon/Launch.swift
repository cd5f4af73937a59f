// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import PluginHost
import Runtime
import Settings

/// The entry points of the subcommands. Each answers the exit status.
package enum Launch {
  package static func run(_ options: Options) -> Int32 { Foreground.run(options) }

  package static func service(_ name: String, _ options: Options, generation: Int, door: Int32?, listeners: [String]) -> Int32 {
    ServiceProcess.run(name, options, generation: generation, door: door, listeners: listeners)
  }

  package static func reload(_ options: Options) -> Int32 {
    guard let setup = load(options) else {
      Terminal.writeError("weir: nothing was reloaded: the old configuration stays\n")
      return ExitStatus.configuration
    }
    return ReloadClient(setup: setup).run()
  }

  /// What starts plugins in processes of their own, for the mta that has started it.
  package static func worker() -> Int32 { WorkerKeeper.run(orders: 3, door: 4) }

  package static func check(_ options: Options) -> Int32 {
    do {
      let preparation = try Preparation(
        options, memory: SharedMemory("weir-check"), isStarting: false, isColored: Terminal.wantsColour(1))
      Terminal.write(preparation.report)
      return preparation.setup == nil ? ExitStatus.configuration : ExitStatus.success
    } catch {
      Terminal.writeError("weir: \(error)\n")
      return ExitStatus.systemError
    }
  }

  package static func config(_ options: Options, _ request: ConfigurationRequest) -> Int32 {
    ConfigurationCommand(options, request).perform()
  }

  package static func queue(_ options: Options, _ request: QueueRequest) -> Int32 {
    guard let setup = load(options) else { return ExitStatus.configuration }
    return QueueClient(setup).perform(request)
  }

  package static func map(_ request: MapRequest) -> Int32 { MapCommand(request).perform() }

  package static func plugins(_ options: Options, isJSON: Bool) -> Int32 {
    guard let setup = load(options) else { return ExitStatus.configuration }
    return StageReport.show(setup, isJSON: isJSON)
  }

  package static func events(_ options: Options, isJSON: Bool) -> Int32 {
    guard let setup = load(options) else { return ExitStatus.configuration }
    return EventClient(setup: setup, isJSON: isJSON).run()
  }

  package static func log(_ options: Options, _ command: LogCommand) -> Int32 {
    guard let setup = load(options) else { return ExitStatus.configuration }
    return LogRotation(setup: setup).run(command)
  }

  package static func writeReference(_ page: String) -> Int32 {
    guard let text = Reference.text(page) else {
      Terminal.writeError("weir: no reference page '\(page)'; there are \(Reference.pages.joined(separator: ", "))\n")
      return ExitStatus.usage
    }
    Terminal.write(text)
    return ExitStatus.success
  }

  /// The configuration; its errors, if any, are told on standard error.
  static func load(_ options: Options) -> Setup? {
    let (setup, result, name) = Setup.load(options, files: LinuxFiles())
    if setup == nil { Terminal.writeError(CheckReport(result, name: name, isColored: Terminal.wantsColour(2)).text) }
    return setup
  }
}
