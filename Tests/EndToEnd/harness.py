# SPDX-License-Identifier: Apache-2.0
"""A daemon of its own for each test: started in a temporary folder, watched, and stopped."""
import email
import email.policy
import os
import pwd
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PEERS = os.path.join(ROOT, ".build/peers/postfix")
TEST_SECONDS = 120
IS_ROOT = os.geteuid() == 0

# Port 0 of the kernel gives a port that any outgoing connection may take again at once; these are below that range.
# Of tests that are played at once, each job has its share.
PORTS = range(20000 + int(os.environ.get("WEIR_TEST_JOB", "0")), 32000, int(os.environ.get("WEIR_TEST_JOBS", "1")))

#: A test that names one of these says itself where its mail goes.
ROUTES = ("relayhost", "resolver", "default_transport", "transport_maps", "include")


# Those that free_port has answered: whoever asks for some asks before it binds the first.
given = set()


def free_port():
    while True:
        port = random.choice(PORTS)
        if port in given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                if len(given) == len(PORTS) // 2:
                    given.clear()
                given.add(port)
                return port
            except OSError:
                continue


def eventually(condition, seconds=20.0, what="it"):
    """Waits until the condition holds, and returns its value."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(0.01)


def children(pid):
    """The processes below this one."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as file:
                    parents.setdefault(int(file.read().rsplit(")", 1)[1].split()[1]), []).append(int(entry))
            except OSError:
                continue
    found, waiting = [], [pid]
    while waiting:
        below = parents.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Weir:
    """A running daemon: `with Weir("name = value") as weir: ...`; leaving checks that it ends cleanly."""

    DOMAIN = "weir.test"
    HOST = "mx.weir.test"
    USERS = ("alice", "bob")

    def __init__(self, settings="", root=False, data=None, limit=None):
        self.root = root
        self.user = "nobody" if IS_ROOT and not root else None
        self.folder = tempfile.mkdtemp(prefix="weir-test-")
        os.chmod(self.folder, 0o755)
        self.data = data or os.path.join(self.folder, "data")
        self.mail = os.path.join(self.data, "mail")
        self.config = os.path.join(self.folder, "weir.conf")
        self.log_path = os.path.join(self.folder, "log")
        self.port = free_port()
        self.environment = {}
        self.descriptors = ()
        self.process = None
        if self.user or not IS_ROOT:
            os.makedirs(self.data, exist_ok=True)
        if self.user:
            owner = pwd.getpwnam(self.user)
            os.chown(self.data, owner.pw_uid, owner.pw_gid)
        self.write_config(settings)

    # Configuration

    def write_config(self, settings):
        with open(self.config, "w") as file:
            file.write(self.base_config() + self.next_hop(settings) + settings + "\n")
        os.chmod(self.config, 0o644)

    def base_config(self):
        users = ",\n".join(f"  {user}@{self.DOMAIN} = {user}/" for user in self.USERS)
        return (
            f"myhostname = {self.HOST}\n"
            f"data_directory = {self.data}\n"
            f"mynetworks = 127.0.0.0/8 [::1]/128\n"
            f"mydestination =\n"
            f"virtual_mailbox_domains = {self.DOMAIN}\n"
            f"virtual_mailbox_base = {self.mail}\n"
            f"virtual_mailbox_maps = inline:{{\n{users}\n  }}\n"
            f"listener smtp {{\n  address = 127.0.0.1\n  port = {self.port}\n}}\n")

    @staticmethod
    def next_hop(settings):
        """Where mail for others goes if the test says nothing of that: nowhere, and no name server outside is asked."""
        return "" if any(word in settings for word in ROUTES) else "relayhost = [127.0.0.1]:1\n"

    # Life

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        try:
            if self.process is not None and kind is None:
                self.stop()
        finally:
            self.kill()
            shutil.rmtree(self.folder, ignore_errors=True)

    def command(self, *arguments):
        return [os.environ["WEIR_BIN"], *arguments, "--config", self.config]

    def run_command(self):
        return self.command("run")

    def identity(self):
        """Whom the process is started as."""
        if not self.user:
            return {}
        return {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []}

    def start(self, wait=True):
        self.log = open(self.log_path, "ab")
        self.process = subprocess.Popen(
            self.run_command(), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, cwd=self.folder,
            start_new_session=True, env={**os.environ, **self.environment}, pass_fds=self.descriptors, **self.identity())
        if wait:
            eventually(self.banner, 20, "the banner")
        return self

    def banner(self):
        if self.process.poll() is not None:
            raise AssertionError(f"weir ended with {self.process.returncode} at its start:\n{self.log_text()}")
        try:
            with socket.create_connection(("127.0.0.1", self.port), 2) as probe:
                return probe.recv(512)
        except OSError:
            return b""

    def stop(self, with_signal=signal.SIGTERM, status=0):
        """Stops it as an administrator would, and holds it to a clean end."""
        below = children(self.process.pid)
        self.process.send_signal(with_signal)
        try:
            ended = self.process.wait(20)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"weir did not stop:\n{self.log_text()}") from None
        self.process = None
        self.log.close()
        if ended != status:
            raise AssertionError(f"weir ended with {ended}:\n{self.log_text()}")
        eventually(lambda: not any(map(alive, below)), 5, f"the end of {below}")
        if self.user:
            self.assert_owned()

    def assert_owned(self):
        for folder, folders, files in os.walk(self.data):
            for name in folders + files:
                path = os.path.join(folder, name)
                if os.lstat(path).st_uid == 0:
                    raise AssertionError(f"{path} belongs to root")

    def kill(self):
        if self.process is None:
            return
        for pid in [*children(self.process.pid), self.process.pid]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()
        self.process = None
        self.log.close()

    def kill_everything(self):
        """A crash of the whole daemon at once: the supervisor first, so that it replaces nobody."""
        below = children(self.process.pid)
        self.process.kill()
        for pid in below:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()
        eventually(lambda: not any(map(alive, below)), 5, "the end of every process")
        self.process = None
        self.log.close()

    def child(self, role):
        """The process that plays this role ("mta", "mailbox"), or None."""
        for pid in children(self.process.pid):
            if role in command_line(pid).split() or os.path.basename(command_line(pid).split(" ")[0]).endswith(role):
                return pid
        return None

    def log_text(self):
        with open(self.log_path, errors="replace") as file:
            return LogText(file.read(), self)

    # The other subcommands

    def run(self, *arguments, input=None):
        """Another weir command on the same configuration."""
        return subprocess.run(
            self.command(*arguments), capture_output=True, text=True, timeout=30, input=input, user=self.user, cwd="/")

    # What was delivered

    def maildir(self, user="alice"):
        return os.path.join(self.mail, user)

    def files(self, user="alice"):
        folder = os.path.join(self.maildir(user), "new")
        return sorted(os.path.join(folder, name) for name in os.listdir(folder)) if os.path.isdir(folder) else []

    def messages(self, user="alice", count=1, seconds=20):
        """The delivered messages, once there are so many of them."""
        files = eventually(lambda: len(self.files(user)) >= count and self.files(user), seconds, f"{count} messages for {user}")
        if len(files) != count:
            raise AssertionError(f"{len(files)} messages for {user}, not {count}")
        return [read_message(path) for path in files]

    def message(self, user="alice"):
        return self.messages(user)[0]


