// SPDX-License-Identifier: Apache-2.0
import Bytes
import Names
import Runtime

/// Answers of the DNS as lines, to be given again: `TYPE NAME = VALUE`, a line for each record. `secure` before the `=` if DNSSEC proved them; `!` for a name
/// that has no such record, `?` and a reason where nobody knew. docs/explain.md describes it.
struct NamesFile {
  typealias Outcome = Result<NameAnswer, NameFailure>

  private(set) var answers: [NameQuery: Outcome] = [:]

  struct Fault: Error, CustomStringConvertible { let description: String }

  init() {}

  init(_ text: String) throws(Fault) {
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      guard let first = line.first(where: { $0 != " " }), first != "#" else { continue }
      guard take(line) else { throw Fault(description: "line \(index + 1): not TYPE NAME = VALUE: \(line)") }
    }
  }

  private mutating func take(_ line: Substring) -> Bool {
    guard let equals = line.range(of: " =") else { return false }
    let words = line[..<equals.lowerBound].split(separator: " ")
    guard words.count == 2 || words.count == 3 && words[2] == "secure", let query = NameQuery(String(words[0]), String(words[1])) else {
      return false
    }
    let value = line[equals.upperBound...].drop { $0 == " " }
    if value == "!" {
      answers[query] = words.count == 3 ? .success(NameAnswer([], isSecure: true)) : .failure(.notFound)
      return true
    }
    if value.first == "?" {
      answers[query] = .failure(.temporary(String(value.dropFirst().drop { $0 == " " })))
      return true
    }
    guard let record = NameRecord(words[0], value) else { return false }
    var records: [NameRecord] = []
    if case .success(let answer)? = answers[query] { records = answer.records }
    answers[query] = .success(NameAnswer(records + [record], isSecure: words.count == 3))
    return true
  }

  static func lines(_ query: NameQuery, _ outcome: Outcome) -> String {
    let head = "\(query.word) \(query.subject)"
    switch outcome {
    case .success(let answer) where answer.records.isEmpty: return "\(head)\(answer.isSecure ? " secure" : "") = !\n"
    case .success(let answer): return answer.records.map { "\(head)\(answer.isSecure ? " secure" : "") = \($0.text)\n" }.joined()
    case .failure(.notFound): return "\(head) = !\n"
    case .failure(.temporary(let reason)): return "\(head) = ? \(reason)\n"
    case .failure(.unsupported): return "\(head) = ? cannot be asked\n"
    }
  }
}

/// What was recorded, and nothing else: a question that nobody asked before has no answer now.
final class RecordedNames: NameService {
  private let answers: [NameQuery: NamesFile.Outcome]
  private let missing = Monitor<Set<NameQuery>>([])

  init(_ file: NamesFile) { answers = file.answers }

  /// What was asked and is not in the file.
  var unanswered: [String] { missing.withLock { missing in missing.map { "\($0.word) \($0.subject)" }.sorted() } }

  func answer(_ query: NameQuery) async -> Result<[NameRecord], NameFailure> { await fullAnswer(query, within: nil).map(\.records) }

  func fullAnswer(_ query: NameQuery, within limit: Duration?) async -> NamesFile.Outcome { await findings(query, within: limit).withRecords }

  func findings(_ query: NameQuery, within limit: Duration?) async -> NamesFile.Outcome {
    let query = query.canonical
    guard let answer = answers[query] else {
      missing.withLock { _ = $0.insert(query) }
      return .failure(.temporary("not recorded"))
    }
    if case .failure(.notFound) = answer { return .success(NameAnswer([])) }
    return answer
  }
}

/// Asks, and notes what was answered.
final class RecordingNames: NameService {
  private let names: any NameService
  private let answers: Monitor<[NameQuery: NamesFile.Outcome]>

  init(_ names: any NameService) {
    self.names = names
    answers = Monitor([:])
  }

  var text: String {
    answers.withLock { answers in answers.map { NamesFile.lines($0.key, $0.value) }.sorted().joined() }
  }

  func answer(_ query: NameQuery) async -> Result<[NameRecord], NameFailure> { await fullAnswer(query, within: nil).map(\.records) }

  func fullAnswer(_ query: NameQuery, within limit: Duration?) async -> NamesFile.Outcome { await findings(query, within: limit).withRecords }

  func findings(_ query: NameQuery, within limit: Duration?) async -> NamesFile.Outcome {
    let answer = await names.findings(query, within: limit)
    answers.withLock { $0[query.canonical] = answer }
    return answer
  }
}

