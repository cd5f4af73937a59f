# SPDX-License-Identifier: Apache-2.0
"""Restrictions with all that they act through: a real policy server, name server and queue."""
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from dns import DNS
from harness import Case, IS_ROOT, ROOT, Session, eventually, free_port

POSTGREY = os.path.join(ROOT, ".build/peers/postgrey")
POLICYD_SPF = os.path.join(ROOT, ".build/peers/policyd-spf")
STRANGER = "XCLIENT ADDR=203.0.113.9 NAME=stranger.test"
BASE = "smtpd_authorized_xclient_hosts = 127.0.0.1\nsmtpd_error_sleep_time = 0\n"
BODY = "Subject: x\r\n\r\nx"


def stranger(weir):
    client = Session(weir.port)
    assert client.say(STRANGER).startswith("220 ")
    client.say("EHLO stranger.test")
    return client


class Restrictions(Case):
    def send(self, weir, sender, *recipients):
        with stranger(weir) as client:
            return client.send(sender, recipients, BODY)

    def test_postgrey(self):
        """Debian's postgrey refuses for now, and lets the second try pass with a header field of its own."""
        with self.postgrey() as port:
            weir = self.weir(BASE + f"smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:{port}")
            with stranger(weir) as client:
                client.say("MAIL FROM:<a@sender.test>")
                self.assertRegex(client.say("RCPT TO:<alice@weir.test>"), r"^450 4\.2\.0 <alice@weir\.test>: Recipient address rejected: Greylisted")
            time.sleep(2.1)
            self.assertTrue(self.send(weir, "a@sender.test", "alice@weir.test").startswith("250 "))
            self.assertIn("X-Greylist", weir.message())

    def postgrey(self):
        return Postgrey()

    def test_policyd_spf(self):
        """Debian's policyd-spf, run as spawn(8) runs it: it refuses an address that the sender's domain forbids, and adds a field to what it lets pass."""
        zone = 'good.test TXT "v=spf1 ip4:203.0.113.9 -all"\nbad.test TXT "v=spf1 ip4:192.0.2.1 -all"\n'
        with DNS(zone, port=53) as dns, PolicydSPF(dns.resolv_conf) as port:
            weir = self.weir(BASE + f"smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:{port}")
            with stranger(weir) as client:
                client.say("MAIL FROM:<a@bad.test>")
                self.assertRegex(client.say("RCPT TO:<alice@weir.test>"), r"^550 5\.7\.23 <alice@weir\.test>: Recipient address rejected: Message rejected due to: SPF fail")
                client.say("RSET")
                self.assertTrue(client.send("a@good.test", ["alice@weir.test"], BODY).startswith("250 "))
            self.assertRegex(weir.message()["Received-SPF"], r"^Pass \(mailfrom\).*client-ip=203\.0\.113\.9;.*envelope-from=a@good\.test")

    def test_a_policy_server_that_is_not_there(self):
        weir = self.weir(BASE + f"smtpd_recipient_restrictions = check_policy_service {{ inet:127.0.0.1:{free_port()}, timeout=1s, try_limit=1 }}")
        with stranger(weir) as client:
            client.say("MAIL FROM:<a@sender.test>")
            self.assertEqual("451 4.3.5 <alice@weir.test>: Recipient address rejected: Server configuration problem", client.say("RCPT TO:<alice@weir.test>"))

    def test_actions_on_the_message(self):
        table = ("inline:{ {hold.test = HOLD wait}, discard.test=DISCARD, {redirect.test = REDIRECT bob@weir.test}, "
                 "{bcc.test = BCC bob@weir.test}, {prepend.test = PREPEND X-Seen: yes} }")
        weir = self.weir(BASE + f"smtpd_sender_restrictions = check_sender_access {table}")
        self.assertTrue(self.send(weir, "a@discard.test", "alice@weir.test").startswith("250 "))
        self.assertTrue(self.send(weir, "a@prepend.test", "alice@weir.test").startswith("250 "))
        self.assertEqual("yes", weir.message()["X-Seen"])
        self.assertTrue(self.send(weir, "a@redirect.test", "alice@weir.test").startswith("250 "))
        self.assertEqual(1, len(weir.messages("bob", 1)))
        self.assertTrue(self.send(weir, "a@bcc.test", "alice@weir.test").startswith("250 "))
        self.assertEqual(2, len(weir.messages("bob", 2)))
        self.assertEqual(2, len(weir.messages("alice", 2)))
        self.held(weir)

    def held(self, weir):
        reply = self.send(weir, "a@hold.test", "alice@weir.test")
        identity = reply.split()[-1]
        eventually(lambda: "<a@hold.test>: Sender address wait" in weir.log_text(), 5, "the line about HOLD")
        time.sleep(0.3)
        self.assertEqual(2, len(weir.files("alice")))
        self.assertIn(identity, weir.run("queue", "list").stdout)
        # A daemon that starts again holds it still.
        weir.stop()
        weir.start()
        time.sleep(0.3)
        self.assertEqual(2, len(weir.files("alice")))
        self.assertEqual(0, weir.run("queue", "release", identity).returncode)
        self.assertEqual(3, len(weir.messages("alice", 3)))

    def test_lists_are_asked_once_for_a_message(self):
        with DNS("9.113.0.203.bl.test A 127.0.0.2\n9.113.0.203.bl.test TXT \"see https://bl.test/\"\n") as dns:
            weir = self.weir(BASE + dns.setting + "smtpd_peername_lookup = no\nsmtpd_client_restrictions = reject_rbl_client bl.test")
            with stranger(weir) as client:
                client.say("MAIL FROM:<a@sender.test>")
                for user in ("alice", "bob"):
                    expected = "554 5.7.1 Service unavailable; Client host [203.0.113.9] blocked using bl.test; see https://bl.test/"
                    self.assertEqual(expected, client.say(f"RCPT TO:<{user}@weir.test>"))
            self.assertEqual(1, dns.count("9.113.0.203.bl.test", "A"))


