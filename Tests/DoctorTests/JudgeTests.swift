// SPDX-License-Identifier: Apache-2.0
import Bytes
import Names
import Runtime
import Testing

@testable import Daemon

private let own = IPAddress(v4: 0xc633_6407)  // 198.51.100.7
private let other = IPAddress(v4: 0xcb00_7109)  // 203.0.113.9
private let inside = IPAddress(v4: 0x0a00_0005)

/// What is said of facts that are sound but for one change.
private func judged(_ change: (inout DoctorFacts) -> Void) -> [Finding] {
  var facts = DoctorFacts()
  facts.host.myhostname = "mx.example.org"
  facts.host.addresses = .success([own])
  facts.host.own = [own, .loopbackV4, inside]
  facts.resolver.servers = ["192.0.2.53"]
  facts.pointers = [.init(address: own, names: .success(["mx.example.org"]), confirmed: ["mx.example.org"])]
  facts.domains = [domain(.success([exchanger(10, "mx.example.org", own)]))]
  facts.ports = [port(25), port(465), port(587)]
  facts.certificates = [certificates()]
  facts.files = [file(.configuration, 0, 0o644), file(.key, 0, 0o600), file(.folder, 200, 0o700)]
  facts.runner = .user(name: "weir", uid: 200)
  facts.disks = [disk(free: 50 << 30)]
  facts.confinement.landlock = .present(version: 6)
  facts.confinement.hasSeccomp = true
  facts.isClockSynchronized = true
  facts.trust.networks = ["127.0.0.0/8", "[::1]/128", "192.168.0.0/16"].compactMap { IPNetwork($0) }
  change(&facts)
  return facts.judge()
}

private func domain(_ exchangers: DoctorFacts.Found<DoctorFacts.Exchanger>, _ addresses: DoctorFacts.Found<IPAddress> = .failure(.notFound))
  -> DoctorFacts.Domain
{ .init(name: "example.org", exchangers: exchangers, addresses: addresses) }

private func exchanger(_ preference: UInt16, _ host: String, _ addresses: IPAddress...) -> DoctorFacts.Exchanger {
  .init(preference: preference, host: host, addresses: addresses)
}

private func port(_ number: Int, _ state: DoctorFacts.Port.State = .free, isLoopback: Bool = false) -> DoctorFacts.Port {
  .init(listener: "smtp", address: "198.51.100.7", number: number, isLoopback: isLoopback, state: state)
}

private func certificates(days: Int = 60, _ change: (inout CertificateFacts) -> Void = { _ in }) -> DoctorFacts.CertificateSet {
  var facts = CertificateFacts(path: "/c.pem", lifetimeLeft: days * 86_400, names: ["mx.example.org"])
  change(&facts)
  return .init(listener: "smtp", isOwn: false, name: "mx.example.org", found: .success([facts]))
}

private func file(_ role: DoctorFacts.File.Role, _ owner: UInt32, _ mode: UInt32) -> DoctorFacts.File {
  .init(path: "/f", role: role, status: .init(owner: owner, ownerName: "u\(owner)", mode: mode))
}

private func disk(free: Int64, type: String = "ext4", inodes: Int64 = 1_000_000, freeInodes: Int64 = 900_000, isReadOnly: Bool = false)
  -> DoctorFacts.Disk
{
  .init(
    path: "/spool", volume: Volume(bytes: 100 << 30, freeBytes: free, inodes: inodes, freeInodes: freeInodes, isReadOnly: isReadOnly, type: type),
    minimum: 15 << 20)
}

/// The one finding that is not ok, whose text has these words and which says what to do.
private func expect(
  _ severity: Finding.Severity, _ area: Finding.Area, _ words: String, hasRemedy: Bool = true, at place: SourceLocation = #_sourceLocation,
  _ change: (inout DoctorFacts) -> Void
) {
  let found = judged(change).filter { $0.severity != .ok }
  #expect(found.map(\.severity) == [severity], "\(found)", sourceLocation: place)
  #expect(found.map(\.area) == [area], sourceLocation: place)
  #expect(found.first?.text.contains(words) == true, "\(found)", sourceLocation: place)
  #expect((found.first?.remedy != nil) == hasRemedy, sourceLocation: place)
}

@Suite struct JudgeTests {
  @Test func aSoundMachineHasNoFault() {
    let findings = judged { _ in }
    #expect(findings.allSatisfy { $0.severity == .ok && $0.remedy == nil }, "\(findings.filter { $0.severity != .ok })")
    #expect(Set(findings.map(\.area)).count == Finding.Area.allCases.count - 1)
  }

  @Test func hostNames() {
    expect(.problem, .host, "`lt0x`, which is no complete name") { $0.host.myhostname = "lt0x" }
    expect(.warning, .host, "mean nothing outside") { $0.host.myhostname = "localhost.localdomain" }
    expect(.problem, .host, "has no address") { $0.host.addresses = .failure(.notFound) }
    expect(.warning, .host, "cannot be looked up now: dead") { $0.host.addresses = .failure(.temporary("dead")) }
    expect(.warning, .host, "only this machine can use") { $0.host.addresses = .success([.loopbackV4]) }
    expect(.warning, .host, "is at 203.0.113.9, which is not this machine (198.51.100.7)") { $0.host.addresses = .success([other]) }
    expect(.note, .host, "only private addresses") {
      $0.host.addresses = .success([other])
      $0.host.own = [inside, .loopbackV4]
      $0.domains = []
    }
  }

