// SPDX-License-Identifier: Apache-2.0
import Bytes
import Restrictions
import SMTP
import Testing

@Suite struct PolicyTests {
  private func court(_ answers: String..., list: String = "check_policy_service inet:127.0.0.1:10023") -> Court {
    Court([.recipient: list]).with { $0.policies = answers }
  }

  @Test func answersAreActions() {
    #expect(court("DUNNO").reply() == "")
    #expect(court("OK").with { $0.lists[.recipient]? += ", reject" }.reply() == "")
    #expect(court("DEFER_IF_PERMIT greylisted").reply() == "450 4.7.1 <user@example.test>: Recipient address rejected: greylisted")
    #expect(court("554 5.7.1 no").reply() == "554 5.7.1 <user@example.test>: Recipient address rejected: no")
    #expect(court("PREPEND X-A: b").decide().judgement.verdict.marks.prepended == ["X-A: b"])
    #expect(court("nonsense").reply() == "451 4.3.5 Server configuration error")
  }

  @Test func withoutAnswerTheDefaultActionCounts() {
    #expect(court().reply() == "451 4.3.5 <user@example.test>: Recipient address rejected: Server configuration problem")
    #expect(court().with { $0.settings.policyDefaultAction = "DUNNO" }.reply() == "")
    #expect(court(list: "check_policy_service { inet:[::1]:99, default_action=DUNNO }").reply() == "")
    #expect(court().notes() == ["warning: problem talking to server inet:127.0.0.1:10023: Connection refused"])
  }

  @Test func attributes() {
    let court = court("DUNNO").with {
      $0.facts.instance = "1.2.3"
      $0.facts.size = 1000
      $0.facts.recipientCount = 3
    }
    guard case .policy(let server, let attributes, _)? = court.decide().asked.first else { return #expect(Bool(false)) }
    #expect(server == PolicyServer(.tcp(host: "127.0.0.1", port: 10023)))
    let values = Dictionary(uniqueKeysWithValues: attributes.map { ($0.name, $0.value) })
    #expect(attributes.first?.name == "request")
    let expected = [
      "request": "smtpd_access_policy", "protocol_state": "RCPT", "protocol_name": "ESMTP", "client_address": "192.0.2.7",
      "client_name": "client.example.net", "helo_name": "client.example.net", "sender": "sender@example.net", "recipient": "user@example.test",
      "recipient_count": "0", "instance": "1.2.3", "size": "1000", "encryption_protocol": "", "reverse_client_name": "client.example.net",
    ]
    for (name, value) in expected { #expect(values[name] == value, "\(name)") }
  }

  @Test func options() {
    let list =
      "check_policy_service { unix:/run/policy, timeout=5s, max_idle=1m, max_ttl=2m, try_limit=3, retry_delay=2, request_limit=9, policy_context=x }"
    guard case .policy(let server, let attributes, _)? = court("DUNNO", list: list).decide().asked.first else { return #expect(Bool(false)) }
    var expected = PolicyServer(.unix(path: "/run/policy"))
    (expected.timeout, expected.maxIdle, expected.maxTTL) = (5, 60, 120)
    (expected.tryLimit, expected.retryDelay, expected.requestLimit) = (3, 2, 9)
    #expect(server == expected)
    #expect(attributes.contains { $0.name == "policy_context" && $0.value == "x" })
  }

  @Test func limitsOfTheSettings() {
    let court = court("DUNNO").with { $0.settings.policyLimits.timeout = 7 }
    guard case .policy(let server, _, _)? = court.decide().asked.first else { return #expect(Bool(false)) }
    #expect(server.timeout == 7 && server.maxIdle == 300)
  }

  @Test func eachCallIsAQuestion() {
    let list = "check_policy_service inet:h:1, check_policy_service inet:h:1"
    #expect(court("DUNNO", "REJECT", list: list).decide().asked.count == 2)
  }
}
