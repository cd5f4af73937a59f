# SPDX-License-Identifier: Apache-2.0
"""Started as root: mail for users of the system, written by a process that acts as that user."""
import os
import pwd
import shutil
import subprocess
import unittest

from harness import IS_ROOT, Case, Session, children, eventually, read_message


class User:
    """A user of the system, made for one test; `None` for its home leaves it without one."""

    def __init__(self, name):
        self.name = name
        self.home = f"/var/tmp/{name}"
        subprocess.run(["useradd", "--home-dir", self.home, "--no-create-home", "--shell", "/usr/sbin/nologin", name], check=True, capture_output=True)
        entry = pwd.getpwnam(name)
        self.uid, self.gid = entry.pw_uid, entry.pw_gid
        shutil.rmtree(self.home, ignore_errors=True)
        os.mkdir(self.home, 0o700)
        os.chown(self.home, self.uid, self.gid)

    def remove(self):
        subprocess.run(["userdel", self.name], check=False, capture_output=True)
        shutil.rmtree(self.home, ignore_errors=True)

    def files(self):
        folder = f"{self.home}/Maildir/new"
        return [f"{folder}/{name}" for name in os.listdir(folder)] if os.path.isdir(folder) else []


@unittest.skipUnless(IS_ROOT, "makes users of the system")
class SystemUsers(Case):
    SETTINGS = "mydestination = weir-users.test\nhome_mailbox = Maildir/\nmail_owner = nobody\n"

    def user(self, number=1):
        user = User(f"weirt{os.getpid() % 100000}n{number}")
        self.addCleanup(user.remove)
        return user

    def send(self, weir, *recipients):
        with Session(weir.port) as session:
            session.say("EHLO a.example")
            return session.send("sender@example.org", recipients, "Subject: for you\n\nhello")

    def test_the_file_is_the_users(self):
        user = self.user()
        weir = self.weir(self.SETTINGS, root=True)
        self.assertTrue(self.send(weir, f"{user.name}@weir-users.test").startswith("250 "))
        path = eventually(user.files)[0]
        status = os.stat(path)
        self.assertEqual((status.st_uid, status.st_gid, status.st_mode & 0o777), (user.uid, user.gid, 0o600))
        for folder in ("", "/Maildir", "/Maildir/new", "/Maildir/tmp", "/Maildir/cur"):
            self.assertEqual(os.stat(user.home + folder).st_uid, user.uid, folder)
        self.assertEqual(read_message(path)["Delivered-To"], f"{user.name}@weir-users.test")

    def test_two_users_one_message(self):
        users = [self.user(1), self.user(2)]
        weir = self.weir(self.SETTINGS, root=True)
        self.send(weir, *(f"{user.name}@weir-users.test" for user in users))
        for user in users:
            self.assertEqual(os.stat(eventually(user.files)[0]).st_uid, user.uid)

    def test_unknown_user(self):
        weir = self.weir(self.SETTINGS, root=True)
        with Session(weir.port) as session:
            session.say("EHLO a.example")
            session.say("MAIL FROM:<sender@example.org>")
            self.assertEqual(
                session.say("RCPT TO:<no-such-user-here@weir-users.test>"),
                "550 5.1.1 <no-such-user-here@weir-users.test>: Recipient address rejected: User unknown in local recipient table")

    def test_root_gets_no_mail_of_its_own(self):
        weir = self.weir(self.SETTINGS, root=True)
        self.send(weir, "root@weir-users.test")
        folder = os.path.join(pwd.getpwnam("root").pw_dir, "Maildir/new")
        self.assertFalse(os.path.exists(folder) and any("for you" in open(os.path.join(folder, name)).read() for name in os.listdir(folder)))

    def test_a_linked_maildir_is_not_followed(self):
        user, other = self.user(1), self.user(2)
        os.symlink(other.home, f"{user.home}/Maildir")
        weir = self.weir(self.SETTINGS, root=True)
        self.send(weir, f"{user.name}@weir-users.test")
        eventually(lambda: "deferred" in weir.log_text(), 10, "a deferral in the log")
        self.assertEqual(os.listdir(other.home), [])

    def test_no_process_that_reads_the_network_is_root(self):
        weir = self.weir(self.SETTINGS, root=True)
        mta = weir.child("mta")
        self.assertIsNotNone(mta)
        with open(f"/proc/{mta}/status") as file:
            ids = next(line for line in file if line.startswith("Uid:")).split()[1:]
        self.assertNotIn("0", ids)
        self.assertGreaterEqual(len(children(weir.process.pid)), 2)

    def test_the_mailbox_process_takes_the_users_rights_only(self):
        """A home that the user cannot write stays unwritten, root or not."""
        user = self.user()
        os.chown(user.home, 0, 0)
        os.chmod(user.home, 0o755)
        weir = self.weir(self.SETTINGS, root=True)
        self.send(weir, f"{user.name}@weir-users.test")
        eventually(lambda: "deferred" in weir.log_text(), 10, "a deferral in the log")
        self.assertEqual(os.listdir(user.home), [])
