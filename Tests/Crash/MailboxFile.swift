// SPDX-License-Identifier: Apache-2.0
import Embedded
import Message
import Runtime

/// What a mailbox file should hold for a message.
func expectedCopy(_ message: World.Sent, for address: String) -> [UInt8] {
  let zone = LocalZone.at(message.arrival)
  let separator = MboxSeparator.compose(sender: "s@example.org", time: message.arrival, Zone(offset: zone.offset, name: zone.name))
  let lines = message.content.split(separator: 10, omittingEmptySubsequences: false).map { line in
    line.starts(with: Array("From ".utf8)) ? [UInt8(ascii: ">")] + line : Array(line)
  }
  let header = DeliveryHeaders.compose(sender: "s@example.org", original: address, recipient: address)
  return separator + header + Array(lines.joined(separator: [10])) + [10]
}

extension [UInt8] {
  /// Without every occurrence of `part`, and how many there were.
  func removing(_ part: [UInt8]) -> (rest: [UInt8], count: Int) {
    guard let first = part.first else { return (self, 0) }
    var (rest, count, index) = ([UInt8](), 0, 0)
    while index < self.count {
      if self[index] == first, index + part.count <= self.count, self[index..<(index + part.count)].elementsEqual(part) {
        count += 1
        index += part.count
      } else {
        rest.append(self[index])
        index += 1
      }
    }
    return (rest, count)
  }
}

extension Judge {
  private func file(_ address: String, _ world: World) -> [UInt8] { world.disk.image.file("mail/\(address.prefix { $0 != "@" })") ?? [] }

  func copiesInFile(_ address: String, _ message: World.Sent, _ world: World, _ verdict: inout Verdict) -> Int {
    file(address, world).removing(expectedCopy(message, for: address)).count
  }

  /// Whole messages, and nothing else.
  func checkFile(_ address: String, _ world: World, _ verdict: inout Verdict) {
    var rest = file(address, world)
    for message in sent.values where message.recipients.contains(where: { $0.address == address }) {
      rest = rest.removing(expectedCopy(message, for: address)).rest
    }
    // A line feed comes where another message has left the last line open.
    rest.removeAll { $0 == 10 || $0 == 0 && allowsHoles }
    if !rest.isEmpty { verdict.faults.append("\(address) holds \(rest.count) more bytes, cut at step \(step) power \(isPowerCut)") }
  }
}

extension World {
  /// The reader fetches all of the file and empties it.
  func takeFile(_ name: String) throws {
    let file = try disk.open("mail/\(name)", at: nil, [.read, .write], mode: 0)
    defer { try? disk.close(file) }
    let content = disk.image.file("mail/\(name)") ?? []
    var present: [Event] = []
    for (id, message) in sent {
      for (index, recipient) in message.recipients.enumerated() where recipient.address == "\(name)@example.com" {
        if content.removing(expectedCopy(message, for: recipient.address)).count > 0 {
          log(.taking(id, recipient: index))
          present.append(.taken(id, recipient: index))
        }
      }
    }
    try disk.truncate(file, length: 0)
    try disk.synchronize(file)
    for event in present { log(event) }
  }
}
