# SPDX-License-Identifier: Apache-2.0
"""The torture plugin, in process and in a worker: each deed costs its own message at most, and no deed the mta."""
import json
import os
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor

from harness import Case, Session, children, command_line, eventually
from test_stages import PLUGINS, stage

TORTURE = os.path.join(PLUGINS, "tests/torture.so")
PLAIN = "torture"

# How a deed ends: `at` which event it is done, with which further options; what the client is told of the message; what the plugin says that it was told.
Deed = namedtuple("Deed", "at options reply told")
FINE, FAILED = "250", "451 4.7.1"

# Both ways, with the same outcome.
DEEDS = {
    "nothing": Deed("all", "", FINE, None),
    "refuse": Deed("EOM", "", "550 5.7.1 Command rejected", None),
    "reply": Deed("HEADER", "", "550 5.7.1 tortured", None),
    "slow": Deed("EOM", "ms = 20ms", FINE, None),
    "never": Deed("EOM", "", FAILED, None),
    "twice": Deed("EOM", "", FINE, "second: -5"),
    "late": Deed("EOM", "ms = 1300ms", FAILED, None),
    "thread": Deed("EOM", "", FINE, "complete from a thread: -6"),
    "post": Deed("EOM", "", FINE, "complete: 0"),
    "post_late": Deed("EOM", "ms = 1300ms", FAILED, "late post: -5"),
    "complete_now": Deed("EOM", "", FINE, "complete_now: -5"),
    "complete_then_pend": Deed("EOM", "", FAILED, "complete_then_pend: -5"),
    "stale_reply": Deed("HEADER", "", FINE, None),
    "forged_id": Deed("EOM", "", FINE, "forged_id: -5"),
    "undeclared": Deed("EOM", "", FAILED, "rcpt: -6"),
    "bad_edits": Deed("EOM", "", FAILED, "crlf: -7"),
    "many_edits": Deed("EOM", "", FAILED, "many_edits: -6"),
    "many_requests": Deed("EOM", "", FINE, "many_requests: -2"),
    "null_pointers": Deed("EOM", "", FINE, "header: -7"),
    # What it reads is in its own memory or not: nothing can be promised of that but that the id is stale.
    "keep": Deed("HEADER", "", FINE, "keep: -5"),
    "leak": Deed("all", "", FINE, None),
    "no_verdict": Deed("HEADER", "", FAILED, None),
    "negative_verdict": Deed("HEADER", "", FAILED, None),
    "close_continue": Deed("EOM", "", FAILED, None),
    "fail": Deed("EOM", "", FAILED, None),
    "offload": Deed("EOM", "", FINE, None),
    "offload_hangs": Deed("EOM", "", FAILED, None),
    "flood_log": Deed("EOM", "", FINE, None),
}

# What ends a process, or keeps a thread for good: what a worker is for.
DEADLY = ("crash", "abort", "exit", "hang", "spin", "eat", "recurse", "write_stdout", "close_files")

# What the stage's timeout is for; all else is done long before it.
LATE = ("never", "late", "post_late", "complete_then_pend", "offload_hangs", "hang", "spin", "hang_free")

# So long that another process is started meanwhile.
SLOW = ("t_flood_log", "t_many_edits", "t_many_requests", "t_slow")

# Where else it may crash: callbacks, threads, and the time between.
CALLBACKS = ("crash_later", "crash_dns", "crash_lookup", "crash_post", "crash_thread", "crash_offload", "crash_offloaded")

EVENTS = ("CONNECT", "HELO", "TLS", "MAIL", "RCPT", "DATA", "HEADER", "EOH", "PART_HEADER", "PART", "PART_BODY", "BODY", "EOM", "ABORT", "QUEUED", "DELIVERY",
          "CLOSE")

MULTIPART = "Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\none\n--b--\n"


def host(deed):
    return deed.replace("_", "-") + ".test"


