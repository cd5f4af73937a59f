// SPDX-License-Identifier: Apache-2.0
import Bytes
import Names

extension DoctorFacts {
  func judgeResolver() -> [Finding] {
    let whom = resolver.servers.listed
    let place = resolver.comesFromSystem ? "/etc/resolv.conf" : "`resolver` in weir.conf"
    guard let failure = resolver.failure else { return [Finding(.names, .ok, "names are answered by \(whom)")] }
    return [
      Finding(
        .names, .problem, "no answer from \(whom): \(failure)",
        remedy: "correct \(place), or see why port 53 of \(whom) cannot be reached (firewall, service down); without names, mail is deferred")
    ]
  }

  /// Big mail providers refuse mail from an address without a name that leads back to it.
  func judgePointers() -> [Finding] {
    if resolver.failure != nil { return [] }
    if pointers.isEmpty {
      return [
        Finding(
          .names, .note, "this machine has only private addresses, so whether the world finds a name for it cannot be seen from here",
          remedy: "look from outside: `dig -x YOUR-PUBLIC-ADDRESS` should answer \(host.myhostname)")
      ]
    }
    return pointers.map(judge)
  }

  private func judge(_ pointer: Pointer) -> Finding {
    let address = pointer.address.description
    switch pointer.names {
    case .failure(.temporary(let reason)): return Finding(.names, .warning, "the name of \(address) cannot be looked up now: \(reason)")
    case .failure:
      return Finding(
        .names, .warning, "\(address) has no name (no PTR record); many servers refuse mail from it",
        remedy: "whoever gave you the address can set its PTR record, to \(host.myhostname)")
    case .success(let names):
      if let name = pointer.confirmed.first { return Finding(.names, .ok, "\(address) is \(name), and back") }
      return Finding(
        .names, .warning, "\(address) is called \(names.listed), which does not lead back to it; many servers refuse mail from it",
        remedy: "give \(names.first ?? host.myhostname) the address \(address), or set the PTR record to \(host.myhostname)")
    }
  }

  /// Whether the world's mail for our domains comes here.
  func judgeDomains() -> [Finding] {
    if resolver.failure != nil { return [] }
    return domains.map { domain in
      switch domain.exchangers {
      case .failure(.temporary(let reason)): Finding(.mail, .warning, "the MX records of \(domain.name) cannot be looked up now: \(reason)")
      case .failure: judgeWithoutExchanger(domain)
      case .success(let exchangers): judge(domain, exchangers)
      }
    }
  }

  private func judge(_ domain: Domain, _ exchangers: [Exchanger]) -> Finding {
    let all = exchangers.sorted { ($0.preference, $0.host) < ($1.preference, $1.host) }
    let text = all.map { "\($0.host) (\($0.preference))" }.listed
    if all.contains(where: isHere) {
      let dead = all.filter { $0.addresses.isEmpty }.map(\.host)
      if dead.isEmpty { return Finding(.mail, .ok, "mail for \(domain.name) goes to \(text)") }
      return Finding(
        .mail, .warning, "mail for \(domain.name) goes to \(text), but \(dead.listed) has no address",
        remedy: "add an A record for \(dead.listed), or take that MX record out")
    }
    if all.allSatisfy({ $0.host == "." }) {
      return Finding(
        .mail, .warning, "\(domain.name) says that it takes no mail (null MX)",
        remedy: "add an MX record: \(domain.name). IN MX 10 \(host.myhostname).")
    }
    return Finding(
      .mail, .warning, "mail for \(domain.name) goes to \(text), which is not this machine",
      remedy: "if it should come here: \(domain.name). IN MX 10 \(host.myhostname). Else take \(domain.name) out of the domains of weir.conf")
  }

  /// RFC 5321 §5.1: without an MX record, the domain's own address counts.
  private func judgeWithoutExchanger(_ domain: Domain) -> Finding {
    let record = "\(domain.name). IN MX 10 \(host.myhostname)."
    guard case .success(let addresses) = domain.addresses else {
      return Finding(.mail, .problem, "\(domain.name) has neither MX nor address: nobody can send mail to it", remedy: "add the record: \(record)")
    }
    if isHere(Exchanger(preference: 0, host: domain.name, addresses: addresses)) {
      return Finding(.mail, .ok, "\(domain.name) has no MX record; its mail comes here by its address")
    }
    return Finding(
      .mail, .warning, "\(domain.name) has no MX record, so its mail goes to \(addresses.text), which is not this machine",
      remedy: "add the record: \(record)")
  }

  /// By name or by address: behind a router the address is the router's.
  private func isHere(_ exchanger: Exchanger) -> Bool {
    exchanger.host.lowercased() == host.myhostname.lowercased() || !host.own.isDisjoint(with: exchanger.addresses)
  }
}
