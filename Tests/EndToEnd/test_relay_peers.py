# SPDX-License-Identifier: Apache-2.0
"""Mail that Weir hands to real servers: Exim, Postfix, and through Weir from a Postfix to smtp-sink."""
import re
import subprocess

from dovecot import DovecotLMTP
from exim import Exim
from harness import eventually, free_port, peer
from opensmtpd import OpenSMTPD
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

    def test_opensmtpd(self):
        with OpenSMTPD() as server:
            weir = self.relaying(server)
            self.send(weir, ["a@one.test", "b@one.test", "nobody@one.test"], TEXT)
            found, refused = self.outcome(weir), self.outcome(weir, "nobody@one.test")
            self.assertEqual((found[0], found[2], found[3]), (f"mx.one.test[127.0.0.1]:{server.port}", "2.0.0", "sent"))
            self.assertRegex(found[4], r"^250 2\.0\.0 \w+ Message accepted for delivery$")
            self.assertEqual((refused[2], refused[4]), ("5.2.4", "host mx.one.test[127.0.0.1] said: 524 5.2.4 Mailing list expansion problem: <nobody@one.test> "
                                                         "(in reply to RCPT TO command)"))
            for user in "ab":
                message, = eventually(lambda: server.messages(user), 10, "a delivery by OpenSMTPD")
                self.assertTrue(message.endswith(b"\n\n.dot\nFrom here\nGr\xc3\xbc\xc3\x9fe\n"), message)

    def test_a_big_file_in_eight_bits(self):
        """Larger than what is kept in memory, to servers with and without 8BITMIME, and with all lines whole."""
        lines = "".join(f"{number:06} Gr\u00fc\u00dfe aus K\u00f6ln, \u20ac\u20ac\u20ac {'.' * (number % 60)}\n" for number in range(60000))
        with OpenSMTPD() as server:
            weir = self.relaying(server, settings="message_size_limit = 20M")
            text = TEXT.split("\n\n")[0] + "\n\n" + lines
            self.assertGreater(len(text.encode()), 3 << 20)
            self.send(weir, ["a@one.test"], text)
            self.assertRegex(self.outcome(weir)[4], r"^message size \d+ exceeds size limit 2097152 of server mx.one.test\[127.0.0.1\]$")
            self.send(weir, ["b@one.test"], text[:len(text) // 2] + "\n")
            self.assertEqual(self.outcome(weir, "b@one.test")[3], "sent")
            message, = eventually(lambda: server.messages("b"), 10, "a delivery by OpenSMTPD")
            self.assertEqual(message.split(b"\n\n", 1)[1].decode(), text[:len(text) // 2].split("\n\n", 1)[1] + "\n")

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

    def test_dovecot_by_lmtp(self):
        with DovecotLMTP() as dovecot:
            weir = self.weir(f"transport_maps = inline:{{ one.test = lmtp:unix:{dovecot.socket}, two.test = lmtp:inet:127.0.0.1:{dovecot.port} }}")
            self.send(weir, ["a@one.test", "b@one.test", "c@two.test"], TEXT)
            relays = {"a@one.test": f"mx.weir.test[{dovecot.socket}]", "b@one.test": f"mx.weir.test[{dovecot.socket}]",
                      "c@two.test": f"127.0.0.1[127.0.0.1]:{dovecot.port}"}
            for recipient, relay in relays.items():
                found = self.outcome(weir, recipient)
                self.assertEqual((found[0], found[2], found[3]), (relay, "2.0.0", "sent"))
                self.assertRegex(found[4], rf"^250 2\.0\.0 <{recipient}> \S+ Saved$")
                message, = dovecot.messages(recipient[0])
                self.assertIn("\n.dot\nFrom here\nGr\u00fc\u00dfe\n", message)
            self.assertRegex(weir.log_text(), r"postfix/lmtp\[\d+\]: \w+: to=<a@one.test>")
