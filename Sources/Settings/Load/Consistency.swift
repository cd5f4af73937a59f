// SPDX-License-Identifier: Apache-2.0
import Bytes
import Diagnostics

/// What is right in every single setting and wrong between them.
struct Consistency {
  private let values: SettingValues
  private let listeners: [(configuration: ListenerConfiguration, place: SourceLocation)]
  private let scope: Scope
  private var diagnostics: [Diagnostic] = []

  /// With `isComplete` false some values are defaults in the place of what could not be read.
  static func check(
    _ values: SettingValues, _ listeners: some Sequence<(ListenerConfiguration, SourceLocation)>, _ scope: Scope, isComplete: Bool
  ) -> [Diagnostic] {
    var consistency = Consistency(values: values, listeners: listeners.map { $0 }, scope: scope)
    consistency.checkHostName()
    consistency.checkDomains()
    if isComplete { consistency.checkSockets() }
    consistency.checkCertificate()
    consistency.checkSizes()
    consistency.checkLogFile()
    if isComplete { consistency.checkRelaying() }
    return consistency.diagnostics
  }

  private init(values: SettingValues, listeners: [(ListenerConfiguration, SourceLocation)], scope: Scope) {
    self.values = values
    self.listeners = listeners
    self.scope = scope
  }

  private mutating func checkHostName() {
    guard let written = scope.settings[Keys.myhostname.name], !values[Keys.myhostname].isEmpty, !values[Keys.myhostname].contains(".") else { return }
    diagnostics.append(
      .warning(written.text, "`\(values[Keys.myhostname])` has no domain: other servers may refuse it", hint: "a full name such as mail.example.com"))
  }

  /// As Postfix warns: such a domain is local, its virtual mailboxes are never looked at.
  private mutating func checkDomains() {
    guard let written = scope.settings[Keys.virtualMailboxDomains.name] else { return }
    for element in values[Keys.virtualMailboxDomains].elements where !element.isNegated {
      guard case .name(let name) = element.pattern, values[Keys.mydestination].contains(name) else { continue }
      diagnostics.append(
        .warning(written.text, "`\(name)` is in mydestination too, so its virtual mailboxes are never used", hint: "name it in one of the two"))
    }
  }

  /// As Postfix, which takes no mail then: strangers could send anything to anybody.
  private mutating func checkRelaying() {
    for (listener, place) in listeners where listener[Keys.listenerProtocol] == .smtp {
      let classes = listener.values.restrictionClasses
      let lists = [listener[Keys.smtpdRelayRestrictions], listener[Keys.smtpdRecipientRestrictions]]
      if lists.contains(where: { $0.controlsRelaying(classes) }) { continue }
      let written = scope.settings[Keys.smtpdRelayRestrictions.name] ?? scope.settings[Keys.smtpdRecipientRestrictions.name]
      let hint = "end one of them with reject_unauth_destination (or reject, defer, defer_if_permit, defer_unauth_destination)"
      diagnostics.append(
        .error(
          written?.nameLocation ?? place, length: written == nil ? listener.name.utf8.count : Keys.smtpdRelayRestrictions.name.utf8.count,
          "neither smtpd_relay_restrictions nor smtpd_recipient_restrictions refuses strangers: anybody could relay", hint: hint))
    }
  }

  private mutating func checkSockets() {
    var owners: [ListenAddress: String] = [:]
    for (listener, place) in listeners {
      for socket in listener.sockets {
        if let other = owners[socket] {
          diagnostics.append(
            .error(
              place, length: listener.name.utf8.count, "the listener `\(other)` already has \(socket.title)",
              hint: "give one of them another `port` or `address`"))
        }
        owners[socket] = listener.name
      }
    }
  }

  private mutating func checkCertificate() {
    guard let key = scope.settings[Keys.smtpdTlsKeyFile.name], !values[Keys.smtpdTlsKeyFile].isEmpty else { return }
    guard values[Keys.smtpdTlsCertFile].isEmpty, values[Keys.smtpdTlsChainFiles].isEmpty else { return }
    diagnostics.append(
      .error(key.text, "a key without its certificate", hint: "set smtpd_tls_cert_file, or smtpd_tls_chain_files for both in one file"))
  }

  /// maillog_file_prefixes: root makes this file and writes it.
  private mutating func checkLogFile() {
    guard let written = scope.settings[Keys.maillogFile.name], !values[Keys.maillogFile].isEmpty else { return }
    let (path, prefixes) = (values[Keys.maillogFile], values[Keys.maillogFilePrefixes])
    if prefixes.contains(where: { path == $0 || path.hasPrefix($0.hasSuffix("/") ? $0 : $0 + "/") }), !path.split(separator: "/").contains("..") {
      return
    }
    diagnostics.append(
      .error(
        written.text, "`\(path)` is below none of maillog_file_prefixes",
        hint: "add its folder: maillog_file_prefixes = \(prefixes.joined(separator: ", ")), /folder"))
  }

  private mutating func checkSizes() {
    guard let written = scope.settings[Keys.spoolSegmentSize.name] else { return }
    let least = values[Keys.spoolBigMessageSize].bytes * 4 + 65536
    if values[Keys.spoolSegmentSize].bytes < least {
      diagnostics.append(.error(written.text, "a segment must hold four messages of spool_big_message_size: at least \(least) bytes"))
    }
  }
}

extension ListenAddress {
  /// As people write it.
  package var title: String {
    switch self {
    case .inet(let address, let port): address.family == .v6 ? "[\(address)]:\(port)" : "\(address):\(port)"
    case .host(let name, let port): "\(name):\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }
}
