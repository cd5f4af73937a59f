# SPDX-License-Identifier: Apache-2.0
"""The real Dovecot on a Maildir: Debian's package, unpacked by tools/setup below .build/peers and run from there, each program for one question.

    dovecot = Dovecot(weir.maildir(), folder, "quota_rule = *:storage=1M", user="nobody")
    dovecot.usage()                  # what GETQUOTAROOT says: {"STORAGE": (3, 1024), "MESSAGE": (2, 10)}
    dovecot.append("text")           # the answer to APPEND: "OK ..." or "NO [OVERQUOTA] ..."
"""
import glob
import os
import pwd
import re
import shutil
import subprocess
import tempfile

from harness import IS_ROOT, ROOT, eventually, free_port

PEERS = os.path.join(ROOT, ".build/peers/dovecot")
LIBRARIES = os.path.join(PEERS, "usr/lib/dovecot")
MODULES = os.path.join(LIBRARIES, "modules")

CONFIG = """\
base_dir = {folder}
libexec_dir = {libraries}
mail_plugin_dir = {modules}
log_path = /dev/stderr
ssl = no
first_valid_uid = 0
mail_uid = {uid}
mail_gid = {gid}
mail_location = maildir:{maildir}
mail_plugins = quota imap_quota
namespace inbox {{
  inbox = yes
}}
plugin {{
{quota}
}}
"""


class Dovecot:
    def __init__(self, maildir, folder, quota, user=None):
        if not os.path.exists(os.path.join(LIBRARIES, "imap")):
            raise AssertionError("Dovecot is missing: run make setup")
        self.user, self.folder = user, folder
        owner = pwd.getpwnam(user) if user else pwd.getpwuid(os.geteuid())
        self.config = os.path.join(folder, "dovecot.conf")
        lines = "".join(f"  {line.strip()}\n" for line in quota.strip().splitlines())
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(
                folder=folder, libraries=LIBRARIES, modules=MODULES, maildir=maildir, uid=owner.pw_uid, gid=owner.pw_gid, quota=lines))
        os.chmod(self.config, 0o644)

    def imap(self, *commands):
        """The answers of its imap, which believes whoever starts it, to commands with the tags a0, a1 and so on."""
        text = "".join(f"a{number} {command}\r\n" for number, command in enumerate([*commands, "LOGOUT"]))
        identity = {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []} if self.user else {}
        done = subprocess.run(
            [os.path.join(PEERS, "usr/bin/doveconf"), "-c", self.config, "-f", "service=imap", "-m", "imap", "-e", os.path.join(LIBRARIES, "imap")],
            input=text.encode(), capture_output=True, timeout=60, cwd="/",
            env={"PATH": os.environ["PATH"], "HOME": self.folder, "USER": self.user or "user", "LD_LIBRARY_PATH": f"{LIBRARIES}:{MODULES}"}, **identity)
        answers = done.stdout.decode(errors="replace")
        if "PREAUTH" not in answers:
            raise AssertionError(f"Dovecot did not answer: {answers}\n{done.stderr.decode(errors='replace')}")
        return answers

    def usage(self):
        answers = self.imap("GETQUOTAROOT INBOX")
        found = re.search(r'^\* QUOTA "[^"]*" \((.*)\)', answers, re.M)
        if not found:
            raise AssertionError(answers)
        words = found[1].split()
        return {words[at]: (int(words[at + 1]), int(words[at + 2])) for at in range(0, len(words), 3)}

    def append(self, text):
        answers = self.imap(f"APPEND INBOX {{{len(text.encode())}+}}\r\n{text}")
        return re.search(r"^a0 (.*)", answers, re.M)[1].strip()


LMTP_CONFIG = """\
protocols = lmtp
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
default_login_user = nobody
default_internal_user = nobody
default_internal_group = nogroup
first_valid_uid = 0
first_valid_gid = 0
mail_location = maildir:{folder}/mail/%n
ssl = no
{extra}
userdb {{
  driver = static
  args = uid=uucp gid=uucp home={folder}/mail/%n allow_all_users=yes
}}
service lmtp {{
  chroot =
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {port}
  }}
  unix_listener {folder}/lmtp {{
    mode = 0666
  }}
}}
service anvil {{
  chroot =
}}
"""

#: Dovecot looks for its own programs below /usr: there its package is, for this Dovecot alone.
ENTER = 'mount -t overlay overlay -o "lowerdir=$0/usr:/usr" /usr && exec /usr/sbin/dovecot -F -c "$1"'


ANYBODY = """\
passdb {
  driver = static
  args = nopassword=y
}
"""

LOGINS = """\
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%u FOLDER/users
}
service auth {
  unix_listener FOLDER/auth {
    mode = 0666
  }
}
"""


class DovecotLMTP:
    """A Dovecot that takes mail for every address, by LMTP: `port`, `socket`, `messages(user)`. Only root can start one.

    `extra` is more configuration, with FOLDER for its folder. With `users`, {"name": "password"}, they log in through `auth`, its socket for other servers."""

    def __init__(self, extra="", users=None):
        self.extra, self.users = extra + (LOGINS if users else ANYBODY), users or {}

    def __enter__(self):
        if not IS_ROOT or not os.path.exists(os.path.join(PEERS, "usr/sbin/dovecot")):
            raise AssertionError("Dovecot is missing, or this is not root: run make setup")
        self.folder, self.port = tempfile.mkdtemp(prefix="weir-dovecot-", dir="/var/tmp"), free_port()
        self.socket = os.path.join(self.folder, "lmtp")
        os.chmod(self.folder, 0o755)
        os.mkdir(os.path.join(self.folder, "mail"))
        os.chown(os.path.join(self.folder, "mail"), pwd.getpwnam("uucp").pw_uid, pwd.getpwnam("uucp").pw_gid)
        config = os.path.join(self.folder, "dovecot.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write(LMTP_CONFIG.format(folder=self.folder, port=self.port, extra=self.extra.replace("FOLDER", self.folder)))
        self.auth = os.path.join(self.folder, "auth")
        with open(os.path.join(self.folder, "users"), "w", encoding="utf-8") as file:
            file.write("".join(f"{name}:{password}\n" for name, password in self.users.items()))
        self.process = subprocess.Popen(["unshare", "-m", "sh", "-c", ENTER, PEERS, config], cwd="/")
        eventually(lambda: os.path.exists(self.socket), 10, "Dovecot")
        return self

    def messages(self, user):
        found = glob.glob(os.path.join(self.folder, "mail", user, "new", "*"))
        return [open(path, encoding="utf-8", errors="replace").read() for path in sorted(found)]

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
