// SPDX-License-Identifier: Apache-2.0
// A stage that uses everything that WeirPlugin has, once.

import CWeir

private final class Counter {
  var events = 0
  deinit { events = 0 }
}

final class Everything: Stage {
  static let component = Component(
    "everything", help: "uses what there is",
    events: [.connect, .helo, .mail, .recipient, .header, .endOfHeader, .body, .endOfMessage],
    capabilities: [.headers, .recipients, .sender, .body, .route, .reject, .fields, .content],
    options: [.int("limit", default: "3", help: "a limit"), .duration("wait", default: "1500ms", help: "a time")], properties: ["client.addr"])

  private let host: Host
  private let metric: Metric
  private let wait: Duration

  init(host: Host, options: Options) throws {
    guard options.int("limit") == 3 else { throw Refusal("the limit is not 3") }
    self.host = host
    metric = host.counter("things", help: "things seen")
    wait = options.duration("wait")
  }

  func handle(_ event: Event, _ context: Context) throws -> Verdict {
    let counter = context.message(Counter())
    counter.events += 1
    context.session = Counter()
    switch event.kind {
    case .connect: return try connect(context)
    case .helo: throw HostError.unsupported
    case .mail: return context.verdict(after: wait) { _, context in context.tempfail("later") }
    case .recipient: return recipient(context)
    case .header: return try header(event, context)
    case .endOfHeader: return try endOfHeader(context)
    case .body: return try body(event, context)
    default: return try endOfMessage(context, counter.events)
    }
  }

  private func connect(_ context: Context) throws -> Verdict {
    context.log(.info, "from \(try context.property("client.addr").map { String($0) } ?? "?"), \(try context.property("client.name") == nil)")
    return context.verdict { pending in pending.answer { $0.reply(421, "4.3.2", "not now").closing } }
  }

  private func recipient(_ context: Context) -> Verdict {
    context.verdict(afterWork: { 6 * 7 }) { product, context in
      try context.rewriteRecipient(to: "answer\(product)@example.org")
      // One request leads to another.
      return context.verdict(afterLooking: "key", upIn: "table") { answer, _ in answer.isNotFound ? .skip : .discard }
    }
  }

  private func header(_ event: Event, _ context: Context) throws -> Verdict {
    try context.appendHeader("X-New", "1")
    try context.prependHeader("X-First", "2")
    try context.replaceHeader(event.reference, with: "X-Old", String(event.value) + "0")
    try context.deleteHeader(event.reference)
    try context.set("everything.seen", "yes")
    try context.set("ar.test", "pass", for: .session)
    return .continue
  }

  private func endOfHeader(_ context: Context) throws -> Verdict {
    var names: [String] = []
    try context.eachHeader { _, name, _ in names.append(String(name)) }
    context.log(.warning, names.joined(separator: ","))
    context.resolve("example.org", .mx) { answer, context in context.log(.debug, "resolved: \(answer.items.count)") }
    context.wait(.milliseconds(5)) { _, context in context.log(.debug, "waited") }
    context.look("a", upIn: "b") { _, _ in }
    return .done
  }

  private func body(_ event: Event, _ context: Context) throws -> Verdict {
    try context.writeBody(event.value)
    try context.writeBody("more")
    return .continue
  }

  private func endOfMessage(_ context: Context, _ events: Int) throws -> Verdict {
    var size = UInt64(0)
    while let piece = try context.content(at: size) { size += UInt64(piece.count) }
    context.log(.info, "\(size) bytes, \(events) events")
    try context.setSender("b@example.org")
    try context.addRecipient("c@example.org")
    try context.deleteRecipient("d@example.org")
    try context.hold("why")
    try context.quarantine("why")
    try context.redirect(to: "e@example.org")
    try context.send(through: "smtp:[192.0.2.9]")
    metric.add(2)
    host.log(.error, "done")
    return .reject
  }
}

private let plugin = Plugin(id: "org.example.everything", version: "1", stages: [Everything.self])

@_cdecl("weir_plugin_v0") public func weirPlugin() -> Plugin.Descriptor? { plugin.descriptor }
