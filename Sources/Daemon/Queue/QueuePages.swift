// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime

/// Goes through the messages of all lanes, page by page: of the lanes that processes have over their sockets, else with their locks.
struct QueuePages {
  /// One lane: answers a request line.
  typealias Source = (String) -> QueueAnswer

  private let sources: [Source]

  /// For root and the mail owner.
  init(_ setup: Setup) { sources = LaneClient.all(setup).map { lane in { lane.perform($0, changes: false) } } }

  /// For everybody: asks the daemon; nil if none answers.
  init?(publicFolder: String) {
    let sockets = PublicQueue.sockets(in: publicFolder)
    guard !sockets.isEmpty else { return nil }
    sources = sockets.map { path in { PublicQueue.ask($0, path) } }
  }

  /// Hands over each page; answers why it did not get to the end, if it did not.
  func forEach(_ body: ([QueueEntry]) -> Void) -> QueueAnswer? {
    for source in sources {
      var request: String? = "facts"
      while let line = request {
        let answer = source(line)
        guard answer.status == ExitStatus.success else { return answer }
        body(QueueEntry.read(String(decoding: answer.bytes, as: UTF8.self)))
        request = answer.next
      }
    }
    return nil
  }
}

/// The socket in the public folder by which everybody may look at the queue, and have it tried again, as far as the configuration lets them.
enum PublicQueue {
  private static let timeout = Duration.seconds(60)
  private static let prefix = "showq"

  static func socket(of lane: UInt8, in folder: String) -> String { "\(folder)/\(prefix)" + (lane == 0 ? "" : ".\(lane)") }

  /// Those that a process listens on.
  static func sockets(in folder: String) -> [String] {
    let disk = LinuxDisk()
    guard let handle = try? disk.open(folder, at: nil, [.read, .directory], mode: 0) else { return [] }
    defer { try? disk.close(handle) }
    let names = ((try? disk.list(handle)) ?? []).filter { $0 == prefix || $0.hasPrefix(prefix + ".") }
    return names.sorted().map { folder + "/" + $0 }.filter { (try? BlockingStream.connect(path: $0)) != nil }
  }

  static func ask(_ line: String, _ path: String) -> QueueAnswer {
    let failure = QueueAnswer(status: ExitStatus.unavailable, text: "no answer at \(path)\n")
    guard let socket = try? BlockingStream.connect(path: path) else { return failure }
    guard Array("\(line)\n".utf8).withUnsafeBytes({ socket.write($0, timeout: timeout) }) == .written else { return failure }
    var buffer = ByteBuffer()
    while case .received = socket.read(into: &buffer, timeout: timeout) {}
    return QueueAnswer(buffer.array()) ?? failure
  }
}
