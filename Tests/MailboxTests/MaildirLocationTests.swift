// SPDX-License-Identifier: Apache-2.0
import Mailbox
import Testing

@Suite struct MaildirLocationTests {
  @Test(arguments: [
    ("/home/joe", "Maildir/", "/home/joe/Maildir"), ("/var/mail/", "example.com/joe", "/var/mail/example.com/joe"), ("/v", "/a//b/./c/", "/v/a/b/c"),
    ("/", "joe", "/joe"), ("/v", "...", "/v/..."), ("/v", "é", "/v/é"),
  ])
  func isBelowItsBase(_ base: String, _ relative: String, _ path: String) {
    #expect(MaildirLocation(base: base, relative: relative)?.path == path)
  }

  @Test(arguments: ["", "/", "./", "..", "../x", "a/../../x", "a/..", "a\0b"])
  func nothingLeadsOut(_ relative: String) { #expect(MaildirLocation(base: "/v", relative: relative) == nil) }

  @Test func theBaseMustBeGiven() { #expect(MaildirLocation(base: "", relative: "a") == nil) }
}
