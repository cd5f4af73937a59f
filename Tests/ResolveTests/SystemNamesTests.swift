// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime
import Testing

@Suite struct SystemNamesTests {
  @Test func addressesNeedNoServer() {
    #expect(SystemNames.addresses(of: "192.0.2.7") == [IPAddress(v4: 0xc000_0207)])
    #expect(SystemNames.addresses(of: "localhost").contains(.loopbackV4))
    #expect(SystemNames.addresses(of: "").isEmpty)
  }
}
