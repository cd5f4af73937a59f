// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Runtime

/// The messages that `weir test` was given: files, folders, Maildirs and mailbox files, read one after the other.
struct TestFiles {
  struct Fault: Error, CustomStringConvertible { let description: String }

  private static let maximumFile = 1 << 30
  private let files = LinuxFiles(insistsOnRoot: false)
  private let disk = LinuxDisk()

  /// Standard input.
  static let input = "-"

  /// The paths of all files, those of a folder sorted by name; and the folders that have none.
  func paths(_ given: [String]) throws(Fault) -> (files: [String], empty: [String]) {
    var (found, empty): ([String], [String]) = ([], [])
    for path in given {
      let before = found.count
      if path == Self.input { found.append(path) } else { try add(path, to: &found, depth: 0) }
      if found.count == before { empty.append(path) }
    }
    return (found, empty)
  }

  private func add(_ path: String, to found: inout [String], depth: Int) throws(Fault) {
    do {
      let status = try disk.status(path, at: nil)
      guard status.isDirectory else {
        guard status.isRegular else { throw Fault(description: "\(path): is no file; - stands for standard input") }
        return found.append(path)
      }
      guard depth < 16 else { return }
      for name in try files.names(inFolder: path).sorted() where !name.hasPrefix(".") { try add("\(path)/\(name)", to: &found, depth: depth + 1) }
    } catch let fault as Fault {
      throw fault
    } catch let error as DiskError {
      throw Fault(description: "\(path): \(error.reason)")
    } catch let error as FileError {
      throw Fault(description: "\(path): \(error.reason)")
    } catch {
      throw Fault(description: "\(path): \(error)")
    }
  }

  /// The messages of a file, with LF as line ends.
  func messages(_ path: String) throws(Fault) -> [(name: String, bytes: [UInt8])] {
    let bytes = Self.withoutCR(try read(path))
    guard bytes.starts(with: Self.separator) else { return [(path, bytes)] }
    let all = Self.split(bytes)
    return all.count == 1 ? [(path, all[0])] : all.enumerated().map { ("\(path)#\($0.offset + 1)", $0.element) }
  }

  private func read(_ path: String) throws(Fault) -> [UInt8] {
    if path == Self.input {
      guard let bytes = Terminal.readInput(limit: Self.maximumFile) else { throw Fault(description: "standard input cannot be read, or is too long") }
      return bytes
    }
    do {
      return try files.read(path, limit: Self.maximumFile)
    } catch {
      throw Fault(description: "\(path): \(error.reason)")
    }
  }

  private static let separator = Array("From ".utf8)

  private static func withoutCR(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.contains(0x0d) else { return bytes }
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count)
    for (index, byte) in bytes.enumerated() where byte != 0x0d || index + 1 >= bytes.count || bytes[index + 1] != 0x0a { output.append(byte) }
    return output
  }

  /// RFC 4155: a message begins after a line `From …`, which follows an empty line or nothing; `>From` in it was `From`.
  private static func split(_ bytes: [UInt8]) -> [[UInt8]] {
    var messages: [[UInt8]] = []
    var wasEmpty = true
    for line in bytes.split(separator: 0x0a, omittingEmptySubsequences: false) {
      if wasEmpty, line.starts(with: separator) {
        if messages.last?.suffix(2) == [0x0a, 0x0a] { messages[messages.count - 1].removeLast() }
        messages.append([])
      } else if let last = messages.indices.last {
        let isQuoted = line.first == UInt8(ascii: ">") && line.drop { $0 == UInt8(ascii: ">") }.starts(with: separator)
        messages[last] += isQuoted ? line.dropFirst() : line
        messages[last].append(0x0a)
      }
      wasEmpty = line.isEmpty
    }
    if let last = messages.indices.last, messages[last].last == 0x0a, bytes.last == 0x0a { messages[last].removeLast() }
    return messages
  }
}
