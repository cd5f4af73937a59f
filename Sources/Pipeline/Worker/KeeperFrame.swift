// SPDX-License-Identifier: Apache-2.0

/// What the keeper of workers tells the mta of one of them.
package enum KeeperFrame: Equatable, Sendable {
  /// It runs. The control socket comes with the frame.
  case started(pid: Int32)
  /// The page for its marks comes with the frame.
  case page
  case failed(String)
  /// Its exit code, or 128 + the signal that ended it.
  case ended(status: Int32)

  /// What the mta says to that.
  package enum Request: UInt8, Sendable {
    case kill = 1
    /// Let all others go first.
    case yield
  }

  package static let maximumSize = 4096

  package var encoded: [UInt8] {
    var writer = FrameWriter()
    switch self {
    case .started(let pid):
      writer.byte(1)
      writer.number(pid)
    case .page: writer.byte(2)
    case .failed(let reason):
      writer.byte(3)
      writer.text(String(reason.prefix(500)))
    case .ended(let status):
      writer.byte(4)
      writer.number(status)
    }
    return writer.bytes
  }

  package init(decoding bytes: UnsafeRawBufferPointer) throws(FrameError) {
    var reader = FrameReader(bytes)
    switch try reader.byte() {
    case 1: self = .started(pid: try reader.number())
    case 2: self = .page
    case 3: self = .failed(try reader.text())
    case 4: self = .ended(status: try reader.number())
    case let other: throw FrameError("\(other) is no frame of a keeper")
    }
    try reader.end()
  }
}

extension WorkerOrder {
  /// What a stage's workers load and may do, as its configuration has it.
  package init(_ settings: StageSettings) {
    self.init(stage: settings.name, plugin: settings.plugin)
    isTable = settings.isTable
    timeout = settings.timeout
    memory = settings.memory
    mayUseNetwork = settings.mayUseNetwork
    // What the configuration names the plugin may look at; of which type an option is only the plugin itself knows, which is not loaded yet.
    readablePaths = settings.options.map(\.value).filter { $0.hasPrefix("/") }
    writablePaths = settings.writablePaths
  }

  private static let maximumOrders = 1000

  package static func encode(_ orders: [WorkerOrder]) -> [UInt8] {
    var writer = FrameWriter()
    writer.list(orders) { $1.write(to: &$0) }
    return writer.bytes
  }

  package static func decode(_ bytes: [UInt8]) throws(FrameError) -> [WorkerOrder] {
    let result = bytes.withUnsafeBytes { bytes in
      Result { () throws(FrameError) in
        var reader = FrameReader(bytes)
        let orders = try reader.list(limit: maximumOrders) { reader throws(FrameError) in try WorkerOrder(from: &reader) }
        try reader.end()
        return orders
      }
    }
    return try result.get()
  }
}
