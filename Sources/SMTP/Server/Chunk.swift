// SPDX-License-Identifier: Apache-2.0

/// Where a session is in a sequence of BDAT commands (RFC 3030 §2).
struct Chunk: Equatable {
  enum State: UInt8 {
    /// No BDAT in this transaction.
    case none
    case good
    /// One was refused: until LAST or RSET, all are read and thrown away.
    case bad
  }

  var state = State.none
  var isLast = false
  var size = 0
  /// Bytes still to come.
  var remaining = 0
  /// What is wrong with the chunk now being read.
  var fault = Fault.none

  enum Fault: UInt8 { case none, earlier, needRcpt, noRecipients, null, overLimit, judged }
}
