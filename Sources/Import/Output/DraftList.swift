// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Settings

/// The value of a draft's line as a list, from which single elements can be taken out.
struct DraftList {
  private let line: DraftLine
  private let elements: [LocatedText]

  /// `rendered` is the whole line as it stands in the text.
  init(_ line: DraftLine, rendered: LocatedText) {
    self.line = line
    let equals = rendered.bytes.firstIndex(of: UInt8(ascii: "=")) ?? rendered.count
    elements = Self.isList(line.name) ? rendered[(equals + 1)...].elements() : []
  }

  private static func isList(_ name: String) -> Bool {
    guard let definition = Schema.definition(name) ?? Schema.definition(name, inListener: true) else { return false }
    if name.hasSuffix("_restrictions") { return true }
    switch definition.type {
    case .networks, .domains, .clients, .interfaces, .tables, .words, .choices: return true
    default: return false
    }
  }

  /// The value without the elements that errors point at, and those; nil if an error is not about one element, or if no element is left.
  func without(_ errors: [Diagnostic]) -> (value: String, removed: [(element: String, error: Diagnostic)])? {
    guard elements.count > 1 else { return nil }
    var faulty: [Int: Diagnostic] = [:]
    for error in errors {
      guard let index = index(of: error) else { return nil }
      for each in group(of: index) where faulty[each] == nil { faulty[each] = error }
    }
    guard faulty.count < elements.count else { return nil }
    // A group is told once, as it was written.
    var removed: [(String, Diagnostic)] = []
    for index in faulty.keys.sorted() {
      guard let error = faulty[index] else { continue }
      if faulty[index - 1] != nil, takesArgument(index - 1), let last = removed.popLast() {
        removed.append((last.0 + " " + elements[index].text, last.1))
      } else {
        removed.append((elements[index].text, error))
      }
    }
    return (joined(elements.indices.filter { faulty[$0] == nil }), removed)
  }

  /// Restrictions stand below each other, each with its argument.
  private func joined(_ kept: [Int]) -> String {
    guard line.name.hasSuffix("_restrictions") else { return kept.map { elements[$0].text }.joined(separator: " ") }
    return kept.enumerated().map { position, index in
      elements[index].text + (position + 1 == kept.count ? "" : takesArgument(index) ? " " : ",\n")
    }.joined()
  }

  private func index(of error: Diagnostic) -> Int? {
    guard let offset = error.location?.offset, let source = error.location?.source else { return nil }
    return elements.firstIndex { element in
      element.start.source === source && (element.start.offset..<(element.start.offset + element.count)).contains(offset)
    } ?? elements.firstIndex { $0.text.contains(source.name.split(separator: "/").last ?? "\n") }
  }

  /// A restriction goes with its argument, and with a `warn_if_reject` before it.
  private func group(of index: Int) -> [Int] {
    var first = index
    var last = index
    while first > 0, takesArgument(first - 1) { first -= 1 }
    while takesArgument(last), last + 1 < elements.count { last += 1 }
    return Array(first...last)
  }

  private func takesArgument(_ index: Int) -> Bool {
    guard line.name.hasSuffix("_restrictions"), elements.indices.contains(index) else { return false }
    let word = elements[index].text
    return word == "warn_if_reject" || word == "sleep" || word == "check_policy_service" || word.hasPrefix("check_") && word.hasSuffix("_access")
      || ["reject_rbl", "reject_rhsbl", "permit_dnswl", "permit_rhswl"].contains { word.hasPrefix($0) }
  }
}
