// SPDX-License-Identifier: Apache-2.0
import Queue
import Testing

@testable import Delivery

@Suite struct ExpansionNoticeTests {
  private func recipient(_ address: String, _ notify: Recipient.Notify) -> Recipient {
    Recipient(address: address, original: "list@x.test", route: .virtual, notify: notify)
  }

  @Test func whoWantsNoReportsGetsNoNotice() {
    let others = [recipient("a@x.test", [.failure]), recipient("b@x.test", [.failure])]
    #expect(recipient("list@x.test", [.failure]).noticing(others) == others)
    #expect(recipient("list@x.test", []).noticing(others) == others)
    #expect(recipient("list@x.test", [.never]).noticing(others) == others)
  }

  @Test func anAddressThatStaysIsNoExpansion() {
    let one = recipient("a@x.test", [.success])
    #expect(one.noticing([one]) == [one])
  }

  @Test func theOthersAskForNoReportOfSuccess() {
    let list = recipient("list@x.test", [.success, .failure])
    let found = list.noticing([recipient("a@x.test", [.success, .failure]), recipient("b@x.test", [.success, .failure])])
    #expect(found.map(\.address) == ["a@x.test", "b@x.test", "list@x.test"])
    #expect(found.map(\.notify.rawValue) == [4, 4, 3])
    #expect(found.map(\.isExpansionNotice) == [false, false, true])
    // To be told of nothing else is not the default, which is to be told of failures.
    #expect(recipient("list@x.test", [.success]).noticing([recipient("a@x.test", [.success])]).first?.notify == .never)
  }
}
