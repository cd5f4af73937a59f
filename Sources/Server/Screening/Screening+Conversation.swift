// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime
import SMTP

/// The conversation in which no mail is taken.
extension Screening {
  func converse(with machine: inout ScreeningMachine) async {
    var input = ByteBuffer()
    var framer = LineFramer(maximumLength: settings.lineLengthLimit)
    var deadline = stream.now + settings.commandTime
    while true {
      switch input.withReadable({ framer.next(in: $0) }) {
      case .line(let length, let consumed, let isBare):
        let answer = input.withReadable { bytes in
          machine.lineReceived(bytes.slice(0, length), isBareNewline: isBare, rest: bytes.slice(consumed, bytes.count))
        }
        input.consume(consumed)
        deadline = stream.now + settings.commandTime
        guard await give(answer) else { return }
        if answer.startsTLS {
          // RFC 3207 §4.2: what was sent in clear before the handshake must not count after it.
          input.release()
          guard await startTLS(&machine) else { return brokeOff() }
        }
      case .tooLong, .skip: return _ = await give(machine.overflowed())
      case .needMore:
        switch await stream.read(into: &input, deadline: deadline) {
        case .received: continue
        case .timedOut: return _ = await give(machine.timedOut())
        case .interrupted: return
        case .endOfStream, .failed: return brokeOff()
        }
      }
    }
  }

  private func brokeOff() { log.info("postscreen", "HANGUP after \(elapsed) from \(name) in tests after SMTP handshake") }

  private func startTLS(_ machine: inout ScreeningMachine) async -> Bool {
    guard let context = ground.tls else { return false }
    switch await stream.startTLS(context, deadline: stream.now + ground.startTLSTimeout) {
    case .success(let facts):
      log.info("tlsproxy", facts.summary(peer: name))
      machine.tlsStarted()
      return true
    case .failure(let error):
      log.info("tlsproxy", "TLS handshake failed for service=smtpd peer=\(name): \(error)")
      return false
    }
  }

  /// False when that was the last.
  private func give(_ answer: ScreeningMachine.Answer) async -> Bool {
    for notice in answer.notices { log.info("postscreen", notice.replacing("%", with: name, maxReplacements: 1)) }
    return await send(footed(answer.reply)) && !answer.closes
  }
}

extension Duration {
  /// Seconds as Postfix writes delays: two digits that count, no zeros at the end: `0.14`, `1.1`, `12`, `0`.
  var twoDigits: String {
    let hundredths = components.seconds * 100 + components.attoseconds / 10_000_000_000_000_000
    if hundredths >= 1000 { return String(hundredths / 100) }
    let rounded = hundredths >= 100 ? hundredths / 10 * 10 : hundredths
    let (whole, part) = (rounded / 100, rounded % 100)
    if part == 0 { return String(whole) }
    let digits = part < 10 ? "0\(part)" : String(part)
    return "\(whole).\(digits.hasSuffix("0") ? String(digits.dropLast()) : digits)"
  }
}
