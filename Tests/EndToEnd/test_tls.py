# SPDX-License-Identifier: Apache-2.0
"""Encryption: STARTTLS and TLS from the start, certificates by name, replaced while running, and made by Weir itself."""
import os
import pwd
import signal
import smtplib
import socket
import ssl
import stat
import subprocess
import tempfile
import threading
import unittest

from harness import IS_ROOT, Case, Session, Weir, eventually, free_port, requires

SENDER, ALICE = "sender@example.org", "alice@weir.test"
TEXT = "Subject: over TLS\n\nhello"


def call(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=90, **options)


class Pair:
    """A key and a certificate in files that the daemon can read."""

    def __init__(self, folder, file, name, key="ec"):
        self.certificate, self.key = os.path.join(folder, file + ".pem"), os.path.join(folder, file + ".key")
        self.make(name, key)

    def make(self, name, key="ec"):
        """Makes the pair anew: each file is replaced at once, the key first."""
        kind = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if key == "ec" else ["rsa:2048"]
        made = call(
            requires("openssl"), "req", "-x509", "-nodes", "-newkey", *kind, "-days", "2", "-subj", f"/CN={name}",
            "-addext", f"subjectAltName=DNS:{name}", "-keyout", self.key + ".new", "-out", self.certificate + ".new")
        if made.returncode:
            raise AssertionError(made.stderr)
        for path in (self.key, self.certificate):
            if IS_ROOT:
                os.chown(path + ".new", pwd.getpwnam("nobody").pw_uid, -1)
            os.rename(path + ".new", path)


def trusting(path, version=None):
    context = ssl.create_default_context(cafile=path)
    if version:
        context.minimum_version = context.maximum_version = version
    return context


def trusting_nobody():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Secured(Session):
    """A session that has gone through STARTTLS, or began with TLS."""

    def __init__(self, port, context=None, name="mx.weir.test", implicit=False):
        self.context, self.name = context or trusting_nobody(), name
        if implicit:
            self.socket = self.context.wrap_socket(socket.create_connection(("127.0.0.1", port), 20), server_hostname=name)
            self.file = self.socket.makefile("rb")
            self.banner = self.reply()
            return
        super().__init__(port)
        self.say("EHLO client.example")
        self.raw(b"STARTTLS\r\n")
        self.answer = self.reply()
        self.start_tls(self.context, name)

    def certificate(self):
        """The server's certificate, as text."""
        octets = ssl.DER_cert_to_PEM_cert(self.socket.getpeercert(True))
        return call("openssl", "x509", "-noout", "-subject", "-dates", "-ext", "subjectAltName", input=octets).stdout


class TLSCase(Case):
    def setUp(self):
        super().setUp()
        self.folder = tempfile.mkdtemp(prefix="weir-tls-")
        os.chmod(self.folder, 0o755)
        self.addCleanup(call, "rm", "-rf", self.folder)

    def pair(self, file="server", name=Weir.HOST, key="ec"):
        return Pair(self.folder, file, name, key)

    def with_pair(self, pair, settings=""):
        return self.weir(f"smtpd_tls_cert_file = {pair.certificate}\nsmtpd_tls_key_file = {pair.key}\n{settings}")

    def assertNames(self, name, session):
        self.assertIn(f"DNS:{name}\n", session.certificate())


