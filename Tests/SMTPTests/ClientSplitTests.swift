// SPDX-License-Identifier: Apache-2.0
import Bytes
import SMTP
import Testing

/// What a server says comes in pieces of any size: that makes no difference.
@Suite struct ClientSplitTests {
  /// A whole session: the client's side is played by the machine, whatever the server says comes from a text.
  private struct Played: Equatable {
    var actions: [ClientAction] = []
    var said = ""
    var settled: [ClientAnswer?] = []
  }

  private static func play(_ pieces: [ArraySlice<UInt8>], _ service: ClientRules.Service) -> Played {
    var rules = ClientRules(service: service, heloName: "me.example")
    rules.usesChunks = true
    var machine = ClientMachine(rules)
    var input = ByteBuffer()
    var output = ByteBuffer()
    var framer = LineFramer(maximumLength: 4096)
    var played = Played()
    for piece in pieces {
      input.append(Array(piece))
      frames: while true {
        switch input.withReadable({ framer.next(in: $0) }) {
        case .line(let length, let consumed, _):
          let action = input.withReadable { machine.lineReceived(UnsafeRawBufferPointer(rebasing: $0.prefix(length)).bytes, into: &output) }
          input.consume(consumed)
          follow(action, &machine, &output, &played)
        case .tooLong(let consumed), .skip(let consumed): input.consume(consumed)
        case .needMore: break frames
        }
      }
    }
    played.said = String(decoding: output.array(), as: UTF8.self)
    played.settled = machine.settled
    return played
  }

  private static func follow(_ action: ClientAction, _ machine: inout ClientMachine, _ output: inout ByteBuffer, _ played: inout Played) {
    if action == .receive { return }
    played.actions.append(action)
    switch action {
    case .ready:
      var message = OutgoingMessage(sender: "s@a.example", recipients: [.init("x@b.example"), .init("y@b.example"), .init("z@b.example")])
      message.hasKnownForm = false
      follow(machine.begin(message, into: &output), &machine, &output, &played)
    case .sendContent: follow(machine.contentSent(), &machine, &output, &played)
    case .completed: follow(machine.quit(into: &output), &machine, &output, &played)
    default: return
    }
  }

  private static let greetings = "220-hop.example\r\n220 ESMTP\r\n250-hop.example hi\r\n250-PIPELINING\r\n250-SIZE 100000\r\n250 8BITMIME\r\n"

  private static let dialogues: [(name: String, service: ClientRules.Service, text: String)] = [
    (
      "taken", .smtp,
      greetings
        + "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n550-5.1.1 no\r\n550 5.1.1 such user\r\n450 4.2.1 full\r\n354 go on\r\n250 2.0.0 queued\r\n221 2.0.0 Bye\r\n"
    ),
    ("one by one", .lmtp, greetings + "250 ok\r\n250 a\r\n250 b\r\n550 c\r\n354 go\r\n250 2.0.0 a saved\r\n452 4.2.2 b full\r\n221 Bye\r\n"),
    ("no sender", .smtp, greetings + "550 5.7.1 no\r\n503 bad\r\n503 bad\r\n503 bad\r\n503 bad\r\n221 Bye\r\n"),
    ("an end", .smtp, greetings + "250 ok\r\n250 ok\r\n421 4.3.2 going down\r\n"),
    ("old", .smtp, "220 hi\r\n500 what?\r\n250 hop\r\n250\r\n250\r\n250 ok\r\n250 ok\r\n354\r\n250\n221 bare\r\n"),
    ("no SMTP", .smtp, greetings + "250 ok\r\nHTTP/1.1 400\r\n"),
    ("changing its mind", .smtp, "220-hi\r\n250 hop\r\n"),
  ]

  @Test(arguments: dialogues.indices)
  func anyPieces(index: Int) throws {
    let (name, service, text) = Self.dialogues[index]
    let bytes = Array(text.utf8)
    let whole = Self.play([bytes[...]], service)
    #expect(!whole.actions.isEmpty, "\(name)")
    for cut in bytes.indices { #expect(Self.play([bytes[..<cut], bytes[cut...]], service) == whole, "\(name), cut at \(cut)") }
    #expect(Self.play(bytes.indices.map { bytes[$0...$0] }, service) == whole, "\(name), byte by byte")
  }

  /// A text that ends early gives a beginning of what the whole gives: nothing is made of half a line.
  @Test(arguments: dialogues.indices)
  func anEarlyEnd(index: Int) {
    let (name, service, text) = Self.dialogues[index]
    let bytes = Array(text.utf8)
    let whole = Self.play([bytes[...]], service)
    for end in bytes.indices {
      let part = Self.play([bytes[..<end]], service)
      #expect(Array(whole.actions.prefix(part.actions.count)) == part.actions, "\(name), ended at \(end)")
      #expect(whole.said.hasPrefix(part.said), "\(name), ended at \(end)")
    }
  }

  @Test func whatTheDialoguesComeTo() {
    let ends = Self.dialogues.map { Self.play([Array($0.text.utf8)[...]], $0.service).actions.last }
    #expect(ends == [.closed, .closed, .closed, .closed, .closed, .failed(.notSMTP), .failed(.notSMTP)])
  }
}
