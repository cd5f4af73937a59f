// SPDX-License-Identifier: Apache-2.0
import Bytes
import SMTP

/// Any answers of a server: the client never traps, and every transaction it begins ends with a reply for each recipient or with a failure.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let lines = Array(UnsafeBufferPointer(start: start, count: count)).split(separator: 10, omittingEmptySubsequences: false)
  for service in [ClientRules.Service.smtp, .lmtp] { play(lines.map { Array($0) }, service) }
  return 0
}

let message = OutgoingMessage(
  sender: "", recipients: ["a", "b"].map { OutgoingMessage.Recipient("\($0)@example.test") })

func play(_ lines: [[UInt8]], _ service: ClientRules.Service) {
  var rules = ClientRules(service: service, heloName: "me.example")
  rules.usesChunks = true
  var machine = ClientMachine(rules)
  var output = ByteBuffer()
  for line in lines {
    var action = line.withUnsafeBytes { machine.lineReceived($0.bytes, into: &output) }
    while let next = answer(action, &machine, &output) { action = next }
    if case .failed = action { return }
  }
}

func answer(_ action: ClientAction, _ machine: inout ClientMachine, _ output: inout ByteBuffer) -> ClientAction? {
  switch action {
  case .ready where machine.extensions.offers("STARTTLS"): return machine.startTLS(into: &output)
  case .ready, .authenticated, .tlsRefused, .authenticationRefused, .objected: return machine.begin(message, into: &output)
  case .startTLS: return machine.secured(into: &output)
  case .challenged: return machine.respond("*", into: &output)
  case .sendContent: return machine.contentSent()
  case .completed(let replies):
    precondition(replies.count == message.recipients.count && !machine.isBusy)
    return machine.begin(message, into: &output)
  case .receive, .failed, .closed: return nil
  }
}
