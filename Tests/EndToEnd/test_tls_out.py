# SPDX-License-Identifier: Apache-2.0
"""TLS and logins of mail that leaves: what each level takes, what is said where it takes it not, and what is never told in clear."""
import shutil
import ssl
import tempfile

from harness import eventually
from nexthop import NextHop
from test_relay_client import RelayCase
from tlshop import Authority, SecureHop, context, openssl

FAILED = "Cannot start TLS: handshake failure"
NOT_TRUSTED = "Server certificate not trusted"
NOT_VERIFIED = "Server certificate not verified"


class SecureCase(RelayCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="weir-tls-out-")
        import os
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
            for level, word in [("may", "Trusted"), ("encrypt", "Trusted"), ("verify", "Verified")]:
                with self.subTest(level):
                    weir, fate = self.try_once(hop, f"smtp_tls_security_level = {level}")
                    self.assertEqual(fate[3], "sent")
                    self.assertIn(f"{word} TLS connection established to mx.one.test[127.0.0.1]:{hop.port}: TLSv1.3 with cipher", weir.log_text())
            weir, fate = self.try_once(hop, "smtp_tls_security_level = secure")
            self.assertEqual((fate[3], fate[4]), ("deferred", NOT_VERIFIED))
            self.assertEqual(hop.secured, 4)

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
            self.assertEqual(weir.log_text().count("Verified TLS connection established"), 2)
            weir = self.secured(hop, "smtp_tls_security_level = verify\nsmtp_tls_connection_reuse = yes")
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
            listed = eventually(lambda: (text := weir.tool("tls-outcomes")) and "one.test" in text and text, 15, "the tally")
            self.assertRegex(listed, r"one\.test +no-policy-found +success +mx\.one\.test +1")
