// SPDX-License-Identifier: Apache-2.0
import Runtime
import Settings

/// Where a command of a user finds the daemon. It looks at no more of the configuration than that: tables may be for others' eyes, and it must be quick.
struct CommandPlace {
  let queueFolder: String

  var pickupSocket: String { Setup.pickupSocket(in: queueFolder) }
  var publicFolder: String { Setup.publicFolder(in: queueFolder) }
  var dropFolder: String { Setup.dropFolder(in: queueFolder) }

  /// `-C`, else the environment's MAIL_CONFIG: the file, or the folder that it is in.
  init(configuration: String?) {
    let files = LinuxFiles(insistsOnRoot: false)
    queueFolder = Self.queueFolder(Self.options(configuration), files) ?? "/var/lib/weir/queue"
  }

  /// The same for commands that read the whole configuration.
  static func options(_ configuration: String?) -> Options {
    var options = Options()
    guard let path = configuration ?? Machine.environment("MAIL_CONFIG"), !path.isEmpty else { return options }
    let isFolder = (try? LinuxDisk().status(path, at: nil))?.isDirectory == true
    options.configuration = isFolder ? path + "/weir.conf" : path
    return options
  }

  private static func queueFolder(_ options: Options, _ files: LinuxFiles) -> String? {
    let name = Keys.queueDirectory.name
    let facts = HostFacts(hostName: Machine.hostName, processors: 1, interfaces: [])
    if let path = Setup.path(options, files) { return Configuration.texts(of: [name], path: path, files: files, facts: facts)[name] }
    // It is there, but not for us to read.
    if Folder.hasFile(Setup.installedFile) { return nil }
    return Configuration.texts(of: [name], DemoConfiguration.source(dataFolder: Setup.demoFolder), files: files, facts: facts)[name]
  }
}
