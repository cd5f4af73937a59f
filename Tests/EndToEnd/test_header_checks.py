# SPDX-License-Identifier: Apache-2.0
"""header_checks(5): the same rules in Weir and in the real Postfix."""
import os
import re
import subprocess
import unittest
from concurrent.futures import ThreadPoolExecutor

from harness import ROOT, Case, Session, Weir, eventually
from postfix import Postfix

AGREEMENT = os.path.join(ROOT, "plugins/header_checks/Tests/agreement.txt")


class Agreement:
    """plugins/header_checks/Tests/agreement.txt: `line N: TEXT`, `TYPE: RULE`, and below a rule `  N: VALUE` for each line that it answers.
    The plugin's own tests read the same file."""

    def __init__(self):
        self.head, self.lines, self.rules, self.answers = [], {}, [], []
        with open(AGREEMENT, encoding="utf-8") as file:
            for row in file.read().splitlines():
                self.read(row)

    def read(self, row):
        if row.startswith("line "):
            number, text = row[5:].split(":", 1)
            self.lines[int(number)] = unescaped(text[1:])
        elif row.startswith("  "):
            number, value = row[2:].split(": ", 1)
            self.answers[-1][int(number)] = unescaped(value)
        elif row and not row.startswith("#"):
            self.rules.append(row.split(": ", 1))
            self.answers.append({})
        if not self.rules:
            self.head.append(row)

    def written(self, answers):
        rows = list(self.head)
        for (kind, rule), found in zip(self.rules, answers):
            rows.append(f"{kind}: {rule}")
            rows += [f"  {number}: {escaped(value)}" for number, value in sorted(found.items())]
        return "\n".join(rows) + "\n"


def unescaped(text):
    return re.sub(rb"\\(x[0-9a-f]{2}|.)", lambda match: {b"n": b"\n", b"t": b"\t"}.get(match[1]) or (
        bytes([int(match[1][1:], 16)]) if match[1][:1] == b"x" else match[0]), text.encode())


def escaped(data):
    return "".join({10: "\\n", 9: "\\t"}.get(byte) or (chr(byte) if 0x20 <= byte < 0x7f else f"\\x{byte:02x}") for byte in data)


class AgreementTest(unittest.TestCase):
    """Each rule of agreement.txt, asked for each line: what the file says is what postmap answers."""

    def test_postmap_answers_as_the_file_says(self):
        agreement = Agreement()
        self.assertGreater(len(agreement.rules) * len(agreement.lines), 2000)
        tables = {f"rule{index}": rule + "\n" for index, (_, rule) in enumerate(agreement.rules)}
        with Postfix({"smtputf8_enable": "no"}, tables=tables) as postfix:
            with ThreadPoolExecutor(4) as pool:
                found = list(pool.map(lambda index: self.ask(postfix, agreement, index), range(len(agreement.rules))))
        if os.environ.get("WEIR_RECORD"):
            with open(AGREEMENT, "w", encoding="utf-8") as file:
                file.write(agreement.written(found))
        for (kind, rule), expected, answers in zip(agreement.rules, agreement.answers, found):
            self.assertEqual(answers, expected, f"{kind}: {rule}")

    def ask(self, postfix, agreement, index):
        table = f"{agreement.rules[index][0]}:{postfix.path(f'rule{index}')}"
        plain = {number: line for number, line in agreement.lines.items() if is_plain(line)}
        rows = postfix.run_bytes("postmap", "-q", "-", table, input=b"".join(line + b"\n" for line in plain.values())).splitlines()
        by_line = {line: number for number, line in plain.items()}
        found = {by_line[row.split(b"\t", 1)[0]]: row.split(b"\t", 1)[1] for row in rows}
        for number, line in agreement.lines.items():
            if number not in plain:
                answer = postfix.run_bytes("postmap", "-q", line, table)
                if answer:
                    found[number] = answer[:-1]
        return found


def is_plain(line):
    """Whether it can be given to `postmap -q -`, which has keys on lines and answers them before a tab."""
    return line == line.strip() and not set(b"\t\n") & set(line)


