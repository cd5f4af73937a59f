// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Settings

extension Importer {
  var masterPath: String { request.postfixFolder + "/master.cf" }

  mutating func readMaster() {
    guard let bytes = try? files.read(masterPath, limit: Self.maximumFileLength) else {
      ledger.addNote("there is no \(masterPath): Weir listens on port 25, as a new Postfix does")
      return
    }
    let source = SourceText(name: masterPath, bytes: bytes)
    ledger.open(masterPath, lineCount: source.countedLines)
    for piece in source.postfixPieces {
      if !piece.isEntry {
        ledger.add(masterPath, piece.lines, nil, .kept)
      } else if let service = MasterService(piece) {
        addService(service)
      } else {
        ledger.add(masterPath, piece.lines, piece.text, .refused, "this is no service: its eight fields are name, type, six columns and a command")
      }
    }
  }

  /// The account of a service: an item for it, and one for each `-o`, so that each can have its own end.
  private mutating func addService(_ parsed: MasterService) {
    var service = parsed
    let arguments = service.arguments.isEmpty ? "" : " " + service.arguments.joined(separator: " ")
    service.item = ledger.add(masterPath, service.lines, "\(service.title) \(service.command)\(arguments)", .kept)
    for index in service.options.indices {
      let option = service.options[index]
      service.options[index].item = ledger.add(masterPath, option.lines, "-o \(option.name)=\(option.value)", .kept)
    }
    services.append(service)
  }

  mutating func importServices() {
    let behind = services.first { if case .behindPostscreen = ServicePlan($0) { true } else { false } }
    let hasPostscreen = services.contains { if case .postscreen = ServicePlan($0) { true } else { false } }
    for service in services { importService(service, behindPostscreen: behind, hasPostscreen: hasPostscreen) }
  }

  private mutating func importService(_ service: MasterService, behindPostscreen behind: MasterService?, hasPostscreen: Bool) {
    switch ServicePlan(service) {
    case .listener: addListener(service, options: service.options)
    case .postscreen:
      ledger.amend(service.item, .translated, "becomes a listener with the settings of `\(behind?.title ?? "smtpd pass")`")
      addListener(service, options: service.options + (behind?.options ?? []))
    case .behindPostscreen where hasPostscreen:
      ledger.amend(service.item, .translated, "its settings are those of the listener for postscreen's port")
    case .behindPostscreen: refuse(service, "no postscreen hands connections to it")
    case .inside(let what):
      ledger.amend(service.item, .translated, what)
      if TransportBlock.clients.contains(service.name), TransportBlock.clients.contains(service.command) {
        addClient(service)
      } else {
        for option in service.options { importIdleOption(option, of: service) }
      }
    case .refused(let reason): refuse(service, reason)
    // Who uses it is known when the tables are.
    case .transport: break
    }
  }

  mutating func refuse(_ service: MasterService, _ reason: String) {
    ledger.amend(service.item, .refused, reason)
    for option in service.options { ledger.amend(option.item, .refused, "the service was refused") }
  }

  private mutating func addListener(_ service: MasterService, options: [MasterService.Option]) {
    let (host, port) = service.address
    var block = DraftBlock(name: draft.freeListenerName(Self.listenerName(host, port)), item: service.item)
    if !host.isEmpty { block.lines.append(DraftLine(name: "address", value: host, comments: [], item: service.item)) }
    block.lines.append(DraftLine(name: "port", value: Self.ports[port] ?? port, comments: [], item: service.item))
    if service.command == "smtpd", let limit = Int(service.processLimit), limit > 0,
      Schema.definition("smtpd_connection_limit", inListener: true) != nil
    {
      block.lines.append(DraftLine(name: "smtpd_connection_limit", value: String(limit), comments: [], item: service.item))
      ledger.amend(service.item, .translated, "at most \(limit) connections, as there were at most so many processes")
    }
    if service.command == "postscreen" { block.lines.append(DraftLine(name: "postscreen", value: "yes", comments: [], item: service.item)) }
    for option in options { addOverride(option, to: &block) }
    if service.arguments.contains(where: { $0.hasPrefix("-v") }) {
      ledger.amend(service.item, .translated, "`-v` is left out: it makes the log longer")
    }
    ledger.amend(service.item, .translated, "listener \(block.name) { }")
    draft.blocks.append(block)
  }

  private mutating func addOverride(_ option: MasterService.Option, to block: inout DraftBlock) {
    switch Fate(option.name, option.value, inListener: true, isReferenced: false) {
    case .keep(let name, let value, let note):
      if let note { ledger.amend(option.item, .translated, note) }
      block.set(DraftLine(name: name, value: rewritten(value, for: name), comments: [], item: option.item))
    case .translated(let note): ledger.amend(option.item, .translated, note)
    case .refused where main.expand(option.value).listElements == main.expanded(option.name).listElements && main[option.name] != nil:
      ledger.amend(option.item, .translated, "not needed: main.cf says the same")
    case .refused(let note): ledger.amend(option.item, .refused, note)
    }
  }

  private static let ports = ["smtp": "25", "submission": "587", "submissions": "465", "smtps": "465"]

  private static func listenerName(_ host: String, _ port: String) -> String {
    switch port {
    case "25": "smtp"
    case "587": "submission"
    case "465", "smtps": "submissions"
    case "10025", "10026", "10027": "reinject"
    default: port.utf8.allSatisfy(\.isNameByte) && Int(port) == nil ? port : "port\(port)"
    }
  }
}