def read_message(path):
    with open(path, "rb") as file:
        return email.message_from_binary_file(file, policy=email.policy.default)


class Session:
    """One SMTP connection, command by command; replies are text, their lines joined by newlines."""

    def __init__(self, port, host="127.0.0.1", seconds=20, source=""):
        self.socket = socket.create_connection((host, port), seconds, source_address=(source, 0) if source else None)
        self.file = self.socket.makefile("rb")
        self.banner = self.reply()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def reply(self):
        lines = []
        while True:
            line = self.file.readline().decode()
            if not line.endswith("\r\n"):
                raise EOFError(f"connection closed after {lines + [line]}")
            lines.append(line[:-2])
            if line[3:4] != "-":
                return "\n".join(lines)

    def raw(self, octets):
        self.socket.sendall(octets)

    def start_tls(self, context=None, name=None):
        """The handshake, after the reply to STARTTLS; without a context the certificate is taken as it is."""
        if context is None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.file.close()
        self.socket = context.wrap_socket(self.socket, server_hostname=name)
        self.file = self.socket.makefile("rb")

    def say(self, line):
        self.raw(line.encode() + b"\r\n")
        return self.reply()

    def send(self, sender, recipients, content):
        """A whole transaction; the reply to the final dot."""
        for line, code in [(f"MAIL FROM:<{sender}>", "250"), *((f"RCPT TO:<{each}>", "250") for each in recipients), ("DATA", "354")]:
            reply = self.say(line)
            if not reply.startswith(code):
                return reply
        self.raw(content.removesuffix("\n").encode().replace(b"\n", b"\r\n") + b"\r\n.\r\n")
        return self.reply()


