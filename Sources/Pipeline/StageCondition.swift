// SPDX-License-Identifier: Apache-2.0

/// `when`: whether a stage is asked at all. Terms on properties, all of which must hold: `client.mynetworks != yes and auth.user = ""`.
///
/// A property that is not set is the empty text.
package struct StageCondition: Equatable, Sendable {
  package struct Term: Equatable, Sendable {
    package let key: String
    package let isEqual: Bool
    package let value: String
  }

  package let terms: [Term]

  package static let always = StageCondition(terms: [])

  package enum Failure: Error, Equatable, Sendable {
    case missingOperator(String)
    case badKey(String)
    case unclosedQuote(String)
    case empty
  }

  private init(terms: [Term]) { self.terms = terms }

  package init(_ text: String) throws(Failure) {
    var words = try StageCondition.words(text)[...]
    if words.isEmpty { throw .empty }
    var terms: [Term] = []
    while true {
      terms.append(try StageCondition.term(&words))
      guard let next = words.first else { break }
      guard next == "and" || next == "&&" || next == "," else { throw .missingOperator(next) }
      words = words.dropFirst()
    }
    self.terms = terms
  }

  package func holds(_ property: (String) -> String?) -> Bool {
    terms.allSatisfy { ((property($0.key) ?? "").lowercased() == $0.value.lowercased()) == $0.isEqual }
  }

  private static func term(_ words: inout ArraySlice<String>) throws(Failure) -> Term {
    guard let key = words.popFirst() else { throw .empty }
    guard isKey(key) else { throw .badKey(key) }
    guard let sign = words.popFirst(), let isEqual = ["=": true, "==": true, "!=": false][sign], let value = words.popFirst() else {
      throw .missingOperator(key)
    }
    return Term(key: key, isEqual: isEqual, value: value.hasPrefix("\"") ? String(value.dropFirst()) : value)
  }

  package static func isKey(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        switch $0 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }

  /// A quoted word keeps its opening quote, so that `""` is a word, and not an operator.
  private static func words(_ text: String) throws(Failure) -> [String] {
    var words: [String] = []
    var rest = Substring(text)
    while let first = rest.first {
      if first.isWhitespace {
        rest = rest.dropFirst()
      } else if first == "\"" {
        guard let end = rest.dropFirst().firstIndex(of: "\"") else { throw .unclosedQuote(String(rest)) }
        words.append(String(rest[..<end]))
        rest = rest[rest.index(after: end)...]
      } else if let sign = ["==", "!=", "=", "&&", ","].first(where: rest.hasPrefix) {
        words.append(sign)
        rest = rest.dropFirst(sign.count)
      } else {
        let word = rest.prefix { !$0.isWhitespace && !"=!&,\"".contains($0) }
        if word.isEmpty { throw .missingOperator(String(rest)) }
        words.append(String(word))
        rest = rest[word.endIndex...]
      }
    }
    return words
  }
}
