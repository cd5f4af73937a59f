// SPDX-License-Identifier: Apache-2.0
import Bytes
import Queue

/// What our own mta and the mailbox process say to each other beside LMTP. Offered as `XSTABLE` after LHLO, to a trusted peer only.
///
/// `XFILE replay name` before RCPT: the content to come is a whole file of this name, for one recipient. The 250 that ends the transaction
/// does not wait for the disk; its text is `written`, or `stable` if there is nothing to wait for. `XSTABLE`: 250 when every file written in
/// this session is durable. After any other answer, and when the connection is lost, they must be written again.
///
/// A word `final` after the name: whatever her .forward file says. Without it a recipient who has such a file gets no mail by this way; the answer is then
/// 251. `XFORWARD address`: whether there is one; 251 if so, 250 if not. `XPROGRAM m n`, followed by m bytes of a `ProgramOrder` and n bytes of content:
/// 250 and the length of a `ProgramAnswer`, which follows.
enum MailboxExtension {
  static let keyword = "XSTABLE"
  static let written = "written"
  static let stable = "stable"
  /// RFC 5321 §4.2.2: the mailbox is busy. Nothing else is answered with this code.
  static let busy: UInt16 = 450
  /// There is a .forward file.
  static let forwarded: UInt16 = 251

  enum Command: Equatable {
    case stable
    case file(FileOrder)
    case forward(address: String)
    case program(order: Int, content: Int)
    /// One of these, misspelt.
    case malformed
  }

  struct FileOrder: Equatable, Sendable {
    let name: String
    let replay: Replay
    var isFinal = false

    /// The seconds with which the name begins, in microseconds since 1970.
    var arrival: Int64? {
      Int64(name.prefix { $0 != "." }).flatMap { seconds in
        let (time, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        return overflow ? nil : time
      }
    }
  }

  /// Nil for a line that is LMTP's.
  static func parse(_ line: String) -> Command? {
    let words = line.split(separator: " ", omittingEmptySubsequences: false)
    switch words.first?.uppercased() {
    case "XSTABLE": return words.count == 1 ? .stable : .malformed
    case "XFILE":
      let isFinal = words.count == 4 && words[3] == "final"
      guard words.count == 3 || isFinal, let replay = UInt8(words[1]).flatMap(Replay.init), isName(words[2]) else { return .malformed }
      return .file(FileOrder(name: String(words[2]), replay: replay, isFinal: isFinal))
    case "XFORWARD": return words.count == 2 && !words[1].isEmpty ? .forward(address: String(words[1])) : .malformed
    case "XPROGRAM":
      guard words.count == 3, let order = Int(words[1]), let content = Int(words[2]), (0...longestOrder).contains(order), content >= 0
      else { return .malformed }
      return .program(order: order, content: content)
    default: return nil
    }
  }

  static func line(_ order: FileOrder) -> String { "XFILE \(order.replay.rawValue) \(order.name)\(order.isFinal ? " final" : "")" }

  /// Bytes.
  static let longestOrder = 16 << 20

  /// A file name that stays in its folder and that Maildir readers show.
  private static func isName(_ name: Substring) -> Bool {
    let bytes = name.utf8
    guard let first = bytes.first, first != 0x2E, bytes.count <= 255 else { return false }
    return bytes.allSatisfy { $0 > 0x20 && $0 != 0x2F && $0 != 0x3A && $0 != 0x7F }
  }
}
