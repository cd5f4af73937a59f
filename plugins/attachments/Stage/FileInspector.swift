// SPDX-License-Identifier: Apache-2.0
import Message

/// Looks into files: archives, documents, messages, and what is in those. Bounded in depth, number, size, ratio and time over a whole message.
struct FileInspector {
  let policy: Policy
  private(set) var findings = Findings()
  private var entries = 0
  private var unpacked = 0
  private var memory = 0
  private let deadline: Int64
  private var place: Range<Int>?
  private var isOver = false

  /// A file that is to be looked into, and where it was found.
  struct File {
    let bytes: UnsafeRawBufferPointer
    let names: [FileName]
    let path: [String]
    var mimeType = ""
  }

  init(_ policy: Policy) {
    self.policy = policy
    let (deadline, overflow) = ArchiveReader.processorTime.addingReportingOverflow(policy.limits.time)
    self.deadline = overflow ? .max : deadline
  }

  private static let opened: Set<String> = [
    "zip", "jar", "docx", "xlsx", "pptx", "7z", "rar", "odt", "ods", "odp", "apk", "epub", "zipx", "msg", "eml", "sfx",
  ]

  /// By its name, it is opened by what looks for an archive in it even behind other bytes.
  static func isOpened(_ names: [FileName]) -> Bool { names.contains { $0.extensions.contains { opened.contains($0) } } }

  /// An attachment, which `place` is of the message's body.
  mutating func attachment(_ file: File, place: Range<Int>?) {
    self.place = place
    // What is beyond a limit hides nothing behind it.
    isOver = false
    inspect(file, depth: 0)
  }

  // MARK: Findings

  private var isDone: Bool { isOver || findings.isDecided }

  private mutating func add(_ rule: Policy.Rule?, _ path: [String]) { findings.add(rule, path, place) }

  private mutating func over(_ what: String, _ path: [String]) {
    isOver = true
    add(Policy.Rule(deed: policy.overLimit, name: "over_limit: \(what)", reason: "too big or too deep to be looked through"), path)
  }

  private mutating func broken(_ path: [String]) { add(Policy.Rule(deed: policy.broken, name: "broken", reason: "damaged"), path) }

  private mutating func encrypted(_ path: [String]) {
    add(Policy.Rule(deed: policy.encrypted, name: "encrypted", reason: "encrypted"), path)
  }

  private mutating func failed(_ failure: ArchiveReader.Failure, _ path: [String]) {
    switch failure {
    case .broken, .foreign: broken(path)
    case .encrypted: encrypted(path)
    case .late: over("time", path)
    }
  }

  // MARK: One file

  private mutating func inspect(_ file: File, depth: Int) {
    guard !isDone else { return }
    if ArchiveReader.processorTime > deadline { return over("time", file.path) }
    let type = FileType(UnsafeRawBufferPointer(rebasing: file.bytes.prefix(FileType.imageHead)))
    if let type { add(policy.types[type], file.path) }
    guard policy.opensArchives, !isDone else { return }
    guard depth <= policy.limits.depth else { return over("depth", file.path) }
    switch type {
    case .zip: zip(file, depth)
    case .diskImage: archive(file, depth, streaming: false, isSure: false)
    case .archive, .compressed: archive(file, depth, streaming: false, isSure: isSure(file.bytes))
    case .compound: compound(file, depth)
    case .tnef: tnef(file, depth)
    default: rest(file, depth)
    }
  }

  /// Magics of two or three letters stand at the beginning of other files, too.
  private func isSure(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let first = bytes.first else { return false }
    return first != 0x5d && first != 0x30 && (bytes.count < 3 || bytes[2] != UInt8(ascii: "-"))
      && !(first == 0x1f && bytes.count > 1 && bytes[1] == 0x9d)
  }

  private mutating func rest(_ file: File, _ depth: Int) {
    let isMessage = file.mimeType.hasPrefix("message/") || file.names.contains { $0.extensions.contains("eml") }
    if isMessage || file.mimeType.hasPrefix("multipart") { return message(file, depth) }
    if Self.isOpened(file.names), ZipNames.hasDirectory(file.bytes) { zip(file, depth) }
  }

  // MARK: Archives

  private mutating func zip(_ file: File, _ depth: Int) {
    let listed = ZipNames.directory(file.bytes)
    // One with nothing in it is its end only.
    let isEmpty = file.bytes.count < 30 && listed.isEmpty
    archive(file, depth, streaming: false, isSure: !isEmpty)
    guard !isDone else { return }
    // Its directory and its entries can say different things, and programs read the one or the other.
    let hidden = ZipNames.local(file.bytes).filter { !listed.contains($0) }
    for name in hidden.prefix(policy.limits.entries) { check(name: name, file.path) }
    if !hidden.isEmpty { archive(file, depth, streaming: true, isSure: false) }
  }

