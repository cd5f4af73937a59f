# SPDX-License-Identifier: Apache-2.0
"""`weir reload`: another configuration for whoever comes, and nothing lost for whoever is there."""
import os
import select
import signal
import socket
import subprocess
import time
import unittest

import test_durability
import test_service
import test_system_users
from harness import IS_ROOT, ROOT, Case, Session, Weir, children, command_line, eventually, free_port, peer

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

    def test_everything_is_checked(self):
        weir = self.weir()
        before = self.processes(weir)
        for name, content, settings, words in [
            ("key.pem", "nothing", "smtpd_tls_cert_file = {0}\nsmtpd_tls_key_file = {0}", "no private key in it"),
            ("networks", "10.0.0.0/8 OK\n10.0.0.1/8 REJECT\n", "smtpd_client_restrictions = check_client_access cidr:{0}", ":2:"),
        ]:
            path = os.path.join(weir.folder, name)
            with open(path, "w") as file:
                file.write(content)
            os.chmod(path, 0o644)
            weir.write_config(settings.format(path))
            text = self.reload(weir, status=78)
            self.assertIn(f"{path}{words}" if words.startswith(":") else words, text)
            self.assertIn(text.splitlines()[0], weir.run("check").stdout)
        self.assertEqual(self.processes(weir), before)
        self.delivers(weir)

    def test_a_table_that_has_changed(self):
        weir = Weir()
        self.addCleanup(self._end, weir)
        table = os.path.join(weir.folder, "recipients")
        settings = f"smtpd_recipient_restrictions = check_recipient_access inline:{{{{bob@weir.test = REJECT}}}}, check_recipient_access texthash:{table}\n"
        for action in ("OK", "REJECT not today"):
            with open(table, "w") as file:
                file.write(f"{ALICE} {action}\n")
            os.chmod(table, 0o644)
            if action == "OK":
                weir.write_config(settings.replace("{{", "{").replace("}}", "}"))
                weir.start()
                continue
            with Session(weir.port) as old:
                old.say("EHLO a.example")
                self.reload(weir)
                with Session(weir.port) as new:
                    new.say("EHLO a.example")
                    self.assertRegex(old.send("s@example.org", [ALICE], TEXT), "^250 ")
                    self.assertIn("not today", new.send("s@example.org", [ALICE], TEXT))

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

    def test_a_unix_socket(self):
        weir = self.weir()
        path = os.path.join(weir.data, "mail.sock")
        block = "listener unix {{\n  address = unix:{0}\n  mode = 0{1}\n}}\n"
        for mode in ("600", "666"):
            weir.write_config(block.format(path, mode))
            self.reload(weir)
            self.assertEqual(f"{os.stat(path).st_mode & 0o777:o}", mode)
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(path)
                self.assertIn(b"220 ", client.recv(200))
        inode = os.stat(path).st_ino
        self.reload(weir)
        self.assertEqual(os.stat(path).st_ino, inode)
        weir.write_config("")
        self.reload(weir)
        self.assertFalse(os.path.exists(path))

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


