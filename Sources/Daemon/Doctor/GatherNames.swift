// SPDX-License-Identifier: Apache-2.0
import Bytes
import Names
import Runtime
import Settings

/// Asks the Domain Name System what the doctor wants to know. Blocks.
struct NameInquiry {
  let configuration: ResolverConfiguration
  let hosts: HostsFile

  /// More would take long, and say the same.
  private static let maximumDomains = 20

  /// Runs `body` with a resolver, on a loop of its own.
  func run<Answer: Sendable>(_ body: @escaping @Sendable (any NameService) async -> Answer) throws(SystemError) -> Answer {
    let loop = try EventLoop()
    let names = UnboundNames(home: loop, configuration, hosts: hosts)
    let thread = try Thread(name: "doctor") { loop.run() }
    let answer = Monitor<Answer?>(nil)
    loop.spawn {
      let value = await body(names)
      answer.withLock { $0 = value }
      answer.signal()
    }
    let value = answer.wait { $0 }
    loop.stop()
    thread.join()
    names.close()
    return value
  }

  /// Completes `facts`, whose host name and own addresses are known.
  func complete(_ facts: DoctorFacts, domains: [String]) throws(SystemError) -> DoctorFacts {
    try run { names in
      let inquiry = Inquiry(names: names)
      var facts = facts
      facts.resolver.failure = await inquiry.failure()
      facts.host.addresses = await inquiry.addresses(of: facts.host.myhostname)
      if facts.resolver.failure != nil { return facts }
      for address in facts.host.own.inTheWorld.sorted(by: { $0.description < $1.description }) {
        facts.pointers.append(await inquiry.pointer(of: address))
      }
      for domain in domains.prefix(Self.maximumDomains) { facts.domains.append(await inquiry.domain(domain)) }
      return facts
    }
  }
}

private struct Inquiry {
  let names: any NameService

  /// Nil if the servers answer. That there is no such record is an answer.
  func failure() async -> String? {
    if case .failure(.temporary(let reason)) = await names.fullAnswer(.soa("arpa"), within: .seconds(3)) { return reason }
    return nil
  }

  func addresses(of host: String) async -> DoctorFacts.Found<IPAddress> {
    let answers = [await names.answer(.a(host)), await names.answer(.aaaa(host))]
    let found = answers.compactMap { try? $0.get() }.flatMap { $0 }.compactMap { if case .address(let address) = $0 { address } else { nil } }
    if !found.isEmpty { return .success(found) }
    for case .failure(.temporary(let reason)) in answers { return .failure(.temporary(reason)) }
    return .failure(.notFound)
  }

  func pointer(of address: IPAddress) async -> DoctorFacts.Pointer {
    let found = await names.answer(.ptr(address)).map { records in records.compactMap { if case .pointer(let name) = $0 { name } else { nil } } }
    var confirmed: [String] = []
    for name in (try? found.get()) ?? [] {
      if case .success(let addresses) = await addresses(of: name), addresses.contains(address) { confirmed.append(name) }
    }
    return DoctorFacts.Pointer(address: address, names: found, confirmed: confirmed)
  }

  func domain(_ name: String) async -> DoctorFacts.Domain {
    switch await names.answer(.mx(name)) {
    case .failure(let failure):
      return DoctorFacts.Domain(name: name, exchangers: .failure(failure), addresses: await addresses(of: name))
    case .success(let records):
      var exchangers: [DoctorFacts.Exchanger] = []
      for case .exchanger(let preference, let host) in records {
        let addresses = host == "." ? [] : (try? await addresses(of: host).get()) ?? []
        exchangers.append(DoctorFacts.Exchanger(preference: preference, host: host, addresses: addresses))
      }
      return DoctorFacts.Domain(name: name, exchangers: .success(exchangers), addresses: .failure(.notFound))
    }
  }
}
