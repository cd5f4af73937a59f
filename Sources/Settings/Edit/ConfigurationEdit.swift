// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// A change to the text of a configuration.
package enum ConfigurationEdit: Equatable, Sendable {
  /// `-e`
  case set(SettingPlace, String)
  /// `-#`
  case commentOut(SettingPlace)
  /// `-X`
  case remove(SettingPlace)
}

/// `name`, or `listener/name` for the setting of one listener's block.
package struct SettingPlace: Equatable, Sendable {
  package let listener: String?
  package let name: String

  /// Nil if that can be no name.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count <= 2, let name = parts.last, Self.isName(name), parts.first?.isEmpty == false else { return nil }
    listener = parts.count == 2 ? parts.first : nil
    self.name = name
  }

  package var title: String { listener.map { "\($0)/\(name)" } ?? name }

  private static func isName(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy { $0.isNameByte || $0 == UInt8(ascii: "-") } }
}

/// Why a text cannot be changed as asked.
package enum EditError: Error, Equatable, Sendable {
  case unreadable(String)
  /// Nothing to comment out or remove.
  case notSet(String)
  case noListener(String)
  /// `listener a { port = 25 }` in one line.
  case onOneLine(String)
  /// No text of the file would mean this value.
  case unwritable(String)
}

extension EditError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unreadable(let reason): reason
    case .notSet(let name): "`\(name)` is not set"
    case .noListener(let name): "there is no listener `\(name)`"
    case .onOneLine(let name): "`\(name)` is in a block that stands on one line; give the block a line for each setting, and one for the `}`"
    case .unwritable(let name): "that value of `\(name)` cannot be written: it would be read as something else"
    }
  }
}
