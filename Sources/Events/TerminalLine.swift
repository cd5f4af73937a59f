// SPDX-License-Identifier: Apache-2.0
import Bytes

/// A log line for people: dim time, coloured service, text; good and bad outcomes stand out.
package enum TerminalLine {
  private static let dim: StaticString = "\u{1b}[2m"
  private static let plain: StaticString = "\u{1b}[0m"

  package static func append(_ event: RecordedEvent, stamp: [UInt8], to line: inout [UInt8]) {
    line.write(dim)
    line.append(contentsOf: stamp)
    line.write(plain)
    line.write(colour(of: event.service))
    line.append(contentsOf: event.service)
    for _ in event.service.count..<max(event.service.count, 9) { line.write(" ") }
    line.write(plain)
    line.write(emphasis(event))
    PostfixText.append(event, to: &line)
    line.write(plain)
    line.write("\n")
  }

  private static func colour(of service: UnsafeRawBufferPointer) -> StaticString {
    switch service.first {
    case UInt8(ascii: "s"): "\u{1b}[36m"  // smtpd
    case UInt8(ascii: "v"), UInt8(ascii: "l"): "\u{1b}[35m"  // virtual, local
    case UInt8(ascii: "q"), UInt8(ascii: "c"): "\u{1b}[34m"  // qmgr, cleanup
    default: "\u{1b}[90m"
    }
  }

  private static let red: StaticString = "\u{1b}[31m"
  private static let green: StaticString = "\u{1b}[32m"
  private static let yellow: StaticString = "\u{1b}[33m"

  private static func emphasis(_ event: RecordedEvent) -> StaticString {
    switch (event.severity, event.kind) {
    case (.error, _), (_, .verdict), (_, .expired): red
    case (.warning, _): yellow
    case (_, .delivery):
      if event.says("sent") { green } else if event.says("deferred") { yellow } else { red }
    default: ""
    }
  }
}

extension RecordedEvent {
  fileprivate func says(_ status: StaticString) -> Bool {
    status.withUTF8Buffer { word in self[.status]?.elementsEqual(word) ?? false }
  }
}
