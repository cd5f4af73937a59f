# SPDX-License-Identifier: Apache-2.0
"""body_checks(5), and header_checks(5) in parts and attached messages: the same mails through Weir and through the real Postfix."""
import random
import re
import unittest

from harness import Case, Session, eventually
from postfix import Postfix

HEAD = "From: a@sender.test\nTo: alice@weir.test\nSubject: x\nDate: Sat, 21 Nov 2026 10:00:00 +0000\nMessage-ID: <1@sender.test>\n"
MIXED = HEAD + "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"

SETTINGS = {
    "virtual_mailbox_domains": "weir.test", "virtual_transport": "lmtp:unix:nowhere", "local_recipient_maps": "",
    "virtual_mailbox_maps": "static:x", "smtpd_error_sleep_time": "0",
}

BODY_RULES = r"""
/^rejected/             REJECT no such text
/^later/                REJECT 4.7.1 come again
/^(\S+) was bare/        REJECT
/^with (\S+)/            REJECT 5.6.0 not with $1
/^prepend (.*)/         PREPEND before $1
/^replace (.*)/         REPLACE [$1]
/^ignore/               IGNORE
/^strip/                STRIP for a reason
/^hold/                 HOLD to be looked at
/^pass/                 PASS all is well
/^redirect/             REDIRECT bob@weir.test
/^bcc/                  BCC bob@weir.test
/^discard/              DISCARD not wanted
/^warn/                 WARN
/^warned (.)/           WARN of $1
/^info/                 INFO noted
/^dunno/                DUNNO
/^ok/                   OK
/ends here$/            INFO at the end
/zz$/                   INFO long
/\t/                    INFO a tab
!/./                    INFO empty
"""

# What follows HEAD and an empty line; with what becomes of it the same in both.
BODIES = [
    "hello\n", "one\nrejected\nrejected too\n", "later\n", "it was bare\n", "with pleasure\n", "prepend this\nreplace that\nignore this\nstrip that\nend\n",
    "hold\nhold\nend\n", "pass\nrejected\n", "redirect\nrejected\n", "bcc\nend\n", "discard\nrejected\n", "warn\nwarned w\ninfo\ndunno\nok\nend\n",
    "it ends here\n", "\n\n\nend\n", " rejected\n", "REJECTED\n", "a\tb\n", "..\n.rejected\n", "Subject: rejected\n\nFrom: x\n", "--b\nX-Ignored: 1\n\n--b--\n",
    "a" * 2046 + "zz\nb" * 2 + "a" * 2047 + "zz\n", "a" * 2045 + "zz\n" + "a" * 4094 + "zz\nend\n", "ignore" + "a" * 3000 + "\nend\n",
    "a" * 2048 + "ignore\nend\n", "a" * 2048 + "replace x\nend\n", "a" * 2048 + "prepend x\nend\n", "a" * 2048 + "\nignore\nend\n",
    "a" * 4096 + "ignore" + "a" * 3000 + "\nignore\nend\n", "ignore\nignore\n", "ignore\n", "end\nignore\n",
]

PART_RULES = r"""
/^x-ignored:/           IGNORE
/^x-stripped:/          STRIP why
/^x-replaced: *(.*)/    REPLACE X-New: $1
/^x-more:(.*)/          REPLACE X-New:$1
/^x-before:/            PREPEND X-Above: $$1
/^x-refused:/           REJECT no such part
/^x-held:/              HOLD part
/^x-warned:/            WARN
/^content-type:.*name="?[^;]*\.exe/  REJECT no programs
"""

INSIDE = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=c\nX-Warned: inside\n\n--c\nX-Warned: of the part\n\nignore\ntext\n--c--\nepilogue\n"