extension NameQuery {
  /// The form of a file.
  init?(_ type: String, _ name: String) {
    let name = name.lowercased()
    switch type.uppercased() {
    case "A": self = .a(name)
    case "AAAA": self = .aaaa(name)
    case "MX": self = .mx(name)
    case "TXT": self = .txt(name)
    case "NS": self = .ns(name)
    case "SOA": self = .soa(name)
    case "TLSA": self = .tlsa(name)
    case "PTR":
      guard let address = IPAddress(name) else { return nil }
      self = .ptr(address)
    default: return nil
    }
  }

  var word: String { "\(type)".uppercased() }

  var subject: String {
    switch self {
    case .ptr(let address): address.description
    case .a(let name), .aaaa(let name), .mx(let name), .txt(let name), .ns(let name), .soa(let name), .tlsa(let name):
      String(name.map { $0 == " " || $0 == "\n" || $0 == "=" ? "?" : $0 })
    }
  }

  /// Names are the same in any case, and with a dot at their end.
  var canonical: NameQuery {
    if case .ptr = self { return self }
    let name = subject.hasSuffix(".") && subject.count > 1 ? String(subject.dropLast()) : subject
    return NameQuery(word, name) ?? self
  }
}

extension NameRecord {
  init?(_ type: Substring, _ value: Substring) {
    let words = value.split(separator: " ").map(String.init)
    switch (type.uppercased(), words.count) {
    case ("A", 1), ("AAAA", 1):
      guard let address = IPAddress(words[0]) else { return nil }
      self = .address(address)
    case ("MX", 2):
      guard let preference = UInt16(words[0]) else { return nil }
      self = .exchanger(preference: preference, host: words[1])
    case ("PTR", 1): self = .pointer(words[0])
    case ("NS", 1): self = .server(words[0])
    case ("SOA", 3):
      guard let serial = UInt32(words[2]) else { return nil }
      self = .authority(server: words[0], contact: words[1], serial: serial)
    case ("TXT", _): self = .text(Self.unescaped(value))
    case ("TLSA", 4):
      guard let usage = UInt8(words[0]), let selector = UInt8(words[1]), let matching = UInt8(words[2]), words[3].utf8.count % 2 == 0 else {
        return nil
      }
      let digits = words[3].utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue.map(UInt8.init) }
      guard digits.count == words[3].utf8.count else { return nil }
      let data = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
      self = .certificate(usage: usage, selector: selector, matching: matching, data: data)
    default: return nil
    }
  }

  var text: String {
    switch self {
    case .address(let address): address.description
    case .exchanger(let preference, let host): "\(preference) \(host)"
    case .pointer(let name), .server(let name): name
    case .text(let bytes): Self.escaped(bytes)
    case .authority(let server, let contact, let serial): "\(server) \(contact) \(serial)"
    case .certificate(let usage, let selector, let matching, let data):
      "\(usage) \(selector) \(matching) " + data.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
  }

  /// RFC 1035 §5.1: `\DDD` for what cannot stand in a line.
  private static func escaped(_ bytes: [UInt8]) -> String {
    var text = "\""
    for byte in bytes {
      if byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "\"") {
        text += "\\\(Character(UnicodeScalar(byte)))"
      } else if (0x20...0x7e).contains(byte) {
        text.unicodeScalars.append(UnicodeScalar(byte))
      } else {
        text += "\\\(byte / 100)\(byte / 10 % 10)\(byte % 10)"
      }
    }
    return text + "\""
  }

  private static func unescaped(_ value: Substring) -> [UInt8] {
    var rest = Array(value.utf8)[...]
    if rest.first == UInt8(ascii: "\""), rest.last == UInt8(ascii: "\""), rest.count > 1 { rest = rest.dropFirst().dropLast() }
    var bytes: [UInt8] = []
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\"), let next = rest.first else {
        bytes.append(byte)
        continue
      }
      if let number = UInt8(String(decoding: rest.prefix(3), as: UTF8.self)), rest.count >= 3 {
        bytes.append(number)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(next)
        rest = rest.dropFirst()
      }
    }
    return bytes
  }
}

extension Substring {
  /// Where `text` is first found.
  fileprivate func range(of text: String) -> Range<Index>? {
    var index = startIndex
    while index < endIndex {
      if self[index...].hasPrefix(text) { return index..<self.index(index, offsetBy: text.count) }
      index = self.index(after: index)
    }
    return nil
  }
}
