# SPDX-License-Identifier: Apache-2.0
"""weir config, as postconf and doveconf are used (rows B and C of the tutorials name these commands)."""
import os
import subprocess
import tempfile

from harness import Case, peer

TEXT = """# My mail server.
myhostname = mail.example.com
mydestination = $myhostname, localhost,
    example.com
biff = no

listener submission {
  port = 587    # for users
}
include conf.d/*.conf
"""


class Config(Case):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        os.mkdir(os.path.join(folder.name, "conf.d"))
        self.path, self.included = os.path.join(folder.name, "weir.conf"), os.path.join(folder.name, "conf.d/10-size.conf")
        self.write(self.path, TEXT)
        self.write(self.included, "message_size_limit = 20M\n")

    def write(self, path, text, mode=0o640):
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, mode)

    def text(self, path=None):
        with open(path or self.path) as file:
            return file.read()

    def config(self, *arguments, status=0):
        result = subprocess.run(
            [os.environ["WEIR_BIN"], "config", *arguments, "--config", self.path], capture_output=True, text=True, timeout=30)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        return result.stdout if status == 0 else result.stdout + result.stderr

    def test_what_is_set(self):
        self.assertEqual(
            self.config("-n"),
            "message_size_limit = 20M\nmydestination = $myhostname, localhost, example.com\nmyhostname = mail.example.com\n"
            "listener submission {\n  port = 587\n}\n")

    def test_one_name_and_several(self):
        self.assertEqual(self.config("myorigin"), "myorigin = $myhostname\n")
        self.assertEqual(self.config("-x", "myorigin"), "myorigin = mail.example.com\n")
        self.assertEqual(self.config("-h", "message_size_limit", "submission/port"), "20M\n587\n")
        self.assertEqual(self.config("-dh", "message_size_limit"), "10240000\n")
        self.assertIn("\nmydestination = $myhostname, localhost.$mydomain, localhost\n", self.config("-d"))
        self.assertEqual(self.config("listener"), "listener submission {\n  port = 587\n}\n")

    def test_no_such_name(self):
        self.assertIn("did you mean `mynetworks`?", self.config("mynetwork", status=1))
        self.assertIn("Dovecot's", self.config("mail_location", status=1))
        self.assertIn("no '-z'", self.config("-z", status=64))

    def test_edit_keeps_everything_else(self):
        before = os.stat(self.path)
        self.config("-e", "mydestination = $myhostname", "submission/port=465", "message_size_limit=5M")
        expected = TEXT.replace("$myhostname, localhost,\n    example.com", "$myhostname").replace("587", "465")
        self.assertEqual(self.text(), expected)
        self.assertEqual(self.text(self.included), "message_size_limit = 5M\n")
        after = os.stat(self.path)
        self.assertEqual((before.st_mode, before.st_uid, before.st_gid), (after.st_mode, after.st_uid, after.st_gid))
        self.assertNotEqual(before.st_ino, after.st_ino)
        self.assertEqual(sorted(os.listdir(os.path.dirname(self.path))), ["conf.d", "weir.conf"])

    def test_a_link_stays_one(self):
        real = self.path + ".real"
        os.rename(self.path, real)
        os.symlink("weir.conf.real", self.path)
        self.config("-e", "myhostname=b.example.com")
        self.assertTrue(os.path.islink(self.path))
        self.assertIn("myhostname = b.example.com\n", self.text(real))

    def test_what_would_be_wrong_is_not_written(self):
        output = self.config("-e", "myhostname=192.0.2.1", "mynetwork=10.0.0.0/8", status=78)
        self.assertIn("weir.conf:2:14: error: expected a host name", output)
        self.assertIn("did you mean `mynetworks`?", output)
        self.assertIn("nothing was changed", output)
        self.assertEqual(self.text(), TEXT)

    def test_comment_out_and_remove(self):
        self.config("-#", "mydestination")
        self.assertEqual(self.text(), TEXT.replace("mydestination", "#mydestination").replace("    example", "#    example"))
        self.config("-X", "biff", "message_size_limit")
        self.assertNotIn("biff", self.text())
        self.assertEqual(self.text(self.included), "")
        self.assertIn("`biff` is not set", self.config("-X", "biff", status=1))

    def test_edits_at_the_same_time(self):
        """Each either counts or says that it came too late; the file is whole in any case."""
        names = ["mydomain=a.example", "myorigin=b.example", "smtpd_banner=c", "smtpd_timeout=7s"]
        running = [
            subprocess.Popen([os.environ["WEIR_BIN"], "config", "-e", name, "--config", self.path], stderr=subprocess.PIPE, text=True)
            for name in names]
        done = []
        for name, process in zip(names, running):
            error = process.communicate(timeout=30)[1]
            if process.returncode == 0:
                done.append(name)
            else:
                self.assertIn("nothing was written", error)
        self.assertTrue(done)
        expected = sorted(name.replace("=", " = ") for name in done)
        self.assertTrue(self.text().startswith(TEXT))
        self.assertEqual(sorted(self.text()[len(TEXT):].splitlines()), expected)


