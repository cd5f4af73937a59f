// SPDX-License-Identifier: Apache-2.0

/// A log line for people: dim time, coloured service, text; good and bad outcomes stand out.
enum TerminalLine {
  private static let dim = "\u{1b}[2m"
  private static let plain = "\u{1b}[0m"

  static func append(to bytes: inout [UInt8], _ stamp: [UInt8], _ level: Log.Level, _ service: StaticString, _ text: String) {
    bytes += dim.utf8
    bytes += stamp
    bytes += plain.utf8
    bytes.append(UInt8(ascii: " "))
    bytes += colour(of: service).utf8
    service.withUTF8Buffer { name in
      bytes += name
      for _ in name.count..<max(name.count, 9) { bytes.append(UInt8(ascii: " ")) }
    }
    bytes += plain.utf8
    bytes += emphasis(level, text).utf8
    if level == .warning { bytes += "warning: ".utf8 }
    if level == .error { bytes += "error: ".utf8 }
    PrintableText.append(text, to: &bytes)
    bytes += plain.utf8
  }

  private static func colour(of service: StaticString) -> String {
    service.withUTF8Buffer { name in
      switch name.first {
      case UInt8(ascii: "s"): "\u{1b}[36m"  // smtpd
      case UInt8(ascii: "v"), UInt8(ascii: "l"): "\u{1b}[35m"  // virtual, local
      case UInt8(ascii: "q"), UInt8(ascii: "c"): "\u{1b}[34m"  // qmgr, cleanup
      default: "\u{1b}[90m"
      }
    }
  }

  private static func emphasis(_ level: Log.Level, _ text: String) -> String {
    switch level {
    case .error: return "\u{1b}[31m"
    case .warning: return "\u{1b}[33m"
    case .info:
      if text.contains("status=sent") { return "\u{1b}[32m" }
      if text.contains("reject:") || text.contains("status=bounced") { return "\u{1b}[31m" }
      if text.contains("status=deferred") { return "\u{1b}[33m" }
      return ""
    }
  }
}
