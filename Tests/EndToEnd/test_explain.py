# SPDX-License-Identifier: Apache-2.0
"""weir test, weir explain and weir shadow: that they tell what happens, and that nothing else happens because of them."""
import base64
import json
import os
import random
import re
import subprocess
import tempfile

from harness import Case, Session, Weir, eventually

LOTTERY = os.path.join(os.environ["WEIR_PLUGINS"], "lottery_c.so")

RULES = r"""/^Subject: .*prize/ REJECT You have won nothing
/^Subject: .*later/ REJECT 4.7.1 Come again
/^X-Secret:/ IGNORE
/^X-Old: (.*)/ REPLACE X-New: $1
/^X-First:/ PREPEND X-Zeroth: yes
/^X-Strange:/ WARN strange
/^X-Keep:/ HOLD look at it
/^X-Away:/ DISCARD gone
/^Content-Type:.*evil/ REJECT No evil
"""

SETTINGS = """
header_checks = regexp:%s
smtpd_helo_restrictions = check_helo_access inline:{ bad.client.test = REJECT bad name }
smtpd_sender_restrictions =
smtpd_recipient_restrictions = check_sender_access inline:{ { spammer@example.org = REJECT go away }, { slow@example.org = 450 4.7.1 later } }, reject_unauth_destination
smtpd_data_restrictions = check_sender_access inline:{ { data@example.org = REJECT not that data } }
smtpd_end_of_data_restrictions = check_sender_access inline:{ { end@example.org = REJECT not at the end } }
message_size_limit = 20000
smtpd_error_sleep_time = 0
stage lottery {
  plugin = %s
  word = jackpot
}
"""

SENDERS = ["a@example.org", "b@example.net", "", "spammer@example.org", "slow@example.org", "data@example.org", "end@example.org", "no domain", "ü@example.org"]
RECIPIENTS = ["alice@weir.test", "bob@weir.test", "nobody@weir.test", "x@elsewhere.example", "ALICE@WEIR.TEST", "alice", "postmaster"]
FIELDS = ["X-Secret: s", "X-Old: value", "X-First: 1", "X-Strange: yes", "X-Keep: it", "X-Away: it", "X-Plain: fine", "Content-Type: text/evil",
          "Content-Type: text/plain; charset=utf-8", "Content-Type: multipart/mixed; boundary=b", "Broken line without a colon", "X-Folded: one\n two\n\tthree",
          "Delivered-To: alice@weir.test"]
WORDS = ["hello", "a prize", "come later", "the jackpot", "lunch", "=?utf-8?b?%s?=" % base64.b64encode(b"JackPot").decode(), "=?utf-8?q?pr=69ze?=", "", "x" * 900]
BODIES = ["", "hi\n", ".\n..\n.x\n", "a line without an end", "--b\nContent-Type: text/evil\n\nx\n--b--\n", "é\n", "y" * 990 + "\n", "z\n" * 9000, "w\n" * 11000, "\n\n\n"]


def some(choice, texts, often):
    """The first of them most of the time."""
    return texts[0] if choice.random() < often else choice.choice(texts)


def corpus(count):
    """The same messages each time, of all kinds: (sender, recipients, content)."""
    choice = random.Random(4)
    envelopes = [(some(choice, SENDERS, 0.4), [some(choice, RECIPIENTS, 0.6) for _ in range(choice.choice([1, 1, 1, 2, 3]))]) for _ in range(40)]
    for number in range(count):
        fields = [f"Subject: {some(choice, WORDS, 0.4)}", f"Message-ID: <{number}@example.org>"]
        fields += choice.sample(FIELDS, choice.choice([0, 0, 1, 1, 2, 3]))
        choice.shuffle(fields)
        body = some(choice, BODIES, 0.2)
        content = "\n".join(fields) + "\n" * choice.choice([2, 2, 2, 1]) + body if choice.random() < 0.97 else body
        yield *choice.choice(envelopes), content


def without_ids(reply):
    return re.sub(r"queued as \w+", "queued as ID", " ".join([reply.split("\n")[0][:3]] + [line[4:] for line in reply.split("\n")]))


