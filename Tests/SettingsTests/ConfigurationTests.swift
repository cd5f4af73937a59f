// SPDX-License-Identifier: Apache-2.0
import Bytes
import Diagnostics
import Settings
import Tables
import Testing

private func load(_ text: String, files: [String: String] = [:], host: String = "mail.example.com") throws -> Configuration {
  let result = Configuration.load(SourceText(name: "f", text: text), files: MemoryFiles(files), facts: HostFacts(hostName: host, processors: 3))
  return try #require(result.configuration, "\(DiagnosticText().render(result.diagnostics))")
}

@Suite struct ConfigurationTests {
  @Test func defaultsAreThere() throws {
    let configuration = try load("")
    #expect(configuration[Keys.myhostname] == "mail.example.com")
    #expect(configuration[Keys.mydomain] == "example.com")
    #expect(configuration[Keys.smtpdBanner] == "mail.example.com ESMTP Weir")
    #expect(configuration[Keys.eventLoops] == 3)
    #expect(configuration[Keys.messageSizeLimit] == ByteCount(10_240_000))
    #expect(configuration[Keys.smtpdTimeout] == .seconds(300))
    #expect(configuration[Keys.smtpdForbidBareNewline] == .normalize)
    #expect(configuration[Keys.smtpdForbiddenCommands].words == ["connect", "get", "post"])
    #expect(configuration[Keys.smtpdForbiddenCommands].tables.map(\.description) == ["regexp:{{/^[^A-Z]/ Bogus}}"])
    #expect(configuration[Keys.mydestination].words == ["mail.example.com", "localhost.example.com", "localhost"])
    #expect(configuration[Keys.localRecipientMaps].map(\.description) == ["unix:passwd.byname"])
    #expect(configuration[Keys.smtpdTlsKeyFile] == "")
    #expect(configuration.listeners.map(\.name) == ["smtp"])
    #expect(configuration.listeners.flatMap(\.sockets).map(\.title) == ["0.0.0.0:25", "[::]:25"])
  }

  /// `--data` of the commands.
  @Test func anotherFolderForTheData() throws {
    let files = MemoryFiles(["/c": "data_directory = /one\nvirtual_mailbox_base = $data_directory/mail\n", "/d": ""])
    for (path, folder, expected) in [("/c", nil, "/one"), ("/c", "/a$b c", "/a$b c"), ("/d", "/two", "/two")] as [(String, String?, String)] {
      let result = Configuration.load(path: path, files: files, facts: HostFacts(hostName: "mail.example.com", processors: 3), dataFolder: folder)
      let configuration = try #require(result.configuration, "\(DiagnosticText().render(result.diagnostics))")
      #expect(configuration[Keys.dataDirectory] == expected)
      if path == "/c" { #expect(configuration[Keys.virtualMailboxBase] == "\(expected)/mail") }
    }
  }

  @Test(arguments: [("vm", "vm.localdomain", "localdomain"), ("", "localhost.localdomain", "localdomain"), ("a.b.c", "a.b.c", "b.c")])
  func hostNameOfTheSystem(host: String, myhostname: String, mydomain: String) throws {
    let configuration = try load("", host: host)
    #expect(configuration[Keys.myhostname] == myhostname)
    #expect(configuration[Keys.mydomain] == mydomain)
  }

  @Test func aListenerTrustsItsOwnNetworks() throws {
    let configuration = try load(
      """
      mynetworks = 192.0.2.0/24
      listener one {
        port = 2525
      }
      listener two {
        port = 2526
        mynetworks = 198.51.100.1
      }
      """)
    #expect(configuration.listeners.map { $0[Keys.mynetworks].words } == [["192.0.2.0/24"], ["198.51.100.1"]])
    let styles = try load("listener one {\n  port = 2525\n  mynetworks_style = class\n}\n").listeners
    #expect(styles.map { $0[Keys.mynetworksStyle] } == [.class])
  }

  @Test(arguments: [
    ("local:$myhostname", LocalTransport.local), ("local", .local), ("", .local), ("error:", .error(status: "5.1.1", text: "no local mailboxes")),
    ("error:no mail here", .error(status: "5.1.1", text: "no mail here")), ("error:5.2.1 gone", .error(status: "5.2.1", text: "gone")),
    ("error: 4.3.0 later", .error(status: "4.3.0", text: "later")), ("error:2.0.0 fine", .error(status: "5.1.1", text: "2.0.0 fine")),
    ("error:5.1 x", .error(status: "5.1.1", text: "5.1 x")), ("error:5.1234.1 x", .error(status: "5.1.1", text: "5.1234.1 x")), ("lmtp:unix:/x", nil),
    ("virtual", nil),
  ])
  func localTransports(_ text: String, _ transport: LocalTransport?) { #expect(LocalTransport(text) == transport) }

  @Test func listenersOverride() throws {
    let configuration = try load(
      """
      myhostname = a.example.com
      smtpd_timeout = 10
      listener one {
        port = 2525
        address = 127.0.0.1
      }
      listener two {
        port = submission
        address = ::1 127.0.0.1 localhost
        myhostname = b.example.com
      }
      listener three {
        smtpd_timeout = 20
        protocol = lmtp
        address = unix:/run/x
      }
      """.replacing("  myhostname = b.example.com\n", with: "  smtpd_banner = b ESMTP\n"))
    let listeners = configuration.listeners
    #expect(listeners.map(\.name) == ["one", "two", "three"])
    #expect(listeners.map { $0[Keys.smtpdTimeout] } == [.seconds(10), .seconds(10), .seconds(20)])
    #expect(listeners.map { $0[Keys.smtpdBanner] } == ["a.example.com ESMTP Weir", "b ESMTP", "a.example.com ESMTP Weir"])
    #expect(listeners.map { $0[Keys.myhostname] } == Array(repeating: "a.example.com", count: 3))
    #expect(listeners.map { $0.sockets.map(\.title) } == [["127.0.0.1:2525"], ["[::1]:587", "127.0.0.1:587", "localhost:587"], ["unix:/run/x"]])
    #expect(listeners.map { $0[Keys.listenerProtocol] } == [.smtp, .smtp, .lmtp])
    #expect(configuration[Keys.smtpdTimeout] == .seconds(10))
  }

  @Test func inetProtocolsFilterAddresses() throws {
    let configuration = try load("inet_protocols = ipv4\ninet_interfaces = all, ::1, 127.0.0.1\n")
    #expect(configuration.listeners.flatMap(\.sockets).map(\.title) == ["0.0.0.0:25", "127.0.0.1:25"])
  }

  @Test func patternListsDecideByTheFirstMatch() throws {
    let configuration = try load(
      "mynetworks = !10.1.0.0/16, 10.0.0.0/8, /n, [2001:db8::]/32\nmydestination = a.example, !x.b.example, .b.example, hash:/t\n",
      files: ["/n": "192.0.2.0/24\n", "/t": "c.example ok\n"])
    let networks = configuration[Keys.mynetworks]
    let trusted = ["10.0.0.1", "10.1.0.1", "192.0.2.9", "192.0.3.9", "2001:db8::5", "::1"].map { IPAddress($0).map { networks.contains($0) } }
    #expect(trusted == [true, false, true, false, true, false])
    #expect(networks.words == ["!10.1.0.0/16", "10.0.0.0/8", "192.0.2.0/24", "[2001:db8::]/32"])
    let domains = configuration[Keys.mydestination]
    #expect(
      ["a.example", "x.b.example", "y.b.example", "b.example", "c.example"].map { domains.contains($0, .dotted) } == [
        true, false, true, false, false,
      ])
    #expect(["y.b.example", "b.example", "z.a.example"].map { domains.contains($0) } == [false, false, false])
    #expect(["y.b.example", "z.a.example", "z.x.b.example"].map { domains.contains($0, .parent) } == [false, true, false])
    #expect(domains.contains("c.example", isListed: { $0 == 0 }))
    #expect(domains.tables.map(\.description) == ["hash:/t"])
  }

  @Test func valuesHaveTheirTypes() throws {
    let configuration = try load(
      """
      smtpd_error_sleep_time = 1500ms
      message_size_limit = 2K
      smtpd_tls_ciphers = high
      virtual_mailbox_maps = inline:{ alice@example.org = alice/ }
      inet_interfaces = loopback-only
      """)
    #expect(configuration[Keys.smtpdErrorSleepTime] == .milliseconds(1500))
    #expect(configuration[Keys.messageSizeLimit].bytes == 2048)
    #expect(configuration[Keys.smtpdTlsCiphers] == .high)
    #expect(configuration[Keys.inetInterfaces] == [.loopback])
    let list = configuration.tables.list(configuration[Keys.virtualMailboxMaps])
    #expect(list.value(for: "alice@example.org") == "alice/")
  }
}

@Suite struct ReportTests {
  private func load(_ text: String) -> LoadResult {
    Configuration.load(SourceText(name: "f", text: text), files: MemoryFiles(), facts: HostFacts(hostName: "mail.example.com"))
  }

