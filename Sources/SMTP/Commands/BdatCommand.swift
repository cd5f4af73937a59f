// SPDX-License-Identifier: Apache-2.0
import Bytes

/// RFC 3030 §2: `bdat-cmd ::= "BDAT" SP chunk-size [ SP end-marker ] CR LF`
package struct BdatCommand: Equatable, Sendable {
  package let size: Int
  package let isLast: Bool

  static func parse(_ arguments: Arguments) throws(Refusal) -> BdatCommand {
    var arguments = arguments
    guard let size = arguments.plainWord() else { throw Refusal(Replies.bdatSyntax) }
    let marker = arguments.plainWord()
    guard arguments.isAtEnd else { throw Refusal(Replies.bdatSyntax) }
    if let marker, !marker.equalsIgnoringCase("LAST") { throw Refusal(Replies.bdatSyntax) }
    guard let value = size.decimal() else { throw Refusal(Replies.bdatSyntax) }
    return BdatCommand(size: value, isLast: marker != nil)
  }
}
