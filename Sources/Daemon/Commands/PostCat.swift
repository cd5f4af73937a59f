// SPDX-License-Identifier: Apache-2.0
import Message
import Queue
import Runtime

/// `postcat -q ID`: a message of the queue, envelope and content. `-e`, `-h` and `-b` choose the envelope, the header, the body.
struct PostCat {
  private var configuration: String?
  private var ids: [String] = []
  private var showsEnvelope = false
  private var showsHeader = false
  private var showsBody = false

  static func run(_ words: [String]) -> Int32 {
    var command = PostCat()
    guard command.parse(words) else {
      Terminal.writeError(
        "postcat: fatal: usage: postcat [-c config_dir] [-b (body)] [-e (envelope)] [-h (header)] -q queue_id...; there are no files of messages\n")
      return ExitStatus.usage
    }
    guard let setup = Launch.load(CommandPlace.options(command.configuration)) else { return ExitStatus.configuration }
    return command.ids.map { command.show($0, setup) }.max() ?? ExitStatus.success
  }

  private mutating func parse(_ words: [String]) -> Bool {
    var rest = words[...]
    var isByID = false
    while let word = rest.popFirst() {
      if word == "-c" {
        configuration = rest.popFirst()
      } else if word.hasPrefix("-"), word.utf8.count > 1 {
        for letter in word.dropFirst() {
          switch letter {
          case "q": isByID = true
          case "e": showsEnvelope = true
          case "h": showsHeader = true
          case "b": showsBody = true
          case "d", "f", "o", "r", "s", "v": break
          default: return false
          }
        }
      } else {
        ids.append(word)
      }
    }
    if !showsEnvelope, !showsHeader, !showsBody { (showsEnvelope, showsHeader, showsBody) = (true, true, true) }
    return isByID && !ids.isEmpty
  }

  private func show(_ id: String, _ setup: Setup) -> Int32 {
    let lane = LaneClient.all(setup).first { $0.number == QueueID(id)?.lane } ?? LaneClient(0, setup)
    let facts = lane.perform("about \(id)", changes: false)
    guard facts.status == ExitStatus.success, let entry = QueueEntry.read(String(decoding: facts.bytes, as: UTF8.self)).first else {
      Terminal.writeError("postcat: fatal: open queue file \(id): No such file or directory\n")
      return ExitStatus.failure
    }
    if showsEnvelope { Terminal.write(envelope(entry)) }
    if showsHeader || showsBody {
      if showsEnvelope { Terminal.write("*** MESSAGE CONTENTS \(entry.queueName)/\(id) ***\n") }
      Terminal.write(part(of: lane.perform("cat \(id)", changes: false).bytes), to: 1)
    }
    if showsEnvelope { Terminal.write("*** HEADER EXTRACTED \(entry.queueName)/\(id) ***\n*** MESSAGE FILE END \(entry.queueName)/\(id) ***\n") }
    return ExitStatus.success
  }

  private func envelope(_ entry: QueueEntry) -> String {
    let time = LocalTime.text(entry.arrival, format: "%a %b %e %H:%M:%S %Y")
    var text = "*** ENVELOPE RECORDS \(entry.queueName)/\(entry.id) ***\n"
    text += "message_size: \(entry.size)\nmessage_arrival_time: \(time)\ncreate_time: \(time)\nsender: \(entry.sender)\n"
    for recipient in entry.recipients { text += recipient.isPending ? "recipient: \(recipient.address)\n" : "done_recipient: \(recipient.address)\n" }
    return text
  }

  private func part(of content: [UInt8]) -> [UInt8] {
    if showsHeader, showsBody { return content }
    let end = content.withUnsafeBytes { HeaderBlock.scan($0) { _ in } }
    let bodyStart = if case .emptyLine(let offset) = end { min(content.count, offset + 1) } else { end.offset }
    return showsHeader ? Array(content[..<end.offset]) : Array(content[bodyStart...])
  }
}
