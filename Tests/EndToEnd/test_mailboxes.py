# SPDX-License-Identifier: Apache-2.0
"""Mailbox files: what is written, under which locks, as whom, and what programs that read them make of it."""
import fcntl
import grp
import mailbox
import os
import shutil
import stat
import subprocess
import tempfile
import time
import unittest

from harness import IS_ROOT, Case, Session, Weir, eventually, requires
from test_system_users import User


def send(weir, *recipients, text="Subject: for you\n\nhello", sender="sender@example.org"):
    with Session(weir.port) as session:
        session.say("EHLO a.example")
        return session.send(sender, recipients, text)


def content(path):
    if not os.path.exists(path):
        return b""
    with open(path, "rb") as file:
        return file.read()


def messages(path):
    return list(mailbox.mbox(path, create=False)) if os.path.exists(path) else []


class VirtualFiles(Case):
    """Mailbox files of virtual users, which need no root."""
    SETTINGS = "virtual_mailbox_maps = inline:{ alice@weir.test = alice, bob@weir.test = bob/, carl@weir.test = deep/er/carl }\n"

    def path(self, weir, user="alice"):
        return os.path.join(weir.mail, user)

    def make_lock(self, weir):
        """Another program's, though with the owner that the harness expects of all files."""
        lock = self.path(weir) + ".lock"
        os.makedirs(weir.mail, exist_ok=True)
        with open(lock, "x"):
            pass
        if weir.user:
            shutil.chown(lock, weir.user)
        return lock

    def test_separator_quoting_and_the_empty_line(self):
        weir = self.weir(self.SETTINGS)
        send(weir, "alice@weir.test", text="Subject: one\n\nFrom here\n>From there\nend")
        eventually(lambda: len(messages(self.path(weir))) == 1)
        text = content(self.path(weir)).decode()
        lines = text.split("\n")
        self.assertRegex(lines[0], r"^From sender@example\.org  [A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9]\d \d\d:\d\d:\d\d \d{4}$")
        self.assertEqual([line.split(":")[0] for line in lines[1:5]], ["Return-Path", "X-Original-To", "Delivered-To", "Received"])
        self.assertTrue(text.endswith("\n\n>From here\n>From there\nend\n\n"), text)
        self.assertEqual(stat.S_IMODE(os.stat(self.path(weir)).st_mode), 0o600)
        eventually(lambda: "(delivered to mailbox)" in weir.log_text())
        self.assertEqual([name for name in os.listdir(weir.mail) if name.endswith(".lock")], [])

    def test_a_reader_shows_them(self):
        nail = requires("s-nail")
        weir = self.weir(self.SETTINGS)
        for number in range(3):
            send(weir, "alice@weir.test", text=f"Subject: number {number}\n\nFrom me\n", sender="" if number == 2 else "sender@example.org")
        eventually(lambda: len(messages(self.path(weir))) == 3)
        copy = os.path.join(weir.folder, "copy")
        shutil.copy(self.path(weir), copy)
        shown = subprocess.run(
            [nail, "-R", "-n", "-H", "-f", copy], capture_output=True, text=True, timeout=20, env={**os.environ, "LC_ALL": "C", "TERM": "dumb"})
        for number in range(3):
            self.assertIn(f"number {number}", shown.stdout, shown)
        self.assertEqual([message["Subject"] for message in messages(copy)], ["number 0", "number 1", "number 2"])

    def test_folders_are_made(self):
        weir = self.weir(self.SETTINGS)
        send(weir, "carl@weir.test")
        eventually(lambda: messages(self.path(weir, "deep/er/carl")))

    def test_a_record_lock_delays_only_its_mailbox(self):
        weir = self.weir(self.SETTINGS + "deliver_lock_delay = 200ms\n")
        send(weir, "alice@weir.test")
        eventually(lambda: len(messages(self.path(weir))) == 1)
        with open(self.path(weir), "r+b") as reader:
            fcntl.lockf(reader, fcntl.LOCK_EX)
            send(weir, "alice@weir.test", text="Subject: later\n\nx")
            send(weir, "bob@weir.test")
            weir.messages("bob")
            time.sleep(0.5)
            self.assertEqual(len(messages(self.path(weir))), 1)
        eventually(lambda: len(messages(self.path(weir))) == 2)
        self.assertNotIn("status=deferred", weir.log_text())

    def test_a_dot_lock_delays_and_its_end_lets_go(self):
        weir = self.weir(self.SETTINGS + "deliver_lock_delay = 200ms\n")
        lock = self.make_lock(weir)
        send(weir, "alice@weir.test")
        time.sleep(0.5)
        self.assertEqual(messages(self.path(weir)), [])
        os.unlink(lock)
        eventually(lambda: len(messages(self.path(weir))) == 1)
        eventually(lambda: not os.path.exists(lock))

    def test_patience_has_an_end(self):
        weir = self.weir(self.SETTINGS + "deliver_lock_delay = 50ms\ndeliver_lock_attempts = 3\n")
        self.make_lock(weir)
        send(weir, "alice@weir.test")
        eventually(lambda: "status=deferred" in weir.log_text(), 10, "a deferral")
        self.assertIn(f"dsn=4.2.0, status=deferred (mailbox {self.path(weir)}: unable to create lock file {self.path(weir)}.lock: File exists)", weir.log_text())
        self.assertEqual(weir.log_text().once(lambda text: "status=deferred" in text).count("status=deferred"), 1)

    def test_a_stale_dot_lock_is_removed(self):
        weir = self.weir(self.SETTINGS)
        self.make_lock(weir)
        os.utime(self.path(weir) + ".lock", (1, 1))
        send(weir, "alice@weir.test")
        eventually(lambda: len(messages(self.path(weir))) == 1)

    def test_many_at_once_with_a_reader_that_takes(self):
        """Readers lock, read and empty the file; every message is seen once."""
        weir = self.weir(self.SETTINGS + "deliver_lock_delay = 20ms\ndeliver_lock_attempts = 1000\ndelivery_threads = 3\n")
        for number in range(60):
            send(weir, "alice@weir.test", text=f"Subject: {number}\n\n" + "x" * 997 + "\nFrom y\n")
        seen = []

        def take():
            if not os.path.exists(self.path(weir)):
                return False
            with open(self.path(weir), "r+b") as file:
                fcntl.lockf(file, fcntl.LOCK_EX)
                seen.extend(int(line[9:]) for line in file.read().split(b"\n") if line.startswith(b"Subject: "))
                file.truncate(0)
            return len(seen) >= 60
        eventually(take, 30, "60 messages")
        self.assertEqual(sorted(seen), list(range(60)))

    def test_a_full_mailbox(self):
        weir = self.weir(self.SETTINGS + "message_size_limit = 3000\nvirtual_mailbox_limit = 3000\n")
        send(weir, "alice@weir.test", text="Subject: a\n\n" + ("x" * 98 + "\n") * 20)
        eventually(lambda: len(messages(self.path(weir))) == 1)
        before = content(self.path(weir))
        send(weir, "alice@weir.test", text="Subject: b\n\n" + ("x" * 98 + "\n") * 20)
        eventually(lambda: "dsn=5.2.2" in weir.log_text(), 10, "a refusal")
        self.assertIn(f"(mailbox {self.path(weir)}: error writing message: File too large)", weir.log_text())
        self.assertEqual(content(self.path(weir)), before)

    def test_a_crash_leaves_each_message_once(self):
        weir = self.weir(self.SETTINGS)
        for number in range(40):
            send(weir, "alice@weir.test", text=f"Subject: {number}\n\n" + "y" * 900)
        weir.kill_everything()
        for name in os.listdir(weir.mail):
            if name.endswith(".lock"):
                os.utime(os.path.join(weir.mail, name), (1, 1))
        weir.start()
        eventually(lambda: len(messages(self.path(weir))) >= 40)
        time.sleep(0.3)
        self.assertEqual(sorted(int(message["Subject"]) for message in messages(self.path(weir))), list(range(40)))
        self.assertNotIn(b"\0", content(self.path(weir)))

    def test_mailboxes_of_others_need_root(self):
        weir = Weir(self.SETTINGS + "virtual_uid_maps = static:5005\nvirtual_gid_maps = static:5005\n")
        self.addCleanup(weir.__exit__, None)
        result = weir.run("run")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("virtual_uid_maps = static:5005: mailboxes of uid 5005 are written by a start as root only", result.stderr)


