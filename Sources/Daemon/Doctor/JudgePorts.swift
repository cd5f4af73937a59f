// SPDX-License-Identifier: Apache-2.0

extension DoctorFacts {
  func judgePorts() -> [Finding] { ports.map(judge) + judgeStandardPorts() }

  private func judge(_ port: Port) -> Finding {
    let place = "\(port.address) port \(port.number)"
    switch port.state {
    case .free: return Finding(.ports, .ok, "\(place) is free for listener \(port.listener)")
    case .taken(let program, let banner): return judgeTaken(port, place, program, banner)
    case .forbidden:
      return Finding(
        .ports, .note, "\(place) can be opened by root only, so whether it is free could not be tried",
        remedy: "run weir doctor as root: sudo weir doctor")
    case .failed(let reason):
      return Finding(
        .ports, .problem, "\(place) cannot be opened for listener \(port.listener): \(reason)",
        remedy: "correct `address` of the listener, or inet_interfaces; `ip addr` shows the addresses of this machine")
    }
  }

  private func judgeTaken(_ port: Port, _ place: String, _ program: String?, _ banner: String?) -> Finding {
    if program == "weir" || (program == nil && isOurs(banner)) {
      guard port.number != 25 || banner?.hasPrefix("220") != false || port.beginsWithTLS else {
        return Finding(
          .ports, .warning, "Weir is at \(place), and says: \(banner ?? "")",
          remedy: "see the log, and `weir queue list`: it may be short of disk or of sessions")
      }
      return Finding(.ports, .ok, "Weir is at \(place)")
    }
    let who = program.map { "`\($0)`" } ?? "another program"
    let words = banner.map { ", which says: \($0)" } ?? ""
    return Finding(
      .ports, .problem, "\(place) of listener \(port.listener) is taken by \(who)\(words)",
      remedy: program.flatMap { Self.services[$0] }.map { "systemctl disable --now \($0)" }
        ?? "`ss -ltnp sport = :\(port.number)` shows who it is; stop it")
  }

  /// Programs by the name of their process, and the services that they belong to.
  private static let services = ["master": "postfix", "exim4": "exim4", "sendmail-mta": "sendmail", "smtpd": "opensmtpd", "dovecot": "dovecot"]

  private func isOurs(_ banner: String?) -> Bool { banner?.split(separator: " ").dropFirst().first.map(String.init) == host.myhostname }

  /// What clients and other servers expect to find.
  private func judgeStandardPorts() -> [Finding] {
    var findings: [Finding] = []
    let open = Dictionary(grouping: ports, by: \.number)
    if let mail = open[25] {
      if mail.allSatisfy(\.isLoopback) {
        findings.append(
          Finding(
            .ports, .note, "port 25 serves this machine only; no mail comes in from others",
            remedy: "set `inet_interfaces = all` when this machine is to receive mail"))
      }
    } else {
      findings.append(
        Finding(.ports, .warning, "port 25 is closed: other servers cannot bring mail", remedy: "add `listener smtp { port = 25 }` to weir.conf"))
    }
    for (number, name, setting) in Self.submission where open[number] == nil {
      findings.append(
        Finding(
          .ports, .note, "port \(number) (\(name)) is closed: mail programs of users that try it fail",
          remedy: "where users send mail through this server: `listener \(name) { port = \(number)` and `\(setting) }`, a setting per line"))
    }
    return findings
  }

  private static let submission = [
    (587, "submission", "smtpd_tls_security_level = encrypt"), (465, "submissions", "smtpd_tls_wrappermode = yes"),
  ]
}
