# SPDX-License-Identifier: Apache-2.0
"""A plugin that crashes, hangs or eats memory in a process of its own: it costs the messages that made it do so, and nobody else."""
import asyncio
import email
import os
import pwd
import shutil
import signal
import threading
import time
import unittest

from harness import IS_ROOT, Case, Session, Weir, children, command_line, eventually

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
        self.begun = 0
        self.answered = {}

    def is_guilty(self, number):
        return self.deed is not None and number % self.each == self.each // 2

    def run(self):
        self.begun = time.monotonic()
        asyncio.run(self.all())
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
                self.answered[number] = time.monotonic()
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

    def seconds(self):
        """Until the last innocent message was answered: what the last guilty one waits for is its own affair."""
        return max(self.answered[number] for number in self.innocent()) - self.begun

    def delivered(self):
        folder = os.path.join(self.weir.mail, "alice/new")
        subjects = []
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as file:
                subjects.append(int(email.message_from_binary_file(file)["Subject"].split()[1]))
        return sorted(subjects)


def stage(more="", plugin=PLUGIN):
    return f"stage trouble {{\n  plugin = {plugin}\n  component = trouble\n  mode = worker\n  timeout = 1s\n  worker_memory = 64M\n{more}}}\n"


def workers(weir):
    """The processes that run a plugin. They are copies of their keeper, with a name of their own."""
    found = []
    for pid in children(weir.process.pid):
        try:
            with open(f"/proc/{pid}/comm") as file:
                found += [pid] if file.read().startswith("w:") else []
        except OSError:
            continue
    return found


def keeper(weir):
    """What starts them."""
    lines = {pid: command_line(pid).split() for pid in children(weir.process.pid) if pid not in workers(weir)}
    return next((pid for pid, words in lines.items() if words[-1:] == ["worker"] or words[1:3] == ["service", "workers"]), None)


