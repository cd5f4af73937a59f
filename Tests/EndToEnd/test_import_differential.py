# SPDX-License-Identifier: Apache-2.0
"""An imported configuration answers as the original does: the real Postfix with main.cf and master.cf, and Weir with the weir.conf made of them,
play the same sessions on the same ports, and the codes of their replies are compared.

What differs because Weir lacks something so far is in DIFFERENCES, by name; the last test prints how often each was seen. Anything else that
differs is a failure.
"""
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile

from dns import DNS
from harness import ROOT, Case, Session, eventually
from postfix import Postfix, contents

FIXTURES = os.path.join(ROOT, "Tests/ImportTests/Fixtures")
USERS = {"weir": 7801, "alice": 7802, "bob": 7803}
TRUSTED, STRANGER = "127.0.0.1", "127.0.0.9"
HIGHEST_CLIENT_PORT = 60000

ZONE = """
    sender.test     A    192.0.2.10
    sender.test     MX   10 sender.test
    client.test     A    192.0.2.11
    weir.test       A    192.0.2.12
    other.test      A    192.0.2.13
"""

RECIPIENTS = [
    "alice@weir.test", "bob@weir.test", "ALICE@Weir.Test", "nobody-here@weir.test", "alice+ext@weir.test", "x@other.test", "x@branch.test",
    "x@elsewhere.test", "alice@sub.weir.test", "alice", "postmaster", "root@localhost", "nobody-here@localhost", "staff@weir.test", "news@weir.test",
    "alice%elsewhere.test@weir.test", "alice@elsewhere.test@weir.test", "@weir.test:alice@elsewhere.test", "elsewhere.test!alice@weir.test",
    "\"alice\"@weir.test", "alice@[127.0.0.1]", "alice@[192.0.2.1]", "alice@", "@weir.test",
]

# Sessions: what is said after the banner. `{to}` is each of RECIPIENTS.
SESSIONS = {
    "recipients of a sender": ["EHLO client.test", "MAIL FROM:<a@sender.test>", *(f"RCPT TO:<{each}>" for each in RECIPIENTS[:8]), "QUIT"],
    "more recipients": ["EHLO client.test", "MAIL FROM:<a@sender.test>", *(f"RCPT TO:<{each}>" for each in RECIPIENTS[8:16]), "QUIT"],
    "odd recipients": ["EHLO client.test", "MAIL FROM:<a@sender.test>", *(f"RCPT TO:<{each}>" for each in RECIPIENTS[16:]), "QUIT"],
    "bounces": ["HELO client.test", "MAIL FROM:<>", *(f"RCPT TO:<{each}>" for each in RECIPIENTS[:6]), "QUIT"],
    "our own sender": ["EHLO client.test", "MAIL FROM:<alice@weir.test>", "RCPT TO:<staff@weir.test>", "RCPT TO:<x@elsewhere.test>", "QUIT"],
    "without a greeting": ["MAIL FROM:<a@sender.test>", "RCPT TO:<alice@weir.test>", "DATA", "RSET", "QUIT"],
    "in the wrong order": ["EHLO client.test", "RCPT TO:<alice@weir.test>", "DATA", "MAIL FROM:<a@sender.test>", "MAIL FROM:<a@sender.test>", "DATA", "QUIT"],
    "sizes": ["EHLO client.test", "MAIL FROM:<a@sender.test> SIZE=1000", "RSET", "MAIL FROM:<a@sender.test> SIZE=999999999999", "RSET",
              "MAIL FROM:<a@sender.test> SIZE=10240001", "RSET", "MAIL FROM:<a@sender.test> SIZE=20480001", "RSET", "MAIL FROM:<a@sender.test> SIZE=x", "QUIT"],
    "parameters": ["EHLO client.test", "MAIL FROM:<a@sender.test> BODY=8BITMIME", "RSET", "MAIL FROM:<a@sender.test> BODY=9BIT", "RSET",
                   "MAIL FROM:<a@sender.test> RET=HDRS ENVID=x", "RSET", "MAIL FROM:<a@sender.test> SMTPUTF8", "RSET", "MAIL FROM:<a@sender.test> NONSENSE=1", "QUIT"],
    "delivery notices": ["EHLO client.test", "MAIL FROM:<a@sender.test>", "RCPT TO:<alice@weir.test> NOTIFY=NEVER",
                         "RCPT TO:<alice@weir.test> NOTIFY=NEVER,DELAY", "RCPT TO:<alice@weir.test> ORCPT=rfc822;alice@weir.test", "QUIT"],
    "odd domains": ["EHLO client.test", "MAIL FROM:<a@192.0.2.1>", "MAIL FROM:<-a@sender.test>", "MAIL FROM:<a@>", "MAIL FROM:<a@sender.test>",
                    "RCPT TO:<alice@127.0.0.1>", "RCPT TO:<-alice@weir.test>", "RCPT TO:<alice@1.2>", "RCPT TO:<\"-alice\"@weir.test>", "QUIT"],
    "senders": ["EHLO client.test", "MAIL FROM:<a>", "RSET", "MAIL FROM:a@sender.test", "RSET", "MAIL FROM:<a@sender.test", "RSET",
                "MAIL FROM: <a@sender.test>", "RSET", "MAIL FROM:<a@[192.0.2.1]>", "RSET", "MAIL", "MAIL FROM:", "QUIT"],
    "strict about recipients": ["EHLO client.test", "MAIL FROM:<a@sender.test>", "RCPT TO:alice@weir.test", "RCPT TO: <alice@weir.test>", "RCPT", "RCPT TO:", "QUIT"],
    "other commands": ["EHLO client.test", "NOOP", "NOOP words", "RSET words", "RSET", "HELP", "QUIT"],
    "unknown commands": ["EHLO client.test", "RPCT TO:<alice@weir.test>", "EXPN staff", "TURN", "XCLIENT NAME=a", "QUIT"],
    "asking for users": ["EHLO client.test", "VRFY alice@weir.test", "VRFY nobody-here@weir.test", "VRFY x@elsewhere.test", "VRFY", "QUIT"],
    "greetings": ["HELO", "EHLO", "HELO client.test", "EHLO client.test", "EHLO [192.0.2.1]", "QUIT"],
    "TLS and logins": ["EHLO client.test", "STARTTLS words", "AUTH PLAIN AGEAYg==", "QUIT"],
    "queue runs": ["EHLO client.test", "ETRN weir.test", "ETRN", "QUIT"],
    "a message": ["EHLO client.test", "MAIL FROM:<a@sender.test>", "RCPT TO:<alice@weir.test>", "DATA", "QUIT"],
}

