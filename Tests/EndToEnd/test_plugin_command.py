# SPDX-License-Identifier: Apache-2.0
"""`weir plugin check` and `weir plugin run`, on the examples, the broken plugins and the one that tortures."""
import os
import subprocess
import tempfile

from harness import Case

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PLUGINS = os.path.join(ROOT, ".build/plugins")
MESSAGE = "From: a@example.org\nSubject: hello\n folded\n\nFirst line.\nSecond line.\n"


class Plugin(Case):
    @classmethod
    def setUpClass(cls):
        built = subprocess.run([os.path.join(ROOT, "tools/plugins"), "examples", "tests"], capture_output=True, text=True)
        assert built.returncode == 0, built.stdout + built.stderr

    def weir(self, *arguments, status=0):
        done = subprocess.run(
            [os.environ["WEIR_BIN"], "plugin", *arguments], capture_output=True, text=True, timeout=60, cwd=PLUGINS,
            env=dict(os.environ, SWIFT_BACKTRACE="enable=no"))
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def play(self, plugin, *arguments, message=MESSAGE, status=0):
        with tempfile.NamedTemporaryFile("w", suffix=".eml", newline="") as file:
            file.write(message)
            file.flush()
            return self.weir("run", plugin, file.name, *arguments, status=status)


class Check(Plugin):
    def test_says_everything(self):
        self.assertEqual(self.weir("check", "lottery_c.so"), (
            "lottery_c.so: plugin org.example.lottery 1, for this Weir's interface\n"
            "  exports      weir_plugin_v0\n"
            "  stage lottery: refuses lotteries\n"
            "    events     HEADER\n"
            "    may        refuse\n"
            "    reads      -\n"
            "    manners    decoded header fields\n"
            "    option     word = jackpot  string: refuse a message with this word in its Subject\n"
            "create() takes these options\n"))

    def test_a_table(self):
        for name in ("rename_c.so", "rename_swift.so"):
            self.assertEqual(self.weir("check", name, "-o", "pair=old new"), (
                f"{name}: plugin org.example.rename 1, for this Weir's interface\n"
                "  exports      weir_plugin_v0\n"
                "  table rename: other names for some keys\n"
                "    keys       parts of addresses, too, in lower case\n"
                "    manners    -\n"
                "    option     pair = (must be given)  string: a key and its value, with a blank between\n"
                "create() takes these options\n"))
            self.assertIn("create() was not tried", self.weir("check", name))
            self.assertIn(f"{name}: create() failed: pair: expected two words", self.weir("check", name, "-o", "pair=x", status=1))
            self.assertIn("has no option `piar` (did you mean `pair`?)", self.weir("check", name, "-o", "pair=a b", "-o", "piar=x", status=1))
            with tempfile.NamedTemporaryFile("w") as file:
                file.write(f"plugin = {PLUGINS}/{name}\npair = old@example.com new\n")
                file.flush()
                asked = [os.environ["WEIR_BIN"], "map", "query", f"rename:{file.name}"]
                for key, status, answer in (("old@example.com", 0, "new\n"), ("OLD@Example.com", 0, "new\n"), ("other", 1, "")):
                    done = subprocess.run([*asked, key], capture_output=True, text=True, timeout=60)
                    self.assertEqual((done.returncode, done.stdout), (status, answer), done.stderr)

    def test_options(self):
        self.assertIn("create() was not tried", self.weir("check", "domainlist_c.so"))
        self.assertIn("create() takes these options", self.weir("check", "domainlist_c.so", "-o", "zone=dbl.example"))
        self.assertIn("the word is too long", self.weir("check", "lottery_c.so", "-o", "word=" + "x" * 80, status=1))
        self.assertIn("has no option `wrod` (did you mean `word`?)", self.weir("check", "lottery_c.so", "-o", "wrod=x", status=1))

    def test_each_way_to_be_refused(self):
        for name, reason in (
            ("no_symbol", "exports no function weir_plugin_v0"), ("other_major", "it exports weir_plugin_v1"), ("wrong_magic", "magic number"),
            ("size_zero", "descriptor of 0 bytes"), ("abi_major", "ABI major 7"), ("abi_minor", "they must be the same"), ("abi_min", "needs Weir ABI"),
            ("no_on_event", "has no on_event function"), ("no_create", "has no create function"), ("unknown_kind", "is of kind 77"),
            ("undefined_symbol", "undefined symbol: a_function_that_nobody_has"), ("create_fails", "create() failed: the moon is not full"),
            ("create_crashes", "died of signal 6"), ("constructor_crashes", "died of signal 6"), ("constructor_exits", "ended with status 0, on its own"),
        ):
            with self.subTest(name):
                self.assertIn(reason, self.weir("check", f"tests/{name}.so", status=1))

    def test_more_than_one_symbol_is_told(self):
        self.assertIn("it should export weir_plugin_v0 alone", self.weir("check", "tests/null_descriptor.so", status=1) + self.weir("check", self.chatty()))

    def chatty(self):
        path = os.path.join(PLUGINS, "tests/chatty.so")
        source = '#include "plain.h"\nWEIR_EXPORT int another(void); int another(void) { return 1; }\n'
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-x", "c", "-", "-I", f"{ROOT}/include", "-I", f"{ROOT}/plugins/tests", "-o", path], input=source, text=True,
            check=True)
        return path


