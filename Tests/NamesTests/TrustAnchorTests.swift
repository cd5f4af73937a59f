// SPDX-License-Identifier: Apache-2.0
import Names
import Testing

@Suite struct TrustAnchorTests {
  @Test(
    arguments: [
      (". IN DNSKEY 257 3 8 AwEAAa== ; keytag 20326\n", [". IN DNSKEY 257 3 8 AwEAAa=="]),
      (". 86400 IN DS 20326 8 2 E06D44B8 0B8F1D39\n\n; a comment\n", [". 86400 IN DS 20326 8 2 E06D44B8 0B8F1D39"]),
      (".\tDS\t20326 8 2 E06D", [". DS 20326 8 2 E06D"]),
      (
        "; autotrust\n.\t86400\tIN\tDNSKEY\t257 3 8 AAAA ;{id = 1} ;;state=2 [  VALID  ] ;;count=0\n. 86400 IN DNSKEY 257 3 8 BBBB ;;state=5 [ REVOKED ]\n",
        [". 86400 IN DNSKEY 257 3 8 AAAA"]
      ),
      ("DNSKEY 257 3 8 AAAA\n. IN DS 1 2\n. IN A 192.0.2.1\nnonsense\n", []), ("", []),
    ] as [(String, [String])])
  func records(text: String, expected: [String]) { #expect(TrustAnchors.records(text) == expected) }

  @Test func theyAreBounded() { #expect(TrustAnchors.records(String(repeating: ". DS 1 8 2 AA\n", count: 100)).count == 64) }
}
