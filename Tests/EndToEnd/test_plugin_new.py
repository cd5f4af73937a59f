# SPDX-License-Identifier: Apache-2.0
"""`weir plugin new`: what it writes builds with one command, and with nothing but what is installed; its own tests pass."""
import os
import shutil
import subprocess
import tempfile

from harness import Case

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LANGUAGES = ["c", "cpp", "swift"] + (["rust"] if shutil.which("rustc") else [])


class New(Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.command([os.path.join(ROOT, "tools/install-headers"), cls.folder, "/usr"])

    @classmethod
    def command(cls, command, status=0, cwd=None):
        environment = dict(
            os.environ, WEIR=os.environ["WEIR_BIN"], PKG_CONFIG_PATH=f"{cls.folder}/usr/lib/pkgconfig", PKG_CONFIG_SYSROOT_DIR=cls.folder)
        done = subprocess.run(command, capture_output=True, text=True, cwd=cwd or cls.folder, env=environment, timeout=120)
        assert done.returncode == status, (command, done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def new(self, *arguments, status=0):
        return self.command([os.environ["WEIR_BIN"], "plugin", "new", *arguments], status)

    def test_builds_in_every_language(self):
        for language in LANGUAGES:
            with self.subTest(language):
                name = f"my_{language}"
                self.assertIn(f"cd {name}", self.new("--lang", language, name))
                self.command(["make", "-s"], cwd=f"{self.folder}/{name}")
                listed = self.command(["nm", "-D", "--extern-only", "--defined-only", f"{name}/{name}.so"])
                self.assertEqual([line.split()[2] for line in listed.splitlines()], ["weir_plugin_v0"])
                self.assertEqual(self.command(["make", "-s", "test"], cwd=f"{self.folder}/{name}"), "ok      passed\nok      refused\n")

    def test_tables(self):
        for language in ("c", "swift"):
            with self.subTest(language):
                name = f"table_{language}"
                self.assertIn("has a table that works", self.new("--kind", "table", "--lang", language, name))
                self.command(["make", "-s"], cwd=f"{self.folder}/{name}")
                self.assertEqual(
                    self.command(["make", "-s", "test"], cwd=f"{self.folder}/{name}"), "ok      old\nok      OLD\nok      other\n")
                for file in os.listdir(f"{self.folder}/{name}"):
                    self.assertNotIn("rename", file)
        with open(f"{self.folder}/table_c/tests/keys", "a", encoding="utf-8") as file:
            file.write("old\tsomething\n")
        self.assertIn("FAILED  old: 'new', not 'something'", self.command(["make", "-s", "test"], 2, f"{self.folder}/table_c"))
        self.assertIn("no tables in 'rust'; there is c, swift", self.new("--kind", "table", "--lang", "rust", "x", status=64))
        self.assertIn("no plugins of kind 'tabel'", self.new("--kind", "tabel", "x", status=64))

    def test_its_own_tests_find_what_is_wrong(self):
        self.new("wrong")
        with open(f"{self.folder}/wrong/wrong.c", encoding="utf-8") as file:
            text = file.read()
        with open(f"{self.folder}/wrong/wrong.c", "w", encoding="utf-8") as file:
            file.write(text.replace('"Subject"', '"From"'))
        self.assertIn("FAILED  refused: not what refused.expected says", self.command(["make", "-s", "test"], 2, f"{self.folder}/wrong"))

    def test_says_its_name_and_no_other(self):
        for language in ("c", "cpp", "rust", "swift"):
            name = f"renamed_{language}"
            self.new(name, "--lang", language)
            for folder, _, files in os.walk(f"{self.folder}/{name}"):
                for file in files:
                    self.assertNotIn("lottery", file)
                    with open(os.path.join(folder, file), encoding="utf-8") as text:
                        self.assertNotIn("lottery", text.read())

    def test_c_is_the_language_that_is_meant(self):
        self.new("plain")
        self.assertTrue(os.path.exists(f"{self.folder}/plain/plain.c"))
        self.assertTrue(os.access(f"{self.folder}/plain/tests/run", os.X_OK))

    def test_never_overwrites(self):
        self.new("twice")
        self.assertIn("twice is there already", self.new("twice", status=1))

    def test_names_and_languages(self):
        for name in ("Big", "9lives", "a-b", "../up", "weir", "x" * 33, ""):
            self.assertIn("can be no plugin's name", self.new(name, status=64))
        self.assertIn("no plugins in 'perl'", self.new("--lang", "perl", "x", status=64))
        self.new("x" * 32)
