# SPDX-License-Identifier: Apache-2.0
"""The daemon is killed again and again while it relays: nothing is lost, and what comes twice is what the next hop has taken without being heard.

WEIR_KILLS says how often (200 for a whole run; a few here, so that the suite stays short).
"""
import os
import random
import re
import socket
import socketserver
import threading
import time

from dns import DNS
from harness import Case, Session, eventually

ZONE = "".join(f"    host{number}.test MX 10 mx.test\n" for number in range(5)) + "    mx.test A 127.0.0.1\n"
KILLS = int(os.environ.get("WEIR_KILLS", "1"))


class Sink(socketserver.ThreadingTCPServer):
    """Takes everything, slowly enough to be interrupted, and knows whether its last word was heard."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Conversation)
        self.lock = threading.Lock()
        self.taken = {}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self.server_address[1]


class Conversation(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        try:
            self.talk()
        except (OSError, ValueError):
            pass

    def talk(self):
        self.say("220 sink ESMTP")
        while True:
            line = self.rfile.readline()
            if not line:
                return
            verb = line[:4].upper()
            if verb == b"EHLO":
                self.say("250-sink\r\n250 PIPELINING")
            elif verb == b"DATA":
                self.say("354 go on")
                self.content()
            elif verb == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def content(self):
        lines = []
        while True:
            line = self.rfile.readline()
            if not line:
                return
            if line == b".\r\n":
                break
            lines.append(line)
        subject = re.search(rb"Subject: (\S+)", b"".join(lines)).group(1).decode()
        time.sleep(random.random() * 0.01)
        with self.server.lock:
            self.server.taken[subject] = self.server.taken.get(subject, 0) + 1
        self.say("250 2.0.0 taken")


class Killed(Case):
    def test_nothing_is_lost(self):
        sink = Sink()
        self.addCleanup(sink.server_close)
        self.addCleanup(sink.shutdown)
        dns = self.enterContext(DNS(ZONE))
        # Messages are to be tried however often the process died over them.
        weir = self.weir(
            f"{dns.setting}\nsmtp_tcp_port = {sink.port}\ninet_protocols = ipv4\nspool_crash_limit = 100\nminimal_backoff_time = 1s\nmaximal_backoff_time = 2s\n"
            "smtp_destination_concurrency_failed_cohort_limit = 0\n")
        accepted = set()
        for round in range(KILLS):
            accepted |= self.send(weir, round)
            time.sleep(random.random() * 0.08)
            mta = weir.child("mta")
            if mta:
                os.kill(mta, 9)
            eventually(lambda: weir.child("mta") not in (None, mta), 20, "a new mta")
            weir.banner()
        # Each that may have killed the process is tried alone first, one after the other.
        eventually(lambda: accepted <= set(sink.taken), 150, "all messages")
        duplicates = {subject: count for subject, count in sink.taken.items() if count > 1 and subject in accepted}
        # A connection has one message on its way at a time: no kill can bring back more than were being tried.
        self.assertLessEqual(sum(duplicates.values()) - len(duplicates), KILLS * 100, duplicates)
        eventually(lambda: "The queue is empty" in weir.run("queue", "list").stdout, 60, "an empty queue")
        print(f"{KILLS} kills, {len(accepted)} messages, {len(duplicates)} of them twice or more", flush=True)

    def send(self, weir, round):
        accepted = set()
        try:
            with Session(weir.port) as session:
                session.say("EHLO test")
                for number in range(5):
                    subject = f"r{round}n{number}"
                    if session.send("carl@example.net", [f"a@host{number % 5}.test"], f"Subject: {subject}\n\n{'x' * 3000}\n").startswith("250"):
                        accepted.add(subject)
        except (OSError, EOFError):
            pass
        return accepted
