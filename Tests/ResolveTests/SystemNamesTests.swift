// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime
import Testing

@Suite struct SystemNamesTests {
  let pool = BlockingPool(name: "names", threads: 1, queue: 8)

  @Test func addressLiteralsNeedNoServer() async {
    let names = SystemNames(pool: pool)
    #expect(await names.answer(.a("192.0.2.7")) == .success([.address(IPAddress(v4: 0xc000_0207))]))
    #expect(await names.answer(.aaaa("::1")) == .success([.address(.loopbackV6)]))
    #expect(await names.answer(.a("localhost")) == .success([.address(.loopbackV4)]))
  }

  @Test func theLoopbackAddressHasAName() async throws {
    guard case .success(let records) = await SystemNames(pool: pool).answer(.ptr(.loopbackV4)) else {
      Issue.record("127.0.0.1 has no name in /etc/hosts")
      return
    }
    #expect(records.count == 1)
  }

  @Test func otherRecordsAreNotItsBusiness() async {
    let names = SystemNames(pool: pool)
    #expect(await names.answer(.mx("example.org")) == .failure(.unsupported))
    #expect(await names.answer(.txt("example.org")) == .failure(.unsupported))
  }

  @Test func aPoolThatIsFullFailsForNow() async {
    pool.stop()
    #expect(await SystemNames(pool: pool).answer(.a("192.0.2.7")) == .failure(.temporary("too many questions at once")))
  }
}