# The fixtures that both can run, and whether they are played by a trusted client, a stranger, or both.
PLAYED = ["virtual-hash", "relay-gateway", "restriction-classes", "amavis", "many-listeners", "s1-mail-for-a-class", "soft-bounce", "smarthost",
          "backup-mx", "procmail", "sender-dependent", "milters", "dovecot-lmtp", "cyrus", "s4-small-office"]

# Where Weir answers otherwise, and why: (fixture, session, command, reason), each a pattern.
DIFFERENCES = [
    ("", "other commands", "HELP", "HELP is answered; Postfix does not know it"),
    ("", "", "RCPT TO:<@weir.test>", "an address without a local part is no address"),
    ("", "queue runs", "ETRN weir.test", "ETRN is not there"),
]


class Imported:
    """Weir with an imported configuration, seeing the machine as that Postfix did."""

    def __init__(self, postfix, folder, dns):
        self.postfix, self.folder, self.dns = postfix, folder, dns
        self.output = os.path.join(folder, "out")
        done = subprocess.run([os.environ["WEIR_BIN"], "import", postfix.config, "-o", self.output], capture_output=True, text=True, timeout=60)
        if done.returncode not in (0, 1):
            raise AssertionError(done.stderr)
        self.config = os.path.join(self.output, "weir.conf")
        with open(self.config, "a", encoding="utf-8") as file:
            file.write(f"data_directory = {folder}/data\nresolver = {dns.address}@{dns.port}\nmaillog_file =\n")
        self.log_path = os.path.join(folder, "weir.log")

    def __enter__(self):
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                self.postfix.inside(os.environ["WEIR_BIN"], "run", "--config", self.config), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        eventually(self.is_answering, 20, "the banner of Weir")
        return self

    def is_answering(self):
        if self.process.poll() is not None:
            raise AssertionError(f"weir ended at its start:\n{contents(self.log_path)}")
        try:
            Session(self.postfix.port, seconds=5).close()
            return True
        except (OSError, EOFError):
            return False

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def adapted(name, target):
    """main.cf and master.cf of a fixture for this machine: free ports, one trusted address, no chroot; and its tables."""
    source = os.path.join(FIXTURES, name, "etc")
    tables = {each: contents(os.path.join(source, "postfix", each)) for each in os.listdir(os.path.join(source, "postfix")) if not each.endswith(".cf")}
    if os.path.exists(os.path.join(source, "aliases")):
        tables["aliases"] = contents(os.path.join(source, "aliases"))
    main = contents(os.path.join(source, "postfix/main.cf")).replace("/etc/postfix/", "$config_directory/").replace("/etc/aliases", "$config_directory/aliases")
    main = main.replace("127.0.0.0/8", "127.0.0.1/32").replace("10.0.0.0/8", "127.0.0.1/32").replace("0.0.0.0/0", "127.0.0.0/8")
    if not re.search(r"^compatibility_level", main, re.M):
        main = "compatibility_level = 3.6\n" + main
    if not re.search(r"^mynetworks\s*=", main, re.M):
        main += "mynetworks = 127.0.0.1/32\n"
    main = re.sub(r"^(smtpd_sasl_auth_enable|smtpd_tls_security_level|inet_interfaces|inet_protocols)\b.*\n", "", main, flags=re.M)
    main += "inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nsmtpd_error_sleep_time = 0\n"
    if "alias_maps" not in main:
        main += "alias_maps =\n"
    main = re.sub(r"\b(lt0x\.am|example\.org|example\.com|example\.net|yourdomain\.com)\b", "weir.test", main)
    master = re.sub(r"^(\S+\s+\S+\s+\S+\s+\S+\s+)y", r"\1n", contents(os.path.join(source, "postfix/master.cf")), flags=re.M)
    master = re.sub(r"^postlog .*\n", "", master, flags=re.M)
    ports = iter(["smtp", *(f"port{number}" for number in range(2, 9))])
    master = re.sub(r"^\S+(\s+inet\s.*\ssmtpd\b)", lambda match: f"127.0.0.1:@{next(ports)}@{match[1]}", master, flags=re.M)
    master = re.sub(r"^\S+\s+inet\s.*\s(?!smtpd)\w+\n", "", master, flags=re.M)
    return main, master, tables


