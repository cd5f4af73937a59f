# SPDX-License-Identifier: Apache-2.0
"""Names from the root on, in a root of our own on loopback: delegations are followed, answers are proved, and forged ones are none."""
import unittest

from harness import IS_ROOT, Case, Session, Weir, eventually
from test_resolver import connect
from zones import Zones

ROOT = """
@         NS  ns.root.
ns.root.  A   @.@
good.     NS  ns.good.
ns.good.  A   @good@
bad.      NS  ns.bad.
ns.bad.   A   @bad@
plain.    NS  ns.plain.
ns.plain. A   @plain@
9.0.0.127.in-addr.arpa.  PTR  client.good.
11.0.0.127.in-addr.arpa. PTR  client.bad.
"""


def zone(name, number):
    return f"@ NS ns\nns A @{name}@\nclient A 127.0.0.{number}\nmail MX 10 client\n* A 192.0.2.1\n"


SENDERS = ("a@mail.good", "a@mail.plain", "a@mail.bad", "a@none.nowhere")


@unittest.skipUnless(IS_ROOT, "name servers are asked on port 53")
class Recursion(Case):
    @classmethod
    def setUpClass(cls):
        cls.zones = Zones(
            {".": ROOT, "good": zone("good", 9), "bad": zone("bad", 11), "plain": zone("plain", 10)}, signed=(".", "good", "bad"), forged=("bad",))
        cls.zones.__enter__()
        cls.addClassCleanup(cls.zones.__exit__)

    def replies(self, weir):
        """What the sender domains are answered at RCPT."""
        found = []
        for sender in SENDERS:
            with Session(weir.port) as session:
                session.say("EHLO client.test")
                session.say(f"MAIL FROM:<{sender}>")
                found.append(session.say("RCPT TO:<alice@weir.test>")[:3])
        return found

    def settings(self, more=""):
        return (f"resolver = recursive\nresolver_root_servers = {self.zones.address('.')}\nresolver_trust_anchor_file = {self.zones.trust_anchor}\n"
                "smtpd_sender_restrictions = reject_unknown_sender_domain\nunknown_address_reject_code = 550\n" + more)

    def test_delegations_are_followed_and_answers_proved(self):
        weir = self.weir(self.settings())
        eventually(lambda: "answers of the name servers are proved by DNSSEC" in weir.log_text(), 5, "proofs in the log")
        self.assertEqual(self.replies(weir), ["250", "250", "450", "550"])
        connect(weir, "127.0.0.9")
        eventually(lambda: "connect from client.good[127.0.0.9]" in weir.log_text(), 5, "a name from the root on")
        connect(weir, "127.0.0.11")
        eventually(lambda: "connect from unknown[127.0.0.11]" in weir.log_text(), 5, "no forged name")

    def test_without_proofs_the_forged_ones_count(self):
        weir = self.weir(self.settings("resolver_dnssec = no\n"))
        self.assertEqual(self.replies(weir), ["250", "250", "250", "550"])
        self.assertNotIn("DNSSEC", weir.log_text())

    def test_an_anchor_that_is_none_is_told(self):
        weir = self.weir(self.settings("resolver_dnssec = yes\n").replace(self.zones.trust_anchor, "/dev/null"))
        eventually(lambda: "no DS or DNSKEY record in /dev/null" in weir.log_text(), 5, "the missing anchor")
        self.assertEqual(self.replies(weir)[:2], ["250", "250"])