class ManySessions(ReloadCase):
    COUNT = 1000
    #: What was said before the reload and what is left to be said after it, by turns.
    POINTS = [
        ([], ["EHLO a.example", "MAIL FROM:<s@example.org>", f"RCPT TO:<{ALICE}>", "DATA", f"X-Number: %d\r\n\r\ntext\r\n.", "QUIT"]),
        (["EHLO a.example"], ["MAIL FROM:<s@example.org>", f"RCPT TO:<{ALICE}>", "DATA", "X-Number: %d\r\n\r\ntext\r\n.", "QUIT"]),
        (["EHLO a.example", "MAIL FROM:<s@example.org>"], [f"RCPT TO:<{ALICE}>", "DATA", "X-Number: %d\r\n\r\ntext\r\n.", "QUIT"]),
        (["EHLO a.example", "MAIL FROM:<s@example.org>", f"RCPT TO:<{ALICE}>"], ["DATA", "X-Number: %d\r\n\r\ntext\r\n.", "QUIT"]),
        (["EHLO a.example", "MAIL FROM:<s@example.org>", f"RCPT TO:<{ALICE}>", "DATA"], ["X-Number: %d\r\n\r\ntext\r\n.", "QUIT"]),
    ]

    def begin(self, weir):
        sessions = []
        for number in range(self.COUNT):
            session = Session(weir.port, seconds=60)
            self.addCleanup(session.close)
            before, after = self.POINTS[number % len(self.POINTS)]
            for line in before:
                session.say(line)
            # In the middle of the content, of a line even.
            if before[-1:] == ["DATA"]:
                session.raw(b"Subject: ha")
                after = ["lf\r\n" + after[0], *after[1:]]
            sessions.append((session, number, after))
        return sessions

    def test_each_finishes_its_transaction(self):
        weir = self.weir("smtpd_client_connection_count_limit = 0\nsmtpd_client_connection_rate_limit = 0\nsmtpd_timeout = 100s")
        sessions = self.begin(weir)
        self.reload(weir)
        for session, number, after in sessions:
            replies = [session.say(line.replace("%d", str(number))) for line in after]
            self.assertRegex(replies[-2], "^250 2.0.0 Ok: queued", (number, replies))
            self.assertRegex(replies[-1], "^221", (number, replies))
        eventually(lambda: len(self.processes(weir)) == 1, 30, "the end of the old generation")
        eventually(lambda: len(weir.files()) == self.COUNT, 30, "every message")
        self.assertEqual(set(test_durability.numbers(weir).values()), {1})
        self.assertEqual(len(test_durability.numbers(weir)), self.COUNT)


