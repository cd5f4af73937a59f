# SPDX-License-Identifier: Apache-2.0
"""The greet delay and what belongs to it, beside the real postscreen."""
import re
import socket
import time

from harness import Case, Session, Weir, free_port
from postfix import Postfix

SERVICES = "127.0.0.1:@screen@ inet n - n - 1 postscreen\nsmtpd pass - - n - - smtpd\n"
BASE = {
    "postscreen_access_list": "", "postscreen_greet_wait": "1s", "smtpd_peername_lookup": "no", "smtpd_tls_security_level": "none",
    "mynetworks": "192.0.2.0/24", "smtpd_banner": "mx.weir.test ESMTP",
}
WORDS = ("CONNECT", "PREGREET", "PASS", "NOQUEUE", "HANGUP", "DISCONNECT", "ALLOWLISTED", "DENYLISTED", "COMMAND", "NON-SMTP", "BARE", "DATA", "DNSBL")


class Screened(Weir):
    """Its listener screens; the banner is asked for on one of its own."""

    def __init__(self, settings):
        super().__init__()
        self.screened = self.port
        while self.port == self.screened:
            self.port = free_port()
        lines = "".join(f"{name} = {value}\n" for name, value in settings.items() if name != "mynetworks")
        text = self.base_config().replace("mynetworks = 127.0.0.0/8 [::1]/128", f"mynetworks = {settings['mynetworks']}")
        with open(self.config, "w") as file:
            file.write(text + lines + f"listener screened {{\n  address = 127.0.0.1\n  port = {self.screened}\n  postscreen = yes\n}}\n")


def screening_lines(log):
    """What postscreen has logged, without what differs from run to run."""
    found = []
    for line in log.splitlines():
        match = re.search(r"postfix/postscreen\[\d+\]: (.*)", line)
        if match and match[1].split()[0].rstrip(":") in WORDS:
            text = re.sub(r"\[127\.0\.0\.1\]:\d+", "[127.0.0.1]:port", match[1])
            found.append(re.sub(r"after [\d.]+ from", "after t from", text))
    return found


def talk(port, steps):
    """Sends each step and says what comes back within a moment, until the server closes. The first step may be None: wait for the greeting."""
    said = []
    with socket.create_connection(("127.0.0.1", port), 20) as connection:
        connection.settimeout(10)
        for number, step in enumerate(steps, 1):
            if step is not None:
                connection.sendall(step)
            answer = b""
            try:
                # After the last step the server closes.
                while number == len(steps) or not re.search(rb"^\d{3} [^\n]*\n\Z", answer, re.M):
                    piece = connection.recv(4096)
                    if not piece:
                        return said + [answer, "closed"]
                    answer += piece
            except OSError:
                return said + ["lost"]
            said.append(answer)
    return said


def whole(said):
    return b"".join(piece if isinstance(piece, bytes) else piece.encode() for piece in said)


class Postscreen(Case):
    def both(self, settings, *dialogues):
        """Plays the dialogues with both; what they say and what they log must be the same."""
        settings = {**BASE, **settings}
        weir = Screened(settings)
        self.addCleanup(self._end, weir)
        weir.start()
        with Postfix({**settings, "mydestination": "weir.test"}, services=SERVICES) as postfix:
            for steps in dialogues:
                mine, theirs = talk(weir.screened, steps), talk(postfix.ports["screen"], steps)
                # Where one packet ends and the next begins does not matter.
                self.assertEqual(whole(mine), whole(theirs))
            deadline = time.monotonic() + 5
            while screening_lines(weir.log_text()) != screening_lines(postfix.log_text()) and time.monotonic() < deadline:
                time.sleep(0.05)
            self.assertEqual(screening_lines(weir.log_text()), screening_lines(postfix.log_text()))
        self.assertTrue(screening_lines(weir.log_text()))
        return weir

    def test_who_waits_passes_and_is_remembered(self):
        weir = self.both({}, [None, b"QUIT\r\n"], [None, b"QUIT\r\n"])
        self.assertEqual([line.split()[0:2] for line in screening_lines(weir.log_text()) if line.startswith("PASS")], [["PASS", "NEW"], ["PASS", "OLD"]])

    def test_who_speaks_first_is_dropped(self):
        self.both({"postscreen_greet_action": "drop"}, [b"EHLO x\r\n"])

    def test_who_speaks_first_is_only_logged(self):
        self.both({"postscreen_greet_action": "ignore"}, [b"HELO x\r\n", b"QUIT\r\n"])
        self.both({"postscreen_greet_banner": ""}, [b"HELO x\r\n", b"QUIT\r\n"])

    def test_who_speaks_first_gets_nowhere(self):
        self.both(
            {"postscreen_greet_action": "enforce"},
            [b"HELO spike\r\n", b"MAIL FROM:<a@example.org>\r\n", b"RCPT TO:<alice@weir.test>\r\n", b"NOOP\r\n", b"VRFY x\r\n", b"RSET\r\n", b"QUIT\r\n"],
            [b"HELO spike\r\n", b"MAIL FROM:<a@example.org>\r\n", b"DATA\r\n"])

    def test_access_list(self):
        self.both({"postscreen_access_list": "static:permit"}, [None, b"QUIT\r\n"])
        self.both({"postscreen_access_list": "static:reject", "postscreen_denylist_action": "drop"}, [None])

    def test_many_wait_at_little_cost(self):
        weir = Screened({**BASE, "postscreen_greet_wait": "2s"})
        self.addCleanup(self._end, weir)
        weir.start()
        began = time.monotonic()
        connections = [socket.create_connection(("127.0.0.1", weir.screened), 20) for _ in range(40)]
        with Session(weir.port) as other:
            self.assertTrue(other.banner.startswith("220 "))
        self.assertLess(time.monotonic() - began, 2)
        for connection in connections:
            with connection:
                self.assertTrue(connection.recv(100).startswith(b"220-"))
