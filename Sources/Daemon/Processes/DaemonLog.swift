// SPDX-License-Identifier: Apache-2.0
import Runtime
import Settings
import Trace

/// Opens the log that the configuration asks for, and its file again when that was moved away.
enum DaemonLog {
  /// Whose events a socket has.
  enum Role: String, CaseIterable { case master, mta, mailbox }

  /// `lane`: the folder of the lane that the mta has.
  static func open(_ setup: Setup, _ role: Role, owner: SystemUser?, lane: String? = nil) throws(SystemError) -> Log {
    let places = LogPlaces(setup)
    var complaints: [String] = []
    var settings = LogSettings(host: setup.configuration[Keys.myhostname], sinks: [])
    for place in places.all {
      do throws(SystemError) {
        settings.sinks.append(try target(place, setup, owner))
      } catch {
        // What nobody has asked for by name is no reason not to start.
        if case .file(_, isAsked: false) = place { complaints.append("\(error)") } else { throw error }
      }
    }
    do throws(SystemError) {
      settings.events = try EventSocket(path: setup.eventSocket(role, lane: lane ?? setup.queueFolder))
    } catch {
      complaints.append("events: \(error)")
    }
    if role == .mta { settings.trace = try setup.traceSettings.map { (kept) throws(SystemError) in try TraceKeeper(kept) } }
    let log = try Log(settings, name: setup.configuration[Keys.syslogName])
    for complaint in complaints { log.warning("master", complaint) }
    return log
  }

  private static func target(_ place: LogPlaces.Place, _ setup: Setup, _ owner: SystemUser?) throws(SystemError) -> LogSettings.Target {
    let facility = setup.configuration[Keys.syslogFacility].number
    switch place {
    case .descriptor(let descriptor): return .descriptor(descriptor, style(setup, descriptor), stamp(setup))
    case .file(let path, _):
      let descriptor = try openFile(path, setup, owner)
      return .descriptor(descriptor, style(setup, descriptor), stamp(setup))
    case .syslog: return .syslog(path: setup.configuration[Keys.syslogSocket], facility: facility)
    case .journal: return .journal(path: setup.configuration[Keys.journaldSocket], facility: facility)
    }
  }

  private static func openFile(_ path: String, _ setup: Setup, _ owner: SystemUser?) throws(SystemError) -> Int32 {
    try Folder.openLog(path, mode: UInt32(clamping: setup.configuration[Keys.maillogFilePermissions]), owner: owner)
  }

  /// The file was moved away by whoever rotates logs: goes on in a new one of the same name.
  static func reopen(_ log: Log, _ setup: Setup, owner: SystemUser?) {
    for case .file(let path, _) in LogPlaces(setup).all {
      do {
        log.redirect(to: try openFile(path, setup, owner))
      } catch {
        log.error("master", "\(error); the old file is written to")
      }
    }
  }

  private static func style(_ setup: Setup, _ descriptor: Int32) -> Log.Style {
    switch setup.configuration[Keys.logStyle] {
    case .terminal: .terminal
    case .classic: .classic
    case .json: .json
    case .auto: Terminal.wantsColour(descriptor) ? .terminal : .classic
    }
  }

  private static func stamp(_ setup: Setup) -> LogSettings.Stamp {
    switch setup.configuration[Keys.logTimeFormat] {
    case .classic: .classic
    case .rfc3339: .rfc3339
    }
  }
}

/// Where `log_targets` sends the log.
struct LogPlaces {
  enum Place: Equatable {
    case descriptor(Int32)
    /// `isAsked`: the configuration names it.
    case file(String, isAsked: Bool)
    case syslog
    case journal
  }

  private(set) var all: [Place] = []

  /// Debian's, which syslog daemons write too.
  static let serviceFile = "/var/log/mail.log"
  /// Where systemd's journal hands everything on to a syslog daemon, if there is one.
  static let forwardSocket = "/run/systemd/journal/syslog"

  init(_ setup: Setup) {
    let file = setup.configuration[Keys.maillogFile]
    for word in setup.configuration[Keys.logTargets] {
      switch LogTarget(rawValue: word) {
      case .stdout: add(.descriptor(1))
      case .stderr: add(.descriptor(2))
      case .file: add(Self.named(file) ?? .file(Self.serviceFile, isAsked: true))
      case .syslog: add(.syslog)
      case .journald: add(.journal)
      case .auto, nil: addUsual(file)
      }
    }
  }

  private mutating func addUsual(_ file: String) {
    let isService = Terminal.isJournal(1)
    if let named = Self.named(file) { add(named) }
    if !isService { return file.isEmpty ? add(.descriptor(1)) : () }
    add(.journal)
    if file.isEmpty, !UnixDatagrams.hasReceiver(Self.forwardSocket) { add(.file(Self.serviceFile, isAsked: false)) }
  }

  private static func named(_ file: String) -> Place? {
    switch file {
    case "": nil
    case "/dev/stdout": .descriptor(1)
    case "/dev/stderr": .descriptor(2)
    default: .file(file, isAsked: true)
    }
  }

  private mutating func add(_ place: Place) {
    if !all.contains(place) { all.append(place) }
  }
}