  @Test func exitStatus() {
    #expect(CheckReport(load(""), name: "f").exitStatus == 0)
    #expect(CheckReport(load("biff = no\n"), name: "f").exitStatus == 0)
    #expect(CheckReport(load("biff = no\nx\n"), name: "f").exitStatus == 1)
    #expect(CheckReport(load("biff = no\nx\n"), name: "f").text.hasSuffix("f: 1 error, 1 warning\n"))
    #expect(CheckReport(load("x\n"), name: "f", isColored: true).text.contains("\u{1b}[1;31m"))
  }

  @Test func aMainFileThatIsNotThere() {
    let result = Configuration.load(path: "/none", files: MemoryFiles(), facts: HostFacts(hostName: "h"))
    #expect(CheckReport(result, name: "/none").text == "error: cannot read `/none`: No such file or directory\n/none: 1 error\n")
    #expect(result.configuration == nil)
  }

  @Test func listings() throws {
    let configuration = try #require(
      load("mydomain = example.org\nmyorigin = $mydomain\nlistener \"a b\" {\n  port = 1\n  smtpd_banner = \"#x\"\n}\n").configuration)
    let plain = ConfigurationListing(configuration)
    #expect(plain.text(.set) == "mydomain = example.org\nmyorigin = $mydomain\nlistener \"a b\" {\n  port = 1\n  smtpd_banner = \"#x\"\n}\n")
    #expect(plain.text(name: "myorigin") == "myorigin = $mydomain\n")
    #expect(plain.text(name: "smtpd_banner") == "smtpd_banner = $myhostname ESMTP $mail_name\n")
    #expect(plain.text(name: "nothing") == nil)
    #expect(plain.text(.all).contains("\nmyhostname = mail.example.com\n"))
    #expect(plain.text(.defaults).contains("\nmyorigin = $myhostname\n"))
    let expanded = ConfigurationListing(configuration, isExpanded: true)
    #expect(expanded.text(name: "myorigin") == "myorigin = example.org\n")
    #expect(expanded.text(.all).contains("\nsmtpd_banner = mail.example.com ESMTP Weir\n"))
  }
}
