// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// What `weir run` uses when it is given no file: conf/weir.conf.demo, in memory, with its data in a folder of the caller's choice.
package enum DemoConfiguration {
  package static let name = "weir.conf.demo"

  /// The text of conf/weir.conf.demo, which a test compares.
  package static let text = #"""
    # A server to try: SMTP on port 2525 of this machine only, a domain and two users that exist nowhere else.
    # `make run` uses it when there is no other file; its data is in one folder.

    myhostname = mail.demo.test
    mydomain = demo.test

    # Everything that Weir writes is below this folder. `weir run --data FOLDER` overrides it.
    data_directory = ./weir-data

    # Mail for alice@demo.test ends up in $data_directory/mail/alice/new.
    mydestination =
    virtual_mailbox_domains = $mydomain
    virtual_mailbox_base = $data_directory/mail
    virtual_mailbox_maps = inline:{
        alice@demo.test = alice/,
        bob@demo.test = bob/,
        postmaster@demo.test = alice/
      }
    recipient_delimiter = +

    # Rules to try: a subject with "lottery", a line "i love you", an attachment called virus.exe. They are those of conf/header_checks,
    # conf/mime_header_checks and conf/body_checks, which say more about them.
    header_checks = regexp:{
        {/^Subject:.*lottery/ REJECT no such mails, please},
        {/^Subject:.*i love you/ REJECT No such spam please}
      }
    mime_header_checks = regexp:{
        {/^Content-(Disposition|Type):.*name(\*[0-9]*\*?)?[[:space:]]*=[[:space:]]*"?[^"]*\.(exe|com|scr|pif|bat|cmd|vbs|js)"?[[:space:]]*(;|$$)/
          REJECT open formats only: no .$$3 files}
      }
    body_checks = regexp:{
        {/^[[:space:]]*i love you[.!]*[[:space:]]*$$/ REJECT No such spam please},
        {/^begin [0-7]{3,4} .*\.(exe|com|scr|pif|bat|cmd|vbs|js)[[:space:]]*$$/ REJECT open formats only: no .$$1 files}
      }

    listener smtp {
      address = 127.0.0.1
      port = 2525
    }

    # Programs do not get in, whatever they are called and packed in: docs/attachments.md has what else can be said here. Archives are opened in a process that can do
    # nothing else.
    stage attachments {
      plugin = attachments
      mode = worker
      # These stay out, too: in places where nobody sends scripts to anybody.
      refuse_extensions = default php pl rb
      # A picture of a disk is taken out, and a note is put in its place.
      strip_extensions = iso img
      strip_types = disk-image
      encrypted = tag
    }

    """#

  /// The demo with its data below `folder`.
  package static func source(dataFolder folder: String) -> SourceText {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.hasPrefix("data_directory =") ? "data_directory = \(folder.replacing("$", with: "$$"))" : String(line)
    }
    return SourceText(name: name, text: lines.joined(separator: "\n"))
  }
}
