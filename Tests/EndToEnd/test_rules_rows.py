# SPDX-License-Identifier: Apache-2.0
"""What well-known tutorials write into header_checks and body_checks, byte for byte; each test names its row. Where the real Postfix can be asked, it is."""
import base64
import os
import re
import unittest

import logtools
from harness import ROOT, Case, Session, Weir, eventually
from postfix import Postfix

LOTTERY = "/^subject.*lottery||LOTTERY||Lottery/ REJECT   no such mails dont send me-->create this line\n"
LOVE = "/i love you/ REJECT No such spam please!!!!!\n"
COPIED = '/^Content-(Disposition|Type).*name\\s*=\\s*"?(.*(\\.|=2E) --> copy this line and paste in the bellow file\n'
PROGRAM = '/^Content-(Disposition|Type).*name\\s*=\\s*"?(.*(\\.exe)/ REJECT open format mails only\n'
REPAIRED = '/^Content-(Disposition|Type).*name\\s*=\\s*"?(.*(\\.exe))/ REJECT open format mails only\n'

HEAD = "From: a@sender.test\nTo: alice@weir.test\nSubject: {}\nDate: Sat, 21 Nov 2026 10:00:00 +0000\nMessage-ID: <1@sender.test>\n"


def plain(subject, text="text"):
    return HEAD.format(subject) + "\n" + text + "\n"


def attached(field):
    return (HEAD.format("x") + "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\ntext\n--b\n"
            f"{field}\nContent-Transfer-Encoding: base64\n\nTVo=\n--b--\n")


class Row(Case):
    def rules(self, **tables):
        """A weir.conf and its tables: the settings, by the name of their file."""
        weir = Weir("")
        self.addCleanup(weir.kill)
        for name, text in tables.items():
            self.write(weir, name, text)
        weir.write_config("".join(f"{name} = regexp:{weir.folder}/{name}\n" for name in tables))
        return weir

    def write(self, weir, name, text):
        path = os.path.join(weir.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o644)

    def check(self, weir):
        done = weir.run("check")
        return done.returncode, done.stdout + done.stderr

    def send(self, program, mail):
        with Session(program.port) as client:
            client.say("EHLO client.test")
            return client.send("a@sender.test", ["alice@weir.test"], mail)


class RuleRows(Row):
    def test_D2_the_settings(self):
        """Any case, no postmap, and mime_header_checks is header_checks unless it is set."""
        weir = self.rules(header_checks="/^subject:.*lottery/ REJECT no\n/^content-type:.*x-bad/ REJECT bad type\n", body_checks="/^spam$/ REJECT no spam\n")
        with weir:
            self.assertEqual(self.send(weir, plain("A LOTTERY")), "550 5.7.1 no")
            self.assertEqual(self.send(weir, attached("Content-Type: application/x-bad")), "550 5.7.1 bad type")
            self.assertEqual(self.send(weir, plain("x", "SPAM")), "550 5.7.1 no spam")
            self.assertTrue(self.send(weir, plain("x")).startswith("250"))

    def test_D3_an_empty_alternative(self):
        weir = self.rules(header_checks=LOTTERY)
        status, text = self.check(weir)
        self.assertEqual(status, 78)
        self.assertIn("rule 1 matches the empty string", text)
        self.assertIn("did you mean `/^Subject:.*(lottery|LOTTERY|Lottery)/`?", text)
        self.assertIn("create this line", text)

    def test_D3_as_postfix_does_it(self):
        """`lenient:` restores it: everything is refused, for the sake of the first line there is, our own Received."""
        with Postfix({"virtual_mailbox_domains": "weir.test", "virtual_mailbox_maps": "static:x", "header_checks": "regexp:$config_directory/header_checks"},
                     tables={"header_checks": LOTTERY}) as postfix:
            weir = self.weir(f"header_checks = lenient:regexp:{postfix.path('header_checks')}")
            replies = [self.send(program, plain("hello")) for program in (weir, postfix)]
            self.assertEqual(replies, ["550 5.7.1 no such mails dont send me-->create this line"] * 2)
            for program in (weir, postfix):
                eventually(lambda: re.search(r"/cleanup\[\d+\]: \w+: reject: header Received: from client.test", program.log_text()), 10, "the line")

    def test_D4_a_parenthesis_is_open(self):
        weir = self.rules(mime_header_checks=PROGRAM)
        status, text = self.check(weir)
        self.assertEqual(status, 78)
        line = next(line for line in text.splitlines() if "error:" in line)
        self.assertRegex(line, r"mime_header_checks:1:44: error: this pattern does not compile: Unmatched \( or \\\(")
        caret = text.splitlines()[text.splitlines().index(line) + 2]
        self.assertEqual(caret.index("^"), 2 + PROGRAM.index("(.*"))
        self.assertIn("did you mean `" + REPAIRED.split(" REJECT")[0] + "`?", text)

    def test_D4_the_old_rules_stay(self):
        weir = self.rules(mime_header_checks=REPAIRED)
        with weir:
            field = 'Content-Disposition: attachment; filename="virus.exe"'
            self.assertEqual(self.send(weir, attached(field)), "550 5.7.1 open format mails only")
            self.write(weir, "mime_header_checks", PROGRAM)
            done = weir.run("reload")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("the old configuration stays", done.stdout + done.stderr)
            self.assertEqual(self.send(weir, attached(field)), "550 5.7.1 open format mails only")

    def test_D5_a_pattern_without_end(self):
        weir = self.rules(header_checks=COPIED)
        status, text = self.check(weir)
        self.assertEqual(status, 78)
        self.assertRegex(text, r"header_checks:1:\d+: error: .*(/|delimiter)")

    def test_D6_notes_of_an_editor(self):
        weir = self.rules(header_checks=LOVE + ":330\nbelow\nheader_checks\n:wq!\n")
        status, text = self.check(weir)
        self.assertEqual(status, 78)
        for number in (2, 3, 4, 5):
            self.assertRegex(text, rf"header_checks:{number}:\d+: error:")
        self.assertGreaterEqual(text.count("this looks like an editor command"), 2)

    def test_D6_a_first_line_with_a_tab(self):
        weir = self.rules(header_checks="\t" + LOVE)
        status, text = self.check(weir)
        self.assertEqual(status, 78)
        self.assertRegex(text, r"header_checks:1:\d+: error:")

    def test_D7_and_D8_i_love_you(self):
        weir = self.rules(body_checks=LOVE)
        with weir:
            for text in ("i love you", "I LOVE YOU", "well, i love you all"):
                self.assertEqual(self.send(weir, plain("x", text)), "550 5.7.1 No such spam please!!!!!")
            # What the tutorial sends to try it proves nothing.
            self.assertTrue(self.send(weir, plain("x", "i dax i hate you")).startswith("250"))
            eventually(lambda: "reject: body i love you from " in weir.log_text(), 10, "the line")