# What follows MIXED: parts, attached messages, and what is odd about them.
PARTS = [
    "--b\nX-Ignored: 1\n 2\nX-Replaced: a\nX-Before: c\nX-Stripped: d\n\nbody\n--b--\n", "--b\nX-Ignored: 1\n\nignore\nreplace x\n--b\nX-More: y\n z\n\nstrip\n--b--\n",
    "--b\nX-Refused: 1\n\n\n--b--\n", "--b\n\nX-Refused: 1\n--b--\n", "preamble\nX-Refused: 1\n--b--\nX-Refused: 2\n", "--b\nX-Held: 1\n\nhold\n--b--\n",
    "--b\nContent-Type: application/x;\n\tname=\"a.exe\"\n\n\n--b--\n", "--b\nContent-Type: message/rfc822\nX-Warned: part\n\n" + INSIDE + "--b--\n",
    "--b\nContent-Type: message/rfc822\n\nX-Refused: nested\n\n--b--\n", "--b\nContent-Type: message/partial\n\nX-Refused: nested\n\n--b--\n",
    "--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nX-Refused: nested\n\n--b--\n", "--bcruft\nX-Warned: 1\n\nx\n--b--cruft\nignore\n",
    "--b\nno field\nX-Warned: 1\n\nignore\n--b--\n", "--b\n X-Warned: 1\n\nx\n--b--\n", "--b\nX-Warned : 1\n\nx\n--b--\n", "--b\nX-Warned: 1\n--b\nX-Warned: 2\n--b--\n",
    "--b\nX-Warned: 1", "--b\nX-Warned: " + "w" * 5000 + "\n\nx\n--b--\n", "--b\nX-Replaced: " + "w" * 5000 + "\n v\n\nx\n--b--\n", " --b\nX-Refused: 1\n\n--b--\n",
    "--b\nContent-Type: text/plain\n\n--b\nContent-Type: multipart/mixed;\n boundary=\"b c\"\n\n--b c\nX-Warned: 2\n\nignore\n--b c--\n--b--\n",
    "--b\nContent-Type: multipart/digest; boundary=d\n\n--d\n\nX-Warned: of a digest\n\nx\n--d\nContent-Type: text/plain\n\nX-Refused: 1\n--d--\n--b--\n",
]

# Content-Type fields, and the boundary that what follows is apart by; None where there is none.
TYPES = [
    'multipart/mixed; boundary="b"', "multipart/mixed; boundary=b; boundary=z", "multipart/mixed; boundary=z; boundary=b", "Multipart/Mixed; BOUNDARY=b",
    "multipart/mixed; charset=x; boundary=b", "multipart/mixed; (boundary=z) boundary=b", "multipart/mixed boundary=b", "multipart/mixed; boundary = b",
    "multipart/mixed; boundary=b/c", 'multipart/mixed; boundary="b\\c"', "multipart; boundary=b", "multipart/mixed; boundary=", "text/plain; boundary=b",
    "message/rfc822", "message/rfc822; x=y", "Message/RFC822", "message/news", '"multipart"/mixed; boundary=b', "multipart/mixed; x boundary=b", "", ";", "multipart/mixed;;boundary=b",
    "multipart/mixed; boundary*0=b", "multipart/mixed; boundary='b'", "multipart/mixed;\n boundary=b", "multipart/mixed; boundary=\"b\n c\"", "text/plain\nContent-Type: multipart/mixed; boundary=b",
    "multipart/mixed; boundary=b\nContent-Type: text/plain", "message/rfc822\nContent-Type: text/plain", "message/rfc822\nContent-Type: application/x", "multipart/mixed; boundary=(b)",
]

ALL = {"body_checks": "static:INFO", "header_checks": "static:INFO", "mime_header_checks": "static:INFO", "nested_header_checks": "static:INFO"}