RULES = r"""
# Both programs read this file.
/^subject:.*bare/               REJECT
/^subject:.*lottery/            REJECT no such mails
/^subject:.*status/             REJECT 5.6.0 with a status
/^subject:.*later/              REJECT 4.7.1 come again
/^subject:.*group (\S+)/         REJECT no $1, ${1} nor $(1) for $$5
/^subject:.*folded\s+word/       REJECT in a folded line
/^subject:.*discard/            DISCARD not wanted
/^subject:.*pass/               PASS all is well
/^subject:.*redirect/           REDIRECT bob@weir.test
/^subject:.*warn/               WARN
/^subject:(.*)info/             INFO noted$1
/^subject: *$/                  INFO empty
if /^x-/
/^x-drop:/                      IGNORE
/^x-strip:/                     STRIP for a reason
/^x-before:\s*(.*)/              PREPEND X-Above: over $1
/^x-rename:(.*)/                REPLACE X-Renamed:$1
/^x-folded:\s*([^,]*),(.*)/      REPLACE X-Unfolded: $2, $1
/^x-broken: *(.*)/              REPLACE $1
/^x-blanks: .* $/               INFO ends in a blank
/^x-dunno:/                     DUNNO
/^x-/                           INFO another
endif
/^content-type:.*name="?[^"]*\.exe/  REJECT no programs
/^received:.*inside\.example/   IGNORE
/^received:.*with E?SMTP/       INFO ours
/ends here$/                    INFO at the end
!/^(from|to|date|message-id|subject|received|mime-version|content-type):/  WARN unusual
"""

PARTS = """\
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

text
--b
{}

x
--b--"""

# Content that is put behind BASE: what is in a part or an attached message.
CONTENTS = [
    PARTS.format('Content-Type: application/x;\n name="a.exe"'), PARTS.format("Content-Type: text/plain\nSubject: lottery"),
    PARTS.format("Content-Type: message/rfc822\n\nSubject: lottery\n"), PARTS.format("Content-Type: message/rfc822\n\nSubject: fine\n"),
    PARTS.format("Content-Type: text/plain\n\nSubject: lottery"), "\nSubject: lottery",
]

BASE = ["From: a@sender.test", "To: alice@weir.test", "Date: Sat, 21 Nov 2026 10:00:00 +0000", "Message-ID: <1@sender.test>"]

# Header lines that are put behind BASE.
CASES = [
    ["Subject: hello"], ["Subject: bare"], ["Subject: a LOTTERY for you"], ["Subject: status"], ["Subject: later"], ["Subject: a group of-two words"],
    ["Subject: folded", "\tword"], ["Subject: discard"], ["Subject: pass", "X-Drop: stays"], ["Subject: redirect", "X-Drop: stays"], ["Subject: warn"],
    ["Subject: more info"], ["Subject:"], ["Subject: "], ["Subject: x", "X-Drop: 1", "X-Drop: 2", "X-Kept: 3"], ["X-Strip: 1", " 2"],
    ["X-Before: 1", "X-Before:  2"], ["X-Rename: 1", "X-Rename:  2 "], ["X-Folded: one", "\ttwo, three", "  four"],
    ["X-Broken: no header", "X-Broken: Y: a header"], ["X-Blanks: a "], ["X-Dunno: 1", "X-Other: 2"],
    ["MIME-Version: 1.0", 'Content-Type: application/x; name="a.exe"'], ['Content-Type: text/plain;', '\tname="a.exe"'],
    ["Received: from inside.example (inside.example [10.0.0.1])", "\tby x.example with SMTP id 1", "\tfor <x@y.test>; Sat, 21 Nov 2026 10:00:00 +0000"],
    ["Unknown: field"], ["Spaced : name"], ["Comments: it ends here", "Subject: late"], ["X-Long: " + "z" * 3000],
    ["X-Case: a", "X-Drop: b", "X-Before: c", "Subject: lottery"],
]


