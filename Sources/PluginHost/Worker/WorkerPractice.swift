// SPDX-License-Identifier: Apache-2.0
import CWeir
import Pipeline
import Runtime

/// What each worker does first, done once in the keeper, with a component that does nothing: the types that Swift makes when they are first used, and the symbols
/// that are looked up then, are there in every copy of the process. It takes about as long as it saves each worker.
enum WorkerPractice {
  private static let patience = Duration.seconds(1)

  static func run() throws {
    Sandbox.practice()
    var order = WorkerOrder(stage: "practice", plugin: "/")
    order.readablePaths = ["/"]
    _ = try HostFrame(HostFrame.load(order))
    _ = try HostFrame(HostFrame.create(component: "practice", options: []))
    let registry = SessionRegistry()
    let instance = try ComponentInstance(try component(), name: order.stage, options: [], posts: registry) { _, _, _ in }
    _ = WorkerFrame.ready(instance.events).encoded
    let server = try WorkerServer(order, instance, nil, registry, WorkerLog())
    let (ours, theirs) = try PacketSocket.pair(size: WorkerProcess.bufferSize)
    server.connect(theirs)
    let channel = PacketChannel(ours, on: server.loop, limit: WorkerFrame.maximumSize)
    try channel.start(received: { _, _ in server.loop.stop() }, ended: { server.loop.stop() })
    send(to: channel)
    let timer = server.loop.timer { server.loop.stop() }
    server.loop.arm(timer, at: server.loop.now + patience)
    server.loop.run()
    channel.close()
  }

  private static func send(to channel: PacketChannel) {
    channel.send(HostFrame.call(HostFrame.Call(number: 1, session: 1, StageCall(.connect))).encoded)
    var content = HostFrame.Content(number: 2, session: 1)
    content.header = Array("Subject: practice\n".utf8)
    content.properties = [StageCall.Parameter("queue.id", [])]
    channel.send(HostFrame.content(content).encoded)
    channel.send(HostFrame.messageEnded(session: 1).encoded)
    channel.send(HostFrame.sessionEnded(session: 1).encoded)
  }

  private static func component() throws(PluginRefusal) -> Component {
    let found: Result<Component, PluginRefusal> = "practice".withCString { name in
      var option = weir_option()
      option.name = name
      let properties = [name, nil]
      return withUnsafePointer(to: option) { option in
        properties.withUnsafeBufferPointer { properties in
          var raw = component(name)
          (raw.n_options, raw.options, raw.props) = (1, option, properties.baseAddress)
          return Result { () throws(PluginRefusal) in try Component(&raw) }
        }
      }
    }
    return try found.get()
  }

  private static func component(_ name: UnsafePointer<CChar>) -> weir_component {
    var raw = weir_component()
    raw.size = UInt32(MemoryLayout<weir_component>.size)
    raw.kind = UInt32(WEIR_STAGE)
    raw.name = name
    raw.events = StageEvents.content.rawValue
    raw.create = { _, _, _, _, _, _ in UnsafeMutableRawPointer(bitPattern: 1) }
    raw.destroy = { _ in }
    raw.on_event = { _, _, _ in Int32(WEIR_CONTINUE) }
    return raw
  }
}

extension HostFrame {
  fileprivate init(_ frame: HostFrame) throws {
    let bytes = frame.encoded
    self = try bytes.withUnsafeBytes { try HostFrame(decoding: $0) }
  }
}
