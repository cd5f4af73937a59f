// SPDX-License-Identifier: MIT
import CWeir

/// What an event is about; `weir/stage.h` says what each one's name, value, parameters and reference are.
public struct EventKind: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
  @inlinable init(_ constant: Int) { rawValue = UInt32(truncatingIfNeeded: constant) }

  @inlinable public static var connect: EventKind { EventKind(WEIR_EV_CONNECT) }
  @inlinable public static var helo: EventKind { EventKind(WEIR_EV_HELO) }
  @inlinable public static var tls: EventKind { EventKind(WEIR_EV_TLS) }
  @inlinable public static var auth: EventKind { EventKind(WEIR_EV_AUTH) }
  @inlinable public static var mail: EventKind { EventKind(WEIR_EV_MAIL) }
  @inlinable public static var recipient: EventKind { EventKind(WEIR_EV_RCPT) }
  @inlinable public static var data: EventKind { EventKind(WEIR_EV_DATA) }
  @inlinable public static var header: EventKind { EventKind(WEIR_EV_HEADER) }
  @inlinable public static var endOfHeader: EventKind { EventKind(WEIR_EV_EOH) }
  @inlinable public static var partHeader: EventKind { EventKind(WEIR_EV_PART_HEADER) }
  @inlinable public static var part: EventKind { EventKind(WEIR_EV_PART) }
  @inlinable public static var partBody: EventKind { EventKind(WEIR_EV_PART_BODY) }
  @inlinable public static var body: EventKind { EventKind(WEIR_EV_BODY) }
  @inlinable public static var endOfMessage: EventKind { EventKind(WEIR_EV_EOM) }
  @inlinable public static var abort: EventKind { EventKind(WEIR_EV_ABORT) }
  @inlinable public static var queued: EventKind { EventKind(WEIR_EV_QUEUED) }
  @inlinable public static var delivery: EventKind { EventKind(WEIR_EV_DELIVERY) }
  @inlinable public static var close: EventKind { EventKind(WEIR_EV_CLOSE) }
}

/// The events that a stage is called for: `[.mail, .header]`.
public struct EventSet: OptionSet, Sendable {
  public let rawValue: UInt64
  @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
  @inlinable public init(_ kind: EventKind) { rawValue = kind.rawValue < 64 ? 1 << UInt64(kind.rawValue) : 0 }

  public static let connect = EventSet(.connect)
  public static let helo = EventSet(.helo)
  public static let tls = EventSet(.tls)
  public static let auth = EventSet(.auth)
  public static let mail = EventSet(.mail)
  public static let recipient = EventSet(.recipient)
  public static let data = EventSet(.data)
  public static let header = EventSet(.header)
  public static let endOfHeader = EventSet(.endOfHeader)
  public static let partHeader = EventSet(.partHeader)
  public static let part = EventSet(.part)
  public static let partBody = EventSet(.partBody)
  public static let body = EventSet(.body)
  public static let endOfMessage = EventSet(.endOfMessage)
  public static let abort = EventSet(.abort)
  public static let queued = EventSet(.queued)
  public static let delivery = EventSet(.delivery)
  public static let close = EventSet(.close)
}

/// A view of the host's record: good until the callback returns, and not Sendable for that reason.
public struct Event {
  public let raw: UnsafePointer<weir_event>

  @inlinable init(_ raw: UnsafePointer<weir_event>) { self.raw = raw }

  @inlinable public var kind: EventKind { EventKind(rawValue: raw.pointee.type) }
  @inlinable public var name: BorrowedText { BorrowedText(raw.pointee.name) }
  @inlinable public var value: BorrowedText { BorrowedText(raw.pointee.value) }
  /// A header field's reference, an offset, a count: by kind.
  @inlinable public var reference: UInt64 { raw.pointee.ref }
  /// The number of the MIME part; 0 is the message itself.
  @inlinable public var part: UInt32 { raw.pointee.part }

  /// RCPT: a stage before this one has refused it already.
  @inlinable public var isRejected: Bool { has(WEIR_F_REJECTED) }
  /// PART_HEADER: of a message that is attached.
  @inlinable public var isNested: Bool { has(WEIR_F_NESTED) }
  /// BODY, PART_BODY: the last piece.
  @inlinable public var isLast: Bool { has(WEIR_F_LAST) }
  /// The message did not come by SMTP.
  @inlinable public var isLocal: Bool { has(WEIR_F_LOCAL) }
  /// HEADER: the host has added this field.
  @inlinable public var isAdded: Bool { has(WEIR_F_ADDED) }

  @inlinable func has(_ flag: Int) -> Bool { raw.pointee.flags & UInt32(truncatingIfNeeded: flag) != 0 }

  public var parameters: Pairs { Pairs(start: raw.pointee.params, count: raw.pointee.n_params) }

  public func parameter(_ key: StaticString) -> BorrowedText? { parameters[key] }
}

/// Keys and values that the host lends until the callback returns.
public struct Pairs: RandomAccessCollection {
  private let pairs: UnsafeBufferPointer<weir_pair>

  init(start: UnsafePointer<weir_pair>?, count: UInt64) {
    pairs = UnsafeBufferPointer(start: start, count: start == nil ? 0 : Int(clamping: count))
  }

  public var startIndex: Int { 0 }
  public var endIndex: Int { pairs.count }
  public subscript(index: Int) -> (key: BorrowedText, value: BorrowedText) {
    (BorrowedText(pairs[index].key), BorrowedText(pairs[index].value))
  }

  public subscript(key: StaticString) -> BorrowedText? { first { $0.key.isEqual(to: key) }?.value }
}
