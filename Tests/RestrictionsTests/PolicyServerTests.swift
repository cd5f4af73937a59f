// SPDX-License-Identifier: Apache-2.0
import Restrictions
import Testing

@Suite struct PolicyServerTests {
  /// The defaults of Postfix's smtpd_policy_service_* settings.
  @Test func limitsArePostfixs() {
    let server = PolicyServer(.unix(path: "/run/policy"))
    #expect(server.timeout == 100)
    #expect(server.maxIdle == 300)
    #expect(server.maxTTL == 1000)
    #expect(server.requestLimit == 0)
    #expect(server.tryLimit == 2)
    #expect(server.retryDelay == 1)
  }
}