def shuffled(count):
    """Mails put together of lines that mean something, at random but always the same."""
    dice = random.Random(2046)
    lines = ["--b", "--b--", "--c", "--c--", "", "", "Content-Type: message/rfc822", "Content-Type: multipart/mixed; boundary=c", "Content-Type: text/plain", "X-A: 1",
             " folded", "text", "--", "---b", "-", "MIME-Version: 1.0", "Content-Transfer-Encoding: base64", "--bc", "Content-Type: multipart/digest; boundary=b"]
    return [MIXED + "".join(dice.choice(lines) + "\n" for _ in range(dice.randrange(3, 30))) for _ in range(count)]


class PeerTest(Case):
    """Mails through both with the same settings: replies and log lines agree, and so does what is kept."""

    def both(self, mails, tables=None, are_kept=True, **settings):
        with Postfix({**SETTINGS, **settings}, tables=tables) as postfix:
            weir = self.weir("".join(f"{name} = {value.replace('$config_directory', postfix.config)}\n" for name, value in settings.items()))
            ours, theirs = ([self.send(program, index, mail) for index, mail in enumerate(mails)] for program in (weir, postfix))
            for program in (weir, postfix):
                self.wait(program, len(mails))
            for index, mail in enumerate(mails):
                with self.subTest(mail=mail[:3000]):
                    self.assertEqual(plain(ours[index]), plain(theirs[index]))
                    self.assertEqual(told(weir.log_text(), index), told(postfix.log_text(), index))
                    if are_kept and ours[index].startswith("250") and theirs[index].startswith("250") and "discard:" not in str(told(weir.log_text(), index)):
                        self.assertEqual(parts(self.kept(weir, queue_id(ours[index]))), parts(postfix.run("postcat", "-bhq", queue_id(theirs[index])).stdout))

    def send(self, program, index, mail):
        with Session(program.port, seconds=60) as client:
            client.say(f"EHLO case{index}.test")
            return client.send("a@sender.test", ["alice@weir.test"], mail if mail.endswith("\n") else mail + "\n")

    def wait(self, program, index):
        """Until all that was said of the mails before is in the log."""
        name = queue_id(self.send(program, index, HEAD + "\nnothing\n"))
        eventually(lambda: f"{name}: from=<" in program.log_text(), 20, name)

    def kept(self, weir, name):
        def find():
            waiting = weir.run("queue", "cat", name)
            if waiting.returncode == 0 and waiting.stdout:
                return waiting.stdout
            return next((text for user in weir.USERS for text in map(read, weir.files(user)) if f"id {name}" in text), None)
        return eventually(find, 20, name)


def queue_id(reply):
    return re.search(r"queued as (\w+)", reply)[1]


def read(path):
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
        return file.read()


def plain(reply):
    return re.sub(r"queued as \w+", "queued as ID", reply)


# What each adds by itself, when it delivers or because the client is one of its own.
ADDED = ("Return-Path", "X-Original-To", "Delivered-To", "Received")


def parts(text):
    """The header without what was added, and the body."""
    head, body = text.split("\n\n", 1) if "\n\n" in text else (text, "")
    # Postfix writes `name :` as `name:`.
    body = body.replace("X-Warned :", "X-Warned:")
    return [field for field in re.split(r"\n(?![ \t])", head) if field.split(":")[0] not in ADDED], body


def told(log, index):
    """The log's lines about lines of a message, as far as they must be the same."""
    found = re.findall(rf"/cleanup\[\d+\]: \w+: (\w+: (?:header|body) .*helo=<case{index}\.test>.*)", log)
    found = [line for line in found if ": header Received: from case" not in line]
    found = [re.sub(r" from \S+\[127\.0\.0\.1\]; ", " from CLIENT; ", line)[:1500] for line in found]
    # In Weir the one stage comes after the other.
    return sorted(found, key=lambda line: ": body " in line)


