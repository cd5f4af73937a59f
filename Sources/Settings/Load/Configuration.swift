// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tables

// Settings: from the text of weir.conf to a snapshot of typed values.
//
// Language/ parses text into a tree. Schema/ holds the one table of all settings, a file for each area. Load/ brings them together: names are
// checked, `$name` is expanded, values are parsed by type. Reference/ makes the manual from the schema. Nothing here opens a file.

/// One configuration, whole and unchanging. A reload makes a new one.
package struct Configuration: Sendable {
  package private(set) var values: SettingValues
  /// At least one: without a `listener` block there is one called `smtp`.
  package let listeners: [ListenerConfiguration]
  /// The settings as mail of this machine's users sees them: no listener's own.
  package let pickup: ListenerConfiguration
  /// What stands in `protocol` blocks, as written. It is among the values of the listeners.
  let protocols: [String: [String: String]]
  /// In the order in which they stand.
  package let stages: [StageBlock]
  package let transports: [TransportBlock]
  /// Every table that a setting names.
  package private(set) var tables: TableStore

  /// The same without its tables: for who has no use for them and wants their memory back.
  package var withoutTables: Configuration {
    var copy = self
    copy.tables = TableStore()
    return copy
  }

  func replacing(_ values: SettingValues) -> Configuration {
    var copy = self
    copy.values = values
    return copy
  }

  /// `configuration[Keys.messageSizeLimit]`
  package subscript<Value>(key: Key<Value>) -> Value { values[key] }
}

/// The settings as one listener sees them: its own block's, else the top level's.
package struct ListenerConfiguration: Sendable {
  package let name: String
  package let values: SettingValues
  /// What stands in its own block, in the order of names.
  let ownNames: [String]
  let stressed: SettingValues?

  /// As it is while the listener is nearly full; nil where that makes no difference.
  package var underStress: ListenerConfiguration? {
    guard let stressed else { return nil }
    return ListenerConfiguration(name: name, values: stressed, ownNames: ownNames, stressed: nil)
  }

  package subscript<Value>(key: Key<Value>) -> Value { values[key] }

  /// The sockets to open, each once.
  package var sockets: [ListenAddress] {
    var seen: Set<ListenAddress> = []
    let protocols = self[Keys.inetProtocols].compactMap(InetProtocol.init(rawValue:))
    let allowed = self[Keys.inetProtocols].contains("all") ? InetProtocol.allCases : protocols
    return self[Keys.listenerAddress].flatMap { $0.sockets(port: self[Keys.listenerPort], protocols: allowed) }.filter { seen.insert($0).inserted }
  }
}

/// A configuration, if there was no error, and all that is to be said about its text.
package struct LoadResult: Sendable {
  package let configuration: Configuration?
  package let diagnostics: [Diagnostic]

  /// With what others found wrong besides.
  package func adding(_ further: [Diagnostic]) -> LoadResult {
    LoadResult(configuration: configuration, diagnostics: diagnostics + further)
  }
}

extension ListenerConfiguration {
  /// No block can have this name.
  package static let pickup = ".pickup"
}

extension Configuration {
  /// The values of a few settings of a file, as texts, whatever else may be wrong with it: for commands of users, who may not read all that it names.
  package static func texts(of names: [String], path: String, files: any FileSource, facts: HostFacts) -> [String: String] {
    texts(of: names, in: Parser.parse(path: path, files: files).0, files, facts)
  }

  package static func texts(of names: [String], _ source: SourceText, files: any FileSource, facts: HostFacts) -> [String: String] {
    texts(of: names, in: Parser.parse(source, files: files).0, files, facts)
  }

  private static func texts(of names: [String], in section: Section, _ files: any FileSource, _ facts: HostFacts) -> [String: String] {
    var ignored: [Diagnostic] = []
    let evaluator = Evaluator([Scope(section, files: files, diagnostics: &ignored)], facts: facts)
    return names.reduce(into: [:]) { $0[$1] = evaluator.value(of: $1)?.text }
  }
}

extension Configuration {
  /// Reads a file with all that it includes. `dataFolder`: in the place of its data_directory.
  package static func load(path: String, files: any FileSource, facts: HostFacts, dataFolder: String? = nil) -> LoadResult {
    var (section, diagnostics) = Parser.parse(path: path, files: files)
    if let dataFolder { section.replace(Keys.dataDirectory.name, with: dataFolder, from: "--data") }
    return Loader.load(section, diagnostics, files: files, facts: facts)
  }

  /// Reads a text that is in memory already, such as `DemoConfiguration.text`.
  package static func load(_ source: SourceText, files: any FileSource, facts: HostFacts) -> LoadResult {
    let (section, diagnostics) = Parser.parse(source, files: files)
    return Loader.load(section, diagnostics, files: files, facts: facts)
  }
}
