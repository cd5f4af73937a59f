// SPDX-License-Identifier: Apache-2.0

/// How far one recipient of a message has come.
package enum RecipientState: Equatable, Sendable {
  /// Nothing is known to have happened for this recipient.
  case waiting
  /// The file is in the mailbox under its final name, but a power cut may still take it.
  case delivered(Delivered)
  /// In the mailbox for good.
  case stable
  /// Another server answered for it.
  case relayed
  /// Tried without success; to be tried again.
  case deferred(Deferral)
  /// Given up, or refused for good.
  case failed(Reason)
  /// Kept until someone decides; never tried by itself.
  case held(Reason)

  /// Nothing remains to be done for this recipient.
  package var isFinal: Bool {
    switch self {
    case .stable, .relayed, .failed: true
    case .waiting, .delivered, .deferred, .held: false
    }
  }

  /// An attempt would do something for this recipient.
  package var isOpen: Bool {
    switch self {
    case .waiting, .deferred: true
    case .delivered, .stable, .relayed, .failed, .held: false
    }
  }

  /// Whether `next` may follow this state. From a final state nothing does; a delivered file becomes stable, or the spool delivers
  /// it again; everything may come after an attempt.
  package func allows(_ next: RecipientState) -> Bool {
    switch (self, next) {
    case (.stable, _), (.relayed, _), (.failed, _): false
    case (.delivered, .stable), (.delivered, .waiting), (.delivered, .delivered), (.delivered, .held): true
    case (.delivered, _): false
    default: true
    }
  }
}

/// Where a file was put, to find it again after a power cut.
package struct Delivered: Equatable, Sendable {
  /// The mailbox's folder.
  package var path: String
  /// The file's name, without the flags that a reader appends in cur/.
  package var name: String
  /// Of the file as written.
  package var length: Int64
  package var crc: UInt32
  /// The machine's run in which it was written: in the same run the page cache still has it.
  package var boot: Boot

  package init(path: String, name: String, length: Int64, crc: UInt32, boot: Boot) {
    self.path = path
    self.name = name
    self.length = length
    self.crc = crc
    self.boot = boot
  }
}

/// One run of the machine, from power-on to power-off.
package struct Boot: Hashable, Sendable {
  package let high: UInt64
  package let low: UInt64
  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }
}

/// Why a recipient is where it is: an enhanced status code (RFC 3463) and a text for the log and the report.
package struct Reason: Equatable, Sendable {
  package var status: String
  package var text: String
  package init(status: String, text: String) {
    self.status = status
    self.text = text
  }
}

package struct Deferral: Equatable, Sendable {
  /// Not before this time, in microseconds since 1970.
  package var until: Int64
  package var reason: Reason
  package init(until: Int64, reason: Reason) {
    self.until = until
    self.reason = reason
  }
}
