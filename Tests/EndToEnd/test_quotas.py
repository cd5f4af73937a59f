# SPDX-License-Identifier: Apache-2.0
"""How much Maildirs may hold: in Weir's deliveries, when recipients are named, and beside the real Dovecot."""
import os
import threading
import time

from dovecot import Dovecot
from harness import Case, Session, eventually


def send(weir, recipient, text="Subject: x\n\nHello.\n"):
    with Session(weir.port) as session:
        session.say("EHLO a.example")
        reply = session.send("sender@example.org", [recipient], text)
    if not reply.startswith("250"):
        raise AssertionError(reply)


def content(path):
    with open(path, "rb") as file:
        return file.read()


def rcpt(weir, *recipients, options=""):
    with Session(weir.port) as session:
        session.say("EHLO a.example")
        session.say(f"MAIL FROM:<sender@example.org>{options}")
        return [session.say(f"RCPT TO:<{recipient}>") for recipient in recipients]


def answers(weir, reply, options=""):
    """Waits until alice is answered so: what was known before is forgotten within seconds."""
    def is_said():
        time.sleep(0.1)
        return rcpt(weir, "alice@weir.test", options=options) == [reply]
    eventually(is_said, 20, reply)


def counted(weir, user="alice"):
    """What maildirsize says, and what there is."""
    lines = content(os.path.join(weir.maildir(user), "maildirsize")).decode().splitlines()[1:]
    pairs = [tuple(map(int, line.split())) for line in lines]
    files = weir.files(user)
    return (sum(size for size, _ in pairs), sum(count for _, count in pairs)), (sum(map(os.path.getsize, files)), len(files))


class Quotas(Case):
    """The message that comes when there is no room left: it is refused at its delivery if it was taken before."""

    def test_what_is_delivered_is_counted(self):
        weir = self.weir("quota_rule = *:storage=10M:messages=3\n")
        for number in range(3):
            send(weir, "alice@weir.test", text=f"Subject: {number}\n\nx")
        weir.messages("alice", 3)
        self.assertEqual(content(os.path.join(weir.maildir(), "maildirsize")).decode().splitlines()[0], "10485760S,3C")
        eventually(lambda: (lambda pair: pair[0] == pair[1])(counted(weir)), 10, "all in maildirsize")

    def test_the_sender_is_told(self):
        weir = self.weir("quota_rule = *:bytes=100\nquota_exceeded_message = No room for alice\n")
        send(weir, "alice@weir.test")
        eventually(lambda: "dsn=5.2.2, status=" in weir.log_text())
        self.assertIn("(No room for alice)", weir.log_text())

    def test_room_is_seen_when_its_reader_deletes(self):
        weir = self.weir("quota_rule = *:messages=1\n")
        send(weir, "alice@weir.test")
        for path in eventually(weir.files):
            os.unlink(path)
        send(weir, "alice@weir.test", text="Subject: second\n\nx")
        self.assertEqual(weir.message()["Subject"], "second")

    def test_a_full_mailbox_may_wait(self):
        weir = self.weir("quota_rule = *:bytes=100\nquota_full_tempfail = yes\n")
        send(weir, "alice@weir.test")
        eventually(lambda: "dsn=4.2.2, status=deferred (Quota exceeded (mailbox for user is full))" in weir.log_text())
        self.assertEqual(weir.files(), [])


