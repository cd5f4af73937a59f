# SPDX-License-Identifier: Apache-2.0
"""The exchanges of well-known tutorials, by hand as in telnet; each test names its row."""
import os
import re
import time

from harness import Case, Session, eventually


class SMTPRows(Case):
    def test_E1_ehlo(self):
        weir = self.weir()
        with Session(weir.port) as session:
            self.assertEqual(session.banner, "220 mx.weir.test ESMTP Weir")
            lines = session.say("EHLO localhost").split("\n")
        self.assertEqual(lines[0], "250-mx.weir.test")
        offered = {line[4:].split(" ")[0] for line in lines[1:]}
        for name in ("PIPELINING", "SIZE", "VRFY", "ENHANCEDSTATUSCODES", "8BITMIME", "DSN", "SMTPUTF8", "CHUNKING"):
            self.assertIn(name, offered)
        self.assertIn("SIZE 10240000", "\n".join(lines))

    def test_E2_mail_without_brackets(self):
        weir = self.weir()
        with Session(weir.port) as session:
            session.say("EHLO localhost")
            self.assertEqual(session.say("MAIL from:user50@example.com"), "250 2.1.0 Ok")

    def test_E3_misspelt_command(self):
        weir = self.weir()
        with Session(weir.port) as session:
            session.say("EHLO localhost")
            session.say("MAIL from:user50@example.com")
            self.assertTrue(session.say("RPCT to:user51@example.com").startswith("500 5.5.2 Error: command not recognized"))
            self.assertEqual(session.say("DATA"), "554 5.5.1 Error: no valid recipients")

    def test_E4_blanks_around_addresses(self):
        weir = self.weir()
        with Session(weir.port) as session:
            self.assertEqual(session.say("helo lo"), "250 mx.weir.test")
            self.assertEqual(session.say("mail from: user@yahoo.com"), "250 2.1.0 Ok")
            self.assertEqual(session.say("rcpt to: alice@weir.test     "), "250 2.1.5 Ok")

    def test_E5_data(self):
        weir = self.weir()
        with Session(weir.port) as session:
            session.say("helo lo")
            session.say("mail from: user@yahoo.com")
            session.say("rcpt to: alice@weir.test")
            self.assertEqual(session.say("data"), "354 End data with <CR><LF>.<CR><LF>")
            self.assertRegex(session.say("Date: Mon, 02 Feb 1991\r\nSubject: x\r\n\r\nhello\r\n."), r"^250 2\.0\.0 Ok: queued as [0-9A-Za-z]+$")
        self.assertEqual(weir.message().get_content(), "hello\n")

    def test_E6_no_headers_no_domain(self):
        weir = self.weir("myorigin = weir.test")
        with Session(weir.port) as session:
            session.say("helo lo")
            session.say("mail from: user@example.org")
            self.assertEqual(session.say("rcpt to: alice"), "250 2.1.5 Ok")
            session.say("data")
            self.assertTrue(session.say("just a body\r\n.").startswith("250 2.0.0 Ok: queued as "))
        message = weir.message()
        self.assertEqual(message["X-Original-To"], "alice")
        self.assertEqual(message["Delivered-To"], "alice@weir.test")
        self.assertRegex(message["Message-Id"], r"^<.+@mx\.weir\.test>$")
        self.assertIsNotNone(message["Date"])
        self.assertEqual(message["From"], "user@example.org")
        self.assertEqual(message.get_content(), "just a body\n")

    def test_E7_blank_line_and_quit(self):
        weir = self.weir()
        with Session(weir.port) as session:
            session.say("helo lo")
            self.assertEqual(session.say(""), "500 5.5.2 Error: bad syntax")
            self.assertEqual(session.say("quit"), "221 2.0.0 Bye")
            self.assertEqual(session.file.read(), b"")

    def test_E7b_vanished_client(self):
        weir = self.weir()
        with Session(weir.port) as session:
            session.say("helo lo")
            session.say("mail from:<user@example.org>")
            session.say("rcpt to:<alice@weir.test>")
            session.say("data")
            session.raw(b"Subject: half\r\n\r\nhalf a message\r\n")
        with Session(weir.port) as session:
            session.say("helo lo")
            session.send("user@example.org", ["alice@weir.test"], "Subject: whole\n\nx")
        self.assertEqual(weir.message()["Subject"], "whole")
        self.assertEqual(weir.run("queue", "list").stdout.count("half"), 0)

    def test_relaying_for_strangers_is_refused(self):
        weir = self.weir("mynetworks = 192.0.2.0/24")
        with Session(weir.port) as session:
            session.say("EHLO stranger.example")
            session.say("MAIL FROM:<a@example.org>")
            self.assertEqual(session.say("RCPT TO:<b@example.net>"), "454 4.7.1 <b@example.net>: Relay access denied")


class MailboxRows(Case):
    def deliver(self):
        weir = self.weir()
        with Session(weir.port) as session:
            session.say("EHLO client.example")
            session.send("user@example.org", ["alice@weir.test"], "From: user@example.org\nSubject: x\n\nhello")
        return eventually(weir.files)[0]

    def test_F5_file_name_ends_in_the_host(self):
        name = os.path.basename(self.deliver())
        self.assertRegex(name, r"^\d+\.M\d+Q\w+R\d+\.mx\.weir\.test$")
        self.assertLess(abs(time.time() - int(name.split(".")[0])), 60)

    def test_G3_fields_and_their_order(self):
        with open(self.deliver()) as file:
            text = file.read()
        fields = re.findall(r"^([A-Z][A-Za-z-]+):", text.split("\n\n")[0], re.MULTILINE)
        self.assertEqual(fields[:4], ["Return-Path", "X-Original-To", "Delivered-To", "Received"])
        self.assertEqual(set(fields[4:]), {"From", "Subject", "Message-Id", "Date"})
        self.assertTrue(text.startswith("Return-Path: <user@example.org>\nX-Original-To: alice@weir.test\nDelivered-To: alice@weir.test\n"))
        self.assertRegex(
            text,
            r"\nReceived: from client\.example \(localhost \[127\.0\.0\.1\]\)\n"
            r"\tby mx\.weir\.test \(Weir\) with ESMTP id \w+\n"
            r"\tfor <alice@weir\.test>; \w{3}, [ \d]\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4} \(\w+\)\n")
