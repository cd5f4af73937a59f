// SPDX-License-Identifier: Apache-2.0
import Bytes
import SMTP
import TranscriptPlayer

/// Any bytes from a stranger: however they are cut, the answers and the messages are the same; no message leads elsewhere; and nothing is
/// queued by DATA without the one legal end of content.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  let whole = play([bytes])
  let cut = bytes.first.map { Int($0) % bytes.count } ?? 0
  precondition(play([Array(bytes[..<cut]), Array(bytes[cut...])]) == whole)
  precondition(play(bytes.map { [$0] }) == whole)
  checkDestinations(whole.queued)
  let mayQueue = bytes.containsSequence([13, 10, 46, 13, 10]) || endsAtOnce(bytes) || bytes.contains { $0 | 0x20 == 0x62 }
  precondition(mayQueue || whole.queued.isEmpty)
  return 0
}

/// DATA may end in a bare LF, as every command, and the dot may be the first line after it.
func endsAtOnce(_ bytes: [UInt8]) -> Bool {
  [UInt8(ascii: "A"), UInt8(ascii: "a"), 9, 32].contains { bytes.containsSequence([$0, 10, 46, 13, 10]) }
}

struct Outcome: Equatable {
  var output: [UInt8] = []
  var queued: [MachineSession.Queued] = []
  var isClosed = false
  var summary = ""
}

let context = ServerContext(
  ServerConfiguration(
    myhostname: "mx.example.test",
    relay: RelayPolicy(
      mynetworks: NetworkList(), mydestination: ["example.test"], virtualMailboxDomains: ["virtual.test"], myorigin: "example.test", mydomain: "test")
  ))

func play(_ pieces: [[UInt8]]) -> Outcome {
  let session = MachineSession(context: context, setup: Transcript.Setup())
  for piece in pieces { session.receive(piece) }
  return Outcome(output: session.takeOutput(), queued: session.queued, isClosed: session.isClosed, summary: session.summary)
}

func checkDestinations(_ messages: [MachineSession.Queued]) {
  for recipient in messages.flatMap(\.recipients).map({ $0.lowercased() }) {
    precondition(recipient.hasSuffix("@example.test") || recipient.hasSuffix("@virtual.test"))
  }
  for message in messages where !message.content.isEmpty { precondition(message.content.last == 10 && !message.content.contains(13)) }
}

extension [UInt8] {
  func containsSequence(_ wanted: [UInt8]) -> Bool {
    indices.contains { self[$0...].starts(with: wanted) }
  }
}
