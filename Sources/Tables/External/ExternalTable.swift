// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// A table that others answer for: a plugin. Asking it takes time.
package protocol ExternalTable: AnyObject, Sendable {
  var definition: ExternalDefinition { get }

  /// What is known of the key; nil as well where nothing can be told for now, and then `hasFailed` is true.
  func value(for key: UnsafeRawBufferPointer) -> String?

  /// Whether a look-up has failed since this was last asked, in what the calling thread is at.
  var hasFailed: Bool { get }

  /// Whether it is asked for parts of a key, such as `@example.com`, as well.
  var takesParts: Bool { get }
}

/// Who makes them.
package protocol ExternalTables: Sendable {
  func table(_ definition: ExternalDefinition) -> any ExternalTable
}

/// `sqlite:/etc/weir/users.cf`: the type, and what stands in the file.
package struct ExternalDefinition: Sendable {
  package struct Option: Sendable {
    package let name: LocatedText
    package let value: LocatedText
  }

  package let type: LocatedText
  /// The path of the file.
  package let name: LocatedText
  package let options: [Option]
  /// After `lenient:`: an option that the plugin has not is left out, as Postfix does.
  package let isLenient: Bool

  package var description: String { "\(type.text):\(name.text)" }

  /// The value of one of Weir's own words.
  package func word(_ name: String) -> LocatedText? { options.last { $0.name.text == name }?.value }

  /// Weir's own words in such a file.
  package static let words = ["plugin", "component", "mode", "timeout", "worker_network"]

  /// A longer file is no configuration.
  static let maximumLength = 1 << 20
}

/// Reads such a file: `name = value` on a line, as in Postfix's main.cf but without `$name`.
struct ExternalFileReader {
  private var options: [ExternalDefinition.Option] = []
  private var diagnostics: [Diagnostic] = []

  static func read(_ reference: TableReference, _ source: SourceText) -> (ExternalDefinition, [Diagnostic]) {
    let lines = RuleLines(source, isLenient: false)
    var reader = ExternalFileReader()
    for line in lines.rules { reader.take(line) }
    let definition = ExternalDefinition(type: reference.type, name: reference.name, options: reader.options, isLenient: reference.isLenient)
    return (definition, lines.diagnostics + reader.diagnostics)
  }

  private mutating func take(_ line: LocatedText) {
    guard let sign = line.bytes.firstIndex(of: UInt8(ascii: "=")) else {
      diagnostics.append(.error(line, "expected `name = value`", hint: "a line that starts with white space continues the one before it"))
      return
    }
    let name = line[..<sign].trimmed
    guard !name.isEmpty, name.bytes.allSatisfy(\.isNameByte) else {
      diagnostics.append(.error(name.isEmpty ? line : name, "`\(name.text)` is no name of an option"))
      return
    }
    if let index = options.firstIndex(where: { $0.name.text == name.text }) {
      // As Postfix: the last one counts.
      diagnostics.append(.warning(name, "`\(name.text)` is set twice; the last one counts"))
      options.remove(at: index)
    }
    options.append(ExternalDefinition.Option(name: name, value: line[(sign + 1)...].trimmed))
  }
}

extension UInt8 {
  fileprivate var isNameByte: Bool {
    (0x30...0x39).contains(self) || (0x61...0x7a).contains(self) || (0x41...0x5a).contains(self) || self == UInt8(ascii: "_")
  }
}
