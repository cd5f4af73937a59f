// SPDX-License-Identifier: Apache-2.0
import Message
import Testing

@Suite struct MboxSeparatorTests {
  @Test(arguments: [
    ("carl@example.net", Int64(1_360_231_200_000_000), 0, "From carl@example.net  Thu Feb  7 10:00:00 2013\n"),
    ("", 1_360_231_200_999_999, 3600, "From MAILER-DAEMON  Thu Feb  7 11:00:00 2013\n"),
    ("a b@example.net", 1_734_300_000_000_000, -3600, "From \"a b\"@example.net  Sun Dec 15 21:00:00 2024\n"),
    ("a\nb@x", 0, 0, "From \"a?b\"@x  Thu Jan  1 00:00:00 1970\n"),
  ])
  func aLine(_ sender: String, _ time: Int64, _ offset: Int, _ line: String) {
    #expect(String(decoding: MboxSeparator.compose(sender: sender, time: time, Zone(offset: offset, name: "")), as: UTF8.self) == line)
  }
}
