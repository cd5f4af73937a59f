// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Settings

extension Importer {
  /// A transport that nothing names is not missed: Debian's master.cf has half a dozen.
  mutating func importTransports() {
    for service in services {
      guard case .transport = ServicePlan(service) else { continue }
      if isUsed(service) {
        addTransport(service)
      } else {
        for item in [service.item] + service.options.map(\.item) { ledger.amend(item, .translated, "not needed: nothing here hands mail to it") }
      }
    }
  }

  /// A further transport: the attributes of pipe(8) are lines of the block.
  private mutating func addTransport(_ service: MasterService) {
    var block = DraftBlock(.transport, name: service.name, item: service.item)
    func line(_ name: String, _ value: String) -> DraftLine { DraftLine(name: name, value: value, comments: [], item: service.item) }
    if service.command != "pipe" { block.set(line("command", service.command)) }
    for (index, argument) in service.arguments.enumerated() {
      guard let equals = argument.firstIndex(of: "="), service.command == "pipe" else { continue }
      let (name, value) = (String(argument[..<equals]), String(argument[argument.index(after: equals)...]))
      // All that follows is the program's.
      if name == "argv" {
        block.set(line("argv", ([value] + service.arguments[(index + 1)...]).joined(separator: " ")))
        break
      }
      block.set(line(name, value))
    }
    addLimit(service, to: &block)
    ledger.amend(service.item, .translated, "transport \(service.name) { }")
    for option in service.options { importOption(option, of: service, to: &block) }
    draft.blocks.append(block)
  }

  /// `smtp`, `relay` and `lmtp` need a block only where something is said of them.
  mutating func addClient(_ service: MasterService) {
    var block = DraftBlock(.transport, name: service.name, item: service.item)
    addLimit(service, to: &block)
    for option in service.options { importOption(option, of: service, to: &block) }
    if block.lines.isEmpty { return }
    ledger.amend(service.item, .translated, "transport \(service.name) { }")
    draft.blocks.append(block)
  }

  /// At most so many processes is at most so many deliveries at a time.
  private func addLimit(_ service: MasterService, to block: inout DraftBlock) {
    guard let limit = Int(service.processLimit), limit > 0 else { return }
    block.set(DraftLine(name: "process_limit", value: String(limit), comments: [], item: service.item))
  }

  /// Of a client, it is a line of the block.
  private mutating func importOption(_ option: MasterService.Option, of service: MasterService, to block: inout DraftBlock) {
    guard case .keep(let name, let value, let note) = Fate(option.name, option.value, inListener: false, isReferenced: false),
      let kind = TransportBlock.Kind(rawValue: service.command), ClientSettings.names(kind).contains(name)
    else { return importIdleOption(option, of: service) }
    if let note { ledger.amend(option.item, .translated, note) }
    block.set(DraftLine(name: name, value: rewritten(value, for: name), comments: [], item: option.item))
  }

  private func isUsed(_ service: MasterService) -> Bool {
    let values = main.list.filter(\.counts).map { main.expand($0.value) } + services.flatMap(\.options).map { main.expand($0.value) }
    let tables = tables.sources.map { String(decoding: $0.bytes, as: UTF8.self) }
    return (values + tables).contains { text in
      text.split { $0.isWhitespace || $0 == "," }.contains { $0 == service.name || $0.hasPrefix(service.name + ":") }
    }
  }

  /// An override for a part that has no settings of its own in Weir.
  mutating func importIdleOption(_ option: MasterService.Option, of service: MasterService) {
    switch Fate(option.name, option.value, inListener: false, isReferenced: false) {
    case .keep where option.name == "syslog_name":
      ledger.amend(option.item, .translated, "not needed: Weir's log names the part that a line is of")
    case .translated(let note): ledger.amend(option.item, .translated, note)
    case .refused(let note): ledger.amend(option.item, .refused, note)
    case .keep:
      ledger.amend(option.item, .refused, "a `\(service.command)` of Weir has no such setting of its own; set it at the top level if it is for all")
    }
  }
}
