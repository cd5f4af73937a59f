// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Import
import Runtime
import Settings

/// `weir import`: what to read and where to write.
package struct ImportOptions: Equatable, Sendable {
  package var postfixFolder: String?
  package var dovecotFolder: String?
  package var outputFolder: String?
  /// Whether files of an earlier import may be replaced.
  package var replaces: Bool

  package init(postfixFolder: String?, dovecotFolder: String?, outputFolder: String?, replaces: Bool) {
    self.postfixFolder = postfixFolder
    self.dovecotFolder = dovecotFolder
    self.outputFolder = outputFolder
    self.replaces = replaces
  }
}

extension Launch {
  /// Status 0 if everything was taken over, 1 if something was refused, 2 if the input could not be read or the output not be written.
  package static func importConfiguration(_ options: ImportOptions) -> Int32 {
    // The files of another program may belong to whomever it likes.
    let files = LinuxFiles(insistsOnRoot: false)
    let request = ImportRequest(options, files: files)
    let facts = HostFacts(hostName: Machine.hostName, processors: max(1, Machine.processors / 2))
    switch Importer.run(request, files: files, facts: facts, permissions: { LinuxFiles.permissions($0) }) {
    case .failure(let failure): return tellFailure("cannot read \(failure.path): \(failure.reason)")
    case .success(let result):
      do {
        try ImportFolder(request.outputFolder, replaces: options.replaces).write(result.files)
      } catch {
        return tellFailure(error.message)
      }
      Terminal.write(ImportSummary(result.report, folder: request.outputFolder, isColored: Terminal.wantsColour(1)).text)
      return result.report.hasRefusals ? 1 : 0
    }
  }

  private static func tellFailure(_ text: String) -> Int32 {
    Terminal.writeError("weir import: \(text)\n")
    return 2
  }
}

extension ImportRequest {
  /// Without arguments, what Debian's packages have installed; the result in a new folder where we are.
  fileprivate init(_ options: ImportOptions, files: any FileSource) {
    let usual = (try? files.read("/etc/dovecot/dovecot.conf", limit: 1 << 20)) == nil ? nil : "/etc/dovecot"
    self.init(
      postfixFolder: options.postfixFolder.map(Self.absolute) ?? "/etc/postfix",
      dovecotFolder: options.postfixFolder == nil ? usual : options.dovecotFolder.map(Self.absolute),
      outputFolder: Self.absolute(options.outputFolder ?? "weir-import"))
  }

  private static func absolute(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    let below = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
    return below.isEmpty || below == "." ? Machine.workingFolder : "\(Machine.workingFolder)/\(below)"
  }
}
