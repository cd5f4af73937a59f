// SPDX-License-Identifier: Apache-2.0
import Message

/// The attachments of a message, in every reading of its structure: what can be said of them without opening them, and which are to be opened.
struct Survey {
  /// A part without parts, or a file in a text.
  struct Leaf {
    var names: [FileName] = []
    var type = ""
    var content = 0..<0
    var encodings: [MIMEStructure.Encoding] = []
    /// What has to go if it is taken out; nil: the message itself.
    var place: Range<Int>?
    /// uuencode: the file is not of MIME.
    var inline: InlineFiles.File?
    var isAttachment = false
    /// What it is, as far as its beginning says.
    var fileType: FileType?

    var shown: String { names.first?.shown ?? (type.isEmpty ? "without a name" : type) }
  }

  let policy: Policy
  private let body: UnsafeRawBufferPointer
  private let header: [(name: [UInt8], value: [UInt8])]
  private(set) var findings = Findings()
  /// Those that are to be opened.
  private(set) var deep: [Leaf] = []
  private var leaves: [Leaf] = []
  /// Of `leaves`, by where their content begins.
  private var known: [Int: [Int]] = [:]
  private var knownNames: [Int: [FileName]] = [:]
  private var nameCount = 0

  private static let maximumInlineWork = 128 * 1024
  package static let maximumNames = 10_000

  init(header: [(name: [UInt8], value: [UInt8])], body: UnsafeRawBufferPointer, policy: Policy) {
    (self.policy, self.body, self.header) = (policy, body, header)
    readAll()
    countAll()
    lookAtContent()
  }

  // MARK: Structure

  private mutating func readAll() {
    let first = read([])
    guard !findings.isDecided, !first.isEmpty else { return }
    for reading in MessageParts.Reading.each where first.contains(reading) && !findings.isDecided { _ = read(reading) }
    if !findings.isDecided, first.rawValue.nonzeroBitCount > 1 { _ = read(first) }
  }

  /// What other readings there are.
  private mutating func read(_ reading: MessageParts.Reading) -> MessageParts.Reading {
    let structure = MessageParts(header: header, body: body, reading: reading)
    if structure.isExcessive {
      findings.add(Policy.Rule(deed: policy.overLimit, name: "over_limit: parts", reason: "too many parts"), ["message"], nil)
    }
    for (index, part) in structure.parts.enumerated() {
      take(part, isRoot: index == 0)
      if findings.isDecided { break }
    }
    return structure.doubts
  }

  private mutating func take(_ part: MessageParts.Part, isRoot: Bool) {
    var leaf = Leaf(type: part.type, content: part.content, encodings: part.encodings, place: isRoot ? nil : part.whole)
    leaf.names = names(part, leaf)
    leaf.isAttachment = part.disposition.hasPrefix("attachment") || !leaf.names.isEmpty
    let isEncodedContainer = part.isContainer && part.encodings.contains { $0 != .identity }
    check(leaf)
    if part.isContainer, !isEncodedContainer { return }
    append(leaf)
    if part.encodings.isEmpty || part.encodings.contains(.identity), !part.isContainer { inline(leaf) }
  }

  private mutating func append(_ leaf: Leaf) {
    let same = known[leaf.content.lowerBound, default: []]
    guard !same.contains(where: { leaves[$0].content == leaf.content && leaves[$0].encodings == leaf.encodings && leaves[$0].names == leaf.names })
    else { return }
    known[leaf.content.lowerBound] = same + [leaves.count]
    leaves.append(leaf)
  }

  private mutating func over(_ what: String, _ leaf: Leaf) {
    findings.add(Policy.Rule(deed: policy.overLimit, name: "over_limit: \(what)", reason: "too many \(what)"), [leaf.shown], leaf.place)
  }

  // MARK: Names

  private mutating func names(_ part: MessageParts.Part, _ leaf: Leaf) -> [FileName] {
    var names: [FileName] = []
    for field in part.fields {
      for name in self.names(field, leaf) where !names.contains(name) { names.append(name) }
    }
    return names
  }

  /// The same field is read in several readings of the structure.
  private mutating func names(_ field: MessageParts.FieldPlace, _ leaf: Leaf) -> [FileName] {
    let key =
      switch field {
      case .header(let index): -1 - index
      case .body(let range): range.lowerBound
      }
    if let known = knownNames[key] { return known }
    let values = readings(field)
    let names = values.values.flatMap { FileName.readings($0) }
    nameCount += names.count
    if values.isExcessive || nameCount > Self.maximumNames { over("names", leaf) }
    knownNames[key] = names
    return names
  }

