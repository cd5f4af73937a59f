// SPDX-License-Identifier: Apache-2.0
import Queue
import Testing

@Suite struct RecipientTests {
  private func recipient(_ address: String, given original: String? = nil, _ notify: Recipient.Notify = [], for other: String? = nil) -> Recipient {
    Recipient(address: address, original: original ?? address, route: .remote, notify: notify, originalRecipient: other)
  }

  @Test func whoIsNamedTwiceIsThereOnce() {
    let first = recipient("Bob@Far.Test")
    #expect([first, recipient("bob@far.test"), recipient("eva@far.test"), first].unique == [first, recipient("eva@far.test")])
    #expect([first].unique == [first])
  }

  @Test func whoIsAskedForInTwoWaysIsThereTwice() {
    let all = [
      recipient("bob@far.test"), recipient("bob@far.test", given: "alias@far.test"), recipient("bob@far.test", .failure),
      recipient("bob@far.test", for: "rfc822;other@far.test"),
    ]
    #expect(all.unique == all)
  }
}
