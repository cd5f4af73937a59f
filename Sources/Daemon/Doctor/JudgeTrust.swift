// SPDX-License-Identifier: Apache-2.0
import Bytes

extension DoctorFacts {
  /// Who may send to anywhere through this server: an open relay is found by spammers within hours, and then refused by everyone.
  func judgeTrust() -> [Finding] {
    let findings = judgeNetworks() + judgeRestrictions()
    if !findings.isEmpty { return findings }
    let who = trust.networks.isEmpty ? "nobody" : trust.networks.map(\.description).listed
    return [Finding(.trust, .ok, "\(who) may send to anywhere through this server")]
  }

  private func judgeNetworks() -> [Finding] {
    let wide = trust.networks.filter(isTooWide)
    if let stranger = trust.strangers.first {
      let which = wide.isEmpty ? "" : " (\(wide.map(\.description).listed))"
      return [
        Finding(
          .trust, .problem, "mynetworks trusts the world\(which), for instance \(stranger): this is an open relay",
          remedy: "set `mynetworks = 127.0.0.0/8 [::1]/128` and the addresses of your own clients")
      ]
    }
    return wide.map { network in
      Finding(
        .trust, .warning, "mynetworks trusts \(network), which is more than one site has: whoever is there may send to anywhere through this server",
        remedy: "name the addresses of your own clients only")
    }
  }

  /// A site's own networks are private ones, or small.
  private func isTooWide(_ network: IPNetwork) -> Bool {
    if AddressScope(network.address) != .world { return network.length < 7 }
    return network.length < (network.address.family == .v4 ? 24 : 48)
  }

  /// It takes one list that stops strangers: a `permit` ends only the list that it is in.
  private func judgeRestrictions() -> [Finding] {
    trust.relaying.filter { !$0.lists.contains(where: stopsStrangers) }.map { relaying in
      Finding(
        .trust, .problem,
        "listener \(relaying.listener): nothing in smtpd_relay_restrictions or smtpd_recipient_restrictions keeps strangers from sending to anywhere",
        remedy: "put reject_unauth_destination after permit_mynetworks, and before any `permit`")
    }
  }

  private func stopsStrangers(_ list: [String]) -> Bool {
    var isOnlyWarning = false
    for restriction in list {
      let word = restriction.prefix { $0 != " " }
      if word == "permit" { return false }
      if !isOnlyWarning, Self.stops.contains(String(word)) { return true }
      isOnlyWarning = word == "warn_if_reject"
    }
    return false
  }

  private static let stops: Set = ["reject_unauth_destination", "defer_unauth_destination", "reject", "defer", "defer_if_permit"]
}
