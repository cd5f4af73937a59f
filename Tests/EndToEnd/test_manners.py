# SPDX-License-Identifier: Apache-2.0
"""What is said to some clients otherwise than to all: text after refusals, hidden keywords, commands taken for others; beside the real Postfix."""
import re

from harness import Case, Session
from postfix import Postfix

COMMON = {"smtpd_peername_lookup": "no", "smtpd_tls_security_level": "none", "mynetworks": "192.0.2.0/24", "smtpd_error_sleep_time": "0"}
LINES = ("EHLO client.example", "MAIL FROM:<a@example.net>", "RCPT TO:<b@elsewhere.example>", "RCPT TO:<>", "FOO", "VRFY x@elsewhere.example", "QUIT")


def play(port, lines=LINES):
    said = []
    with Session(port, seconds=60) as session:
        for line in lines:
            # The port, the time and the text about relaying are not what is compared.
            said.append(re.sub(r"port \d+|\w{3} \d\d \d\d:\d\d:\d\d", "X", session.say(line)))
    return said


class Manners(Case):
    def both(self, settings, lines=LINES):
        settings = {**COMMON, **settings}
        # Weir's base configuration names mynetworks already.
        weir = self.weir("".join(f"{name} = {value}\n" for name, value in settings.items()))
        with Postfix({**settings, "mydestination": "weir.test", "smtpd_relay_restrictions": "permit_mynetworks, defer_unauth_destination"}) as postfix:
            mine, theirs = play(weir.port, lines), play(postfix.port, lines)
        self.assertEqual(mine, theirs)
        return mine

    def test_footer_on_a_line_of_its_own(self):
        said = self.both({"smtpd_reject_footer": "For help call 555. Client $client, port $client_port, time $localtime, server $server_name."})
        self.assertIn("\n454 4.7.1 For help call 555. Client unknown[127.0.0.1], X, time X, server mx.weir.test.", said[2])

    def test_footer_in_the_same_line(self):
        said = self.both({"smtpd_reject_footer": r"\c. Ask ($client_address)\nor write"})
        self.assertTrue(said[2].endswith("Relay access denied. Ask (127.0.0.1)\n454 4.7.1 or write"), said[2])

    def test_footer_maps(self):
        self.both({"smtpd_reject_footer": "for all", "smtpd_reject_footer_maps": "regexp:{{/^501/ for this one}}"})

    def test_hidden_keywords(self):
        said = self.both({"smtpd_discard_ehlo_keywords": "etrn", "smtpd_discard_ehlo_keyword_address_maps": "inline:{{127.0.0.1 = dsn, chunking}}"})
        self.assertNotIn("CHUNKING", said[0])
        self.assertIn("ETRN", said[0])

    def test_command_filter(self):
        said = self.both({"smtpd_command_filter": "regexp:{{/^HELLO (.*)$$/ EHLO $$1}}"}, ("HELLO x", "NOOP", "QUIT"))
        self.assertTrue(said[0].startswith("250-"))
