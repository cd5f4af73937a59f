// SPDX-License-Identifier: Apache-2.0
import Bytes
import SMTP

/// Any line, in each state of a session: the reply is lines of printable text, and a path that was taken is read back from what is written of it.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let line = UnsafeRawBufferPointer(start: start, count: count)
  if line.offset(of: 0x0a) != nil { return 0 }
  for before in states {
    var machine = ServerMachine(context: context, client: client)
    _ = machine.connected()
    for command in before { _ = receive(Array(command.utf8), &machine) }
    line.withMemoryRebound(to: UInt8.self) { _ = receive(Array($0), &machine) }
    for sender in [machine.transaction?.sender, machine.transaction?.givenSender] {
      if case .mailbox(let mailbox) = sender { checkWritten(mailbox) }
    }
    for recipient in machine.transaction?.recipients ?? [] { checkWritten(recipient.original.mailbox) }
  }
  return 0
}

let states: [[String]] = [
  [], ["HELO x"], ["EHLO x"], ["EHLO x", "MAIL FROM:<>"], ["EHLO x", "MAIL FROM:<a@b.example>", "RCPT TO:<c@example.test>"],
]
let client = Client(address: IPAddress("192.0.2.1"))
let context = {
  var configuration = ServerConfiguration(
    myhostname: "mx.example.test",
    relay: RelayPolicy(
      mynetworks: NetworkList(), mydestination: ["example.test"], virtualMailboxDomains: ["virtual.test"], myorigin: "example.test", mydomain: "test")
  )
  // So that XCLIENT and XFORWARD are read.
  configuration.edge.authorizedXclientHosts = ClientList(words: ["192.0.2.1"])
  configuration.edge.authorizedXforwardHosts = ClientList(words: ["192.0.2.1"])
  return ServerContext(configuration)
}()

func receive(_ line: [UInt8], _ machine: inout ServerMachine) -> Action {
  var action = line.withUnsafeBytes { machine.lineReceived($0.bytes) }
  if case .resolveRecipient = action { action = machine.recipientResolved(.accepted) }
  if case .restart = action { action = machine.connected() }
  check(action)
  _ = machine.takeNotice()
  return action
}

func check(_ action: Action) {
  switch action {
  case .reply(let reply), .startTLS(let reply), .receiveContent(let reply): checkWritten(reply)
  case .replies(let replies), .close(let replies): replies.forEach(checkWritten)
  case .resolveRecipient, .receiveChunk, .commit, .judge, .restart: break
  }
}

func checkWritten(_ reply: Reply) {
  var buffer = ByteBuffer()
  reply.write(to: &buffer)
  let bytes = buffer.array()
  precondition(bytes.suffix(2) == [13, 10])
  precondition(String(validating: bytes, as: UTF8.self) != nil)
  for line in bytes.dropLast(2).split(separator: 10, omittingEmptySubsequences: false) {
    let text = line.last == 13 ? line.dropLast() : line
    precondition(!text.contains { $0 < 0x20 || $0 == 0x7f })
  }
}

/// A transaction whose sender is `mailbox` as it is written has `mailbox` for its sender.
func checkWritten(_ mailbox: Mailbox) {
  var machine = ServerMachine(context: context, client: client)
  _ = receive(Array("MAIL FROM:<\(mailbox.quoted)>".utf8), &machine)
  precondition(machine.transaction?.givenSender == .mailbox(mailbox))
}
