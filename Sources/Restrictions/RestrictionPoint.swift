// SPDX-License-Identifier: Apache-2.0

/// What a list of restrictions is about. Each has a setting of its own.
package enum RestrictionPoint: String, CaseIterable, Sendable {
  case client
  case helo
  case sender
  case relay
  case recipient
  case data
  case endOfData = "end_of_data"
  case etrn

  package var setting: String { "smtpd_\(rawValue)_restrictions" }

  /// Its place among all cases.
  package var index: Int {
    switch self {
    case .client: 0
    case .helo: 1
    case .sender: 2
    case .relay: 3
    case .recipient: 4
    case .data: 5
    case .endOfData: 6
    case .etrn: 7
    }
  }

  /// What is refused, in the words of Postfix's replies.
  var replyClass: String {
    switch self {
    case .client: "Client host"
    case .helo: "Helo command"
    case .sender: "Sender address"
    case .relay, .recipient: "Recipient address"
    case .data: "Data command"
    case .endOfData: "End-of-data"
    case .etrn: "Etrn command"
    }
  }

  /// What a bare `type:table` is looked up by; nil where Postfix has no such short form.
  var subject: AccessSubject? {
    switch self {
    case .client: .client
    case .helo: .helo
    case .sender: .sender
    case .relay, .recipient: .recipient
    case .etrn: .etrn
    case .data, .endOfData: nil
    }
  }
}

/// What an access table is asked about.
package enum AccessSubject: String, CaseIterable, Sendable {
  case client
  case reverseClient = "reverse_client_hostname"
  case helo
  case sender
  case recipient
  case etrn

  var replyClass: String {
    switch self {
    case .client: "Client host"
    case .reverseClient: "Unverified Client host"
    case .helo: "Helo command"
    case .sender: "Sender address"
    case .recipient: "Recipient address"
    case .etrn: "Etrn command"
    }
  }
}

/// An envelope address.
package enum Party: String, CaseIterable, Sendable {
  case sender
  case recipient

  var replyClass: String { self == .sender ? "Sender address" : "Recipient address" }
}

/// Which servers of a name an access table is asked about.
package enum ServerKind: String, CaseIterable, Sendable {
  case a
  case mx
  case ns
}
