// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime
import Testing

@testable import Delivery

/// Which .forward files are looked for, and what the mailbox process is told.
@Suite struct ForwardTests {
  private static let anna = SystemUser(name: "anna", uid: 1000, gid: 1000, home: "/home/anna")
  private static let standard = "$home/.forward${recipient_delimiter}${extension}, $home/.forward"

  private func paths(_ path: String, _ address: String, filter: String = "abcdefghijklmnopqrstuvwxyz./+-@") -> [String] {
    ForwardRules(path: path, filter: filter, delimiters: "+-").files(of: Self.anna, for: address).map { "\($0.path) \($0.usesExtension)" }
  }

  @Test func pathsWithoutAValueAreLeftOut() {
    #expect(paths(Self.standard, "anna@here") == ["/home/anna/.forward false"])
    #expect(paths(Self.standard, "Anna+News@here") == ["/home/anna/.forward+news true", "/home/anna/.forward false"])
    #expect(paths(Self.standard, "anna-news@here") == ["/home/anna/.forward-news true", "/home/anna/.forward false"])
    #expect(paths("/etc/forward/$user${extension?.x}", "anna+x@here") == ["/etc/forward/anna.x true"])
    #expect(paths("/etc/forward/$user${extension?.x}", "anna@here") == ["/etc/forward/anna false"])
    #expect(paths("relative/$user", "anna@here").isEmpty)
    #expect(paths("", "anna@here").isEmpty)
  }

  @Test func whatAnAddressBringsIsFiltered() {
    #expect(paths(Self.standard, "anna+a$b`c@here") == ["/home/anna/.forward+a_b_c true", "/home/anna/.forward false"])
    // A slash would lead to another folder.
    #expect(paths(Self.standard, "anna+../x@here") == ["/home/anna/.forward false"])
  }

  @Test func linesOfAFile() {
    let targets = ForwardFile.lines("# who\n\\anna, bert@there\n\n\"|/bin/x y\"\n  :include:/list\n#end")
    #expect(targets == [.address("\\anna"), .address("bert@there"), .command("/bin/x y"), .include("/list")])
  }

  @Test func ordersAndAnswersSurviveTheWay() throws {
    var envelope = Envelope(
      sender: "a@b", arrival: 7, host: "h", recipients: [Recipient(address: "x@y", original: "z@y", route: .local, notify: .success)],
      smtpUTF8: true, envelopeID: "e")
    envelope.recipients[0].isFinal = true
    var client = MailClient()
    (client.address, client.saslUsername) = ("1.2.3.4", "u")
    envelope.client = client
    let id = try #require(QueueID(QueueID(microseconds: 1_700_000_000_000_000, lane: 1).description))
    let order = ProgramOrder(transport: "t", nexthop: "n", id: id, size: 12, envelope: envelope)
    #expect(ProgramOrder(encoded: order.encoded) == order)
    for answer in [
      ProgramAnswer.done(ProgramOutcome(.deferred, "4.3.0", "later, \"perhaps\"")),
      .sendOn([.init(address: "a@b", isFinal: false), .init(address: "c@d", isFinal: true)], owner: "", text: nil),
      .sendOn([], owner: nil, text: "x"),
    ] {
      #expect(ProgramAnswer(encoded: answer.encoded) == answer)
      for cut in 0..<answer.encoded.count { _ = ProgramAnswer(encoded: Array(answer.encoded.prefix(cut))) }
    }
    for cut in 0..<order.encoded.count { #expect(ProgramOrder(encoded: Array(order.encoded.prefix(cut))) != order) }
  }
}
