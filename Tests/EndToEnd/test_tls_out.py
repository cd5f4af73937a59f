# SPDX-License-Identifier: Apache-2.0
"""TLS and logins of mail that leaves: what each level takes, what is said where it takes it not, and what is never told in clear."""
import http.server
import os
import random
import shutil
import ssl
import tempfile
import threading
import unittest

from harness import IS_ROOT, eventually, free_port
from nexthop import NextHop
from test_relay_client import RelayCase
from tlshop import Authority, SecureHop, context, openssl, tlsa
from zones import Zones

FAILED = "Cannot start TLS: handshake failure"
NOT_TRUSTED = "Server certificate not trusted"
NOT_VERIFIED = "Server certificate not verified"


class SecureCase(RelayCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="weir-tls-out-")
        os.chmod(cls.folder, 0o755)
        cls.authority = Authority(cls.folder)
        cls.good = cls.authority.certificate("mx.one.test")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder, ignore_errors=True)

    def secured(self, hop, settings):
        return self.relaying(hop, settings=f"smtp_tls_CAfile = {self.authority.file}\nsmtp_tls_loglevel = 1\n{settings}")

    def try_once(self, hop, settings):
        weir = self.secured(hop, settings)
        self.send(weir)
        return weir, self.outcome(weir)


class Levels(SecureCase):
    def test_what_each_level_says(self):
        with SecureHop(context(self.good)) as hop:
            for level, word in [("may", "Trusted"), ("encrypt", "Trusted"), ("verify", "Verified"), ("secure", "Verified")]:
                with self.subTest(level):
                    weir, fate = self.try_once(hop, f"smtp_tls_security_level = {level}")
                    self.assertEqual(fate[3], "sent")
                    self.assertIn(f"{word} TLS connection established to mx.one.test[127.0.0.1]:{hop.port}: TLSv1.3 with cipher", weir.log_text())
            weir, fate = self.try_once(hop, "smtp_tls_security_level = secure\nsmtp_tls_secure_cert_match = nexthop")
            self.assertEqual((fate[3], fate[4]), ("deferred", NOT_VERIFIED))
            self.assertEqual(hop.secured, 5)

    def test_none_is_none(self):
        with SecureHop(context(self.good)) as hop:
            weir, fate = self.try_once(hop, "smtp_tls_security_level = none\nsmtp_tls_note_starttls_offer = yes")
            self.assertEqual((fate[3], hop.secured), ("sent", 0))
            self.assertIn("Host offered STARTTLS: [mx.one.test]", weir.log_text())

    def test_the_table_of_policies(self):
        with SecureHop(context(self.good)) as hop:
            print_of = openssl("x509", "-in", self.good, "-noout", "-fingerprint", "-sha256").split("=")[1].strip()
            for policy, status in [("secure match=mx.one.test", "sent"), (f"fingerprint match={print_of}", "sent"),
                                   ("fingerprint match=" + "00:" * 31 + "00", "deferred"), ("encrypt nonsense=1", "deferred"),
                                   ("verify protocols=TLSv1.2 servername=other.test", "sent")]:
                with self.subTest(policy):
                    weir, fate = self.try_once(
                        hop, f"smtp_tls_fingerprint_digest = sha256\nsmtp_tls_policy_maps = inline:{{ {{one.test = {policy}}} }}")
                    self.assertEqual(fate[3], status, fate)
            self.assertIn("other.test", hop.names)

    def test_wrapped(self):
        with SecureHop(context(self.good), wrapped=True) as hop:
            _, fate = self.try_once(hop, "smtp_tls_wrappermode = yes\nsmtp_tls_security_level = verify")
            self.assertEqual(fate[3], "sent")
            self.assertNotIn("STARTTLS", hop.lines)

    def test_sessions_are_resumed_and_connections_kept_if_that_is_wanted(self):
        with SecureHop(context(self.good)) as hop:
            weir = self.secured(hop, "smtp_tls_security_level = verify")
            for count in (1, 2):
                self.send(weir)
                self.outcome(weir, count=count)
            self.assertEqual((hop.secured, hop.resumed), (2, 1))
            self.assertEqual(weir.log_text().once(lambda text: text.count("Verified TLS") >= 2).count("Verified TLS connection established"), 2)
            weir = self.secured(hop, "smtp_tls_security_level = verify\nsmtp_tls_connection_reuse = yes\nsmtp_connection_cache_destinations = one.test")
            for count in (1, 2):
                self.send(weir)
                self.outcome(weir, count=count)
            self.assertEqual(hop.secured, 3)