class ChangeTest(Row):
    def test_a_table_that_changes_is_taken_up(self):
        weir = self.rules(body_checks="/^one$/ REJECT one\n")
        with open(weir.config, "a", encoding="utf-8") as file:
            file.write("table_check_interval = 1s\n")
        with weir:
            self.assertTrue(self.send(weir, plain("x", "two")).startswith("250"))
            self.write(weir, "body_checks", "/^two$/ REJECT two\n")
            eventually(lambda: self.send(weir, plain("x", "two")) == "550 5.7.1 two", 20, "the new rule")
            # For a moment the old generation may still take a connection.
            eventually(lambda: self.send(weir, plain("x", "one")).startswith("250"), 20, "the end of the old rule")
            # With an error in it, all stays as it was.
            self.write(weir, "body_checks", "/^three(/ REJECT three\n")
            eventually(lambda: "the old configuration stays" in weir.log_text(), 20, "the complaint")
            self.assertEqual(self.send(weir, plain("x", "two")), "550 5.7.1 two")
            # Where weir.conf has changed, too, it waits.
            weir.write_config("# being edited\n" + "body_checks = " + "\n")
            self.write(weir, "body_checks", "/^four$/ REJECT four\n")
            eventually(lambda: "tables have changed, and so has" in weir.log_text(), 20, "the warning")
            self.assertEqual(self.send(weir, plain("x", "two")), "550 5.7.1 two")

    def test_a_pattern_that_takes_too_long_is_named(self):
        weir = self.rules(header_checks="# slow\n/^X-Slow: (a+)+$/ REJECT slow\n/^x-slow:/ INFO seen\n")
        weir.write_config(f"header_checks = pcre:{weir.folder}/header_checks\n")
        with weir:
            mail = plain("x").replace("Subject", "X-Slow: " + "a" * 50 + "b\nSubject")
            self.assertTrue(self.send(weir, mail).startswith("250"))
            eventually(lambda: f"{weir.folder}/header_checks:2: given up for a line of" in weir.log_text(), 10, "the rule's name")
            eventually(lambda: "info: header X-Slow" in weir.log_text(), 10, "the next rule")
            many = plain("x").replace("Subject", ("X-Slow: " + "a" * 50 + "b\n") * 60 + "Subject")
            self.assertTrue(self.send(weir, many).startswith("4"))


