# SPDX-License-Identifier: Apache-2.0
"""canonical_maps, masquerade_domains and their like: what envelopes and headers look like after Weir, and after the real Postfix."""
import os
import re
import sqlite3
import tempfile

from harness import Case, Session, eventually
from nexthop import NextHop
from postfix import Postfix

BASE = {"myorigin": "weir.test", "mydestination": "weir.test, localhost", "local_recipient_maps": "", "mynetworks": "127.0.0.0/8", "recipient_delimiter": "+",
        "smtpd_peername_lookup": "no", "smtp_tls_security_level": "none", "notify_classes": "", "local_header_rewrite_clients": "permit_mynetworks",
        "smtpd_relay_restrictions": "permit_mynetworks, reject"}

#: Sender, recipient, header.
MAIL = [
    ("ann@weir.test", "bob@far.test", "From: Ann <ann@weir.test>\nTo: bob@far.test, \"Bob, B.\" <bob@Host.Far.test>\nCc: list: carl@far.test, dora@far.test;\nReply-To: ann@weir.test (Ann)"),
    ("ann+news@weir.test", "bob+x@far.test", "From: ann+news@weir.test\nTo: bob+x@far.test\nX-Other: ann@weir.test"),
    ("root@host.weir.test", "root@deep.host.weir.test", "From: root@host.weir.test\nSender: eva@deep.host.weir.test\nTo: root@other.weir.test"),
    ("eva@Host.Weir.Test", "eva@a.b.far.test", "From: Eva <eva@Host.Weir.Test>\nTo: eva@a.b.far.test\nResent-From: eva@keep.weir.test\nErrors-To: eva@x.weir.test"),
    ("", "bob@far.test", "From: MAILER-DAEMON@host.weir.test\nTo: bob@far.test"),
    ("carl@far.test", "carl@far.test", "Subject: no From\nTo: carl"),
    ("loop@far.test", "chain@far.test", "From: loop@far.test\nTo: chain@far.test\nMail-Followup-To: chain@far.test\nResent-Reply-To: ann@weir.test\nReply-To: bob@far.test\nApparently-To: chain@far.test\nReturn-Receipt-To: chain@far.test"),
    ("ann@weir.test", "ann@weir.test", "From: ANN@WEIR.TEST\nTo: Ann@Weir.test"),
]

MAPS = ("inline:{ {ann@weir.test = Ann.Autumn@Public.test}, {bob@far.test = robert@far.test}, {carl = karl@weir.test}, {carl@far.test = charles}, {@deep.host.weir.test = @weir.test}, "
        "{loop@far.test = loop@far.test}, {chain@far.test = chain2@far.test}, {chain2@far.test = chain3@far.test}, {ann = ann.bare@weir.test} }")
SCENES = {
    "canonical": {"canonical_maps": MAPS},
    "sender": {"sender_canonical_maps": MAPS, "sender_canonical_classes": "envelope_sender"},
    "recipient": {"recipient_canonical_maps": MAPS, "canonical_maps": "inline:{ {robert@far.test = bobby@far.test} }", "canonical_classes": "envelope_recipient, header_sender"},
    "order": {"sender_canonical_maps": "inline:{ {ann@weir.test = first@far.test} }", "canonical_maps": "inline:{ {first@far.test = second@far.test} }",
              "sender_bcc_maps": "inline:{ {second@far.test = copy@far.test} }", "recipient_bcc_maps": "inline:{ {bob@far.test = copied@far.test} }"},
    "masquerade": {"masquerade_domains": "!keep.weir.test other.weir.test weir.test far.test", "masquerade_exceptions": "root"},
    "everywhere": {"masquerade_domains": "$mydomain", "masquerade_classes": "envelope_sender, envelope_recipient, header_sender, header_recipient", "canonical_maps": MAPS},
    "aliases": {"canonical_maps": "inline:{ {bob@far.test = group@far.test} }", "virtual_alias_maps": "inline:{ {group@far.test = one@far.test, two@far.test} }"},
    "patterns": {"canonical_maps": "regexp:{ {/^(.*)@host\\\\.weir\\\\.test$$/ $${1}@hidden.test} }", "propagate_unmatched_extensions": ""},
    "remote": {"canonical_maps": MAPS, "local_header_rewrite_clients": "", "remote_header_rewrite_domain": "remote.test"},
    "untouched": {"canonical_maps": MAPS, "local_header_rewrite_clients": ""},
    "overridden": {"canonical_maps": MAPS, "masquerade_domains": "weir.test", "receive_override_options": "no_address_mappings"},
}


