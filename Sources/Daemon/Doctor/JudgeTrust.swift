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

  private func judgeRestrictions() -> [Finding] {
    guard let words = trust.relayRestrictions else { return [] }
    let permit = words.firstIndex(of: "permit") ?? words.count
    let stops = ["reject_unauth_destination", "defer_unauth_destination", "reject", "defer", "defer_if_permit"]
    if words.prefix(permit).contains(where: stops.contains) { return [] }
    return [
      Finding(
        .trust, .problem, "nothing in smtpd_relay_restrictions keeps strangers from sending to anywhere: this is an open relay",
        remedy: "add reject_unauth_destination after permit_mynetworks")
    ]
  }
}
