// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tables

/// Whether mail has somewhere to go: transports that exist, next hops that can be read.
struct RoutingCheck {
  let tables: TableReader
  let transports: Set<String>
  /// What each block is a variant of.
  private let kinds: [String: TransportBlock.Kind]

  init(tables: TableReader, blocks: [TransportBlock]) {
    self.tables = tables
    transports = TransportBlock.builtIn.union(blocks.map(\.name.text))
    kinds = Dictionary(blocks.map { ($0.name.text, $0.kind) }) { $1 }
  }

  func check(_ values: SettingValues, _ scope: Scope) -> [Diagnostic] {
    let single = [
      Keys.localTransport, Keys.virtualTransport, Keys.relayTransport, Keys.defaultTransport, Keys.mailboxTransport, Keys.fallbackTransport,
    ]
    let maps = [Keys.transportMaps, Keys.mailboxTransportMaps, Keys.fallbackTransportMaps, Keys.senderDependentDefaultTransportMaps]
    return (single + [Keys.contentFilter]).flatMap { checkTransport($0, values, scope) } + maps.flatMap { checkMaps(values[$0], value) }
      + checkRelayHost(values, scope)
      + checkMaps(values[Keys.senderDependentRelayhostMaps], relay)
  }

  /// What a listener says of its own.
  func checkListener(_ values: SettingValues, _ scope: Scope) -> [Diagnostic] { checkTransport(Keys.contentFilter, values, scope) }

  private func checkTransport(_ key: Key<String>, _ values: SettingValues, _ scope: Scope) -> [Diagnostic] {
    guard let written = scope.settings[key.name], !values[key].isEmpty else { return [] }
    return complaint(values[key], mayBeEmpty: false).map { [.error(written.text, $0.message, hint: $0.hint)] } ?? []
  }

  private struct Complaint {
    let message: String
    let hint: String?
  }

  private func complaint(_ text: String, mayBeEmpty: Bool) -> Complaint? {
    let name = String(text.prefix { $0 != ":" })
    let nexthop = String(text.dropFirst(name.count + 1))
    if name.isEmpty, mayBeEmpty { return nil }
    guard transports.contains(name) else { return unknown(name, nexthop) }
    switch kinds[name] ?? TransportBlock.Kind(rawValue: name) {
    case .smtp?, .relay?: return hostComplaint(nexthop)
    case .lmtp?: return socketComplaint(nexthop)
    default: return nil
    }
  }

  private func unknown(_ name: String, _ nexthop: String) -> Complaint {
    if name.contains(".") || name.hasPrefix("[") {
      return Complaint(message: "`\(name)` is a host and no transport", hint: "smtp:\(name)")
    }
    let meant = Suggestion(transports.sorted()).nearest(to: name).map { "did you mean `\($0)`?" }
    return Complaint(message: "there is no transport `\(name)`", hint: meant ?? "transport \(name) { argv = /usr/bin/program ${recipient} }")
  }

  private func socketComplaint(_ nexthop: String) -> Complaint? {
    if nexthop.hasPrefix("unix:") { return nexthop == "unix:" ? Complaint(message: "a path is missing after `unix:`", hint: nil) : nil }
    return hostComplaint(nexthop.hasPrefix("inet:") ? String(nexthop.dropFirst(5)) : nexthop)
  }

  /// `domain`, `domain:port`, `[host]`, `[host]:port`, with commas between several.
  private func hostComplaint(_ text: String) -> Complaint? {
    for part in text.split(whereSeparator: { $0 == "," || $0 == " " || $0 == "\t" }).map(String.init) {
      if let found = oneHostComplaint(part.hasPrefix("inet:") ? String(part.dropFirst(5)) : part) { return found }
    }
    return nil
  }

  private func oneHostComplaint(_ text: String) -> Complaint? {
    var rest = Substring(text)
    if rest.first == "[" {
      guard let end = rest.firstIndex(of: "]") else { return Complaint(message: "`\(text)`: the bracket is not closed", hint: "[host]:port") }
      rest = rest[rest.index(after: end)...]
      if !rest.isEmpty, rest.first != ":" { return Complaint(message: "`\(text)`: after `]` comes a colon and a port", hint: "[host]:587") }
    } else {
      let host = rest.prefix { $0 != ":" }
      if let odd = host.unicodeScalars.first(where: { !Self.isHostCharacter($0) }) {
        let hint = odd == "\\" ? "leave out the backslash: `\\` protects nothing here" : nil
        return Complaint(message: "`\(text)` is no host: `\(odd)` cannot be in its name", hint: hint)
      }
      rest = rest.dropFirst(host.count)
    }
    let port = rest.dropFirst()
    guard rest.first == ":" else { return nil }
    let isPort = !port.isEmpty && port.utf8.allSatisfy { Self.isHostCharacter(Unicode.Scalar($0)) } && UInt16(port) != 0
    return isPort && (UInt16(port) != nil || !port.allSatisfy(\.isNumber)) ? nil : Complaint(message: "`\(port)` is no port", hint: nil)
  }

  private static func isHostCharacter(_ scalar: Unicode.Scalar) -> Bool {
    !scalar.isASCII || scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || ".-_".unicodeScalars.contains(scalar)
  }

  // MARK: relayhost

  private func checkRelayHost(_ values: SettingValues, _ scope: Scope) -> [Diagnostic] {
    let host = values[Keys.relayhost]
    guard let written = scope.settings[Keys.relayhost.name], !host.isEmpty else { return [] }
    if let found = hostComplaint(host) { return [.error(written.text, found.message, hint: found.hint)] }
    let bare = host.prefix { $0 != ":" }.lowercased()
    let own = [values[Keys.mydomain].lowercased(), values[Keys.myhostname].lowercased()]
    if own.contains(bare) {
      let reason = "all mail goes to the MX hosts of `\(bare)`, our own domain: if this machine is one of them, mail runs in a circle"
      return [.warning(written.text, reason, hint: "relayhost = [smtp.provider.example] names a host, without a look-up of MX hosts")]
    }
    if bare == "[\(own[1])]" { return [.error(written.text, "`\(host)` is this machine: mail would run in a circle")] }
    return []
  }

  // MARK: tables

  private func checkMaps(_ references: [TableReference], _ check: (String) -> Complaint?) -> [Diagnostic] {
    references.flatMap { reference -> [Diagnostic] in
      guard let table = tables.read(reference).table, table.answers.contains(where: { check($0.value) != nil }) else { return [] }
      // It is read once more, to say where.
      return withoutActuallyEscaping(check) { check in
        let found = Table.read(reference, files: tables.files) { value, isTemplate in
          isTemplate ? [] : check(value.text).map { [.error(value, $0.message, hint: $0.hint)] } ?? []
        }
        return found.diagnostics.filter { $0.severity == .error }
      }
    }
  }

  private func value(_ text: String) -> Complaint? { text == "DUNNO" ? nil : complaint(text, mayBeEmpty: true) }

  private func relay(_ text: String) -> Complaint? { text == "DUNNO" ? nil : hostComplaint(text) }
}
