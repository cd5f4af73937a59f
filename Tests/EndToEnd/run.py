#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run.py [-k WORD] [--jobs N] [FILE...]: play the end-to-end tests against $WEIR_BIN, and count them on the last line.

Each test starts a daemon of its own, in a temporary folder, on free ports. As root the daemon runs as nobody,
except in the tests of what only root can do. With --jobs so many files are played at once.
"""
import argparse
import glob
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)


class Report(unittest.TestResult):
    """A line for each test as it ends, with the traceback of those that fail."""

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()
        self.good = True

    def stopTest(self, test):
        if self.good:
            self.line("ok", test)
        super().stopTest(test)

    def line(self, word, test, detail=""):
        print(f"{word:<5} {test.id()}  {time.monotonic() - self.began:.2f} s{detail}", flush=True)

    def bad(self, test, error):
        self.good = False
        self.line("FAIL", test, "\n" + self._exc_info_to_string(error, test))

    def addError(self, test, error):
        super().addError(test, error)
        self.began = getattr(self, "began", time.monotonic())
        self.bad(test, error)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.bad(test, error)

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self.bad(subtest, error)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.good = False
        self.line("skip", test, f" ({reason})")


def tests_in(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from tests_in(item)
        else:
            yield item


def stage(program):
    """A copy of the program that every user can read and run."""
    folder = tempfile.mkdtemp(prefix="weir-bin-")
    os.chmod(folder, 0o755)
    subprocess.run([os.path.join(ROOT, "tools/stage"), program, folder], check=True)
    shutil.copytree(os.path.join(ROOT, ".build/plugins"), os.path.join(folder, "plugins"), ignore=shutil.ignore_patterns("cache"))
    os.chmod(os.path.join(folder, "plugins"), 0o755)
    return folder


def play(files, word):
    """Plays the files of this process, and tells how many tests were skipped, passed and failed."""
    report = Report()
    for pattern in files:
        found = unittest.defaultTestLoader.discover(HERE, os.path.basename(pattern), HERE)
        chosen = [test for test in tests_in(found) if not word or word.lower() in test.id().lower()]
        unittest.TestSuite(chosen).run(report)
    failed = len(report.failures) + len(report.errors)
    return len(report.skipped), max(0, report.testsRun - failed - len(report.skipped)), failed


def own_users(path, folder):
    """What a file is played in that makes users of the system: useradd puts a new /etc/passwd there, and whoever has mounted another over the old one loses it."""
    with open(path, encoding="utf-8") as file:
        if os.geteuid() != 0 or not re.search(r"^(from|import) test_system_users|\"useradd\"", file.read(), re.MULTILINE):
            return []
    subprocess.run(["cp", "-a", "/etc", folder], check=True)
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", 'mount --bind "$0" /etc && exec "$@"', os.path.join(folder, "etc")]


def play_at_once(files, options):
    """The same, each file in a process of its own, the large ones first; each job has ports of its own."""
    paths = {path for pattern in files for path in glob.glob(os.path.join(HERE, os.path.basename(pattern)))}
    waiting, counts, printing = queue.SimpleQueue(), [], threading.Lock()
    for path in sorted(paths, key=os.path.getsize, reverse=True):
        waiting.put(path)

    def work(job):
        while True:
            try:
                path = waiting.get_nowait()
            except queue.Empty:
                return
            command = [sys.executable, __file__, "--within", *(["-k", options.k] if options.k else []), path]
            environment = dict(os.environ, WEIR_TEST_JOB=str(job), WEIR_TEST_JOBS=str(options.jobs))
            with tempfile.TemporaryDirectory(prefix="weir-etc-") as folder:
                command = [*own_users(path, folder), *command]
                done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=environment)
            found = re.search(r"^(\d+) skipped\n(\d+) passed, (\d+) failed\n\Z", done.stdout, re.MULTILINE)
            with printing:
                print(done.stdout[:found.start()] if found else f"FAIL {os.path.basename(path)}: ended early\n{done.stdout}", end="", flush=True)
                counts.append(tuple(map(int, found.groups())) if found else (0, 0, 1))

    jobs = [threading.Thread(target=work, args=(job,)) for job in range(options.jobs)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    return tuple(map(sum, zip(*counts))) if counts else (0, 0, 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-k", help="only tests whose name contains this")
    parser.add_argument("--jobs", type=int, default=1, help="play so many files at once")
    parser.add_argument("--within", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("files", nargs="*", default=["test_*.py"])
    options = parser.parse_args()
    if options.within:
        # One of the jobs; the program is staged.
        skipped, passed, failed = play(options.files, options.k)
    else:
        program = os.path.abspath(os.environ.get("WEIR_BIN", os.path.join(ROOT, ".build/debug/weir")))
        staged = stage(program)
        os.environ["WEIR_BIN"] = os.path.join(staged, os.path.basename(program))
        os.environ["WEIR_PLUGINS"] = os.path.join(staged, "plugins")
        try:
            skipped, passed, failed = play_at_once(options.files, options) if options.jobs > 1 else play(options.files, options.k)
        finally:
            shutil.rmtree(staged)
    print(f"{skipped} skipped")
    print(f"{passed} passed, {failed} failed", flush=True)
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