class ProgramRow(Row):
    """D9: names of programs, by the tutorial's rule with its parenthesis and by ours."""

    ENCODED = "=?utf-8?B?" + base64.b64encode(b"virus.exe").decode() + "?="
    NAMES = {
        "plain": 'Content-Disposition: attachment; filename="virus.exe"', "folded": 'Content-Type: application/x;\n\tname="virus.exe"',
        "innocent": 'Content-Disposition: attachment; filename="report.executive.pdf"', "pieces": "Content-Disposition: attachment;\n filename*0=virus; filename*1=.ex; filename*2=e",
        "word": f'Content-Disposition: attachment; filename="{ENCODED}"', "charset": "Content-Disposition: attachment; filename*=utf-8''virus.exe",
    }

    def refused(self, program):
        return {name for name, field in self.NAMES.items() if self.send(program, attached(field)).startswith("550")}

    def test_D9_the_rule_of_the_tutorial(self):
        with Postfix({"virtual_mailbox_domains": "weir.test", "virtual_mailbox_maps": "static:x", "mime_header_checks": "regexp:$config_directory/rules"},
                     tables={"rules": REPAIRED}) as postfix:
            weir = self.weir(f"mime_header_checks = regexp:{postfix.path('rules')}")
            found = self.refused(weir)
            self.assertEqual(found, self.refused(postfix))
            # A false hit, and names in other forms are missed.
            self.assertEqual(found, {"plain", "folded", "innocent"})

    def test_D9_the_rule_of_ours(self):
        path = os.path.join(ROOT, "conf/mime_header_checks")
        with open(path, encoding="utf-8") as file:
            weir = self.rules(mime_header_checks=file.read())
        with weir:
            self.assertEqual(self.refused(weir), {"plain", "folded", "charset"})

    def test_D9_decoded(self):
        """Encoded words and base64 pass, as in Postfix, until somebody asks for more."""
        mails = [plain("=?utf-8?B?bG90dGVyeQ==?="), HEAD.format("x") + "Content-Transfer-Encoding: base64\n\n" + base64.b64encode(b"Win a lottery!\n").decode() + "\n",
                 HEAD.format("x") + "Content-Type: text/plain; charset=utf-16le\nContent-Transfer-Encoding: base64\n\n" + base64.b64encode("a lottery\n".encode("utf-16le")).decode() + "\n",
                 HEAD.format("x") + "Content-Transfer-Encoding: quoted-printable\n\na l=6Ft=\ntery\n", attached(self.NAMES["word"])]
        rules = {"header_checks": "/^subject:.*lottery/ REJECT no\n" + 'content', "body_checks": "/lottery/ REJECT no\n"}
        rules["header_checks"] = '/^subject:.*lottery/ REJECT no\n/^content-disposition:.*\\.exe/ REJECT no\n'
        weir = self.rules(**rules)
        with weir:
            self.assertEqual([self.send(weir, mail)[:3] for mail in mails], ["250"] * len(mails))
        weir = self.rules(**rules)
        with open(weir.config, "a", encoding="utf-8") as file:
            file.write("stage header_checks {\n  decoded = yes\n}\nstage body_checks {\n  decoded = yes\n}\n")
        with weir:
            self.assertEqual([self.send(weir, mail) for mail in mails], ["550 5.7.1 no"] * len(mails))


class LogRow(Row):
    def test_H2_pflogsumm(self):
        weir = self.rules(header_checks="/^subject:.*lottery/ REJECT dont send lottery related mails\n", body_checks=LOVE)
        with weir:
            self.send(weir, plain("lottery"))
            self.send(weir, plain("x", "i love you"))
            self.send(weir, plain("x"))
            eventually(lambda: "status=sent" in weir.log_text(), 10, "the delivery")
            log = weir.log_text()
            self.assertRegex(log, r"/cleanup\[\d+\]: \w+: reject: header Subject: lottery from localhost\[127\.0\.0\.1\]; from=<a@sender\.test> "
                                  r"to=<alice@weir\.test> proto=ESMTP helo=<client\.test>: 5\.7\.1 dont send lottery related mails\n")
            self.write(weir, "maillog", log)
            summary = logtools.pflogsumm(os.path.join(weir.folder, "maillog"))
        self.assertEqual((summary.totals["rejected"], summary.totals["delivered"]), (2, 1))
        self.assertIn("lottery", "\n".join(line for lines in summary.tables.values() for line in lines))

    def test_H3_the_bounce_of_who_was_refused(self):
        """A Postfix that relays to Weir tells its sender what Weir has said."""
        weir = self.weir("header_checks = regexp:{ {/^subject:.*lottery/ REJECT dont send lottery related mails} }")
        settings = {"relayhost": f"[127.0.0.1]:{weir.port}", "virtual_mailbox_domains": "sender.test", "virtual_mailbox_maps": "static:a",
                    "virtual_transport": "lmtp:unix:nowhere", "relay_domains": "weir.test", "smtp_tls_security_level": "none"}
        with Postfix(settings) as postfix:
            self.assertTrue(self.send(postfix, plain("lottery")).startswith("250"))
            postfix.logged("(in reply to end of DATA command)")
            bounce = eventually(lambda: next((text for text in (postfix.run("postcat", "-bhq", name).stdout for name in postfix.queue()) if "multipart/report" in text), None), 20, "the bounce")
        self.assertIn("<alice@weir.test>: host 127.0.0.1[127.0.0.1] said: 550 5.7.1", bounce)
        self.assertRegex(re.sub(r"\s+", " ", bounce), r"said: 550 5\.7\.1 dont send lottery related mails \(in reply to end of DATA command\)")
        self.assertIn("Content-Type: message/delivery-status", bounce)


if __name__ == "__main__":
    unittest.main()
