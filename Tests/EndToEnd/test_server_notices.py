# SPDX-License-Identifier: Apache-2.0
"""What the postmaster is told of servers that break the protocol (`protocol` in notify_classes), by Weir and by the real Postfix."""
import copy
import re

from harness import Case, Session, eventually
from nexthop import CUT, NextHop
from postfix import Postfix

#: Of each, whether the postmaster is told; every other server offers PIPELINING.
FAULTS = {
    "bad-recipient": ({"RCPT": "501 5.5.4 bad syntax"}, True), "unknown-recipient": ({"RCPT": "550 5.1.1 no"}, False), "parameter": ({"MAIL": "555 5.5.4 unsupported"}, True),
    "later": ({"MAIL": "450 4.0.0 later"}, False), "halfway": ({"RCPT": "354 huh"}, True), "yes-to-data": ({"DATA": "250 fine"}, True), "order": ({"DATA": "503 5.5.1 no"}, True),
    "more": ({"END": "354 more"}, True), "what": ({"END": "500 5.5.0 what"}, True), "spam": ({"END": "554 5.7.1 no"}, False), "greeting": ({"GREETING": "500 go"}, True),
    "no-service": ({"GREETING": "554 go"}, False), "no-hello": ({"EHLO": "500 no", "HELO": "500 no"}, True), "old": ({"EHLO": "500 no"}, False), "second": ({"RCPT": ["250 ok", "503 5.5.1 second"]}, True),
    "cut": ({"DATA": CUT}, False), "lines": ({"RCPT": "501-5.5.4 one\n501-5.5.4 two\n501 5.5.4 " + "word " * 60}, True),
}

SETTINGS = {"mynetworks": "127.0.0.0/8", "error_notice_recipient": "pm@sink.test", "smtp_tls_security_level": "none", "default_destination_concurrency_failed_cohort_limit": "0",
            "smtp_connection_cache_on_demand": "no", "smtpd_peername_lookup": "no"}


class ServerNotices(Case):
    def setUp(self):
        self.sink = self.enterContext(NextHop(extensions=()))

    def hops(self):
        return {name: self.enterContext(NextHop(copy.deepcopy(script), extensions=("PIPELINING",) if number % 2 else ())) for number, (name, (script, _)) in enumerate(FAULTS.items())}

    def settings(self, hops, classes="protocol"):
        ways = ", ".join(f"{{{name}.test = smtp:[127.0.0.1]:{hop.port}}}" for name, hop in {**hops, "sink": self.sink}.items())
        return {**SETTINGS, "notify_classes": classes, "transport_maps": f"inline:{{ {ways} }}"}

    def weir_with(self, settings):
        return self.weir("".join(f"{name} = {value}\n" for name, value in settings.items()))

    def play(self, server, hops, wanted):
        with Session(server.port) as session:
            session.say("EHLO client.test")
            for name in hops:
                self.assertIn("250", session.send("carl@sink.test", [f"a@{name}.test", f"b@{name}.test"], "Subject: secret\n\nbody\n")[:3])
        eventually(lambda: len(self.ends(server)) == 2 * len(hops) and len(self.notices()) >= wanted, 30, "the end of all mail")
        told = {}
        for text in self.notices():
            port = re.search(r"Subject: \S+ (.*)\[127.0.0.1\]:(\d+)", text)
            name = next(name for name, hop in hops.items() if str(hop.port) == port[2])
            told[name] = re.sub(r"\[127.0.0.1\]:\d+", "[host]", text[text.index("Subject:"):])
        self.sink.messages.clear()
        return {name: self.shape(text) for name, text in told.items()}, self.ends(server)

    @staticmethod
    def ends(server):
        return dict(re.findall(r"to=<([ab]@(?!sink)\S*\.test)>.*(dsn=.*)", re.sub(r"\[127.0.0.1\]:\d+", "", server.log_text())))

    def notices(self):
        return [content.decode() for sender, _, content in list(self.sink.messages) if "double-bounce" in sender]

    @staticmethod
    def shape(text):
        """Without what each program says of itself, and how it ends a session."""
        text = text.replace("\r", "").replace("Weir", "Postfix")
        return [line for line in text.split("\n") if not re.match(r"Message-Id:| Out: (QUIT|RSET)| In:  (221 2.0.0 Bye|250 2.0.0 Ok$)", line)]

    def test_the_same_as_postfix(self):
        wanted = {name for name, (_, is_told) in FAULTS.items() if is_told}
        hops = self.hops()
        ours, our_ends = self.play(self.weir_with(self.settings(hops)), hops, len(wanted))
        hops = self.hops()
        with Postfix(self.settings(hops)) as postfix:
            theirs, their_ends = self.play(postfix, hops, len(wanted))
        self.assertEqual(set(theirs), wanted)
        self.assertEqual(set(ours), wanted)
        for name in wanted:
            with self.subTest(name):
                self.assertEqual(ours[name], theirs[name])
        self.assertEqual(our_ends, their_ends)

    def test_nobody_is_told_who_does_not_want_to_know(self):
        hops = {"bad-recipient": self.enterContext(NextHop({"RCPT": "501 5.5.4 bad syntax"}))}
        weir = self.weir_with(self.settings(hops, "resource, software"))
        self.play(weir, hops, 0)
        self.assertNotIn("double-bounce", weir.log_text())

    def test_passwords_and_contents_are_not_told(self):
        with NextHop({"AUTH": "235 2.7.0 in", "RCPT": ["250 ok", "501 5.5.4 bad syntax"]}, extensions=("AUTH PLAIN",)) as hop:
            weir = self.weir_with({
                **self.settings({"hop": hop}), "smtp_sasl_auth_enable": "yes", "smtp_sasl_security_options": "", "smtp_sasl_password_maps": "inline:{ {127.0.0.1 = user:hush} }"})
            with Session(weir.port) as session:
                session.say("EHLO client.test")
                session.send("carl@sink.test", ["a@hop.test", "b@hop.test"], "Subject: secret\n\nbody\n")
            notice = eventually(self.notices, what="the notice")[0].replace("\r", "")
        self.assertIn("\n Out: AUTH PLAIN *\n In:  235 2.7.0 in\n", notice)
        self.assertIn("\n Out: DATA\n In:  354 go on\n Out: .\n In:  250 2.0.0 Ok: queued as 4711\n", notice)
        self.assertNotRegex(notice, "secret|body|dXNlcg|aHVzaA|AHVzZXI")
