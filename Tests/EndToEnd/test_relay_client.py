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

    def test_connections_are_used_again(self):
        with NextHop() as hop:
            weir = self.relaying(hop, settings="smtp_connection_cache_destinations = one.test")
            for number in range(3):
                self.send(weir, content=f"Subject: {number}\n\nText\n")
                self.outcome(weir, count=number + 1)
            self.assertEqual(self.outcome(weir, count=3)[1], "3")
            self.assertEqual(hop.sessions, 1)
            eventually(lambda: "QUIT" in hop.lines, 6, "the end of the connection")

    def test_a_connection_that_has_ended_is_no_attempt(self):
        with NextHop({"MAIL": ["250 ok", CUT, "250 ok"]}) as hop:
            weir = self.relaying(hop, settings="smtp_connection_cache_destinations = one.test")
            for count in (1, 2):
                self.send(weir)
                self.assertEqual(self.outcome(weir, count=count)[3], "sent")
            self.assertEqual(hop.sessions, 2)
            self.assertNotIn("lost connection with", weir.log_text())

    def test_a_goodbye_between_messages_is_no_answer(self):
        with NextHop({"MAIL": ["250 ok", "421 4.4.2 timeout", "250 ok"]}) as hop:
            weir = self.relaying(hop, settings="smtp_connection_cache_destinations = one.test")
            for count in (1, 2):
                self.send(weir)
                self.assertEqual(self.outcome(weir, count=count)[3], "sent")

    def test_a_refusal_over_a_used_connection_is_not_asked_for_again(self):
        with NextHop({"RCPT": ["250 ok", "450 4.2.1 later", "450 4.2.1 later"]}) as hop:
            weir = self.relaying(hop, settings="smtp_connection_cache_destinations = one.test")
            for count in (1, 2):
                self.send(weir)
                found = self.outcome(weir, count=count)
            self.assertEqual((found[3], found[4]), ("deferred", "host mx.one.test[127.0.0.1] said: 450 4.2.1 later (in reply to RCPT TO command)"))
            self.assertEqual(sum(line.startswith("RCPT") for line in hop.lines), 2)

    def test_connections_are_kept_on_demand(self):
        for setting, sessions in (("yes", 5), ("no", 30)):
            with self.subTest(setting=setting), NextHop(delay=0.01) as hop:
                weir = self.relaying(hop, settings=f"smtp_connection_cache_on_demand = {setting}")
                for number in range(30):
                    self.send(weir, [f"u{number}@one.test"])
                for number in range(30):
                    self.assertEqual(self.outcome(weir, f"u{number}@one.test")[3], "sent")
                self.assertEqual(len(hop.messages), 30)
                self.assertLessEqual(hop.sessions, 30)
                if setting == "no":
                    self.assertEqual(hop.sessions, sessions)

    def test_no_connection_is_kept_for_one_message(self):
        with NextHop() as hop:
            weir = self.relaying(hop)
            for count in (1, 2):
                self.send(weir)
                self.outcome(weir, count=count)
            self.assertEqual(hop.sessions, 2)

    def test_the_size_limit_of_a_server(self):
        with NextHop(extensions=["PIPELINING", "SIZE 1000"]) as hop:
            weir = self.relaying(hop)
            self.send(weir, content="Subject: x\n\n" + "x" * 70 * 20 + "\n")
            found = self.outcome(weir)
            self.assertEqual(found[2], "5.3.4")
            self.assertRegex(found[4], r"^message size \d+ exceeds size limit 1000 of server mx.one.test\[127.0.0.1\]$")

    def test_dsn_is_passed_on(self):
        with NextHop() as hop:
            weir = self.relaying(hop)
            with Session(weir.port) as client:
                for line in ("EHLO client.test", "MAIL FROM:<carl@example.net> RET=HDRS ENVID=a+2Bb", "RCPT TO:<a@one.test> NOTIFY=FAILURE,DELAY ORCPT=rfc822;z@y.test", "DATA"):
                    client.say(line)
                client.say("Subject: x\r\n\r\nx\r\n.")
            self.outcome(weir)
            self.assertRegex(hop.messages[0][0], "^MAIL FROM:<carl@example.net> SIZE=\\d+ RET=HDRS ENVID=a\\+2Bb$")
            self.assertEqual(hop.messages[0][1], ["RCPT TO:<a@one.test> ORCPT=rfc822;z@y.test NOTIFY=FAILURE,DELAY"])

    def test_chunks(self):
        with NextHop(extensions=["PIPELINING", "CHUNKING"]) as hop:
            weir = self.relaying(hop)
            self.send(weir, content="Subject: x\n\n..dot\n")
            self.assertEqual(self.outcome(weir)[4], "250 2.0.0 Ok: queued as 4712")
            self.assertTrue(hop.messages[0][2].endswith(b"\r\n\r\n.dot\r\n"))
            self.assertNotIn("DATA", hop.lines)

    def test_a_big_message_goes_from_its_file(self):
        with NextHop(extensions=["PIPELINING", "CHUNKING"]) as hop:
            weir = self.relaying(hop)
            text = "".join(f"{number:060}\n" for number in range(50000))
            self.send(weir, content="Subject: big\n\n" + text)
            self.assertEqual(self.outcome(weir)[4], "250 2.0.0 Ok: queued as 4711")
            self.assertTrue(hop.messages[0][2].endswith(text.replace("\n", "\r\n").encode()))

    def test_what_a_server_cannot_read_is_recoded(self):
        text = "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nGr\u00fc\u00dfe\n"
        with NextHop(extensions=["PIPELINING"]) as old, NextHop(address="127.0.9.2", port=old.port) as new:
            weir = self.relaying(old, "one.test A 127.0.0.1\ntwo.test A 127.0.9.2\n")
            self.send(weir, ["a@one.test", "a@two.test"], content=text)
            self.outcome(weir), self.outcome(weir, "a@two.test")
            self.assertTrue(old.messages[0][2].endswith(b"Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe\r\n"))
            self.assertTrue(new.messages[0][2].endswith(text.replace("\n", "\r\n").encode()))

    def test_generic_maps(self):
        with NextHop() as hop:
            weir = self.relaying(hop, settings="smtp_generic_maps = inline:{ carl@local.test = carl@example.com, @lan.test = @example.com }")
            self.send(weir, content="From: Carl <carl@local.test>\nTo: b@lan.test, c@else.test\nSubject: carl@local.test\n\nText\n", sender="carl@local.test")
            self.outcome(weir)
            sender, _, content = hop.messages[0]
            self.assertIn("MAIL FROM:<carl@example.com>", sender)
            self.assertIn(b"From: Carl <carl@example.com>\r\nTo: b@example.com, c@else.test\r\nSubject: carl@local.test\r\n\r\nText\r\n", content)

    def test_old_servers(self):
        with NextHop({"EHLO": "500 what?", "MAIL": "250 fine", "END": "250 got it"}) as hop:
            weir = self.relaying(hop)
            self.send(weir)
            self.assertEqual(self.outcome(weir)[2:], ("2.0.0", "sent", "250 got it"))
            self.assertEqual([line.split()[0] for line in hop.lines[:5]], ["EHLO", "HELO", "MAIL", "RCPT", "DATA"])
            self.assertEqual(hop.lines[2], "MAIL FROM:<carl@example.net>")