class STARTTLS(TLSCase):
    def test_a_whole_session(self):
        pair = self.pair()
        weir = self.with_pair(pair, "smtpd_tls_received_header = yes\nsmtpd_tls_loglevel = 1")
        with Secured(weir.port, trusting(pair.certificate)) as session:
            self.assertEqual(session.answer, "220 2.0.0 Ready to start TLS")
            ehlo = session.say("EHLO client.example")
            self.assertNotIn("STARTTLS", ehlo)
            self.assertIn("250-PIPELINING", ehlo)
            self.assertRegex(session.say("STARTTLS"), "^5")
            self.assertRegex(session.send(SENDER, [ALICE], TEXT), r"^250 2\.0\.0 Ok: queued as ")
            self.assertEqual(session.say("QUIT"), "221 2.0.0 Bye")
        message = weir.message()
        self.assertEqual(message.get_content(), "hello\n")
        received = message["Received"]
        self.assertIn("with ESMTPS id", received)
        self.assertIn("using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)", received)
        self.assertIn("key-exchange X25519 server-signature ECDSA (P-256) server-digest SHA256)", received)
        line = (
            "Anonymous TLS connection established from localhost[127.0.0.1]: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 "
            "(256/256 bits) key-exchange X25519 server-signature ECDSA (P-256) server-digest SHA256")
        eventually(lambda: line in weir.log_text(), 5, "the log line")

    def test_a_clients_certificate(self):
        pair, client = self.pair(), self.pair("client", "client.example")
        weir = self.with_pair(pair, "smtpd_tls_ask_ccert = yes\nsmtpd_tls_received_header = yes\nsmtpd_tls_loglevel = 1")
        with_certificate = trusting(pair.certificate)
        with_certificate.load_cert_chain(client.certificate, client.key)
        for context in (trusting(pair.certificate), with_certificate):
            with Secured(weir.port, context) as session:
                self.assertRegex(session.send(SENDER, [ALICE], TEXT), "^250 ")
        comments = {message["Received"].split("\t(Client")[1].split(")\t")[0] for message in weir.messages(count=2)}
        self.assertEqual(comments, {" did not present a certificate", ' CN "client.example", Issuer "client.example" (not verified)'})
        eventually(lambda: "Untrusted TLS connection established from localhost[127.0.0.1]: TLSv1.3" in weir.log_text(), 10, "the log line")

    def test_what_came_in_clear_does_not_count(self):
        weir = self.weir()
        injected = f"EHLO evil.example\r\nMAIL FROM:<evil@example.org>\r\nRCPT TO:<{ALICE}>\r\nDATA\r\n".encode()
        with Session(weir.port) as session:
            session.say("EHLO client.example")
            session.raw(b"STARTTLS\r\n" + injected)
            self.assertEqual(session.reply(), "220 2.0.0 Ready to start TLS")
            session.socket.settimeout(0.3)
            with self.assertRaises(TimeoutError):
                session.socket.recv(1)
            session.socket.settimeout(20)
            session.socket = trusting_nobody().wrap_socket(session.socket, server_hostname=Weir.HOST)
            session.file = session.socket.makefile("rb")
            self.assertRegex(session.say(f"RCPT TO:<{ALICE}>"), "^503 5.5.1 ")
            self.assertRegex(session.say("EHLO client.example"), "^250-")
            self.assertRegex(session.send(SENDER, [ALICE], TEXT), "^250 ")
        self.assertEqual(weir.message()["Return-Path"], f"<{SENDER}>")

    def test_clear_text_instead_of_a_handshake_ends_the_connection(self):
        weir = self.weir()
        with Session(weir.port) as session:
            session.say("EHLO client.example")
            session.say("STARTTLS")
            session.raw(b"MAIL FROM:<evil@example.org>\r\n" * 20)
            # At most an alert record, never an SMTP reply.
            answer = b""
            try:
                while octets := session.socket.recv(4096):
                    answer += octets
            except ConnectionResetError:
                pass
            self.assertNotIn(b"250", answer)
        eventually(lambda: "SSL_accept error from localhost[127.0.0.1]" in weir.log_text(), 5, "the log line")
        with Session(weir.port) as session:
            self.assertRegex(session.send(SENDER, [ALICE], TEXT), "^250 ")

    def test_a_connection_cut_within_the_content_delivers_nothing(self):
        weir = self.weir()
        with Secured(weir.port) as session:
            session.say("EHLO client.example")
            for line in (f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{ALICE}>", "DATA"):
                session.say(line)
            session.raw(b"Subject: half\r\n\r\nnot the whole")
            os.close(session.socket.detach())
        eventually(lambda: "lost connection after DATA" in weir.log_text(), 5, "the log line")
        with Session(weir.port) as session:
            session.send(SENDER, [ALICE], TEXT)
        self.assertEqual(weir.message()["Subject"], "over TLS")

    def test_encrypt_refuses_mail_in_clear(self):
        weir = self.weir("smtpd_tls_security_level = encrypt")
        with Session(weir.port) as session:
            session.say("EHLO client.example")
            self.assertEqual(session.say(f"MAIL FROM:<{SENDER}>"), "530 5.7.0 Must issue a STARTTLS command first")
        with Secured(weir.port) as session:
            self.assertRegex(session.send(SENDER, [ALICE], TEXT), "^250 ")
        weir.message()

    def test_none_does_not_offer_it(self):
        with Session(self.weir("smtpd_tls_security_level = none").port) as session:
            self.assertNotIn("STARTTLS", session.say("EHLO client.example"))
            self.assertRegex(session.say("STARTTLS"), "^50[02] ")

    def test_the_minimum_protocol(self):
        weir = self.weir("smtpd_tls_protocols = >=TLSv1.3")
        old, new = trusting_nobody(), trusting_nobody()
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with self.assertRaises(ssl.SSLError):
            Secured(weir.port, old)
        with Secured(weir.port, new) as session:
            self.assertEqual(session.socket.version(), "TLSv1.3")
        eventually(lambda: "unsupported protocol" in weir.log_text(), 5, "the log line")

    def test_an_rsa_key(self):
        pair = self.pair(key="rsa")
        weir = self.with_pair(pair)
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with Secured(weir.port, trusting(pair.certificate, version)) as session:
                self.assertRegex(session.send(SENDER, [ALICE], TEXT), "^250 ")

    def test_a_big_message(self):
        weir = self.weir()
        body = "".join(f"line {number:06} {'x' * 60}\n" for number in range(60_000)) + "end"
        with Secured(weir.port) as session:
            self.assertRegex(session.send(SENDER, [ALICE], "Subject: big\n\n" + body), "^250 ")
        self.assertEqual(weir.message().get_content(), body + "\n")

    def test_many_at_once(self):
        weir = self.weir()
        failures = []

        def send(number):
            try:
                with Secured(weir.port) as session:
                    reply = session.send(SENDER, [ALICE], TEXT.replace("TLS", str(number)))
                    if not reply.startswith("250 "):
                        failures.append(reply)
            except OSError as error:
                failures.append(error)

        threads = [threading.Thread(target=send, args=(number,)) for number in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.assertEqual({message["Subject"] for message in weir.messages(count=40)}, {f"over {number}" for number in range(40)})


class Implicit(TLSCase):
    def smtps(self, pair, settings=""):
        self.port = free_port()
        return self.with_pair(
            pair, f"{settings}\nlistener smtps {{\n  address = 127.0.0.1\n  port = {self.port}\n  smtpd_tls_wrappermode = yes\n}}")

    def test_tls_from_the_start(self):
        pair = self.pair()
        weir = self.smtps(pair)
        with Secured(self.port, trusting(pair.certificate), implicit=True) as session:
            self.assertRegex(session.banner, "^220 mx.weir.test ESMTP")
            self.assertNotIn("STARTTLS", session.say("EHLO client.example"))
            self.assertRegex(session.send(SENDER, [ALICE], TEXT), "^250 ")
        self.assertIn("with ESMTPS id", weir.message()["Received"])
        with Session(weir.port) as session:
            self.assertIn("STARTTLS", session.say("EHLO client.example"))

    def test_clear_text_gets_no_banner(self):
        self.smtps(self.pair())
        with socket.create_connection(("127.0.0.1", self.port), 20) as client:
            client.sendall(b"EHLO client.example\r\n")
            try:
                self.assertNotIn(b"220", client.recv(4096))
            except ConnectionResetError:
                pass

    def test_curl(self):
        pair = self.pair()
        weir = self.smtps(pair)
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(TEXT)
            file.flush()
            for url, options in ((f"smtps://mx.weir.test:{self.port}", ()), (f"smtp://mx.weir.test:{weir.port}", ("--ssl-reqd",))):
                result = call(
                    requires("curl"), "--silent", "--show-error", "--cacert", pair.certificate, *options, "--connect-to", "::127.0.0.1:",
                    "--url", url, "--mail-from", SENDER, "--mail-rcpt", ALICE, "--upload-file", file.name)
                self.assertEqual(result.returncode, 0, result.stderr)
        for message in weir.messages(count=2):
            self.assertEqual(message.get_content(), "hello\n")

    def test_swaks(self):
        pair = self.pair()
        weir = self.smtps(pair)
        runs = ((weir.port, "--tls"), (weir.port, "--tls", "--tls-protocol", "tlsv1_2"), (self.port, "--tls-on-connect"))
        for port, *options in runs:
            result = call(
                requires("swaks"), "--server", f"127.0.0.1:{port}", "--from", SENDER, "--to", ALICE, *options, "--tls-verify",
                "--tls-ca-path", pair.certificate)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            self.assertRegex(result.stdout, r"<~  250 2\.0\.0 Ok: queued as \w+")
        weir.messages(count=3)

    def test_openssl(self):
        pair = self.pair()
        weir = self.smtps(pair)
        for port, *options in ((weir.port, "-starttls", "smtp"), (self.port,)):
            result = call(
                requires("openssl"), "s_client", "-connect", f"127.0.0.1:{port}", *options, "-quiet", "-crlf", "-verify_return_error",
                "-CAfile", pair.certificate, "-verify_hostname", "mx.weir.test", input="QUIT\n")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("221 2.0.0 Bye", result.stdout)

    def test_python(self):
        pair = self.pair()
        weir = self.smtps(pair)
        with smtplib.SMTP("127.0.0.1", weir.port) as client:
            client._host = "mx.weir.test"  # The name to verify.
            client.starttls(context=trusting(pair.certificate))
            client.sendmail(SENDER, [ALICE], TEXT)
        weir.message()


class Names(TLSCase):
    def test_the_name_chooses_the_certificate(self):
        default, exact, below = self.pair(), self.pair("exact", "mail.example.com"), self.pair("below", "any.example.net")
        weir = self.with_pair(
            default, "tls_server_sni_maps = inline:{ "
            f"{{mail.example.com = {exact.key} {exact.certificate}}}, {{.example.net = {below.key} {below.certificate}}} }}")
        for name, expected in (
                ("mail.example.com", "mail.example.com"), ("MAIL.example.com", "mail.example.com"), ("x.example.net", "any.example.net"),
                ("mx.weir.test", "mx.weir.test"), ("unknown.test", "mx.weir.test")):
            with self.subTest(name), Secured(weir.port, name=name) as session:
                self.assertNames(expected, session)


class Replacement(TLSCase):
    def presented(self, weir):
        with Secured(weir.port) as session:
            return session.certificate()

    def test_a_new_certificate_serves_new_sessions(self):
        pair = self.pair(name="old.weir.test")
        weir = self.with_pair(pair)
        with Secured(weir.port) as session:
            self.assertNames("old.weir.test", session)
            pair.make("new.weir.test")
            eventually(lambda: "DNS:new.weir.test" in self.presented(weir), 30, "the new certificate")
            self.assertRegex(session.send(SENDER, [ALICE], TEXT), "^250 ")
        weir.message()

    def test_a_broken_file_keeps_the_old_certificate(self):
        pair = self.pair(name="old.weir.test")
        weir = self.with_pair(pair)
        with open(pair.certificate + ".broken", "w") as file:
            file.write("not a certificate\n")
        os.chmod(pair.certificate + ".broken", 0o644)
        os.rename(pair.certificate + ".broken", pair.certificate)
        weir.process.send_signal(signal.SIGHUP)
        eventually(lambda: "no certificate in it" in weir.log_text(), 30, "the error")
        self.assertIn("DNS:old.weir.test", self.presented(weir))
        pair.make("new.weir.test")
        weir.process.send_signal(signal.SIGHUP)
        eventually(lambda: "DNS:new.weir.test" in self.presented(weir), 30, "the new certificate")

    def test_a_pair_that_does_not_match_is_an_error_beforehand(self):
        pair = self.pair()
        other = self.pair("other")
        weir = Weir(f"smtpd_tls_cert_file = {pair.certificate}\nsmtpd_tls_key_file = {other.key}\n")
        self.addCleanup(weir.__exit__, AssertionError)
        words = f"{pair.certificate}: the private key does not belong to the certificate"
        checked = weir.run("check")
        self.assertNotEqual(checked.returncode, 0)
        self.assertIn(words, checked.stdout)
        weir.start(wait=False)
        self.assertNotEqual(weir.process.wait(20), 0)
        eventually(lambda: words in weir.log_text(), 10, f"a log line with {words!r}")

    @unittest.skipUnless(IS_ROOT, "needs a file that only root may read")
    def test_check_without_the_right_to_read_the_key(self):
        pair = self.pair()
        os.chown(pair.key, 0, 0)
        weir = Weir(f"smtpd_tls_cert_file = {pair.certificate}\nsmtpd_tls_key_file = {pair.key}\n")
        self.addCleanup(weir.__exit__, AssertionError)
        checked = weir.run("check")
        self.assertEqual(checked.returncode, 0, checked.stdout)
        self.assertIn(f"warning: {pair.key}: Permission denied", checked.stdout)

    @unittest.skipUnless(IS_ROOT, "starts as root")
    def test_keys_that_only_root_may_read(self):
        pair = self.pair(name="old.weir.test")
        os.chown(pair.key, 0, 0)
        weir = self.weir(f"mail_owner = nobody\nsmtpd_tls_cert_file = {pair.certificate}\nsmtpd_tls_key_file = {pair.key}", root=True)
        with Secured(weir.port) as session:
            self.assertNames("old.weir.test", session)
        pair.make("new.weir.test")
        os.chown(pair.key, 0, 0)
        weir.process.send_signal(signal.SIGHUP)
        eventually(lambda: "DNS:new.weir.test" in self.presented(weir), 40, "the new certificate")


class SelfSigned(TLSCase):
    def files(self, weir):
        found = {}
        for folder, _, names in os.walk(weir.data):
            found.update({os.path.splitext(name)[1]: os.path.join(folder, name) for name in names if name.endswith((".key", ".crt", ".pem"))})
        return found

    def test_the_first_start_makes_a_pair(self):
        weir = self.weir()
        with Secured(weir.port) as session:
            text = session.certificate()
        self.assertIn("DNS:mx.weir.test\n", text)
        self.assertIn("O = Weir self-signed", text)
        files = self.files(weir)
        self.assertEqual(stat.S_IMODE(os.lstat(files[".key"]).st_mode), 0o600)
        certificate = next(path for suffix, path in files.items() if suffix != ".key")
        for seconds, good in ((0, True), (390 * 86_400, True), (400 * 86_400, False)):
            result = call("openssl", "x509", "-in", certificate, "-noout", "-checkend", str(seconds))
            self.assertEqual(result.returncode == 0, good, result.stdout)
        begins = call("openssl", "x509", "-in", certificate, "-noout", "-startdate").stdout
        self.assertLess(ssl.cert_time_to_seconds(begins.strip().split("=")[1]), os.stat(certificate).st_mtime)

    def test_it_is_kept_until_the_host_name_changes(self):
        weir = self.weir()
        with Secured(weir.port) as session:
            first = session.socket.getpeercert(True)
        weir.stop()
        weir.start()
        with Secured(weir.port) as session:
            self.assertEqual(session.socket.getpeercert(True), first)
        weir.stop()
        weir.HOST = "renamed.weir.test"
        weir.write_config("")
        weir.start()
        with Secured(weir.port) as session:
            self.assertNames("renamed.weir.test", session)
