# SPDX-License-Identifier: Apache-2.0
"""Mail that Weir hands to real servers: Exim, Postfix, and through Weir from a Postfix to smtp-sink."""
import re
import subprocess

from exim import Exim
from harness import eventually, free_port, peer
from postfix import Postfix
from test_relay_client import RelayCase

TEXT = "MIME-Version: 1.0\nSubject: x\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n..dot\nFrom here\nGr\u00fc\u00dfe\n"


class Peers(RelayCase):
    def test_exim(self):
        with Exim() as exim:
            weir = self.relaying(exim)
            self.send(weir, ["a@one.test", "nobody@one.test", "later@one.test"], TEXT)
            relay = f"mx.one.test[127.0.0.1]:{exim.port}"
            self.assertRegex(self.outcome(weir)[4], r"250 OK id=")
            self.assertEqual(self.outcome(weir)[0], relay)
            refused, waiting = self.outcome(weir, "nobody@one.test"), self.outcome(weir, "later@one.test")
            self.assertEqual(refused[4], "host mx.one.test[127.0.0.1] said: 550 no such user (in reply to RCPT TO command)")
            self.assertEqual((waiting[3], waiting[4]), ("deferred", "host mx.one.test[127.0.0.1] said: 451 come again (in reply to RCPT TO command)"))
            self.send(weir, ["b@one.test"], "Subject: virus\n\nx\n")
            said = self.outcome(weir, "b@one.test")
            self.assertEqual(said[4], "host mx.one.test[127.0.0.1] said: 550 no viruses (in reply to end of DATA command)")
            body, = exim.bodies()
            self.assertEqual(body, ".dot\nFrom here\nGr\u00fc\u00dfe\n")

    def test_postfix(self):
        settings = {"myhostname": "other.test", "virtual_mailbox_domains": "one.test", "virtual_mailbox_maps": "inline:{a@one.test=a,b@one.test=b}", "virtual_transport": "discard:",
                    "inet_protocols": "ipv4"}
        with Postfix(settings) as postfix:
            weir = self.relaying(postfix)
            self.send(weir, ["a@one.test", "nobody@one.test"], TEXT)
            self.assertRegex(self.outcome(weir)[4], r"^250 2.0.0 Ok: \d+ bytes queued as \w+$")
            self.assertRegex(self.outcome(weir, "nobody@one.test")[4], r"^host mx.one.test\[127.0.0.1\] said: 550 5.1.1 <nobody@one.test>: Recipient address "
                             r"rejected: User unknown in virtual mailbox table \(in reply to RCPT TO command\)$")
            line = postfix.logged("to=<a@one.test>")
            self.assertIn("status=sent", line)
            self.assertIn("bdat=1", postfix.logged("bdat=1"))

    def test_from_postfix_through_weir_to_the_sink(self):
        program, environment = peer("smtp-sink")
        port = free_port()
        sink = subprocess.Popen([program, "-c", f"127.0.0.1:{port}", "100"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, user="nobody")
        self.addCleanup(sink.stdout.close)
        self.addCleanup(sink.wait)
        self.addCleanup(sink.terminate)

        class Sink:
            pass

        Sink.port = port
        weir = self.relaying(Sink)
        with Postfix({"relayhost": f"[127.0.0.1]:{weir.port}", "inet_protocols": "ipv4"}) as postfix:
            for number in range(20):
                with postfix.session() as client:
                    self.assertIn("250", client.send("carl@example.net", [f"u{number}@one.test"], "Subject: x\n\nText\n"))
            eventually(lambda: len(re.findall(r"relay=mx\.one\.test\[127\.0\.0\.1\].*status=sent", weir.log_text())) == 20, what="20 deliveries")
