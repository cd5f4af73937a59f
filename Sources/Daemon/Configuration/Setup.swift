// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Message
import PluginHost
import Runtime
import Settings
import Spool
import Tables
import Trace

/// A configuration that was read, and the folders that follow from it.
struct Setup: Sendable {
  private(set) var configuration: Configuration
  /// The file's name, for people.
  let name: String
  let isDemo: Bool
  /// Whether the first process is root.
  var isFromRoot = Machine.isRoot
  /// Of bounce_template_file.
  private(set) var reportTexts = ReportTexts()
  /// Which of the configurations that this daemon has had.
  var generation = 1
  /// Where the mta asks for workers that run as another user; nil if they run as its own.
  var workerDoor: Int32?

  var virtualMailboxMaps: TableList { tables(configuration[Keys.virtualMailboxMaps]) }
  var localRecipientMaps: TableList { tables(configuration[Keys.localRecipientMaps]) }

  /// The same for who has no use for its tables any more.
  var withoutTables: Setup {
    var copy = self
    copy.configuration = configuration.withoutTables
    return copy
  }

  /// As a transport sees it.
  func seen(by transport: TransportBlock?) -> Setup {
    var copy = self
    copy.configuration = configuration.seen(by: transport)
    return copy
  }

  /// Tables as they were read with the configuration.
  func tables(_ references: [TableReference]) -> TableList { configuration.tables.list(references) }

  var dataFolder: String { configuration[Keys.dataDirectory] }
  var queueFolder: String { configuration[Keys.queueDirectory] }
  /// For mail for root that has no alias: no mailbox is written as root.
  var rootMailFolder: String { dataFolder + "/root-mail" }
  var tlsFolder: String { dataFolder + "/tls" }
  static func controlSocket(of lane: Lane) -> String { controlSocket(inLane: lane.path) }
  static func controlSocket(inLane path: String) -> String { path + "/control" }
  /// The mta's is in its lane, because there may be several.
  func eventSocket(_ role: DaemonLog.Role, lane: String) -> String { role == .mta ? lane + "/events" : queueFolder + "/events.\(role.rawValue)" }
  /// The lanes that there are.
  var lanes: [String] { Lane.all(in: queueFolder, disk: LinuxDisk()).map { Lane.path($0, in: queueFolder) } }
  /// Where users of this machine come in.
  var publicFolder: String { Setup.publicFolder(in: queueFolder) }
  static func publicFolder(in queue: String) -> String { queue + "/public" }
  /// By which the program `sendmail` hands in mail.
  var pickupSocket: String { Setup.pickupSocket(in: queueFolder) }
  static func pickupSocket(in queue: String) -> String { publicFolder(in: queue) + "/pickup" }
  /// Where `sendmail` puts mail while no daemon runs.
  var dropFolder: String { Setup.dropFolder(in: queueFolder) }
  static func dropFolder(in queue: String) -> String { queue + "/maildrop" }
  /// By which `weir reload` asks the supervisor.
  var masterSocket: String { queueFolder + "/master" }
  /// By which the mta of a generation reaches its mailbox process.
  var mailboxSocket: String { queueFolder + "/mailbox" + (generation == 1 ? "" : ".\(generation)") }
  var stagedFolder: String { tlsFolder + "/copies" }
  var ownCertificate: String { tlsFolder + "/self-signed.crt" }
  var ownKey: String { tlsFolder + "/self-signed.key" }
  var staged: StagedFiles { StagedFiles(folder: isFromRoot ? stagedFolder : nil) }

  /// Makes the folders through which users of this machine reach the daemon, and lets them through those above.
  func ensurePublicFolders(owner: SystemUser?) throws(SystemError) {
    try Folder.letThrough(queueFolder)
    try Folder.ensure(publicFolder, mode: 0o755, owner: owner)
    try Folder.setMode(0o755, of: publicFolder)
    try Folder.ensure(dropFolder, mode: 0o700, owner: owner)
    try Folder.openDrop(dropFolder, toGroup: owner == nil ? nil : "weir-drop")
  }

  /// How many sessions a listener serves at a time: `smtpd_connection_limit`, or as many as there are descriptors for.
  func sessionLimit(of listener: ListenerConfiguration, descriptors: Int = Machine.raiseDescriptorLimit()) -> Int {
    let limit = listener[Keys.smtpdConnectionLimit]
    let room = max(16, descriptors - 256 - UnboundNames.maximumDescriptors)
    return limit > 0 ? min(limit, room) : room
  }

  /// The user that everything but the supervisor runs as, if that is root.
  func owner() throws -> SystemUser {
    let name = configuration[Keys.mailOwner]
    guard let user = try SystemUser.find(name) ?? (isDemo ? SystemUser.find("nobody") : nil) else {
      throw StartError("mail_owner = \(name): there is no such user; 'useradd --system --no-create-home \(name)' makes it")
    }
    guard user.uid != 0 else { throw StartError("mail_owner = \(name): must not be root: these processes read from the network") }
    return user
  }