#: point, answer, dsn, status, text; the last as Postfix 3.7 says it (test_relay_differential compares them with one).
FAULTS = [
    ("GREETING", "421 4.3.2 busy", "4.3.2", "deferred", "host {host} refused to talk to me: 421 4.3.2 busy"),
    ("GREETING", "554 5.7.1 no", "4.7.1", "deferred", "host {host} refused to talk to me: 554 5.7.1 no"),
    ("GREETING", CUT, "4.4.2", "deferred", "lost connection with {host} while receiving the initial server greeting"),
    ("EHLO", CUT, "4.4.2", "deferred", "lost connection with {host} while performing the EHLO handshake"),
    ("EHLO", "421 4.3.0 off", "4.3.0", "deferred", "host {host} refused to talk to me: 421 4.3.0 off"),
    ("MAIL", "451 4.3.5 later", "4.3.5", "deferred", "host {host} said: 451 4.3.5 later (in reply to MAIL FROM command)"),
    ("MAIL", "550 5.7.1 a\n550 5.7.1 b", "5.7.1", "bounced", "host {host} said: 550-5.7.1 a 550 5.7.1 b (in reply to MAIL FROM command)"),
    ("MAIL", CUT, "4.4.2", "deferred", "lost connection with {host} while sending MAIL FROM"),
    ("RCPT", "450 4.2.1 full", "4.2.1", "deferred", "host {host} said: 450 4.2.1 full (in reply to RCPT TO command)"),
    ("RCPT", "550 unknown", "5.0.0", "bounced", "host {host} said: 550 unknown (in reply to RCPT TO command)"),
    ("RCPT", CUT, "4.4.2", "deferred", "lost connection with {host} while sending RCPT TO"),
    ("DATA", "451 4.3.0 no", "4.3.0", "deferred", "host {host} said: 451 4.3.0 no (in reply to DATA command)"),
    ("DATA", "554 5.5.1 no", "5.5.1", "bounced", "host {host} said: 554 5.5.1 no (in reply to DATA command)"),
    ("DATA", CUT, "4.4.2", "deferred", "lost connection with {host} while sending DATA command"),
    ("END", "452 4.3.1 disk", "4.3.1", "deferred", "host {host} said: 452 4.3.1 disk (in reply to end of DATA command)"),
    ("END", "550 5.7.1 spam", "5.7.1", "bounced", "host {host} said: 550 5.7.1 spam (in reply to end of DATA command)"),
    ("END", CUT, "4.4.2", "deferred", "lost connection with {host} while sending end of data -- message may be sent more than once"),
    ("GREETING", HANG, "4.4.2", "deferred", "conversation with {host} timed out while receiving the initial server greeting"),
    ("MAIL", HANG, "4.4.2", "deferred", "conversation with {host} timed out while sending MAIL FROM"),
    ("END", HANG, "4.4.2", "deferred", "conversation with {host} timed out while sending end of data -- message may be sent more than once"),
]

