# SPDX-License-Identifier: Apache-2.0
"""What got a 250 is delivered, once, whatever dies in between."""
import os
import signal
import subprocess
import threading
import time
import unittest
from collections import Counter

from harness import IS_ROOT, Case, Session, alive, children, eventually, read_message

FROM, ALICE = "sender@example.org", "alice@weir.test"


class Load:
    """Sessions that send numbered messages until told to stop, and remember which got their 250."""

    def __init__(self, port, threads=6, pause=0.0):
        self.port, self.pause = port, pause
        self.accepted, self.refused, self.broken = [], [], 0
        self.lock, self.ending = threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self.loop, args=(number,), daemon=True) for number in range(threads)]
        for thread in self.threads:
            thread.start()

    def loop(self, thread):
        number = 0
        while not self.ending.is_set():
            number += 1
            self.one(f"{thread}-{number}")
            time.sleep(self.pause)

    def one(self, name):
        try:
            with Session(self.port, seconds=30) as session:
                session.say("EHLO load.example")
                reply = session.send(FROM, [ALICE], f"From: {FROM}\nX-Number: {name}\n\n" + "text\n" * 200)
        except (OSError, EOFError):
            with self.lock:
                self.broken += 1
            return
        with self.lock:
            (self.accepted if reply.startswith("250 2.0.0 Ok: queued") else self.refused).append((name, reply))

    def wait_for(self, count):
        eventually(lambda: len(self.accepted) >= count, 60, f"{count} accepted messages")

    def stop(self):
        self.ending.set()
        for thread in self.threads:
            thread.join(40)


def numbers(weir):
    return Counter(str(read_message(path)["X-Number"]) for path in weir.files())


class Crashes(Case):
    def assertDeliveredOnce(self, weir, load):
        """Every accepted message is there once; one whose answer was lost may be there, once."""
        names = {name for name, _ in load.accepted}
        eventually(lambda: names <= set(numbers(weir)), 40, "the delivery of every accepted message")
        eventually(lambda: self.is_empty(weir), 20, "an empty queue")
        twice = {name: count for name, count in numbers(weir).items() if count != 1}
        self.assertEqual(twice, {})

    def load(self, weir):
        load = Load(weir.port)
        self.addCleanup(load.stop)
        return load

    def is_empty(self, weir):
        self.listed = weir.run("queue", "list").stdout
        return "queue is empty" in self.listed

    def test_a_killed_mta_is_replaced_and_nothing_is_lost(self):
        # As shipped, a message whose delivery dies twice is held: here the deaths are not its fault.
        weir = self.weir("spool_crash_limit = 100")
        load = self.load(weir)
        for _ in range(4):
            load.wait_for(len(load.accepted) + 50)
            victim = eventually(lambda: weir.child("mta"), 10, "an mta")
            os.kill(victim, signal.SIGKILL)
            eventually(lambda: weir.child("mta") not in (None, victim), 10, "its replacement")
        load.wait_for(len(load.accepted) + 50)
        load.stop()
        self.assertDeliveredOnce(weir, load)

    def test_the_listeners_stay_open_while_the_mta_is_replaced(self):
        weir = self.weir()
        for _ in range(5):
            victim = eventually(lambda: weir.child("mta"), 10, "an mta")
            os.kill(victim, signal.SIGKILL)
            eventually(lambda: not alive(victim), 5, "its end")
            with Session(weir.port) as session:
                self.assertTrue(session.banner.startswith("220 "))
                self.assertEqual(session.say("QUIT"), "221 2.0.0 Bye")

    def test_a_crash_of_everything_loses_nothing(self):
        weir = self.weir()
        load = self.load(weir)
        load.wait_for(200)
        weir.kill_everything()
        load.stop()
        weir.start()
        self.assertDeliveredOnce(weir, load)

    def test_a_clean_stop_under_load_loses_nothing(self):
        weir = self.weir()
        load = self.load(weir)
        load.wait_for(200)
        weir.stop()
        load.stop()
        weir.start()
        self.assertDeliveredOnce(weir, load)


@unittest.skipUnless(IS_ROOT, "mounts a small file system")
class FullDisk(Case):
    def small_disk(self, size="24m"):
        folder = f"/tmp/weir-full-{os.getpid()}-{time.monotonic_ns()}"
        os.makedirs(folder)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0777", "tmpfs", folder], check=True)
        self.addCleanup(os.rmdir, folder)
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=True)
        return folder

    def fill(self, folder):
        path = os.path.join(folder, "filler")
        with open(path, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass
        return path

    def test_full_disk_is_answered_452_and_recovers(self):
        folder = self.small_disk()
        weir = self.weir("spool_segment_size = 4M\nspool_big_message_size = 256K", data=os.path.join(folder, "data"))
        self.assertTrue(self.reply(weir, "before").startswith("250 "))
        weir.messages(count=1)
        filler = self.fill(folder)
        replies = {f"full{number}": self.reply(weir, f"full{number}", "y" * 900_000) for number in range(12)}
        refused = [reply for reply in replies.values() if not reply.startswith("250 ")]
        self.assertTrue(refused, "nothing was refused on a full disk")
        for reply in refused:
            self.assertRegex(reply, r"^452 4\.3\.1 ")
        os.remove(filler)
        eventually(lambda: self.reply(weir, "after").startswith("250 "), 30, "a message accepted after there is room again")
        expected = {"before", "after", *(name for name, reply in replies.items() if reply.startswith("250 "))}
        eventually(lambda: expected == set(numbers(weir)), 30, "the delivery of what was accepted, and of nothing else")

    def reply(self, weir, name, body="x"):
        """A connection each: replies with an error are counted in a session, and slow it down."""
        with Session(weir.port) as session:
            session.say("EHLO a.example")
            return session.send(FROM, [ALICE], f"X-Number: {name}\n\n{body}")


class Lifecycle(Case):
    def test_stop_signals(self):
        for sent in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(sent.name):
                weir = self.weir()
                weir.stop(sent)

    def test_an_open_session_does_not_hold_the_stop(self):
        weir = self.weir()
        with Session(weir.port) as session:
            session.say("EHLO a.example")
            weir.stop()
            self.assertIn(session.file.read()[:4], (b"421 ", b""))

    def test_hangup_reloads_and_keeps_sessions(self):
        weir = self.weir()
        with Session(weir.port) as session:
            session.say("EHLO a.example")
            weir.process.send_signal(signal.SIGHUP)
            time.sleep(0.3)
            self.assertEqual(session.say("NOOP"), "250 2.0.0 Ok")
        with Session(weir.port) as session:
            self.assertTrue(session.banner.startswith("220 "))

    def test_no_process_survives_a_killed_supervisor(self):
        weir = self.weir()
        below = children(weir.process.pid)
        os.kill(weir.process.pid, signal.SIGKILL)
        weir.process.wait()
        eventually(lambda: not any(map(alive, below)), 10, "the end of the other processes")
        weir.process = None

    def test_a_taken_port_is_said_plainly(self):
        first = self.weir()
        command = first.command("run", "--data", first.data + "/second")
        second = subprocess.run(command, capture_output=True, text=True, timeout=30, user=first.user)
        self.assertNotEqual(second.returncode, 0)
        self.assertIn(str(first.port), second.stderr + second.stdout)
        self.assertIn("Address already in use", second.stderr + second.stdout)
