# SPDX-License-Identifier: Apache-2.0
"""Tables that take their time wherever mail is sorted by tables: aliases, copies, routes, domains, other addresses outside. Beside the real Postfix with the same
database."""
import json
import os
import re
import sqlite3
import subprocess
import tempfile

from harness import Case, Session, eventually
from nexthop import NextHop
from postfix import Postfix

PLUGIN = os.path.join(os.environ["WEIR_PLUGINS"], "tests/table.so")

KINDS = ("domain", "relay", "aliasdomain", "virtual", "alias", "transport", "copy", "generic", "relocated", "access")

ROWS = {
    "domain": {"here.test": "yes"},
    "relay": {"relayed.test": "yes"},
    "aliasdomain": {"aliases.test": "yes"},
    "virtual": {
        "all@aliases.test": "one@far.test, two@far.test", "chain@aliases.test": "all@aliases.test", "@aliases2.test": "@far.test",
        "o'neil@aliases.test": "quoted@far.test", "vip@far.test": "vip@relayed.test",
    },
    "alias": {"team": "ann@far.test, crew", "crew": "ben@far.test, cid@far.test", "root": "ann@far.test"},
    "transport": {"refused.test": "error:5.7.1 not for you", "loop@far.test": "error:5.7.1 nor you"},
    "copy": {"watched@far.test": "eye@far.test", "carl@example.net": "eye@far.test"},
    "generic": {"@inner.test": "outer@example.org"},
    "relocated": {"moved@here.test": "elsewhere@far.test"},
    "access": {},
}

SETTINGS = """
mydestination = sqlite:{domain}
relay_domains = sqlite:{relay}
virtual_alias_domains = sqlite:{aliasdomain}
virtual_alias_maps = unionmap:{{sqlite:{virtual}}}
alias_maps = sqlite:{alias}
local_recipient_maps = sqlite:{alias}
transport_maps = pipemap:{{sqlite:{transport}}}
sender_bcc_maps = sqlite:{copy}
recipient_bcc_maps = sqlite:{copy}
smtp_generic_maps = sqlite:{generic}
relocated_maps = sqlite:{relocated}
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_sender_restrictions = reject_unlisted_sender
mynetworks = 127.0.0.1/32
myorigin = here.test
smtpd_error_sleep_time = 0
"""

RECIPIENTS = [
    "team@here.test", "nobody@here.test", "moved@here.test", "all@aliases.test", "ALL@Aliases.TEST", "chain@aliases.test", "nobody@aliases.test",
    "o'neil@aliases.test", "x'or'1'='1@aliases.test", "any@relayed.test", "any@sub.relayed.test", "any@far.test", "any@refused.test", "loop@far.test",
    "any%far.test@here.test", "postmaster",
]