def block(deed, at, *options, mode, component=PLAIN, plugin=TORTURE):
    return stage(f"t_{deed}", plugin, f"component = {component}", f"mode = {mode}", f"when = helo = {host(deed)}", f"timeout = {'1s' if deed in LATE else '10s'}", f"do = {deed}", f"at = {at}", *options)


def send(weir, content, helo):
    with Session(weir.port) as session:
        session.say(f"EHLO {helo}")
        return session.send("a@example.org", ["alice@weir.test"], content)


def rows(weir):
    return {row["stage"]: row for row in json.loads(weir.run("plugins", "--json").stdout)}


class Torture(Case):
    """One daemon for all deeds of a test: it must be the same process at the end."""

    def daemon(self, blocks):
        weir = self.weir("".join(blocks))
        pid = weir.child("mta")
        self.addCleanup(lambda: self.assertEqual(weir.child("mta") if weir.process else pid, pid))
        return weir

    def all_at_once(self, deeds, torture):
        with ThreadPoolExecutor(6) as threads:
            done = {deed: threads.submit(torture, deed) for deed in deeds}
        for deed, result in done.items():
            with self.subTest(deed):
                result.result()

    def torture(self, weir, deed, row):
        reply = send(weir, f"Subject: {deed}\nX-More: field\n\nbody", host(deed))
        self.assertTrue(reply.startswith(row.reply), f"{deed}: {reply}")
        if row.told:
            eventually(lambda: f"t_{deed}: {row.told}" in weir.log_text(), 10, f"{deed}: {row.told}")
        self.assertTrue(send(weir, "Subject: in between\n\nbody", "between.test").startswith("250"), f"after {deed}")

    def judge(self, weir, deeds):
        accepted = sum(row.reply == FINE for row in deeds.values()) + len(deeds)
        self.assertEqual(len(weir.messages(count=accepted)), accepted)
        stages = rows(weir)
        for deed, row in deeds.items():
            self.assertEqual(stages[f"t_{deed}"]["failures"], row.reply == FAILED, deed)
        return stages

    def each(self, mode, component=PLAIN, plugin=TORTURE, left_out=()):
        deeds = {deed: row for deed, row in DEEDS.items() if deed not in left_out}
        weir = self.daemon(block(deed, row.at, row.options, mode=mode, component=component, plugin=plugin) for deed, row in deeds.items())
        pid = weir.child("mta")
        self.all_at_once(deeds, lambda deed: self.torture(weir, deed, deeds[deed]))
        self.assertEqual(weir.child("mta"), pid)
        stages = self.judge(weir, deeds)
        self.assertEqual({name: row["restarts"] for name, row in stages.items() if row["restarts"] and name not in SLOW}, {})
        self.assertEqual([deed for deed, row in stages.items() if row["requests_open"] and deed != "t_offload_hangs"], [])

    def test_in_process(self):
        self.each("inprocess")

    def test_in_a_worker(self):
        self.each("worker")

    def test_blocking(self):
        self.each("inprocess", "torture_blocking", TORTURE.replace("torture.so", "torture_blocking.so"))

    def deadly(self, deeds, at):
        """Each as told by a word in its message, so that the same stage can be asked again."""
        weir = self.daemon(block(deed, at, "word = tortured", "worker_memory = 32M", mode="worker") for deed in deeds)
        pid = weir.child("mta")

        def torture(deed):
            reply = send(weir, "Subject: tortured\n\nbody", host(deed))
            self.assertTrue(reply.startswith(FAILED), f"{deed}: {reply}")
            reply = send(weir, "Subject: fine\n\nbody", host(deed))
            self.assertTrue(reply.startswith("250"), f"after {deed}: {reply}")
        self.all_at_once(deeds, torture)
        self.assertEqual(weir.child("mta"), pid)
        self.assertEqual([str(message["Subject"]) for message in weir.messages(count=len(deeds))], ["fine"] * len(deeds))
        for deed in deeds:
            row = rows(weir)[f"t_{deed}"]
            self.assertEqual((row["failures"], row["state"]), (1, "ok"), deed)
            self.assertGreaterEqual(row["restarts"], 1, deed)

    def test_what_ends_a_process(self):
        self.deadly(DEADLY, "HEADER")

    def test_crashes_in_callbacks(self):
        self.deadly(CALLBACKS, "HEADER")

    def test_states_that_cannot_be_freed(self):
        """The message was answered before: it costs nobody anything."""
        deeds = ("crash_free", "hang_free")
        weir = self.daemon(block(deed, "HEADER", "word = tortured", mode="worker") for deed in deeds)
        for deed in deeds:
            for subject in ("tortured", "fine", "fine"):
                self.assertEqual(send(weir, f"Subject: {subject}\n\nbody", host(deed))[:3], "250", deed)
        weir.messages(count=6)
        eventually(lambda: all(rows(weir)[f"t_{deed}"]["restarts"] >= 1 for deed in deeds), 10, "the next processes")
        self.assertEqual([rows(weir)[f"t_{deed}"]["failures"] for deed in deeds], [0, 0])


