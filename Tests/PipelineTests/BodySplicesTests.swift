// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Pipeline

@Suite struct BodySplicesTests {
  private func message() -> StagedMessage {
    let message = StagedMessage()
    message.setContent(header: Array("Subject: x\n".utf8), body: OwnedBytes(Array("one\ntwo\nthree\n".utf8)))
    return message
  }

  private func splice(_ offset: UInt64, _ length: UInt64, _ text: String) -> StageEdit { .splice(offset: offset, length: length, Array(text.utf8)) }

  @Test func piecesAreReplacedWhenTheStageHasSeenAll() {
    let message = message()
    #expect(message.apply(splice(0, 0, "zero\n")))
    #expect(message.apply(splice(0, 3, "1")))
    #expect(message.apply(splice(4, 4, "")))
    #expect(message.apply(splice(14, 0, "end\n")))
    #expect(Array(message.body) == Array("one\ntwo\nthree\n".utf8))
    message.stageEnded()
    #expect(Array(message.body) == Array("zero\n1\nthree\nend\n".utf8))
    #expect(message.isBodyReplaced)
    #expect(message.bodySize == 17)
    // The next stage counts anew.
    #expect(message.apply(splice(0, 4, "")))
  }

  @Test(arguments: [(UInt64(15), UInt64(0)), (14, 1), (0, 15), (0, .max), (.max, 1)])
  func nothingBeyondTheEnd(offset: UInt64, length: UInt64) {
    #expect(!message().apply(splice(offset, length, "")))
  }

  @Test func notBackwards() {
    let message = message()
    #expect(message.apply(splice(4, 4, "")))
    #expect(!message.apply(splice(7, 1, "")))
    #expect(message.apply(splice(8, 1, "")))
  }

  @Test func notTogetherWithANewBody() {
    let first = message(), second = message()
    #expect(first.apply(.body([1])) && !first.apply(splice(0, 1, "")))
    #expect(second.apply(splice(0, 1, "")) && !second.apply(.body([1])))
  }

  @Test func travelsToOtherProcesses() throws {
    var outcome = StageOutcome(0, at: .endOfMessage)
    outcome.edits = [splice(3, 4, "x"), splice(.max, .max, "")]
    #expect(try StageOutcome(decoding: outcome.encoded) == outcome)
  }
}
