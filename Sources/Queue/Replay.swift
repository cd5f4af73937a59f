// SPDX-License-Identifier: Apache-2.0

/// What a delivery to a mailbox must look at before it writes: whether the file of an earlier attempt is there under its name, in new/
/// or in cur/ (with flags behind the name).
package enum Replay: UInt8, Sendable {
  /// First attempt: the file cannot be there. Do not look.
  case none
  /// The machine has started since. Found with the same length and CRC: delivered. Found otherwise: write it again under the same
  /// name. Absent: deliver.
  case verify
  /// The process died but the machine did not, so what can be read may not be what is on disk. Found: write it again over itself.
  /// Absent: deliver.
  case renew
  /// As `renew`, but it was certainly delivered. Found: write it again over itself, with fsync of file and directory. Absent: its
  /// reader has deleted it, so it is stable.
  case rewrite
}
