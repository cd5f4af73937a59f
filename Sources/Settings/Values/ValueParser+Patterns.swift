// SPDX-License-Identifier: Apache-2.0
import Bytes
import Diagnostics
import IDNA
import Tables

/// What the names in a pattern list stand for.
enum PatternKind { case networks, domains, clients, access, words }

extension ValueParser {
  /// Files of patterns that name further files.
  static let maximumPatternFileDepth = 8
  static let maximumPatternFileLength = 16 << 20

  mutating func parsePatterns(_ text: LocatedText, _ kind: PatternKind) -> PatternList? {
    parsePatternElements(text, kind, depth: 0).map(PatternList.init)
  }

  private mutating func parsePatternElements(_ text: LocatedText, _ kind: PatternKind, depth: Int) -> [PatternList.Element]? {
    parseEach(text.elements()) { parser, element in parser.parsePattern(element, kind, depth: depth) }?.flatMap(\.self)
  }

  private mutating func parsePattern(_ element: LocatedText, _ kind: PatternKind, depth: Int) -> [PatternList.Element]? {
    let marks = element.bytes.prefix { $0 == UInt8(ascii: "!") }.count
    let body = element[marks...]
    let isNegated = marks % 2 == 1
    if body.isEmpty {
      report(.error(element, "`!` negates the element after it, and there is none", hint: "write it without a blank: `!10.0.0.1`"))
      return nil
    }
    if body.bytes.first == UInt8(ascii: "/") { return parsePatternFile(body, kind, isNegated: isNegated, depth: depth) }
    if isTable(body, kind) { return parseTable(body).map { [PatternList.Element(pattern: .table($0), isNegated: isNegated)] } }
    if kind == .access { return parseAccessWord(element) }
    if kind == .words { return [PatternList.Element(pattern: .name(body.text.lowercased()), isNegated: isNegated)] }
    let isNetwork = kind == .networks || kind == .clients && Self.looksLikeNetwork(body.text)
    let pattern = isNetwork ? parseNetwork(body).map(PatternList.Element.Pattern.network) : parseDomain(body).map(PatternList.Element.Pattern.name)
    return pattern.map { [PatternList.Element(pattern: $0, isNegated: isNegated)] }
  }

  private static let accessWords = ["permit_mynetworks", "permit", "reject"]

  private mutating func parseAccessWord(_ element: LocatedText) -> [PatternList.Element]? {
    let word = element.text.lowercased()
    if Self.accessWords.contains(word) { return [PatternList.Element(pattern: .name(word), isNegated: false)] }
    let meant = Suggestion(Self.accessWords).nearest(to: word).map { "did you mean `\($0)`?" }
    report(
      .error(element, "`\(element.text)` is no table and none of \(Self.accessWords.joined(separator: ", "))", hint: meant ?? "as in `cidr:/path`"))
    return nil
  }

  private static func looksLikeNetwork(_ text: String) -> Bool {
    text.contains("/") || text.contains(":") || text.hasPrefix("[") || text.utf8.allSatisfy { $0 == 0x2e || (0x30...0x39).contains($0) }
  }

  /// An IPv6 address without brackets looks like a table whose type is its first group.
  private func isTable(_ text: LocatedText, _ kind: PatternKind) -> Bool {
    guard let reference = TableReference(text) else { return false }
    let address = text.text.split(separator: "/", maxSplits: 1).first ?? ""
    return kind == .domains
      || IPAddress(address) == nil
        && (TableType(rawValue: reference.type.text) != nil || TableType.otherTypes[reference.type.text] != nil
          || TableType.shipped.contains(reference.type.text))
  }

  private mutating func parsePatternFile(_ path: LocatedText, _ kind: PatternKind, isNegated: Bool, depth: Int) -> [PatternList.Element]? {
    guard depth < Self.maximumPatternFileDepth else {
      report(.error(path, "more than \(Self.maximumPatternFileDepth) files that name each other"))
      return nil
    }
    do throws(FileError) {
      let bytes = try files.read(path.text, limit: Self.maximumPatternFileLength)
      let text = Self.withoutComments(SourceText(name: path.text, bytes: bytes))
      return parsePatternElements(text, kind, depth: depth + 1)?.map {
        PatternList.Element(pattern: $0.pattern, isNegated: $0.isNegated != isNegated)
      }
    } catch {
      report(.error(path, "cannot read `\(path.text)`: \(error.reason)"))
      return nil
    }
  }

  private static func withoutComments(_ source: SourceText) -> LocatedText {
    var text = LocatedText(at: SourceLocation(source, offset: 0))
    var lines = LineReader(source)
    while let line = lines.next() {
      if line.isBlankOrComment { continue }
      text.append([UInt8(ascii: "\n")], standingFor: line.start)
      text.append(line)
    }
    return text
  }

  private mutating func parseDomain(_ text: LocatedText) -> String? {
    let name = DomainForm.canonical(text.text)
    if name.hasPrefix("["), name.hasSuffix("]"), IPAddress(name.dropFirst().dropLast().replacingIPv6Tag) != nil { return name }
    if IPAddress(name) != nil {
      report(.error(text, "expected a domain, not an address", hint: "an address as a domain is written `[\(name)]`"))
      return nil
    }
    return parseHostName(name.hasPrefix(".") && name.count > 1 ? text[1...] : text).map { _ in name }
  }
}

extension Substring {
  /// RFC 5321 §4.1.3: `IPv6:` before the address in a literal.
  fileprivate var replacingIPv6Tag: Substring { hasPrefix("ipv6:") ? dropFirst(5) : self }
}
