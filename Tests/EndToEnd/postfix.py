# SPDX-License-Identifier: Apache-2.0
"""The real Postfix, to compare with: Debian's package, unpacked by tools/setup below .build/peers and run from there.

    from postfix import Postfix

    with Postfix({"mydestination": "weir.test", "smtpd_helo_required": "yes"},
                 tables={"access": "bad.test REJECT no thanks\n"}) as postfix:
        with postfix.session() as client:                    # harness.Session, already past the banner
            client.say("EHLO client.test")

- `main_cf` is a dict or text, put after BASE below unless `has_base` is False: what is named twice counts as written last. Tables are written to the folder of the
  configuration, which both programs know as `hash:$config_directory/NAME`; what main.cf or master.cf names as hash: or btree: is given to
  postmap (postalias, if alias_maps names it). `postfix.path(NAME)` is a table's path, for the settings of Weir.
- `overrides` is {"smtpd": {"name": "value"}}: `-o name=value` for that service of the master.cf below; the one that listens is called "smtpd".
- `services` is more text for master.cf; `@submission@` in it is replaced by a free port, which is then postfix.ports["submission"].
- `master_cf` is a whole master.cf instead, in which `@smtp@` stands for the port of postfix.session().
- `users` is {"alice": 1001}: users of the system that this Postfix sees, besides those there are.
- `resolv_conf` is the text of /etc/resolv.conf that this Postfix sees: `nameserver 127.0.0.53` and a scripted server (dns.py) on that
  address, port 53. Both need a mount namespace of its own, so does nothing else.
- `postfix.log_text()` is its log, `postfix.logged(word)` waits for a line of it, `postfix.queue()` the queue ids there are, `postfix.run("postconf", "-n")` one of its commands.

Everything is in a temporary folder, on 127.0.0.1. Only root can start a Postfix. It takes some tenths of a second.
"""
import json
import os
import pwd
import grp
import re
import shutil
import signal
import subprocess
import tempfile

from harness import IS_ROOT, PEERS, Session, eventually, free_port, peer

DAEMONS = os.path.join(PEERS, "usr/lib/postfix/sbin")

# Any user and group of Debian's base system that nothing else here runs as: the package's own may not exist.
OWNER, GROUP = "uucp", "games"

BASE = {
    "compatibility_level": "3.6",
    "myhostname": "mx.weir.test",
    "mydomain": "weir.test",
    "mydestination": "",
    "mynetworks": "127.0.0.0/8 [::1]/128",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "alias_maps": "",
    "alias_database": "",
    "biff": "no",
}

MASTER = """\
127.0.0.1:@smtp@ inet n - n - - smtpd
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
local     unix  - n n - - local
virtual   unix  - n n - - virtual
lmtp      unix  - - n - - lmtp
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
"""

# Always needed: the log is written by it.
LOGGER = "postlog   unix-dgram n - n - 1 postlogd\n"

# Folders of the queue: those of its owner, and those that commands of users reach.
PRIVATE = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace")

ENTER = 'for pair; do case $pair in --) break;; esac; mount --bind "${pair%%=*}" "${pair#*=}" || exit 1; done; ' \
        'while [ "$1" != -- ]; do shift; done; shift; exec "$@"'