class Addresses(Case):
    """Which addresses are one, and which recipients there are."""

    def rcpt(self, weir, *recipients, sender="sender@example.org", options=""):
        with Session(weir.port) as session:
            session.say("EHLO a.example")
            session.say(f"MAIL FROM:<{sender}>{options}")
            return [session.say(f"RCPT TO:<{recipient}>") for recipient in recipients]

    def test_domains_in_any_script(self):
        settings = (
            "virtual_mailbox_domains = weir.test, bücher.example, xn--r8jz45g.xn--zckzah\n"
            "virtual_mailbox_maps = inline:{ alice@bücher.example = alice/, bob@xn--bcher-kva.example = bob/, jörg@例え.テスト = jörg/ }\n")
        weir = self.weir(settings)
        for recipient in ("alice@xn--bcher-kva.example", "alice@bücher.example", "alice@BÜCHER.Example.", "bob@bücher.example"):
            self.assertEqual(self.rcpt(weir, recipient, options=" SMTPUTF8"), ["250 2.1.5 Ok"], recipient)
        replies = self.rcpt(weir, "jörg@xn--r8jz45g.xn--zckzah", "jörg@例え.テスト", "jorg@例え.テスト", options=" SMTPUTF8")
        self.assertEqual([reply[:3] for reply in replies], ["250", "250", "550"])
        with Session(weir.port) as session:
            session.say("EHLO a.example")
            session.say("MAIL FROM:<> SMTPUTF8")
            session.say("RCPT TO:<alice@Bücher.example>")
            session.say("DATA")
            self.assertTrue(session.say("Subject: x\r\n\r\nx\r\n.").startswith("250"))
        message = weir.message("alice")
        self.assertEqual(message["Delivered-To"], "alice@xn--bcher-kva.example")

    def test_recipients_of_relay_domains(self):
        weir = self.weir("relay_domains = relay.example\nrelay_recipient_maps = inline:{ ann@relay.example = x, @sub.relay.example = x }\nrecipient_delimiter = +\n")
        self.assertEqual(
            self.rcpt(weir, "ann@relay.example", "ann+x@RELAY.example", "bob@relay.example", "bob@other.example"),
            ["250 2.1.5 Ok", "250 2.1.5 Ok",
             "550 5.1.1 <bob@relay.example>: Recipient address rejected: User unknown in relay recipient table", "250 2.1.5 Ok"])

    def test_own_addresses(self):
        weir = self.weir("mydestination = weir.example\ninet_interfaces = 127.0.0.1\nproxy_interfaces = 192.0.2.1\nlocal_recipient_maps = inline:{ ann = x }\nmynetworks = 10.0.0.0/8\n")
        replies = self.rcpt(weir, "ann@[127.0.0.1]", "ann@[192.0.2.1]", "bob@[192.0.2.1]", "ann@[192.0.2.2]")
        self.assertEqual([reply[:9] for reply in replies], ["250 2.1.5", "250 2.1.5", "550 5.1.1", "454 4.7.1"])

    def test_source_routes_and_quotes(self):
        weir = self.weir('virtual_mailbox_maps = inline:{ { two words@weir.test = alice/ }, bob@weir.test = bob/ }\n')
        self.assertEqual(
            self.rcpt(weir, "@a.example,@b.example:bob@weir.test", '"two words"@weir.test', '"bob"@weir.test', "two\\ words@weir.test"), ["250 2.1.5 Ok"] * 4)

    def test_luser_relay(self):
        settings = (
            "mydestination = weir.example\nlocal_recipient_maps =\nrecipient_delimiter = +\n"
            "luser_relay = ${extension?{$extension}}${extension:alice}@weir.test\n")
        weir = self.weir(settings)
        send(weir, "no-such-user-here@weir.example")
        message = weir.message("alice")
        self.assertEqual((message["X-Original-To"], message["Delivered-To"]), ("no-such-user-here@weir.example", "alice@weir.test"))
        send(weir, "no-such-user-here+bob@weir.example")
        self.assertEqual(weir.message("bob")["Delivered-To"], "bob@weir.test")