def sent(session, sender, recipients, content):
    """What a client is told that sends a message, and goes on as far as it can: the replies after EHLO."""
    wire = b"".join((b"." + line if line.startswith(b".") else line) for line in content.encode().replace(b"\n", b"\r\n").splitlines(keepends=True))
    if not wire.endswith(b"\r\n") and wire:
        wire += b"\r\n"
    octets = len(content.encode().replace(b"\n", b"\r\n")) + (0 if content.endswith("\n") else 2)
    flags = (" BODY=8BITMIME" if any(octet >= 0x80 for octet in content.encode()) else "") + ("" if (sender + "".join(recipients)).isascii() else " SMTPUTF8")
    replies = [session.say(f"MAIL FROM:<{sender}> SIZE={octets}{flags}")]
    if replies[0].startswith("2"):
        replies += [session.say(f"RCPT TO:<{recipient}>") for recipient in recipients]
        if any(reply.startswith("2") for reply in replies[1:]):
            replies.append(session.say("DATA"))
            if replies[-1].startswith("3"):
                session.raw(wire + b".\r\n")
                replies.append(session.reply())
    return [without_ids(reply) for reply in replies]


class SameTest(Case):
    """The verdicts of `weir test` are those of the daemon."""

    COUNT = 1000

    def test_a_thousand_messages(self):
        mails = list(corpus(self.COUNT))
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            rules = os.path.join(folder, "rules")
            with open(rules, "w") as file:
                file.write(RULES)
            os.chmod(rules, 0o644)
            weir = self.weir(SETTINGS % (f"{rules}", LOTTERY))
            self.compare(weir, mails, folder)

    def compare(self, weir, mails, folder):
        live = []
        for sender, recipients, content in mails:
            with Session(weir.port) as session:
                session.say("EHLO client.example")
                live.append(sent(session, sender, recipients, content))
        weir.stop()
        before = sorted(os.walk(weir.data))
        played = self.play(weir, mails, folder)
        for number, (said, (outcome, replies)) in enumerate(zip(live, played, strict=True)):
            self.assertEqual((number, replies), (number, said), mails[number][:2])
        kinds = {replies[-1][:3] for _, replies in played}
        self.assertGreaterEqual(kinds, {"250", "450", "550", "552", "554"}, kinds)
        self.assertGreaterEqual({outcome for outcome, _ in played}, {"accepted", "refused", "deferred", "held", "discarded"})
        self.assertEqual(sorted(os.walk(weir.data)), before)

    def play(self, weir, mails, folder):
        """The same through `weir test`, one call for all messages of one envelope."""
        groups = {}
        for number, (sender, recipients, content) in enumerate(mails):
            path = os.path.join(folder, f"{number:04}.eml")
            with open(path, "w") as file:
                file.write(content)
            groups.setdefault((sender, tuple(recipients)), []).append((number, path))
        played = [None] * len(mails)
        for (sender, recipients), files in groups.items():
            to = [word for recipient in recipients for word in ("--to", recipient)]
            done = weir.run("test", *(path for _, path in files), "--json", "--ip", "127.0.0.1", "--from", sender or "<>", *to)
            self.assertIn(done.returncode, (0, 1, 75), done.stderr)
            lines = [json.loads(line) for line in done.stdout.splitlines()]
            for (number, _), line in zip(files, lines, strict=True):
                replies = [without_ids(reply["reply"][:3] + " " + reply["reply"][4:]) for reply in line["replies"] if reply["to"] not in ("connect", "EHLO", "QUIT")]
                played[number] = (line["outcome"], replies)
        return played


