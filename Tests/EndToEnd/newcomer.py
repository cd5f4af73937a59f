#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the README promises: `make run` and the line it prints, and `make install`. Needs port 2525 and the release build."""
import glob
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Newcomer(unittest.TestCase):
    def test_make_run(self):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        began = time.time() - 1
        process = subprocess.Popen(
            ["make", "run"], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=environment, start_new_session=True)
        try:
            seen = self.read_until(process, r"swaks|curl")
            command = re.search(r"(swaks|curl) .*", seen[-1])[0]
            sent = subprocess.run(shlex.split(command), capture_output=True, text=True, timeout=30)
            self.assertEqual(sent.returncode, 0, command + sent.stdout + sent.stderr)
            folder = re.search(r"(\S*/mail/\S*)", self.text_with(process, seen, r"/mail/"))[1]
            pattern = os.path.join(ROOT, folder.rstrip("/.,").removesuffix("/new"), "new", "*")
            files = self.eventually(lambda: [path for path in glob.glob(pattern) if os.stat(path).st_mtime > began])
            self.assertEqual(len(files), 1)
            self.assertNotEqual(os.stat(files[0]).st_uid, 0)
        finally:
            os.killpg(process.pid, signal.SIGINT)
            rest, _ = process.communicate(timeout=30)
        self.assertIn("stopped", rest)
        # make ends by the signal that it was sent, when the program it ran has ended.
        self.assertIn(process.returncode, (0, -signal.SIGINT), rest)

    def read_until(self, process, pattern):
        seen = []
        for line in process.stdout:
            seen.append(line)
            if re.search(pattern, line):
                return seen
        self.fail("".join(seen))

    def text_with(self, process, seen, pattern):
        while not re.search(pattern, "".join(seen)):
            seen.append(process.stdout.readline())
        return "".join(seen)

    def eventually(self, condition):
        deadline = time.monotonic() + 20
        while not (value := condition()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return value

    def test_make_install(self):
        folder = tempfile.mkdtemp(prefix="weir-install-")
        self.addCleanup(shutil.rmtree, folder)
        subprocess.run([os.path.join(ROOT, "tools/install"), folder, "/usr"], check=True, capture_output=True)
        for path in ("usr/sbin/weir", "usr/lib/weir/weir", "etc/weir/weir.conf", "lib/systemd/system/weir.service",
                     "lib/systemd/system/weir.socket", "usr/lib/sysusers.d/weir.conf", "usr/share/weir/weir.logrotate",
                     "usr/share/man/man5/weir.conf.5", "usr/share/man/man8/weir.8",
                     "usr/include/weir/weir.h", "usr/lib/pkgconfig/weir.pc", "usr/share/weir/WeirPlugin/Stage.swift"):
            self.assertTrue(os.path.exists(os.path.join(folder, path)), path)
        program = os.path.join(folder, "usr/sbin/weir")
        checked = subprocess.run([program, "check", "--config", os.path.join(folder, "etc/weir/weir.conf")], capture_output=True, text=True)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        bundled = os.path.join(folder, "usr/lib/weir/bundled/header_checks.so")
        looked = subprocess.run([program, "plugin", "check", bundled], capture_output=True, text=True)
        self.assertEqual(looked.returncode, 0, looked.stdout + looked.stderr)
        self.assertIn("exports      weir_plugin_v0\n", looked.stdout)
        with open(os.path.join(folder, "lib/systemd/system/weir.service")) as file:
            self.assertIn("ExecStart=/usr/sbin/weir run --config /etc/weir/weir.conf", file.read())

    def test_the_installed_program_finds_its_libraries(self):
        """With no toolchain: every Swift library that the program needs is beside it."""
        folder = tempfile.mkdtemp(prefix="weir-install-")
        self.addCleanup(shutil.rmtree, folder)
        subprocess.run([os.path.join(ROOT, "tools/stage"), os.path.join(ROOT, ".build/release/weir"), folder], check=True)
        listed = subprocess.run(["ldd", os.path.join(folder, "weir")], capture_output=True, text=True, check=True).stdout
        needed = {os.path.basename(path) for path in re.findall(r"(/\S*/swift/linux/\S+)", listed)}
        self.assertEqual(needed - set(os.listdir(folder)), set())


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=2).result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
