// SPDX-License-Identifier: Apache-2.0

/// How the attempt to keep a message ended.
package enum CommitResult: Equatable, Sendable {
  /// Durable, under this queue id.
  case queued(String)
  /// 452: no room now.
  case storageFull
  /// 451: it could not be written, or not made durable.
  case writeFailed
  /// 554: the message has been here before, as a Delivered-To field shows.
  case looped
  /// Refused in other words. `isTold`: the log has a line about that already.
  case refused(Reply, isTold: Bool = false)
  /// LMTP (RFC 2033 §4.2): a reply for each recipient, in the order they were accepted.
  case each([Reply])
}
