# SPDX-License-Identifier: Apache-2.0
"""Clients that speak for others: XCLIENT and XFORWARD, beside the real Postfix."""
import re
import subprocess

from harness import Case, Session, eventually, requires

# One session each; after `#` a line starts a new one.
DIALOGUES = """\
EHLO proxy.example
XCLIENT
XCLIENT NAME
XCLIENT NAME=
XCLIENT FOO=bar
XCLIENT NAME=not_a..name
XCLIENT NAME=192.0.2.1
XCLIENT name=-x.example
XCLIENT name=x.example.
XCLIENT REVERSE_NAME=a+20b
XCLIENT ADDR=2001:db8::1
XCLIENT ADDR=IPV6:192.0.2.1
XCLIENT ADDR=[192.0.2.1]
XCLIENT PORT=123456
XCLIENT PORT=x
XCLIENT PROTO=LMTP
XCLIENT DESTADDR=there
XCLIENT DESTPORT=-1
XCLIENT NAME="a b"
XCLIENT LOGIN={x*256}
XCLIENT NAME=a@b
XCLIENT LOGIN={x*255}
QUIT
# XFORWARD
EHLO filter.example
XFORWARD
XFORWARD IDENT
XFORWARD LOGIN=x
XFORWARD NAME=a..b
XFORWARD NAME=a@b
XFORWARD ADDR=x@y
XFORWARD PORT=x
XFORWARD SOURCE=HERE
XFORWARD PROTO={P*65}
XFORWARD PROTO={P*64}
XFORWARD HELO={h*256}
XFORWARD HELO={h*255}
XFORWARD IDENT=AB+20C SOURCE=[UNAVAILABLE]
MAIL FROM:<>
XFORWARD NAME=x
XCLIENT NAME=x
QUIT
# The client's own address decides
XCLIENT ADDR=192.0.2.7 NAME=spike.example.net
XCLIENT NAME=once.more
XFORWARD NAME=still.allowed
EHLO spike.example.net
MAIL FROM:<a@example.net>
RCPT TO:<b@elsewhere.example>
QUIT
# IPv6, and what is not known
XCLIENT ADDR=IPv6:2001:db8::7 NAME=spike.example.net REVERSE_NAME=[UNAVAILABLE] DESTADDR=IPV6:2001:db8::1 DESTPORT=25
MAIL FROM:<a@example.net>
RCPT TO:<b@elsewhere.example>
QUIT
# Unknown
XCLIENT ADDR=[UNAVAILABLE] NAME=[TEMPUNAVAIL] PORT=[UNAVAILABLE]
MAIL FROM:<a@example.net>
RCPT TO:<b@elsewhere.example>
QUIT
# Kept beyond the greeting
XCLIENT HELO=spike.example.net PROTO=ESMTP
MAIL FROM:<a@example.net>
RSET
XCLIENT PORT=25
MAIL FROM:<a@example.net>
QUIT
"""

SETTINGS = {
    "smtpd_authorized_xclient_hosts": "127.0.0.1", "smtpd_authorized_xforward_hosts": "127.0.0.1", "smtpd_hard_error_limit": "100",
    "smtpd_error_sleep_time": "0", "smtpd_helo_required": "yes", "smtpd_peername_lookup": "no", "smtpd_tls_security_level": "none",
}


def play(dialogue, port):
    """What the server says to each line, with its own name taken out."""
    said = []
    with Session(port, seconds=60) as session:
        for line in dialogue:
            text = re.sub(r"\{(.)\*(\d+)\}", lambda match: match[1] * int(match[2]), line)
            said.append((line, re.sub(r"^220 .*", "220 banner", session.say(text))))
    return said


class Proxies(Case):
    def test_the_same_replies_as_postfix(self):
        from postfix import Postfix
        text = "".join(f"{name} = {value}\n" for name, value in SETTINGS.items())
        weir = self.weir(text)
        dialogues = [part.split("\n")[1 if part.startswith(" ") else 0:] for part in DIALOGUES.rstrip("\n").split("\n#")]
        with Postfix({**SETTINGS, "inet_protocols": "all", "mydestination": "weir.test", "smtpd_relay_restrictions": "permit_mynetworks, defer_unauth_destination"}) as postfix:
            for dialogue in dialogues:
                self.assertEqual(play(dialogue, weir.port), play(dialogue, postfix.port))
            for line in ("RCPT from spike.example.net[192.0.2.7]: 454", "disconnect from spike.example.net[192.0.2.7] ehlo=1 xclient=0/2 xforward=1 mail=1 rcpt=0/1 quit=1 commands=4/7"):
                postfix.logged(line)
                eventually(lambda line=line: line in weir.log_text(), 5, line)

    def test_the_log_names_the_first_client(self):
        weir = self.weir("smtpd_authorized_xforward_hosts = 127.0.0.1\n")
        with Session(weir.port) as session:
            session.say("EHLO filter.example")
            session.say("XFORWARD NAME=spike.example.net ADDR=192.0.2.7 PORT=4711 IDENT=ABC123 SOURCE=REMOTE")
            session.send("a@example.org", ["alice@weir.test"], "Subject: x\n\nx")
            session.send("a@example.org", ["bob@weir.test"], "Subject: y\n\ny")
        lines = eventually(lambda: len(found := [line for line in weir.log_text().splitlines() if ": client=" in line]) == 2 and found, 5, "two messages")
        self.assertTrue(lines[0].endswith("[127.0.0.1], orig_queue_id=ABC123, orig_client=spike.example.net[192.0.2.7]"), lines)
        self.assertTrue(lines[1].endswith("[127.0.0.1]"), lines)
        # From elsewhere, so nothing is added; the second came from this machine itself.
        self.assertIsNone(weir.message()["Message-Id"])
        self.assertIsNotNone(weir.message("bob")["Message-Id"])

    def test_swaks_speaks_for_another(self):
        weir = self.weir("smtpd_authorized_xclient_hosts = 127.0.0.1\n")
        done = subprocess.run(
            [requires("swaks"), "--server", "127.0.0.1", "--port", str(weir.port), "--to", "alice@weir.test", "--from", "a@example.net",
             "--xclient", "ADDR=192.0.2.7 NAME=spike.example.net HELO=spike"], capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("(spike.example.net [192.0.2.7])", weir.message()["Received"])
        eventually(lambda: "client=spike.example.net[192.0.2.7]" in weir.log_text(), 5, "the log line")