class Recipients(Case):
    FULL = "552 5.2.2 <{}@weir.test>: Recipient address rejected: Mailbox is full"

    def full(self, settings=""):
        """A daemon in which alice has no room for another message."""
        weir = self.weir("plugin {\n  quota = maildir:User quota\n  quota_rule = *:messages=2\n  quota_rule2 = Trash:ignore\n}\n" + settings)
        send(weir, "alice@weir.test")
        weir.messages("alice", 1)
        # Two at once: both are named while there is room for one.
        with Session(weir.port) as first, Session(weir.port) as second:
            for session in (first, second):
                session.say("EHLO a.example")
                session.say("MAIL FROM:<sender@example.org>")
                self.assertEqual(session.say("RCPT TO:<alice@weir.test>"), "250 2.1.5 Ok")
            for session in (first, second):
                self.assertEqual(session.say("DATA")[:3], "354")
                self.assertEqual(session.say("Subject: x\r\n\r\nx\r\n.")[:3], "250")
        eventually(lambda: "dsn=5.2.2, status=" in weir.log_text() or "dsn=4.2.2, status=" in weir.log_text(), 20, "a message too many")
        weir.messages("alice", 2)
        return weir

    def test_refused_when_named(self):
        weir = self.full()
        answers(weir, self.FULL.format("alice"))
        self.assertEqual(rcpt(weir, "bob@weir.test", "nobody@weir.test", "postmaster")[::2], ["250 2.1.5 Ok", "250 2.1.5 Ok"])
        line = f"reject: RCPT from localhost[127.0.0.1]: {self.FULL.format('alice')}; from=<sender@example.org> to=<alice@weir.test>"
        eventually(lambda: line in weir.log_text(), 10, line)
        # Its reader makes room and notes it, as Maildir++ asks of all programs; the next one may come.
        size = os.path.getsize(weir.files()[0])
        owner = os.stat(weir.maildir())
        for name in (".Trash", ".Trash/cur"):
            os.mkdir(os.path.join(weir.maildir(), name))
            os.chown(os.path.join(weir.maildir(), name), owner.st_uid, owner.st_gid)
        os.rename(weir.files()[0], os.path.join(weir.maildir(), ".Trash/cur/kept:2,S"))
        with open(os.path.join(weir.maildir(), "maildirsize"), "a", encoding="ascii") as file:
            file.write(f"-{size} -1\n")
        answers(weir, "250 2.1.5 Ok")
        send(weir, "alice@weir.test", text="Subject: again\n\nx")
        eventually(lambda: len(weir.files()) == 2)

    def test_restrictions_do_not_hide_it(self):
        weir = self.full("smtpd_recipient_restrictions = reject_unlisted_recipient\nquota_status_overquota = 452 4.2.2 No room now\n"
                         "quota_full_tempfail = yes\n")
        answers(weir, "452 4.2.2 <alice@weir.test>: Recipient address rejected: No room now")

    def test_only_for_now(self):
        weir = self.full("smtpd_reject_unlisted_recipient = no\nquota_full_tempfail = yes\n")
        answers(weir, "452 4.2.2 <alice@weir.test>: Recipient address rejected: Mailbox is full")

    def test_what_is_too_long(self):
        weir = self.weir('quota "User quota" {\n  driver = maildir\n  storage_size = 20k\n  storage_grace = 0\n  mail_size = 10k\n}\n')
        send(weir, "alice@weir.test", text="Subject: x\n\n" + ("x" * 70 + "\n") * 100)
        weir.messages("alice", 1)
        too_long = "552 5.2.3 <alice@weir.test>: Recipient address rejected: Message is too large for this mailbox"
        answers(weir, too_long, " SIZE=10241")
        self.assertEqual(rcpt(weir, "alice@weir.test", options=" SIZE=10240"), ["250 2.1.5 Ok"])
        send(weir, "alice@weir.test", text="Subject: x\n\n" + ("x" * 70 + "\n") * 200)
        eventually(lambda: "(The message is larger than this mailbox takes)" in weir.log_text(), 10, "a refusal")
        send(weir, "alice@weir.test", text="Subject: x\n\n" + ("x" * 70 + "\n") * 130)
        weir.messages("alice", 2)
        answers(weir, self.FULL.format("alice"), " SIZE=9000")


class BesideDovecot(Case):
    QUOTA = "quota = maildir:User quota\nquota_rule = *:storage=1M:messages=1000\nquota_rule2 = Trash:ignore\nquota_grace = 0\n"

    def both(self):
        weir = self.weir("delivery_threads = 4\nplugin {\n" + self.QUOTA + "}\n")
        folder = os.path.join(weir.folder, "dovecot")
        os.mkdir(folder)
        os.chmod(folder, 0o755)
        return weir, Dovecot(weir.maildir(), folder, self.QUOTA, user=weir.user)

    def test_both_count_alike(self):
        """Many deliveries at once, and Dovecot reads what Weir has counted, without counting itself."""
        weir, dovecot = self.both()

        def deliver(number):
            with Session(weir.port) as session:
                session.say("EHLO a.example")
                for count in range(20):
                    session.send("sender@example.org", ["alice@weir.test"], f"Subject: {number}-{count}\n\n" + "x" * 70 * count)
        threads = [threading.Thread(target=deliver, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        weir.messages("alice", 160)
        said, there = eventually(lambda: (lambda pair: pair if pair[0] == pair[1] else None)(counted(weir)), 10, "all in maildirsize")
        before = content(os.path.join(weir.maildir(), "maildirsize"))
        usage = dovecot.usage()
        self.assertEqual(usage, {"STORAGE": (-(-there[0] // 1024), 1024), "MESSAGE": (160, 1000)})
        self.assertEqual(content(os.path.join(weir.maildir(), "maildirsize")), before)

    def test_each_sees_what_the_other_did(self):
        weir, dovecot = self.both()
        send(weir, "alice@weir.test")
        weir.messages("alice", 1)
        line = "x" * 78 + "\r\n"
        self.assertRegex(dovecot.append("Subject: big\r\n\r\n" + line * 13100), "^OK")
        self.assertRegex(dovecot.append("Subject: big\r\n\r\n" + line * 200), r"^NO \[OVERQUOTA\]")
        answers(weir, Recipients.FULL.format("alice"), " SIZE=15000")
        self.assertEqual(dovecot.usage()["MESSAGE"], (2, 1000))
        # What Dovecot deletes it notes as well.
        dovecot.imap("SELECT INBOX", "STORE 2 +FLAGS (\\Deleted)", "EXPUNGE")
        answers(weir, "250 2.1.5 Ok", " SIZE=10000")

    def test_long_and_old_files_are_made_anew(self):
        weir, dovecot = self.both()
        send(weir, "alice@weir.test")
        weir.messages("alice", 1)
        sizes = os.path.join(weir.maildir(), "maildirsize")
        for text in ("1048576S,1000C\n" + "1 0\n" * 2000, "1048576S,1000C\n2000000 5\n", "5S\n1 1\n"):
            with open(sizes, "w", encoding="ascii") as file:
                file.write(text)
            os.utime(sizes, (1, 1))
            before = len(weir.files())
            send(weir, "alice@weir.test")
            weir.messages("alice", before + 1)
            said, there = eventually(lambda: (lambda pair: pair if pair[0] == pair[1] else None)(counted(weir)), 10, "counted anew")
            self.assertLess(os.path.getsize(sizes), 100)
            self.assertEqual(dovecot.usage()["MESSAGE"], (there[1], 1000))