class Run(Plugin):
    def test_each_event_and_each_verdict(self):
        self.assertEqual(self.play("lottery_c.so", "-o", "word=HELLO"), (
            "HEADER From: a@example.org\n  -> CONTINUE\n"
            "HEADER Subject: hello folded\n  reply  550 5.7.1 No lotteries, please\n  -> REJECT\n"
            "refused at HEADER: 550 5.7.1 No lotteries, please\n"))

    def test_what_takes_time(self):
        for language in ("c", "swift"):
            said = self.play(f"domainlist_{language}.so", "-o", "zone=dbl", "--from", "x@bad.example", "--answer", "bad.example.dbl=listed")
            self.assertEqual(said, (
                "MAIL x@bad.example\n  ... pending\n  asked  the DNS for bad.example.dbl, type 16: listed\n"
                "  reply  550 5.7.1 listed\n  -> REJECT\nrefused at MAIL: 550 5.7.1 listed\n"))
            self.assertTrue(self.play(f"domainlist_{language}.so", "-o", "zone=dbl").endswith("-> CONTINUE\naccepted\n"))

    def torture(self, deed, *more):
        return self.play("tests/torture.so", "-o", f"do={deed}", "-o", "word=hello", "--timeout", "1", *more)

    def test_torture(self):
        for deed, wanted in (
            ("twice", ["first: 0", "second: -5", "-> CONTINUE", "accepted"]),
            ("thread", ["complete from a thread: -6", "reply from a thread: -6", "complete: 0", "accepted"]),
            ("post", ["complete: 0", "accepted"]),
            ("never", ["FAILED: did not answer in time"]),
            ("complete_now", ["complete_now: -5", "accepted"]),
            ("complete_then_pend", ["complete_then_pend: -5", "FAILED: did not answer in time"]),
            ("forged_id", ["forged_id: -5", "zero id: -5", "accepted"]),
            ("stale_reply", ["reply: -5", "accepted"]),
            ("undeclared", ["rcpt: -6", "sender: -6", "body: -6", "route: -6", "content: -6", "get: -6", "set: -6", "FAILED: tried something"]),
            ("null_pointers", ["header: -7", "get: -7", "lookup: -7", "timer: -7", "offload: -7", "accepted"]),
            ("no_verdict", ["FAILED: answered 4711"]),
            ("negative_verdict", ["FAILED: answered -6"]),
            ("close_continue", ["FAILED: answered 256"]),
            ("fail", ["FAILED: reported a failure of its own"]),
            ("bad_edits", ["crlf: -7", "name: -7", "no name: -7", "op: -7", "ref: 0", "code: -7", "text: -7", "FAILED: made an edit that cannot be made"]),
            ("many_edits", ["many_edits: -6", "FAILED"]),
            ("many_requests", ["many_requests: -2"]),
        ):
            with self.subTest(deed):
                said = self.torture(deed)
                place = 0
                for part in wanted:
                    self.assertIn(part, said[place:], said[-2000:])
                    place = said.index(part, place) + len(part)

    def test_every_event_in_its_order(self):
        said = self.play("tests/torture.so", "-o", "at=all", "--to", "b@example.net", "--to", "c@example.net")
        events = [line.split()[0] for line in said.splitlines() if not line.startswith(" ")]
        self.assertEqual(events, [
            "CONNECT", "HELO", "MAIL", "RCPT", "RCPT", "DATA", "HEADER", "HEADER", "EOH", "PART", "PART_BODY", "BODY", "EOM", "QUEUED", "CLOSE", "accepted"])

    def test_parts(self):
        message = (
            "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nhello\n"
            "--x\nContent-Type: application/zip; name=a.zip\nContent-Transfer-Encoding: base64\n\naGVsbG8=\n--x--\n")
        said = self.play("tests/torture.so", "-o", "at=all", message=message)
        self.assertEqual([line for line in said.splitlines() if line.startswith("PART")], [
            "PART multipart/mixed",
            "PART_HEADER #1 Content-Type: text/plain", "PART #1 text/plain", "PART_BODY #1 5 bytes from 0",
            "PART_HEADER #2 Content-Type: application/zip; name=a.zip", "PART_HEADER #2 Content-Transfer-Encoding: base64",
            "PART #2 application/zip a.zip", "PART_BODY #2 5 bytes from 0"])

    def test_a_message_with_crlf_is_the_same(self):
        self.assertEqual(
            self.play("tests/torture.so", "-o", "at=all"), self.play("tests/torture.so", "-o", "at=all", message=MESSAGE.replace("\n", "\r\n")))

    def test_refuses_what_makes_no_sense(self):
        self.assertIn("-o needs NAME=VALUE", self.weir("run", "lottery_c.so", "-o", "word", status=64))
        self.assertIn("unexpected '--nonsense'", self.weir("run", "lottery_c.so", "--nonsense", status=64))
        self.assertIn("No such file", self.weir("run", "lottery_c.so", "/nonexistent.eml", status=1))
        self.assertIn("cannot be loaded", self.weir("run", "nothing.so", status=1))
