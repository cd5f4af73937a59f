# SPDX-License-Identifier: Apache-2.0
"""As a service: what the service manager hears, sockets that it opened, processes that hang."""
import os
import re
import signal
import socket
import struct
import time

from harness import IS_ROOT, Case, Session, Weir, eventually, free_port

# unix(7): struct ucred.
CREDENTIALS = struct.Struct("iII")


class Manager:
    """The socket that a service manager listens on, and what it has heard."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)
        os.chmod(self.path, 0o777)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.heard, self.senders = [], set()

    def hears(self, line):
        try:
            while True:
                text, ancillary, _, _ = self.socket.recvmsg(4096, socket.CMSG_SPACE(CREDENTIALS.size))
                self.heard += text.decode().splitlines()
                self.senders |= {CREDENTIALS.unpack(data)[0] for _, kind, data in ancillary if kind == socket.SCM_CREDENTIALS}
        except BlockingIOError:
            return line in self.heard

    def close(self):
        self.socket.close()


class Service(Case):
    def prepared(self, settings=""):
        weir = Weir(settings)
        self.addCleanup(self._end, weir)
        return weir

    def manager(self, weir):
        manager = Manager(weir.folder)
        self.addCleanup(manager.close)
        weir.environment["NOTIFY_SOCKET"] = manager.path
        return manager

    def test_the_service_manager_is_told(self):
        weir = self.prepared()
        manager = self.manager(weir)
        weir.environment["WATCHDOG_USEC"] = "600000"
        weir.start()
        eventually(lambda: manager.hears("READY=1"), 10, "READY=1")
        self.assertIn("STATUS=mail is being served", manager.heard)
        manager.heard.clear()
        eventually(lambda: manager.hears("WATCHDOG=1"), 5, "WATCHDOG=1")
        weir.stop()
        self.assertTrue(manager.hears("STOPPING=1"), manager.heard)

    def test_children_know_nothing_of_the_service_manager(self):
        weir = self.prepared()
        manager = self.manager(weir)
        weir.environment["WATCHDOG_USEC"] = "200000"
        weir.start()
        mta = eventually(lambda: weir.child("mta"), 5, "the mta")
        # A process that is not dumpable shows its environment to root only; whom the manager hears, everybody can see.
        if IS_ROOT:
            with open(f"/proc/{mta}/environ", "rb") as file:
                self.assertNotIn(b"NOTIFY_SOCKET", file.read())
        supervisor = weir.process.pid
        eventually(lambda: manager.hears("READY=1"), 10, "READY=1")
        weir.stop()
        self.assertTrue(manager.hears("STOPPING=1"), manager.heard)
        self.assertEqual(manager.senders, {supervisor})

    def test_a_hung_process_is_replaced(self):
        weir = self.prepared("watchdog_timeout = 2s")
        weir.start()
        first = weir.child("mta")
        with Session(weir.port) as session:
            self.assertTrue(session.say("EHLO a.example").startswith("250"))
        # One beat must have been heard: a process that has not told that it is ready is left alone.
        time.sleep(1.5)
        os.kill(first, signal.SIGSTOP)
        second = eventually(lambda: weir.child("mta") not in (None, first) and weir.child("mta"), 20, "another mta")
        self.assertNotEqual(first, second)
        self.assertRegex(weir.log_text(), r"mta has not answered for [2-9] seconds: it is replaced")
        with Session(weir.port) as session:
            session.say("EHLO a.example")
            self.assertTrue(session.send("s@example.org", ["alice@weir.test"], "Subject: x\n\nx").startswith("250"))
        weir.message()

    def activated(self, name, on_its_port=False):
        """A daemon that finds a listening socket of this name, and the port of that."""
        weir = self.prepared()
        listening = socket.create_server(("127.0.0.1", weir.port if on_its_port else 0))
        self.addCleanup(listening.close)
        inherited = listening.fileno()
        weir.descriptors = (inherited,)
        weir.environment.update(LISTEN_FDS="1", LISTEN_FDNAMES=name)
        plain = weir.run_command()
        weir.run_command = lambda: ["bash", "-c", f'LISTEN_PID=$$ exec "$@" 3<&{inherited}', "bash", *plain]
        return weir, listening.getsockname()[1]

    def test_a_socket_that_was_opened_for_us(self):
        weir, port = self.activated("smtp")
        self.assertNotEqual(port, weir.port)
        weir.port = port
        weir.start()
        self.assertIn(f"listening on 127.0.0.1:{port}", weir.log_text())
        with Session(port) as session:
            session.say("EHLO a.example")
            self.assertTrue(session.send("s@example.org", ["alice@weir.test"], "Subject: x\n\nx").startswith("250"))
        weir.message()

    def test_a_socket_belongs_to_the_listener_on_its_port(self):
        weir, port = self.activated("weir.socket", on_its_port=True)
        weir.start()
        with Session(port) as session:
            self.assertTrue(session.banner.startswith("220"))

    def test_a_socket_that_no_listener_has(self):
        weir, port = self.activated("imap")
        weir.start(wait=False)
        self.assertEqual(weir.process.wait(10), 71)
        text = weir.log_text()
        self.assertIn(f"the service manager hands over a socket on 127.0.0.1:{port}", text)
        self.assertIn("FileDescriptorName= with the name of one (smtp)", text)
        weir.process = None

    def test_many_listeners(self):
        """More than a hundred sockets are handed to the process that serves them."""
        ports = sorted({free_port() for _ in range(150)})
        weir = self.prepared("".join(f"listener l{port} {{\n  address = 127.0.0.1\n  port = {port}\n}}\n" for port in ports))
        weir.start()
        self.assertGreater(len(re.findall("listening on", weir.log_text())), 100)
        for port in (ports[0], ports[-1]):
            with Session(int(port)) as session:
                self.assertTrue(session.banner.startswith("220"))
