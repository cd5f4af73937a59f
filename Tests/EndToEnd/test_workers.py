# SPDX-License-Identifier: Apache-2.0
"""A plugin that crashes, hangs or eats memory in a process of its own: it costs the messages that made it do so, and nobody else."""
import asyncio
import email
import os
import time
import unittest

from harness import Weir, children, command_line, eventually

PLUGIN = os.path.join(os.environ["WEIR_PLUGINS"], "tests/trouble.so")
FAILED = b"451 4.7.1"


class Flood:
    """Many sessions at once, each with several messages; every `each`th message tells the plugin to do what `deed` says."""

    def __init__(self, weir, messages, deed, sessions=100, each=100):
        self.weir, self.deed, self.each, self.count = weir, deed, each, messages
        self.numbers = iter(range(messages))
        self.sessions = sessions
        self.replies = {}
        self.dropped = []
        self.seconds = 0

    def is_guilty(self, number):
        return self.deed is not None and number % self.each == self.each // 2

    def run(self):
        begin = time.monotonic()
        asyncio.run(self.all())
        self.seconds = time.monotonic() - begin
        return self

    async def all(self):
        await asyncio.gather(*(self.session() for _ in range(self.sessions)))

    async def session(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.weir.port)

        async def reply(command=None):
            if command is not None:
                writer.write(command)
            while True:
                line = await reader.readline()
                if not line:
                    raise ConnectionError("the session was dropped")
                if line[3:4] != b"-":
                    return line

        try:
            await reply()
            await reply(b"EHLO client.test\r\n")
            for number in self.numbers:
                await reply(b"MAIL FROM:<sender@example.org>\r\n")
                await reply(b"RCPT TO:<alice@weir.test>\r\n")
                await reply(b"DATA\r\n")
                self.replies[number] = await reply(self.message(number))
            await reply(b"QUIT\r\n")
        except (ConnectionError, OSError) as error:
            self.dropped.append(error)
        finally:
            writer.close()

    def message(self, number):
        deed = self.deed if self.is_guilty(number) else "nothing"
        return (f"From: sender@example.org\r\nTo: alice@weir.test\r\nX-Do: {deed}\r\nSubject: number {number}\r\n\r\n" + "Hello.\r\n" * 20 + ".\r\n").encode()

    # What came of it

    def innocent(self):
        return [number for number in range(self.count) if not self.is_guilty(number)]

    def delivered(self):
        folder = os.path.join(self.weir.mail, "alice/new")
        subjects = []
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as file:
                subjects.append(int(email.message_from_binary_file(file)["Subject"].split()[1]))
        return sorted(subjects)


def stage(more=""):
    return f"stage trouble {{\n  plugin = {PLUGIN}\n  component = trouble\n  mode = worker\n  timeout = 1s\n  worker_memory = 64M\n{more}}}\n"


class WorkerTests(unittest.TestCase):
    def judge(self, flood):
        self.assertEqual(flood.dropped, [])
        for number, reply in sorted(flood.replies.items()):
            expected = FAILED if flood.is_guilty(number) else b"250 2"
            self.assertTrue(reply.startswith(expected), f"message {number}: {reply!r}")
        self.assertEqual(len(flood.replies), flood.count)
        eventually(lambda: len(os.listdir(os.path.join(flood.weir.mail, "alice/new"))) >= len(flood.innocent()), what="delivery")
        self.assertEqual(flood.delivered(), flood.innocent())

    def flood(self, deed, messages=600):
        with Weir(stage()) as weir:
            flood = Flood(weir, messages, deed).run()
            self.judge(flood)
            return weir.log_text()

    def test_crashes(self):
        self.assertIn("SIGSEGV", self.flood("crash"))

    def test_hangs(self):
        self.assertIn("did not come back from", self.flood("hang", messages=300))

    def test_eats_memory(self):
        self.flood("eat")

    def test_workers_have_nothing_but_their_sockets(self):
        with Weir(stage()) as weir:
            Flood(weir, 1, None, sessions=1).run()
            workers = [pid for pid in children(weir.process.pid) if " worker" in command_line(pid)]
            self.assertEqual(len(workers), 1)
            if os.geteuid() == 0:
                with open(f"/proc/{workers[0]}/status") as file:
                    status = dict((line.rstrip() + "\t").split(":\t", 1) for line in file if ":\t" in line)
                self.assertEqual((status["NoNewPrivs"].strip(), status["Seccomp"].strip()), ("1", "2"))
                names = [os.readlink(f"/proc/{workers[0]}/fd/{fd}").split(":")[0] for fd in os.listdir(f"/proc/{workers[0]}/fd") if int(fd) > 2]
                self.assertEqual([name for name in names if name not in ("socket", "anon_inode")], [])


if __name__ == "__main__":
    unittest.main()
