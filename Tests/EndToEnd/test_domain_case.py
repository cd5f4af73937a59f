# SPDX-License-Identifier: Apache-2.0
"""Domains in capitals: where they stay as they were written, and where not, in Weir and in the real Postfix."""
import glob
import os
import re
import tempfile

from dns import DNS
from harness import Case, Session, eventually
from nexthop import NextHop
from postfix import Postfix, contents

SETTINGS = {
    "myorigin": "Weir.Test", "mydomain": "Weir.Test", "mydestination": "weir.test, Own.Test", "local_recipient_maps": "", "mynetworks": "127.0.0.0/8",
    "smtpd_peername_lookup": "no", "smtp_tls_security_level": "none", "relay_domains": "relay.test", "append_dot_mydomain": "yes", "notify_classes": "",
    "virtual_mailbox_domains": "virtual.test", "virtual_mailbox_maps": "inline:{ {carl@virtual.test = carl/}, {dora@virtual.test = dora/} }", "recipient_delimiter": "+",
    "virtual_alias_domains": "alias.test", "sender_bcc_maps": "inline:{ {bcc@far.test = Copy@Far.Test} }",
    "virtual_alias_maps": "inline:{ {one@alias.test = One@Far.Test}, {many@alias.test = a@Far.test, b@fAr.TEST, A@FAR.test}, {@alias.test = @Relay.Test}, "
                          "{to@own.test = carl@VIRTUAL.test} }",
}

#: Sender, recipients. Who is `no` is refused by the next hop.
MAIL = [
    ("Ann@Example.NET", ["Bob@Far.TEST"]),
    ("Ann@Example.NET", ["bob@Relay.TEST"]),
    ("ann@example.net", ["bob@Far.TEST", "bob@far.test", "bob@FAR.test", "eva@FAR.test"]),
    ("ann@Example.NET", ["carl@Virtual.TEST", "carl@virtual.test", "Dora+x@VIRTUAL.test"]),
    ("ann@Example.NET", ["prog@Own.TEST"]),
    ("ann@Example.NET", ["prog"]),
    ("ann@Example.NET", ["list@OWN.test"]),
    ("ann@Example.NET", ["to@OWN.test"]),
    ("ann@Example.NET", ["One@Alias.TEST"]),
    ("ann@Example.NET", ["many@ALIAS.test"]),
    ("ann@Example.NET", ["Any@ALIAS.test"]),
    ("ann@Example.NET", ["bob@Pipe.TEST"]),
    ("ann@Example.NET", ["bob@Lmtp.TEST", "bob@lmtp.test"]),
    ("ann@Example.NET", ["no@Far.TEST"]),
    ("No@Example.NET", ["no@Relay.TEST"]),
    ("ann@Example.NET", ["bob%Far.TEST@Own.Test"]),
    ("ann@Example.NET", ["Far.TEST!bob@Own.Test"]),
    ("ann@Example.NET", ["bob@Host"]),
    ("ann@Example.NET", ["bob@[IPv6:2001:DB8::A]"]),
    ("Ann", ["bob@Near.Test"]),
    ("bcc@Far.Test", ["bob@near.Test"]),
]


