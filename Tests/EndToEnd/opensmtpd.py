# SPDX-License-Identifier: Apache-2.0
"""The real OpenSMTPD: Debian's package, unpacked by tools/setup below .build/peers and run from there. It takes mail for a@one.test and b@one.test.

    with OpenSMTPD() as server:
        server.port
        server.messages("a")      # what has arrived
        server.log_text()

Only root can start one.
"""
import glob
import os
import pwd
import shutil
import subprocess
import tempfile

from harness import IS_ROOT, ROOT, Session, eventually, free_port

PEERS = os.path.join(ROOT, ".build/peers/opensmtpd")

CONFIG = """\
smtp max-message-size "2M"
table people {{ "a@one.test" = "uucp", "b@one.test" = "uucp" }}
listen on 127.0.0.1 port {port} hostname opensmtpd.test
action "in" maildir "{folder}/mail/%{{rcpt.user}}" virtual <people>
match from any for domain "one.test" action "in"
"""

# Its files are where its makers put them, for this one alone.
ENTER = """\
mount -t overlay overlay -o "lowerdir=$0/usr:/usr" /usr
mount --bind "$1/passwd" /etc/passwd && mount --bind "$1/group" /etc/group
for folder in /run /var/spool /var/lib; do mount -t tmpfs none $folder; done
mkdir -p -m 711 /var/spool/smtpd && mkdir -p /var/lib/opensmtpd/empty
exec /usr/sbin/smtpd -d -f "$1/smtpd.conf"
"""


class OpenSMTPD:
    def __enter__(self):
        if not IS_ROOT or not os.path.exists(os.path.join(PEERS, "usr/sbin/smtpd")):
            raise AssertionError("OpenSMTPD is missing, or this is not root: run make setup")
        self.folder, self.port = tempfile.mkdtemp(prefix="weir-opensmtpd-", dir="/var/tmp"), free_port()
        os.chmod(self.folder, 0o755)
        os.mkdir(os.path.join(self.folder, "mail"))
        os.chown(os.path.join(self.folder, "mail"), pwd.getpwnam("uucp").pw_uid, pwd.getpwnam("uucp").pw_gid)
        with open(os.path.join(self.folder, "smtpd.conf"), "w", encoding="utf-8") as file:
            file.write(CONFIG.format(folder=self.folder, port=self.port))
        os.chmod(os.path.join(self.folder, "smtpd.conf"), 0o600)
        self.accounts()
        self.log = open(os.path.join(self.folder, "log"), "wb")
        self.process = subprocess.Popen(["unshare", "-m", "sh", "-c", ENTER, PEERS, self.folder], cwd="/", stdout=self.log, stderr=self.log, start_new_session=True)
        eventually(self.greets, 10, "OpenSMTPD")
        return self

    def accounts(self):
        """With the users that it insists on."""
        users = [("opensmtpd", 5101), ("opensmtpq", 5102)]
        for name, line in (("passwd", "{0}:x:{1}:{1}::/nonexistent:/bin/false\n"), ("group", "{0}:x:{1}:\n")):
            with open(f"/etc/{name}", encoding="utf-8") as source, open(os.path.join(self.folder, name), "w", encoding="utf-8") as copy:
                text = source.read()
                copy.write(text + "".join(line.format(*user) for user in users if f"{user[0]}:" not in text))

    def greets(self):
        if self.process.poll() is not None:
            raise AssertionError(f"OpenSMTPD ended: {self.log_text()}")
        try:
            with Session(self.port) as session:
                return session.banner
        except (OSError, EOFError):
            return None

    def __exit__(self, kind, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        if kind is not None:
            print("---- log of OpenSMTPD\n" + self.log_text() + "----", flush=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def messages(self, user):
        found = glob.glob(os.path.join(self.folder, "mail", user, "new", "*"))
        return [open(path, "rb").read() for path in sorted(found)]

    def log_text(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as file:
            return file.read()
