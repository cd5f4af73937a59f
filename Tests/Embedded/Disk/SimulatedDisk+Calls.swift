// SPDX-License-Identifier: Apache-2.0
import Runtime

extension SimulatedDisk {
  /// Typed throws out of the lock.
  private func locked<Value: Sendable>(
    _ body: (inout Model) throws(DiskError) -> Value
  ) throws(DiskError) -> Value {
    let result: Result<Value, DiskError> = model.withLock { model in
      do throws(DiskError) { return .success(try body(&model)) } catch { return .failure(error) }
    }
    return try result.get()
  }

  private static func opened(_ model: Model, _ handle: DiskHandle) throws(DiskError) -> Open {
    guard let open = model.handles[handle.rawValue] else { throw DiskError(code: DiskError.badHandle, operation: "handle") }
    return open
  }

  package func open(
    _ path: String, at directory: DiskHandle?, _ options: OpenOptions, mode: UInt32
  ) throws(DiskError) -> DiskHandle {
    try locked { (model) throws(DiskError) in
      let start = try model.node(directory)
      if let node = model.cached.find(path, from: start) {
        if options.contains(.exclusive) { throw DiskError(code: DiskError.taken, operation: "open", path: path) }
        let isDirectory = model.cached.nodes[node]?.isDirectory ?? false
        if options.contains(.directory), !isDirectory { throw DiskError(code: DiskError.notDirectory, operation: "open", path: path) }
        if options.contains(.write), model.isReadOnly { throw DiskError(code: DiskError.readOnly, operation: "open", path: path) }
        if options.contains(.write), isDirectory { throw DiskError(code: DiskError.isDirectory, operation: "open", path: path) }
        return model.open(node, path, isAppending: options.contains(.append))
      }
      guard options.contains(.create) else { throw model.missing(path) }
      try model.check("create", path)
      let (parent, name) = try model.parent(of: path, at: directory)
      let node = model.makeNode(isDirectory: false, device: model.cached.nodes[parent]?.device ?? 1)
      model.record([.entries([.init(directory: parent, name: name, node: node)])])
      return model.open(node, path)
    }
  }

  package func close(_ handle: DiskHandle) throws(DiskError) {
    try locked { (model) throws(DiskError) in
      let open = try Self.opened(model, handle)
      model.handles[handle.rawValue] = nil
      if model.locks[open.node] == handle.rawValue { model.locks[open.node] = nil }
      if model.recordLocks[open.node] == handle.rawValue { model.recordLocks[open.node] = nil }
    }
  }

  package func read(_ handle: DiskHandle, into buffer: UnsafeMutableRawBufferPointer, offset: Int64) throws(DiskError) -> Int {
    let count = buffer.count
    let bytes = try locked { (model) throws(DiskError) in
      model.cached.read(try Self.opened(model, handle).node, offset: offset, count: count)
    }
    buffer.copyBytes(from: bytes)
    let follow = model.withLock { model in
      defer { model.afterRead = nil }
      return model.afterRead
    }
    follow?()
    return bytes.count
  }

