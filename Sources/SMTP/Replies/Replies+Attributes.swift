// SPDX-License-Identifier: Apache-2.0

/// To the attributes of XCLIENT and XFORWARD.
extension Replies {
  static let transactionInProgress = Reply(503, EnhancedStatus(5, 5, 1), "Error: MAIL transaction in progress")
  static let attributeExpected = Reply(501, EnhancedStatus(5, 5, 4), "Error: attribute=value expected")
  static let attributeTooLong = Reply(501, EnhancedStatus(5, 5, 4), "Error: attribute value too long")

  static func tooManyConnections(_ host: String, _ address: String) -> Reply {
    Reply(421, EnhancedStatus(4, 7, 0), "\(host) Error: too many connections from \(address)")
  }

  static func badAttribute(_ name: String, _ value: String) -> Reply { Reply(501, EnhancedStatus(5, 5, 4), "Bad \(name) syntax: \(value)") }

  static func badAttributeName(_ command: String, _ name: String) -> Reply {
    Reply(501, EnhancedStatus(5, 5, 4), "Bad \(command) attribute name: \(name)")
  }
}
