# SPDX-License-Identifier: Apache-2.0
"""Clients that people use, as Debian ships them."""
import email.message
import os
import smtplib
import subprocess
import tempfile

from harness import Case, eventually, peer, requires

SENDER, ALICE = "sender@example.org", "alice@weir.test"


def call(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=90, **options)


class Swaks(Case):
    def swaks(self, weir, *options):
        requires("swaks")
        return call("swaks", "--server", f"127.0.0.1:{weir.port}", "--from", SENDER, "--to", ALICE, *options)

    def assertSent(self, result):
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertRegex(result.stdout, r"<-  250 2\.0\.0 Ok: queued as \w+")

    def test_plain(self):
        weir = self.weir()
        self.assertSent(self.swaks(weir, "--header", "Subject: plain", "--body", "a line\n.\n..two dots\n"))
        message = weir.message()
        self.assertEqual(message["Subject"], "plain")
        self.assertEqual(message["Return-Path"], f"<{SENDER}>")
        self.assertIn("\n.\n..two dots\n", "\n" + message.get_content())

    def test_twenty_messages(self):
        weir = self.weir()
        for number in range(20):
            self.assertSent(self.swaks(weir, "--header", f"Subject: number {number}"))
        subjects = {message["Subject"] for message in weir.messages(count=20)}
        self.assertEqual(subjects, {f"number {number}" for number in range(20)})

    def test_attachment(self):
        weir = self.weir()
        octets = os.urandom(200_000)
        with tempfile.NamedTemporaryFile(suffix=".bin") as file:
            file.write(octets)
            file.flush()
            self.assertSent(self.swaks(weir, "--attach", f"@{file.name}", "--body", "see below"))
        attachment = next(weir.message().iter_attachments())
        self.assertEqual(attachment.get_payload(decode=True), octets)

    def test_utf8(self):
        weir = self.weir()
        headers = ("--header", "Subject: Grüße aus Zürich", "--header", "Content-Type: text/plain; charset=utf-8")
        self.assertSent(self.swaks(weir, *headers, "--body", "naïve façade 日本語"))
        with open(eventually(weir.files)[0], encoding="utf-8") as file:
            text = file.read()
        self.assertIn("Subject: Grüße aus Zürich\n", text)
        self.assertIn("naïve façade 日本語", text)

    def test_two_recipients(self):
        weir = self.weir()
        self.assertSent(self.swaks(weir, "--to", "alice@weir.test,bob@weir.test"))
        self.assertEqual(weir.message("alice")["X-Original-To"], "alice@weir.test")
        self.assertEqual(weir.message("bob")["Delivered-To"], "bob@weir.test")

    def test_unknown_user(self):
        result = self.swaks(self.weir(), "--to", "nobody-here@weir.test")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("550 5.1.1 <nobody-here@weir.test>: Recipient address rejected: User unknown in virtual mailbox table", result.stdout)

    def test_pipelining(self):
        weir = self.weir()
        self.assertSent(self.swaks(weir, "--pipeline"))
        weir.message()


class SMTPSource(Case):
    def send(self, weir, *options):
        program, environment = peer("smtp-source")
        result = call(program, *options, "-f", SENDER, "-t", ALICE, f"127.0.0.1:{weir.port}", env=environment)
        self.assertEqual((result.returncode, result.stderr.strip()), (0, ""))

    def test_a_connection_per_message(self):
        weir = self.weir()
        self.send(weir, "-s", "20", "-m", "500", "-l", "4096")
        weir.messages(count=500)

    def test_reused_connections(self):
        weir = self.weir()
        self.send(weir, "-d", "-s", "20", "-m", "1000", "-l", "4096")
        weir.messages(count=1000)

    def test_big_messages(self):
        weir = self.weir()
        self.send(weir, "-s", "4", "-m", "8", "-l", "3000000")
        weir.messages(count=8)
        for path in weir.files():
            self.assertGreater(os.path.getsize(path), 2_900_000)


class Curl(Case):
    def test_upload(self):
        requires("curl")
        weir = self.weir()
        mail = f"From: <{SENDER}>\nTo: <{ALICE}>\nSubject: curl\n\n.leading dot\n"
        result = call("curl", "-sS", f"smtp://127.0.0.1:{weir.port}/client.example", "--mail-from", SENDER, "--mail-rcpt", ALICE,
                      "--crlf", "-T", "-", input=mail)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        message = weir.message()
        self.assertEqual(message["Subject"], "curl")
        self.assertTrue(message.get_content().startswith(".leading dot\n"))
        self.assertIn("from client.example (localhost [127.0.0.1])", message["Received"])


class Smtplib(Case):
    def test_send_message(self):
        weir = self.weir()
        message = email.message.EmailMessage()
        message["From"], message["To"], message["Subject"] = SENDER, ALICE, "smtplib ✓"
        message.set_content("text ü\n")
        message.add_attachment(b"\x00\xff" * 1000, maintype="application", subtype="octet-stream", filename="x.bin")
        with smtplib.SMTP("127.0.0.1", weir.port, timeout=20) as client:
            self.assertEqual(client.send_message(message), {})
        delivered = weir.message()
        self.assertEqual(delivered["Subject"], "smtplib ✓")
        self.assertEqual(next(delivered.iter_attachments()).get_payload(decode=True), b"\x00\xff" * 1000)

    def test_extensions(self):
        weir = self.weir()
        with smtplib.SMTP("127.0.0.1", weir.port, timeout=20) as client:
            client.ehlo("client.example")
            for name in ("pipelining", "size", "vrfy", "enhancedstatuscodes", "8bitmime", "dsn", "smtputf8", "chunking"):
                self.assertTrue(client.has_extn(name), name)

    def test_smtputf8(self):
        weir = self.weir()
        with smtplib.SMTP("127.0.0.1", weir.port, timeout=20) as client:
            client.ehlo("client.example")
            refused = client.sendmail("jürgen@example.org", [ALICE], "Subject: ü\r\n\r\nx\r\n".encode(), ["SMTPUTF8", "BODY=8BITMIME"])
            self.assertEqual(refused, {})
        self.assertEqual(weir.message()["Return-Path"], "<jürgen@example.org>")

    def test_too_large(self):
        weir = self.weir("message_size_limit = 100000")
        with smtplib.SMTP("127.0.0.1", weir.port, timeout=20) as client:
            with self.assertRaises(smtplib.SMTPSenderRefused) as refused:
                client.sendmail(SENDER, [ALICE], "Subject: big\r\n\r\n" + "x" * 200_000)
            self.assertEqual(refused.exception.smtp_code, 552)