  private mutating func archive(_ file: File, _ depth: Int, streaming: Bool, isSure: Bool) {
    guard let reader = ArchiveReader(file.bytes, streaming: streaming, deadline: deadline) else { return over("memory", file.path) }
    let before = unpacked
    var count = 0
    do throws(ArchiveReader.Failure) {
      while !isDone, let entry = try reader.next() {
        count += 1
        entries += 1
        if entries > policy.limits.entries { return over("entries", file.path) }
        try self.entry(entry, reader, file, depth, before)
      }
    } catch {
      if count == 0, !isSure, error == .broken || error == .foreign { return }
      failed(error, file.path)
    }
  }

  private mutating func entry(_ entry: ArchiveReader.Entry, _ reader: borrowing ArchiveReader, _ file: File, _ depth: Int, _ before: Int)
    throws(ArchiveReader.Failure)
  {
    guard let bytes = entry.name else { return broken(file.path + ["?"]) }
    var names = FileName.readings(bytes)
    if entry.isRaw { names += stems(file.names) }
    let path = file.path + [entry.isRaw ? names.last?.shown ?? "" : names.first?.shown ?? ""]
    if !entry.isRaw || bytes != Array("data".utf8) { check(names: names, path) } else { check(names: stems(file.names), path) }
    guard entry.isFile, !isDone else { return }
    if entry.isEncrypted { return encrypted(path) }
    macros(bytes, path)
    guard policy.looksInside, !isDone else { return }
    try content(entry, reader, File(bytes: file.bytes, names: names, path: path), depth, before)
  }

  /// Of `virus.exe.gz` what is in it: `virus.exe`.
  private func stems(_ names: [FileName]) -> [FileName] {
    names.compactMap { name in
      guard let dot = name.shown.lastIndex(of: ".") else { return nil }
      let suffix = name.shown[dot...].lowercased()
      let tail = [".tgz", ".tbz", ".tbz2", ".txz", ".tzst", ".taz"].contains(suffix) ? ".tar" : suffix == ".svgz" ? ".svg" : ""
      return FileName(Array((String(name.shown[..<dot]) + tail).utf8))
    }
  }

  private mutating func check(names: [FileName], _ path: [String]) { for name in names { add(policy.rule(name), path) } }

  private mutating func check(name: [UInt8], _ path: [String]) {
    let names = FileName.readings(name)
    check(names: names, path + [names.first?.shown ?? ""])
  }

  /// Office says by the names of its own files whether there is code in a document.
  private mutating func macros(_ name: [UInt8], _ path: [String]) {
    let text = String(decoding: name, as: UTF8.self).lowercased()
    if text.hasSuffix("vbaproject.bin") || text.contains("xl/macrosheets/") || text.hasPrefix("basic/") && text.hasSuffix("/script-lb.xml") {
      add(policy.types[.macro], path)
    }
  }

  /// The beginning says what it is; all of it is kept in memory only if it has to be opened.
  private mutating func content(_ entry: ArchiveReader.Entry, _ reader: borrowing ArchiveReader, _ file: File, _ depth: Int, _ before: Int)
    throws(ArchiveReader.Failure)
  {
    var (bytes, isKept, isKnown) = ([UInt8](), false, false)
    let packed = file.bytes.count
    while !isDone, let piece = try reader.read() {
      unpacked += piece.count
      let grown = unpacked - before
      if unpacked > policy.limits.size { return over("size", file.path) }
      if grown > 10 << 20, grown / policy.limits.ratio > packed { return over("ratio", file.path) }
      if bytes.count < FileType.imageHead || isKept { bytes += piece }
      if !isKnown, bytes.count >= FileType.head {
        isKept = bytes.withUnsafeBytes { FileType($0)?.isContainer == true } || isMessage(file.names) || Self.isOpened(file.names)
        isKnown = isKept || bytes.count >= FileType.imageHead
        // The rest of it can be passed over, where that costs nothing.
        if isKnown, !isKept, entry.isZip { break }
      }
      if isKept, memory + bytes.count > policy.limits.memory { return over("memory", file.path) }
    }
    guard !isDone else { return }
    memory += bytes.count
    bytes.withUnsafeBytes { inspect(File(bytes: $0, names: file.names, path: file.path), depth: depth + 1) }
    memory -= bytes.count
  }

  private func isMessage(_ names: [FileName]) -> Bool { names.contains { $0.extensions.contains("eml") } }

  // MARK: Documents

