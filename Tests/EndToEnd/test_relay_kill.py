# SPDX-License-Identifier: Apache-2.0
"""The daemon is killed again and again while it relays: nothing is lost, and what comes twice is what the next hop has taken without being heard.

WEIR_KILLS says how often (200 for a whole run; some here, so that the suite stays short).
"""
import os
import random
import re
import signal
import socket
import socketserver
import threading
import time

from dns import DNS
from harness import Case, Session, eventually

ZONE = "".join(f"    host{number}.test MX 10 mx.test\n" for number in range(5)) + "    mx.test A 127.0.0.1\n"
# The state in TCP_INFO after a reset; after a close by the other side alone it is another.
TCP_CLOSE = 7
KILLS = int(os.environ.get("WEIR_KILLS", "8"))


def free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


class Sink(socketserver.ThreadingTCPServer):
    """Takes everything, slowly enough to be interrupted, and knows of which messages the last word was not heard."""

    allow_reuse_address = True
    daemon_threads = True
    # Where the queue is full the kernel lets clients believe that they are connected, and they wait for the greeting as long as they have been told to.
    request_queue_size = 1000

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Conversation)
        self.lock = threading.Lock()
        self.taken = {}
        self.unheard = set()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self.server_address[1]


class Conversation(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        # Whose answer is on its way.
        self.answered = None
        try:
            self.talk()
            was_reset = self.connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == TCP_CLOSE
        except (OSError, ValueError):
            was_reset = True
        # The kernel resets the connection when a process dies with something unread, or was dead when it came.
        if was_reset and self.answered:
            self.server.unheard.add(self.answered)

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
                # It comes with the content. An answer that nobody reads would be a reset, too: there is none.
                continue
            else:
                self.answered = None
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
        self.answered = subject
        self.say("250 2.0.0 taken")


class Killed(Case):
    def test_nothing_is_lost(self):
        signal.alarm(120 + 10 * KILLS)
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
            self.kill(weir, round)
        eventually(lambda: accepted <= set(sink.taken), 60, "all messages")
        duplicates = {subject for subject, count in sink.taken.items() if count > 1 and subject in accepted}
        # Between the reading of an answer and its note there are some microseconds.
        heard = duplicates - sink.unheard
        self.assertLessEqual(len(heard), 1 + KILLS // 20, heard)
        eventually(lambda: "The queue is empty" in weir.run("queue", "list").stdout, 60, "an empty queue")
        print(f"{KILLS} kills, {len(accepted)} messages, {len(duplicates)} of them twice or more: {len(duplicates & sink.unheard)} whose answer was cut, "
              f"{len(heard)} whose answer was read", flush=True)

    def kill(self, weir, round):
        # The supervisor takes its time after some deaths in a row: so it dies, too, now and then.
        if round % 4 == 3:
            weir.kill_everything()
            # What it was about to start ends by itself.
            eventually(lambda: free(weir.port), 20, "the end of the last listener")
            weir.start()
            return
        mta = weir.child("mta")
        if mta:
            os.kill(mta, 9)
        eventually(lambda: weir.child("mta") not in (None, mta), 60, "a new mta")
        weir.banner()

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