class BodyTest(PeerTest):
    def test_each_action(self):
        self.both([HEAD + "\n" + body for body in BODIES], {"rules": BODY_RULES}, body_checks="regexp:$config_directory/rules", header_checks="static:INFO")

    def test_parts_and_attached_messages(self):
        self.both([MIXED + parts for parts in PARTS], {"rules": BODY_RULES, "parts": PART_RULES}, body_checks="regexp:$config_directory/rules",
                  mime_header_checks="regexp:$config_directory/parts", nested_header_checks="regexp:$config_directory/parts", header_checks="static:INFO")

    def test_which_lines_are_looked_at(self):
        """With tables that answer every line: the two have the same order of header lines, and of lines of text."""
        inside = "--b\nX-A: 1\n\ntext\n--b c\nX-B: 1\n\n--b/c\nX-C: 1\n\n--b\\c\nX-D: 1\n\n--z\nX-E: 1\n\nno field\n--'b'\nX-F: 1\n--=\nX-G: 1\n--b--\nend\n"
        mails = [HEAD + f"MIME-Version: 1.0\nContent-Type: {kind}\n\n" + inside for kind in TYPES] + shuffled(150) + [MIXED + parts for parts in PARTS]
        self.both(mails, are_kept=False, body_checks="static:INFO", header_checks="static:INFO")

    def test_how_far_they_look(self):
        lines = "".join(f"line {number}\n" for number in range(10, 40))
        mails = [HEAD + "\n" + lines, MIXED + "--b\n\n" + lines + "--b\nX-A: 1\n\n" + lines + "--b\nno field\n" + lines + "--b--\n" + lines,
                 MIXED + "--b\nContent-Type: message/rfc822\n\nSubject: x\n\n" + lines, HEAD + "\n" + "a" * 90 + "\n" + "b\n" * 20, *(HEAD + "\n" + "a" * n + "\nb\nc\n" for n in range(95, 101))]
        self.both(mails, body_checks="static:INFO", body_checks_size_limit="100")
        self.both([HEAD + "\n" + "a" * 60_000 + "\nb\n", HEAD + "\n" + lines * 3 + "a" * 50_000 + "\n" + lines * 3], body_checks="static:INFO")
        self.both([HEAD + "\n" + "a" * 60_000 + "\nb\n"], body_checks="static:INFO", body_checks_size_limit="0")

    def test_what_one_passes_the_other_does_not_look_at(self):
        mails = [HEAD.replace("Subject: x", f"Subject: {word}") + "\nrejected\nhold\n" for word in ("pass", "redirect", "hold", "refuse", "none")]
        self.both(mails, {"rules": BODY_RULES, "head": "/^subject: pass/ PASS\n/^subject: redirect/ REDIRECT bob@weir.test\n/^subject: hold/ HOLD\n/^subject: refuse/ REJECT\n"},
                  body_checks="regexp:$config_directory/rules", header_checks="regexp:$config_directory/head")

    def test_what_weir_adds_is_not_looked_at(self):
        """A message without Date, From and Message-ID gets them; the rules do not see them, as in Postfix."""
        self.both(["Subject: x\n\nx\n", "\nx\n", "Received: by x\nSubject: x\n\nx\n"], are_kept=False, header_checks="static:INFO")

    def test_a_worker_does_the_same(self):
        rules = "{ {/^replace (.*)/ REPLACE [$1]}, {/^ignore/ IGNORE}, {/^rejected/ REJECT no} }"
        fields = "{ {/^x-ignored:/ IGNORE} }"
        weir = self.weir(f"body_checks = regexp:{rules.replace('$', '$$')}\nmime_header_checks = regexp:{fields}\n"
                         "stage body_checks {\n  mode = worker\n}\nstage header_checks {\n  mode = worker\n}\n")
        self.assertEqual(self.send(weir, 0, HEAD + "\nrejected\n"), "550 5.7.1 no")
        name = queue_id(self.send(weir, 1, MIXED + "--b\nX-Ignored: 1\n\nreplace this\nignore\n--b--\n"))
        self.assertEqual(parts(self.kept(weir, name))[1], "--b\n\n[this]\n--b--\n")


if __name__ == "__main__":
    unittest.main()
