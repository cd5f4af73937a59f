# SPDX-License-Identifier: Apache-2.0
"""Many connections, idle ones and odd ones."""
import resource
import socket

from harness import Case, Session, children


class Idle(Case):
    COUNT = 1000

    def setUp(self):
        super().setUp()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < self.COUNT + 100:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))

    def test_a_thousand_idle_sessions_are_held(self):
        weir = self.weir()
        sessions = [Session(weir.port) for _ in range(self.COUNT)]
        try:
            for session in sessions:
                session.raw(b"EHLO idle.example\r\n")
            for session in sessions:
                self.assertTrue(session.reply().startswith("250-mx.weir.test"))
            with Session(weir.port) as session:
                session.say("EHLO busy.example")
                self.assertTrue(session.send("a@example.org", ["alice@weir.test"], "Subject: x\n\nx").startswith("250 "))
            for session in sessions[::100]:
                self.assertEqual(session.say("NOOP"), "250 2.0.0 Ok")
        finally:
            for session in sessions:
                session.close()
        weir.message()

    def test_the_processes_are_few(self):
        weir = self.weir()
        sessions = [Session(weir.port) for _ in range(50)]
        self.assertLess(len(children(weir.process.pid)), 5)
        for session in sessions:
            session.close()


class Odd(Case):
    def test_commands_byte_by_byte(self):
        weir = self.weir()
        with Session(weir.port) as session:
            session.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for octet in b"EHLO slow.example\r\nNOOP\r\nQUIT\r\n":
                session.raw(bytes([octet]))
            self.assertTrue(session.reply().startswith("250-mx.weir.test"))
            self.assertEqual(session.reply(), "250 2.0.0 Ok")
            self.assertEqual(session.reply(), "221 2.0.0 Bye")

    def test_everything_in_one_packet(self):
        weir = self.weir()
        with Session(weir.port) as session:
            session.raw(b"EHLO fast.example\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<alice@weir.test>\r\nDATA\r\nSubject: x\r\n\r\nx\r\n.\r\nQUIT\r\n")
            codes = [session.reply()[:3] for _ in range(6)]
        self.assertEqual(codes, ["250", "250", "250", "354", "250", "221"])
        weir.message()

    def test_random_octets_do_not_harm(self):
        weir = self.weir("smtpd_error_sleep_time = 0")
        octets = bytes((number * 7919 + number // 251) % 256 for number in range(200_000))
        with socket.create_connection(("127.0.0.1", weir.port), 10) as connection:
            try:
                connection.sendall(octets)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
            except OSError:
                pass
        with Session(weir.port) as session:
            self.assertTrue(session.banner.startswith("220 "))

    def test_reset_in_the_middle(self):
        weir = self.weir()
        for size in (0, 1, 10, 1000, 100_000):
            session = Session(weir.port)
            session.say("EHLO a.example")
            session.raw(b"MAIL FROM:<a@example.org>\r\nRCPT TO:<alice@weir.test>\r\nDATA\r\n" + b"x" * size)
            session.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            session.close()
        with Session(weir.port) as session:
            self.assertTrue(session.say("EHLO a.example").startswith("250"))
        self.assertEqual(weir.files(), [])