class Broken(SecureCase):
    """In ten ways, where TLS is required."""

    def fails(self, hop, text, level="verify", settings=""):
        with hop:
            weir, fate = self.try_once(hop, f"smtp_tls_security_level = {level}\n{settings}")
            self.assertEqual(fate[3], "deferred")
            self.assertIn(text, fate[4])
            self.assertEqual(hop.messages, [])
            return weir

    def test_not_offered(self):
        self.fails(SecureHop(), "TLS is required, but was not offered by host mx.one.test[127.0.0.1]", "encrypt")

    def test_offered_then_refused(self):
        self.fails(SecureHop(context(self.good), wrong="refuse"),
                   "TLS is required, but host mx.one.test[127.0.0.1] refused to start TLS: 454 4.7.0 TLS not available", "encrypt")

    def test_expired(self):
        self.fails(SecureHop(self.authority.context("mx.one.test", days=-1)), NOT_TRUSTED)

    def test_wrong_name(self):
        self.fails(SecureHop(self.authority.context("mx.other.test")), NOT_VERIFIED)

    def test_self_signed(self):
        self.fails(SecureHop(self.authority.context("mx.one.test", is_own=True)), NOT_TRUSTED)

    def test_unknown_authority(self):
        self.fails(SecureHop(Authority(self.folder, "Other CA").context("mx.one.test")), NOT_TRUSTED)

    def test_handshakes_that_come_to_nothing(self):
        for wrong in ("garbage", "reset", "truncate", "inject"):
            with self.subTest(wrong):
                self.fails(SecureHop(context(self.good), wrong=wrong), FAILED, "encrypt")

    def test_protocol_too_old(self):
        tls = context(self.good)
        tls.maximum_version = ssl.TLSVersion.TLSv1_1
        self.fails(SecureHop(tls), FAILED, "encrypt", "smtp_tls_mandatory_protocols = >=TLSv1.2")

    def test_at_may_a_broken_handshake_waits_and_the_rest_goes(self):
        with SecureHop(context(self.good), wrong="reset") as hop:
            _, fate = self.try_once(hop, "smtp_tls_security_level = may")
            self.assertEqual((fate[3], fate[4]), ("deferred", FAILED))
        for hop in (SecureHop(self.authority.context("mx.one.test", days=-1)), SecureHop(context(self.good), wrong="refuse"), NextHop()):
            with hop:
                self.assertEqual(self.try_once(hop, "smtp_tls_security_level = may")[1][3], "sent")


