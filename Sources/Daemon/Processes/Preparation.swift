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
  /// What `weir check` says of it; empty if there is nothing to say.
  let diagnostics: String

  /// Fills and seals `memory`, unless the configuration is wrong.
  init(_ options: Options, memory: SharedMemory, isColored: Bool) throws {
    let files = RecordingFiles(LinuxFiles(), memory: memory)
    let (setup, loaded, name) = Setup.load(options, files: files)
    let result = loaded.adding(setup.map(Self.furtherDiagnostics) ?? [])
    let report = CheckReport(result, name: name, isColored: isColored)
    diagnostics = result.diagnostics.isEmpty ? "" : report.text
    var handover = Handover()
    guard let setup, report.exitStatus == 0 else {
      (self.setup, self.handover) = (nil, handover)
      return
    }
    if Machine.isRoot { _ = try setup.owner() }
    try setup.checkVirtualOwners()
    handover.configuration = options.configuration
    handover.data = options.data
    handover.isFromRoot = Machine.isRoot
    handover.hosts = ListeningSockets.hosts(setup)
    handover.files = files.recorded
    try memory.seal(endingIn: handover.encoded())
    (self.setup, self.handover) = (setup, handover)
  }

  /// All that is looked at besides the text of the configuration and its tables.
  private static func furtherDiagnostics(_ setup: Setup) -> [Diagnostic] {
    CertificateCheck(setup: setup, isStarting: true).diagnostics + PluginProbe(setup).diagnostics()
  }
}