class CrashAtEachEvent(Case):
    """Each event once, in a worker: the session that met it goes on, and everybody else's too."""

    REFUSED = {"CONNECT": "banner", "HELO": "EHLO", "MAIL": "MAIL", "RCPT": "RCPT", "DATA": "DATA", "TLS": "TLS"}
    ASKS = EVENTS[:13]

    def test_each_event(self):
        weir = self.weir("smtpd_tls_security_level = may\n" + "".join(
            stage(f"at_{at}", TORTURE, "mode = worker", "do = crash", f"at = {at}", f"when = client.addr = {self.address(at)}") for at in EVENTS))
        pid = weir.child("mta")
        for at in EVENTS:
            with self.subTest(at):
                replies = self.dialogue(weir, at)
                wrong = {word: reply for word, reply in replies.items() if reply[0] not in "23"}
                self.assertEqual(list(wrong), [self.REFUSED.get(at, ".")] if at in self.ASKS else [])
                self.assertTrue(all(reply.startswith(FAILED) for reply in wrong.values()), wrong)
                self.assertEqual(self.dialogue(weir, "nothing")["."][:3], "250")
        self.assertEqual(weir.child("mta"), pid)
        # Those who were not refused, and for each event somebody else: each message once, and none more.
        taken = len(EVENTS) + len(EVENTS) - len(self.ASKS)
        self.assertEqual(len(weir.messages(count=taken)), taken)
        eventually(lambda: all(f"at_{at}: its process died of signal 11 (SIGSEGV) at {at} " in weir.log_text() for at in EVENTS), 10, "each death in the log")
        workers = {pid for pid in children(weir.process.pid) if " worker" in command_line(pid)}
        self.assertGreaterEqual(len(workers), 1)

    @staticmethod
    def address(at):
        return f"127.0.1.{EVENTS.index(at) + 1 if at in EVENTS else 99}"

    def dialogue(self, weir, at):
        """From the banner to QUIT, as far as it goes; for ABORT a message is begun and given up first."""
        replies = {}
        with Session(weir.port, source=self.address(at)) as session:
            replies["banner"] = session.banner
            steps = ["EHLO a.test", "STARTTLS", "EHLO a.test", "MAIL FROM:<a@example.org>", "RCPT TO:<alice@weir.test>", "DATA", "."]
            if at != "TLS":
                del steps[1:3]
            if at == "ABORT":
                steps[1:1] = ["MAIL FROM:<a@example.org>", "RSET"]
            for step in steps if session.banner[0] == "2" else ():
                word = step.split()[0]
                replies[word] = session.say(MULTIPART.replace("\n", "\r\n") + ".") if step == "." else session.say(step)
                if replies[word][0] not in "23":
                    break
                if word == "STARTTLS":
                    session.start_tls()
                    if at == "TLS":
                        replies["TLS"] = session.reply()
                        break
            return replies
