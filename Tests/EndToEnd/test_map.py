# SPDX-License-Identifier: Apache-2.0
"""`weir map`, beside the real postmap."""
import os
import re
import subprocess
import tempfile
import unittest

from harness import Case, Weir
from postfix import Postfix

TEXT = "alice@weir.test  alice\nBob@weir.test bob\n# no\n@weir.test catch all\nlong one\n  two\n"
RULES = "/^subject:.*(lottery)/ REJECT no $1\nif /^x-/\n/a/ WARN a\nendif\n!/^(subject|x-|from|content|mime)/ INFO other\n/b/ HOLD\n"
NETWORKS = "192.0.2.0/24 one\n!192.0.0.0/8 two\n"
MAIL = ("From: a@b\nSubject: a\n lottery\nX-A: 1\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\npreamble\n--b\nContent-Type: text/plain\nX-A: part\n\n"
        "Subject: lottery\nab\n--b\nContent-Type: message/rfc822\n\nSubject: the lottery\n\nbody\n--b--\n")

KEYS = ["alice@weir.test", "ALICE@WEIR.TEST", "bob@weir.test", "@weir.test", "long", "nobody", "192.0.2.9", "192.1.2.3", "10.0.0.1", "Subject: Lottery", "x-a: b", "x-b: b", "other", ""]


class MapTest(Case):
    @classmethod
    def setUpClass(cls):
        tables = {"text": TEXT, "rules": RULES, "networks": NETWORKS}
        cls.postfix = Postfix({"virtual_alias_maps": "hash:$config_directory/text"}, tables=tables).__enter__()
        cls.addClassCleanup(cls.postfix.__exit__, None)

    def ask(self, *words, input=None):
        done = subprocess.run([os.environ["WEIR_BIN"], "map", *words], input=input, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout

    def postmap(self, *words, input=None):
        done = self.postfix.run("postmap", *words, input=input)
        return done.returncode, done.stdout

    def names(self):
        return [f"hash:{self.postfix.path('text')}", f"texthash:{self.postfix.path('text')}", f"regexp:{self.postfix.path('rules')}",
                f"pcre:{self.postfix.path('rules')}", f"cidr:{self.postfix.path('networks')}", "static:x", "inline:{ { long = a b }, nobody=c }",
                "proxy:static:y", f"unionmap:{{texthash:{self.postfix.path('text')}, static:z}}",
                f"pipemap:{{texthash:{self.postfix.path('text')}, inline:{{alice=found}}}}"]

    def test_it_answers_as_postmap(self):
        for name in self.names():
            for key in KEYS:
                if not key or key == "" or (name.startswith("proxy:")):
                    continue
                with self.subTest(name=name, key=key):
                    self.assertEqual(self.ask("-q", key, name), self.postmap("-q", key, name))
                    self.assertEqual(self.ask("query", name, key), self.postmap("-q", key, name))

    def test_words_in_the_wrong_order_are_put_right(self):
        done = subprocess.run([os.environ["WEIR_BIN"], "map", "query", "admin", "hash:aliases"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 64)
        self.assertIn("the table comes first: weir map query hash:aliases admin\n", done.stderr)

    def test_actions_are_checked_where_they_are_meant(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "rules")
            with open(path, "w") as file:
                file.write("/foo/ REJCT x\n")
            for flag, status in [([], 0), (["-h"], 78), (["-b"], 78)]:
                done = subprocess.run([os.environ["WEIR_BIN"], "map", "check", *flag, f"regexp:{path}"], capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, status, done.stderr)
                self.assertEqual("unknown action `REJCT`" in done.stderr, status == 78, done.stderr)
            with open(path, "w") as file:
                file.write("admin:    harry\n")
            self.assertEqual(self.ask("list", f"hash:{path}"), (0, "admin\tharry\n"))

    def test_keys_come_on_standard_input(self):
        lines = "".join(f"{key}\n" for key in KEYS if key)
        for name in self.names():
            if name.startswith("proxy:"):
                continue
            with self.subTest(name=name):
                self.assertEqual(self.ask("-q", "-", name, input=lines), self.postmap("-q", "-", name, input=lines))

    def test_lines_of_messages_are_keys(self):
        name = f"regexp:{self.postfix.path('rules')}"
        for flags in ("-h", "-b", "-hm", "-bm", "-hb", "-hbm"):
            with self.subTest(flags=flags):
                ours, theirs = (ask(flags, "-q", "-", name, input=MAIL) for ask in (self.ask, self.postmap))
                # postmap asks for empty lines, too; body_checks does not.
                answers = [sorted(line for line in text.splitlines() if not line.startswith("\t")) for text in (ours[1], theirs[1])]
                self.assertEqual((ours[0], answers[0]), (theirs[0], answers[1]))

    def test_all_entries_are_listed(self):
        name = f"hash:{self.postfix.path('text')}"
        self.assertEqual(sorted(self.ask("-s", name)[1].splitlines()), sorted(self.postmap("-s", name)[1].splitlines()))
        self.assertEqual(self.ask("list", "inline:{ a = 1, b = 2 }"), (0, "a\t1\nb\t2\n"))

    def test_what_is_wrong_is_said(self):
        done = subprocess.run([os.environ["WEIR_BIN"], "map", "check", "regexp:{ {/a(/ x} }"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 78)
        self.assertIn("this pattern does not compile", done.stderr)
        self.assertEqual(self.ask("check", f"hash:{self.postfix.path('text')}"), (0, f"hash:{self.postfix.path('text')}: 4 entries\n"))
        self.assertEqual(self.ask("query", "fail:x", "a")[0], 1)
        self.assertEqual(self.ask("query", "hash:/nowhere", "a")[0], 78)
        self.assertEqual(self.ask("query", "word", "a")[0], 78)
        self.assertEqual(self.ask("quary", "static:a", "a")[0], 64)
        self.assertEqual(self.ask("query", "static:a")[0], 64)


if __name__ == "__main__":
    unittest.main()