class Postgrey:
    """Debian's postgrey, unpacked by tools/setup."""

    def __enter__(self):
        program = os.path.join(POSTGREY, "usr/sbin/postgrey")
        if not os.path.exists(program):
            raise AssertionError("postgrey is missing: run tools/setup test")
        self.folder = tempfile.mkdtemp(prefix="weir-postgrey-")
        os.chmod(self.folder, 0o755)
        self.port = free_port()
        user = "nobody" if IS_ROOT else pwd.getpwuid(os.getuid()).pw_name
        database = os.path.join(self.folder, "db")
        os.mkdir(database)
        if IS_ROOT:
            os.chown(database, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        for name in ("clients", "recipients"):
            open(os.path.join(self.folder, name), "w").close()
        modules = [f"-I{POSTGREY}/usr/share/perl5"] + [f"-I{each}" for each in self.libraries()]
        self.process = subprocess.Popen(
            ["perl", "-T", *modules, program, f"--inet=127.0.0.1:{self.port}", f"--dbdir={database}", "--delay=2", f"--user={user}", "--group=nogroup",
             f"--whitelist-clients={self.folder}/clients", f"--whitelist-recipients={self.folder}/recipients"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(self.answers, 20, "postgrey")
        return self.port

    @staticmethod
    def libraries():
        folder = os.path.join(POSTGREY, "usr/lib")
        return [os.path.join(folder, *parts) for machine in os.listdir(folder) for parts in [(machine, "perl5", each) for each in subfolders(folder, machine)]]

    def answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 2):
                return True
        except OSError:
            return False

    def __exit__(self, *_):
        # Now and then its signal handler waits for a lock of its own database.
        self.process.kill()
        self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)


class PolicydSPF:
    """Debian's policyd-spf, unpacked by tools/setup. Each connection gets a process of its own, as from Postfix's spawn(8)."""

    CONFIGURATION = "debugLevel = 1\nTestOnly = 1\nHELO_reject = Fail\nMail_From_reject = Fail\nPermError_reject = False\nTempError_Defer = False\n"
    ENTER = 'mount --bind "$1" /etc/resolv.conf; shift; exec "$@"'

    def __init__(self, resolv_conf):
        if not IS_ROOT:
            raise AssertionError("policyd-spf asks the name server of /etc/resolv.conf, which only root can put in its place")
        self.resolv_conf = resolv_conf

    def __enter__(self):
        program = os.path.join(POLICYD_SPF, "usr/bin/policyd-spf")
        if not os.path.exists(program):
            raise AssertionError("policyd-spf is missing: run tools/setup test")
        self.folder = tempfile.mkdtemp(prefix="weir-policyd-spf-")
        for name, text in (("resolv.conf", self.resolv_conf), ("policyd-spf.conf", self.CONFIGURATION)):
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        self.command = ["unshare", "-m", "sh", "-c", self.ENTER, "sh", f"{self.folder}/resolv.conf", "python3", "-W", "ignore", program,
                        f"{self.folder}/policyd-spf.conf"]
        self.processes = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.serve, daemon=True).start()
        return self.listener.getsockname()[1]

    def serve(self):
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.path.join(POLICYD_SPF, "usr/lib/python3/dist-packages")}
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.processes.append(subprocess.Popen(self.command, cwd="/", env=environment, stdin=connection, stdout=connection))
            connection.close()

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for process in self.processes:
            process.kill()
            process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)


def subfolders(folder, machine):
    path = os.path.join(folder, machine, "perl5")
    return os.listdir(path) if os.path.isdir(path) else []


if __name__ == "__main__":
    unittest.main()
