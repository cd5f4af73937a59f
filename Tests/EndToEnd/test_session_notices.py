# SPDX-License-Identifier: Apache-2.0
"""Transcripts of sessions for the postmaster (notify_classes): which sessions are told of, and how, beside the real Postfix."""
import os
import re
import time

from harness import Case, Session, eventually
from postfix import Postfix

TO = "postmaster@weir.test"

# What a client says in each session; CUT: it goes without a word.
DIALOGUES = {
    "unknown command": ["EHLO a.test", "FOO bar"],
    "no name": ["HELO"],
    "too early": ["EHLO a.test", "RCPT TO:<a@b.test>"],
    "bad parameter": ["EHLO a.test", "MAIL FROM:<a@b.test> X=1"],
    "declared size": ["EHLO a.test", "MAIL FROM:<a@b.test> SIZE=999999999"],
    "relay": ["EHLO a.test", "MAIL FROM:<a@b.test>", "RCPT TO:<x@far.test>"],
    "unknown user": ["EHLO a.test", "MAIL FROM:<a@b.test>", "RCPT TO:<nobody-z@weir.test>"],
    "refused": ["EHLO a.test", "MAIL FROM:<bad@b.test>", "RCPT TO:<alice@weir.test>"],
    "deferred": ["EHLO a.test", "MAIL FROM:<later@b.test>", "RCPT TO:<alice@weir.test>"],
    "no table": ["EHLO a.test", "MAIL FROM:<broken@b.test>", "RCPT TO:<alice@weir.test>"],
    "warned": ["EHLO a.test", "MAIL FROM:<warn@b.test>", "RCPT TO:<alice@weir.test>"],
    "no recipients": ["EHLO a.test", "MAIL FROM:<a@b.test>", "DATA"],
    "too many recipients": ["EHLO a.test", "MAIL FROM:<a@b.test>", *["RCPT TO:<alice@weir.test>"] * 4],
    "a long message": ["EHLO a.test", "MAIL FROM:<a@b.test>", "RCPT TO:<alice@weir.test>", "DATA", ("z" * 70 + "\r\n") * 80 + "."],
    "a loop": ["EHLO a.test", "MAIL FROM:<a@b.test>", "RCPT TO:<alice@weir.test>", "DATA", "Received: x\r\n" * 60 + "\r\nx\r\n."],
    "lost": ["EHLO a.test", "FOO bar", "CUT"],
    "a long line": ["EHLO a.test", "FOO " + "words " * 30],
    "no policy server": ["EHLO a.test", "MAIL FROM:<policy@b.test>", "RCPT TO:<alice@weir.test>"],
    "a line of 79 columns": ["EHLO a.test", "FOOO " + "word " * 30],
    "nothing": ["EHLO a.test", "MAIL FROM:<a@b.test>", "RCPT TO:<alice@weir.test>", "RSET", "NOOP"],
}

CLASSES = ("bounce", "policy", "protocol", "data")

SETTINGS = {
    "message_size_limit": "5000", "smtpd_recipient_limit": "3", "smtpd_error_sleep_time": "0", "mydestination": "", "virtual_mailbox_domains": "weir.test",
    "virtual_mailbox_maps": "inline:{alice@weir.test=alice/, postmaster@weir.test=postmaster/}", "smtpd_relay_restrictions": "reject_unauth_destination",
    "mynetworks": "192.0.2.1", "smtpd_restriction_classes": "oops, silent", "oops": "check_client_access fail:x", "silent": "check_policy_service inet:127.0.0.1:1", "smtpd_policy_service_try_limit": "1",
    "smtpd_sender_restrictions": "check_sender_access inline:{ {bad@b.test = REJECT nope}, {warn@b.test = WARN hm}, {later@b.test = DEFER wait}, {broken@b.test = oops}, {policy@b.test = silent} }",
    "error_notice_recipient": TO, "mail_name": "Postfix", "smtpd_peername_lookup": "no", "smtpd_delay_reject": "yes", "myorigin": "weir.test", "smtpd_tls_security_level": "none",
}


def play(port, dialogue):
    with Session(port, seconds=30) as session:
        for line in dialogue:
            if line == "CUT":
                return
            session.say(line)
        session.say("QUIT")


def notices(texts):
    """Each notice from its first field on, without what is different each time."""
    found = []
    for text in texts:
        text = text[text.index("From: Mail Delivery"):]
        text = re.sub(r"Message-Id: <.*>", "Message-Id: <>", text)
        text = re.sub(r"\d{4,5} bytes|SIZE \d+", "N", text)
        found.append(re.sub(r"(?m)^ Out: 250[- ](?!\d).*\n(?:     .*\n)*", "", text))
    return found


