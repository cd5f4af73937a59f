// SPDX-License-Identifier: Apache-2.0
import Bytes

/// An event as Postfix words it: what stands in the line after `postfix/smtpd[pid]: `. Log analysers match these words.
package enum PostfixText {
  package static func append(_ event: RecordedEvent, to line: inout [UInt8]) {
    switch event.severity {
    case .info: break
    case .warning: line.write("warning: ")
    case .error: line.write("error: ")
    }
    if let id = event.queueID {
      id.write(to: &line)
      line.write(": ")
    } else if event.kind == .verdict {
      line.write("NOQUEUE: ")
    }
    event.appendBody(to: &line)
  }
}

extension RecordedEvent {
  fileprivate func appendBody(to line: inout [UInt8]) {
    switch kind {
    case .text: put("", .text, "", to: &line)
    case .connect: appendPeer("connect from ", to: &line)
    case .disconnect:
      appendPeer("disconnect from ", to: &line)
      put(" ", .commands, "", to: &line)
    case .client:
      appendPeer("client=", to: &line)
      appendSubmission(to: &line)
    case .verdict: appendVerdict(to: &line)
    case .messageID: put(self[.isResent] == nil ? "message-id=" : "resent-message-id=", .messageID, "", to: &line)
    case .active:
      put("from=<", .sender, ">, size=", to: &line)
      line.write(number: number(.size) ?? 0)
      line.write(", nrcpt=")
      line.write(number: number(.recipientCount) ?? 0)
      line.write(" (queue active)")
    case .delivery: appendDelivery(to: &line)
    case .expired: put("from=<", .sender, ">, status=expired, returned to sender", to: &line)
    case .removed: line.write("removed")
    case .step: appendStep(to: &line)
    case .passed: put("passed ", .stages, "", to: &line)
    case .arrived:
      put("from=<", .sender, ">", to: &line)
      put(" to=<", .recipient, ">", to: &line)
    case .answer: put("answered: ", .reply, "", to: &line)
    case .notice:
      put("", .notice, ": ", to: &line)
      put("", .report, "", to: &line)
    }
  }

  /// Nothing if there is no such field.
  private func put(_ before: StaticString, _ field: Field, _ after: StaticString, to line: inout [UInt8]) {
    guard let value = self[field] else { return }
    line.write(before)
    line.writeVisible(value)
    line.write(after)
  }

  /// `name[address]`, or `name[address]:port`
  private func appendPeer(_ before: StaticString, to line: inout [UInt8]) {
    put(before, .clientName, "[", to: &line)
    if let address = address(.clientAddress) { line.write(address) } else { line.write(self[.isLocal] == nil ? "unknown" : "local") }
    line.write("]")
    guard self[.showsPort] != nil else { return }
    line.write(":")
    if let port = number(.clientPort) { line.write(number: port) } else { line.write("unknown") }
  }

  private func appendSubmission(to line: inout [UInt8]) {
    put(", sasl_method=", .saslMethod, "", to: &line)
    put(", sasl_username=", .saslUsername, "", to: &line)
    put(", sasl_sender=", .saslSender, "", to: &line)
    put(", orig_queue_id=", .originalQueueID, "", to: &line)
    put(", orig_client=", .originalClient, "", to: &line)
  }

  private func appendVerdict(to line: inout [UInt8]) {
    put("", .action, ": ", to: &line)
    put("", .place, "", to: &line)
    appendPeer(" from ", to: &line)
    put(": ", .reply, ";", to: &line)
    put(" from=<", .sender, ">", to: &line)
    put(" to=<", .recipient, ">", to: &line)
    put(" proto=", .protocolName, "", to: &line)
    put(" helo=<", .helo, ">", to: &line)
  }

  private func appendStep(to line: inout [UInt8]) {
    put("stage ", .stageName, ": ", to: &line)
    put("", .place, ": ", to: &line)
    put("", .action, "", to: &line)
    put(", rule ", .rule, "", to: &line)
  }

  private func appendDelivery(to line: inout [UInt8]) {
    put("to=<", .recipient, ">,", to: &line)
    put(" orig_to=<", .originalRecipient, ">,", to: &line)
    put(" relay=", .relay, ",", to: &line)
    if let uses = number(.connectionUse) {
      line.write(" conn_use=")
      line.write(number: uses)
      line.write(",")
    }
    let steps = [Field.delayBefore, .delayQueue, .delayConnection, .delayTransmission].map { max(0, min(number($0) ?? 0, .max / 8)) }
    line.write(" delay=")
    line.write(seconds: steps.reduce(0, +))
    line.write(", delays=")
    for (index, step) in steps.enumerated() {
      if index > 0 { line.write("/") }
      line.write(seconds: step)
    }
    put(", dsn=", .dsn, "", to: &line)
    put(", status=", .status, "", to: &line)
    put(" (", .reason, ")", to: &line)
  }
}

extension [UInt8] {
  /// Seconds as Postfix logs them: two digits that count, none beyond the hundredths (`delay_logging_resolution_limit`), no zeros at the end.
  fileprivate mutating func write(seconds microseconds: Int64) {
    if microseconds >= 9_950_000 { return write(number: (microseconds + 500_000) / 1_000_000) }
    let hundredths = microseconds >= 995_000 ? (microseconds + 50_000) / 100_000 * 10 : (microseconds + 5_000) / 10_000
    let (whole, fraction) = (hundredths / 100, hundredths % 100)
    write(number: whole)
    if fraction == 0 { return }
    append(UInt8(ascii: "."))
    if fraction % 10 == 0 { return write(number: fraction / 10) }
    write(number: fraction, atLeast: 2)
  }
}
