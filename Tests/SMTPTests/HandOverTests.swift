// SPDX-License-Identifier: Apache-2.0
import Bytes
import SMTP
import Testing
import TranscriptPlayer

/// The client machine and the server machine, with nothing between them.
@Suite struct HandOverTests {
  /// Hands `contents` over in one session, a message each; answers with the replies to each.
  private func handOver(_ contents: [String], isLMTP: Bool) throws -> (outcomes: [[UInt16]], queued: [MachineSession.Queued]) {
    var setup = Transcript.Setup()
    setup.isLMTP = isLMTP
    let session = MachineSession(context: ServerContext(try TranscriptSettings.configuration(setup)), setup: setup)
    let link = Link(session: session, service: isLMTP ? .lmtp : .smtp)
    let outcomes = try contents.map { try link.send($0) }
    return (outcomes, session.queued)
  }

  private final class Link {
    let session: MachineSession
    private var client: ClientMachine
    private var output = ByteBuffer()
    private var lines: [[UInt8]] = []

    init(session: MachineSession, service: ClientRules.Service) {
      self.session = session
      client = ClientMachine(ClientRules(service: service, heloName: "me.example"))
    }

    func send(_ content: String) throws -> [UInt16] {
      let recipients = ["alice@example.test", "nobody@example.test", "bob@example.test"].map { OutgoingMessage.Recipient($0) }
      let message = OutgoingMessage(sender: "a b@example.net", recipients: recipients)
      var action = lines.isEmpty && session.queued.isEmpty ? receive() : client.begin(message, into: &output)
      while true {
        switch action {
        case .receive: action = receive()
        case .ready: action = client.begin(message, into: &output)
        case .sendContent(let form):
          var encoder = ContentEncoder(form)
          Array(content.utf8).withUnsafeBytes { encoder.encode($0, into: &output) }
          encoder.finish(into: &output)
          action = client.contentSent()
        case .completed(let replies): return replies.map(\.reply.code)
        case .failed(let failure): throw failure
        case .closed: return []
        default: return []
        }
      }
    }

    /// Lets the server have what has been said, and gives the client the next line of the answer.
    private func receive() -> ClientAction {
      session.receive(output.array())
      output.removeAll()
      lines += session.takeOutput().split(separator: 10).map { Array($0.dropLast()) }
      guard !lines.isEmpty else { return .closed }
      let line = lines.removeFirst()
      return line.withUnsafeBytes { client.lineReceived($0.bytes, into: &output) }
    }
  }

  @Test(arguments: [true, false])
  func messagesArriveAsTheyWere(isLMTP: Bool) throws {
    let contents = ["Subject: x\n\n.dot\n..\n.\nend\n", "", "no newline at the end"]
    let (outcomes, queued) = try handOver(contents, isLMTP: isLMTP)
    #expect(outcomes == Array(repeating: [250, 550, 250], count: 3))
    #expect(queued.map(\.content) == [contents[0], "", contents[2] + "\n"].map { Array($0.utf8) })
    #expect(queued.allSatisfy { $0.sender == "a b@example.net" && $0.recipients == ["alice@example.test", "bob@example.test"] })
  }
}
