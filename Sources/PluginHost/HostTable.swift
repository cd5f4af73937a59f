// SPDX-License-Identifier: Apache-2.0
import CPluginHost
import CWeir

/// The `weir_host` of an instance, in memory of its own, with the instance behind it.
enum HostTable {
  private static let size = MemoryLayout<weir_host>.stride

  static func make() -> UnsafeMutableRawPointer {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: size + MemoryLayout<UnsafeRawPointer?>.size, alignment: 16)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: size + MemoryLayout<UnsafeRawPointer?>.size)
    memory.bindMemory(to: weir_host.self, capacity: 1).initialize(to: functions)
    return memory
  }

  static func free(_ memory: UnsafeMutableRawPointer) { memory.deallocate() }

  static func table(_ memory: UnsafeMutableRawPointer) -> UnsafePointer<weir_host> { UnsafePointer(memory.assumingMemoryBound(to: weir_host.self)) }

  /// Not retained: the instance owns the memory.
  static func setOwner(_ memory: UnsafeMutableRawPointer, _ owner: ComponentInstance) {
    memory.storeBytes(of: Unmanaged.passUnretained(owner).toOpaque(), toByteOffset: size, as: UnsafeMutableRawPointer.self)
  }

  @inline(__always) static func owner(_ host: UnsafePointer<weir_host>?) -> ComponentInstance? {
    guard let host, let raw = UnsafeRawPointer(host).load(fromByteOffset: size, as: UnsafeRawPointer?.self) else { return nil }
    return Unmanaged<ComponentInstance>.fromOpaque(raw).takeUnretainedValue()
  }

  /// The context whose callback the calling thread is in, if `id` is one that it may use.
  @inline(__always) static func context(_ host: UnsafePointer<weir_host>?, _ id: UInt64) -> StageContext? {
    guard let raw = cpluginhost_get_frame() else { return nil }
    let context = Unmanaged<StageContext>.fromOpaque(raw).takeUnretainedValue()
    guard context.instance.hostTable == host else { return nil }
    if context.accepts(id) { return context }
    return nil
  }

  /// What to answer where `context` found none: no callback, or an id whose time is over.
  static func refusal(_ host: UnsafePointer<weir_host>?) -> Int32 {
    guard let instance = owner(host) else { return Status.denied }
    guard cpluginhost_get_frame() != nil else {
      instance.counters.denied.count()
      return Status.denied
    }
    instance.counters.stale.count()
    return Status.stale
  }

  static var functions: weir_host {
    var host = weir_host()
    host.size = UInt32(MemoryLayout<weir_host>.size)
    host.abi = UInt32(WEIR_ABI_MAJOR) << 16 | UInt32(WEIR_ABI_MINOR)
    host.version = versionText
    host.extension = { host, id in HostTable.extensionTable(host, id) }
    host.log = { host, id, level, text in HostTable.log(host, id, level, text) }
    host.metric = { host, kind, name, help in HostTable.metric(host, kind, name, help) }
    host.metric_add = { host, number, value in HostTable.owner(host)?.metrics.add(number, value) }
    host.get = { host, id, key, out in HostTable.context(host, id)?.get(key, out) ?? HostTable.refusal(host) }
    host.set = { host, id, scope, key, value in HostTable.context(host, id)?.set(scope, key, value) ?? HostTable.refusal(host) }
    host.complete = { host, id, verdict in HostTable.context(host, id)?.complete(id, verdict) ?? HostTable.refusal(host) }
    host.post = { host, id, function, user in HostTable.post(host, id, function, user) }
    host.timer = { host, id, milliseconds, done, user in
      HostTable.context(host, id)?.request(.timer(milliseconds: milliseconds), done, user) ?? HostTable.refusal(host)
    }
    host.dns = { host, id, name, type, done, user in
      guard let context = HostTable.context(host, id) else { return HostTable.refusal(host) }
      guard let text = name.text(limit: 255), !text.isEmpty else { return Status.invalid }
      return context.request(.names(text, type: type), done, user)
    }
    host.lookup = { host, id, table, key, done, user in
      guard let context = HostTable.context(host, id) else { return HostTable.refusal(host) }
      guard let table, let key = key.copied(limit: 64 * 1024) else { return Status.invalid }
      return context.request(.lookUp(table: String(cString: table), key: key), done, user)
    }
    host.offload = { host, id, work, done, user in
      guard let context = HostTable.context(host, id) else { return HostTable.refusal(host) }
      guard let work else { return Status.invalid }
      return context.request(.offload, done, user, offloaded: work)
    }
    return host
  }

  /// "Weir 1.4.2", for as long as the process lives.
  nonisolated(unsafe) private static let versionText: UnsafePointer<CChar>? = {
    let text = Array("Weir".utf8CString)
    let memory = UnsafeMutableBufferPointer<CChar>.allocate(capacity: text.count)
    _ = memory.initialize(from: text)
    return UnsafePointer(memory.baseAddress)
  }()

  // MARK: What needs no session

  private static func extensionTable(_ host: UnsafePointer<weir_host>?, _ id: UnsafePointer<CChar>?) -> UnsafeRawPointer? {
    guard let id, let instance = owner(host) else { return nil }
    switch (String(cString: id), instance.component.kind) {
    case (MessageTable.id, .stage): return MessageTable.pointer
    case (AnswerTable.id, .table): return AnswerTable.pointer
    default: return nil
    }
  }

  private static func log(_ host: UnsafePointer<weir_host>?, _ id: UInt64, _ level: UInt32, _ text: weir_str) {
    guard let instance = owner(host), let text = text.text(limit: 8192) else { return }
    let queueID = context(host, id)?.property("queue.id").map { String(decoding: $0, as: UTF8.self) }
    instance.log(ComponentInstance.LogLevel(rawValue: level) ?? .info, text.replacing("\n", with: " "), queueID: queueID)
  }

  private static func metric(_ host: UnsafePointer<weir_host>?, _ kind: UInt32, _ name: UnsafePointer<CChar>?, _ help: UnsafePointer<CChar>?)
    -> UInt64
  {
    guard let name, let identifier = Component.identifier(name), let instance = owner(host) else { return 0 }
    return instance.metrics.make(kind: kind, name: identifier, help: help.map { String(cString: $0) } ?? "")
  }

  private static func post(_ host: UnsafePointer<weir_host>?, _ id: UInt64, _ function: DoneFunction?, _ user: UnsafeMutableRawPointer?) -> Int32 {
    guard let instance = owner(host), let function else { return Status.invalid }
    let argument = Borrowed(user)
    let isTaken = instance.posts.post(id, instance: instance) { context in
      guard let context else { return StageContext.callWithout(function, argument.pointer, status: Status.cancelled) }
      context.run(function, argument.pointer, .ok)
    }
    if isTaken { return Status.ok }
    instance.counters.stale.count()
    return Status.stale
  }
}

/// A plugin's pointer on its way through a closure to another thread: we only hand it back.
struct Borrowed: @unchecked Sendable {
  let pointer: UnsafeMutableRawPointer?
  init(_ pointer: UnsafeMutableRawPointer?) { self.pointer = pointer }
}
