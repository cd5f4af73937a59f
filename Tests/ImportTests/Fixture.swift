// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Foundation
import Import
import Settings

/// The folders below Tests/ImportTests/Fixtures. Each is the root of a machine: etc/postfix and etc/dovecot are imported; `expected` holds what comes out.
///
/// With WEIR_RECORD in the environment the tests write what they find, to be read before it is committed.
struct Fixture {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")
  static let isRecording = ProcessInfo.processInfo.environment["WEIR_RECORD"] != nil
  static let names: [String] = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { !$0.hasPrefix(".") }.sorted()

  let name: String
  var root: URL { Self.folder.appendingPathComponent(name) }

  /// The files of the machine by their absolute path.
  var files: [String: [UInt8]] {
    let names = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String } ?? []
    let pairs = names.filter { !$0.hasPrefix("expected") }.compactMap { name in
      (try? Data(contentsOf: root.appendingPathComponent(name))).map { ("/" + name, Array($0)) }
    }
    return Dictionary(pairs) { first, _ in first }
  }

  func imported() throws -> ImportResult {
    let files = files
    let hasDovecot = files.keys.contains { $0.hasPrefix("/etc/dovecot/") }
    let request = ImportRequest(postfixFolder: "/etc/postfix", dovecotFolder: hasDovecot ? "/etc/dovecot" : nil, outputFolder: "/etc/weir")
    let facts = HostFacts(hostName: "mail.example.com", processors: 2)
    // Private keys of the fixtures are readable, everything else is not.
    let permissions: FilePermissions = { files[$0] == nil ? nil : $0.hasSuffix(".readable.key") ? 0o644 : 0o600 }
    return try Importer.run(request, files: MemoryFiles(bytes: files), facts: facts, permissions: permissions).get()
  }

  /// What is expected of one file of the result; first written, if the tests record.
  func expected(_ path: String, found: String) throws -> String {
    let url = root.appendingPathComponent("expected/" + path)
    if Self.isRecording {
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(found.utf8).write(to: url)
    }
    return (try? String(contentsOf: url, encoding: .utf8)) ?? ""
  }
}
