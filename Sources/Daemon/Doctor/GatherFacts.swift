// SPDX-License-Identifier: Apache-2.0
import Bytes
import Names
import Runtime
import Settings
import Spool

/// Looks at this machine with the eyes of one configuration. Blocks, for some seconds where name servers are silent.
struct Examination {
  let setup: Setup
  /// The configuration with all that it includes and the tables it names.
  let filesRead: [String]

  func facts() throws(SystemError) -> DoctorFacts {
    var facts = DoctorFacts()
    facts.host.systemName = Machine.hostName
    facts.host.myhostname = setup.configuration[Keys.myhostname]
    facts.host.own = OwnAddresses.all()
    facts.ports = PortTrial(listeners: setup.configuration.listeners).ports
    facts.certificates = certificates
    facts.listenersWithoutTLS = setup.configuration.listeners.filter { !$0.offersTLS }.map(\.name)
    facts.runner = runner
    facts.files = files
    facts.confinement = confinement
    facts.disks = disks
    facts.isClockSynchronized = ClockState.isSynchronized
    facts.neighbours = Self.neighbours
    facts.trust = trust
    let (servers, inquiry) = resolver
    facts.resolver = servers
    return try inquiry.complete(facts, domains: domains)
  }

  // MARK: Names

  private var resolver: (DoctorFacts.Resolver, NameInquiry) {
    let fixed = setup.configuration[Keys.resolver].configuration
    let files = ResolverFiles(resolvConf: fixed == nil ? "/etc/resolv.conf" : nil)
    let configuration = fixed ?? files.changedServers() ?? .recursive
    let words = configuration.servers.isEmpty ? ["the servers of each zone"] : configuration.servers.map(\.description)
    return (
      DoctorFacts.Resolver(servers: words, comesFromSystem: fixed == nil),
      NameInquiry(configuration: configuration, hosts: files.changedHosts() ?? HostsFile())
    )
  }

  /// The domains whose mail should come here from the world, by name in the settings; our own host name needs no MX record.
  private var domains: [String] {
    let lists = [Keys.mydestination, Keys.virtualMailboxDomains, Keys.relayDomains].map { setup.configuration[$0] }
    var seen: Set<String> = [setup.configuration[Keys.myhostname].lowercased()]
    return lists.flatMap(\.elements).compactMap { element in
      guard case .name(let name) = element.pattern, !element.isNegated, isHostName(name), name.contains(".") else { return nil }
      let isLocal = name.hasPrefix("localhost.") || name.hasSuffix(".localdomain")
      return isLocal || !seen.insert(name).inserted ? nil : name
    }
  }

  // MARK: Certificates

  private var certificates: [DoctorFacts.CertificateSet] {
    setup.configuration.listeners.filter(\.offersTLS).map { listener in
      let name = listener[Keys.myhostname]
      let files = listener.keyFiles ?? .pair(certificate: setup.ownCertificate, key: setup.ownKey)
      return DoctorFacts.CertificateSet(listener: listener.name, isOwn: listener.keyFiles == nil, name: name, found: read(files, name))
    }
  }

  private func read(_ files: TLSKeyFiles, _ name: String) -> Result<[CertificateFacts], DoctorFacts.CertificateFailure> {
    do throws(TLSConfigurationError) {
      return .success(try CertificateFacts.read(files, names: [name], now: Int(wallClock() / 1_000_000)))
    } catch {
      return .failure(DoctorFacts.CertificateFailure(reason: error.description, isPermission: error.isPermissionDenied))
    }
  }

  // MARK: Files, users, disk

  private var runner: DoctorFacts.Runner {
    guard setup.isFromRoot else {
      let uid = SystemUser.currentUID
      return .starter(name: Self.userName(uid))
    }
    let name = setup.configuration[Keys.mailOwner]
    guard let user = try? SystemUser.find(name) ?? (setup.isDemo ? SystemUser.find("nobody") : nil) else { return .missing(name: name) }
    return user.uid == 0 ? .root(name: name) : .user(name: user.name, uid: user.uid)
  }

  private static func userName(_ uid: UInt32) -> String {
    guard case .some(.some(let user)) = try? SystemUser.find(uid: uid) else { return "user \(uid)" }
    return user.name
  }

  private var files: [DoctorFacts.File] {
    let keys = setup.keyFiles.filter(Self.mayHoldKey)
    return Set(filesRead).union(setup.keyFiles).subtracting(keys).sorted().map { file($0, .configuration) } + keys.sorted().map { file($0, .key) }
      + Set([setup.dataFolder, setup.queueFolder]).sorted().map { file($0, .folder) }
  }

