// SPDX-License-Identifier: Apache-2.0
import Runtime

/// `postfix start|stop|reload|abort|flush|status|check`.
struct PostfixCommand {
  private let options: Options
  private let setup: Setup

  private static let patience = Duration.seconds(45)
  private static let interval = Duration.milliseconds(50)

  static func run(_ words: [String]) -> Int32 {
    var rest = words[...]
    var configuration: String?
    while let word = rest.first, word.hasPrefix("-") {
      rest = rest.dropFirst()
      if word == "-c" { configuration = rest.popFirst() }
    }
    return run(CommandPlace.options(configuration), Array(rest))
  }

  static func run(_ options: Options, _ words: [String]) -> Int32 {
    let verbs = ["start", "stop", "reload", "abort", "flush", "status", "check"]
    guard let verb = words.first, words.count == 1, verbs.contains(verb) else {
      return fail("usage: postfix [-c config_dir] \(verbs.joined(separator: "|"))", status: ExitStatus.usage)
    }
    switch verb {
    case "reload": return Launch.reload(options)
    case "flush": return PostQueue.flush(options)
    case "check": return check(options)
    default: break
    }
    let (setup, result, _) = Setup.load(options, files: LinuxFiles())
    guard let setup else {
      _ = (result, check(options))
      return fail("the configuration is not right", status: ExitStatus.configuration)
    }
    let command = PostfixCommand(options: options, setup: setup)
    return switch verb {
    case "start": command.start()
    case "status": command.status()
    default: command.stop(isHard: verb == "abort")
    }
  }

  private static func fail(_ text: String, status: Int32 = ExitStatus.failure) -> Int32 {
    Terminal.writeError("postfix: fatal: \(text)\n")
    return status
  }

  private static func say(_ text: String) { Terminal.writeError("postfix/postfix-script: \(text)\n") }

  /// Says what is wrong with the configuration, and nothing if nothing is.
  private static func check(_ options: Options) -> Int32 {
    do {
      let preparation = try Preparation(options, memory: SharedMemory("weir-check"), isStarting: false, isColored: Terminal.wantsColour(2))
      if preparation.hasDiagnostics { Terminal.writeError(preparation.report) }
      return preparation.setup == nil ? ExitStatus.configuration : ExitStatus.success
    } catch {
      return fail("\(error)", status: ExitStatus.systemError)
    }
  }

  /// The supervisor, if it runs.
  private var pid: Int32? { try? BlockingStream.connect(path: setup.masterSocket).peerPID() }

  private func status() -> Int32 {
    let found = Self.check(options)
    guard let pid else {
      Self.say("the Postfix mail system is not running")
      return ExitStatus.failure
    }
    Self.say("the Postfix mail system is running: PID: \(pid)")
    return found
  }

  private func start() -> Int32 {
    if pid != nil {
      Self.say("fatal: the Postfix mail system is already running")
      return ExitStatus.failure
    }
    do {
      if isOfSystemd {
        return try ChildProcess.start("/bin/systemctl", ["start", "weir.service"], descriptors: [], as: nil).wait()
      }
      return try startMyself()
    } catch {
      return Self.fail("\(error)", status: ExitStatus.systemError)
    }
  }

  /// Where the service manager knows the daemon that is meant, that one starts it.
  private var isOfSystemd: Bool {
    Machine.isRoot && Folder.hasFile("/run/systemd/system") && Folder.hasFile("/bin/systemctl")
      && options.configuration ?? Setup.installedFile == Setup.installedFile
      && ["/lib/systemd/system", "/etc/systemd/system", "/usr/lib/systemd/system"].contains { Folder.hasFile($0 + "/weir.service") }
  }

  private func startMyself() throws -> Int32 {
    Self.say("starting the Postfix mail system")
    var words = ["run"]
    if let configuration = options.configuration { words += ["--config", configuration] }
    if let data = options.data { words += ["--data", data] }
    let child = try ChildProcess.startDetached(Machine.executable, words)
    let deadline = Instant.now() + Self.patience
    while Instant.now() < deadline {
      if pid == child.pid, (try? BlockingStream.connect(path: setup.pickupSocket)) != nil { return ExitStatus.success }
      if let ended = ChildProcess.reap(), ended.pid == child.pid {
        return Self.fail("it has ended with status \(ended.status)", status: ended.status)
      }
      Thread.sleep(Self.interval)
    }
    return Self.fail("it has not started in time")
  }

  private func stop(isHard: Bool) -> Int32 {
    guard let pid else {
      Self.say("fatal: the Postfix mail system is not running")
      return ExitStatus.failure
    }
    Self.say(isHard ? "aborting the Postfix mail system" : "stopping the Postfix mail system")
    guard ChildProcess.send(.terminate, to: pid) else { return Self.fail("process \(pid) may not be told; are you root?") }
    // A second one cuts short what the first has begun.
    if isHard { _ = ChildProcess.send(.interrupt, to: pid) }
    let deadline = Instant.now() + Self.patience
    while Folder.hasFile("/proc/\(pid)"), Instant.now() < deadline { Thread.sleep(Self.interval) }
    return Folder.hasFile("/proc/\(pid)") ? Self.fail("process \(pid) has not ended") : ExitStatus.success
  }
}