class CommandTest(Case):
    """What `weir test` prints, takes and answers."""

    def setUp(self):
        super().setUp()
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        os.chmod(self.folder.name, 0o755)
        rules = self.write("rules", RULES)
        self.weir_conf = Weir(SETTINGS % (rules, LOTTERY))
        self.addCleanup(self.weir_conf.kill)

    def write(self, name, text):
        path = os.path.join(self.folder.name, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, 0o644)
        return path

    def play(self, *arguments, status=0):
        done = self.weir_conf.run("test", *arguments)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout

    def test_a_refusal_names_its_rule(self):
        mail = self.write("a.eml", "From: A <a@example.org>\nTo: Alice <alice@weir.test>\nSubject: a prize\n\nx\n")
        text = self.play(mail, status=1)
        for line in ("  from      <a@example.org>", "  to        <alice@weir.test>", f"rule    {self.folder.name}/rules:1",
                     "reply   550 5.7.1 You have won nothing", "refused"):
            self.assertIn(line, text)
        self.assertNotIn("\x1b", text)

    def test_edits_are_a_diff(self):
        mail = self.write("a.eml", "From: a@example.org\nTo: alice@weir.test\nX-Old: 1\nX-Secret: 2\n\nx\n")
        text = self.play(mail)
        for line in ("- X-Old: 1\n", "+ X-New: 1\n", "- X-Secret: 2\n"):
            self.assertIn(line, text)

    def test_a_restriction_names_its_place(self):
        mail = self.write("a.eml", "From: spammer@example.org\nTo: alice@weir.test\n\nx\n")
        step = json.loads(self.play(mail, "--json", status=1))["steps"][0]
        self.assertEqual((step["stage"], step["at"]), ("smtpd_recipient_restrictions", "RCPT"))
        self.assertRegex(step["rule"], r"weir\.conf:\d+$")
        self.assertTrue(step["matched"].startswith("check_sender_access inline:"))

    def test_later_is_75(self):
        mail = self.write("a.eml", "From: slow@example.org\nTo: alice@weir.test\n\nx\n")
        self.assertIn("deferred", self.play(mail, status=75))

    def test_the_word_of_a_refusal_is_that_of_its_reply(self):
        for sender, subject, more, expected in [
            ("slow@example.org", "x", "", ("TEMPFAIL", "450 4.7.1")), ("spammer@example.org", "x", "", ("REJECT", "554 5.7.1")),
            ("a@example.org", "come later", "", ("TEMPFAIL", "4")), ("a@example.org", "a prize", "", ("REJECT", "550 5.7.1")),
            ("a@example.org", "a prize", "soft_bounce = yes", ("TEMPFAIL", "450 4.7.1")),
            ("spammer@example.org", "x", "soft_bounce = yes", ("TEMPFAIL", "454 4.7.1")),
            ("a@example.org", "x", "smtpd_sender_restrictions = check_sender_access fail:table", ("TEMPFAIL", "451 4.3.0")),
        ]:
            with self.subTest(sender=sender, subject=subject, more=more):
                self.weir_conf.write_config(SETTINGS % (os.path.join(self.folder.name, "rules"), LOTTERY) + more + "\n")
                mail = self.write("a.eml", f"From: {sender}\nTo: alice@weir.test\nSubject: {subject}\n\nx\n")
                line = json.loads(self.play(mail, "--json", status=1 if expected[0] == "REJECT" else 75))
                step = line["steps"][-1]
                self.assertEqual(step["verdict"], expected[0])
                self.assertTrue(step["reply"].startswith(expected[1]), step)
                self.assertIn(step["reply"][:9], [reply["reply"][:9] for reply in line["replies"]])

    def test_what_cannot_be_tried_is_2(self):
        self.play("/nonexistent", status=2)
        nobody = self.write("a.eml", "From: a@example.org\n\nx\n")
        somebody = self.write("b.eml", "From: a@example.org\nTo: alice@weir.test\n\nx\n")
        done = self.weir_conf.run("test", nobody, somebody)
        self.assertEqual((done.returncode, done.stderr), (2, f"weir test: {nobody}: names no recipient; say who gets it with --to ADDRESS\n"))
        self.assertIn("accepted", done.stdout)

    def test_what_was_meant_otherwise_is_said(self):
        mail = self.write("a.eml", "From: a@example.org\nTo: alice@weir.test\n\nx\n")
        os.mkdir(os.path.join(self.folder.name, "nothing"))
        for words, status, said in [
            ([mail, "--ip", "foo"], 2, "--ip: `foo` is no address, such as 192.0.2.7 or 2001:db8::7"),
            ([mail, "--ip", "--helo", "x"], 64, "--ip needs a value"),
            (["/dev/null"], 2, "/dev/null: is no file; - stands for standard input"),
            ([os.path.join(self.folder.name, "nothing")], 2, "nothing: there is no message in this folder"),
            ([os.path.join(self.folder.name, "none.eml")], 2, "none.eml: No such file or directory"),
            ([self.write("empty.eml", "")], 2, "empty.eml: is empty"),
            ([mail, "--dns", "/none"], 2, "weir test: /none: No such file or directory"),
        ]:
            with self.subTest(words=words):
                done = self.weir_conf.run("test", *words)
                self.assertEqual((done.returncode, done.stdout), (status, ""))
                self.assertIn(f"{said}\n", done.stderr)

    def test_standard_input(self):
        done = self.weir_conf.run("test", "-", input="From: a@example.org\nTo: alice@weir.test\nSubject: a prize\n\nx\n")
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertIn("  subject   a prize\n", done.stdout)

    def test_a_rule_in_the_setting_is_named_by_it(self):
        with open(self.weir_conf.config, "a") as file:
            file.write("mime_header_checks = regexp:{ {/zzz/ DUNNO} {/^content-type:.*virus/ REJECT no programs} }\n")
        text = self.play(self.write("a.eml", "From: a@example.org\nTo: alice@weir.test\nContent-Type: a/b;\n\tname=virus.exe\n\nx\n"), status=1)
        self.assertIn("            rule    mime_header_checks rule 2\n            matched Content-Type: a/b; name=virus.exe\n            reply ", text)
        self.assertNotIn(".told", text)

    def test_a_folder_and_a_mailbox_file(self):
        self.write("box/cur/1", "From: a@example.org\nTo: alice@weir.test\nSubject: a prize\n\nx\n")
        self.write("box/cur/2", "From: a@example.org\nTo: alice@weir.test\n\nx\n")
        mbox = self.write("mbox", "From a Thu Jan  1 00:00:00 1970\nFrom: a@example.org\nTo: alice@weir.test\n\n>From here\n\n"
                          "From b Thu Jan  1 00:00:00 1970\nFrom: spammer@example.org\nTo: alice@weir.test\n\ny\n")
        text = self.play(os.path.join(self.folder.name, "box"), mbox, status=1)
        self.assertRegex(text, r"(?m)^refused +\S+box/cur/1 +header_checks \S+rules:1 +550 5.7.1 You have won nothing$")
        self.assertRegex(text, r"(?m)^accepted +\S+mbox#1 ")
        self.assertRegex(text, r"(?m)^refused +\S+mbox#2 +smtpd_recipient_restrictions \S+weir.conf:\d+ ")
        self.assertRegex(text, r"(?m)^4 messages in .*: 2 accepted, 2 refused$")

    def test_a_delivered_message_goes_the_way_it_came(self):
        mail = self.write("a.eml", "Return-Path: <b@example.net>\nX-Original-To: bob@weir.test\nDelivered-To: bob@weir.test\n"
                          "From: spammer@example.org\nTo: everybody@example.org\n\nx\n")
        line = json.loads(self.play(mail, "--json"))
        self.assertEqual((line["from"], line["to"], line["outcome"]), ("b@example.net", ["bob@weir.test"], "accepted"))

    def test_the_client_is_whom_one_says(self):
        mail = self.write("a.eml", "From: a@example.org\nTo: x@elsewhere.example\n\nx\n")
        self.assertIn("454 4.7.1", self.play(mail, status=75))
        self.assertIn("554 5.7.1", self.play(mail, "--ip", "127.0.0.1", status=1))
        self.play(self.write("b.eml", "From: a@example.org\nTo: alice@weir.test\n\nx\n"), "--helo", "bad.client.test", status=1)
        self.assertIn("HELO client.example, logged in as bob\n", self.play(mail, "--auth", "bob", status=75))

    def test_answers_of_the_dns_come_from_a_record(self):
        record = self.write("names", "# by hand\nPTR 192.0.2.7 = mail.example.net\nA mail.example.net = 192.0.2.7\n")
        mail = self.write("a.eml", "From: a@example.org\nTo: alice@weir.test\n\nx\n")
        line = json.loads(self.play(mail, "--json", "--ip", "192.0.2.7", "--dns", record))
        self.assertEqual(line["client"], "mail.example.net[192.0.2.7]")
        with open(self.weir_conf.config, "a") as file:
            file.write("smtpd_sender_restrictions = reject_unknown_sender_domain\n")
        done = self.weir_conf.run("test", mail, "--dns", record)
        self.assertEqual(done.returncode, 75)
        self.assertIn("has no answer to MX example.org", done.stderr)
        with open(record, "a") as file:
            file.write("MX example.org = !\nA example.org = !\nAAAA example.org = !\n")
        self.assertIn("Domain not found", self.weir_conf.run("test", mail, "--dns", record).stdout)


