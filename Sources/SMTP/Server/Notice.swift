// SPDX-License-Identifier: Apache-2.0

/// A line for the log, in Postfix's words, that an event gave rise to.
package enum Notice: Equatable, Sendable {
  /// `reject: RCPT from host[address]: 554 …`; Postfix puts `NOQUEUE: ` in front.
  case reject(String)
  case info(String)
  case warning(String)
}
