# SPDX-License-Identifier: Apache-2.0
"""The subcommands: check, config, queue, version, help."""
import os
import shutil
import signal
import subprocess
import tempfile

from harness import IS_ROOT, Case, Session, eventually


def weir(*arguments, **options):
    return subprocess.run([os.environ["WEIR_BIN"], *arguments], capture_output=True, text=True, timeout=30, **options)


class Check(Case):
    def check(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
            file.write(text)
            file.flush()
            result = weir("check", "--config", file.name)
            return result.returncode, (result.stdout + result.stderr).replace(file.name, "weir.conf")

    def test_good(self):
        status, output = self.check("myhostname = mx.example.org\nmynetworks = 127.0.0.0/8\n")
        self.assertEqual(status, 0, output)

    def test_misspelt_name(self):
        status, output = self.check("myhostname = mx.example.org\nmynetwork = 127.0.0.0/8\n")
        self.assertNotEqual(status, 0)
        self.assertIn("weir.conf:2:1:", output)
        self.assertIn("mynetworks", output)

    def test_every_error_at_once(self):
        status, output = self.check("home_directory = Maildir/\nmessage_size_limit = many\ninet interfaces = all\n")
        self.assertNotEqual(status, 0)
        for line in (1, 2, 3):
            self.assertIn(f"weir.conf:{line}:", output)
        self.assertIn("home_mailbox", output)

    def test_missing_file(self):
        result = weir("check", "--config", "/nonexistent/weir.conf")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("/nonexistent/weir.conf", result.stdout + result.stderr)

    def test_the_embedded_default_is_good(self):
        result = weir("check")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)


class Words(Case):
    def test_version(self):
        result = weir("version")
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stdout, r"(?i)^weir \d+\.\d+")

    def test_help(self):
        for word in ("help", "--help"):
            result = weir(word)
            self.assertEqual(result.returncode, 0)
            for name in ("run", "check", "config", "queue"):
                self.assertIn(name, result.stdout)

    def test_unknown_word(self):
        result = weir("chekc")
        self.assertEqual(result.returncode, 64)
        self.assertIn("check", result.stdout + result.stderr)

    def test_config(self):
        result = weir("config")
        self.assertEqual(result.returncode, 0)
        self.assertIn("message_size_limit = 10240000", result.stdout)


class QueueCommands(Case):
    """A message for a host that nobody knows waits in the queue."""

    def queued(self):
        daemon = self.weir("soft_bounce = yes")
        with Session(daemon.port) as session:
            session.say("EHLO a.example")
            reply = session.send("sender@example.org", ["far@example.net"], "Subject: waits\n\na body to see")
        self.assertTrue(reply.startswith("250 "), reply)
        eventually(lambda: "status=deferred" in daemon.log_text(), 20, "the first try")
        return daemon, reply.split()[-1]

    def commands(self, daemon, identifier):
        listed = daemon.run("queue", "list")
        self.assertEqual(listed.returncode, 0, listed.stderr)
        for text in (identifier, "sender@example.org", "far@example.net"):
            self.assertIn(text, listed.stdout)
        shown = daemon.run("queue", "show", identifier)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("far@example.net", shown.stdout)
        content = daemon.run("queue", "cat", identifier)
        self.assertIn("Subject: waits\n", content.stdout)
        self.assertTrue(content.stdout.endswith("\n\na body to see\n"), content.stdout)
        self.assertNotEqual(daemon.run("queue", "show", "0000NOSUCH").returncode, 0)

    def delete(self, daemon, identifier):
        deleted = daemon.run("queue", "delete", identifier)
        self.assertEqual(deleted.returncode, 0, deleted.stderr)
        eventually(lambda: identifier not in daemon.run("queue", "list").stdout, 10, "its end")

    def test_with_the_daemon_up(self):
        daemon, identifier = self.queued()
        self.commands(daemon, identifier)
        self.delete(daemon, identifier)

    def test_release_tries_again_at_once(self):
        daemon, identifier = self.queued()
        tries = lambda: daemon.log_text().count(f"{identifier}: to=<")
        eventually(lambda: daemon.run("queue", "release", identifier).returncode == 0, 10, "the release")
        eventually(lambda: tries() == 2, 10, "the second try")
        self.assertEqual(daemon.run("queue", "release", "4jWd00000Cz0").returncode, 66)

    def test_with_the_daemon_down(self):
        daemon, identifier = self.queued()
        daemon.stop()
        self.commands(daemon, identifier)
        self.delete(daemon, identifier)
        daemon.start()
        self.assertNotIn(identifier, daemon.run("queue", "list").stdout)

    def test_a_waiting_message_outlives_a_restart(self):
        daemon, identifier = self.queued()
        daemon.stop()
        daemon.start()
        self.assertIn(identifier, daemon.run("queue", "list").stdout)


class Demo(Case):
    """`weir run` alone: the embedded demo, its data in one folder, on its well-known port."""

    def test_the_demo_prints_the_next_line(self):
        folder = tempfile.mkdtemp(prefix="weir-demo-")
        self.addCleanup(shutil.rmtree, folder)
        os.chmod(folder, 0o777)
        command = [os.environ["WEIR_BIN"], "run", "--data", os.path.join(folder, "data")]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder, user="nobody" if IS_ROOT else None)
        try:
            seen = []
            for line in iter(process.stdout.readline, ""):
                seen.append(line)
                if "swaks" in line or "curl" in line:
                    break
            hint = seen[-1]
            self.assertIn("2525", hint, "".join(seen))
            self.assertIn("alice@demo.test", hint)
        finally:
            process.send_signal(signal.SIGINT)
            rest, _ = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 0, rest)
