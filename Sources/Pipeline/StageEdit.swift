// SPDX-License-Identifier: Apache-2.0

/// A change that a stage asks for. It takes effect when the callback has returned.
package enum StageEdit: Equatable, Sendable {
  package enum HeaderOperation: UInt32, Sendable { case append, prepend, before, after, replace, delete }
  package enum RecipientOperation: UInt32, Sendable { case add, delete, rewrite }
  package enum RouteOperation: UInt32, Sendable { case hold, quarantine, redirect, nextHop }
  package enum Scope: UInt32, Sendable { case session, message }

  case header(HeaderOperation, reference: UInt64, name: [UInt8], value: [UInt8])
  case recipient(RecipientOperation, address: String, parameters: String)
  case sender(address: String, parameters: String)
  /// More of a new body.
  case body([UInt8])
  /// In the place of `length` bytes of the body from `offset` on.
  case splice(offset: UInt64, length: UInt64, [UInt8])
  case route(RouteOperation, String)
  case property(Scope, key: String, value: [UInt8])

  /// Whether a callback at `event` may ask for it.
  package func isAllowed(at event: StageEvent) -> Bool {
    switch self {
    case .property: true
    case .header(let operation, let reference, _, _): !event.isOfSession && (reference != 0 || operation == .append || operation == .prepend)
    case .recipient(.rewrite, _, _): event == .rcpt
    case .recipient, .sender, .route: !event.isOfSession
    case .body: event == .body || event == .endOfMessage || event == .partBody
    case .splice: event == .body || event == .endOfMessage || StageEvents.parts.has(event)
    }
  }

  /// Whether a component of that name may set a property so called.
  package static func maySet(_ key: String, component: String) -> Bool {
    StageCondition.isKey(key) && (key.hasPrefix("\(component).") || key.hasPrefix(AuthenticationResults.prefix))
  }
}

/// What a component has declared that it may do: WEIR_CAP_*.
package struct StageRights: OptionSet, Sendable {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }

  package static let headers = StageRights(rawValue: 1 << 0)
  package static let recipients = StageRights(rawValue: 1 << 1)
  package static let sender = StageRights(rawValue: 1 << 2)
  package static let body = StageRights(rawValue: 1 << 3)
  package static let route = StageRights(rawValue: 1 << 4)
  package static let reject = StageRights(rawValue: 1 << 5)
  package static let fields = StageRights(rawValue: 1 << 6)
  package static let content = StageRights(rawValue: 1 << 7)
  package static let all = StageRights(rawValue: 0xff)

  /// The one that `edit` takes; nil for what every stage may do.
  package static func needed(for edit: StageEdit) -> StageRights? {
    switch edit {
    case .header: .headers
    case .recipient: .recipients
    case .sender: .sender
    case .body, .splice: .body
    case .route: .route
    case .property: nil
    }
  }
}

extension StageEdit {
  /// So many bytes of a value are told.
  package static let shownText = 200

  /// In words, for logs.
  package var summary: String {
    switch self {
    case .header(let operation, _, let name, let value):
      "\(operation.word) header \(String(decoding: name.prefix(Self.shownText), as: UTF8.self)): \(String(decoding: value.prefix(Self.shownText), as: UTF8.self))"
    case .recipient(let operation, let address, _): "\(operation) recipient <\(address)>"
    case .sender(let address, _): "set sender <\(address)>"
    case .body(let bytes): "write \(bytes.count) bytes of a new body"
    case .splice(let offset, let length, let bytes):
      "put `\(String(decoding: bytes.prefix(Self.shownText), as: UTF8.self))` in the place of \(length) bytes of the body at \(offset)"
    case .route(.nextHop, let hop): "send through \(hop)"
    case .route(let operation, let argument): "route: \(operation) \(argument)"
    case .property(_, let key, let value): "set \(key) = \(String(decoding: value.prefix(Self.shownText), as: UTF8.self))"
    }
  }

  /// The same without anything of the message.
  package var kindName: String {
    switch self {
    case .header(let operation, _, let name, _): "\(operation.word) header \(String(decoding: name.prefix(Self.shownText), as: UTF8.self))"
    case .recipient(let operation, _, _): "\(operation) recipient"
    case .sender: "set sender"
    case .body(let bytes): "write \(bytes.count) bytes of a new body"
    case .splice(_, let length, let bytes): "put \(bytes.count) bytes in the place of \(length) of the body"
    case .route(let operation, _): "route: \(operation)"
    case .property(_, let key, _): "set \(key)"
    }
  }

  /// Whether it only tells why there is a verdict or another edit, the properties `COMPONENT.rule` and `COMPONENT.matched`, or `COMPONENT.told`, that the log has it.
  package var isReason: Bool {
    guard case .property(_, let key, _) = self else { return false }
    return key.hasSuffix(".rule") || key.hasSuffix(".matched") || key.hasSuffix(".told")
  }

  package var isOfHeader: Bool { if case .header = self { true } else { false } }
}

extension StageEdit.HeaderOperation {
  fileprivate var word: String {
    switch self {
    case .before, .after: "insert"
    case .append, .prepend, .replace, .delete: "\(self)"
    }
  }
}
