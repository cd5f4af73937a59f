// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A temporary folder of the real disk, removed with the value.
final class Folder: Sendable {
  let path: String

  init() {
    path = "\(NSTemporaryDirectory())/weir-delivery-\(UUID().uuidString)"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func read(_ name: String) -> [UInt8]? { FileManager.default.contents(atPath: "\(path)/\(name)").map(Array.init) }

  func write(_ name: String, _ text: String) { _ = FileManager.default.createFile(atPath: "\(path)/\(name)", contents: Data(text.utf8)) }

  func make(_ name: String, mode: Int = 0o700) {
    try? FileManager.default.createDirectory(
      atPath: "\(path)/\(name)", withIntermediateDirectories: true, attributes: [.posixPermissions: mode])
  }

  func move(_ name: String, to newName: String) { try? FileManager.default.moveItem(atPath: "\(path)/\(name)", toPath: "\(path)/\(newName)") }

  func remove(_ name: String) { try? FileManager.default.removeItem(atPath: "\(path)/\(name)") }

  func link(_ name: String, to target: String) {
    try? FileManager.default.createSymbolicLink(atPath: "\(path)/\(name)", withDestinationPath: target)
  }

  func list(_ name: String) -> [String] { ((try? FileManager.default.contentsOfDirectory(atPath: "\(path)/\(name)")) ?? []).sorted() }

  func mode(_ name: String) -> Int? {
    (try? FileManager.default.attributesOfItem(atPath: "\(path)/\(name)"))?[.posixPermissions] as? Int
  }

  func setMode(_ name: String, _ mode: Int) { try? FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: "\(path)/\(name)") }
}
