// SPDX-License-Identifier: Apache-2.0

/// What a stage can be called for. The numbers are those of include/weir/stage.h.
package enum StageEvent: UInt32, CaseIterable, Sendable {
  case connect, helo, tls, auth
  case mail, rcpt, data, header, endOfHeader, partHeader, part, partBody, body, endOfMessage, abort
  case queued, delivery, close

  package var bit: StageEvents { StageEvents(rawValue: 1 << UInt64(rawValue)) }

  /// As `weir plugin run` and the log write it.
  package var name: String {
    switch self {
    case .connect: "CONNECT"
    case .helo: "HELO"
    case .tls: "TLS"
    case .auth: "AUTH"
    case .mail: "MAIL"
    case .rcpt: "RCPT"
    case .data: "DATA"
    case .header: "HEADER"
    case .endOfHeader: "EOH"
    case .partHeader: "PART_HEADER"
    case .part: "PART"
    case .partBody: "PART_BODY"
    case .body: "BODY"
    case .endOfMessage: "EOM"
    case .abort: "ABORT"
    case .queued: "QUEUED"
    case .delivery: "DELIVERY"
    case .close: "CLOSE"
    }
  }

  /// Whether the verdict means something.
  package var asks: Bool {
    switch self {
    case .abort, .queued, .delivery, .close: false
    default: true
    }
  }

  /// Whether it is about the session, so that DONE means its rest.
  package var isOfSession: Bool { rawValue <= StageEvent.auth.rawValue || self == .close }
}

/// Some of them.
package struct StageEvents: OptionSet, Hashable, Sendable {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }

  /// LOOKUP, PARTS and CHANGED of include/weir/table.h, which count for themselves.
  package static let table = StageEvents(rawValue: 0b111)
  package static let all = StageEvents(StageEvent.allCases.map(\.bit))
  /// Those of the content of a message: from its header to the verdict on the whole.
  package static let content = StageEvents([.header, .endOfHeader, .partHeader, .part, .partBody, .body, .endOfMessage].map(\StageEvent.bit))
  package static let afterHeader = content.subtracting(StageEvent.header.bit)
  package static let parts = StageEvents([.partHeader, .part, .partBody].map(\StageEvent.bit))
  /// Those of a message.
  package static let message = StageEvents([.mail, .rcpt, .data, .abort, .queued].map(\StageEvent.bit)).union(.content)

  package func has(_ event: StageEvent) -> Bool { rawValue >> UInt64(event.rawValue) & 1 == 1 }
}
