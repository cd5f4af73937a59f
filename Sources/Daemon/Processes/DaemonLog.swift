// SPDX-License-Identifier: Apache-2.0
import Runtime
import Settings

/// Opens the log that the configuration asks for.
enum DaemonLog {
  static func open(_ setup: Setup, owner: SystemUser?) throws(SystemError) -> Log {
    let descriptor = try descriptor(setup, owner)
    return try Log(descriptor, style: style(setup, descriptor), host: setup.configuration[Keys.myhostname])
  }

  /// Standard output unless a file is named.
  static func descriptor(_ setup: Setup, _ owner: SystemUser?) throws(SystemError) -> Int32 {
    let path = setup.configuration[Keys.maillogFile]
    return path.isEmpty || path == "/dev/stdout" ? 1 : try Folder.openLog(path, owner: owner)
  }

  /// The file was moved away by whoever rotates logs: goes on in a new one of the same name.
  static func reopen(_ log: Log, _ setup: Setup, owner: SystemUser?) {
    do {
      let descriptor = try descriptor(setup, owner)
      if descriptor != 1 { log.redirect(to: descriptor) }
    } catch {
      log.error("master", "\(error); the old file is written to")
    }
  }

  private static func style(_ setup: Setup, _ descriptor: Int32) -> Log.Style {
    let classic = Log.Style.classic(name: setup.configuration[Keys.syslogName])
    switch setup.configuration[Keys.logStyle] {
    case .terminal: return .terminal
    case .classic: return classic
    case .auto: return Terminal.wantsColour(descriptor) ? .terminal : classic
    }
  }
}
