// SPDX-License-Identifier: Apache-2.0
import Foundation
import SMTP
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

  /// What the fuzzers start from: everything a client says, without waiting for answers.
  @Test(arguments: names)
  func saidWithoutWaiting(name: String) throws {
    let bytes = try TranscriptTests.load(name).clientBytes
    let setup = Transcript.Setup()
    let context = ServerContext(try TranscriptSettings.configuration(setup))
    let whole = MachineSession(context: context, setup: setup)
    let cut = MachineSession(context: context, setup: setup)
    whole.receive(bytes)
    for byte in bytes { cut.receive([byte]) }
    #expect(whole.takeOutput() == cut.takeOutput())
    #expect(whole.queued == cut.queued)
  }
}