  @Test func names() {
    expect(.problem, .names, "no answer from 192.0.2.53: silence") { $0.resolver.failure = "silence" }
    expect(.warning, .names, "198.51.100.7 has no name") { $0.pointers[0].names = .failure(.notFound) }
    expect(.warning, .names, "does not lead back") { $0.pointers[0].confirmed = [] }
    expect(.warning, .names, "cannot be looked up", hasRemedy: false) { $0.pointers[0].names = .failure(.temporary("x")) }
    expect(.note, .names, "only private addresses") { $0.pointers = [] }
  }

  @Test func exchangers() {
    expect(.problem, .mail, "neither MX nor address") { $0.domains = [domain(.failure(.notFound))] }
    expect(.warning, .mail, "its mail goes to 203.0.113.9") { $0.domains = [domain(.failure(.notFound), .success([other]))] }
    expect(.warning, .mail, "goes to mx.else.org (5), which is not this machine") {
      $0.domains = [domain(.success([exchanger(5, "mx.else.org", other)]))]
    }
    expect(.warning, .mail, "but old.example.org has no address") {
      $0.domains = [domain(.success([exchanger(20, "old.example.org"), exchanger(10, "MX.example.org", other)]))]
    }
    expect(.warning, .mail, "takes no mail (null MX)") { $0.domains = [domain(.success([exchanger(0, ".")]))] }
    let byAddress = judged { $0.domains = [domain(.failure(.notFound), .success([own]))] }
    #expect(byAddress.contains { $0.area == .mail && $0.severity == .ok && $0.text.contains("no MX record") })
  }

  @Test func ports() {
    expect(.problem, .ports, "is taken by `exim4`, which says: 220 x ESMTP Exim") {
      $0.ports[0] = port(25, .taken(by: "exim4", banner: "220 x ESMTP Exim"))
    }
    expect(.problem, .ports, "is taken by another program") { $0.ports[0] = port(25, .taken(by: nil, banner: nil)) }
    expect(.note, .ports, "root only") { $0.ports[0] = port(25, .forbidden) }
    expect(.problem, .ports, "cannot be opened for listener smtp: no such address") { $0.ports[0] = port(25, .failed("no such address")) }
    expect(.warning, .ports, "port 25 is closed") { $0.ports.removeFirst() }
    expect(.note, .ports, "port 465 (submissions) is closed") { $0.ports.remove(at: 1) }
    expect(.note, .ports, "port 587 (submission) is closed") { $0.ports.removeLast() }
    expect(.note, .ports, "serves this machine only") { $0.ports[0] = port(25, isLoopback: true) }
    expect(.warning, .ports, "and says: 421 too busy") { $0.ports[0] = port(25, .taken(by: "weir", banner: "421 too busy")) }
    for state in [DoctorFacts.Port.State.taken(by: "weir", banner: "220 mx"), .taken(by: nil, banner: "220 mx.example.org ESMTP")] {
      #expect(judged { $0.ports[0] = port(25, state) }.allSatisfy { $0.severity == .ok })
    }
  }

  @Test func certificatesOfAllKinds() {
    expect(.warning, .certificates, "ends in 21 days") { $0.certificates = [certificates(days: 21)] }
    #expect(judged { $0.certificates = [certificates(days: 22)] }.allSatisfy { $0.severity == .ok })
    expect(.problem, .certificates, "ended 1 day ago") { $0.certificates = [certificates(days: -1)] }
    expect(.problem, .certificates, "not valid yet") { $0.certificates = [certificates { $0.isFromFuture = true }] }
    expect(.problem, .certificates, "does not belong") { $0.certificates = [certificates { $0.hasKey = false }] }
    expect(.note, .certificates, "self-signed") { $0.certificates = [certificates { $0.isSelfSigned = true }] }
    expect(.warning, .certificates, "not for mx.example.org") { $0.certificates = [certificates { $0.names = [] }] }
    expect(.note, .certificates, "does not offer TLS") { $0.listenersWithoutTLS = ["smtp"] }
    expect(.problem, .certificates, "/c.pem: gone") { $0.certificates[0].found = .failure(.init(reason: "/c.pem: gone", isPermission: false)) }
    expect(.note, .certificates, "/c.pem: denied") { $0.certificates[0].found = .failure(.init(reason: "/c.pem: denied", isPermission: true)) }
    expect(.note, .certificates, "makes a self-signed one") {
      $0.certificates = [.init(listener: "smtp", isOwn: true, name: "x", found: .failure(.init(reason: "none", isPermission: false)))]
    }
  }

