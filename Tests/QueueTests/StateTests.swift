// SPDX-License-Identifier: Apache-2.0
import Bytes
import Queue
import Testing

private let delivered = RecipientState.delivered(Delivered(path: "p", name: "n", length: 1, crc: 2, boot: Boot(high: 0, low: 0)))
private let reason = Reason(status: "4.0.0", text: "t")
private let deferred = RecipientState.deferred(Deferral(until: 1, reason: reason))
private let all: [RecipientState] = [.waiting, delivered, .stable, .relayed, deferred, .failed(reason), .held(reason)]

@Suite struct RecipientStateTests {
  @Test(arguments: all) func nothingFollowsAFinalState(next: RecipientState) {
    for state in all where state.isFinal { #expect(!state.allows(next)) }
  }

  @Test func aDeliveredFileBecomesStableOrIsDeliveredAgain() {
    #expect(all.filter { delivered.allows($0) } == [.waiting, delivered, .stable, .held(reason)])
  }

  @Test(arguments: all) func anythingFollowsAnAttempt(next: RecipientState) {
    #expect(RecipientState.waiting.allows(next) && deferred.allows(next) && RecipientState.held(reason).allows(next))
  }

  @Test func onlyWaitingAndDeferredAreTried() { #expect(all.filter(\.isOpen) == [.waiting, deferred]) }

  @Test func onlyTheseAreFinal() { #expect(all.filter(\.isFinal) == [.stable, .relayed, .failed(reason)]) }
}

@Suite struct StabilityTests {
  private func item(_ number: UInt64) -> Stability.Item { .init(id: QueueID(rawValue: number), recipient: 0) }

  private func begin(_ stability: inout Stability, _ device: UInt64) -> Bool { stability.syncBegan(device) }
  private func ended(_ stability: inout Stability, _ device: UInt64) -> [Stability.Item] { stability.syncEnded(device) }
  private func failed(_ stability: inout Stability, _ device: UInt64) -> [Stability.Item] { stability.syncFailed(device) }

  @Test func onlyWhatWasThereBeforeTheSyncBecomesStable() {
    var stability = Stability()
    stability.delivered(item(1), bytes: 10, on: 5, now: 100)
    #expect(begin(&stability, 5) == true)
    stability.delivered(item(2), bytes: 20, on: 5, now: 101)
    #expect(stability.bytes(on: 5) == 30)
    #expect(ended(&stability, 5) == [item(1)])
    #expect(stability.bytes(on: 5) == 20)
    #expect(begin(&stability, 5) == true)
    #expect(ended(&stability, 5) == [item(2)])
    #expect(begin(&stability, 5) == false)
  }

  @Test func aFailureTakesEverythingSinceTheLastSuccess() {
    var stability = Stability()
    stability.delivered(item(1), bytes: 10, on: 5, now: 100)
    _ = stability.syncBegan(5)
    stability.delivered(item(2), bytes: 20, on: 5, now: 101)
    #expect(failed(&stability, 5) == [item(1), item(2)])
    #expect(stability.bytes(on: 5) == 0)
    #expect(ended(&stability, 5) == [])
  }

  @Test func twoFileSystemsDoNotMix() {
    var stability = Stability()
    stability.delivered(item(1), bytes: 1, on: 1, now: 0)
    stability.delivered(item(2), bytes: 1, on: 2, now: 0)
    #expect(begin(&stability, 1) == true)
    #expect(failed(&stability, 1) == [item(1)])
    #expect(begin(&stability, 2) == true)
    #expect(ended(&stability, 2) == [item(2)])
  }

  @Test func itIsTimeAfterADelayOrAnAmount() {
    var stability = Stability()
    stability.delivered(item(1), bytes: 10, on: 5, now: 100)
    #expect(stability.due(before: 99, bytes: 11) == [])
    #expect(stability.due(before: 100, bytes: 11) == [5])
    #expect(stability.due(before: 99, bytes: 10) == [5])
    #expect(stability.oldest(on: 5) == 100 && stability.oldest(on: 6) == nil)
    _ = stability.syncBegan(5)
    stability.delivered(item(2), bytes: 10, on: 5, now: 200)
    #expect(stability.oldest(on: 5) == 100)
    #expect(stability.due(before: .max, bytes: 0) == [])
    #expect(begin(&stability, 5) == false)
  }
}

@Suite struct MailboxFileNameTests {
  private func name(host: String, arrival: Int64 = 1_700_000_000_000_042) -> String {
    let envelope = Envelope(sender: "", arrival: arrival, host: host, recipients: [])
    return mailboxFileName(QueueID(microseconds: 1_700_000_000_000_042, lane: 0), recipient: 3, envelope)
  }

  @Test func endsInTheHost() {
    #expect(name(host: "mx.example.com") == "1700000000.M42Q\(QueueID(microseconds: 1_700_000_000_000_042, lane: 0))R3.mx.example.com")
  }

  @Test func aHostCannotLeadElsewhere() { #expect(name(host: "a/b:c").hasSuffix(".a\\057b\\072c")) }

  @Test func aTimeBefore1970IsNone() { #expect(name(host: "h", arrival: -5).hasPrefix("0.M0Q")) }
}

@Suite struct ContentChunkTests {
  @Test func keepsTheBytes() {
    var buffer = ByteBuffer()
    buffer.append("hello")
    let chunk = ContentChunk(buffer)
    #expect(Array(chunk.bytes) == Array("hello".utf8) && chunk.count == 5)
    #expect(ContentChunk([]).count == 0)
  }
}