class SlowTables(Case):
    def setUp(self):
        super().setUp()
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="weir-slow-"))
        os.chmod(self.folder, 0o755)
        self.settings = SETTINGS.format(**{kind: self.path(f"{kind}.cf") for kind in KINDS})
        for kind, rows in ROWS.items():
            with sqlite3.connect(self.path(f"{kind}.db")) as base:
                base.execute("CREATE TABLE map (key TEXT COLLATE NOCASE, value TEXT)")
                base.executemany("INSERT INTO map VALUES (?, ?)", list(rows.items()))
            with open(self.path(f"{kind}.cf"), "w") as file:
                file.write(f"dbpath = {self.path(kind + '.db')}\nquery = SELECT value FROM map WHERE key = '%s'\n")
            os.chmod(self.path(f"{kind}.cf"), 0o644)
            os.chmod(self.path(f"{kind}.db"), 0o644)

    def path(self, name):
        return os.path.join(self.folder, name)

    def lock(self, kind):
        base = sqlite3.connect(self.path(f"{kind}.db"), isolation_level=None)
        self.addCleanup(base.close)
        base.execute("BEGIN EXCLUSIVE")
        return base

    def impatient(self, kind):
        with open(self.path(f"{kind}.cf"), "a") as file:
            file.write("timeout = 500ms\n")

    def ours(self, hop, more=""):
        return self.weir(self.settings + f"relayhost = [127.0.0.1]:{hop.port}\ndefault_transport = smtp\nrelay_transport = smtp\n{more}")

    def postfix_settings(self, hop):
        return self.settings + f"inet_protocols = ipv4\nrelayhost = [127.0.0.1]:{hop.port}\nrelay_transport = smtp:[127.0.0.1]:{hop.port}\n"

    def theirs(self, hop):
        return self.enterContext(Postfix(self.postfix_settings(hop)))

    def replies(self, port, source="127.0.0.2", recipients=RECIPIENTS, sender="stranger@example.com"):
        with Session(port, source=source) as session:
            session.say("EHLO client.test")
            session.say(f"MAIL FROM:<{sender}>")
            return [(each, self.code(session.say(f"RCPT TO:<{each}>"))) for each in recipients]

    @staticmethod
    def code(reply):
        """What Postfix and Weir word alike: 550 5.1.1 without the name of the table."""
        return re.sub(r" in \w+( \w+)* table$", "", reply.strip())

    def test_the_same_answers_as_postfix(self):
        hop = self.enterContext(NextHop())
        weir, postfix = self.ours(hop), self.theirs(hop)
        for source, sender in (("127.0.0.2", "stranger@example.com"), ("127.0.0.1", "carl@example.net"), ("127.0.0.2", "nobody@here.test")):
            with self.subTest(source=source, sender=sender):
                ours, theirs = (self.replies(host.port, source, sender=sender) for host in (weir, postfix))
                for one, other in zip(ours, theirs):
                    with self.subTest(recipient=one[0]):
                        self.assertEqual(one, other)

    def delivered(self, hop, port, recipients, sender="carl@example.net"):
        before = len(hop.messages)
        with Session(port) as session:
            reply = session.send(sender, recipients, f"From: <{sender}>\nSubject: x\n\nText\n")
            self.assertTrue(reply.startswith("250 "), reply)

        def arrived():
            return sorted((re.sub(r"(?i)^MAIL FROM:<(.*?)>.*", r"\1", sender), address) for sender, to, _ in hop.messages[before:]
                          for address in re.findall(r"<(.*?)>", " ".join(to)))
        return arrived

    def test_mail_goes_to_the_same_places(self):
        messages = [["team@here.test"], ["chain@aliases.test", "one@far.test"], ["watched@far.test"], ["vip@far.test"], ["any@relayed.test"]]
        hops = [self.enterContext(NextHop()) for _ in range(2)]
        hosts = [self.ours(hops[0]), self.theirs(hops[1])]
        for recipients in messages:
            for sender in ("carl@example.net", "someone@inner.test"):
                with self.subTest(recipients=recipients, sender=sender):
                    theirs = self.delivered(hops[1], hosts[1].port, recipients, sender)
                    eventually(lambda: theirs() and not hosts[1].queue(), what="Postfix's mail at the next hop")
                    ours = self.delivered(hops[0], hosts[0].port, recipients, sender)
                    self.assertEqual(eventually(lambda: ours() if len(ours()) >= len(theirs()) else None, what="our mail at the next hop"), theirs())
        found = [content if isinstance(content, str) else content.decode() for sender, _, content in hops[0].messages if "outer@example.org" in sender]
        self.assertTrue(found and all("From: <outer@example.org>" in each for each in found), found[:1])

    def test_a_table_that_cannot_tell_is_no_answer(self):
        """Every kind in turn, locked or no database any more: 451 4.3.0 as Postfix's, and never a wrong answer."""
        asked = {
            "domain": "team@here.test", "relay": "any@relayed.test", "aliasdomain": "all@aliases.test", "virtual": "all@aliases.test",
            "alias": "team@here.test", "transport": "any@relayed.test", "relocated": "moved@here.test",
        }
        for kind in asked:
            self.impatient(kind)
        self.settings = self.settings.replace("reject_unlisted_sender", "")
        hop = self.enterContext(NextHop())
        # Postfix's own programs die of a locked database, and are not started again at once: its table without answers instead.
        failing = re.sub(r"sqlite:\S*?(\w+)\.cf", r"fail:\1", self.postfix_settings(hop))
        with Postfix(failing) as postfix:
            theirs = self.replies(postfix.port, recipients=list(asked.values()))
        self.assertEqual({reply for _, reply in theirs}, {f"451 4.3.0 <{recipient}>: Temporary lookup failure" for recipient in asked.values()})
        weir = self.ours(hop)
        for kind, recipient in asked.items():
            with self.subTest(kind=kind):
                base = self.lock(kind)
                ours = self.replies(weir.port, recipients=[recipient])
                base.execute("ROLLBACK")
                self.assertEqual(ours, [(recipient, f"451 4.3.0 <{recipient}>: Temporary lookup failure")])
                self.assertFalse(self.replies(weir.port, recipients=[recipient])[0][1].startswith("451 4.3.0"))
        for kind, recipient in asked.items():
            with self.subTest(broken=kind):
                good = self.path(f"{kind}.db")
                with open(good + ".bad", "wb") as file:
                    file.write(b"this is no database\n" * 500)
                os.rename(good, good + ".good")
                os.rename(good + ".bad", good)
                os.chmod(good, 0o644)
                self.assertEqual(self.replies(weir.port, recipients=[recipient])[0][1], f"451 4.3.0 <{recipient}>: Temporary lookup failure")
                os.rename(good + ".good", good)
                self.assertFalse(self.replies(weir.port, recipients=[recipient])[0][1].startswith("451 4.3.0"))

    def test_nobody_else_waits(self):
        self.impatient("virtual")
        hop = self.enterContext(NextHop())
        weir = self.ours(hop, "event_loops = 1\n")
        base = self.lock("virtual")
        with Session(weir.port) as waiting, Session(weir.port) as other:
            waiting.say("EHLO client.test")
            waiting.say("MAIL FROM:<a@example.com>")
            waiting.raw(b"RCPT TO:<all@aliases.test>\r\n")
            other.say("EHLO client.test")
            self.assertEqual(other.say("NOOP"), "250 2.0.0 Ok")
            self.assertTrue(waiting.reply().startswith("451 4.3.0 "))
        base.execute("ROLLBACK")

    def test_at_the_end_of_the_content(self):
        """A copy that cannot be looked up: the message is not taken, in Postfix's words."""
        self.impatient("copy")
        hop = self.enterContext(NextHop())
        weir = self.ours(hop)
        with Session(weir.port) as session:
            session.say("EHLO client.test")
            session.say("MAIL FROM:<carl@example.net>")
            session.say("RCPT TO:<any@far.test>")
            session.say("DATA")
            base = self.lock("copy")
            session.raw(b"Subject: x\r\n\r\nText\r\n.\r\n")
            self.assertEqual(session.reply(), "451 4.3.0 Error: queue file write error")
            base.execute("ROLLBACK")
        eventually(lambda: "alias lookup problem -- message not accepted, try again later" in weir.log_text(), what="the reason in the log")
        self.assertEqual(hop.messages, [])

    def test_mail_waits_for_its_route(self):
        self.impatient("transport")
        hop = self.enterContext(NextHop())
        weir = self.ours(hop, "minimal_backoff_time = 1s\nqueue_run_delay = 1s\n")
        with Session(weir.port) as session:
            session.say("EHLO client.test")
            session.say("MAIL FROM:<a@example.net>")
            self.assertTrue(session.say("RCPT TO:<any@far.test>").startswith("250 "))
            session.say("DATA")
            base = self.lock("transport")
            session.raw(b"Subject: x\r\n\r\nText\r\n.\r\n")
            self.assertTrue(session.reply().startswith("250 "))
        eventually(lambda: re.search(r"to=<any@far.test>.*dsn=4\.3\.0, status=deferred \(address resolver failure", weir.log_text()), what="a deferred delivery")
        self.assertEqual(hop.messages, [])
        base.execute("ROLLBACK")
        weir.run("queue", "flush")
        eventually(lambda: len(hop.messages) == 1, what="the message")

    def test_other_addresses_outside_wait_too(self):
        self.impatient("generic")
        hop = self.enterContext(NextHop())
        weir = self.ours(hop, "minimal_backoff_time = 1s\nqueue_run_delay = 1s\n")
        base = self.lock("generic")
        with Session(weir.port) as session:
            self.assertTrue(session.send("someone@inner.test", ["any@far.test"], "Subject: x\n\nText\n").startswith("250 "))
        eventually(lambda: re.search(r"to=<any@far.test>.*dsn=4\.3\.0, status=deferred \(generic table lookup problem", weir.log_text()), what="a deferral")
        self.assertEqual(hop.messages, [])
        base.execute("ROLLBACK")
        weir.run("queue", "flush")
        eventually(lambda: len(hop.messages) == 1 and "outer@example.org" in hop.messages[0][0], what="the message")

    def test_passwords_and_policies_of_a_database(self):
        """smtp_sasl_password_maps and smtp_tls_policy_maps: a level that the server does not offer shows that the policy was found."""
        hop = self.enterContext(NextHop())
        with sqlite3.connect(self.path("access.db")) as base:
            base.execute("INSERT INTO map VALUES (?, ?)", (f"[127.0.0.1]:{hop.port}", "encrypt"))
        weir = self.ours(hop, f"smtp_tls_policy_maps = sqlite:{self.path('access.cf')}\n")
        with Session(weir.port) as session:
            self.assertTrue(session.send("a@example.net", ["any@far.test"], "Subject: x\n\nText\n").startswith("250 "))
        eventually(lambda: "TLS is required, but was not offered" in weir.log_text(), what="the policy")