  /// A certificate may be read by everybody; a file that cannot be read here is taken for a key.
  private static func mayHoldKey(_ path: String) -> Bool {
    guard let bytes = try? LinuxFiles(insistsOnRoot: false).read(path, limit: 1 << 20) else { return true }
    return String(decoding: bytes, as: UTF8.self).contains("PRIVATE KEY-----")
  }

  private func file(_ path: String, _ role: DoctorFacts.File.Role) -> DoctorFacts.File {
    let disk = LinuxDisk()
    var status: FileStatus?
    // Through links: what counts is the file that is read.
    if let handle = try? disk.open(path, at: nil, [.read, .nonBlocking], mode: 0) {
      status = try? disk.status(handle)
      try? disk.close(handle)
    } else {
      status = try? disk.status(path, at: nil)
    }
    return DoctorFacts.File(
      path: path, role: role,
      status: status.map { DoctorFacts.File.Status(owner: $0.owner, ownerName: Self.userName($0.owner), mode: $0.mode & 0o7777) })
  }

  private var confinement: DoctorFacts.Confinement {
    var found = DoctorFacts.Confinement()
    found.landlock = Sandbox.landlockVersion > 0 ? .present(version: Sandbox.landlockVersion) : Sandbox.isLandlockDisabled ? .disabled : .missing
    found.hasSeccomp = Sandbox.hasSeccomp
    found.stages = StagePlan(setup).entries.map(\.settings).filter { $0.mode == .worker }.map(\.name)
    let name = setup.configuration[Keys.workerUser]
    if setup.isFromRoot, name != setup.configuration[Keys.mailOwner] {
      let isThere = (try? SystemUser.find(name)) ?? nil != nil
      found.user = isThere ? .own(name: name) : .shared(missing: name)
    }
    return found
  }

  private var disks: [DoctorFacts.Disk] {
    let minimum = StorageWatch.minimum(
      queueMinfree: setup.configuration[Keys.queueMinfree].bytes, messageSizeLimit: setup.configuration[Keys.messageSizeLimit].bytes)
    let base = setup.configuration[Keys.virtualMailboxBase]
    var seen: Set<UInt64> = []
    return [setup.queueFolder, base].filter { !$0.isEmpty }.compactMap { path in
      guard let existing = Self.existing(path), let volume = try? Volume(of: existing.path), seen.insert(existing.device).inserted else { return nil }
      return DoctorFacts.Disk(path: path, volume: volume, minimum: minimum)
    }
  }

  /// `path`, or the nearest folder above it that is there.
  private static func existing(_ path: String) -> (path: String, device: UInt64)? {
    let disk = LinuxDisk()
    var path = path
    while !path.isEmpty {
      if let status = try? disk.status(path, at: nil) { return (path, status.device) }
      guard let slash = path.lastIndex(of: "/") else { break }
      path = String(path[..<slash])
    }
    return (try? disk.status("/", at: nil)).map { ("/", $0.device) }
  }

  // MARK: Others

  /// What each is called, where it is installed, and how its process is called.
  private static let known = [
    ("postfix", "/usr/sbin/postfix", "qmgr"), ("exim4", "/usr/sbin/exim4", "exim4"), ("sendmail", "/usr/libexec/sendmail/sendmail", "sendmail-mta"),
    ("opensmtpd", "/usr/sbin/smtpctl", "smtpd"), ("courier-mta", "/usr/sbin/courier", "courierd"),
    ("qmail", "/var/qmail/bin/qmail-send", "qmail-send"),
  ]

  private static var neighbours: [DoctorFacts.Neighbour] {
    let running = Set(RunningProgram.all().map(\.name))
    return known.compactMap { name, path, process in
      let isInstalled = (try? LinuxDisk().status(path, at: nil)) != nil
      let isRunning = running.contains(process) && (isInstalled || process != "smtpd")
      return isInstalled || isRunning ? DoctorFacts.Neighbour(name: name, isRunning: isRunning) : nil
    }
  }

  /// Addresses that nobody has for a client by intention.
  private static let strangers = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "203.0.113.77", "2001:4860:4860::8888", "2606:4700:4700::1111"]
    .compactMap { IPAddress($0) }

  private var trust: DoctorFacts.Trust {
    let lists = setup.configuration.listeners.map { $0[Keys.mynetworks] }
    var trust = DoctorFacts.Trust()
    for element in lists.flatMap(\.elements) where !element.isNegated {
      if case .network(let network) = element.pattern, !trust.networks.contains(network) { trust.networks.append(network) }
    }
    let networks = lists.map(setup.networks)
    trust.relaying = setup.configuration.listeners.map { listener in
      .init(listener: listener.name, lists: [listener[Keys.smtpdRelayRestrictions].titles, listener[Keys.smtpdRecipientRestrictions].titles])
    }
    trust.strangers = Self.strangers.filter { stranger in networks.contains { $0.contains(stranger) } }
    return trust
  }
}