class DomainCase(Case):
    def setUp(self):
        self.hop = self.enterContext(NextHop(extensions=("8BITMIME", "DSN")))
        self.refusing = self.enterContext(NextHop({"RCPT": "550 5.1.1 nobody"}, extensions=()))
        self.lmtp = self.enterContext(NextHop(lmtp=True, extensions=()))
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="weir-case-"))
        os.chmod(self.folder, 0o777)

    def test_the_same_as_in_postfix(self):
        settings, aliases, argv = self.settings("weir")
        self.write("aliases", aliases)
        weir = self.weir("".join(f"{name} = {value}\n" for name, value in settings.items()) + f"alias_maps = hash:{self.folder}/aliases\n"
                         + f"transport tpipe {{\n  argv = {argv}\n  flags = DOR\n}}\n")
        ours = self.play(weir, weir.port, "weir")
        settings, aliases, argv = self.settings("postfix")
        # The real virtual(8) writes as somebody.
        settings |= {"alias_maps": "hash:$config_directory/aliases", "virtual_uid_maps": "static:65534", "virtual_gid_maps": "static:65534"}
        service = f"tpipe unix - n n - - pipe\n  flags=DOR user=nobody argv={argv}\n"
        with Postfix(settings, services=service, tables={"aliases": aliases}) as postfix:
            theirs = self.play(postfix, postfix.port, "postfix")
        for what, found in theirs.items():
            with self.subTest(what):
                self.assertEqual("\n".join(ours[what]), "\n".join(found))
        self.assertIn("to=<Bob@Far.TEST>, relay=127.0.0.1[127.0.0.1], dsn=2.0.0, status=sent (250 2.0.0 Ok)", theirs["log"])

    def test_names_of_hosts(self):
        """What the log says of next hops, and that capitals make no other destination of them: one connection, one delivery."""
        with NextHop({"GREETING": "421 4.3.0 not now"}, address="127.0.9.1", port=25) as hop, DNS("null.test MX 0 .\nbroken.test MX SERVFAIL\ndead.test A 127.0.9.250\nhere.test A 127.0.9.1", port=53) as dns:
            settings = {"inet_protocols": "ipv4", "disable_dns_lookups": "no", "smtp_host_lookup": "dns", "notify_classes": ""}
            recipients = ["a@Un.TEST", "a@Null.test", "a@Broken.TEST", "a@Dead.TEST", "a@Here.TEST", "b@HERE.test"]
            weir = self.weir("".join(f"{name} = {value}\n" for name, value in settings.items()) + f"resolver = {dns.address}@{dns.port}\n")
            ours, our_sessions = self.failures(weir, recipients), hop.sessions
            with Postfix(settings, resolv_conf=dns.resolv_conf) as postfix:
                theirs, their_sessions = self.failures(postfix, recipients), hop.sessions - our_sessions
        self.assertEqual(ours, theirs)
        self.assertEqual(our_sessions, their_sessions)

    def failures(self, server, recipients):
        with Session(server.port) as session:
            session.say("EHLO client.test")
            self.assertIn("250", session.send("", recipients, "Subject: x\n\nText\n"))
        found = eventually(lambda: len(all := re.findall(r"(to=<.*?>, relay=.*?), .*(dsn=.*)", server.log_text())) == len(recipients) and all, 20, "the end")
        return sorted(found)

    def test_who_is_named_twice_gets_one(self):
        """With no aliases, where nothing else looks at recipients."""
        settings = {"default_transport": f"smtp:[127.0.0.1]:{self.hop.port}", "smtp_tls_security_level": "none"}
        heard = []
        weir = self.weir("".join(f"{name} = {value}\n" for name, value in settings.items()))
        with Postfix(settings) as postfix:
            for server in (weir, postfix):
                with Session(server.port) as session:
                    session.say("EHLO client.test")
                    session.send("ann@example.net", ["bob@far.test", "eva@far.test", "bob@far.test", "BOB@Far.test"], "Subject: x\n\nText\n")
                heard.append(eventually(lambda: self.hop.messages, what="the message").pop()[1])
        self.assertEqual(*heard)
        self.assertEqual(len(heard[0]), 2)

    def settings(self, name):
        """Where things go, the file of aliases, and what the pipe runs: everything that gets mail writes below the folder `name`."""
        place = os.path.join(self.folder, name)
        os.mkdir(place)
        os.chmod(place, 0o777)
        ways = [f"no@{domain} = smtp:[127.0.0.1]:{self.refusing.port}" for domain in ("far.test", "relay.test")]
        ways += ["pipe.test = tpipe:", f"lmtp.test = lmtp:inet:127.0.0.1:{self.lmtp.port}"]
        settings = {**SETTINGS, "default_transport": f"smtp:[127.0.0.1]:{self.hop.port}", "relay_transport": f"relay:[127.0.0.1]:{self.hop.port}",
                    "virtual_mailbox_base": place, "transport_maps": f"inline:{{ {', '.join(f'{{{way}}}' for way in ways)} }}"}
        # The order of deliveries is not the same each time: a file for each.
        program = self.write(f"{name}.sh", f'#!/bin/sh\nout=$(mktemp {place}/XXXXXX)\nif [ $# = 0 ]; then set -- "$RECIPIENT" "$DOMAIN" "$LOCAL" "$ORIGINAL_RECIPIENT" "$SENDER"; fi\n'
                                           f'(cat; echo "ARGUMENTS $*") > $out\nmv $out $out.done\n')
        os.chmod(program, 0o755)
        aliases = f'prog: "|{program}"\nlist: "|{program}", Far.User@Far.TEST\n'
        return settings, aliases, f"{program} ${{recipient}} ${{domain}} ${{original_recipient}} ${{nexthop}} ${{sender}}"

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, 0o644)
        return path

    def play(self, server, port, name):
        with Session(port) as session:
            session.say("EHLO client.test")
            for sender, recipients in MAIL:
                self.assertTrue(session.send(sender, recipients, "From: x@far.test\nTo: y@far.test\nSubject: x\n\nText\n").startswith("250"))
        # Each message, the two reports, and the list's.
        eventually(lambda: len(re.findall(r": removed$", server.log_text(), re.M)) >= len(MAIL) + 3, 40, "the end of all mail")
        hops = (self.hop, self.refusing, self.lmtp)
        found = {
            "log": self.logged(server.log_text()),
            "commands": sorted({re.sub(r" BODY=.*", "", line) for hop in hops for line in hop.lines if line[:4] in ("MAIL", "RCPT")}),
            "reports": sorted(self.lines(content.decode(), r"(?:Final|Original)-Recipient: .*|<.*|.* \(expanded from.*") for sender, _, content in self.hop.messages if "<>" in sender),
            "mailboxes": sorted(self.lines(contents(path), r"(?:Delivered-To|X-Original-To|Return-Path): .*|ARGUMENTS .*")
                                for path in glob.glob(f"{self.folder}/{name}/*.done") + glob.glob(f"{self.folder}/{name}/*/new/*")),
        }
        for hop in hops:
            hop.lines.clear(), hop.messages.clear()
        return found

    @staticmethod
    def logged(text):
        """Who got what; that a list is sent on in one message or is expanded before is not the point."""
        found = re.findall(r"\w+: ((?:to|from)=<.*)", text)
        found = [re.sub(r"conn_use=\d+, |delay=.*?, delays=.*?, |size=\d+, |:\d{4,5}\b|: queued as \w+|(?:delivered to command: \S+, )?forwarded as \w+|delivered to command: \S+\.sh", "", line) for line in found]
        return sorted(set(found))

    @staticmethod
    def lines(text, pattern):
        return "\n".join(line for line in text.replace("\r", "").split("\n") if re.fullmatch(pattern, line) and "@mx.weir.test>" not in line)