class Logins(SecureCase):
    PASSWORDS = "smtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = inline:{ one.test=carl:pencil, {ann@example.net=ann:pen} }\n"

    def hop(self, *mechanisms, **options):
        return SecureHop(context(self.good), logins=mechanisms, users={"carl": "pencil", "ann": "pen"}, **options)

    def test_each_mechanism(self):
        for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"):
            with self.subTest(mechanism), self.hop(mechanism) as hop:
                _, fate = self.try_once(hop, self.PASSWORDS + "smtp_tls_security_level = verify\nsmtp_sasl_security_options = noanonymous")
                self.assertEqual(fate[3], "sent", fate)
                self.assertIn(f"in by {mechanism}", hop.lines)

    def test_the_best_is_taken_and_the_filter_counts(self):
        with self.hop("PLAIN", "CRAM-MD5", "SCRAM-SHA-256") as hop:
            self.try_once(hop, self.PASSWORDS)
            self.try_once(hop, self.PASSWORDS + "smtp_sasl_mechanism_filter = !scram-sha-256, static:rest")
            self.assertEqual([line for line in hop.lines if " by " in line], ["in by SCRAM-SHA-256", "in by CRAM-MD5"])

    def test_no_password_in_clear(self):
        with self.hop("PLAIN", "LOGIN", clear_logins=True) as hop:
            _, fate = self.try_once(hop, self.PASSWORDS + "smtp_tls_security_level = none")
            self.assertEqual(fate[3:], (
                "deferred", "SASL authentication failed: server mx.one.test[127.0.0.1] offered no compatible authentication mechanisms for this type of "
                "connection security level"))
            self.assertFalse([line for line in hop.lines if line.startswith("AUTH")])

    def test_a_refusal_waits_or_comes_back(self):
        settings = self.PASSWORDS.replace("pencil", "wrong")
        with self.hop("SCRAM-SHA-256") as hop:
            _, fate = self.try_once(hop, settings)
            said = "SASL authentication failed; server mx.one.test[127.0.0.1] said: 535 5.7.8 Error: authentication failed"
            self.assertEqual(fate[2:], ("4.7.8", "deferred", said))
            _, fate = self.try_once(hop, settings + "smtp_sasl_auth_soft_bounce = no")
            self.assertEqual(fate[2:], ("5.7.8", "bounced", said))

    def test_by_sender(self):
        with self.hop("CRAM-MD5") as hop:
            weir = self.secured(hop, self.PASSWORDS + "smtp_sender_dependent_authentication = yes")
            self.send(weir, sender="ann@example.net")
            self.assertEqual(self.outcome(weir)[3], "sent")


class Outcomes(SecureCase):
    def test_they_are_counted(self):
        with SecureHop(context(self.good)) as hop:
            weir, _ = self.try_once(hop, "smtp_tls_security_level = may")
            listed = eventually(lambda: (text := weir.run("tls-outcomes").stdout) and "one.test" in text and text, 15, "the tally")
            self.assertRegex(listed, r"one\.test +no-policy-found +success +mx\.one\.test +1")


ROOT_ZONE = """\
@ NS a.root
a.root A @.@
safe NS ns.safe
ns.safe A @safe@
open NS ns.open
ns.open A @open@
"""