TIMES = "".join(f"smtp_{step}_timeout = 1s\n" for step in ("helo", "mail", "rcpt", "data_init", "data_done"))


class Faults(RelayCase):
    """A server that does one thing wrong, at each point of the conversation; all of them at once, each a domain of its own."""

    def test_each_answer_at_each_point(self):
        for extensions in (("PIPELINING",), ()):
            with self.subTest(extensions=extensions):
                self.play(extensions)

    def play(self, extensions):
        hops, port = [], 0
        for number, (point, answer, *_) in enumerate(FAULTS, 1):
            hops.append(self.enterContext(NextHop({point: answer}, extensions=extensions, address=f"127.0.9.{number}", port=port)))
            port = hops[0].port
        zone = "".join(f"d{number}.test A 127.0.9.{number}\n" for number in range(1, len(FAULTS) + 1))
        weir = self.relaying(hops[0], zone, TIMES)
        for number in range(1, len(FAULTS) + 1):
            self.send(weir, [f"a@d{number}.test"])
        for number, (point, answer, dsn, status, text) in enumerate(FAULTS, 1):
            with self.subTest(point=point, answer=answer):
                found = self.outcome(weir, f"a@d{number}.test")
                host = f"d{number}.test[127.0.9.{number}]"
                self.assertEqual((found[2], found[4]), (dsn, text.format(host=host)))
                self.assertIn(found[3], (status, "held") if status == "bounced" else (status,))
                self.assertEqual(found[0], f"{host}:{port}")


class Finding(RelayCase):
    def test_the_order_of_servers(self):
        with NextHop({"RCPT": "450 4.2.1 busy"}, address="127.0.9.1") as first, NextHop(address="127.0.9.2", port=first.port) as second:
            weir = self.relaying(first, """
                one.test    MX 20 b.one.test
                one.test    MX 10 a.one.test
                one.test    MX 5  gone.one.test
                a.one.test  A  127.0.9.1
                b.one.test  A  127.0.9.2
            """)
            self.send(weir)
            self.assertEqual(self.outcome(weir)[0], f"b.one.test[127.0.9.2]:{first.port}")
            self.assertIn(": host a.one.test[127.0.9.1] said: 450 4.2.1 busy (in reply to RCPT TO command)\n", weir.log_text())
            self.assertEqual((first.sessions, second.sessions), (1, 1))

    def test_who_cannot_be_reached_is_passed_over(self):
        with NextHop(address="127.0.9.2") as hop:
            weir = self.relaying(hop, """
                one.test    MX 10 a.one.test
                one.test    MX 20 b.one.test
                a.one.test  A  127.0.9.1
                b.one.test  A  127.0.9.2
                two.test    A  127.0.9.3
            """)
            self.send(weir, ["a@one.test", "a@two.test"])
            self.assertEqual(self.outcome(weir)[3], "sent")
            self.assertIn(f"]: connect to a.one.test[127.0.9.1]:{hop.port}: Connection refused\n", weir.log_text())
            self.assertEqual(self.outcome(weir, "a@two.test"),
                             ("none", "", "4.4.1", "deferred", f"connect to two.test[127.0.9.3]:{hop.port}: Connection refused"))

    def test_the_fallback_relay(self):
        with NextHop(address="127.0.9.2") as hop:
            weir = self.relaying(hop, "two.test A 127.0.9.3\n", f"smtp_fallback_relay = [127.0.9.2]:{hop.port}")
            self.send(weir, ["a@two.test", "a@no.test"])
            for recipient in ("a@two.test", "a@no.test"):
                self.assertEqual(self.outcome(weir, recipient)[0], f"127.0.9.2[127.0.9.2]:{hop.port}")

    def test_names_that_lead_nowhere(self):
        with NextHop() as hop:
            weir = self.relaying(hop, """
                null.test       MX 0 .
                broken.test     MX SERVFAIL
                empty.test      MX 10 nobody.empty.test
                halfway.test    MX 10 slow.halfway.test
                slow.halfway.test A SERVFAIL
            """)
            service = "Host or domain name not found. Name service error for name="
            expected = [
                ("null.test", "5.1.0", "Domain null.test does not accept mail (nullMX)"),
                ("broken.test", "4.4.3", service + "broken.test type=MX: Host not found, try again"),
                ("empty.test", "5.4.4", service + "nobody.empty.test type=A: Host not found"),
                ("halfway.test", "4.4.3", service + "slow.halfway.test type=A: Host not found, try again"),
                ("no.test", "5.4.4", service + "no.test type=A: Host not found"),
            ]
            for domain, *_ in expected:
                self.send(weir, [f"a@{domain}"])
            for domain, dsn, text in expected:
                with self.subTest(domain=domain):
                    found = self.outcome(weir, f"a@{domain}")
                    self.assertEqual((found[0], found[2], found[4]), ("none", dsn, text))

