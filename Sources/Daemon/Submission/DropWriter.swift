// SPDX-License-Identifier: Apache-2.0
import Runtime

/// Leaves a message in the drop folder: into one that is ours ourselves, else by weir-drop, which may write there. Root needs nobody's help.
struct DropWriter {
  private let folder: String
  private static let patience = Duration.seconds(60)

  init(_ place: CommandPlace) { folder = place.dropFolder }

  func write(_ bytes: [UInt8]) throws(StartError) {
    guard let status = try? LinuxDisk().status(folder, at: nil), status.isDirectory, [0, status.owner].contains(SystemUser.currentUID) else {
      return try run(Self.program, bytes)
    }
    do {
      try store(bytes)
    } catch {
      throw StartError("the mail system is down, and the message cannot be left in \(folder): \(error)")
    }
  }

  /// Beside the program, as it is installed.
  private static var program: String { Machine.executable.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/weir-drop" }

  private func run(_ program: String, _ bytes: [UInt8]) throws(StartError) {
    do {
      let memory = try SharedMemory("weir-drop")
      try memory.seal(endingIn: bytes)
      Terminal.takeInput(from: memory.descriptor)
      let child = try ChildProcess.start(program, [], descriptors: [], as: nil)
      guard child.wait(patience: Self.patience) == 0 else { throw StartError("the mail system is down, and \(program) has not taken the message") }
    } catch let error as StartError {
      throw error
    } catch {
      throw StartError("the mail system is down: \(error)")
    }
  }

  private func store(_ bytes: [UInt8]) throws {
    let disk = LinuxDisk()
    let directory = try disk.open(folder, at: nil, [.read, .directory, .noFollow], mode: 0)
    defer { try? disk.close(directory) }
    let name = Self.name()
    // The daemon reads it as another user than root; nobody else gets into the folder.
    let file = try disk.open("T" + name, at: directory, [.write, .create, .exclusive, .noFollow], mode: Machine.isRoot ? 0o644 : 0o600)
    do {
      defer { try? disk.close(file) }
      try bytes.withUnsafeBytes { try disk.write(file, [$0], offset: 0) }
      try disk.synchronize(file)
      try disk.rename("T" + name, at: directory, to: "M" + name, at: directory, replacing: false)
      try disk.synchronize(directory)
    } catch {
      try? disk.unlink("T" + name, at: directory)
      throw error
    }
  }

  private static func name() -> String {
    (0..<2).map { _ in
      let text = String(UInt64.random(in: .min ... .max), radix: 16)
      return String(repeating: "0", count: 16 - text.utf8.count) + text
    }.joined()
  }
}