@unittest.skipUnless(IS_ROOT, "name servers are asked on port 53")
class Proved(SecureCase):
    """DANE, with zones that are signed, and MTA-STS, with an HTTPS server of the test's own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.port = free_port()
        cls.own = cls.authority.certificate("mx.safe", is_own=True)
        cls.other = cls.authority.certificate("mx.safe", is_own=True)
        record = tlsa(cls.own)
        names = f"@ NS ns\nns A @safe@\n@ MX 10 mx\nmx A 127.0.0.1\n_{cls.port}._tcp.mx TLSA {record}\n" \
                f"none MX 10 bare\nbare A 127.0.0.1\nodd MX 10 strange\nstrange A 127.0.0.1\n_{cls.port}._tcp.strange TLSA 1 1 1 {'00' * 32}\n" \
                f"alias MX 10 www\nwww CNAME mx\n"
        opened = "@ NS ns\nns A @open@\n@ MX 10 mx\nmx A 127.0.0.1\n"
        cls.web = f"127.{random.randrange(1, 255)}.{random.randrange(1, 255)}.9"
        opened += f"_mta-sts TXT \"v=STSv1; id=1;\"\nmta-sts A {cls.web}\n"
        cls.zones = Zones({".": ROOT_ZONE, "safe": names, "open": opened}, signed=(".", "safe"))
        cls.zones.__enter__()
        cls.addClassCleanup(cls.zones.__exit__)

    def go(self, hop, domain, level, settings="", loops=1):
        weir = self.weir(
            f"resolver = recursive\nresolver_root_servers = {self.zones.address('.')}\nresolver_trust_anchor_file = {self.zones.trust_anchor}\n"
            f"smtp_tcp_port = {self.port}\ninet_protocols = ipv4\nsmtp_tls_security_level = {level}\nsmtp_tls_loglevel = 1\n"
            f"smtp_tls_CAfile = {self.authority.file}\n{settings}")
        self.send(weir, [f"a@{domain}"])
        return weir, self.outcome(weir, f"a@{domain}")

    def test_dane(self):
        with SecureHop(context(self.own), port=self.port) as hop:
            for domain, level, status, text in [
                    ("safe", "dane", "sent", "Verified TLS"), ("safe", "dane-only", "sent", "Verified TLS"), ("alias.safe", "dane", "sent", "Verified TLS"),
                    ("none.safe", "dane", "sent", "Untrusted TLS"), ("none.safe", "dane-only", "deferred", "no TLSA records found"),
                    ("odd.safe", "dane", "sent", "Untrusted TLS"), ("odd.safe", "dane-only", "deferred", "TLSA records unusable"),
                    ("open", "dane-only", "deferred", "non DNSSEC destination")]:
                with self.subTest(f"{domain} {level}"):
                    weir, fate = self.go(hop, domain, level)
                    self.assertEqual(fate[3], status, fate)
                    self.assertIn(text, weir.log_text())

    def test_another_key_than_the_record(self):
        with SecureHop(context(self.other), port=self.port) as hop:
            _, fate = self.go(hop, "safe", "dane")
            self.assertEqual((fate[3], fate[4], hop.messages), ("deferred", NOT_TRUSTED, []))

    def test_tls_stripped_where_there_are_records(self):
        with SecureHop(port=self.port) as hop:
            _, fate = self.go(hop, "safe", "dane")
            self.assertEqual((fate[3], hop.messages), ("deferred", []))
            self.assertIn("TLS is required, but was not offered", fate[4])

    # MTA-STS

    def policy(self, text, name="mta-sts.open", status=200):
        served = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                served.append(self.path)
                self.send_response(status)
                self.send_header("Content-Type", "text/plain; charset=utf-8")
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer((self.web, 443), Handler)
        server.socket = self.authority.context(name).wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return served

    def enforced(self, host="mx.open", mode="enforce"):
        return f"version: STSv1\r\nmode: {mode}\r\nmx: {host}\r\nmax_age: 86400\r\n"

    def test_a_policy_is_obeyed_and_kept(self):
        served = self.policy(self.enforced())
        with SecureHop(self.authority.context("mx.open"), port=self.port) as hop:
            weir, fate = self.go(hop, "open", "may")
            self.assertEqual(fate[3], "sent")
            self.assertIn("Verified TLS connection established to mx.open", weir.log_text())
            self.send(weir, ["a@open"])
            self.outcome(weir, "a@open", 2)
            self.assertEqual(served, ["/.well-known/mta-sts.txt"])
            weir.stop()
            weir.start()
            self.send(weir, ["a@open"])
            self.outcome(weir, "a@open", 3)
            self.assertEqual(len(served), 1)
            self.assertRegex(weir.run("tls-outcomes").stdout, r"open +sts +success +mx\.open +\d")

    def test_a_server_that_is_not_as_the_policy_says(self):
        self.policy(self.enforced())
        with SecureHop(context(self.own), port=self.port) as hop:
            self.assertEqual(self.go(hop, "open", "may")[1][4], NOT_TRUSTED)
            self.assertEqual(self.go(hop, "open", "may", "smtp_tls_mta_sts = no")[1][3], "sent")
            self.assertEqual(self.go(hop, "open", "may", "smtp_tls_policy_maps = inline:{ open=may }")[1][3], "sent")

    def test_a_host_that_the_policy_does_not_list(self):
        self.policy(self.enforced("*.other.example"))
        with SecureHop(self.authority.context("mx.open"), port=self.port) as hop:
            self.assertIn("does not list host mx.open", self.go(hop, "open", "may")[1][4])

    def test_a_policy_on_trial_and_one_that_cannot_be_had(self):
        self.policy(self.enforced(mode="testing"))
        with SecureHop(context(self.own), port=self.port) as hop:
            weir, fate = self.go(hop, "open", "may")
            self.assertEqual(fate[3], "sent")
            eventually(lambda: "certificate-not-trusted" in weir.run("tls-outcomes").stdout, 15, "the tally")

    def test_a_file_server_without_a_good_certificate(self):
        self.policy(self.enforced(), name="mta-sts.elsewhere")
        with SecureHop(context(self.own), port=self.port) as hop:
            weir, fate = self.go(hop, "open", "may")
            self.assertEqual(fate[3], "sent")
            self.assertIn("open: the policy 1 cannot be had", weir.log_text())
