// SPDX-License-Identifier: Apache-2.0
import CWeir
import Foundation
import Pipeline
import WeirPlugin

@testable import AttachmentStage
@testable import PluginHost

/// What the stage does with one message, in the host's own rehearsal: as `weir plugin run` shows it.
struct Rehearsed {
  let lines: [String]

  struct Refused: Error { let reason: String }

  nonisolated(unsafe) private static let descriptor = WeirPlugin.Plugin(id: "test", version: "1", stages: [Attachments.self]).descriptor

  static func component() throws -> PluginHost.Component {
    guard let raw = descriptor?.assumingMemoryBound(to: weir_plugin.self).pointee.components?.pointee else { throw Refused(reason: "no component") }
    return try PluginHost.Component(raw)
  }

  init(_ message: [UInt8], _ options: [(String, String)] = []) throws {
    let component = try Self.component()
    let checked = ComponentOptions(options.map { StageSettings.Option($0.0, $0.1) }, for: component)
    if let problem = checked.problems.first { throw Refused(reason: problem.message) }
    let written = Lines()
    let posts = RehearsalPosts()
    let instance: ComponentInstance
    do {
      instance = try ComponentInstance(component, name: "attachments", options: checked.options, posts: posts) { _, line, _ in
        written.add("log " + line)
      }
    } catch {
      throw Refused(reason: "\(error)")
    }
    var script = RehearsalScript()
    script.setMessage(message)
    Rehearsal(instance, script, posts: posts) { written.add($0) }.run()
    lines = written.all
  }

  init(_ message: String, _ options: [(String, String)] = []) throws { try self.init(Array(message.utf8), options) }

  private final class Lines: @unchecked Sendable {
    private(set) var all: [String] = []
    func add(_ line: String) { all.append(line) }
  }

  /// `CONTINUE`, `REJECT`
  var verdict: String { lines.last { $0.hasPrefix("  -> ") }.map { String($0.dropFirst(5)) } ?? "" }
  var reply: String? { lines.last { $0.hasPrefix("  reply  ") }.map { String($0.dropFirst(9)) } }
  var edits: [String] { lines.filter { $0.hasPrefix("  edit   ") }.map { String($0.dropFirst(9)) } }
  var log: [String] { lines.filter { $0.hasPrefix("log ") }.map { String($0.dropFirst(4)) } }
  /// Of the first line that tells of a finding: `reject: attachment virus.exe (refuse_extensions: exe) from …`
  var rule: String? {
    guard let line = log.first,
      let open = line.range(of: " (", options: .backwards, range: line.startIndex..<(line.range(of: ") from ")?.lowerBound ?? line.endIndex))
    else { return nil }
    return String(line[open.upperBound...].prefix { $0 != ")" })
  }
}

/// corpus/*.eml, which make_corpus.py has made.
enum Corpus {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("corpus")
  static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { $0.hasSuffix(".eml") }.sorted()

  static func read(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: folder.appendingPathComponent(name))) }

  /// What its field X-Expect says.
  static func expectation(_ message: [UInt8]) -> String {
    let line = message.split(separator: 0x0a).first { $0.starts(with: "X-Expect: ".utf8) } ?? []
    return String(decoding: line.dropFirst(10), as: UTF8.self)
  }
}