  package func view(_ handle: DiskHandle, length: Int) throws(DiskError) -> FileView {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, length), alignment: 16)
    nonisolated(unsafe) let kept = memory
    let count = try read(handle, into: UnsafeMutableRawBufferPointer(rebasing: memory[..<length]), offset: 0)
    return FileView(UnsafeRawBufferPointer(rebasing: memory[..<count])) { kept.deallocate() }
  }

  package func write(_ handle: DiskHandle, _ pieces: [UnsafeRawBufferPointer], offset: Int64) throws(DiskError) {
    let bytes = pieces.flatMap { Array($0) }
    try locked { (model) throws(DiskError) in
      let open = try Self.opened(model, handle)
      try model.check("write", open.path)
      let size = model.cached.nodes[open.node]?.size ?? 0
      let offset = open.isAppending ? size : offset
      try model.takeSpace(offset + Int64(bytes.count) - size, "write")
      model.write(open.node, bytes, offset: offset)
    }
  }

  package func synchronizeData(_ handle: DiskHandle) throws(DiskError) { try synchronize(handle, "fdatasync") }
  package func synchronize(_ handle: DiskHandle) throws(DiskError) { try synchronize(handle, "fsync") }

  private func synchronize(_ handle: DiskHandle, _ operation: String) throws(DiskError) {
    try locked { (model) throws(DiskError) in
      let open = try Self.opened(model, handle)
      do throws(DiskError) { try model.check(operation, open.path) } catch {
        model.failSync(open.node)
        throw error
      }
      model.sync(open.node)
    }
  }

  package func synchronizeFileSystem(_ handle: DiskHandle) throws(DiskError) {
    try locked { (model) throws(DiskError) in
      let open = try Self.opened(model, handle)
      do throws(DiskError) { try model.check("syncfs", open.path) } catch {
        model.failSync(nil)
        throw error
      }
      model.sync(nil)
    }
  }

  package func allocate(_ handle: DiskHandle, length: Int64) throws(DiskError) {
    try locked { (model) throws(DiskError) in
      let open = try Self.opened(model, handle)
      try model.check("fallocate", open.path)
      let size = model.cached.nodes[open.node]?.size ?? 0
      guard length > size else { return }
      try model.takeSpace(length - size, "fallocate")
      model.record([.size(node: open.node, length)])
    }
  }

  package func truncate(_ handle: DiskHandle, length: Int64) throws(DiskError) {
    try locked { (model) throws(DiskError) in
      let open = try Self.opened(model, handle)
      try model.check("ftruncate", open.path)
      model.record([.size(node: open.node, length)])
    }
  }

  package func rename(
    _ path: String, at directory: DiskHandle?, to newPath: String, at newDirectory: DiskHandle?, replacing: Bool
  ) throws(DiskError) {
    try locked { (model) throws(DiskError) in
      try model.check("rename", newPath)
      let (from, oldName) = try model.parent(of: path, at: directory)
      let (to, newName) = try model.parent(of: newPath, at: newDirectory)
      guard let node = model.cached.nodes[from]?.entries[oldName] else { throw model.missing(path) }
      if !replacing, model.cached.nodes[to]?.entries[newName] != nil {
        throw DiskError(code: DiskError.taken, operation: "rename", path: newPath)
      }
      model.record([
        .entries([.init(directory: from, name: oldName, node: nil), .init(directory: to, name: newName, node: node)])
      ])
    }
  }

  package func link(
    _ path: String, at directory: DiskHandle?, to newPath: String, at newDirectory: DiskHandle?
  ) throws(DiskError) {
    try locked { (model) throws(DiskError) in
      try model.check("link", newPath)
      guard let node = model.cached.find(path, from: try model.node(directory)) else { throw model.missing(path) }
      let (to, name) = try model.parent(of: newPath, at: newDirectory)
      if model.cached.nodes[to]?.entries[name] != nil { throw DiskError(code: DiskError.taken, operation: "link", path: newPath) }
      model.record([.entries([.init(directory: to, name: name, node: node)])])
    }
  }

  package func unlink(_ path: String, at directory: DiskHandle?) throws(DiskError) {
    try locked { (model) throws(DiskError) in
      try model.check("unlink", path)
      let (parent, name) = try model.parent(of: path, at: directory)
      guard let node = model.cached.nodes[parent]?.entries[name] else { throw model.missing(path) }
      if let size = model.cached.nodes[node]?.size, let space = model.space { model.space = space + size }
      model.record([.entries([.init(directory: parent, name: name, node: nil)])])
    }
  }

  package func makeDirectory(_ path: String, at directory: DiskHandle?, mode: UInt32) throws(DiskError) {
    try locked { (model) throws(DiskError) in
      let (parent, name) = try model.parent(of: path, at: directory)
      if model.cached.nodes[parent]?.entries[name] != nil { throw DiskError(code: DiskError.taken, operation: "mkdir", path: path) }
      try model.check("mkdir", path)
      let node = model.makeNode(isDirectory: true, device: model.cached.nodes[parent]?.device ?? 1)
      model.record([.entries([.init(directory: parent, name: name, node: node)])])
    }
  }

  package func list(_ directory: DiskHandle) throws(DiskError) -> [String] {
    try locked { (model) throws(DiskError) in
      let node = try Self.opened(model, directory).node
      return model.cached.nodes[node]?.entries.keys.sorted() ?? []
    }
  }

  package func status(_ path: String, at directory: DiskHandle?) throws(DiskError) -> FileStatus {
    try locked { (model) throws(DiskError) in
      guard let node = model.cached.find(path, from: try model.node(directory)) else { throw model.missing(path) }
      return model.status(node)
    }
  }

  package func status(_ handle: DiskHandle) throws(DiskError) -> FileStatus {
    try locked { (model) throws(DiskError) in model.status(try Self.opened(model, handle).node) }
  }

  package func lock(_ handle: DiskHandle) throws(DiskError) -> Bool {
    try locked { (model) throws(DiskError) in
      let node = try Self.opened(model, handle).node
      if let holder = model.locks[node], holder != handle.rawValue { return false }
      model.locks[node] = handle.rawValue
      return true
    }
  }

  package func lockRecords(_ handle: DiskHandle) throws(DiskError) -> Bool {
    try locked { (model) throws(DiskError) in
      let node = try Self.opened(model, handle).node
      if let holder = model.recordLocks[node], holder != handle.rawValue { return false }
      model.recordLocks[node] = handle.rawValue
      return true
    }
  }

  package func fileSystem(_ handle: DiskHandle) throws(DiskError) -> FileSystemKind {
    try locked { (model) throws(DiskError) in
      let node = try Self.opened(model, handle).node
      return model.kinds[model.cached.nodes[node]?.device ?? 1] ?? .other
    }
  }

  package func random() -> UInt64 {
    model.withLock { model in
      model.seed &+= 0x9E37_79B9_7F4A_7C15
      var value = model.seed
      value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
      value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
      return value ^ (value >> 31)
    }
  }
}

extension SimulatedDisk.Model {
  func status(_ node: Int) -> FileStatus {
    let found = cached.nodes[node] ?? DiskImage.Node(isDirectory: false, device: 1)
    return FileStatus(
      size: found.size, modified: 0, device: found.device, inode: UInt64(node), mode: found.isDirectory ? 0o040700 : 0o100600, owner: 0,
      group: 0)
  }
}
