// SPDX-License-Identifier: Apache-2.0
import CWeir
import Pipeline

/// The host table "weir.message/1".
enum MessageTable {
  static let id = "weir.message/1"

  /// For as long as the process lives.
  nonisolated(unsafe) static let pointer: UnsafeRawPointer = {
    let memory = UnsafeMutablePointer<weir_message>.allocate(capacity: 1)
    memory.initialize(to: functions)
    return UnsafeRawPointer(memory)
  }()

  private static let maximumAddress = 1024
  private static let maximumText = 4096
  private static let maximumBodyPiece = 64 << 20

  private static var functions: weir_message {
    var table = weir_message()
    table.size = UInt32(MemoryLayout<weir_message>.size)
    table.reply = { host, id, code, status, text in
      guard let context = HostTable.context(host, id) else { return HostTable.refusal(host) }
      return context.reply(code, status.map { String(cString: $0) }, text.text(limit: MessageTable.maximumText))
    }
    table.header = { host, id, operation, reference, name, value in
      guard let context = HostTable.context(host, id) else { return HostTable.refusal(host) }
      guard let operation = StageEdit.HeaderOperation(rawValue: operation), let name = name.copied(limit: 200),
        let value = value.copied(limit: HeaderFields.maximumFieldSize)
      else { return Status.invalid }
      // REPLACE without a name keeps the field's own.
      let judged = operation == .replace && name.isEmpty ? Array("X".utf8) : name
      guard operation == .delete || HeaderFields.canStand(judged, value) else { return Status.invalid }
      return context.edit(.header(operation, reference: reference, name: name, value: value))
    }
    table.next_header = { host, id, reference, name, value in
      HostTable.context(host, id)?.nextHeader(reference, name, value) ?? HostTable.refusal(host)
    }
    table.rcpt = { host, id, operation, address, parameters in
      guard let context = HostTable.context(host, id) else { return HostTable.refusal(host) }
      guard let operation = StageEdit.RecipientOperation(rawValue: operation), let address = address.text(limit: MessageTable.maximumAddress),
        let parameters = parameters.text(limit: MessageTable.maximumText)
      else { return Status.invalid }
      return context.edit(.recipient(operation, address: address, parameters: parameters))
    }
    table.sender = { host, id, address, parameters in
      guard let context = HostTable.context(host, id) else { return HostTable.refusal(host) }
      guard let address = address.text(limit: MessageTable.maximumAddress), let parameters = parameters.text(limit: MessageTable.maximumText) else {
        return Status.invalid
      }
      return context.edit(.sender(address: address, parameters: parameters))
    }
    table.body = { host, id, bytes in
      guard let context = HostTable.context(host, id) else { return HostTable.refusal(host) }
      guard let bytes = bytes.copied(limit: MessageTable.maximumBodyPiece) else { return Status.invalid }
      return context.edit(.body(bytes))
    }
    table.route = { host, id, operation, argument in
      guard let context = HostTable.context(host, id) else { return HostTable.refusal(host) }
      guard let operation = StageEdit.RouteOperation(rawValue: operation), let argument = argument.text(limit: MessageTable.maximumText) else {
        return Status.invalid
      }
      return context.edit(.route(operation, argument))
    }
    table.splice = { host, id, offset, length, bytes in
      guard let context = HostTable.context(host, id) else { return HostTable.refusal(host) }
      guard let bytes = bytes.copied(limit: MessageTable.maximumBodyPiece) else { return Status.invalid }
      return context.edit(.splice(offset: offset, length: length, bytes))
    }
    table.content = { host, id, offset, out in HostTable.context(host, id)?.content(offset, out) ?? HostTable.refusal(host) }
    return table
  }
}
