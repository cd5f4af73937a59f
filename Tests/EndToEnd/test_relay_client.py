# SPDX-License-Identifier: Apache-2.0
"""The SMTP and LMTP client: to whom it speaks, what it says, and what the log says of what it heard."""
import re

from dns import DNS
from harness import Case, Session, eventually
from nexthop import CUT, HANG, NextHop

ZONE = """
    one.test      MX 10 mx.one.test
    mx.one.test   A  127.0.0.1
"""


class RelayCase(Case):
    def relaying(self, hop, zone=ZONE, settings=""):
        dns = self.enterContext(DNS(zone))
        return self.weir(f"{dns.setting}\nsmtp_tcp_port = {hop.port}\ninet_protocols = ipv4\nlocal_header_rewrite_clients =\n{settings}")

    def send(self, weir, recipients=("a@one.test",), content="Subject: x\n\nText\n", sender="carl@example.net"):
        with Session(weir.port) as session:
            answer = session.send(sender, list(recipients), content)
            self.assertIn("250", answer)
            return answer.split()[-1]

    def outcome(self, weir, recipient="a@one.test", count=1):
        """The parts of the line of the log."""
        pattern = rf"\w+: to=<{re.escape(recipient)}>, relay=(.*?), (?:conn_use=(\d+), )?delay=.*, dsn=(\S+), status=(\S+) \((.*)\)$"
        lines = eventually(lambda: (found := re.findall(pattern, weir.log_text(), re.M)) and len(found) >= count and found, what=f"the fate of {recipient}")
        return lines[-1]


class Talking(RelayCase):
    def test_a_message_arrives(self):
        with NextHop() as hop:
            weir = self.relaying(hop)
            self.send(weir, content="Subject: x\n\n..dot\n" + "y" * 2500 + "\n")
            relay, uses, dsn, status, text = self.outcome(weir)
            self.assertEqual((relay, uses, dsn, status), (f"mx.one.test[127.0.0.1]:{hop.port}", "", "2.0.0", "sent"))
            self.assertEqual(text, "250 2.0.0 Ok: queued as 4711")
            sender, recipients, content = hop.messages[0]
            self.assertRegex(sender, r"^MAIL FROM:<carl@example.net> SIZE=\d+$")
            self.assertEqual(recipients, ["RCPT TO:<a@one.test> ORCPT=rfc822;a@one.test"])
            self.assertIn(b"\r\n\r\n.dot\r\n" + b"y" * 998 + b"\r\n " + b"y" * 997 + b"\r\n " + b"y" * 505 + b"\r\n", content)