  private func readings(_ field: MessageParts.FieldPlace) -> ParameterReadings {
    switch field {
    case .body(let range): ParameterReadings(UnsafeRawBufferPointer(rebasing: body[range]), "name")
    case .header(let index): header[index].value.withUnsafeBytes { ParameterReadings($0, "name") }
    }
  }

  private mutating func check(_ leaf: Leaf) {
    for name in leaf.names { findings.add(policy.rule(name), [name.shown], leaf.place) }
    findings.add(policy.rule(mimeType: leaf.type), [leaf.shown], leaf.place)
  }

  private mutating func inline(_ text: Leaf) {
    let files = InlineFiles.find(UnsafeRawBufferPointer(rebasing: body[text.content]))
    if files.count >= InlineFiles.maximum { over("files", text) }
    for file in files {
      nameCount += 1
      var leaf = Leaf(names: FileName.readings(file.name), type: "", content: text.content, place: text.place, inline: file, isAttachment: true)
      let lines = file.lines.lowerBound + text.content.lowerBound..<file.lines.upperBound + text.content.lowerBound
      leaf.place = lines
      check(leaf)
      append(leaf)
    }
  }

  // MARK: Size and number

  private mutating func countAll() {
    let attachments = leaves.filter(\.isAttachment)
    if policy.maximumCount > 0, attachments.count > policy.maximumCount, let last = attachments.last {
      let rule = Policy.Rule(deed: policy.overLimit, name: "attachment_count_limit", reason: "more than \(policy.maximumCount) attachments")
      findings.add(rule, [last.shown], last.place)
    }
    guard policy.maximumSize > 0 else { return }
    for leaf in attachments where size(leaf) > policy.maximumSize {
      findings.add(Policy.Rule(deed: policy.overLimit, name: "attachment_size_limit", reason: "too big"), [leaf.shown], leaf.place)
    }
  }

  /// Of base64 reckoned: three bytes for four, and a line end after 76.
  private func size(_ leaf: Leaf) -> Int {
    let count = leaf.inline?.lines.count ?? leaf.content.count
    return leaf.encodings.contains(.base64) ? count / 77 * 57 : leaf.inline == nil ? count : count / 62 * 45
  }

  // MARK: Content

  private mutating func lookAtContent() {
    guard policy.looksInside else { return }
    var work = 0
    for var leaf in leaves where !findings.isDecided {
      if leaf.type.hasPrefix("text/"), !leaf.isAttachment { continue }
      if work > Self.maximumInlineWork || leaf.inline != nil {
        deep.append(leaf)
        continue
      }
      look(&leaf, &work)
    }
    // Readings overlap, and so do parts that are encoded as a whole.
    if let first = deep.first, deep.reduce(0, { $0 + $1.content.count }) > max(1 << 20, 4 * body.count) { over("parts", first) }
  }

  private mutating func look(_ leaf: inout Leaf, _ work: inout Int) {
    for encoding in leaf.encodings.isEmpty ? [.identity] : leaf.encodings {
      let content = UnsafeRawBufferPointer(rebasing: body[leaf.content])
      for bytes in PartDecoder.readings(content, encoding, limit: FileType.head) {
        work += bytes.count
        var type = bytes.withUnsafeBytes { FileType($0) }
        if type == nil, content.count > FileType.imageHead {
          let more = PartDecoder.readings(content, encoding, limit: FileType.imageHead)
          work += FileType.imageHead
          type = more.lazy.compactMap { $0.withUnsafeBytes { FileType($0) } }.first
        }
        note(type, &leaf)
      }
    }
    if isDeep(leaf) { deep.append(leaf) }
  }

  private mutating func note(_ type: FileType?, _ leaf: inout Leaf) {
    guard let type else { return }
    findings.add(policy.types[type], [leaf.shown], leaf.place)
    if leaf.fileType == nil || type.isContainer { leaf.fileType = type }
  }

  private func isDeep(_ leaf: Leaf) -> Bool {
    guard policy.opensArchives, !findings.isDecided else { return false }
    if leaf.type.hasPrefix("message/") || leaf.type.hasPrefix("multipart") { return true }
    if leaf.fileType?.isContainer == true { return true }
    // An archive can have anything before it.
    return leaf.fileType == nil && FileInspector.isOpened(leaf.names)
  }
}
