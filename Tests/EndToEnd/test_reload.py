# SPDX-License-Identifier: Apache-2.0
"""`weir reload`: another configuration for whoever comes, and nothing lost for whoever is there."""
import os
import re
import select
import signal
import socket
import subprocess
import threading
import time

from harness import IS_ROOT, Case, Session, alive, children, command_line, eventually, free_port, peer

TEXT = "Subject: one\n\ntext"
ALICE = "alice@weir.test"


class ReloadCase(Case):
    def reload(self, weir, status=0):
        done = weir.run("reload")
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout if status == 0 else done.stderr

    def processes(self, weir, role="mta"):
        """Every process of this role, of whatever generation."""
        return {pid for pid in children(weir.process.pid) if role in command_line(pid).split()}

    def delivers(self, weir, port=None):
        with Session(port or weir.port) as session:
            session.say("EHLO a.example")
            self.assertRegex(session.send("s@example.org", [ALICE], TEXT), "^250 ")


class Reload(ReloadCase):
    def test_a_new_configuration_for_new_sessions(self):
        weir = self.weir("smtpd_banner = $myhostname before")
        first = self.processes(weir)
        with Session(weir.port) as open_session:
            self.assertIn("before", open_session.banner)
            weir.write_config("smtpd_banner = $myhostname after")
            text = self.reload(weir)
            self.assertIn("loaded; generation 2 serves, generation 1 goes on with its sessions", text)
            with Session(weir.port) as session:
                self.assertIn("after", session.banner)
                self.assertRegex(session.say("EHLO a.example"), "^250")
                self.assertRegex(session.send("s@example.org", [ALICE], TEXT), "^250 ")
            self.assertEqual(len(self.processes(weir)), 2)
            self.assertRegex(open_session.say("EHLO a.example"), "^250")
            self.assertRegex(open_session.send("s@example.org", [ALICE], TEXT), "^250 ")
            weir.messages(count=2)
            self.assertRegex(open_session.say("QUIT"), "^221")
        eventually(lambda: len(self.processes(weir)) == 1, 10, "the end of the old generation")
        self.assertFalse(first & self.processes(weir))

    def test_a_failing_check_changes_nothing(self):
        weir = self.weir()
        before = self.processes(weir)
        weir.write_config("smtpd_baner = hello\nmessage_size_limit = many")
        text = self.reload(weir, status=78)
        checked = weir.run("check").stdout
        for line in checked.splitlines()[:-1]:
            self.assertIn(line, text)
        self.assertIn("nothing was reloaded", text)
        weir.process.send_signal(signal.SIGHUP)
        eventually(lambda: "nothing was reloaded" in weir.log_text(), 20, "the refusal in the log")
        self.assertRegex(weir.log_text(), r"weir.conf:\d+:\d+: error: .*smtpd_baner")
        self.assertEqual(self.processes(weir), before)
        self.delivers(weir)
        weir.message()

    def test_by_signal(self):
        weir = self.weir("smtpd_banner = $myhostname before")
        weir.write_config("smtpd_banner = $myhostname after")
        weir.process.send_signal(signal.SIGHUP)
        eventually(lambda: b"after" in weir.banner(), 20, "the new banner")
        eventually(lambda: "generation 2 serves" in weir.log_text(), 10, "the line in the log")

    def test_listeners_come_and_go(self):
        second, third = free_port(), free_port()
        extra = "listener {0} {{\n  address = 127.0.0.1\n  port = {1}\n}}\n"
        weir = self.weir(extra.format("two", second))
        with Session(second) as session:
            self.assertRegex(session.say("EHLO a.example"), "^250")
            weir.write_config(extra.format("three", third))
            text = self.reload(weir)
            self.assertIn(f"listening on 127.0.0.1:{third}\n", text)
            self.assertIn(f"no longer listening on 127.0.0.1:{second}\n", text)
            with self.assertRaises(ConnectionRefusedError):
                Session(second)
            self.delivers(weir, third)
            self.assertRegex(session.send("s@example.org", [ALICE], TEXT), "^250 ")
        weir.messages(count=2)
        # And back, at once.
        weir.write_config(extra.format("two", second))
        self.reload(weir)
        self.delivers(weir, second)

    def test_an_address_in_place_of_another_on_the_same_port(self):
        port = free_port()
        weir = self.weir(f"listener two {{\n  address = 127.0.0.1\n  port = {port}\n}}\n")
        for address in ("0.0.0.0", "127.0.0.1"):
            weir.write_config(f"listener two {{\n  address = {address}\n  port = {port}\n}}\n")
            self.assertIn(f"listening on {address}:{port}\n", self.reload(weir))
            self.delivers(weir, port)
        weir.messages(count=2)

    def test_a_port_that_another_has(self):
        weir = self.weir()
        before = self.processes(weir)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            weir.write_config(f"listener two {{\n  address = 127.0.0.1\n  port = {port}\n}}\n")
            text = self.reload(weir, status=71)
        self.assertIn(f"listener two: listen on 127.0.0.1 port {port}: Address already in use", text)
        self.assertEqual(self.processes(weir), before)
        self.reload(weir)

    def test_folders_cannot_change(self):
        weir = self.weir()
        with open(weir.config) as file:
            text = file.read()
        with open(weir.config, "w") as file:
            file.write(text + f"queue_directory = {weir.folder}/elsewhere\n")
        done = weir.run("reload")
        self.assertEqual(done.returncode, 69)
        self.assertIn("it must be stopped and started", done.stderr)
        weir.process.send_signal(signal.SIGHUP)
        words = f"queue_directory cannot change from {weir.data}/queue to {weir.folder}/elsewhere while Weir runs"
        eventually(lambda: words in weir.log_text(), 10, "the refusal")
        self.delivers(weir)

    def test_a_generation_that_dies_at_its_start(self):
        weir = self.weir()
        before = self.processes(weir)
        # The mta makes this folder; the check does not look at it.
        os.rename(f"{weir.data}/tls", f"{weir.data}/tls.away")
        with open(f"{weir.data}/tls", "w"):
            pass
        text = self.reload(weir, status=71)
        self.assertIn("tls", text)
        self.assertEqual(self.processes(weir), before)
        self.delivers(weir)
        os.remove(f"{weir.data}/tls")
        os.rename(f"{weir.data}/tls.away", f"{weir.data}/tls")
        self.reload(weir)
        weir.message()

    def test_ten_in_a_row(self):
        weir = self.weir()
        sessions = []
        for number in range(10):
            sessions.append(Session(weir.port))
            weir.write_config(f"smtpd_banner = $myhostname number {number}")
            self.reload(weir)
        self.assertEqual(len(self.processes(weir)), 11)
        for session in sessions:
            session.say("EHLO a.example")
            self.assertRegex(session.send("s@example.org", [ALICE], TEXT), "^250 ")
            session.close()
        eventually(lambda: len(self.processes(weir)) == 1, 20, "the end of the old generations")
        weir.messages(count=10)
        self.assertIn(b"number 9", weir.banner())

    def test_sessions_that_do_not_end(self):
        weir = self.weir("reload_drain_timeout = 1s")
        with Session(weir.port) as session:
            session.say("EHLO a.example")
            self.reload(weir)
            self.assertRegex(session.reply(), "^421 ")
        eventually(lambda: len(self.processes(weir)) == 1, 10, "the end of the old generation")

    def test_without_a_daemon(self):
        weir = self.weir()
        weir.stop()
        self.assertIn("no daemon answers", self.reload(weir, status=69))

    def test_one_daemon_for_a_queue(self):
        weir = self.weir()
        other = os.path.join(weir.folder, "other.conf")
        with open(weir.config) as file, open(other, "w") as copy:
            copy.write(file.read().replace(f"port = {weir.port}", f"port = {free_port()}"))
        second = subprocess.run(
            [os.environ["WEIR_BIN"], "run", "--config", other], capture_output=True, text=True, timeout=30, user=weir.user, cwd="/")
        self.assertEqual(second.returncode, 71, second.stderr)
        self.assertIn("another Weir serves the queue", second.stderr)