class Workers(Case):
    """A plugin that does not come with Weir: its tables are asked in a worker, unless their file says otherwise."""

    def setUp(self):
        super().setUp()
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="weir-slow-"))
        os.chmod(self.folder, 0o755)
        self.cf = os.path.join(self.folder, "t.cf")

    def table(self, more=""):
        with open(self.cf, "w") as file:
            file.write(f"plugin = {PLUGIN}\ndepth = 1\ntimeout = 1s\n{more}")
        os.chmod(self.cf, 0o644)
        return f"table:{self.cf}"

    def ask(self, weir, local):
        with Session(weir.port) as session:
            session.say("EHLO client.test")
            session.say("MAIL FROM:<a@example.net>")
            return session.say(f"RCPT TO:<{local}@here.test>")

    def start(self):
        return self.weir(f"mydestination = here.test\nmyorigin = here.test\nlocal_recipient_maps = {self.table()}\nsmtpd_error_sleep_time = 0\n")

    def test_answers_and_failures(self):
        weir = self.start()
        self.assertTrue(self.ask(weir, "one").startswith("250 "))
        self.assertTrue(self.ask(weir, "nobody").startswith("550 5.1.1 "))
        for key, words in (("crash", r"its process died of signal 6 \(SIGABRT\) at LOOKUP"), ("hang", "did not come back from LOOKUP within 1000 ms"),
                           ("garbage", "it sent what is no frame")):
            with self.subTest(key):
                self.assertTrue(self.ask(weir, key).startswith("451 4.3.0 "))
                eventually(lambda: re.search(f"table:{self.cf}: .*{words}.*what it was asked then has no answer for now", weir.log_text()), what=words)
                eventually(lambda: self.ask(weir, "one").startswith("250 "), what="the next worker")
        report = [row for row in json.loads(weir.run("plugins", "--json").stdout) if row["stage"] == f"table:{self.cf}"]
        self.assertEqual([(row["mode"], row["state"], row["restarts"] >= 3) for row in report], [("worker", "ok", True)])

    def test_its_mode(self):
        for more, status, words in (("", 0, ""), ("mode = inprocess\n", 0, ""), ("mode = elsewhere\n", 78, "expected `inprocess` or `worker`"),
                                    ("worker_network = perhaps\n", 78, "expected `yes` or `no`"), ("deep = 1\n", 78, "4:8: error: `table` has no option `deep`")):
            done = subprocess.run([os.environ["WEIR_BIN"], "map", "-q", "two", self.table(more)], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertIn(words, done.stderr)
            if not status:
                self.assertEqual(done.stdout, "1,2\n")


if __name__ == "__main__":
    import unittest

    unittest.main()
