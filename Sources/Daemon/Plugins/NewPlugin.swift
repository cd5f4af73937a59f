// SPDX-License-Identifier: Apache-2.0
import Runtime

/// `weir plugin new`.
package struct NewPlugin: Equatable, Sendable {
  package enum Language: String, CaseIterable, Sendable { case c, cpp, rust, swift }

  package enum Kind: String, CaseIterable, Sendable { case stage, table }

  package let language: Language
  package let kind: Kind
  package let name: String

  /// In which there is something to begin with.
  package static func languages(of kind: Kind) -> [Language] { kind == .stage ? Language.allCases : [.c, .swift] }

  package static let maximumName = 32

  /// Nil if the name can be none: it is part of file names, of the configuration and of the plugin's id.
  package init?(language: Language, kind: Kind = .stage, name: String) {
    let first = name.utf8.first.map { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) } ?? false
    let isGood = name.utf8.allSatisfy {
      switch $0 {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
      default: false
      }
    }
    guard first, isGood, name.utf8.count <= Self.maximumName, !Self.taken.contains(name) else { return nil }
    self.language = language
    self.kind = kind
    self.name = name
  }

  /// A file or a module of the project has this name already.
  private static let taken = ["weir", "build", "tests"]

  /// Each file of the project: its path in the folder, its mode, its text.
  package var files: [(path: String, mode: UInt32, text: String)] {
    templates.map { ($0.path.replacing(placeholder, with: name), $0.mode, $0.text.replacing(placeholder, with: name)) }
  }

  private var placeholder: String { kind == .table ? "rename" : "lottery" }

  private var templates: [Template] {
    switch (language, kind) {
    case (.c, .table): PluginTemplates.cTable
    case (.swift, .table): PluginTemplates.swiftTable
    case (.c, _): PluginTemplates.c
    case (.cpp, _): PluginTemplates.cpp
    case (.rust, _): PluginTemplates.rust
    case (.swift, _): PluginTemplates.swift
    }
  }
}

/// A file of a new plugin.
struct Template: Sendable {
  let path: String
  let mode: UInt32
  let text: String

  init(_ path: String, _ mode: UInt32, _ text: String) {
    self.path = path
    self.mode = mode
    self.text = text
  }
}

extension Launch {
  /// Writes the project into a new folder of the plugin's name; the folder is there whole or not at all.
  package static func newPlugin(_ plugin: NewPlugin) -> Int32 {
    let disk = LinuxDisk()
    let folder = "\(Machine.workingFolder)/\(plugin.name)"
    if (try? disk.status(folder, at: nil)) != nil {
      Terminal.writeError("weir plugin new: \(plugin.name) is there already\n")
      return 1
    }
    do {
      let unfinished = "\(folder).new-\(disk.random())"
      for file in plugin.files { try write(file, below: unfinished, disk) }
      try disk.rename(unfinished, at: nil, to: folder, at: nil, replacing: false)
    } catch {
      Terminal.writeError("weir plugin new: cannot write \(plugin.name): \(error)\n")
      return 1
    }
    Terminal.write(
      "\(plugin.name)/ has a \(plugin.kind == .table ? "table" : "filter") that works. Read README.md; then:\n\n  cd \(plugin.name)\n  make\n  make test\n"
    )
    return 0
  }

  private static func write(_ file: (path: String, mode: UInt32, text: String), below folder: String, _ disk: LinuxDisk) throws {
    let target = "\(folder)/\(file.path)"
    try Folder.ensure(String(target[..<(target.lastIndex(of: "/") ?? target.startIndex)]), mode: 0o755, owner: nil)
    let handle = try disk.open(target, at: nil, [.write, .create, .exclusive], mode: file.mode)
    defer { try? disk.close(handle) }
    try Array(file.text.utf8).withUnsafeBytes { try disk.write(handle, [$0], offset: 0) }
  }
}
