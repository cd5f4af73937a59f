# SPDX-License-Identifier: Apache-2.0
"""Programs that hand in mail by sendmail, unchanged: rows F1, F2 and F2b of the tutorials."""
import os
import pty
import pwd
import re
import select
import subprocess
import time

from harness import ROOT, requires
from test_sendmail import SendmailCase

CLIENTS = os.path.join(ROOT, ".build/peers/clients")


def client(name):
    """A program of Debian's, unpacked, and the environment it needs."""
    program = os.path.join(CLIENTS, "usr/bin", name)
    if not os.path.exists(program):
        raise AssertionError(f"{name} is missing: run make setup")
    return program, {"LD_LIBRARY_PATH": os.path.join(CLIENTS, f"usr/lib/{os.uname().machine}-linux-gnu")}


class MailPrograms(SendmailCase):
    def ready(self):
        weir, programs = self.start()
        self.home = os.path.join(weir.folder, "home")
        os.mkdir(self.home)
        if weir.user:
            os.chown(self.home, pwd.getpwnam(weir.user).pw_uid, -1)
        self.programs = programs
        self.sendmail = os.path.join(programs.folder, "sendmail")
        return weir

    def environment(self, extra=()):
        return {**self.programs.environment, "HOME": self.home, "TERM": "xterm", "LC_ALL": "C.UTF-8", **dict(extra)}

    def play(self, weir, *command, input="", extra=()):
        done = subprocess.run(
            command, input=input, capture_output=True, text=True, timeout=30, cwd=self.home, env=self.environment(extra), user=weir.user)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done

    def rc(self, name, text):
        path = os.path.join(self.home, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def test_F1_mail_with_s_nail(self):
        weir = self.ready()
        self.play(weir, requires("s-nail"), "-:/", f"-Smta={self.sendmail}", "-s", "test", "alice@weir.test", input="hello\n")
        message = weir.message()
        self.assertEqual((message["Subject"], message.get_content()), ("test", "hello\n"))

    def test_F1_mail_with_bsd_mailx(self):
        weir = self.ready()
        program, extra = client("bsd-mailx")
        rc = self.rc("mailrc", f"set sendmail={self.sendmail}\n")
        self.play(weir, program, "-s", "test", "-b", "bob@weir.test", "alice@weir.test", input="hello\n", extra={**extra, "MAILRC": rc})
        self.assertEqual(weir.message()["Subject"], "test")
        self.assertNotIn("Bcc", weir.messages("bob")[0])

    def test_F3_F4_mail_reads_where_MAIL_says(self):
        weir = self.ready()
        self.sent(self.programs, "alice", input="Subject: for readers\n\nhello\n")
        weir.message()
        mail = requires("s-nail")
        # F4: `export MAIL=$HOME/Maildir`; without it the reader looks into /var/mail and finds nothing (F3).
        listed = self.play(weir, mail, "-:/", "-H", extra={"MAIL": weir.maildir()})
        self.assertRegex(listed.stdout, r"N +1 .*for readers")
        done = subprocess.run([mail, "-:/", "-H"], capture_output=True, text=True, timeout=30, cwd=self.home, user=weir.user,
                              env=self.environment({"MAIL": os.path.join(self.home, "mbox-that-nobody-writes")}))
        self.assertNotIn("for readers", done.stdout)

    def test_F2_mutt_in_its_menu(self):
        weir = self.ready()
        program, extra = client("mutt")
        editor = self.rc("editor", '#!/bin/sh\nprintf "hello\\n" > "$1"\n')
        os.chmod(editor, 0o755)
        box = self.rc("box", "")
        rc = self.rc("muttrc", f'set sendmail="{self.sendmail}"\nset editor="{editor}"\nset folder="{self.home}"\nset copy=no\nset sleep_time=0\nset abort_unmodified=no\nset quit=yes\n')
        keys = [(b"q:Quit", b"m"), (b"To: ", b"alice@weir.test\n"), (b"Subject: ", b"from mutt\n"), (b"y:Send", b"y"), (b"Mail sent", b"q")]
        self.assertEqual(self.type(weir, [program, "-n", "-F", rc, "-f", box], keys, extra), 0)
        message = weir.message()
        self.assertEqual((message["Subject"], message.get_content()), ("from mutt", "hello\n"))

    def type(self, weir, command, keys, extra):
        """Plays a program on a terminal: each key once the text before it has been shown. Its exit status."""
        pid, terminal = pty.fork()
        if pid == 0:
            try:
                if weir.user:
                    os.setgroups([])
                    os.setuid(pwd.getpwnam(weir.user).pw_uid)
                os.execve(command[0], command, self.environment(extra))
            finally:
                os._exit(127)
        shown, deadline = b"", time.monotonic() + 20
        while time.monotonic() < deadline:
            if keys and keys[0][0] in re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", shown):
                os.write(terminal, keys.pop(0)[1])
                shown = b""
            if select.select([terminal], [], [], 0.05)[0]:
                try:
                    shown += os.read(terminal, 65536)
                except OSError:
                    break
        os.close(terminal)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        self.assertEqual(keys, [], shown)
        return status

    def test_F2_mutt_in_a_script(self):
        weir = self.ready()
        program, extra = client("mutt")
        rc = self.rc("muttrc", f'set sendmail="{self.sendmail}"\nset copy=no\n')
        self.play(weir, program, "-n", "-F", rc, "-s", "ü", "alice@weir.test", input="hällo\n", extra=extra)
        self.assertEqual(weir.message()["Subject"], "ü")

    def test_F2b_cron(self):
        weir = self.ready()
        job = "From: root (Cron Daemon)\nTo: alice\nSubject: Cron <root@mx> true\nContent-Type: text/plain\nX-Cron-Env: <SHELL=/bin/sh>\n\n.\nout\n"
        arguments = [self.sendmail, "-i", "-FCronDaemon", "-B8BITMIME", "-oem", "alice"]
        self.play(weir, *arguments, input=job)
        message = weir.message()
        self.assertEqual((message["To"], message.get_content()), ("alice@weir.test", ".\nout\n"))
        weir.stop()
        self.play(weir, *arguments, input=job)
        weir.start()
        self.assertEqual(len(weir.messages(count=2)), 2)

    def test_php_mail(self):
        weir = self.ready()
        program, extra = client("php8.2")
        code = 'exit(mail("alice@weir.test", "from php", "hello\\n", "Cc: bob@weir.test\\r\\nX-Mailer: PHP", "-fwww@weir.test") ? 0 : 1);'
        self.play(weir, program, "-n", "-d", f"sendmail_path={self.sendmail} -t -i", "-r", code, extra=extra)
        message = weir.message()
        self.assertEqual((message["Subject"], message["Return-Path"], message["X-Mailer"]), ("from php", "<www@weir.test>", "PHP"))
        self.assertEqual(weir.messages("bob")[0]["Cc"], "bob@weir.test")

    def test_msmtp(self):
        weir = self.ready()
        program, extra = client("msmtp")
        self.play(weir, program, "--host=127.0.0.1", f"--port={weir.port}", "--auth=off", "--tls=off", "--from=me@example.org", "-t",
                  input="To: alice@weir.test\nSubject: msmtp\n\nhello\n", extra=extra)
        self.assertEqual(weir.message()["Subject"], "msmtp")
