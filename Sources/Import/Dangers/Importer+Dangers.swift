// SPDX-License-Identifier: Apache-2.0
import Bytes
import Diagnostics

/// What is risky in the old configuration, whether it is kept or not.
extension Importer {
  mutating func findDangers() {
    warnAboutNetworks()
    warnAboutRelay()
    warnAboutPasswords()
    warnAboutFiles()
    for setting in main.list where setting.counts { warnAboutValue(setting.name, main.expand(setting.value), setting.item) }
    for option in services.flatMap(\.options) { warnAboutValue(option.name, main.expand(option.value), option.item) }
    for service in services { warnAboutService(service) }
    warnAboutOpenPorts()
  }

  /// A port that was for users who log in, and whose list of restrictions could not be taken over.
  private mutating func warnAboutOpenPorts() {
    for option in services.flatMap(\.options) where option.name.hasSuffix("_restrictions") {
      guard let item = option.item, ledger.isRefused(item), main.expand(option.value).listElements.last == "reject" else { continue }
      ledger.warn(item, "without it, this port takes mail for the domains of this server from everybody; close it if that is not wanted")
    }
  }

  // Clients that are trusted

  private mutating func warnAboutNetworks() {
    if let setting = main["mynetworks"] { warnAboutNetworks(main.expand(setting.value), setting.item) }
    for option in services.flatMap(\.options) where option.name == "mynetworks" { warnAboutNetworks(main.expand(option.value), option.item) }
    if main["mynetworks"] == nil, ["class", "subnet"].contains(main.expanded("mynetworks_style")) {
      let why = "every neighbour in the same network may send mail to anywhere (mynetworks_style = \(main.expanded("mynetworks_style")))"
      ledger.warn(main["mynetworks_style"]?.item, why)
    }
  }

  private mutating func warnAboutNetworks(_ value: String, _ item: Int?) {
    for element in value.listElements where !element.hasPrefix("!") && WideNetwork.isTooWide(element) {
      ledger.warn(item, "`\(element)` may send mail to anywhere through this server: that is far more than a network of your own")
    }
  }

  // Who may relay

  private mutating func warnAboutRelay() {
    let relay = main.expanded("smtpd_relay_restrictions").listElements
    let recipient = main.expanded("smtpd_recipient_restrictions").listElements
    let isGuarded = RelayOrder(relay).isGuarded || RelayOrder(recipient).isGuarded
    for name in ["smtpd_relay_restrictions", "smtpd_recipient_restrictions"] {
      guard let setting = main[name] else { continue }
      let order = RelayOrder(main.expand(setting.value).listElements)
      if let word = order.opening, name == "smtpd_relay_restrictions" || relay.isEmpty { ledger.warn(setting.item, order.reason(word)) }
    }
    if !isGuarded {
      let item = main["smtpd_relay_restrictions"]?.item ?? main["smtpd_recipient_restrictions"]?.item
      ledger.warn(
        item,
        "nothing here refuses mail for foreign domains: an old Postfix may relay for everybody, a new one answers no client. Weir relays for mynetworks only"
      )
    }
    for service in services {
      for option in service.options where ["smtpd_relay_restrictions", "smtpd_recipient_restrictions"].contains(option.name) {
        let isOpenToAll = !service.address.host.hasPrefix("127.") && service.address.host != "localhost" && service.address.host != "::1"
        let order = RelayOrder(main.expand(option.value).listElements)
        let relayOfPort = main.expand(service.option("smtpd_relay_restrictions") ?? relay.joined(separator: ",")).listElements
        guard isOpenToAll, let word = order.opening, option.name == "smtpd_relay_restrictions" || relayOfPort.isEmpty else { continue }
        ledger.warn(option.item, order.reason(word))
      }
    }
  }

  // Passwords

  private mutating func warnAboutPasswords() {
    let level = tlsLevel(main.value("smtpd_tls_security_level"))
    if main.expanded("smtpd_sasl_auth_enable").lowercased() == "yes" {
      warnAboutLogin(main["smtpd_sasl_auth_enable"]?.item, level, main.expanded("smtpd_tls_auth_only"))
    }
    for service in services {
      guard service.option("smtpd_sasl_auth_enable")?.lowercased() == "yes", service.option("smtpd_tls_wrappermode")?.lowercased() != "yes" else {
        continue
      }
      let item = service.options.last { $0.name == "smtpd_sasl_auth_enable" }?.item
      let own = service.option("smtpd_tls_security_level").map { tlsLevel($0) } ?? level
      warnAboutLogin(item, own, service.option("smtpd_tls_auth_only") ?? main.expanded("smtpd_tls_auth_only"))
    }
  }

  private func tlsLevel(_ value: String?) -> String {
    let old = main.value("smtpd_enforce_tls") == "yes" ? "encrypt" : main.value("smtpd_use_tls") == "yes" ? "may" : "none"
    let level = value.map { main.expand($0) } ?? old
    return level.isEmpty ? "none" : level
  }

  private mutating func warnAboutLogin(_ item: Int?, _ level: String, _ tlsOnly: String) {
    if level == "none" {
      ledger.warn(item, "passwords cross the network in the clear: logins are on and smtpd_tls_security_level is none")
    } else if level == "may", tlsOnly.lowercased() != "yes" {
      ledger.warn(item, "passwords may cross the network in the clear: smtpd_tls_auth_only = yes prevents it")
    }
  }

  // Files

  private mutating func warnAboutFiles() {
    let secrets = [
      "smtpd_tls_key_file", "smtpd_tls_chain_files", "smtpd_tls_eckey_file", "smtpd_tls_dkey_file", "smtp_tls_key_file", "smtp_tls_chain_files",
    ]
    for setting in main.list where setting.counts {
      let isPasswords = setting.name == "smtp_sasl_password_maps"
      guard isPasswords || secrets.contains(setting.name) else { continue }
      for element in main.expand(setting.value).listElements {
        guard let slash = element.firstIndex(of: "/") else { continue }
        warnIfReadable(String(element[slash...]), setting.item, isPasswords ? "the passwords of other servers" : "the private key")
      }
    }
  }

  mutating func warnIfReadable(_ path: String, _ item: Int?, _ what: String) {
    guard let mode = permissions(path), mode & 0o004 != 0 else { return }
    ledger.warn(item, "everybody on this machine can read \(path), which holds \(what); chmod o-r it")
  }

  // Single values

  private mutating func warnAboutValue(_ name: String, _ value: String, _ item: Int?) {
    if let danger = ValueDangers.danger(name, value) { ledger.warn(item, danger) }
    guard name.hasSuffix("_restrictions") || name == "smtpd_recipient_restrictions" || name == "maps_rbl_domains" || name == "postscreen_dnsbl_sites"
    else {
      return
    }
    for list in DeadLists.named(in: value) { ledger.warn(item, "the DNS list \(list) is gone: it may refuse all mail or none; take it out") }
  }

  private mutating func warnAboutService(_ service: MasterService) {
    guard service.command == "pipe", let user = service.arguments.first(where: { $0.hasPrefix("user=") }) else { return }
    if user == "user=root" || user.hasPrefix("user=root:") { ledger.warn(service.item, "it runs as root on mail from anybody") }
  }
}
