// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Answers the blocks that Weir has not: once for each, and for every name within that looks misspelt.
struct ForeignBlockChecker {
  private(set) var diagnostics: [Diagnostic] = []
  private(set) var advice: SpellingAdvice

  init(_ advice: SpellingAdvice) { self.advice = advice }

  mutating func check(_ block: Block) {
    let kind = block.kind.text
    if let known = KnownBlock.outer[kind] {
      diagnostics.append(.error(block.kind, known.message, hint: misspeltProtocol(block) ?? known.hint))
      checkInside(block, known)
    } else if let outer = KnownBlock.outerBlock(of: kind) {
      diagnostics.append(
        .error(
          block.kind, "`\(kind)` belongs inside a `\(outer)` block", hint: "\(outer) NAME { \(kind) … { } }; Weir's own is `listener NAME { }`"))
    } else if let known = listOrPart(block) {
      diagnostics.append(known.diagnostic(block.kind, value: block.enabledWords.joined(separator: " ")))
    } else {
      let hint = Self.hint(block) ?? (Suggestion(KnownBlock.kinds).nearest(to: kind) ?? advice.nearest(to: kind)).map { "did you mean `\($0)`?" }
      diagnostics.append(.error(block.kind, "unknown block `\(kind)`", hint: hint))
    }
  }

  /// `protocol lmpt {`
  private func misspeltProtocol(_ block: Block) -> String? {
    guard block.kind.text == "protocol", let name = block.name?.text, !KnownBlock.protocols.contains(name) else { return nil }
    return Suggestion(KnownBlock.protocols).nearest(to: name).map { "did you mean `protocol \($0)`?" }
  }

  /// Dovecot 2.4: `protocols { imap = yes }` is a list, `sieve_script personal { }` a part of something.
  private func listOrPart(_ block: Block) -> KnownName? {
    let kind = block.kind.text
    return Schema.knownName(kind) ?? KnownFamily.dovecot(kind) ?? KnownFamily.dovecot(kind + "_").map { $0.named(kind) }
  }

  private static func hint(_ block: Block) -> String? {
    Schema.knows(block.kind.text) ? "`\(block.kind.text)` is a setting: \(block.kind.text) = …" : nil
  }

  /// What is within counts no more than the block, but a slip there may be what is wrong with it.
  private mutating func checkInside(_ block: Block, _ known: KnownBlock) {
    guard block.isClosed else { return }
    for setting in block.section.settings where !known.settings.contains(setting.name.text) && !Schema.knows(setting.name.text) {
      guard known.settings != KnownBlock.anything, let meant = near(setting.name.text, known.settings) else { continue }
      diagnostics.append(
        .error(setting.name, "unknown setting `\(setting.name.text)` in a `\(block.kind.text)` block", hint: "did you mean `\(meant)`?"))
    }
    for inner in block.section.blocks {
      if let deeper = known.blocks[inner.kind.text] {
        checkInside(inner, KnownBlock(deeper))
      } else if Schema.origin(of: inner.kind.text) == nil, let meant = near(inner.kind.text, known.blocks.keys.sorted()) {
        diagnostics.append(.error(inner.kind, "unknown block `\(inner.kind.text)` in a `\(block.kind.text)` block", hint: "did you mean `\(meant)`?"))
      }
    }
  }

  private mutating func near(_ name: String, _ names: [String]) -> String? {
    guard advice.isLeft() else { return nil }
    return Suggestion(names).nearest(to: name, differences: 2) ?? Schema.nearName(to: name)
  }
}

extension Block {
  /// The names that a list in braces turns on.
  var enabledWords: [String] {
    section.settings.filter { DovecotValue($0.rawValue).text.text != "no" }.map(\.name.text)
  }
}
