# SPDX-License-Identifier: Apache-2.0
"""`weir import`: the command, Debian's own files, and what results beside the real Postfix with the same files."""
import os
import re
import shutil
import subprocess
import tempfile

from harness import PEERS, ROOT, Case
from postfix import contents

FIXTURES = os.path.join(ROOT, "Tests/ImportTests/Fixtures")


def run_import(*arguments, cwd="/"):
    return subprocess.run([os.environ["WEIR_BIN"], "import", *arguments], capture_output=True, text=True, timeout=60, cwd=cwd)


def check(path):
    return subprocess.run([os.environ["WEIR_BIN"], "check", "--config", path], capture_output=True, text=True, timeout=60)


class Import(Case):
    def setUp(self):
        super().setUp()
        self.folder = tempfile.mkdtemp(prefix="weir-import-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.output = os.path.join(self.folder, "out")

    def fixture(self, name):
        """A copy of a fixture whose files name each other where they are."""
        target = os.path.join(self.folder, name)
        shutil.copytree(os.path.join(FIXTURES, name, "etc"), os.path.join(target, "etc"))
        rename_paths(target)
        return [os.path.join(target, "etc", each) for each in ("postfix", "dovecot") if os.path.isdir(os.path.join(target, "etc", each))]


class Command(Import):
    def test_writes_what_is_sound(self):
        result = run_import(*self.fixture("virtual-hash"), "-o", self.output)
        self.assertIn(result.returncode, (0, 1), result.stderr)
        self.assertTrue({"weir.conf", "report.txt", "tables"} <= set(os.listdir(self.output)))
        self.assertIn("main.cf", result.stdout)
        checked = check(os.path.join(self.output, "weir.conf"))
        self.assertEqual(checked.returncode, 0, checked.stdout)

    def test_status(self):
        plain = os.path.join(self.folder, "plain")
        os.mkdir(plain)
        with open(os.path.join(plain, "main.cf"), "w") as file:
            file.write("compatibility_level = 3.6\nmyhostname = mx.weir.test\nhome_mailbox = Maildir/\nmynetworks = 127.0.0.0/8\n")
        self.assertEqual(run_import(plain, "-o", self.output).returncode, 0)
        self.assertEqual(run_import(*self.fixture("soft-bounce"), "-o", self.output + "1").returncode, 0)
        self.assertEqual(run_import(*self.fixture("virtual-mysql"), "-o", self.output + "2").returncode, 1)
        missing = run_import("/nonexistent", "-o", self.output + "3")
        self.assertEqual(missing.returncode, 2)
        self.assertIn("/nonexistent/main.cf", missing.stderr)
        self.assertFalse(os.path.exists(self.output + "3"))

    def test_overwrites_nothing_unasked(self):
        folders = self.fixture("smarthost")
        os.mkdir(self.output)
        own = os.path.join(self.output, "weir.conf")
        with open(own, "w") as file:
            file.write("mine\n")
        result = run_import(*folders, "-o", self.output)
        self.assertEqual(result.returncode, 2)
        self.assertIn("--force", result.stderr)
        self.assertEqual(os.listdir(self.output), ["weir.conf"])
        self.assertEqual(contents(own), "mine\n")
        self.assertEqual(run_import(*folders, "-o", self.output, "--force").returncode, 0)
        self.assertIn("Imported from", contents(own))
        self.assertEqual([name for name in os.listdir(self.output) if ".new-" in name], [])

    def test_leaves_the_inputs_alone(self):
        folders = self.fixture("relay-gateway")
        before = {path: contents(path) for path in walk(self.folder)}
        run_import(*folders, cwd=self.folder)
        self.assertEqual({path: contents(path) for path in before}, before)
        self.assertIn("weir.conf", os.listdir(os.path.join(self.folder, "weir-import")))

    def test_words(self):
        self.assertEqual(run_import("a", "b", "c").returncode, 64)
        self.assertEqual(run_import("--fource").returncode, 64)
        helped = subprocess.run([os.environ["WEIR_BIN"], "help", "import"], capture_output=True, text=True)
        self.assertIn("usage: weir import", helped.stdout)

    def test_summary_is_for_people(self):
        result = run_import(*self.fixture("open-relay"), "-o", self.output)
        self.assertNotIn("\x1b", result.stdout)
        self.assertLessEqual(max(map(len, result.stdout.splitlines())), 120)
        for word in ("Dangerous", "Refused", "0.0.0.0/0", "weir check --config"):
            self.assertIn(word, result.stdout)


class Debian(Import):
    """The files as Debian's packages install them."""

    def test_postfix(self):
        etc = os.path.join(self.folder, "postfix")
        os.mkdir(etc)
        share = os.path.join(PEERS, "usr/share/postfix")
        shutil.copy(os.path.join(share, "master.cf.dist"), os.path.join(etc, "master.cf"))
        # What the package's postinst does for an "Internet Site".
        chosen = {
            "myhostname": "mail.example.org", "alias_maps": "hash:/etc/aliases", "alias_database": "hash:/etc/aliases",
            "myorigin": "/etc/mailname", "mydestination": "$myhostname, mail.example.org, localhost", "relayhost": "",
            "mynetworks": "127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128", "mailbox_size_limit": "0", "recipient_delimiter": "+",
            "inet_interfaces": "all", "inet_protocols": "all", "smtpd_tls_security_level": "may",
            "smtpd_relay_restrictions": "permit_mynetworks permit_sasl_authenticated defer_unauth_destination",
        }
        text = contents(os.path.join(share, "main.cf.debian")) + contents(os.path.join(share, "main.cf.tls"))
        with open(os.path.join(etc, "main.cf"), "w") as file:
            file.write(text + "".join(f"{name} = {value}\n" for name, value in chosen.items()))
        self.assertAccounted(run_import(etc, "-o", self.output), etc, ["main.cf", "master.cf"])
        written = contents(os.path.join(self.output, "weir.conf"))
        for line in ("myhostname = mail.example.org", "recipient_delimiter = +", "port = 25", "smtpd_banner = $myhostname ESMTP $mail_name (Debian/GNU)"):
            self.assertIn(line, written)

    def test_dovecot(self):
        etc = os.path.join(os.path.dirname(PEERS), "dovecot/usr/share/dovecot")
        postfix = os.path.join(self.folder, "postfix")
        os.mkdir(postfix)
        with open(os.path.join(postfix, "main.cf"), "w") as file:
            file.write("compatibility_level = 3.6\nmyhostname = mx.weir.test\n")
        read = ["dovecot.conf", *(f"conf.d/{name}" for name in os.listdir(os.path.join(etc, "conf.d")) if name.endswith(".conf"))]
        self.assertGreaterEqual(len(read), 10)
        self.assertAccounted(run_import(postfix, etc, "-o", self.output), etc, read)

    def assertAccounted(self, result, folder, names):
        """Each line of each file is in the report, once or as part of more."""
        self.assertIn(result.returncode, (0, 1), result.stderr)
        checked = check(os.path.join(self.output, "weir.conf"))
        self.assertEqual(checked.returncode, 0, checked.stdout)
        report = contents(os.path.join(self.output, "report.txt"))
        for name in names:
            path = os.path.join(folder, name)
            count = len(contents(path).splitlines())
            section = report.split(f"\n{path}, ")[1].split("\n/")[0]
            reported = set()
            for first, last in re.findall(r"^ *(\d+)(?:-(\d+))?  (?:kept|translated|REFUSED|DANGEROUS) ", section, re.M):
                reported.update(range(int(first), int(last or first) + 1))
            self.assertEqual(reported, set(range(1, count + 1)), name)


def walk(folder):
    return [os.path.join(base, name) for base, _, names in os.walk(folder) for name in names]


def rename_paths(target):
    """The files below `target` name each other by where they are now."""
    for path in walk(target):
        text = contents(path)
        for name in ("etc/postfix", "etc/dovecot", "etc/ssl", "etc/aliases", "var/lib/mailman"):
            text = text.replace(f"/{name}", f"{target}/{name}")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