def play(port, client):
    """The codes of all replies, by session and command."""
    codes = {}
    for name, commands in SESSIONS.items():
        with Client(port, client) as session:
            codes[name, "(banner)"] = code(session.banner)
            for number, command in enumerate(commands):
                try:
                    reply = session.say(command)
                except (OSError, EOFError):
                    codes[name, f"{number} {command}"] = "(closed)"
                    break
                codes[name, f"{number} {command}"] = code(reply)
                if command.startswith("EHLO") and reply.startswith("250"):
                    codes[name, f"{number} keywords"] = keywords(reply)
                if reply.startswith("354"):
                    session.raw(b"Subject: x\r\n\r\nx\r\n.\r\n")
                    codes[name, f"{number} end of data"] = code(session.reply())
    return codes


class Client(Session):
    """From an address of our choice."""

    def __init__(self, port, address):
        self.socket = socket.create_connection(("127.0.0.1", port), 30, source_address=(address, 0))
        self.file = self.socket.makefile("rb")
        self.banner = self.reply()


def code(reply):
    return re.match(r"\d{3}(?:[ -]\d\.\d+\.\d+)?", reply.splitlines()[-1])[0].replace("-", " ")


def keywords(reply):
    return " ".join(sorted(line[4:] for line in reply.splitlines()[1:]))


class Differential(Case):
    seen, compared, played = {}, 0, 0

    def play_both(self, name):
        folder = tempfile.mkdtemp(prefix="weir-import-")
        os.chmod(folder, 0o755)
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        with DNS(ZONE, port=53) as dns:
            main, master, tables = adapted(name, folder)
            postfix = Postfix(main, master_cf=master, tables=tables, users=USERS, resolv_conf=dns.resolv_conf, has_base=False)
            try:
                if "mailboxes" in tables:
                    postfix.run("postmap", f"hash:{postfix.path('mailboxes')}")
                with_postfix = {}
                postfix.start()
                for service, port in postfix.ports.items():
                    for client in (TRUSTED, STRANGER):
                        with_postfix[service, client] = play(port, client)
                postfix.stop()
                with Imported(postfix, folder, dns):
                    for (service, client), expected in with_postfix.items():
                        self.compare(name, service, client, expected, play(postfix.ports[service], client))
            finally:
                postfix.__exit__(None)
        Differential.played += 1

    def compare(self, name, service, client, expected, found):
        wrong = []
        for (session, command), reply in expected.items():
            Differential.compared += 1
            other = found.get((session, command), "(nothing)")
            if other == reply:
                continue
            text = f"{name} {service} {'trusted' if client == TRUSTED else 'stranger'}"
            reason = self.reason(text, session, command)
            if reason:
                self.seen[reason] = self.seen.get(reason, 0) + 1
            else:
                wrong.append(f"{text}: {session}: {command}: Postfix {reply}, Weir {other}")
        if wrong:
            self.failures.append("\n".join(wrong))

    failures = []

    @staticmethod
    def reason(text, session, command):
        for fixture, of_session, of_command, reason in DIFFERENCES:
            if re.search(fixture, text) and re.search(of_session, session) and re.search(of_command, command):
                return reason
        return None

    def test_all(self):
        """One test, so that the count is of all."""
        for name in PLAYED:
            self.play_both(name)
        print(f"imported: {self.compared} replies of {self.played} configurations compared", flush=True)
        for reason, count in sorted(self.seen.items()):
            print(f"imported: {count:5} differ: {reason}", flush=True)
        wrong = "\n".join(self.failures).splitlines()
        self.assertEqual(len(wrong), 0, "\n" + "\n".join(wrong[:40]))
        self.assertGreaterEqual(self.compared, 6000)
