# SPDX-License-Identifier: Apache-2.0
"""reject_unverified_sender and reject_unverified_recipient, beside a real Postfix that asks the same servers."""
import re
import threading

from harness import Case, Session, eventually, free_port
from nexthop import HANG, NextHop
from postfix import Postfix

HERE = {"inet_protocols": "ipv4", "mynetworks": "127.0.0.0/8", "mydestination": "", "virtual_mailbox_domains": "weir.test",
        "smtpd_reject_unlisted_recipient": "no", "address_verify_poll_delay": "1s", "relay_domains": "one.test, dead.test, slow.test",
        "smtpd_relay_restrictions": "permit_mynetworks, reject_unauth_destination", "smtp_connect_timeout": "2s"}

REFUSALS = """\
smtpd_reject_unlisted_recipient = no
address_verify_poll_delay = 1s
smtpd_sender_restrictions = reject_unverified_sender
smtpd_recipient_restrictions = reject_unverified_recipient
"""


def asked(port, sender, recipient):
    """The answer to RCPT."""
    with Session(port) as session:
        session.say("EHLO client.test")
        session.say(f"MAIL FROM:<{sender}>")
        return session.say(f"RCPT TO:<{recipient}>")


class Verify(Case):
    def verifying(self, ways, settings="", **options):
        return self.weir(f"transport_maps = inline:{{ {', '.join(f'{name} = {way}' for name, way in ways.items())} }}\ninet_protocols = ipv4\n"
                         f"{REFUSALS}{settings}", **options)

    def test_the_same_answers_as_postfix(self):
        dead = free_port()
        final = {"myhostname": "other.test", "virtual_mailbox_domains": "one.test", "virtual_mailbox_maps": "inline:{good@one.test=a}",
                 "virtual_transport": "discard:", "inet_protocols": "ipv4"}
        with Postfix(final) as hop:
            ways = {"one.test": f"smtp:[127.0.0.1]:{hop.port}", "dead.test": f"smtp:[127.0.0.1]:{dead}"}
            cases = [("", "good@one.test"), ("", "bad@one.test"), ("", "x@dead.test"), ("", "alice@weir.test"), ("", "nobody@weir.test"),
                     ("good@one.test", "good@one.test"), ("bad@one.test", "good@one.test"), ("x@dead.test", "good@one.test"),
                     ("bad@one.test", "bad@one.test")]
            for codes in ({}, {"unverified_sender_reject_code": "550", "unverified_recipient_reject_code": "550", "unverified_recipient_defer_code": "250",
                              "unverified_sender_reject_reason": "we asked"}):
                theirs = {**HERE, **codes, "transport_maps": "hash:$config_directory/ways", "virtual_mailbox_maps": "inline:{alice@weir.test=alice/}",
                          "virtual_mailbox_base": "/nowhere", "smtpd_sender_restrictions": "reject_unverified_sender",
                          "smtpd_recipient_restrictions": "reject_unverified_recipient", "virtual_uid_maps": "static:65534", "virtual_gid_maps": "static:65534"}
                with Postfix(theirs, tables={"ways": "".join(f"{name} {way}\n" for name, way in ways.items())}) as postfix:
                    weir = self.verifying(ways, "".join(f"{name} = {value}\n" for name, value in codes.items()))
                    for sender, recipient in cases:
                        with self.subTest(sender=sender, recipient=recipient, codes=codes):
                            self.assertEqual(asked(weir.port, sender, recipient), asked(postfix.port, sender, recipient))
                    if not codes:
                        self.same_lines(weir, postfix)

    def same_lines(self, weir, postfix):
        """What the log says of each question."""
        pattern = r"postfix/(smtp|virtual)\[\d+\]: \w+: to=<(.*?)>, (?:orig_to=<.*?>, )?relay=(.*?), delay=.*, dsn=(\S+), status=(\S*deliverable) (\(.*\))$"
        ours, theirs = (sorted(set(re.findall(pattern, log, re.M))) for log in (weir.log_text(), postfix.log_text()))
        self.assertEqual(ours, theirs)
        self.assertEqual(len(ours), 5)

    def test_what_is_said(self):
        with NextHop() as hop, NextHop() as other:
            ways = {"one.test": f"smtp:[127.0.0.1]:{hop.port}"}
            weir = self.verifying(ways)
            self.assertEqual(asked(weir.port, "", "a@one.test"), "250 2.1.5 Ok")
            settings = {**HERE, "transport_maps": "hash:$config_directory/ways", "smtpd_recipient_restrictions": "reject_unverified_recipient"}
            with Postfix(settings, tables={"ways": f"one.test smtp:[127.0.0.1]:{other.port}\n"}) as postfix:
                self.assertEqual(asked(postfix.port, "", "a@one.test"), "250 2.1.5 Ok")
            eventually(lambda: "QUIT" in hop.lines and "QUIT" in other.lines, what="the end of both conversations")
            self.assertEqual([line.split(" ")[0] for line in hop.lines if line != "RSET"], [line.split(" ")[0] for line in other.lines if line != "RSET"])
            self.assertIn("MAIL FROM:<double-bounce@mx.weir.test>", hop.lines)
            self.assertEqual(hop.messages, [])

    def test_target_data(self):
        with NextHop({"DATA": "550 5.1.1 not here"}) as hop, NextHop() as good:
            ways = {"one.test": f"smtp:[127.0.0.1]:{hop.port}", "two.test": f"smtp:[127.0.0.1]:{good.port}"}
            weir = self.verifying(ways, "smtp_address_verify_target = data\naddress_verify_sender =\n")
            self.assertRegex(asked(weir.port, "", "a@one.test"), r"unverified address: host 127.0.0.1\[127.0.0.1\] said: 550 5.1.1 not here \(in reply to DATA")
            self.assertEqual(asked(weir.port, "", "a@two.test"), "250 2.1.5 Ok")
            self.assertIn("MAIL FROM:<>", good.lines)
            self.assertEqual((hop.messages, good.messages), ([], []))

    def test_one_question_for_many_clients_and_the_cache_on_disk(self):
        with NextHop({"RCPT": "250 2.1.5 Ok"}, delay=0.3) as hop:
            ways = {"one.test": f"smtp:[127.0.0.1]:{hop.port}"}
            weir = self.verifying(ways)
            answers = []
            clients = [threading.Thread(target=lambda: answers.append(asked(weir.port, "", "a@one.test"))) for _ in range(10)]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
            self.assertEqual(set(answers), {"250 2.1.5 Ok"})
            self.assertEqual(hop.sessions, 1)
            weir.stop()
            with open(f"{weir.data}/verify_cache/verified", encoding="utf-8") as file:
                self.assertRegex(file.read(), r"\na@one\.test\t0:\d+:250 2\.1\.5 Ok\n")
            weir.start()
            self.assertEqual(asked(weir.port, "", "a@one.test"), "250 2.1.5 Ok")
            self.assertEqual(hop.sessions, 1)

    def test_a_server_that_says_nothing(self):
        with NextHop({"RCPT": HANG}) as hop:
            weir = self.verifying({"one.test": f"smtp:[127.0.0.1]:{hop.port}"}, "address_verify_poll_count = 1\n")
            for _ in range(3):
                self.assertEqual(asked(weir.port, "", "a@one.test"),
                                 "450 4.1.1 <a@one.test>: Recipient address rejected: unverified address: Address verification in progress")
            eventually(lambda: hop.sessions, what="a conversation")
            self.assertEqual(hop.sessions, 1)

    def test_relays_and_warnings(self):
        with NextHop({"RCPT": "550 5.1.1 no"}) as hop:
            weir = self.weir(
                f"relayhost = [127.0.0.1]:1\naddress_verify_relayhost = [127.0.0.1]:{hop.port}\naddress_verify_sender_ttl = 1h\naddress_verify_map =\n"
                "smtpd_recipient_restrictions = warn_if_reject reject_unverified_recipient\n")
            self.assertEqual(asked(weir.port, "", "a@two.test"), "250 2.1.5 Ok")
            eventually(lambda: "from=<> to=<a@two.test>" in weir.log_text(), what="the warning")
            self.assertIn("reject_warning: RCPT from localhost[127.0.0.1]: 450 4.1.1 <a@two.test>: Recipient address rejected: unverified address: "
                          "host 127.0.0.1[127.0.0.1] said: 550 5.1.1 no (in reply to RCPT TO command); from=<> to=<a@two.test>", weir.log_text())
            self.assertRegex("\n".join(hop.lines), r"MAIL FROM:<double-bounce\w{4,}@mx\.weir\.test>")
