// SPDX-License-Identifier: Apache-2.0
import CWeir

@testable import HeaderChecks

/// A host of one stage and one session, which writes down what the stage asks for.
final class FakeHost {
  private(set) var logged: [String] = []
  /// `before 7 X-A=b`, `replace 7 X-A=b`, `delete 7`, `hold why`, `add bob@example.com NOTIFY=NEVER`
  private(set) var edits: [String] = []
  private(set) var reply: String?
  private(set) var properties: [String: String] = [:]
  private(set) var events: UInt64 = ~0

  private let memory: UnsafeMutablePointer<Memory>
  private var instance: UnsafeMutableRawPointer?
  private var context = weir_ctx()

  /// What the stage gets as its host, with the way back to this object behind it.
  private struct Memory {
    var host = weir_host()
    var message = weir_message()
    var owner: Unmanaged<FakeHost>
  }

  struct Refused: Error { let reason: String }

  static var component: weir_component? { weirPlugin()?.assumingMemoryBound(to: weir_plugin.self).pointee.components?.pointee?.pointee }

  init(_ options: [(String, String)], properties: [String: String] = [:]) throws {
    memory = .allocate(capacity: 1)
    self.properties = properties
    memory.initialize(to: Memory(owner: .passUnretained(self)))
    fillIn()
    instance = try make(options)
  }

  deinit {
    if let state = context.message { Self.component?.free_state(instance, UInt32(WEIR_PER_MESSAGE), state) }
    if let instance { Self.component?.destroy(instance) }
    for copy in lent { copy.deallocate() }
    memory.deallocate()
  }