@unittest.skipUnless(IS_ROOT, "makes users of the system")
class SystemUsersFiles(Case):
    def setUp(self):
        super().setUp()
        self.user = User(f"weirm{os.getpid() % 100000}")
        self.addCleanup(self.user.remove)
        self.spool = tempfile.mkdtemp(prefix="weir-spool-", dir="/var/tmp")
        self.addCleanup(shutil.rmtree, self.spool, True)

    def address(self):
        return f"{self.user.name}@weir-users.test"

    def settings(self, more):
        return f"mydestination = weir-users.test\nmail_owner = nobody\n{more}\n"

    def test_a_spool_folder_of_the_group_mail(self):
        group = grp.getgrnam("mail").gr_gid
        os.chown(self.spool, 0, group)
        os.chmod(self.spool, 0o2775)
        path = f"{self.spool}/{self.user.name}"
        weir = self.weir(self.settings(f"mail_spool_directory = {self.spool}"), root=True)
        send(weir, self.address())
        eventually(lambda: len(messages(path)) == 1)
        status = os.stat(path)
        self.assertEqual((status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)), (self.user.uid, group, 0o600))
        self.assertEqual(messages(path)[0]["Delivered-To"], self.address())
        eventually(lambda: "relay=local" in weir.log_text())
        with open(f"{path}.lock", "x"):
            pass
        send(weir, self.address())
        time.sleep(0.5)
        self.assertEqual(len(messages(path)), 1)
        os.unlink(f"{path}.lock")
        eventually(lambda: len(messages(path)) == 2)
        eventually(lambda: os.listdir(self.spool) == [self.user.name])

    def test_a_spool_folder_that_all_may_write_to(self):
        os.chmod(self.spool, 0o1777)
        path = f"{self.spool}/{self.user.name}"
        weir = self.weir(self.settings(f"mail_spool_directory = {self.spool}"), root=True)
        send(weir, self.address())
        eventually(lambda: len(messages(path)) == 1)
        self.assertEqual((os.stat(path).st_uid, os.stat(path).st_gid), (self.user.uid, self.user.gid))

    def test_a_spool_folder_that_nobody_may_write_to(self):
        os.chmod(self.spool, 0o755)
        weir = self.weir(self.settings(f"mail_spool_directory = {self.spool}"), root=True)
        send(weir, self.address())
        eventually(lambda: "status=deferred" in weir.log_text(), 10, "a deferral")
        self.assertIn(
            f"cannot update mailbox {self.spool}/{self.user.name} for user {self.user.name}. cannot open file: Permission denied", weir.log_text())

    def test_a_file_in_the_home_without_room_for_a_dot_lock(self):
        """The folder is not the user's: the kernel's locks are all there is."""
        os.mkdir(f"{self.user.home}/mail", 0o755)
        path = f"{self.user.home}/mail/inbox"
        with open(path, "x"):
            pass
        os.chown(path, self.user.uid, self.user.gid)
        weir = self.weir(self.settings("home_mailbox = mail/inbox"), root=True)
        send(weir, self.address())
        eventually(lambda: len(messages(path)) == 1)
        with open(path, "r+b") as reader:
            fcntl.lockf(reader, fcntl.LOCK_EX)
            send(weir, self.address())
            time.sleep(0.4)
            self.assertEqual(len(messages(path)), 1)
        eventually(lambda: len(messages(path)) == 2)

    def test_a_file_of_another_user(self):
        path = f"{self.user.home}/inbox"
        with open(path, "x"):
            pass
        os.chmod(path, 0o666)
        weir = self.weir(self.settings("home_mailbox = inbox"), root=True)
        send(weir, self.address())
        eventually(lambda: f"destination {path} is not owned by recipient" in weir.log_text(), 10, "a deferral")
        self.assertEqual(content(path), b"")

    def test_a_link_in_the_place_of_the_file(self):
        os.symlink("/etc/passwd", f"{self.user.home}/inbox")
        before = content("/etc/passwd")
        weir = self.weir(self.settings("home_mailbox = inbox"), root=True)
        send(weir, self.address())
        eventually(lambda: "status=deferred" in weir.log_text(), 10, "a deferral")
        self.assertEqual(content("/etc/passwd"), before)

    def test_virtual_users_have_their_own_ids(self):
        os.chmod(self.spool, 0o1777)
        maps = (
            f"virtual_mailbox_base = {self.spool}\n"
            "virtual_mailbox_maps = inline:{ alice@weir.test = alice, bob@weir.test = bob/, root@weir.test = root }\n"
            "virtual_uid_maps = inline:{ alice@weir.test = 5005, root@weir.test = 200, @weir.test = 5006 }\n"
            "virtual_gid_maps = static:5007\n")
        weir = self.weir(self.settings(maps), root=True)
        send(weir, "alice@weir.test", "bob@weir.test")
        eventually(lambda: len(messages(f"{self.spool}/alice")) == 1)
        new = f"{self.spool}/bob/new"
        name = eventually(lambda: os.path.isdir(new) and os.listdir(new))[0]
        for path, uid in ((f"{self.spool}/alice", 5005), (f"{self.spool}/bob", 5006), (f"{new}/{name}", 5006)):
            self.assertEqual((os.stat(path).st_uid, os.stat(path).st_gid), (uid, 5007), path)
        eventually(lambda: "to=<alice@weir.test>, relay=virtual" in weir.log_text())
        eventually(lambda: "(delivered to maildir)" in weir.log_text())