def user_of(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Uid:"))


def do(session, deed):
    """The reply to a message that tells the plugin what to do."""
    return session.send("sender@example.org", ["alice@weir.test"], f"X-Do: {deed}\nSubject: number 1\n\ntext")


def greeted(port):
    session = Session(port)
    session.say("EHLO client.test")
    return session


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
            found = workers(weir)
            self.assertEqual(len(found), 1)
            if os.geteuid() == 0:
                with open(f"/proc/{found[0]}/status") as file:
                    status = dict((line.rstrip() + "\t").split(":\t", 1) for line in file if ":\t" in line)
                self.assertEqual((status["NoNewPrivs"].strip(), status["Seccomp"].strip()), ("1", "2"))
                names = [os.readlink(f"/proc/{found[0]}/fd/{fd}").split(":")[0] for fd in os.listdir(f"/proc/{found[0]}/fd") if int(fd) > 2]
                self.assertEqual([name for name in names if name not in ("socket", "anon_inode")], [])

    def test_spins(self):
        self.flood("spin", messages=300)

    def test_without_its_keeper(self):
        with Weir(stage()) as weir:
            Flood(weir, 10, None, sessions=1).run()
            first = keeper(weir)
            os.kill(first, signal.SIGKILL)
            flood = Flood(weir, 10, None, sessions=1).run()
            self.assertEqual([reply[:5] for reply in flood.replies.values()], [b"250 2"] * 10)
            eventually(lambda: keeper(weir) not in (None, first), what="another keeper")
            # One does the work, and three are kept ready after the trouble.
            eventually(lambda: len(workers(weir)) == 4, what="four workers")

    def test_a_hang_is_noticed_in_time(self):
        with Weir(stage()) as weir, greeted(weir.port) as session:
            do(session, "nothing")
            begin = time.monotonic()
            self.assertRegex(do(session, "hang"), "^451 4.7.1")
            self.assertGreaterEqual(time.monotonic() - begin, 1.0)


class WorkersOverAReload(Case):
    def test_the_old_ones_go_with_their_sessions(self):
        weir = self.weir(stage().replace("timeout = 1s", "timeout = 3s"))
        secret = os.path.join(weir.folder, "file")
        with open(secret, "w") as file:
            file.write("for the plugin")
        os.chmod(secret, 0o644)
        old, hanging = greeted(weir.port), greeted(weir.port)
        self.assertNotIn(" file", do(old, "break"))
        said = []
        thread = threading.Thread(target=lambda: said.append(do(hanging, "hang")))
        thread.start()
        eventually(lambda: len(workers(weir)) > 1, what="another worker beside the one that hangs")
        before = set(workers(weir))

        weir.write_config(stage(f"  file = {secret}\n"))
        done = weir.run("reload")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(said, [], "the reload waits for no call")
        with greeted(weir.port) as new:
            self.assertIn(" file", do(new, "break"))
        # Each generation has its own options as long as it has sessions.
        self.assertNotIn(" file", do(old, "break"))
        thread.join()
        self.assertRegex(said[0], "^451 4.7.1")
        self.assertTrue(before & set(workers(weir)))

        for session in (old, hanging):
            session.say("QUIT")
            session.close()
        eventually(lambda: not before & set(workers(weir)), what="the end of the old generation's workers")
        eventually(lambda: len(workers(weir)) == 1, what="one worker, of the new generation")
        with greeted(weir.port) as new:
            self.assertIn(" file", do(new, "break"))

    def test_messages_all_the_while(self):
        weir = self.weir(stage())
        flood = Flood(weir, 400, "crash", sessions=20)
        thread = threading.Thread(target=flood.run)
        thread.start()
        for _ in range(3):
            done = weir.run("reload")
            self.assertEqual(done.returncode, 0, done.stderr)
        thread.join()
        WorkerTests.judge(self, flood)
        eventually(lambda: len(workers(weir)) <= 2, what="the end of the old generations' workers")


@unittest.skipUnless(IS_ROOT, "has processes of several users")
class WorkersOfTheirOwnUser(Case):
    USER = "daemon"

    def rooted(self, settings):
        weir = Weir(root=True)
        self.addCleanup(self._end, weir)
        plugin = os.path.join(weir.folder, "trouble.so")
        shutil.copy(PLUGIN, plugin)
        os.chmod(plugin, 0o644)
        weir.write_config("mail_owner = nobody\n" + settings + stage(plugin=plugin))
        return weir

    def test_they_run_as_that_user(self):
        weir = self.rooted(f"worker_user = {self.USER}\n").start()
        uid = pwd.getpwnam(self.USER).pw_uid
        flood = Flood(weir, 100, "hang", sessions=10, each=50).run()
        WorkerTests.judge(self, flood)
        self.assertEqual({user_of(pid) for pid in workers(weir)}, {uid})
        self.assertEqual(user_of(keeper(weir)), uid)
        self.assertEqual(user_of(weir.child("mta")), pwd.getpwnam("nobody").pw_uid)
        # What hung is dead, though the mta may not signal it.
        eventually(lambda: len(workers(weir)) <= 4, what="the end of what hung")
        # The keeper has no rights but its user's, and does not go on without the mta's word.
        with open(f"/proc/{keeper(weir)}/status") as file:
            capabilities = [line.split()[1] for line in file if line.startswith(("CapPrm", "CapEff"))]
        self.assertEqual([int(each, 16) for each in capabilities], [0, 0])

        os.kill(weir.child("mta"), signal.SIGKILL)
        before = set(workers(weir))
        eventually(lambda: not before & set(workers(weir)), what="the end of the workers of an mta that died")
        eventually(weir.banner, what="another mta")
        with greeted(weir.port) as session:
            self.assertRegex(do(session, "nothing"), "^250 ")
        done = weir.run("reload")
        self.assertEqual(done.returncode, 0, done.stderr)
        with greeted(weir.port) as session:
            self.assertRegex(do(session, "crash"), "^451 ")
            self.assertRegex(do(session, "nothing"), "^250 ")
        self.assertEqual({user_of(pid) for pid in workers(weir)}, {uid})

    def with_a_table(self, settings):
        weir = self.rooted("")
        plugin, cf = os.path.join(weir.folder, "table.so"), os.path.join(weir.folder, "t.cf")
        shutil.copy(PLUGIN.replace("trouble", "table"), plugin)
        with open(cf, "w") as file:
            file.write(f"plugin = {plugin}\ndepth = 1\n")
        for path in (plugin, cf):
            os.chmod(path, 0o644)
        weir.write_config(f"mail_owner = nobody\n{settings}mydestination = here.test\nlocal_recipient_maps = table:{cf}\n")
        return weir.start()

    def test_tables_of_the_mta_and_of_the_mailbox_process(self):
        weir = self.with_a_table(f"worker_user = {self.USER}\n")
        uid = pwd.getpwnam(self.USER).pw_uid
        eventually(lambda: len(workers(weir)) == 2, what="a worker of each process")
        with greeted(weir.port) as session:
            session.say("MAIL FROM:<a@example.net>")
            self.assertRegex(session.say("RCPT TO:<one@here.test>"), "^250 ")
            self.assertRegex(session.say("RCPT TO:<other@here.test>"), "^550 ")
        self.assertEqual({user_of(pid) for pid in workers(weir)}, {uid})
        done = weir.run("reload")
        self.assertEqual(done.returncode, 0, done.stderr)
        eventually(lambda: len(workers(weir)) == 2, what="the workers of the new generation alone")
        self.assertEqual({user_of(pid) for pid in workers(weir)}, {uid})
        os.kill(weir.child("mailbox"), signal.SIGKILL)
        before = set(workers(weir))
        eventually(lambda: len(workers(weir)) == 2 and set(workers(weir)) != before, what="another mailbox process and its worker")
        self.assertEqual({user_of(pid) for pid in workers(weir)}, {uid})

    def test_no_such_user(self):
        weir = self.rooted("worker_user = weir-nobody-knows\n")
        weir.start(wait=False)
        self.assertNotEqual(weir.process.wait(20), 0)
        self.assertIn("worker_user = weir-nobody-knows: there is no such user", weir.log_text())
        weir.process = None

    def test_the_default_need_not_be_there(self):
        try:
            expected = pwd.getpwnam("weir-worker")
        except KeyError:
            expected = None
        weir = self.rooted("").start()
        with greeted(weir.port) as session:
            self.assertRegex(do(session, "nothing"), "^250 ")
        self.assertEqual({user_of(pid) for pid in workers(weir)}, {(expected or pwd.getpwnam("nobody")).pw_uid})
        self.assertEqual("there is no user weir-worker (worker_user)" in weir.log_text(), expected is None)
        # It is said for tables, too.
        self.assertEqual("there is no user weir-worker (worker_user)" in self.with_a_table("").log_text(), expected is None)


if __name__ == "__main__":
    unittest.main()
