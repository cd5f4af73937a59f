# SPDX-License-Identifier: Apache-2.0
"""What the log says of deliveries, compared with what the real Postfix says of the same servers and names."""
import re

from dns import DNS
from harness import Session, eventually
from nexthop import CUT, NextHop
from postfix import Postfix
from test_relay_client import FAULTS, TIMES, RelayCase

NAMES = """
    null.test         MX 0 .
    broken.test       MX SERVFAIL
    empty.test        MX 10 nobody.empty.test
    halfway.test      MX 10 slow.halfway.test
    slow.halfway.test A SERVFAIL
    dead.test         A  127.0.9.250
    two.test          MX 10 d9.test
    two.test          MX 20 d9.test
"""

SETTINGS = {"inet_protocols": "ipv4", "mynetworks": "127.0.0.0/8", "disable_dns_lookups": "no", "smtp_host_lookup": "dns"}


#: Of LMTP, where each recipient has an answer of its own in the end.
LMTP_FAULTS = [(point, answer) for point, answer, *_ in FAULTS] + [
    ("END", ["250 2.0.0 a saved", "452 4.2.2 b full"]), ("END", ["550 5.2.2 a full", "250 2.0.0 b saved"]), ("END", ["250 2.0.0 a saved", CUT]),
    ("END", ["250 2.0.0 a saved", "421 4.3.0 enough"]), ("RCPT", ["250 2.1.5 fine", "550 5.1.1 no b"]), ("RCPT", ["450 4.2.1 later", "550 5.1.1 no b"]),
]


class Differential(RelayCase):
    def test_the_same_words(self):
        for extensions in (("PIPELINING", "SIZE 5000"), ()):
            with self.subTest(extensions=extensions):
                self.compare(extensions)

    def compare(self, extensions):
        hops, port = [], 0
        for number, (point, answer, *_) in enumerate(FAULTS, 1):
            hops.append(self.enterContext(NextHop({point: answer}, extensions=extensions, address=f"127.0.9.{number}", port=port)))
            port = hops[0].port
        zone = NAMES + "".join(f"d{number}.test A 127.0.9.{number}\n" for number in range(1, len(FAULTS) + 1))
        recipients = [f"a@d{number}.test" for number in range(1, len(FAULTS) + 1)]
        recipients += [f"a@{name}.test" for name in ("null", "broken", "empty", "halfway", "dead", "unknown", "two")]
        with DNS(zone, port=53) as dns:
            times = dict(line.split(" = ") for line in TIMES.splitlines())
            with Postfix({**SETTINGS, **times, "transport_maps": "hash:$config_directory/ways"}, resolv_conf=dns.resolv_conf,
                         tables={"ways": "".join(f"{each.split('@')[1]} smtp:{each.split('@')[1]}:{port}\n" for each in recipients)}) as postfix:
                weir = self.relaying(hops[0], zone, TIMES)
                for recipient in recipients:
                    self.send(weir, [recipient])
                    with postfix.session() as client:
                        self.assertIn("250", client.send("carl@example.net", [recipient], "Subject: x\n\nText\n"))
                for recipient in recipients:
                    with self.subTest(recipient=recipient):
                        ours, theirs = self.outcome(weir, recipient), self.theirs(postfix, recipient)
                        ours = (*ours[:3], "bounced" if ours[3] == "held" else ours[3], ours[4])
                        self.assertEqual(ours, theirs)

    def test_the_same_words_by_lmtp(self):
        hops, port = [], 0
        times = dict(line.replace("smtp_helo", "lmtp_lhlo").replace("smtp_", "lmtp_").split(" = ") for line in TIMES.splitlines())
        for number, (point, answer, *_) in enumerate(LMTP_FAULTS, 1):
            hops.append(self.enterContext(NextHop({point: answer * 2 if isinstance(answer, list) else answer}, lmtp=True, address=f"127.0.9.{number}", port=port)))
            port = hops[0].port
        ways = {f"d{number}.test": f"lmtp:inet:127.0.9.{number}:{port}" for number in range(1, len(LMTP_FAULTS) + 1)}
        recipients = [f"{name}@{domain}" for domain in ways for name in "ab"]
        with Postfix({**SETTINGS, **times, "transport_maps": "hash:$config_directory/ways"},
                     tables={"ways": "".join(f"{domain} {way}\n" for domain, way in ways.items())}) as postfix:
            weir = self.weir(f"transport_maps = inline:{{ {', '.join(f'{domain} = {way}' for domain, way in ways.items())} }}\ninet_protocols = ipv4\n"
                             + "".join(f"{name} = {value}\n" for name, value in times.items()))
            # One after the other: the answers of a list are used up.
            for domain in ways:
                self.send(weir, [f"a@{domain}", f"b@{domain}"])
            ours = {recipient: self.outcome(weir, recipient) for recipient in recipients}
            for domain in ways:
                with postfix.session() as client:
                    self.assertIn("250", client.send("carl@example.net", [f"a@{domain}", f"b@{domain}"], "Subject: x\n\nText\n"))
            for recipient in recipients:
                with self.subTest(recipient=recipient, fault=LMTP_FAULTS[int(recipient[3:-5]) - 1]):
                    self.assertEqual(ours[recipient], self.theirs(postfix, recipient))

    def test_the_same_xforward(self):
        """With a client that is known, and with one of which an earlier server has told."""
        said = []
        with NextHop(extensions=["PIPELINING", "XFORWARD NAME ADDR PROTO HELO SOURCE PORT IDENT"]) as ours, NextHop(
                extensions=["PIPELINING", "XFORWARD NAME ADDR PROTO HELO SOURCE PORT IDENT"]) as theirs:
            settings = {"smtp_send_xforward_command": "yes", "smtpd_authorized_xforward_hosts": "127.0.0.1", "smtpd_peername_lookup": "no"}
            weir = self.weir(f"relayhost = [127.0.0.1]:{ours.port}\n" + "".join(f"{name} = {value}\n" for name, value in settings.items()))
            with Postfix({**SETTINGS, **settings, "relayhost": f"[127.0.0.1]:{theirs.port}"}) as postfix:
                for port, hop in ((weir.port, ours), (postfix.port, theirs)):
                    for forward in ("", "XFORWARD NAME=spike.example.org ADDR=192.0.2.5 PORT=4711 PROTO=ESMTP HELO=a+2Bb SOURCE=REMOTE"):
                        with Session(port) as client:
                            client.say("EHLO client.test")
                            if forward:
                                self.assertIn("250", client.say(forward))
                            self.assertIn("250", client.send("carl@example.net", ["a@one.test"], "Subject: x\n\nText\n"))
                    eventually(lambda: len(hop.messages) == 2, what="two messages")
                    # Two at once: either may be the first.
                    said.append([sorted(re.sub(r"IDENT=\w+", "IDENT=id", re.sub(r"PORT=(?!4711)\d+", "PORT=port", line)) for line in hop.lines if line.startswith(each))
                                 for each in ("XFORWARD NAME", "XFORWARD ADDR", "XFORWARD PROTO")])
        self.assertEqual(*said)
        self.assertIn("XFORWARD NAME=spike.example.org ADDR=192.0.2.5 PORT=4711", said[0][0])

    def theirs(self, postfix, recipient):
        pattern = rf"/(?:smtp|lmtp|error)\[\d+\]: \w+: to=<{re.escape(recipient)}>, relay=(.*?), (?:conn_use=(\d+), )?delay=.*, dsn=(\S+), status=(\S+) \((.*)\)$"
        return eventually(lambda: re.findall(pattern, postfix.log_text(), re.M), 6, what=f"the fate of {recipient} at Postfix")[-1]
