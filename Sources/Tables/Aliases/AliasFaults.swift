// SPDX-License-Identifier: Apache-2.0

/// What is well written in an alias file, and will not work.
package struct AliasFaults {
  package struct Fault: Equatable, Sendable {
    package let line: Int
    package let text: String
  }

  /// What stands elsewhere: asked for each target that leads out of the file. Nil: it is there, or cannot be found out.
  package struct Questions {
    /// Whether a name without a domain is nobody's on this system.
    package var isNobody: (String) -> Bool
    /// Why a file of addresses, a program or a mailbox cannot be used.
    package var faultOfInclude: (String) -> String?
    package var faultOfCommand: (String) -> String?
    package var faultOfFile: (String) -> String?

    package init(
      isNobody: @escaping (String) -> Bool, faultOfInclude: @escaping (String) -> String?, faultOfCommand: @escaping (String) -> String?,
      faultOfFile: @escaping (String) -> String?
    ) {
      self.isNobody = isNobody
      self.faultOfInclude = faultOfInclude
      self.faultOfCommand = faultOfCommand
      self.faultOfFile = faultOfFile
    }
  }

  private let table: AliasTable
  private let questions: Questions

  private init(_ table: AliasTable, _ questions: Questions) {
    self.table = table
    self.questions = questions
  }

  /// In the order of the file.
  package static func find(in table: AliasTable, _ questions: Questions) -> [Fault] {
    let faults = AliasFaults(table, questions)
    return table.entries.flatMap { entry in
      (faults.loop(from: entry).map { [$0] } ?? []) + AliasTarget.list(entry.value).compactMap { faults.fault(of: $0, in: entry) }
    }
  }

  private func fault(of target: AliasTarget, in entry: AliasTable.Entry) -> Fault? {
    let text: String? =
      switch target {
      case .address(let address): fault(ofAddress: address, entry)
      case .include(let path): questions.faultOfInclude(path).map { ":include:\(path): \($0)" }
      case .command(let command): questions.faultOfCommand(command).map { "|\(command): \($0)" }
      case .file(let path): questions.faultOfFile(path).map { "\(path): \($0)" }
      }
    return text.map { Fault(line: entry.line, text: "`\(entry.name)`: \($0)") }
  }

  private func fault(ofAddress address: String, _ entry: AliasTable.Entry) -> String? {
    let isFinal = address.hasPrefix("\\")
    let name = isFinal ? String(address.dropFirst()) : address
    if name.contains("@") || (!isFinal && table[name] != nil && name.lowercased() != entry.name) { return nil }
    return questions.isNobody(name) ? "`\(name)` is neither a user of this system nor an alias" : nil
  }

  /// An alias from which one comes back to it; told of the first of the circle only.
  private func loop(from entry: AliasTable.Entry) -> Fault? {
    var seen: Set<String> = []
    var ways: [[String]] = [[entry.name]]
    while let way = ways.popLast(), let last = way.last, let here = table[last] {
      for next in names(of: here) where next != last {
        if next == entry.name {
          return isFirst(way) ? Fault(line: entry.line, text: "these aliases lead in a circle: \((way + [next]).joined(separator: " -> "))") : nil
        }
        if table[next] != nil, seen.insert(next).inserted { ways.append(way + [next]) }
      }
    }
    return nil
  }

  private func isFirst(_ way: [String]) -> Bool {
    let lines = way.compactMap { table[$0]?.line }
    return lines.min() == lines.first
  }

  private func names(of entry: AliasTable.Entry) -> [String] {
    AliasTarget.list(entry.value).compactMap { target in
      guard case .address(let address) = target, !address.hasPrefix("\\"), !address.contains("@") else { return nil }
      return address.lowercased()
    }
  }
}
