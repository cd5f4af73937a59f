// SPDX-License-Identifier: Apache-2.0
import Queue

/// The client of a session in memory: what it says next, once a reply is there. RFC 5321 §4.1.4, one command at a time.
struct TestClient {
  struct Exchange: Equatable {
    let command: String
    /// Its lines, each with its code.
    let reply: [String]

    var code: Int { Int(reply.last?.prefix(3) ?? "") ?? 0 }
    var isRefusal: Bool { code >= 400 }
    /// On one line, the code once: as a log quotes it.
    var summary: String {
      let texts = reply.enumerated().map { index, line in index == 0 ? String(line.prefix(3)) + " " + line.dropFirst(4) : String(line.dropFirst(4)) }
      return texts.joined(separator: " ")
    }
  }

  private enum Phase { case greeting, hello, mail, recipient(Int), data, content, end }

  let mail: TestMail
  let helo: String
  private(set) var exchanges: [Exchange] = []
  private var phase = Phase.greeting
  private var extensions: Set<String> = []
  private var accepted = 0

  init(_ mail: TestMail, helo: String) {
    self.mail = mail
    self.helo = helo
  }

  /// The reply that the client goes home with: to the message, or the refusal before which it got no further.
  var final: Exchange? { exchanges.last { $0.command != "QUIT" } }

  /// What is sent now; empty when there is nothing more to say.
  mutating func received(_ reply: [String]) -> [UInt8] {
    exchanges.append(Exchange(command: name, reply: reply))
    let isGood = exchanges.last?.isRefusal == false
    switch phase {
    case .greeting:
      guard isGood else { return quit() }
      phase = .hello
      return line("EHLO \(helo)")
    case .hello:
      guard isGood else { return quit() }
      extensions = Set(reply.dropFirst().map { String($0.dropFirst(4).prefix { $0 != " " }).uppercased() })
      phase = .mail
      return line("MAIL FROM:<\(mail.sender)>\(parameters)")
    case .mail: return isGood ? recipient(0) : quit()
    case .recipient(let index):
      if isGood { accepted += 1 }
      return recipient(index + 1)
    case .data:
      guard isGood else { return quit() }
      phase = .content
      return mail.wire
    case .content: return quit()
    case .end: return []
    }
  }

  private var name: String {
    switch phase {
    case .greeting: "connect"
    case .hello: "EHLO"
    case .mail: "MAIL"
    case .recipient: "RCPT"
    case .data: "DATA"
    case .content: "end of DATA"
    case .end: "QUIT"
    }
  }

  private mutating func recipient(_ index: Int) -> [UInt8] {
    guard index < mail.recipients.count else {
      guard accepted > 0 else { return quit() }
      phase = .data
      return line("DATA")
    }
    phase = .recipient(index)
    return line("RCPT TO:<\(mail.recipients[index])>")
  }

  private mutating func quit() -> [UInt8] {
    phase = .end
    return line("QUIT")
  }

  /// What a client that knows the message says of it, where the server wants to hear it.
  private var parameters: String {
    var parameters = ""
    if extensions.contains("SIZE") { parameters += " SIZE=\(mail.wireSize)" }
    if extensions.contains("8BITMIME"), mail.hasEightBit { parameters += " BODY=8BITMIME" }
    if extensions.contains("SMTPUTF8"), mail.needsUTF8 { parameters += " SMTPUTF8" }
    return parameters
  }

  private func line(_ text: String) -> [UInt8] { Array("\(text)\r\n".utf8) }
}
