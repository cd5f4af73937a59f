// SPDX-License-Identifier: Apache-2.0
import Runtime

/// What the supervisor gives each process it starts, in a sealed piece of memory on descriptor 3: the configuration as it was checked. Descriptor 4
/// is the wire for its heartbeat, the listening sockets follow; the arguments say which listener each is for.
///
/// The memory begins with the big files, and ends with the rest and its length, 8 bytes.
struct Handover {
  var configuration: String?
  var data: String?
  /// Whether certificates are read from copies, and a mailbox process delivers to system users: the supervisor is root.
  var isFromRoot = false
  var files = RecordedFiles()
  /// The addresses of the host names that listeners are bound to, as they were when the configuration was checked.
  var hosts: [String: [String]] = [:]

  static let memoryDescriptor: Int32 = 3
  static let heartbeat: Int32 = 4
  static let firstSocket: Int32 = 5

  var options: Options {
    var options = Options()
    options.configuration = configuration
    options.data = data
    return options
  }

  /// The end of the memory.
  func encoded() -> [UInt8] {
    var writer = Writer()
    writer.write(optional: configuration)
    writer.write(optional: data)
    writer.write(count: isFromRoot ? 1 : 0)
    writer.write(hosts.sorted { $0.key < $1.key }) { writer, host in
      writer.write(Array(host.key.utf8))
      writer.write(host.value) { $0.write(Array($1.utf8)) }
    }
    writer.write(files.files.sorted { $0.key < $1.key }) { writer, file in
      writer.write(Array(file.key.utf8))
      writer.write(file.value)
    }
    writer.write(files.folders.sorted { $0.key < $1.key }) { writer, folder in
      writer.write(Array(folder.key.utf8))
      writer.write(folder.value) { $0.write(Array($1.utf8)) }
    }
    writer.write(files.views.sorted { $0.key < $1.key }) { writer, view in
      writer.write(Array(view.key.utf8))
      writer.write(wide: view.value.lowerBound)
      writer.write(wide: view.value.count)
    }
    writer.write(wide: writer.bytes.count)
    return writer.bytes
  }

  init() {}

  /// Nil when the memory does not end in what `encoded` makes.
  init?(_ memory: MemoryView) {
    let bytes = memory.bytes
    defer { extendLifetime(memory) }
    guard bytes.count >= 8 else { return nil }
    let length = bytes.loadUnaligned(fromByteOffset: bytes.count - 8, as: UInt64.self).littleEndian
    guard length <= bytes.count - 8 else { return nil }
    var reader = Reader(Array(bytes.dropLast(8).suffix(Int(length))))
    guard let hasConfiguration = reader.optional(), let hasData = reader.optional(), let rootFlag = reader.count(),
      let hosts = reader.list({ reader -> (String, [String])? in
        guard let name = reader.text(), let addresses = reader.list({ $0.text() }) else { return nil }
        return (name, addresses)
      }),
      let files = reader.list({ reader -> (String, [UInt8])? in
        guard let path = reader.text(), let bytes = reader.bytes() else { return nil }
        return (path, bytes)
      }),
      let folders = reader.list({ reader -> (String, [String])? in
        guard let path = reader.text(), let names = reader.list({ $0.text() }) else { return nil }
        return (path, names)
      }),
      let views = reader.list({ reader -> (String, Range<Int>)? in
        guard let path = reader.text(), let begin = reader.wide(), let count = reader.wide(), begin <= bytes.count, count <= bytes.count - begin
        else {
          return nil
        }
        return (path, begin..<(begin + count))
      }), reader.isAtEnd
    else { return nil }
    configuration = hasConfiguration.first
    data = hasData.first
    isFromRoot = rootFlag == 1
    self.hosts = Dictionary(hosts, uniquingKeysWith: { $1 })
    self.files = RecordedFiles(
      files: Dictionary(files, uniquingKeysWith: { $1 }), views: Dictionary(views, uniquingKeysWith: { $1 }),
      folders: Dictionary(folders, uniquingKeysWith: { $1 }), memory: memory)
  }

  private struct Writer {
    var bytes: [UInt8] = []

    mutating func write(count: Int) { withUnsafeBytes(of: UInt32(clamping: count).littleEndian) { bytes += $0 } }

    mutating func write(wide value: Int) { withUnsafeBytes(of: UInt64(clamping: value).littleEndian) { bytes += $0 } }

    mutating func write(_ value: [UInt8]) {
      write(count: value.count)
      bytes += value
    }

    mutating func write<Element>(_ list: [Element], _ body: (inout Writer, Element) -> Void) {
      write(count: list.count)
      for element in list { body(&self, element) }
    }

    mutating func write(optional text: String?) { write(text.map { [$0] } ?? []) { $0.write(Array($1.utf8)) } }
  }

  private struct Reader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func count() -> Int? {
      guard rest.count >= 4 else { return nil }
      let value = rest.prefix(4).reversed().reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
      rest = rest.dropFirst(4)
      return Int(value)
    }

    mutating func wide() -> Int? {
      guard rest.count >= 8 else { return nil }
      let value = rest.prefix(8).reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
      rest = rest.dropFirst(8)
      return Int(exactly: value)
    }

    mutating func bytes() -> [UInt8]? {
      guard let count = count(), count <= rest.count else { return nil }
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }

    mutating func text() -> String? { bytes().map { String(decoding: $0, as: UTF8.self) } }

    mutating func list<Element>(_ element: (inout Reader) -> Element?) -> [Element]? {
      guard let count = count(), count <= rest.count else { return nil }
      var list: [Element] = []
      for _ in 0..<count {
        guard let next = element(&self) else { return nil }
        list.append(next)
      }
      return list
    }

    /// At most one text.
    mutating func optional() -> [String]? { list { $0.text() } }
  }
}