class LogText(str):
    """What a daemon's log said when it was read. A thread of its own writes it: a line may come a moment after what it tells of."""

    def __new__(cls, text, daemon):
        self = super().__new__(cls, text)
        self.daemon = daemon
        return self

    def once(self, condition, seconds=5.0):
        """The log when it fulfils the condition, or as it is when time is up."""
        text, deadline = self, time.monotonic() + seconds
        while not condition(text) and time.monotonic() < deadline:
            time.sleep(0.02)
            text = self.daemon.log_text()
        return text


class Case(unittest.TestCase):
    """A test that may not hang."""

    longMessage = True
    maxDiff = None

    def assertIn(self, member, container, msg=None):
        if isinstance(container, LogText):
            container = container.once(lambda text: member in text)
        super().assertIn(member, container, msg)

    def assertRegex(self, text, expected_regex, msg=None):
        if isinstance(text, LogText):
            text = text.once(lambda text: re.search(expected_regex, text))
        super().assertRegex(text, expected_regex, msg)

    def setUp(self):
        def expired(*_):
            raise AssertionError(f"the test took more than {TEST_SECONDS} s")
        signal.signal(signal.SIGALRM, expired)
        signal.alarm(TEST_SECONDS)
        self.addCleanup(signal.alarm, 0)

    def weir(self, *arguments, **options):
        """A daemon for this test alone; a failing test shows the end of its log."""
        weir = Weir(*arguments, **options)
        self.addCleanup(self._end, weir)
        return weir.start()

    def _end(self, weir):
        failed = any(error for _, error in self._outcome_errors())
        if failed:
            print("---- log of weir\n" + "\n".join(weir.log_text().splitlines()[-40:]) + "\n----", flush=True)
        weir.__exit__(AssertionError if failed else None)

    def _outcome_errors(self):
        result = self._outcome.result
        return [pair for pair in (*result.failures, *result.errors) if pair[0] is self or getattr(pair[0], "test_case", None) is self]


def peer(name):
    """A program of Debian's postfix package, and the environment it needs."""
    program = os.path.join(PEERS, "usr/sbin", name)
    if not os.path.exists(program):
        raise AssertionError(f"{name} is missing: run make setup")
    libraries = [os.path.join(PEERS, "usr/lib/postfix"), os.path.join(PEERS, f"usr/lib/{os.uname().machine}-linux-gnu")]
    return program, dict(os.environ, LD_LIBRARY_PATH=":".join(libraries))


def requires(program):
    path = shutil.which(program)
    if path is None:
        raise AssertionError(f"{program} is missing: run make setup")
    return path
