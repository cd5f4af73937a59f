// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime

/// `weir queue import`: what `export` has written, and the queue of a Postfix. The daemon takes each message as it is, with its envelope and its age.
struct QueueImport {
  private let hold: Bool
  /// Of the process that takes mail in: after a reload its lane need not be the first one.
  private let path: String?
  private var imported = 0
  private var failed = 0

  /// The queues of Postfix that hold whole messages.
  private static let postfixQueues = ["incoming", "active", "deferred", "hold"]
  private static let maximumDepth = 4
  private static let maximumLength = 512 << 20
  private static let timeout = Duration.seconds(120)

  init(_ setup: Setup, hold: Bool) {
    self.hold = hold
    path = LaneClient.all(setup).first { $0.ask(ControlServer.intakeQuestion)?.status == ExitStatus.success }?.socket
  }

  func perform(_ paths: [String]) -> Int32 {
    var work = self
    let files = paths.flatMap { Self.files(in: $0) }
    var bar = ProgressBar(total: files.count)
    for (index, file) in files.enumerated() {
      work.take(file)
      bar.show(index + 1)
    }
    bar.clear()
    Terminal.write("\(work.imported) message\(work.imported == 1 ? "" : "s") imported\(work.failed > 0 ? ", \(work.failed) not" : "")\n")
    return work.failed > 0 || files.isEmpty ? ExitStatus.failure : ExitStatus.success
  }

  // MARK: What there is

  private struct Source {
    let path: String
    var isHeld = false
  }

  private static func files(in path: String) -> [Source] {
    guard let status = try? LinuxDisk().status(path, at: nil), status.isDirectory else { return [Source(path: path)] }
    let queues = postfixQueues.filter { (try? LinuxDisk().status("\(path)/\($0)", at: nil))?.isDirectory == true }
    if queues.contains("deferred") { return queues.flatMap { queue in walk("\(path)/\(queue)", isHeld: queue == "hold", depth: 0) } }
    return walk(path, isHeld: path.hasSuffix("/hold"), depth: 0).filter { !$0.path.hasSuffix(".eml") }
  }

  private static func walk(_ folder: String, isHeld: Bool, depth: Int) -> [Source] {
    let disk = LinuxDisk()
    guard depth < maximumDepth, let handle = try? disk.open(folder, at: nil, [.read, .directory], mode: 0) else { return [] }
    defer { try? disk.close(handle) }
    return ((try? disk.list(handle)) ?? []).sorted().flatMap { name -> [Source] in
      guard let status = try? disk.status(name, at: handle) else { return [] }
      if status.isDirectory { return walk("\(folder)/\(name)", isHeld: isHeld, depth: depth + 1) }
      return status.isRegular ? [Source(path: "\(folder)/\(name)", isHeld: isHeld)] : []
    }
  }

  // MARK: One message

  private mutating func take(_ source: Source) {
    do {
      let (message, content) = try Self.read(source.path)
      try hand(message, content, isHeld: hold || source.isHeld)
      imported += 1
    } catch {
      Terminal.writeError("weir: \(source.path): \(error)\n")
      failed += 1
    }
  }

  private static func read(_ path: String) throws(StartError) -> (PortableMessage, [UInt8]) {
    if path.hasSuffix(".eml") { return try readExported(String(path.dropLast(4))) }
    if path.hasSuffix(".envelope") { return try readExported(String(path.dropLast(9))) }
    let bytes = try contents(path)
    do throws(PostfixQueueFile.Fault) {
      let file = try bytes.withUnsafeBytes { bytes in Result { () throws(PostfixQueueFile.Fault) in try PostfixQueueFile.parse(bytes) } }.get()
      return (file.message, file.content)
    } catch {
      throw StartError(error.text)
    }
  }

  private static func readExported(_ base: String) throws(StartError) -> (PortableMessage, [UInt8]) {
    guard let message = PortableMessage(String(decoding: try contents(base + ".envelope"), as: UTF8.self)) else {
      throw StartError("its .envelope is none that 'weir queue export' has written")
    }
    return (message, try contents(base + ".eml"))
  }

  private static func contents(_ path: String) throws(StartError) -> [UInt8] {
    do {
      return try LinuxFiles(insistsOnRoot: false).read(path, limit: maximumLength)
    } catch {
      throw StartError(error.reason)
    }
  }

  private func hand(_ message: PortableMessage, _ content: [UInt8], isHeld: Bool) throws(StartError) {
    let envelope = Array(message.text.utf8)
    guard let path, let socket = try? BlockingStream.connect(path: path) else {
      throw StartError("no daemon answers, and it is the daemon that takes mail in: start it first")
    }
    let request = Array("import \(envelope.count) \(content.count) \(isHeld ? "hold" : "go")\n".utf8) + envelope
    for piece in [request, content] {
      guard piece.withUnsafeBytes({ socket.write($0, timeout: Self.timeout) }) == .written else { break }
    }
    var buffer = ByteBuffer()
    while case .received = socket.read(into: &buffer, timeout: Self.timeout) {}
    guard let answer = QueueAnswer(buffer.array()) else { throw StartError("the daemon has not answered") }
    guard answer.status == ExitStatus.success else { throw StartError(String(decoding: answer.bytes.filter { $0 != 0x0a }, as: UTF8.self)) }
  }
}