  private func make(_ options: [(String, String)]) throws -> UnsafeMutableRawPointer {
    var reason = [CChar](repeating: 0, count: 4096)
    let texts = options.map { (Array($0.0.utf8CString), Array($0.1.utf8CString)) }
    // Lent for the call: copies in memory that is freed after it.
    let copies = texts.map { ($0.0.copied, $0.1.copied) }
    defer { for copy in copies { copy.0.deallocate(); copy.1.deallocate() } }
    let pairs = zip(texts, copies).map { text, copy in
      weir_pair(key: weir_str(ptr: copy.0, len: text.0.count - 1), value: weir_str(ptr: copy.1, len: text.1.count - 1))
    }
    let host = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: weir_host.self)
    guard let made = Self.component?.create(host, pairs, UInt64(pairs.count), &events, &reason, UInt64(reason.count)) else {
      throw Refused(reason: String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
    return made
  }

  /// The verdict on a header line without a blank after its colon.
  func tightHeader(_ name: String, _ value: String) -> Int32 {
    let (key, colon) = (Array("separator".utf8CString).copied, Array(":".utf8CString).copied)
    lent += [key, colon]
    parameters = [weir_pair(key: weir_str(ptr: key, len: 9), value: weir_str(ptr: colon, len: 1))]
    defer { parameters = [] }
    return header(name, value)
  }

  /// The verdict on a header line.
  func header(_ name: String, _ value: String, kind: Int = Int(WEIR_EV_HEADER), flags: Int = 0, reference: UInt64 = 7) -> Int32 {
    header(name, Array(value.utf8), kind: kind, flags: flags, reference: reference)
  }

  func header(_ name: String, _ value: [UInt8], kind: Int = Int(WEIR_EV_HEADER), flags: Int = 0, reference: UInt64 = 7) -> Int32 {
    let name = Array(name.utf8).map { CChar(bitPattern: $0) }
    let value = value.map { CChar(bitPattern: $0) }
    return name.withUnsafeBufferPointer { name in
      value.withUnsafeBufferPointer { value in
        var event = weir_event()
        event.size = UInt32(MemoryLayout<weir_event>.size)
        event.type = UInt32(kind)
        event.flags = UInt32(flags)
        event.ref = reference
        event.name = weir_str(ptr: name.baseAddress, len: name.count)
        event.value = weir_str(ptr: value.baseAddress, len: value.count)
        context.size = UInt32(MemoryLayout<weir_ctx>.size)
        context.id = 1
        return parameters.withUnsafeBufferPointer {
          event.params = $0.baseAddress
          event.n_params = UInt64($0.count)
          return Self.component?.on_event(instance, &context, &event) ?? -1
        }
      }
    }
  }

  /// The verdict at the end of a message, which is `content`.
  func end() -> Int32 {
    var event = weir_event()
    event.size = UInt32(MemoryLayout<weir_event>.size)
    event.type = UInt32(WEIR_EV_EOM)
    return Self.component?.on_event(instance, &context, &event) ?? -1
  }

  /// Header and body, as the host lends them.
  var content = ""

  /// What was said so far is forgotten.
  func clear() { (reply, logged, edits) = (nil, [], []) }

  // MARK: The tables

  private static func owner(_ host: UnsafePointer<weir_host>?) -> FakeHost? {
    host.map { UnsafeRawPointer($0).assumingMemoryBound(to: Memory.self).pointee.owner.takeUnretainedValue() }
  }

  private func fillIn() {
    memory.pointee.host.size = UInt32(MemoryLayout<weir_host>.size)
    memory.pointee.host.extension = { host, _ in
      guard let host, let offset = MemoryLayout<Memory>.offset(of: \.message) else { return nil }
      return UnsafeRawPointer(host) + offset
    }
    memory.pointee.host.log = { host, _, _, text in FakeHost.owner(host)?.logged.append(text.text) }
    memory.pointee.host.get = { host, _, key, value in
      guard let key, let owner = FakeHost.owner(host), let found = owner.properties[String(cString: key)] else { return Int32(WEIR_E_NOTFOUND) }
      let copy = Array(found.utf8CString).copied
      owner.lent.append(copy)
      value?.pointee = weir_str(ptr: copy, len: found.utf8.count)
      return 0
    }
    memory.pointee.host.set = { host, _, _, key, value in
      if let key { FakeHost.owner(host)?.properties[String(cString: key)] = value.text }
      return 0
    }
    memory.pointee.message.reply = { host, _, code, status, text in
      FakeHost.owner(host)?.reply = "\(code) \(status.map { String(cString: $0) } ?? "") \(text.text)"
      return Int32(code >= 500 ? WEIR_REJECT : WEIR_TEMPFAIL)
    }
    memory.pointee.message.header = { host, _, operation, reference, name, value in
      let word = [WEIR_HDR_BEFORE: "before", WEIR_HDR_REPLACE: "replace", WEIR_HDR_DELETE: "delete"][Int(operation)] ?? "?"
      FakeHost.owner(host)?.edits.append(name.len == 0 ? "\(word) \(reference)" : "\(word) \(reference) \(name.text)=\(value.text)")
      return 0
    }
    memory.pointee.message.route = { host, _, operation, text in
      let word = [WEIR_ROUTE_HOLD: "hold", WEIR_ROUTE_REDIRECT: "redirect", WEIR_ROUTE_NEXTHOP: "nexthop"][Int(operation)] ?? "?"
      FakeHost.owner(host)?.edits.append("\(word) \(text.text)")
      return 0
    }
    memory.pointee.message.content = { host, _, offset, out in
      guard let owner = FakeHost.owner(host) else { return Int32(WEIR_E_DENIED) }
      let halves = owner.content.split(separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
      let header = halves[0].utf8.count + 2
      let piece = offset == 0 ? "\(halves[0])\n\n" : Int(offset) == header ? String(halves[1]) : ""
      if piece.isEmpty { return Int32(WEIR_E_NOTFOUND) }
      let copy = Array(piece.utf8CString).copied
      owner.lent.append(copy)
      out?.pointee = weir_str(ptr: copy, len: piece.utf8.count)
      return 0
    }
    memory.pointee.message.splice = { host, _, offset, length, bytes in
      FakeHost.owner(host)?.edits.append("splice \(offset) \(length) \(bytes.text)")
      return 0
    }
    memory.pointee.message.rcpt = { host, _, _, address, parameters in
      FakeHost.owner(host)?.edits.append("add \(address.text) \(parameters.text)")
      return 0
    }
  }

  private var lent: [UnsafeMutablePointer<CChar>] = []
  private var parameters: [weir_pair] = []
}

extension weir_str {
  /// As UTF-8; what is none is told by its bytes.
  fileprivate var text: String {
    let bytes = UnsafeRawBufferPointer(start: ptr, count: len)
    return String(validating: bytes, as: UTF8.self) ?? bytes.map { $0 < 0x80 ? String(UnicodeScalar($0)) : "<\(String($0, radix: 16))>" }.joined()
  }
}

extension [CChar] {
  /// To be deallocated by the caller.
  fileprivate var copied: UnsafeMutablePointer<CChar> {
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: count)
    copy.initialize(from: self, count: count)
    return copy
  }
}
