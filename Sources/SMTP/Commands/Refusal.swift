// SPDX-License-Identifier: Apache-2.0

/// Why a command is not carried out: what the client is told, and what only the log is told.
package struct Refusal: Error, Equatable {
  package let reply: Reply
  package let cause: String?

  package init(_ reply: Reply, cause: String? = nil) {
    self.reply = reply
    self.cause = cause
  }
}
