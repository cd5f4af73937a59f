// SPDX-License-Identifier: Apache-2.0
import Bytes
import Names

extension DoctorFacts {
  /// A name that other servers believe: complete, known to the Domain Name System, ours.
  func judgeHost() -> [Finding] {
    let name = host.myhostname
    guard name.contains(".") else {
      return [
        Finding(
          .host, .problem, "myhostname is `\(name)`, which is no complete name; other servers refuse who greets them with it",
          remedy: "set `myhostname = mail.your-domain` in weir.conf, or name the machine so: hostnamectl set-hostname mail.your-domain")
      ]
    }
    if let ending = Self.privateEndings.first(where: { name.lowercased().hasSuffix($0) }) {
      return [
        Finding(
          .host, .warning, "myhostname is \(name): names below `\(ending)` mean nothing outside of this network",
          remedy: "set `myhostname` to a name that the world can look up, unless mail stays within this network")
      ]
    }
    return judgeAddresses(of: name)
  }

  private static let privateEndings = [".localdomain", ".local", ".lan", ".internal", ".home.arpa", ".localhost", ".invalid"]

  private func judgeAddresses(of name: String) -> [Finding] {
    switch host.addresses {
    case .failure(.temporary(let reason)):
      return [
        Finding(.host, .warning, "myhostname is \(name), and its address cannot be looked up now: \(reason)", remedy: "see the name servers below")
      ]
    case .failure:
      return [
        Finding(
          .host, .problem, "myhostname is \(name), which has no address; other servers refuse who greets them with it",
          remedy: "add an A record (and AAAA) for \(name) where your domain's names are kept")
      ]
    case .success(let addresses): return [judge(addresses, of: name)]
    }
  }

  private func judge(_ addresses: [IPAddress], of name: String) -> Finding {
    if addresses.allSatisfy({ AddressScope($0) == .loopback }) {
      return Finding(
        .host, .warning, "\(name) is \(addresses.text): only this machine can use that address",
        remedy: "let the name lead to the address that the world sees; often a line of /etc/hosts hides it on this machine")
    }
    if !host.own.isDisjoint(with: addresses) { return Finding(.host, .ok, "myhostname is \(name), at \(addresses.text)") }
    if host.own.inTheWorld.isEmpty {
      return Finding(
        .host, .note, "myhostname is \(name), at \(addresses.text); this machine has only private addresses",
        remedy: "see that your router passes port 25 of \(addresses.text) on to this machine")
    }
    return Finding(
      .host, .warning, "\(name) is at \(addresses.text), which is not this machine (\(host.own.inTheWorld.text))",
      remedy: "correct the A and AAAA records of \(name), or `myhostname`")
  }
}
