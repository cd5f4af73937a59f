// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

/// One of the folders that the queue is made of, with its lock: nobody else has it as long as this lives.
package final class Lane: Sendable {
  package let number: UInt8
  package let path: String
  let folder: SpoolFolder

  /// Throws `.locked` when another process has it.
  package convenience init(_ number: UInt8, in queue: String, disk: any Disk) throws(SpoolError) {
    try self.init(number, at: Lane.path(number, in: queue), disk: disk)
  }

  init(_ number: UInt8, at path: String, disk: any Disk) throws(SpoolError) {
    self.number = number
    self.path = path
    folder = try SpoolFolder(disk, path: path, lane: number)
  }

  /// The first one is the folder of the queue itself.
  package static func path(_ number: UInt8, in queue: String) -> String { number == 0 ? queue : "\(queue)/\(prefix)\(number)" }

  /// For a process that is to accept mail: the first that nobody has.
  package static func firstFree(in queue: String, disk: any Disk) throws(SpoolError) -> Lane {
    for number in 0..<UInt8.max {
      do throws(SpoolError) {
        return try Lane(number, in: queue, disk: disk)
      } catch {
        guard case .locked = error else { throw error }
      }
    }
    throw .locked
  }

  /// Those that are there.
  package static func all(in queue: String, disk: any Disk) -> [UInt8] {
    guard let folder = try? disk.open(queue, at: nil, [.read, .directory], mode: 0) else { return [0] }
    defer { try? disk.close(folder) }
    let names = (try? disk.list(folder)) ?? []
    return [0] + names.filter { $0.hasPrefix(prefix) }.compactMap { UInt8($0.dropFirst(prefix.count)) }.filter { $0 != 0 }.sorted()
  }

  private static let prefix = "lane-"
}