class UnderLoad(ReloadCase):
    is_empty = test_durability.Crashes.is_empty

    def load(self, weir, **options):
        load = test_durability.Load(weir.port, **options)
        self.addCleanup(load.stop)
        return load

    def assertDeliveredOnce(self, weir, load):
        test_durability.Crashes.assertDeliveredOnce(self, weir, load)
        self.assertEqual(sum(test_durability.numbers(weir).values()), len(load.accepted))

    def test_twenty_reloads(self):
        weir = self.weir()
        load = self.load(weir, pause=0.01)
        for number in range(20):
            weir.write_config(f"smtpd_banner = $myhostname number {number}")
            self.reload(weir)
        load.stop()
        self.assertEqual((load.refused, load.broken), ([], 0))
        self.assertGreater(len(load.accepted), 100)
        self.assertDeliveredOnce(weir, load)
        eventually(lambda: len(self.processes(weir)) == 1, 30, "the end of the old generations")

    def test_smtp_source(self):
        """Sessions of another program, which ends at the first thing that goes wrong."""
        source, environment = peer("smtp-source")
        weir = self.weir("smtpd_client_connection_count_limit = 0")
        with subprocess.Popen(
                [source, "-s", "10", "-m", "1000", "-l", "2000", "-f", "s@example.org", "-t", ALICE, f"127.0.0.1:{weir.port}"],
                env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
            reloads = 0
            while running.poll() is None:
                self.reload(weir)
                reloads += 1
            self.assertEqual((running.returncode, running.stdout.read()), (0, ""))
        self.assertGreater(reloads, 1)
        eventually(lambda: len(weir.files()) >= 1000, 30, "every message")
        eventually(lambda: self.is_empty(weir), 20, "an empty queue")
        self.assertEqual(len(weir.files()), 1000)

    def test_whatever_dies(self):
        """Processes of every generation are killed while others take their place."""
        weir = self.weir("spool_crash_limit = 100")
        load = self.load(weir)
        for number in range(8):
            load.wait_for(20 * (number + 1))
            self.reload(weir) if number % 2 == 0 else weir.process.send_signal(signal.SIGHUP)
            time.sleep(0.05 * (number % 3))
            for pid in sorted(self.processes(weir))[: 1 + number % 2]:
                os.kill(pid, signal.SIGKILL)
        load.stop()
        test_durability.Crashes.assertDeliveredOnce(self, weir, load)


class Lanes(ReloadCase):
    """There is no relaying yet: mail for elsewhere waits in the queue."""

    def queue_one(self, session, name):
        reply = session.send("sender@example.org", [f"{name}@example.net"], f"Subject: {name}\n\ntext")
        self.assertRegex(reply, "^250 ")
        return reply.split()[-1]

    def test_the_queue_of_two_generations(self):
        # What cannot be delivered stays.
        weir = self.weir("soft_bounce = yes")
        with Session(weir.port) as old:
            old.say("EHLO a.example")
            names = [self.queue_one(old, "before")]
            self.reload(weir)
            with Session(weir.port) as new:
                new.say("EHLO a.example")
                names.append(self.queue_one(new, "second"))
                names.append(self.queue_one(old, "third"))
            listed = weir.run("queue", "list").stdout.splitlines()
            # Below a message stands why it waits.
            self.assertEqual([line.split()[0] for line in listed if not line.startswith(" ")], ["ID", *names, "3"])
            self.assertEqual(listed[-1], "3 messages")
            for name in names:
                self.assertIn("Subject: ", weir.run("queue", "cat", name).stdout)
                self.assertEqual(weir.run("queue", "release", name).returncode, 0)
            self.assertEqual(weir.run("queue", "delete", names[2]).returncode, 0)
        # What the old one has left is adopted.
        eventually(lambda: "what is left is delivered from here" in weir.log_text(), 20, "the adoption")
        eventually(lambda: weir.run("queue", "list").stdout.count("example.net") == 2, 10, "the list")
        tries = lambda: weir.log_text().count(f"{names[0]}: to=<")
        before = tries()
        eventually(lambda: weir.run("queue", "release", names[0]).returncode == 0, 10, "the release")
        eventually(lambda: tries() > before, 10, "another try")
        # Handed on to the next generation, and to the one after that.
        for number in range(2):
            self.reload(weir)
            eventually(lambda: weir.log_text().count("what is left is delivered from here") >= 2 + number, 20, "the adoption")
        weir.stop()
        self.assertIn("2 messages", weir.run("queue", "list").stdout)
        weir.start()
        eventually(lambda: "2 messages" in weir.run("queue", "list").stdout, 10, "the list")
        self.assertIn("2 messages deleted", weir.run("queue", "delete", "ALL").stdout)
        eventually(lambda: "queue is empty" in weir.run("queue", "list").stdout, 10, "an empty queue")

    def test_a_draining_process_that_is_killed(self):
        # What cannot be delivered stays.
        weir = self.weir("soft_bounce = yes")
        with Session(weir.port) as session:
            session.say("EHLO a.example")
            first = weir.child("mta")
            self.reload(weir)
            name = self.queue_one(session, "left")
            os.kill(first, signal.SIGKILL)
            eventually(lambda: "what is left is delivered from here" in weir.log_text(), 20, "the adoption")
        self.assertIn("process", weir.log_text())
        eventually(lambda: name in weir.run("queue", "list").stdout, 10, "the list")
        self.assertEqual(len(self.processes(weir)), 1)

    def test_events_go_on(self):
        weir = self.weir()
        reader = subprocess.Popen(weir.command("events"), stdout=subprocess.PIPE, text=True, **weir.identity())
        self.addCleanup(reader.wait)
        self.addCleanup(reader.kill)
        text = ""
        os.set_blocking(reader.stdout.fileno(), False)

        def heard(words):
            nonlocal text
            while select.select([reader.stdout], [], [], 0)[0] and (chunk := os.read(reader.stdout.fileno(), 65536)):
                text += chunk.decode()
            return words in text

        for _ in range(2):
            newest = max(self.processes(weir))
            eventually(lambda: (Session(weir.port).close(), heard(f"/smtpd[{newest}]: connect from"))[1], 20, "a connection")
            self.reload(weir)
        weir.stop()
        self.assertEqual(reader.wait(10), 0)


class Service(ReloadCase):
    def test_the_service_manager_is_told(self):
        weir = Weir()
        self.addCleanup(self._end, weir)
        manager = test_service.Manager(weir.folder)
        self.addCleanup(manager.close)
        weir.environment["NOTIFY_SOCKET"] = manager.path
        weir.start()
        eventually(lambda: manager.hears("READY=1"), 10, "READY=1")
        manager.heard.clear()
        before = time.monotonic_ns() // 1000
        self.reload(weir)
        eventually(lambda: manager.hears("READY=1"), 10, "READY=1")
        heard = [line for line in manager.heard if line != "WATCHDOG=1"]
        self.assertEqual(heard[0], "RELOADING=1")
        self.assertTrue(before <= int(heard[1].removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000, heard)
        self.assertLess(heard.index("RELOADING=1"), heard.index("READY=1"))
        manager.heard.clear()
        weir.write_config("nonsense = 1")
        weir.process.send_signal(signal.SIGHUP)
        eventually(lambda: manager.hears("READY=1"), 10, "READY=1 after a refusal")

    def test_a_socket_of_the_service_manager_is_kept(self):
        weir = Weir()
        self.addCleanup(self._end, weir)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            inherited = listening.fileno()
            weir.descriptors = (inherited,)
            weir.environment.update(LISTEN_FDS="1", LISTEN_FDNAMES="smtp")
            plain = weir.run_command()
            weir.run_command = lambda: ["bash", "-c", f'LISTEN_PID=$$ exec "$@" 3<&{inherited}', "bash", *plain]
            weir.port = listening.getsockname()[1]
            weir.start()
            for number in range(2):
                text = open(weir.config).read()
                with open(weir.config, "w") as file:
                    file.write(text + f"smtpd_banner = $myhostname number {number}\n")
                self.reload(weir)
                self.assertIn(f"number {number}".encode(), weir.banner())


@unittest.skipUnless(IS_ROOT, "starts as root")
class AsRoot(ReloadCase):
    SETTINGS = test_system_users.SystemUsers.SETTINGS

    def test_mail_for_users_of_the_system(self):
        user = test_system_users.User(f"weirt{os.getpid() % 100000}n9")
        self.addCleanup(user.remove)
        weir = self.weir(self.SETTINGS, root=True)
        with Session(weir.port) as old:
            old.say("EHLO a.example")
            for number in range(1, 4):
                self.reload(weir)
                with Session(weir.port) as new:
                    new.say("EHLO a.example")
                    for session in (old, new):
                        self.assertRegex(session.send("s@example.org", [f"{user.name}@weir-users.test"], TEXT), "^250 ")
                eventually(lambda: len(user.files()) == 2 * number, 20, f"{2 * number} messages")
        eventually(lambda: len(self.processes(weir)) == 1 and len(self.processes(weir, "mailbox")) == 1, 20, "the end of the old generations")
        eventually(lambda: "queue is empty" in weir.run("queue", "list").stdout, 20, "an empty queue")

    def test_who_may(self):
        weir = self.weir(self.SETTINGS, root=True)
        done = subprocess.run(weir.command("reload"), capture_output=True, text=True, timeout=30, user="nobody", cwd="/")
        self.assertEqual(done.returncode, 0, done.stderr)
        # Whoever gets as far as the socket all the same is not heard.
        os.chmod(f"{weir.data}/queue/master", 0o666)
        for folder in (weir.data, f"{weir.data}/queue"):
            os.chmod(folder, 0o755)
        other = subprocess.run(weir.command("reload"), capture_output=True, text=True, timeout=30, user="daemon", cwd="/")
        self.assertEqual(other.returncode, 69)
        self.assertEqual(weir.log_text().count("serves, generation"), 1)

    def test_the_owner_cannot_change(self):
        weir = self.weir(self.SETTINGS, root=True)
        weir.write_config(self.SETTINGS.replace("mail_owner = nobody", "mail_owner = daemon"))
        self.assertIn("mail_owner cannot change from nobody to daemon while Weir runs", self.reload(weir, status=78))
        self.delivers(weir)
        weir.message()


class Plugins(ReloadCase):
    #: A stage that refuses every message with a Subject; what its create does comes from the command line.
    SOURCE = r"""
#include <stdlib.h>
#include <weir/easy.h>
#include <weir/stage.h>
struct self { const weir_host *host; const weir_message *message; };
static void *create(const weir_host *host, const weir_pair *options, uint64_t n, uint64_t *events, char *err, uint64_t err_size) {
   struct self *self = calloc(1, sizeof *self);
   (void)options; (void)n; (void)events;
   CREATE;
   self->host = host;
   self->message = host->extension(host, WEIR_MESSAGE);
   return self;
}
static int32_t on_event(void *me, weir_ctx *ctx, const weir_event *event) {
   struct self *self = me;
   if (!weir_ieq(event->name, "Subject")) return WEIR_CONTINUE;
   return self->message->reply(self->host, ctx->id, 550, "5.7.1", weir_s(WORDS));
}
static const weir_component component = {
   .size = sizeof component, .kind = WEIR_STAGE, .name = "words", .help = "refuses", .events = WEIR_BIT(WEIR_EV_HEADER),
   .caps = WEIR_CAP_REJECT, .create = create, .destroy = free, .on_event = on_event};
static const weir_component *const components[] = {&component};
static const weir_plugin plugin = {.magic = WEIR_MAGIC, .size = sizeof plugin, .abi = WEIR_ABI, .abi_min = WEIR_ABI,
   .id = "org.example.words", .version = "1", .components = components, .n_components = 1};
const weir_plugin *weir_plugin_v0(void) { return &plugin; }
"""

    def build(self, weir, words, create="(void)0"):
        """A new file in the place of the old one."""
        path = os.path.join(weir.folder, "words.so")
        with open(f"{path}.c", "w") as file:
            file.write(self.SOURCE)
        subprocess.run(
            ["cc", "-shared", "-fPIC", f"-I{ROOT}/include", f'-DWORDS="{words}"', f"-DCREATE={create}", f"{path}.c", "-o", f"{path}.new"],
            check=True, timeout=60)
        os.chmod(f"{path}.new", 0o755)
        os.rename(f"{path}.new", path)
        return path

    def verdict(self, session):
        if not hasattr(session, "is_greeted"):
            session.say("EHLO a.example")
            session.is_greeted = True
        return session.send("s@example.org", [ALICE], TEXT)

    def test_a_plugin_that_was_replaced(self):
        weir = Weir()
        self.addCleanup(self._end, weir)
        path = self.build(weir, "the first")
        weir.write_config(f"stage words {{\n  plugin = {path}\n  mode = inprocess\n}}")
        weir.start()
        before = self.processes(weir)
        with Session(weir.port) as old:
            self.assertIn("the first", self.verdict(old))
            # What dies in its create dies in the check, and in no other process.
            self.build(weir, "the deadly", "abort()")
            text = self.reload(weir, status=78)
            self.assertRegex(text, r"weir.conf:\d+:\d+: error: the process that tried .*words.so died of signal 6")
            self.build(weir, "the unwilling", '{ snprintf(err, err_size, "not today"); return NULL; }')
            self.assertIn("not today", self.reload(weir, status=78))
            self.assertEqual(self.processes(weir), before)
            with Session(weir.port) as another:
                self.assertIn("the first", self.verdict(another))
            self.build(weir, "the second")
            self.reload(weir)
            with Session(weir.port) as new:
                self.assertIn("the second", self.verdict(new))
                self.assertIn("the first", self.verdict(old))
        self.assertEqual(weir.files(), [])
