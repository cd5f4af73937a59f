# SPDX-License-Identifier: Apache-2.0
"""What the log says of deliveries, compared with what the real Postfix says of the same servers and names."""
import re

from dns import DNS
from harness import eventually
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

    def theirs(self, postfix, recipient):
        pattern = rf"/(?:smtp|error)\[\d+\]: \w+: to=<{re.escape(recipient)}>, relay=(.*?), (?:conn_use=(\d+), )?delay=.*, dsn=(\S+), status=(\S+) \((.*)\)$"
        return eventually(lambda: re.findall(pattern, postfix.log_text(), re.M), 6, what=f"the fate of {recipient} at Postfix")[-1]