  /// The user that workers run as, if that is another than `owner`. The default one need not be there.
  func workerUser() throws -> SystemUser? {
    let name = configuration[Keys.workerUser]
    guard let user = try SystemUser.find(name) else {
      if name == Keys.workerUser.definition.defaultText { return nil }
      throw StartError("worker_user = \(name): there is no such user; 'useradd --system --no-create-home \(name)' makes it")
    }
    guard user.uid != 0 else { throw StartError("worker_user = \(name): must not be root: plugins run as this user") }
    return try user.uid == owner().uid ? nil : user
  }

  /// The folders that are made at the start. The mailboxes' base is the administrator's, unless it is in the data folder.
  var ownFolders: [String] {
    let base = configuration[Keys.virtualMailboxBase]
    return [queueFolder, tlsFolder, rootMailFolder] + [passFolder, traceFolder].compactMap(\.self) + (base.hasPrefix(dataFolder + "/") ? [base] : [])
  }

  /// The names that the server goes by, for its own certificate.
  var hostNames: [String] {
    var names: [String] = []
    for listener in configuration.listeners where !names.contains(listener[Keys.myhostname]) { names.append(listener[Keys.myhostname]) }
    return names
  }

  /// The certificates and keys that the configuration names.
  var keyFiles: Set<String> {
    let listeners = configuration.listeners.filter(\.offersTLS)
    return Set(listeners.flatMap { listener in [listener.keyFiles].compactMap(\.self) + serverNames(of: listener).values }.flatMap(\.paths))
  }

  /// The certificates for names that clients may ask for.
  func serverNames(of listener: ListenerConfiguration) -> [String: TLSKeyFiles] {
    tables(listener[Keys.tlsServerSniMaps]).entries.mapValues { value in
      .chain(value.split(whereSeparator: { $0 == "," || $0 == " " || $0 == "\t" }).map(String.init))
    }
  }

  static let installedFile = "/etc/weir/weir.conf"

  /// Reads what `options` name: a file, else the installed one if there is one, else the demo.
  static func load(_ options: Options, files: any FileSource) -> (setup: Setup?, report: LoadResult, name: String) {
    let facts = HostFacts(
      hostName: Machine.hostName, processors: max(1, Machine.processors / 2), interfaces: OwnAddresses.networks(), externals: PluginTables())
    if let path = path(options, files) {
      let result = Configuration.load(path: path, files: files, facts: facts, dataFolder: options.data)
      guard let configuration = result.configuration else { return (nil, result, path) }
      var setup = Setup(configuration, name: path, isDemo: false)
      let (texts, faults) = ReportTexts.load(configuration, files: files)
      setup.reportTexts = texts
      return (faults.hasErrors ? nil : setup, result.adding(faults), path)
    }
    let demo = DemoConfiguration.source(dataFolder: options.data ?? demoFolder)
    let result = Configuration.load(demo, files: files, facts: facts)
    return (result.configuration.map { Setup($0, name: "the demo configuration", isDemo: true) }, result, DemoConfiguration.name)
  }

  private init(_ configuration: Configuration, name: String, isDemo: Bool) {
    self.configuration = configuration
    self.name = name
    self.isDemo = isDemo
  }

  /// What the supervisor read, read again from its hand.
  static func load(_ handover: Handover) -> Setup? {
    var setup = load(handover.options, files: handover.files).setup
    setup?.isFromRoot = handover.isFromRoot
    return setup
  }

  /// The file that counts; nil for the demo.
  static func path(_ options: Options, _ files: any FileSource) -> String? { options.configuration ?? installed(files) }

  private static func installed(_ files: any FileSource) -> String? {
    (try? files.read(installedFile, limit: 1 << 20)) == nil ? nil : installedFile
  }

  static var demoFolder: String { "./weir-data" }
}

extension Setup {
  /// The folder of the trace; nil where nothing is kept.
  var traceFolder: String? { configuration[Keys.traceKeep] > .zero ? configuration[Keys.traceDirectory] : nil }

  /// The database of the trace, whether or not one is kept now.
  var traceFile: String { configuration[Keys.traceDirectory] + "/trace.db" }

  var traceSettings: TraceKeeper.Settings? {
    guard traceFolder != nil else { return nil }
    let limit = configuration[Keys.traceSizeLimit].bytes
    var settings = TraceKeeper.Settings(path: traceFile, keep: configuration[Keys.traceKeep], sizeLimit: Int64(limit))
    settings.keepsAddresses = configuration[Keys.traceAddresses]
    settings.keepsSubjects = configuration[Keys.traceSubjects]
    return settings
  }
}