class Notices(Case):
    def run_all(self, port, read):
        """What each session brings: the classes do not matter here."""
        told = {}
        for name, dialogue in DIALOGUES.items():
            before = read().keys()
            play(port, dialogue)
            expected = name not in ("warned", "no recipients", "too many recipients", "nothing")
            if expected:
                eventually(lambda before=before: read().keys() - before, 5, f"a notice of: {name}")
            told[name] = [text for each, text in read().items() if each not in before]
        time.sleep(0.3)
        self.assertEqual(len(read()), sum(len(each) for each in told.values()))
        return told

    def test_the_same_transcripts_as_postfix(self):
        settings = {**SETTINGS, "notify_classes": "bounce, policy, protocol, software, resource, data"}
        weir = self.weir("".join(f"{name} = {value}\n" for name, value in settings.items()))
        ours = self.run_all(weir.port, lambda: self.texts(weir.maildir("postmaster")))
        postfix = Postfix({**settings, "virtual_uid_maps": "static:65534", "virtual_gid_maps": "static:65534"})
        home = os.path.join(postfix.folder, "mail")
        os.mkdir(home)
        os.chown(home, 65534, 65534)
        postfix.write("main.cf", postfix.read("main.cf") + f"virtual_mailbox_base = {home}\n")
        with postfix:
            theirs = self.run_all(postfix.port, lambda: self.texts(os.path.join(home, "postmaster")))
        # Postfix takes a table that never answers for a mistake in its configuration.
        for name in DIALOGUES.keys() - {"no table"}:
            self.assertEqual(notices(ours[name]), notices(theirs[name]), name)

    def test_only_the_classes_that_are_asked_for(self):
        told = {}
        for kind in CLASSES:
            weir = self.weir("".join(f"{name} = {value}\n" for name, value in {**SETTINGS, "notify_classes": kind}.items()))
            for name, dialogue in DIALOGUES.items():
                play(weir.port, [f"EHLO {name.replace(' ', '-')}.test", *dialogue[1:]] if dialogue[0].startswith("EHLO") else dialogue)
            time.sleep(0.3)
            for text in self.texts(weir.maildir("postmaster")).values():
                found = re.search(r"EHLO (\S+)\.test", text)
                told.setdefault(found[1].replace("-", " ") if found else "no name", []).append(kind)
        self.assertEqual(told, {
            "unknown command": ["protocol"], "no name": ["protocol"], "too early": ["protocol"], "bad parameter": ["protocol"], "declared size": ["policy"],
            "relay": ["policy"], "unknown user": ["bounce"], "refused": ["policy"], "deferred": ["policy"], "no table": ["data"],
            "a long message": ["bounce"], "a loop": ["bounce"], "lost": ["protocol"], "a long line": ["protocol"],
            "a line of 79 columns": ["protocol"], "no policy server": ["policy"],
        })

    def test_no_room(self):
        """`resource`, by default."""
        settings = {**SETTINGS, "queue_minfree": "1000000000000000"}
        with Postfix(settings) as postfix:
            weir = self.weir("".join(f"{name} = {value}\n" for name, value in settings.items()))
            for server in (postfix, weir):
                with Session(server.port) as session:
                    session.say("EHLO client.test")
                    self.assertEqual(session.say("MAIL FROM:<a@b.test>"), "452 4.3.1 Insufficient system storage")
                eventually(lambda server=server: re.search("from=<double-bounce@", server.log_text()), 5, "a notice")

    def test_what_may_be_a_password_is_not_told(self):
        weir = self.weir("".join(f"{name} = {value}\n" for name, value in {**SETTINGS, "notify_classes": "protocol"}.items()))
        play(weir.port, ["EHLO a.test", "FOO", "auth plain AGEAc2VjcmV0"])
        told = eventually(lambda: self.texts(weir.maildir("postmaster")), 5, "a notice")
        text = "".join(told.values())
        self.assertIn(" In:  auth plain *", text)
        self.assertNotIn("AGEAc2VjcmV0", text)

    def texts(self, maildir):
        folder = os.path.join(maildir, "new")
        names = os.listdir(folder) if os.path.isdir(folder) else []
        return {name: open(os.path.join(folder, name), encoding="utf-8", errors="replace").read() for name in names}
