// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let host = Area(
    "Names of this host", "Who this server says it is. Most other settings refer to these.",
    [Keys.myhostname, Keys.mydomain, Keys.myorigin, Keys.mailName])
}

extension Keys {
  package static let myhostname = Key.hostName(
    "myhostname", "", Traits(computedDefault: "the host name of the system"), example: "mail.example.com",
    """
    The full name of this server in the Internet. It stands in the greeting, in the answer to EHLO and in Received: lines, and it is the default \
    behind many other settings. If the system's name has no domain, `.localdomain` is put after it.
    """)

  package static let mydomain = Key.hostName(
    "mydomain", "", Traits(computedDefault: "`$myhostname` without its first part"), example: "example.com",
    "The domain that this server belongs to. It does nothing by itself; other settings refer to it as `$mydomain`.")

  package static let myorigin = Key.hostNameOrFile(
    "myorigin", "$myhostname", example: "$mydomain",
    "The domain that is put after an address that has none, such as the sender `root` of mail made on this machine.")

  package static let mailName = Key.text(
    "mail_name", "Weir", example: "ESMTP server", "The name of the mail system in the greeting and in Received: lines.")
}