class Postfix:
    def __init__(self, main_cf=None, overrides=None, tables=None, services="", master_cf=None, users=None, resolv_conf=None, has_base=True):
        if not IS_ROOT:
            raise AssertionError("the real Postfix must be started as root")
        self.libraries = peer("postconf")[1]["LD_LIBRARY_PATH"]
        self.folder = tempfile.mkdtemp(prefix="weir-postfix-")
        os.chmod(self.folder, 0o755)
        self.config, self.queue_folder, self.data = (os.path.join(self.folder, name) for name in ("etc", "queue", "data"))
        self.log_path = os.path.join(self.folder, "maillog")
        self.ports, self.process, self.bound, self.has_base = {}, None, [], has_base
        self.master = self.with_overrides(self.with_ports((master_cf or MASTER) + services), overrides or {}) + LOGGER
        self.port = self.ports.get("smtp")
        self.make_folders()
        self.write("main.cf", self.main(main_cf or {}))
        self.write("master.cf", self.master)
        shutil.copy(os.path.join(PEERS, "usr/share/postfix/dynamicmaps.cf"), self.config)
        for name, text in (tables or {}).items():
            self.write(name, text)
        self.bind(users or {}, resolv_conf)
        self.index(tables or {})

    # Files

    def path(self, name):
        return os.path.join(self.config, name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def main(self, settings):
        places = {
            "config_directory": self.config, "queue_directory": self.queue_folder, "data_directory": self.data,
            "daemon_directory": DAEMONS, "command_directory": os.path.join(PEERS, "usr/sbin"),
            "shlib_directory": os.path.join(PEERS, "usr/lib/postfix"), "meta_directory": self.config,
            "mail_owner": OWNER, "setgid_group": GROUP, "maillog_file": self.log_path, "maillog_file_prefixes": self.folder,
            "import_environment": "MAIL_CONFIG LD_LIBRARY_PATH TZ LANG=C POSTLOG_SERVICE POSTLOG_HOSTNAME",
            "export_environment": "LD_LIBRARY_PATH TZ LANG",
        }
        if isinstance(settings, dict):
            return lines({**BASE, **settings, **places})
        # Of what is named twice each of its processes warns before it reads what others log, postlogd too: some ten such lines, and all wait for it.
        named = {*re.findall(r"(?m)^(\w+)\s*=", settings), *places}
        base = {name: value for name, value in BASE.items() if name not in named} if self.has_base else {}
        return lines(base) + settings.rstrip("\n") + "\n" + lines(places)

    def with_ports(self, text):
        for name in re.findall(r"@(\w+)@", text):
            self.ports.setdefault(name, free_port())
        return re.sub(r"@(\w+)@", lambda match: str(self.ports[match[1]]), text).rstrip("\n") + "\n"

    def with_overrides(self, text, overrides):
        for service, settings in overrides.items():
            first = str(self.ports.get("smtp")) if service == "smtpd" else service
            options = "".join(f"  -o {{ {name} = {value} }}\n" for name, value in settings.items())
            pattern = re.compile(rf"^(\S*\b{re.escape(first)}\s.*\n)((?:[ \t].*\n)*)", re.M)
            text, count = pattern.subn(lambda match: match[1] + match[2] + options, text, count=1)
            if not count:
                raise AssertionError(f"master.cf has no service {service}")
        return text

    def make_folders(self):
        owner, group = pwd.getpwnam(OWNER).pw_uid, grp.getgrnam(GROUP).gr_gid
        for name in (self.config, self.queue_folder, os.path.join(self.queue_folder, "pid")):
            os.mkdir(name)
        for name, mode, gid in [(self.data, 0o700, 0), *((os.path.join(self.queue_folder, each), 0o700, 0) for each in PRIVATE),
                                (os.path.join(self.queue_folder, "public"), 0o2710, group),
                                (os.path.join(self.queue_folder, "maildrop"), 0o1730, group)]:
            os.mkdir(name)
            os.chown(name, owner, gid)
            os.chmod(name, mode)

    def bind(self, users, resolv_conf):
        """What takes the place of the machine's own files, for this Postfix alone."""
        if users:
            accounts = "".join(f"{name}:x:{uid}:{uid}::{self.folder}/home/{name}:/bin/sh\n" for name, uid in users.items())
            self.replace("/etc/passwd", contents("/etc/passwd") + accounts)
            self.replace("/etc/group", contents("/etc/group") + "".join(f"{name}:x:{uid}:\n" for name, uid in users.items()))
            for name, uid in users.items():
                home = os.path.join(self.folder, "home", name)
                os.makedirs(home)
                os.chown(home, uid, uid)
        if resolv_conf is not None:
            self.replace("/etc/resolv.conf", resolv_conf)

    def replace(self, path, text):
        own = os.path.join(self.folder, path.strip("/").replace("/", "-"))
        with open(own, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(own, 0o644)
        self.bound.append(f"{own}={path}")

    def index(self, tables):
        text = self.read("main.cf") + self.master
        for name in tables:
            place = rf"(?:\$config_directory|\$\{{config_directory\}}|{re.escape(self.config)})/{re.escape(name)}(?![\w.-])"
            for kind in set(re.findall(rf"(hash|btree):{place}", text)):
                is_alias = re.search(rf"^alias_(?:maps|database)\s*=.*{place}", text, re.M)
                done = self.run("postalias" if is_alias else "postmap", f"{kind}:{self.path(name)}")
                if done.returncode:
                    raise AssertionError(f"{name}: {done.stderr}")

    # Life

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.__exit__(AssertionError)
            raise

    def __exit__(self, kind, *_):
        try:
            self.stop()
        finally:
            if kind is not None:
                print("---- log of Postfix\n" + "\n".join(self.log_text().splitlines()[-40:]) + "\n----", flush=True)
            shutil.rmtree(self.folder, ignore_errors=True)

    def environment(self):
        return {"PATH": os.environ["PATH"], "MAIL_CONFIG": self.config, "LD_LIBRARY_PATH": self.libraries, "TZ": "UTC", "LANG": "C"}

    def inside(self, *command):
        """The command as this Postfix would see the machine."""
        return ["unshare", "-m", "sh", "-c", ENTER, "sh", *self.bound, "--", *command] if self.bound else list(command)

    def start(self):
        self.process = subprocess.Popen(
            self.inside(os.path.join(DAEMONS, "master"), "-c", self.config, "-d"), env=self.environment(), cwd=self.queue_folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        if self.port:
            try:
                eventually(self.is_answering, 20, "the banner of Postfix")
            except AssertionError as error:
                raise AssertionError(f"{error}\n{self.log_text()}") from None
        return self

    def is_answering(self):
        if self.process.poll() is not None:
            raise AssertionError(f"Postfix ended at its start: {self.process.stdout.read().decode()}\n{self.log_text()}")
        try:
            Session(self.port, seconds=5).close()
            return True
        except (OSError, EOFError):
            return False

    def stop(self):
        if self.process is None:
            return
        group = self.process.pid
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process.stdout.close()
        self.process = None

    # Asking it

    def session(self, service="smtp", seconds=60):
        return Session(self.ports[service], seconds=seconds)

    def log_text(self):
        return contents(self.log_path) if os.path.exists(self.log_path) else ""

    def logged(self, word, seconds=10):
        """The first line of its log that holds the word; it may take a moment until it is written."""
        return eventually(lambda: next((line for line in self.log_text().splitlines() if word in line), None), seconds, f"{word!r} in the log")

    def run(self, command, *arguments, input=None):
        """One of Postfix's commands, with this configuration."""
        program = os.path.join(PEERS, "usr/sbin", command)
        return subprocess.run(
            self.inside(program, *arguments), env=self.environment(), capture_output=True, text=True, timeout=60, input=input)

    def run_bytes(self, command, *arguments, input=b""):
        """What it prints, of arguments and input that may be no text."""
        program = os.path.join(PEERS, "usr/sbin", command)
        done = subprocess.run(self.inside(program, *arguments), env=self.environment(), capture_output=True, timeout=60, input=input)
        if done.stderr:
            raise AssertionError(f"{command} {arguments}: {done.stderr.decode(errors='replace')}")
        return done.stdout

    def queue(self):
        listed = self.run("postqueue", "-j").stdout.splitlines()
        return [json.loads(line)["queue_id"] for line in listed]


def lines(settings):
    return "".join(f"{name} = {value}\n" for name, value in settings.items())


def contents(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()