class PeerTest(Case):
    """The same messages to both, with the same rules: replies, log lines and what is kept of the header."""

    @classmethod
    def setUpClass(cls):
        settings = {
            "virtual_mailbox_domains": "weir.test", "virtual_transport": "lmtp:unix:nowhere", "local_recipient_maps": "",
            "virtual_mailbox_maps": "static:x", "header_checks": "regexp:$config_directory/header_checks", "smtpd_error_sleep_time": "0",
        }
        cls.postfix = Postfix(settings, tables={"header_checks": RULES}).__enter__()
        cls.addClassCleanup(cls.postfix.__exit__, None)

    def test_both_do_the_same(self):
        weir = self.weir(f"header_checks = regexp:{self.postfix.path('header_checks')}")
        ours, theirs = (self.play(program) for program in (weir, self.postfix))
        for index, case in enumerate(CASES):
            with self.subTest(case=case):
                self.assertEqual(ours[index][0], theirs[index][0])
                self.assertEqual(told(weir.log_text(), index), told(self.postfix.log_text(), index))
                if ours[index][0].startswith("250") and "discard" not in str(case):
                    self.assertEqual(self.kept_by_weir(weir, index), self.kept_by_postfix(theirs[index][1]))
        self.assertFalse([path for path in weir.files() if "case 7." in read(path)], "what was to be discarded was delivered")
        self.assertTrue(any("case 9." in read(path) for path in weir.files("bob")), "the redirected message")

    def test_both_look_into_parts(self):
        weir = self.weir(f"header_checks = regexp:{self.postfix.path('header_checks')}")
        ours, theirs = ([self.said(program, content) for content in CONTENTS] for program in (weir, self.postfix))
        self.assertEqual(ours, theirs)
        self.assertEqual([reply[:3] for reply in ours], ["550", "550", "550", "250", "250", "250"])

    def said(self, program, content):
        with Session(program.port, seconds=60) as client:
            client.say("EHLO parts.test")
            reply = client.send("a@sender.test", ["alice@weir.test"], "\n".join([*BASE, content, ""]))
        return re.sub(r"queued as \w+", "queued as ID", reply)

    def play(self, program):
        """The reply to each message, and its queue id."""
        found = []
        for index, case in enumerate(CASES):
            with Session(program.port, seconds=60) as client:
                client.say(f"EHLO case{index}.test")
                reply = client.send("a@sender.test", ["alice@weir.test"], "\n".join([*BASE, *case, "", f"case {index}."]) + "\n")
            queued = re.search(r"queued as (\w+)", reply)
            found.append((re.sub(r"queued as \w+", "queued as ID", reply), queued and queued[1]))
        return found

    def kept_by_weir(self, weir, index):
        def find():
            paths = [path for user in weir.USERS for path in weir.files(user)]
            return next((text for text in map(read, paths) if f"\ncase {index}." in text), None)
        return header(eventually(find, 20, f"case {index}"))

    def kept_by_postfix(self, queue_id):
        return header(eventually(lambda: self.postfix.run("postcat", "-hq", queue_id).stdout, 20, queue_id))


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


# What each adds by itself, when it delivers or because the client is one of its own.
ADDED = ("Return-Path", "X-Original-To", "Delivered-To")


def header(text):
    """The fields, with those that name the program itself told apart only by their name."""
    fields = re.split(r"\n(?![ \t])", text.split("\n\n")[0].rstrip("\n"))
    fields = [field for field in fields if field.split(":")[0] not in ADDED]
    # Postfix writes `name :` as `name:`.
    fields = [re.sub(r"^(\S+)[ \t]+:", r"\1:", field) for field in fields]
    return [re.sub(r"(?s)^Received: from case.*", "Received: by us", field) for field in fields]


def told(log, index):
    """The log's lines about header lines of a message, as far as they must be the same."""
    found = re.findall(rf"/cleanup\[\d+\]: \w+: (\w+: header .*helo=<case{index}\.test>.*)", log)
    return [re.sub(r"(Received: from case).* from \S+;", r"\1", re.sub(r" from \S+\[127\.0\.0\.1\]; ", " from CLIENT; ", line)) for line in found]


class LoadingTest(Case):
    """What cannot be read is said with its place, and is no configuration."""

    def test_check_tells_of_each_rule(self):
        weir = Weir("header_checks = regexp:{ {/a/ REJCT} }\nmime_header_checks = regexp:/nonexistent\n")
        self.addCleanup(weir.kill)
        done = weir.run("check")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("unknown action `REJCT`", done.stdout + done.stderr)
        self.assertIn("cannot read the table `/nonexistent`", done.stdout + done.stderr)

    def test_the_plugin_is_what_it_says(self):
        plugin = os.path.join(os.path.dirname(os.environ["WEIR_BIN"]), "bundled/header_checks.so")
        done = subprocess.run([os.environ["WEIR_BIN"], "plugin", "check", plugin], capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("exports      weir_plugin_v0\n", done.stdout)

    def test_a_stage_of_another_name_has_rules_of_its_own(self):
        weir = self.weir("stage outgoing {\n  plugin = header_checks.so\n  header_checks = static:{ REJECT nothing passes }\n}\n")
        with Session(weir.port) as client:
            client.say("EHLO a.test")
            self.assertEqual(client.send("a@sender.test", ["alice@weir.test"], "Subject: x\n\nx\n"), "550 5.7.1 nothing passes")


if __name__ == "__main__":
    unittest.main()
