# SPDX-License-Identifier: Apache-2.0
"""The real Postfix that other tests compare with runs as they expect."""
from harness import Case
from postfix import Postfix


class RealPostfix(Case):
    def test_recipients(self):
        maps = {"virtual_mailbox_domains": "weir.test", "virtual_mailbox_maps": "hash:$config_directory/boxes"}
        with Postfix(maps, tables={"boxes": "alice@weir.test alice/\n"}) as postfix, postfix.session() as client:
            self.assertEqual(client.banner, "220 mx.weir.test ESMTP Postfix")
            self.assertIn("250-PIPELINING\n", client.say("EHLO client.test"))
            self.assertEqual(client.say("MAIL FROM:<>"), "250 2.1.0 Ok")
            self.assertEqual(client.say("RCPT TO:<alice@weir.test>"), "250 2.1.5 Ok")
            self.assertRegex(client.say("RCPT TO:<bob@weir.test>"), r"550 5\.1\.1 .*User unknown in virtual mailbox table")
            self.assertRegex(postfix.logged("reject: RCPT"), r" mx postfix/smtpd\[\d+\]: \w+: reject: RCPT from localhost\[127\.0\.0\.1\]: 550 5\.1\.1")

    def test_overrides_and_services(self):
        with Postfix(overrides={"smtpd": {"smtpd_banner": "one two"}},
                     services="127.0.0.1:@other@ inet n - n - - smtpd\n  -o mynetworks=192.0.2.1\n") as postfix:
            with postfix.session() as client, postfix.session("other") as other:
                self.assertEqual(client.banner, "220 one two")
                for each, code in ((client, "250"), (other, "454")):
                    each.say("EHLO client.test")
                    each.say("MAIL FROM:<>")
                    self.assertEqual(each.say("RCPT TO:<x@elsewhere.test>")[:3], code)

    def test_patterns(self):
        access = {"smtpd_sender_restrictions": "check_sender_access pcre:$config_directory/senders, "
                  "check_client_access cidr:{{127.0.0.0/8 REJECT go away}}"}
        with Postfix(access, tables={"senders": "/^(.*)@good\\.test$/ OK\n"}) as postfix, postfix.session() as client:
            client.say("EHLO client.test")
            client.say("MAIL FROM:<a@good.test>")
            self.assertEqual(client.say("RCPT TO:<x@elsewhere.test>")[:3], "250")
            client.say("RSET")
            client.say("MAIL FROM:<a@bad.test>")
            self.assertRegex(client.say("RCPT TO:<x@elsewhere.test>"), "^554 5.7.1 .*: Client host rejected: go away")

    def test_what_only_it_sees(self):
        with Postfix({"mydestination": "weir.test"}, users={"carol-of-test": 4711},
                     resolv_conf="nameserver 127.0.0.77\n") as postfix, postfix.session() as client:
            client.say("EHLO client.test")
            client.say("MAIL FROM:<>")
            self.assertEqual(client.say("RCPT TO:<carol-of-test@weir.test>")[:3], "250")
            self.assertEqual(client.say("RCPT TO:<dave-of-test@weir.test>")[:3], "550")
            seen = postfix.inside("cat", "/etc/resolv.conf")
            self.assertEqual(seen[-2:], ["cat", "/etc/resolv.conf"])

    def test_delivery(self):
        settings = {"virtual_mailbox_domains": "weir.test", "virtual_mailbox_maps": "static:/dev/null", "virtual_transport": "discard:"}
        with Postfix(settings) as postfix:
            with postfix.session() as client:
                client.say("EHLO client.test")
                self.assertRegex(client.send("a@weir.test", ["b@weir.test"], "Subject: x\n\nx\n"), "^250 2.0.0 Ok: queued as")
            self.assertEqual(postfix.run("postconf", "-h", "myhostname").stdout, "mx.weir.test\n")
