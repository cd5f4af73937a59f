// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Runtime
import Settings

/// A configuration that was read and checked whole, and lies in sealed memory for the processes that are to serve it.
///
/// At the start the supervisor does this itself; for a reload a process of its own does, which may hang or die without harm.
struct Preparation {
  /// Nil if the configuration is wrong.
  let setup: Setup?
  let handover: Handover
  /// What `weir check` says of it.
  let report: String
  /// Whether there is more to say than that nothing is wrong.
  let hasDiagnostics: Bool

  /// Fills and seals `memory`, unless the configuration is wrong. `isStarting`: it is about to be served, so what only this user may read must
  /// be readable.
  init(_ options: Options, memory: SharedMemory, isStarting: Bool = true, isColored: Bool) throws {
    let files = RecordingFiles(LinuxFiles(), memory: memory)
    let (setup, loaded, name) = Setup.load(options, files: files)
    let further = setup.map { Self.furtherDiagnostics($0, isStarting) } ?? []
    let result = loaded.adding(further + (isStarting ? [] : setup.map { AliasCheck.diagnostics($0, LinuxFiles()) } ?? []))
    var handover = Handover()
    if let setup, !result.diagnostics.hasErrors {
      if isStarting, Machine.isRoot { _ = (try setup.owner(), try setup.workerUser()) }
      if isStarting { try setup.checkVirtualOwners() }
      handover = Handover(setup, options, files.recorded)
      // Names are not asked of a network for a mere look.
      if isStarting { handover.hosts = ListeningSockets.hosts(setup) }
      try memory.seal(endingIn: handover.encoded())
    }
    let checked = CheckReport(result, name: name, isColored: isColored)
    report = checked.text
    hasDiagnostics = !result.diagnostics.isEmpty
    self.setup = checked.exitStatus == 0 ? setup : nil
    self.handover = handover
  }

  /// All that is looked at besides the text of the configuration and its tables.
  private static func furtherDiagnostics(_ setup: Setup, _ isStarting: Bool) -> [Diagnostic] {
    CertificateCheck(setup: setup, isStarting: isStarting).diagnostics + PluginProbe(setup).diagnostics()
  }
}

extension Handover {
  fileprivate init(_ setup: Setup, _ options: Options, _ files: RecordedFiles) {
    self.init()
    configuration = options.configuration
    data = options.data
    isFromRoot = Machine.isRoot
    self.files = files
  }
}