# Each value means in Weir what it means in Postfix; the others may refer to the first ones.
VALUES = {
    "empty": "", "full": "full", "five": "5", "ten": "10",
    "conditional": "[${full?yes}] [${full:no}] [${empty?yes}] [${empty:no}]",
    "both": "[${full?{yes x}:{no y}}] [${empty?{yes x}:{no y}}] [${full?{a}:b}]",
    "blanks": "[${full? a }] [${full?{ a }}] [${full?a:b}] [${empty:a?b}]",
    "numbers": "[${{$five} < {$ten} ? {lt} : {ge}}] [${{5}<{10}?{lt}:{ge}}] [${{$five}>{$ten}?{gt}:{le}}] [${{05}=={5}?{number}:{text}}]",
    "more_numbers": "[${{-5}<{3}?{lt}:{ge}}] [${{5x}<{10}?{lt}:{ge}}] [${{10}>={9}?{y}:{n}}] [${{+5}=={5}?{number}:{text}}]",
    "texts": "[${{a}=={a}?{same}}] [${{a}!={a}?{same}:{other}}] [${{ a }=={a}?{same}:{other}}] [${{a}<={a}?{y}:{n}}] [${{b}>={c}?{y}:{n}}]",
    "nothing": "[${{$empty}=={}?{empty}:{no}}] [${{}=={}?{empty}:{no}}] [${unknown_name:default}] [${unknown_name?x}]",
    "deep": "[${full?$empty}] [${empty:$full}] [${empty:${full?deep}}] [${{$full}=={full}?{${ten?x$five}}}]",
    "dollars": "[$$] [$$full] [$(full)] [$(full?yes)] [$full.x] [$full-x] [${full}x] [x$full]",
    "compatibility_level": "3.6",
    "levels": "[${{$compatibility_level} <level {1} ? {old} : {new}}] [${{3.10}>level{3.9}?{y}:{n}}] [${{3}==level{3.0.0}?{y}:{n}}] [${{2}>=level{3.6}?{y}}]",
    "lines": "one,\n  two\n# a comment\n\n   three",
}


class AsInPostconf(Case):
    def test_values(self):
        postconf, environment = peer("postconf")
        names = [name for name in VALUES if name != "compatibility_level"]
        with tempfile.TemporaryDirectory() as folder:
            text = "".join(f"{name} = {value}\n" for name, value in VALUES.items())
            text += "smtpd_banner = " + " ".join(f"${name}" for name in names) + "\n"
            for file in ("main.cf", "weir.conf"):
                with open(os.path.join(folder, file), "w") as output:
                    output.write(text)
            open(os.path.join(folder, "master.cf"), "w").close()
            theirs = subprocess.run([postconf, "-c", folder, "-hx", *names], capture_output=True, text=True, env=environment, timeout=30)
            ours = subprocess.run(
                [os.environ["WEIR_BIN"], "config", "-hx", *names, "--config", os.path.join(folder, "weir.conf")],
                capture_output=True, text=True, timeout=30)
        self.assertEqual(ours.stderr, "")
        self.assertEqual(ours.stdout.splitlines(), theirs.stdout.splitlines())
        self.assertEqual(len(theirs.stdout.splitlines()), len(names), theirs.stderr)
