// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// A `transport NAME { }`: a further way to deliver mail, as a line of Postfix's master.cf.
package struct TransportBlock: Sendable {
  /// What it is a variant of. `pipe` runs a program for each message.
  package enum Kind: String, CaseIterable, Sendable { case pipe, smtp, lmtp, relay, local, virtual, error, retry, discard }

  package let name: LocatedText
  package internal(set) var kind = Kind.pipe
  /// `user`, or `user:group`.
  package internal(set) var user = ""
  package internal(set) var flags = ""
  /// Words, with `${name}` for the moment of delivery.
  package internal(set) var argv: [String] = []
  package internal(set) var directory = ""
  package internal(set) var chroot = ""
  /// What ends a line, as written: `\r\n`.
  package internal(set) var eol = "\\n"
  /// The longest message; 0 for any.
  package internal(set) var size = 0
  package internal(set) var nullSender = "MAILER-DAEMON"
  /// Nil: command_time_limit.
  package internal(set) var timeLimit: Duration?

  init(_ name: LocatedText) { self.name = name }

  static let words = ["command", "user", "flags", "argv", "directory", "chroot", "eol", "size", "null_sender", "time_limit"]

  /// The transports that there are without a block.
  package static let builtIn: Set<String> = ["smtp", "relay", "lmtp", "local", "virtual", "error", "retry", "discard"]
}

/// Reads `transport` blocks.
struct TransportReader {
  let values: ValueParser
  private(set) var diagnostics: [Diagnostic] = []

  init(_ values: ValueParser) { self.values = values }

  mutating func read(_ blocks: [Block]) -> [TransportBlock] {
    var seen: [String: LocatedText] = [:]
    return blocks.compactMap { block in
      guard let name = block.name, block.isClosed else { return nil }
      if let earlier = seen[name.text] {
        diagnostics.append(.error(name, "there are two transports `\(name.text)`; the other is in line \(earlier.start.line)"))
      }
      seen[name.text] = name
      return read(block, name)
    }
  }

  private mutating func read(_ block: Block, _ name: LocatedText) -> TransportBlock {
    var transport = TransportBlock(name)
    if !name.text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "_-.".contains($0)) }) || name.isEmpty {
      diagnostics.append(.error(name, "`\(name.text)` is no name for a transport", hint: "letters, digits, `-` and `_`"))
    }
    if ["local", "virtual", "error", "retry", "discard"].contains(name.text) {
      diagnostics.append(.error(name, "there is a transport `\(name.text)` already", hint: "give this one another name"))
    }
    // `$name` is for the moment of delivery.
    for setting in block.section.settings { take(setting.name, DovecotValue(setting.rawValue).text, &transport) }
    if transport.kind == .pipe { checkPipe(transport) }
    return transport
  }

  private mutating func take(_ name: LocatedText, _ value: LocatedText, _ transport: inout TransportBlock) {
    switch name.text {
    case "command":
      transport.kind = parse { $0.parseChoice(value, of: TransportBlock.Kind.allCases.map(\.rawValue)) }.flatMap(TransportBlock.Kind.init) ?? .pipe
    case "user": transport.user = value.text
    case "flags": transport.flags = value.text
    case "argv": transport.argv = value.elements(separatedBy: \.isBlank).map { $0.group?.text ?? $0.text }
    case "directory": transport.directory = value.text
    case "chroot": transport.chroot = value.text
    case "eol": transport.eol = value.text
    case "size": transport.size = parse { $0.parseByteCount(value, in: 0...Int.max) } ?? 0
    case "null_sender": transport.nullSender = value.text
    case "time_limit": transport.timeLimit = parse { $0.parseDuration(value, unit: .seconds, seconds: 1...Int(Int32.max)) }
    default:
      let hint = Suggestion(TransportBlock.words).nearest(to: name.text).map { "did you mean `\($0)`?" }
      diagnostics.append(
        .error(
          name, "unknown setting `\(name.text)` in a `transport` block", hint: hint ?? "there are: \(TransportBlock.words.joined(separator: ", "))"))
    }
  }

  private mutating func checkPipe(_ transport: TransportBlock) {
    if transport.argv.isEmpty {
      diagnostics.append(.error(transport.name, "this transport has no program", hint: "argv = /usr/bin/program ${recipient}"))
    } else if !transport.argv[0].hasPrefix("/") {
      diagnostics.append(.error(transport.name, "`\(transport.argv[0])` is no absolute path", hint: "argv = /usr/bin/\(transport.argv[0]) …"))
    }
    if transport.user.isEmpty {
      diagnostics.append(.warning(transport.name, "no `user`: the program runs as Weir's own user", hint: "user = nobody"))
    } else if transport.user == "root" || transport.user.hasPrefix("root:") || transport.user == "0" {
      diagnostics.append(.error(transport.name, "a program that gets mail must not run as root", hint: "user = nobody"))
    }
    for flag in transport.flags where !"BDFORXhqu.>".contains(flag) {
      diagnostics.append(.error(transport.name, "there is no flag `\(flag)`", hint: "flags are B, D, F, O, R, X, h, q, u, `.` and `>`"))
    }
  }

  private mutating func parse<Value>(_ body: (inout ValueParser) -> Value?) -> Value? {
    var parser = values
    let known = parser.diagnostics.count
    defer { diagnostics += parser.diagnostics.dropFirst(known) }
    return body(&parser)
  }
}
