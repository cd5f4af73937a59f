// SPDX-License-Identifier: Apache-2.0
import Diagnostics

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
    let settings = block.section.settings
    var transport = TransportBlock(name, lines: settings.map { ($0.name.text, DovecotValue($0.rawValue).text.text) })
    if !name.text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "_-.".contains($0)) }) || name.isEmpty {
      diagnostics.append(.error(name, "`\(name.text)` is no name for a transport", hint: "letters, digits, `-` and `_`"))
    }
    if ["local", "virtual", "error", "retry", "discard"].contains(name.text) {
      diagnostics.append(.error(name, "there is a transport `\(name.text)` already", hint: "give this one another name"))
    }
    // `$name` is for the moment of delivery.
    for setting in settings.filter({ $0.name.text == "command" }) + settings.filter({ $0.name.text != "command" }) { take(setting, &transport) }
    if transport.kind == .pipe { checkPipe(transport) }
    return transport
  }

  private mutating func take(_ setting: Setting, _ transport: inout TransportBlock) {
    let (name, value) = (setting.name, DovecotValue(setting.rawValue).text)
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
    case "process_limit": transport.processLimit = parse { $0.parseInteger(value, in: 1...100_000) }
    case _ where ClientSettings.names(transport.kind).contains(name.text): transport.ownSettings.append(setting)
    default: diagnostics.append(complaint(name, transport.kind))
    }
  }

  private func complaint(_ name: LocatedText, _ kind: TransportBlock.Kind) -> Diagnostic {
    let own = ClientSettings.names(kind)
    if Schema.anyDefinition(name.text) != nil {
      let twin = ClientSettings.twin(of: name.text, kind).map { "its name here is `\($0)`" }
      return .error(name, "`\(name.text)` is no setting of a transport whose command is `\(kind)`", hint: twin ?? "move the line to the top level")
    }
    let hint = Suggestion(TransportBlock.words + own.sorted()).nearest(to: name.text).map { "did you mean `\($0)`?" }
    let all = own.isEmpty ? TransportBlock.words.joined(separator: ", ") : "command, process_limit, and the settings of the client"
    return .error(name, "unknown setting `\(name.text)` in a `transport` block", hint: hint ?? "there are: \(all)")
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
