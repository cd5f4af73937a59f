# SPDX-License-Identifier: Apache-2.0
"""Records that smtp_dns_reply_filter and smtpd_dns_reply_filter leave out, beside the real Postfix."""
import re

from dns import DNS
from harness import Case, Session, eventually
from nexthop import NextHop
from postfix import Postfix

ZONE = """
    one.test       MX 10 good.one.test
    one.test       MX 5 bad.one.test
    good.one.test  A 127.0.9.1
    bad.one.test   A 127.0.9.2
    none.test      MX 10 bad.none.test
    bad.none.test  A 127.0.9.1
    empty.test     MX 10 host.empty.test
    host.empty.test A 127.0.9.3
    plain.test     A 127.0.9.1
    gone.test      A 127.0.9.3
"""

FILTER = "pcre:{ {/^bad\\.one\\.test\\. \\d+ IN A /  IGNORE}, {/ IN MX 10 bad\\.none\\.test\\./ IGNORE}, {/ 127\\.0\\.9\\.3 ?/ ignore} }"
DOMAINS = ("one.test", "none.test", "empty.test", "plain.test", "gone.test", "unknown.test")


class Filters(Case):
    def test_the_client(self):
        with NextHop(address="127.0.9.1") as hop, DNS(ZONE, port=53) as dns:
            settings = {"smtp_dns_reply_filter": FILTER, "smtp_tcp_port": str(hop.port), "inet_protocols": "ipv4", "smtp_tls_security_level": "none", "mynetworks": "127.0.0.0/8"}
            ours = self.play(self.ours(settings, dns))
            with Postfix({**settings, "transport_maps": f"inline:{{ {', '.join(f'{{{each} = smtp:{each}:{hop.port}}}' for each in DOMAINS)} }}"}, resolv_conf=dns.resolv_conf) as postfix:
                theirs = self.play(postfix)
        self.assertEqual(ours, theirs)
        self.assertIn("status=sent", theirs["one.test"])
        self.assertIn("4.7.0", theirs["none.test"])

    def ours(self, settings, dns):
        return self.weir("".join(f"{name} = {value}\n" for name, value in settings.items()) + f"resolver = {dns.address}@{dns.port}\n")

    def play(self, server):
        with Session(server.port) as session:
            session.say("EHLO client.test")
            for domain in DOMAINS:
                session.send("carl@example.net", [f"a@{domain}"], "Subject: x\n\nText\n")
        return {each: re.sub(r"delay=.*?, delays=.*?, ", "", eventually(lambda: re.search(rf"to=<a@{each}>, (.*)", server.log_text()), 20, each)[1]) for each in DOMAINS}

    def test_the_server(self):
        with DNS(ZONE, port=53) as dns:
            settings = {"smtpd_dns_reply_filter": FILTER, "smtpd_sender_restrictions": "reject_unknown_sender_domain", "smtpd_peername_lookup": "no", "inet_protocols": "ipv4"}
            said = []
            with Postfix({**settings, "mynetworks": "127.0.0.1"}, resolv_conf=dns.resolv_conf) as postfix:
                for server in (self.ours(settings, dns), postfix):
                    said.append([])
                    with Session(server.port) as session:
                        session.say("EHLO client.test")
                        for domain in DOMAINS:
                            session.say(f"MAIL FROM:<a@{domain}>")
                            said[-1].append(session.say("RCPT TO:<x@far.test>"))
                            session.say("RSET")
        self.assertEqual(*said)

    def test_what_a_filter_sees(self):
        """The texts of records that Tests/NamesTests has, as the real Postfix quotes them when a filter says nonsense."""
        zone = "one.test MX 10 mx.one.test\nmx.one.test A 127.0.9.250\nmx.one.test AAAA ::1\ntwo.test NS ns.two.test\ntwo.test A 127.0.9.250\n"
        nonsense = "pcre:{ {/^(.*)$$/ SHOW[$${1}]} }"
        with DNS(zone, port=53) as dns, Postfix({
                "smtp_dns_reply_filter": nonsense, "smtpd_dns_reply_filter": nonsense, "inet_protocols": "all", "smtp_host_lookup": "dns", "notify_classes": "",
                "smtpd_sender_restrictions": "check_sender_ns_access inline:{x=y}"}, resolv_conf=dns.resolv_conf) as postfix:
            with postfix.session() as session:
                session.say("EHLO client.test")
                session.send("a@two.test", ["a@one.test", "a@mx.one.test"], "Subject: x\n\nText\n")
            texts = {"one.test. 300 IN MX 10 mx.one.test.", "mx.one.test. 300 IN A 127.0.9.250", "mx.one.test. 300 IN AAAA ::1", "two.test. 300 IN NS ns.two.test."}
            eventually(lambda: texts <= set(re.findall(r"SHOW\[(.*)\]", postfix.log_text())), what="each text")
