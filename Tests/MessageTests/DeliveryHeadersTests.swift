// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Message

@Suite struct DeliveryHeadersTests {
  private func compose(_ sender: String, _ original: String, _ recipient: String) -> String {
    String(decoding: DeliveryHeaders.compose(sender: sender, original: original, recipient: recipient), as: UTF8.self)
  }

  @Test func theOrderIsPostfixs() {
    #expect(
      compose("a@b", "admin@example.com", "harry@example.com")
        == "Return-Path: <a@b>\nX-Original-To: admin@example.com\nDelivered-To: harry@example.com\n")
  }

  @Test func theNullPathIsEmpty() { #expect(compose("", "x", "x@y") == "Return-Path: <>\nX-Original-To: x\nDelivered-To: x@y\n") }

  @Test func withoutAnOriginalThereIsNoField() { #expect(compose("a@b", "", "x@y") == "Return-Path: <a@b>\nDelivered-To: x@y\n") }

  @Test(arguments: [
    ("joe", "joe"), ("joe smith@x", "\"joe smith\"@x"), ("a\"b\\c@x", "\"a\\\"b\\\\c\"@x"), ("\"joe\"@x", "\"\\\"joe\\\"\"@x"),
    ("\"a\\\"@x", "\"\\\"a\\\\\\\"\"@x"), ("a..b@x", "\"a..b\"@x"), (".a@x", "\".a\"@x"), ("a.@x", "\"a.\"@x"), ("jörg@x", "jörg@x"),
    ("a@b@c", "\"a@b\"@c"), ("a\nb", "\"a?b\""), ("@x", "@x"), ("\"@x", "\"\\\"\"@x"), ("\"\"@x", "\"\\\"\\\"\"@x"), ("a+b/c=d@x", "a+b/c=d@x"),
  ])
  func localPartsAreQuotedWhereNeeded(_ address: String, _ expected: String) {
    #expect(compose("", "", address) == "Return-Path: <>\nDelivered-To: \(expected)\n")
  }

  @Test(arguments: [
    ("Delivered-To: joe@x\n\n", true), ("A: b\ndelivered-to:  JOE@X \nC: d\n\n", true), ("Delivered-To:\n joe@x\n\n", true),
    ("Delivered-To: joe@xy\n\n", false), ("Delivered-To: ann@x\n\n", false), ("\nDelivered-To: joe@x\n", false), ("Delivered-To: joe@\n\n", false),
    ("X-Delivered-To: joe@x\n\n", false), ("", false), ("Delivered-To: ann@x\nDelivered-To: joe@x\nDelivered-To: bob@x\n\n", true),
  ])
  func loopsAreSeen(_ content: String, _ isLoop: Bool) {
    #expect(Array(content.utf8).withUnsafeBytes { DeliveryHeaders.isLoop([$0], recipient: "joe@x") } == isLoop)
  }

  @Test(arguments: [("A: b\n", "Delivered-To: joe@x\n\n", true), ("A: b\n\n", "Delivered-To: joe@x\n\n", false), ("", "Delivered-To: joe@x\n", true)])
  func theHeaderMayBeInPieces(_ first: String, _ second: String, _ isLoop: Bool) {
    let (first, second) = (Array(first.utf8), Array(second.utf8))
    let found = first.withUnsafeBytes { first in second.withUnsafeBytes { DeliveryHeaders.isLoop([first, $0], recipient: "joe@x") } }
    #expect(found == isLoop)
  }

  @Test func deliveredToMayBeLeftOut() {
    let header = DeliveryHeaders.compose(sender: "ann@x", original: "Joe@x", recipient: "joe@x", deliveredTo: false)
    #expect(String(decoding: header, as: UTF8.self) == "Return-Path: <ann@x>\nX-Original-To: Joe@x\n")
  }

  @Test func whatWasWrittenIsSeenAsALoop() {
    for recipient in ["joe@x", "joe smith@x", "jörg@x", "a@b@c"] {
      let written = DeliveryHeaders.compose(sender: "", original: "", recipient: recipient) + [0x0A]
      #expect(written.withUnsafeBytes { DeliveryHeaders.isLoop([$0], recipient: recipient) })
    }
  }
}
