// SPDX-License-Identifier: MIT
// Refuses senders whose domain is on a list in the DNS: a TXT record of DOMAIN.ZONE says why.
// The answer takes its time; nobody waits for it but this one message.

final class DomainList: Stage {
  static let component = Component(
    "domainlist", help: "refuses listed sender domains", events: .mail, capabilities: .reject,
    options: [.string("zone", help: "the zone that lists domains, such as dbl.example.org")])

  private let zone: String

  init(host: Host, options: Options) {
    zone = options.string("zone")
  }

  func handle(_ event: Event, _ context: Context) -> Verdict {  // MAIL only
    guard let domain = event.value.after("@") else { return .continue }  // <>
    return context.verdict(afterResolving: "\(domain).\(zone)", .txt) { answer, context in  // later, or never if the client goes
      if let reason = answer.items.first?.value { return context.reject(String(reason)) }
      return answer.isNotFound ? .continue : .tempfail
    }
  }
}

private let plugin = Plugin(id: "org.example.domainlist", version: "1", stages: [DomainList.self])

@_cdecl("weir_plugin_v0") public func weirPlugin() -> Plugin.Descriptor? { plugin.descriptor }
