// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Settings
import Tables

/// The tables that the old configuration names, and the copies that the new one uses.
struct TableCopies {
  static let folderName = "tables"
  /// The setting that holds the folder of the copies, so that one line moves them.
  static let folderSetting = "table_directory"

  struct Source {
    let path: String
    let type: String?
    let bytes: [UInt8]
    /// In the folder of copies; nil where there is nothing to copy, such as the access data of a database.
    let copy: String?
    /// The item of the setting that names it.
    let item: Int?
    let setting: String
  }

  let files: any FileSource
  let folder: String
  private(set) var sources: [Source] = []
  /// What `$name` in a path stands for.
  var expand: (String) -> String = { $0 }
  /// What the final weir.conf names.
  var used: Set<String> = []

  init(files: any FileSource, folder: String) {
    self.files = files
    self.folder = folder
  }

  /// A copy is for nobody who may not read the table.
  func copies(permissions: FilePermissions) -> [ImportResult.File] {
    sources.compactMap { source in
      guard let copy = source.copy, used.contains(copy) else { return nil }
      return ImportResult.File(path: "\(Self.folderName)/\(copy)", bytes: source.bytes, mode: (permissions(source.path) ?? 0o644) & 0o644)
    }
  }

  /// The copies as the new configuration will find them.
  var overlay: [String: [UInt8]] {
    Dictionary(sources.compactMap { source in source.copy.map { ("\(folder)/\($0)", source.bytes) } }) { first, _ in first }
  }

  /// The value with the paths of tables replaced by those of their copies. `plainPaths` says whether a path alone names a file of elements.
  mutating func relocate(_ value: String, of setting: String, item: Int?, plainPaths: Bool) -> String {
    var result = ""
    var word = ""
    for character in value + "\n" {
      if character.isWhitespace || character == "," || character == "{" || character == "}" {
        result += relocateWord(word, setting, item, plainPaths) + String(character)
        word = ""
      } else {
        word.append(character)
      }
    }
    return String(result.dropLast())
  }

  /// A word that only becomes a path by the names in it stands there with what they stand for.
  private mutating func relocateWord(_ word: String, _ setting: String, _ item: Int?, _ plainPaths: Bool) -> String {
    guard word.contains("$") else { return relocatePath(word, setting, item, plainPaths) }
    let expanded = expand(word)
    let relocated = relocatePath(expanded, setting, item, plainPaths)
    return relocated == expanded ? word : relocated
  }

  private mutating func relocatePath(_ word: String, _ setting: String, _ item: Int?, _ plainPaths: Bool) -> String {
    guard let slash = word.firstIndex(of: "/"), slash == word.startIndex || ":!".contains(word[word.index(before: slash)]) else { return word }
    let prefix = String(word[..<slash])
    let type = prefix.split(separator: ":").last.map(String.init)
    guard type != nil ? prefix.hasSuffix(":") && Self.isFile(type ?? "") : plainPaths else { return word }
    guard let copy = add(String(word[slash...]), type, item, setting) else { return word }
    return "\(prefix)$\(Self.folderSetting)/\(copy)"
  }

  private static func isFile(_ type: String) -> Bool { !["unix", "inet", "static", "inline", "tcp", "socketmap", "proxy", "nis"].contains(type) }

  /// Types whose file says where to ask, and types that stand in the text itself.
  private static let databases: Set<String> = ["mysql", "pgsql", "ldap", "sqlite", "memcache"]

  /// Reads the file, if there is one; answers the name of its copy.
  private mutating func add(_ path: String, _ type: String?, _ item: Int?, _ setting: String) -> String? {
    if let known = sources.first(where: { $0.path == path }) { return known.copy }
    guard let bytes = try? files.read(path, limit: Table.maximumLength) else { return nil }
    let isDatabase = type.map(Self.databases.contains) ?? false
    let copy = isDatabase ? nil : freeName(String(path.split(separator: "/").last ?? "table"))
    sources.append(Source(path: path, type: type, bytes: bytes, copy: copy, item: item, setting: setting))
    return copy
  }

  private func freeName(_ wanted: String) -> String {
    let taken = Set(sources.compactMap(\.copy))
    if !taken.contains(wanted) { return wanted }
    return (2...(taken.count + 2)).map { "\(wanted)-\($0)" }.first { !taken.contains($0) } ?? wanted
  }
}

/// Files of the result before they are written, above those there are.
struct OverlayFiles: FileSource {
  let overlay: [String: [UInt8]]
  let files: any FileSource

  func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
    guard let bytes = overlay[path] else { return try files.read(path, limit: limit) }
    guard bytes.count <= limit else { throw .tooLong(limit: limit) }
    return bytes
  }

  func names(inFolder path: String) throws(FileError) -> [String] { try files.names(inFolder: path) }
}
