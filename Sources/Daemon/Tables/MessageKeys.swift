// SPDX-License-Identifier: Apache-2.0
import Message
import Tables

/// The keys on standard input: its lines, or lines of the message there, as header_checks and body_checks see them.
package enum MessageKeys {
  /// `-h`, `-b`, `-m` of postmap(1).
  package struct Selection: Equatable, Sendable {
    package var hasHeader = false
    package var hasBody = false
    /// Parts have headers, too.
    package var hasParts = false

    package init() {}

    var isEmpty: Bool { !hasHeader && !hasBody }
  }

  static func each(_ input: UnsafeRawBufferPointer, _ selection: Selection, _ visit: (UnsafeBufferPointer<UInt8>) -> Void) {
    selection.isEmpty ? lines(input, visit) : message(input, selection, visit)
  }

  private static func lines(_ input: UnsafeRawBufferPointer, _ visit: (UnsafeBufferPointer<UInt8>) -> Void) {
    var start = 0
    while start < input.count {
      let end = input[start...].firstIndex(of: 0x0a) ?? input.count
      visit(UnsafeRawBufferPointer(rebasing: input[start..<end]).bindMemory(to: UInt8.self))
      start = end + 1
    }
  }

  private static func message(_ input: UnsafeRawBufferPointer, _ selection: Selection, _ visit: (UnsafeBufferPointer<UInt8>) -> Void) {
    var types: [[UInt8]] = []
    let end = HeaderBlock.scan(input) { found in
      if input[found.name].elementsEqualIgnoringCase("content-type") { types.append(Array(input[found.value])) }
      if selection.hasHeader { field(input, found.name, found.value, visit) }
    }
    let start: Int = if case .emptyLine(let offset) = end { offset + 1 } else { end.offset }
    let body = UnsafeRawBufferPointer(rebasing: input[min(start, input.count)...])
    var lines = BodyLines(types: selection.hasParts ? types : [], body: body)
    lines.run { event in
      switch event {
      case .field(let found): if selection.hasHeader { field(body, found.name, found.value, visit) }
      case .text(let text): if selection.hasBody { visit(UnsafeRawBufferPointer(rebasing: body[text.range]).bindMemory(to: UInt8.self)) }
      }
      return true
    }
  }

  private static func field(
    _ bytes: UnsafeRawBufferPointer, _ name: Range<Int>, _ value: Range<Int>, _ visit: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    LogicalHeader.with(bytes.text(name), bytes.text(value), isTight: true, limit: 0) { visit($0) }
  }
}

extension UnsafeRawBufferPointer {
  fileprivate func text(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
    UnsafeRawBufferPointer(rebasing: self[range]).bindMemory(to: UInt8.self)
  }
}

extension Slice<UnsafeRawBufferPointer> {
  fileprivate func elementsEqualIgnoringCase(_ word: String) -> Bool {
    count == word.utf8.count && String(decoding: self, as: UTF8.self).lowercased() == word
  }
}
