// SPDX-License-Identifier: Apache-2.0
import Runtime

/// The check before a reload: a process that reads the configuration anew and leaves it in memory for the next generation.
struct ReloadCheck {
  let process: ChildProcess
  /// Sealed once the process has ended well.
  let memory: SharedMemory
  private let report: SharedMemory

  /// What it finds as descriptors.
  private static let memoryDescriptor: Int32 = 3
  private static let reportDescriptor: Int32 = 4

  static let service = "check"

  /// Starts it, as the user that this process runs as.
  init(_ program: String, _ options: Options) throws(SystemError) {
    memory = try SharedMemory("weir-handover")
    report = try SharedMemory("weir-report")
    process = try ChildProcess.start(
      program, ["service", Self.service] + options.words, descriptors: [memory.descriptor, report.descriptor], as: nil)
  }

  /// What it has said, once it has ended.
  var text: String { (try? SealedMemory.read(report.descriptor)).map { String(decoding: $0, as: UTF8.self) } ?? "" }

  /// The process itself.
  static func run(_ options: Options) -> Int32 {
    let memory = SharedMemory(adopting: memoryDescriptor)
    let report = SharedMemory(adopting: reportDescriptor)
    do {
      let preparation = try Preparation(options, memory: memory, isColored: false)
      if preparation.hasDiagnostics { write(preparation.report, report) }
      return preparation.setup == nil ? ExitStatus.configuration : ExitStatus.success
    } catch {
      write("weir: \(error)\n", report)
      return ExitStatus.systemError
    }
  }

  private static func write(_ text: String, _ report: SharedMemory) { Terminal.write(Array(text.utf8), to: report.descriptor) }
}

extension Options {
  fileprivate var words: [String] {
    (configuration.map { ["--config", $0] } ?? []) + (data.map { ["--data", $0] } ?? [])
  }
}
