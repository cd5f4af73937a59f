# SPDX-License-Identifier: Apache-2.0
"""TLS and logins of mail that leaves, with real servers: Postfix with Dovecot's logins, Postfix with certificates, Dovecot's LMTP within TLS."""
import os
import shutil

from dovecot import DovecotLMTP
from postfix import Postfix
from test_tls_out import SecureCase
from tlshop import Authority, openssl

FINAL = {"myhostname": "mx.one.test", "virtual_mailbox_domains": "one.test", "virtual_mailbox_maps": "static:x", "virtual_transport": "discard:",
         "inet_protocols": "ipv4", "smtpd_tls_loglevel": "1"}


def digest(certificate, kind="sha256"):
    return openssl("x509", "-in", certificate, "-noout", "-fingerprint", f"-{kind}").split("=")[1].strip()


class Peers(SecureCase):
    def readable(self, path):
        """For who is not root."""
        os.chmod(path, 0o644)
        return path

    def test_logins(self):
        with DovecotLMTP(users={"carl": "se cret=1"}) as dovecot:
            settings = {**FINAL, "smtpd_sasl_auth_enable": "yes", "smtpd_sasl_type": "dovecot", "smtpd_sasl_path": dovecot.auth, "smtpd_sasl_security_options":
                        "noanonymous", "smtpd_relay_restrictions": "permit_sasl_authenticated, reject", "mynetworks": "192.0.2.1"}
            with Postfix(settings) as postfix:
                for mechanism in ("plain", "login", "cram-md5", "scram-sha-1", "scram-sha-256"):
                    with self.subTest(mechanism):
                        weir = self.logging_in(postfix, f"smtp_sasl_mechanism_filter = {mechanism}\n")
                        self.send(weir, [f"{mechanism}@one.test"])
                        self.assertEqual(self.outcome(weir, f"{mechanism}@one.test")[3], "sent")
                        postfix.logged(f"sasl_method={mechanism.upper()}, sasl_username=carl")
                weir = self.logging_in(postfix)
                self.send(weir, ["best@one.test"])
                self.assertEqual(self.outcome(weir, "best@one.test")[3], "sent")
                self.assertEqual(postfix.log_text().count("sasl_method=SCRAM-SHA-256"), 2)
                weir = self.logging_in(postfix, password="wrong")
                self.send(weir, ["no@one.test"])
                fate = self.outcome(weir, "no@one.test")
                self.assertEqual(fate[3], "deferred")
                self.assertRegex(fate[4], r"^SASL authentication failed; server mx\.one\.test\[127\.0\.0\.1\] said: 535 5\.7\.8 Error: authentication failed")

    def logging_in(self, postfix, settings="", password="se cret=1"):
        return self.relaying(postfix, settings=(
            "smtp_sasl_auth_enable = yes\nsmtp_sasl_security_options = noanonymous\n"
            f"smtp_sasl_password_maps = inline:{{ {{one.test = carl:{password}}} }}\n{settings}"))

    def test_levels(self):
        settings = {**FINAL, "smtpd_tls_cert_file": self.good, "smtpd_tls_key_file": self.good, "smtpd_tls_security_level": "encrypt"}
        with Postfix(settings) as postfix:
            for number, (policy, status, text) in enumerate([
                    ("encrypt", "sent", ""), ("verify", "sent", ""), ("secure match=mx.one.test", "sent", ""), ("secure match=other.test", "deferred", "not verified"),
                    (f"fingerprint match={digest(self.good)}", "sent", ""), (f"fingerprint match={digest(self.authority.file)}", "deferred", "not trusted"),
                    ("none", "bounced", "530 5.7.0 Must issue a STARTTLS command first")]):
                with self.subTest(policy):
                    weir = self.secured(postfix, f"smtp_tls_fingerprint_digest = sha256\nsmtp_tls_policy_maps = inline:{{ {{one.test = {policy}}} }}")
                    self.send(weir, [f"a{number}@one.test"])
                    fate = self.outcome(weir, f"a{number}@one.test")
                    self.assertEqual(fate[3], status, fate)
                    self.assertIn(text, fate[4])
            self.assertIn("TLSv1.3 with cipher", postfix.logged("TLS connection established from"))

    def test_our_own_certificate(self):
        mine, other = self.readable(self.authority.certificate("weir.client.test")), Authority(self.folder, "Other CA")
        stranger = self.readable(other.certificate("stranger.test"))
        settings = {**FINAL, "smtpd_tls_cert_file": self.good, "smtpd_tls_key_file": self.good, "smtpd_tls_security_level": "encrypt", "smtpd_tls_CAfile":
                    self.authority.file, "smtpd_tls_fingerprint_digest": "sha256"}
        with Postfix({**settings, "smtpd_tls_req_ccert": "yes"}) as postfix:
            weir = self.secured(postfix, f"smtp_tls_cert_file = {mine}\nsmtp_tls_security_level = verify")
            self.send(weir, ["a@one.test"])
            self.assertEqual(self.outcome(weir, "a@one.test")[3], "sent")
            self.assertIn("Trusted TLS connection established from", postfix.logged("TLS connection established from"))
            for number, certificate in enumerate(["", f"smtp_tls_cert_file = {stranger}\n"]):
                weir = self.secured(postfix, f"{certificate}smtp_tls_security_level = encrypt")
                self.send(weir, [f"b{number}@one.test"])
                self.assertEqual(self.outcome(weir, f"b{number}@one.test")[3], "deferred")
        key = self.split(mine)
        with Postfix({**settings, "smtpd_tls_ask_ccert": "yes", "smtpd_relay_restrictions": "permit_tls_clientcerts, reject", "mynetworks": "192.0.2.1",
                      "relay_clientcerts": f"inline:{{ {{{digest(mine)} = weir}} }}"}) as postfix:
            weir = self.secured(postfix, f"smtp_tls_cert_file = {key[0]}\nsmtp_tls_key_file = {key[1]}\nsmtp_tls_security_level = encrypt")
            self.send(weir, ["a@one.test"])
            self.assertEqual(self.outcome(weir, "a@one.test")[3], "sent")
            weir = self.secured(postfix, "smtp_tls_security_level = encrypt")
            self.send(weir, ["b@one.test"])
            self.assertIn("Access denied", self.outcome(weir, "b@one.test")[4])

    def split(self, pem):
        """The certificate, and its key, each in a file."""
        with open(pem) as file:
            key, mark, certificate = file.read().partition("-----BEGIN CERTIFICATE-----")
        for name, text in (("own.crt", mark + certificate), ("own.key", key)):
            with open(os.path.join(self.folder, name), "w") as file:
                file.write(text)
            self.readable(os.path.join(self.folder, name))
        return os.path.join(self.folder, "own.crt"), os.path.join(self.folder, "own.key")

    def test_lmtp_within_tls(self):
        shutil.copy(self.good, os.path.join(self.folder, "lmtp.pem"))
        extra = f"ssl = yes\nssl_cert = <{self.folder}/lmtp.pem\nssl_key = <{self.folder}/lmtp.pem\n"
        with DovecotLMTP(extra) as dovecot:
            for number, (level, match, status, text) in enumerate([
                    ("encrypt", "", "sent", ""), ("verify", "mx.one.test", "sent", ""), ("verify", "other.test", "deferred", "not verified"),
                    ("secure", "mx.one.test", "sent", "")]):
                with self.subTest(level=level, match=match):
                    weir = self.weir(
                        f"transport_maps = inline:{{ one.test = lmtp:inet:127.0.0.1:{dovecot.port} }}\nlmtp_tls_CAfile = {self.authority.file}\nlmtp_tls_loglevel = 1\n"
                        f"lmtp_tls_policy_maps = inline:{{ {{inet:127.0.0.1:{dovecot.port} = {level}{' match=' + match if match else ''}}} }}")
                    self.send(weir, [f"u{number}@one.test"])
                    fate = self.outcome(weir, f"u{number}@one.test")
                    self.assertEqual(fate[3], status, fate)
                    self.assertIn(text, fate[4])
                    if status == "sent":
                        self.assertEqual(len(dovecot.messages(f"u{number}")), 1)
                        self.assertIn("TLS connection established to 127.0.0.1[127.0.0.1]", weir.log_text())

    def test_what_weir_check_says_of_the_files(self):
        broken = os.path.join(self.folder, "broken.pem")
        with open(broken, "w") as file:
            file.write("nothing\n")
        weir = self.weir("smtp_tls_security_level = encrypt")
        for setting, path in [("smtp_tls_CAfile", broken), ("smtp_tls_CAfile", "/no/such/file"), ("smtp_tls_cert_file", "/no/such/file"), ("lmtp_tls_CAfile", broken),
                              ("smtp_tls_cert_file", self.authority.file), ("smtp_tls_trust_anchor_file", broken)]:
            with self.subTest(setting=setting, path=path):
                weir.write_config(f"smtp_tls_security_level = encrypt\nlmtp_tls_security_level = may\n{setting} = {path}\n")
                done = weir.run("check")
                self.assertNotEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertRegex(done.stdout + done.stderr, rf"weir\.conf:\d+:\d+: error: .*{path.split('/')[-1]}")
        weir.write_config(f"smtp_tls_security_level = encrypt\nsmtp_tls_CAfile = {self.authority.file}\nsmtp_tls_cert_file = {self.readable(self.good)}\n")
        self.assertEqual(weir.run("check").returncode, 0)
