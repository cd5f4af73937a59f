// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Settings

// Import: from the files of Postfix and Dovecot to a weir.conf, and an account of every line of them.
//
// Input/ cuts files into lines, each by its own program's rules. Postfix/ and Dovecot/ decide what becomes of each line, by the schema and the
// known names of Settings: what Weir has is kept, what it does anyway or in other words is translated, what it lacks is refused in the words of
// `weir check`. Dangers/ knows what is risky. Output/ holds the draft of the weir.conf, which is loaded as the daemon would load it until nothing
// is wrong with it any more, and the report. Nothing here opens a file.

/// What is imported, and where the result will be.
package struct ImportRequest: Sendable {
  /// Where main.cf and master.cf are.
  package let postfixFolder: String
  /// Where dovecot.conf is.
  package let dovecotFolder: String?
  /// An absolute path: the weir.conf names the tables in it.
  package let outputFolder: String

  package init(postfixFolder: String, dovecotFolder: String?, outputFolder: String) {
    self.postfixFolder = Self.withoutSlash(postfixFolder)
    self.dovecotFolder = dovecotFolder.map(Self.withoutSlash)
    self.outputFolder = Self.withoutSlash(outputFolder)
  }

  private static func withoutSlash(_ path: String) -> String {
    path.count > 1 && path.hasSuffix("/") ? withoutSlash(String(path.dropLast())) : path
  }
}

/// The files to write, and the account.
package struct ImportResult: Sendable {
  package struct File: Sendable {
    /// Below the output folder.
    package let path: String
    package let bytes: [UInt8]
    package let mode: UInt32
  }

  package let files: [File]
  package let report: ImportReport
}

/// The permission bits of a file, if there is one.
package typealias FilePermissions = @Sendable (String) -> UInt32?

/// Reads, decides, and puts the result together.
package struct Importer {
  let request: ImportRequest
  let files: any FileSource
  let permissions: FilePermissions
  let facts: HostFacts
  var ledger = Ledger()
  var draft = Draft()
  var main: MainSettings
  var services: [MasterService] = []
  var tables: TableCopies

  /// Fails only if main.cf, or the folder of Dovecot that was named, cannot be read.
  package static func run(
    _ request: ImportRequest, files: any FileSource, facts: HostFacts, permissions: @escaping FilePermissions = { _ in nil }
  ) -> Result<ImportResult, ImportFailure> {
    var importer = Importer(request, files, facts, permissions)
    do throws(ImportFailure) {
      return .success(try importer.importAll())
    } catch {
      return .failure(error)
    }
  }

  private init(_ request: ImportRequest, _ files: any FileSource, _ facts: HostFacts, _ permissions: @escaping FilePermissions) {
    self.request = request
    self.files = files
    self.facts = facts
    self.permissions = permissions
    main = MainSettings(folder: request.postfixFolder)
    tables = TableCopies(files: files, folder: request.outputFolder + "/" + TableCopies.folderName)
  }

  private mutating func importAll() throws(ImportFailure) -> ImportResult {
    try readMain()
    readMaster()
    if let folder = request.dovecotFolder { try importDovecot(folder) }
    importMain()
    importServices()
    addDefaults()
    relocateTables()
    importTransports()
    let text = settle()
    copyTables(text)
    findDangers()
    let report = ImportReport(ledger, request)
    let copies = tables.copies(permissions: permissions)
    let outputs = [ImportResult.File(path: "weir.conf", bytes: Array(text.utf8), mode: 0o644)] + copies
    return ImportResult(files: outputs + [ImportResult.File(path: "report.txt", bytes: Array(report.text.utf8), mode: 0o644)], report: report)
  }
}

/// A file without which there is nothing to import.
package struct ImportFailure: Error, Equatable {
  package let path: String
  package let reason: String
}