  @Test func trust() {
    expect(.problem, .trust, "open relay") { $0.trust.strangers = [other] }
    expect(.warning, .trust, "203.0.112.0/23") { $0.trust.networks = [IPNetwork("203.0.112.0/23") ?? IPNetwork(other)] }
    for fine in ["203.0.113.0/24", "10.0.0.0/8", "[2001:db8::]/48", "[fd00::]/8"] {
      #expect(judged { $0.trust.networks = [IPNetwork(fine)].compactMap(\.self) }.allSatisfy { $0.severity == .ok }, "\(fine)")
    }
    for open in [
      [["permit_mynetworks", "permit", "reject_unauth_destination"], []], [["warn_if_reject", "reject_unauth_destination"], ["permit"]], [[], []],
    ] {
      expect(.problem, .trust, "keeps strangers") { $0.trust.relaying = [.init(listener: "smtp", lists: open)] }
    }
    for fine in [
      [["permit_mynetworks", "reject_unauth_destination"], []], [["reject"], ["permit"]], [["permit"], ["defer_unauth_destination"]],
      [["warn_if_reject", "reject_rbl_client x", "reject_unauth_destination"], []],
    ] {
      #expect(judged { $0.trust.relaying = [.init(listener: "smtp", lists: fine)] }.allSatisfy { $0.severity == .ok })
    }
  }

  @Test func filesAndUsers() {
    expect(.problem, .files, "/f can be changed by others (mode 664)") { $0.files = [file(.configuration, 0, 0o664)] }
    expect(.problem, .files, "every user can read (mode 644)") { $0.files = [file(.key, 0, 0o644)] }
    expect(.warning, .files, "/f belongs to u1000") { $0.files = [file(.configuration, 1000, 0o644)] }
    expect(.warning, .files, "/f belongs to u200") { $0.files = [file(.configuration, 200, 0o644)] }
    expect(.problem, .files, "weir cannot write there") { $0.files = [file(.folder, 0, 0o700)] }
    expect(.problem, .files, "there is no such user") { $0.runner = .missing(name: "weir") }
    expect(.problem, .files, "is root") { $0.runner = .root(name: "root") }
    expect(.note, .files, "who starts it", hasRemedy: false) { $0.runner = .starter(name: "ann") }
    expect(.note, .files, "makes it when it starts", hasRemedy: false) { $0.files[2].status = nil }
  }

  @Test func whatShutsPluginsIn() {
    expect(.note, .plugins, "Landlock is switched off") { $0.confinement.landlock = .disabled }
    expect(.note, .plugins, "this kernel has no Landlock") { $0.confinement.landlock = .missing }
    expect(.warning, .plugins, "the plugins of spam, greet can read each file") {
      $0.confinement.landlock = .missing
      $0.confinement.stages = ["spam", "greet"]
    }
    expect(.note, .plugins, "no plugin can be run in a worker", hasRemedy: false) { $0.confinement.hasSeccomp = false }
    expect(.problem, .plugins, "the plugins of spam are not started") {
      $0.confinement.hasSeccomp = false
      $0.confinement.stages = ["spam"]
    }
    expect(.warning, .plugins, "there is no user weir-worker") {
      $0.confinement.stages = ["spam"]
      $0.confinement.user = .shared(missing: "weir-worker")
    }
    let sound = judged {
      $0.confinement.stages = ["spam"]
      $0.confinement.user = .own(name: "weir-worker")
    }
    #expect(sound.allSatisfy { $0.severity == .ok })
  }

  @Test func disks() {
    expect(.problem, .disk, "14.9 MiB free, and below 15.0 MiB") { $0.disks = [disk(free: (15 << 20) - 1)] }
    expect(.warning, .disk, "59.9 MiB free of 100 GiB") { $0.disks = [disk(free: (60 << 20) - 1)] }
    expect(.warning, .disk, "4.0 GiB free") { $0.disks = [disk(free: 4 << 30)] }
    expect(.warning, .disk, "49999 of 1000000 inodes") { $0.disks = [disk(free: 50 << 30, freeInodes: 49_999)] }
    #expect(judged { $0.disks = [disk(free: 50 << 30, inodes: 0, freeInodes: 0)] }.allSatisfy { $0.severity == .ok })
    expect(.problem, .disk, "read-only") { $0.disks = [disk(free: 50 << 30, isReadOnly: true)] }
    expect(.problem, .disk, "in memory") { $0.disks = [disk(free: 50 << 30, type: "tmpfs")] }
    expect(.note, .disk, "on nfs", hasRemedy: false) { $0.disks = [disk(free: 50 << 30, type: "nfs")] }
  }

  @Test func clocks() {
    expect(.warning, .clock, "not synchronised") { $0.isClockSynchronized = false }
    expect(.note, .clock, "cannot be asked", hasRemedy: false) { $0.isClockSynchronized = nil }
  }

  @Test func neighbours() {
    expect(.warning, .neighbours, "postfix is running too") { $0.neighbours = [.init(name: "postfix", isRunning: true)] }
    expect(.note, .neighbours, "installed, and not running") { $0.neighbours = [.init(name: "exim4", isRunning: false)] }
  }
}
