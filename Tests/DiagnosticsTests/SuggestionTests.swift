// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Diagnostics

@Suite struct SuggestionTests {
  @Test(arguments: [("", "", 0), ("a", "", 1), ("ab", "ba", 1), ("kitten", "sitting", 3), ("machanisms", "mechanisms", 1), ("ca", "abc", 3)])
  func distance(left: String, right: String, expected: Int) {
    #expect(Suggestion.distance(Array(left.utf8), Array(right.utf8), limit: expected) == expected)
    #expect(Suggestion.distance(Array(right.utf8), Array(left.utf8), limit: 99) == expected)
    #expect(Suggestion.distance(Array(right.utf8), Array(left.utf8), limit: expected - 1) == nil)
  }

  @Test(
    arguments: [
      ("mynetwork", "mynetworks"), ("inet interfaces", "inet_interfaces"), ("Inet-Interfaces", "inet_interfaces"),
      ("tls_cert_file", "smtpd_tls_cert_file"),
      ("zzzzzz", nil), ("", nil), (String(repeating: "x", count: 101), nil),
    ] as [(String, String?)])
  func nearest(word: String, expected: String?) {
    #expect(Suggestion(["mynetworks", "inet_interfaces", "smtpd_tls_cert_file"]).nearest(to: word) == expected)
  }
}