class TraceTest(Case):
    """weir explain and weir shadow on a daemon that runs."""

    SETTINGS = """
trace_codes = yes
header_checks = regexp:{ { /^Subject: .*prize/ REJECT You have won nothing } }
stage watcher {
  plugin = header_checks.so
  component = header_checks
  header_checks = regexp:{ { /^Subject: .*(shady)/ REJECT no $$1 }, { /^X-Gone/ IGNORE } }
  shadow = yes
}
"""

    def deliver(self, weir, subject, sender="a@example.org", recipient="alice@weir.test"):
        with Session(weir.port) as session:
            session.say("EHLO client.test")
            return session.send(sender, [recipient], f"Subject: {subject}\nMessage-ID: <{subject.split()[0]}@example.org>\n\nx\n")

    def explained(self, weir, *arguments, until):
        """The cases as objects, once one has what `until` looks for."""
        def look():
            done = weir.run("explain", *arguments, "--json")
            cases = [json.loads(line) for line in done.stdout.splitlines()]
            return cases if any(until(case) for case in cases) else None
        return eventually(look, 10, f"an explanation of {arguments}")

    def test_a_message_is_found_by_all_its_names(self):
        weir = self.weir(self.SETTINGS)
        queued = self.deliver(weir, "hello there").split()[-1]
        self.deliver(weir, "another one", "b@example.org", "bob@weir.test")
        for name in (queued, "<hello@example.org>", "hello@example.org", "alice@weir.test", "A@EXAMPLE.ORG"):
            cases = self.explained(weir, name, until=lambda case: "deliveries" in case and "replies" in case)
            self.assertEqual([case["queue_id"] for case in cases], [queued], name)
        case = cases[0]
        self.assertEqual((case["from"], case["to"], case["subject"], case["message_id"]), ("a@example.org", "alice@weir.test", "hello there", "<hello@example.org>"))
        self.assertEqual([step["stage"] for step in case["steps"]], ["header_checks", "watcher"])
        self.assertEqual((case["deliveries"][0]["status"], case["replies"][0]["reply"][:3]), ("sent", "250"))
        self.assertEqual(len(self.explained(weir, "127.0.0.1", until=lambda case: case["from"] == "b@example.org")), 2)
        self.assertEqual(len(self.explained(weir, "--since", "1h", until=lambda case: case["from"] == "b@example.org")), 2)
        self.assertEqual(weir.run("explain", "nobody@nowhere.test").returncode, 1)

    def test_a_refusal_is_found_by_its_code(self):
        weir = self.weir(self.SETTINGS)
        reply = self.deliver(weir, "a prize")
        self.assertRegex(reply, r"^550 5\.7\.1 You have won nothing \[weir:[0-9a-f]{6}\]$")
        [case] = self.explained(weir, reply, until=lambda case: True)
        [step] = case["steps"]
        self.assertEqual((step["stage"], step["verdict"], step["at"], step["reply"]), ("header_checks", "REJECT", "HEADER", "550 5.7.1 You have won nothing"))
        self.assertNotIn("[weir:", weir.log_text())
        before = self.deliver(weir, "x", recipient="nobody@weir.test")
        [case] = self.explained(weir, before[-7:-1], until=lambda case: True)
        self.assertNotIn("queue_id", case)
        self.assertEqual((case["from"], case["to"], case["client"]), ("a@example.org", "nobody@weir.test", "localhost[127.0.0.1]"))

    def test_shadows_are_counted(self):
        weir = self.weir(self.SETTINGS)
        for number in range(4):
            self.assertTrue(self.deliver(weir, f"shady {number}").startswith("250"))
        def look():
            report = json.loads(weir.run("shadow", "--json").stdout or "{}")
            return report if report.get("messages") == 4 else None
        report = eventually(look, 10, "the report")
        [line] = report["stages"]
        self.assertEqual((line["stage"], line["verdict"], line["count"]), ("watcher", "REJECT", 4))
        self.assertEqual([sample["subject"] for sample in line["samples"]], ["shady 1", "shady 2", "shady 3"])
        self.assertIn("watcher", weir.run("shadow").stdout)
        done = weir.run("shadow", "other")
        self.assertEqual(done.stdout, "No shadow stage would have done anything to 4 messages.\n")
        self.assertEqual(done.stderr, "weir shadow: 'other' is no stage with `shadow = yes`; there is watcher\n")
        self.assertIn("watcher: shadow: at HEADER would have done: REJECT 550 5.7.1 no shady\n", weir.log_text())

    def test_what_goes_is_named(self):
        weir = self.weir(self.SETTINGS)
        self.deliver(weir, "hello\nX-Gone: by itself\nX-Other: 1")
        [case] = self.explained(weir, "a@example.org", until=lambda case: "deliveries" in case)
        self.assertEqual(case["steps"][-1]["edits"], ["delete header X-Gone: by itself"])
        self.assertIn("would have done: delete header X-Gone: by itself\n", weir.log_text())
        self.deliver(weir, "again")
        self.explained(weir, "again@example.org", until=lambda case: "deliveries" in case)
        done = weir.run("explain", "a@example.org", "--limit", "1")
        self.assertIn("these are the newest 1; --limit N shows more", done.stderr)
        self.assertIn("  subject   again\n", done.stdout)
        self.assertNotIn("hello", done.stdout)

    def test_following(self):
        weir = self.weir(self.SETTINGS)
        self.deliver(weir, "before")
        self.explained(weir, "before@example.org", until=lambda case: "deliveries" in case)
        with subprocess.Popen(weir.command("explain", "--follow", "--json"), stdout=subprocess.PIPE, text=True) as follower:
            self.addCleanup(follower.kill)
            lines = []
            def follow():
                self.deliver(weir, "after that")
                lines.append(json.loads(follower.stdout.readline()))
                return True
            eventually(follow, 10)
            self.assertEqual(lines[0]["subject"], "after that")
            follower.kill()

    def test_privacy(self):
        weir = self.weir(self.SETTINGS + "trace_subjects = no\ntrace_addresses = no\n")
        queued = self.deliver(weir, "quite shady private").split()[-1]
        [case] = self.explained(weir, queued, until=lambda case: "deliveries" in case)
        self.assertEqual((case["from"], case["to"], case.get("subject")), ("*@example.org", "*@weir.test", None))
        weir.stop()
        with open(os.path.join(weir.data, "trace/trace.db"), "rb") as file:
            kept = file.read()
        for word in (b"quite shady", b"shady private", b"alice", b"a@example"):
            self.assertNotIn(word, kept)

    def test_a_damaged_database_is_set_aside(self):
        weir = Weir(self.SETTINGS)
        folder = os.path.join(weir.data, "trace")
        os.makedirs(folder)
        with open(os.path.join(folder, "trace.db"), "wb") as file:
            file.write(b"this is no database " * 1000)
        if weir.user:
            subprocess.run(["chown", "-R", weir.user, folder], check=True)
        self.addCleanup(self._end, weir)
        weir.start()
        queued = self.deliver(weir, "hello").split()[-1]
        self.explained(weir, queued, until=lambda case: "deliveries" in case)
        self.assertTrue(os.path.exists(os.path.join(folder, "trace.db.damaged")))
        eventually(lambda: "set aside as" in weir.log_text(), 10, "the log line")

    def test_nothing_is_kept_where_nobody_wants_it(self):
        weir = self.weir("trace_keep = 0\ntrace_codes = yes\n")
        self.assertTrue(self.deliver(weir, "x").startswith("250"))
        self.assertNotIn("[weir:", self.deliver(weir, "x", recipient="nobody@weir.test"))
        self.assertFalse(os.path.exists(os.path.join(weir.data, "trace")))
        self.assertIn("trace_keep = 0", weir.run("explain", "a@b.c").stderr)


if __name__ == "__main__":
    import unittest
    unittest.main()
