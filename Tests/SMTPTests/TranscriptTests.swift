// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing
import TranscriptPlayer

@Suite struct TranscriptTests {
  /// The files of Tests/Transcripts, by name.
  static let names: [String] = {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return all.filter { $0.hasSuffix(".txt") }.sorted()
  }()

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Transcripts").path

  static func load(_ name: String) throws -> Transcript {
    try Transcript(name: name, text: String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8))
  }

  @Test func thereAreAtLeastAHundred() { #expect(TranscriptTests.names.count >= 100) }

  @Test(arguments: names)
  func playedWhole(name: String) throws { try Player.play(TranscriptTests.load(name), cut: .whole) }

  @Test(arguments: names)
  func cutAtEveryByte(name: String) throws {
    let transcript = try TranscriptTests.load(name)
    if !transcript.setup.isForWholeOnly { try Player.play(transcript, cut: .everyByte) }
  }
}