class Canonical(Case):
    def test_the_same_as_in_postfix(self):
        """One Postfix, with an smtpd and a cleanup of its own for each scene."""
        with NextHop(extensions=("8BITMIME",)) as hop:
            base = {**BASE, "default_transport": f"smtp:[127.0.0.1]:{hop.port}", "local_transport": f"smtp:[127.0.0.1]:{hop.port}"}
            with Postfix({**base, "remote_header_rewrite_domain": "remote.test"}, services="".join(self.services(*scene) for scene in SCENES.items())) as postfix:
                for name, settings in SCENES.items():
                    with self.subTest(name):
                        theirs = self.play(postfix, postfix.ports[name], hop)
                        weir = self.weir("".join(f"{key} = {value}\n" for key, value in {"virtual_mailbox_domains": "", "virtual_mailbox_maps": "", **base, **settings}.items()))
                        self.assertEqual(self.play(weir, weir.port, hop), theirs)

    @staticmethod
    def services(name, settings):
        options = "".join(f"  -o {{ {key} = {value} }}\n" for key, value in {"remote_header_rewrite_domain": "", **settings}.items())
        return f"127.0.0.1:@{name}@ inet n - n - - smtpd\n{options}  -o cleanup_service_name=c-{name}\nc-{name} unix n - n - 0 cleanup\n{options}"

    def play(self, server, port, hop):
        found = []
        for number, (sender, recipient, header) in enumerate(MAIL):
            before = self.removed(server)
            with Session(port) as session:
                session.say("EHLO client.test")
                session.send(sender, [recipient], header + "\nDate: x\nMessage-ID: <x>\nSubject: x\n\nText of ann@weir.test\n")
            eventually(lambda: self.removed(server) > before and hop.messages, 40, f"mail {number}")
            found.append(sorted(self.shape(*message) for message in hop.messages))
            hop.messages.clear()
        return found

    @staticmethod
    def removed(server):
        return len(re.findall(r": removed$", server.log_text(), re.M))

    @staticmethod
    def shape(sender, recipients, content):
        # Fields that are added stand above the others in the one, below them in the other.
        header = re.sub(r"(?s)Received: .*?\n(?=\S)", "", content.decode().replace("\r\n", "\n"))
        header = sorted(line.strip() for line in re.split(r"\n(?!\s)", header) if not line.startswith(("Resent-Message-Id:", "Resent-Date:")))
        return re.sub(r" SIZE=\d+", "", sender), sorted(recipients), header

    def test_a_slow_table(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="weir-canonical-"))
        os.chmod(folder, 0o755)
        database = sqlite3.connect(os.path.join(folder, "names.db"))
        database.execute("create table names (old text, new text)")
        database.execute("insert into names values ('ann@weir.test', 'ann@public.test'), ('bob@far.test', 'robert@far.test')")
        database.commit()
        database.close()
        with open(os.path.join(folder, "names.cf"), "w") as file:
            file.write(f"dbpath = {folder}/names.db\nquery = SELECT new FROM names WHERE old = '%s'\n")
        with NextHop(extensions=()) as hop:
            weir = self.weir(f"canonical_maps = sqlite:{folder}/names.cf\nlocal_header_rewrite_clients = permit_mynetworks\nrelayhost = [127.0.0.1]:{hop.port}\n")
            with Session(weir.port) as session:
                session.say("EHLO client.test")
                session.send("ann@weir.test", ["bob@far.test"], "From: ann@weir.test\nTo: bob@far.test\nSubject: x\n\nText\n")
            sender, recipients, content = eventually(lambda: hop.messages, what="the message")[0]
        self.assertEqual((sender, recipients), ("MAIL FROM:<ann@public.test>", ["RCPT TO:<robert@far.test>"]))
        self.assertIn(b"\r\nFrom: ann@public.test\r\nTo: robert@far.test\r\n", content)

    def test_a_table_that_fails(self):
        weir = self.weir("sender_canonical_maps = fail:\nrelayhost = [127.0.0.1]:1\n")
        with Session(weir.port) as session:
            session.say("EHLO client.test")
            session.say("MAIL FROM:<ann@weir.test>")
            session.say("RCPT TO:<bob@far.test>")
            session.say("DATA")
            self.assertIn("451 4.3.0", session.say("Subject: x\r\n\r\nText\r\n."))
        eventually(lambda: "sender_canonical_maps map lookup problem for ann@weir.test -- message not accepted, try again later" in weir.log_text(), what="the warning")
