// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Runtime
import Tables

/// `TableLookups TYPE:NAME KEYS [ROUNDS]`: reads a table, then looks up each line of the file KEYS, again and again. Prints the seconds that reading took,
/// the nanoseconds of one look-up, and how many of the keys were found.
@main
struct TableLookups {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count >= 3, let reference = TableReference(LocatedText(name: "argument", text: arguments[1])) else {
      Terminal.writeError("usage: TableLookups TYPE:NAME KEYS [ROUNDS]\n")
      return
    }
    let clock = ContinuousClock()
    var result: (table: Table?, diagnostics: [Diagnostic]) = (nil, [])
    let reading = clock.measure { result = Table.read(reference, files: DiskFiles()) }
    guard let table = result.table else { return Terminal.writeError(DiagnosticText().render(result.diagnostics)) }
    let keys = String(decoding: try DiskFiles().read(arguments[2], limit: 1 << 30), as: UTF8.self).split(separator: "\n").map(String.init)
    let rounds = arguments.count > 3 ? Int(arguments[3]) ?? 1 : 1
    var found = 0
    let looking = clock.measure {
      for _ in 0..<rounds { for key in keys where table.value(for: key) != nil { found += 1 } }
    }
    let each = looking / .nanoseconds(1) / Double(max(1, rounds * keys.count))
    Terminal.write("\(reading / .seconds(1)) \(each) \(found / max(1, rounds))\n")
  }
}

private struct DiskFiles: FileSource {
  func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] { try contents(of: path, limit: limit).array }

  func contents(of path: String, limit: Int) throws(FileError) -> FileContents {
    do {
      let disk = LinuxDisk()
      let handle = try disk.open(path, at: nil, [.read], mode: 0)
      defer { try? disk.close(handle) }
      return try FileContents(capacity: Int(try disk.status(handle).size)) { room throws in try disk.read(handle, into: room, offset: 0) }
    } catch {
      throw FileError(reason: "\(error)")
    }
  }

  func names(inFolder path: String) throws(FileError) -> [String] { throw .notFound }
}