  private mutating func compound(_ file: File, _ depth: Int) {
    guard let compound = CompoundFile(file.bytes) else { return broken(file.path) }
    if compound.hasMacros { add(policy.types[.macro], file.path) }
    if compound.isInstaller { add(policy.types[.installer], file.path) }
    if compound.isEncrypted { encrypted(file.path) }
    for entry in compound.embedded.prefix(policy.limits.entries) where !isDone {
      let bytes = compound.stream(entry, in: file.bytes, limit: policy.limits.memory)
      if !bytes.isEmpty { embedded(bytes, isNative: entry.name.hasSuffix("Ole10Native"), file, depth) }
    }
  }

  /// [MS-OLEDS] Ole10Native: a length, a number, the file's name, and later on the file.
  private mutating func embedded(_ bytes: [UInt8], isNative: Bool, _ file: File, _ depth: Int) {
    guard isNative else { return bytes.withUnsafeBytes { inspect(File(bytes: $0, names: [], path: file.path + ["object"]), depth: depth + 1) } }
    let label = Array(bytes.dropFirst(6).prefix(260).prefix { $0 != 0 })
    check(name: label, file.path)
    for start in bytes.indices.prefix(2048).dropFirst(6) where bytes[start] == UInt8(ascii: "M") || bytes[start] == 0x7f || bytes[start] == 0x50 {
      bytes[start...].withUnsafeBytes { rest in
        if let type = FileType(UnsafeRawBufferPointer(rebasing: rest.prefix(FileType.head))), type == .pe || type == .elf || type == .zip {
          inspect(File(bytes: rest, names: [], path: file.path + [String(decoding: label, as: UTF8.self)]), depth: depth + 1)
        }
      }
      if isDone { return }
    }
  }

  private mutating func tnef(_ file: File, _ depth: Int) {
    guard let tnef = TNEF(file.bytes) else { return broken(file.path) }
    for attachment in tnef.attachments where !isDone {
      entries += 1
      if entries > policy.limits.entries { return over("entries", file.path) }
      let names = attachment.names.flatMap { FileName.readings($0) }
      let path = file.path + [names.first?.shown ?? "without a name"]
      check(names: names, path)
      inspect(File(bytes: UnsafeRawBufferPointer(rebasing: file.bytes[attachment.data]), names: names, path: path), depth: depth + 1)
    }
    if tnef.isBroken { broken(file.path) }
  }

  // MARK: Messages

  private mutating func message(_ file: File, _ depth: Int) {
    let isParts = file.mimeType.hasPrefix("multipart")
    let (header, body) = isParts ? ([(Array("Content-Type".utf8), Array(file.mimeType.utf8))], file.bytes) : Self.split(file.bytes)
    let survey = Survey(header: header, body: body, policy: policy)
    for finding in survey.findings.all { add(finding.rule, file.path + finding.path) }
    open(survey.deep, of: body, file.path, depth + 1)
  }

  private static func split(_ bytes: UnsafeRawBufferPointer) -> (header: [(name: [UInt8], value: [UInt8])], body: UnsafeRawBufferPointer) {
    var header: [(name: [UInt8], value: [UInt8])] = []
    let end = HeaderBlock.scan(bytes) { field in
      if MessageParts.counts(UnsafeRawBufferPointer(rebasing: bytes[field.name])) {
        header.append((Array(bytes[field.name]), Array(bytes[field.value])))
      }
    }
    return (header, UnsafeRawBufferPointer(rebasing: bytes[end.offset...]))
  }

  /// Decodes what a survey found worth opening, in every way that it may be decoded.
  mutating func open(_ leaves: [Survey.Leaf], of body: UnsafeRawBufferPointer, _ path: [String], _ depth: Int) {
    for leaf in leaves where !isDone {
      let content = UnsafeRawBufferPointer(rebasing: body[leaf.content])
      for bytes in Self.decoded(leaf, content) where !isDone {
        unpacked += bytes.count
        if unpacked > policy.limits.size { return over("size", path + [leaf.shown]) }
        bytes.withUnsafeBytes { inspect(File(bytes: $0, names: leaf.names, path: path + [leaf.shown], mimeType: leaf.type), depth: depth) }
      }
    }
  }

  static func decoded(_ leaf: Survey.Leaf, _ content: UnsafeRawBufferPointer) -> [[UInt8]] {
    if let inline = leaf.inline { return [InlineFiles.decoded(inline, in: content, limit: .max)] }
    let encodings = leaf.encodings.isEmpty ? [.identity] : leaf.encodings
    return encodings.flatMap { PartDecoder.readings(content, $0, limit: .max) }
  }
}
