#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run.py [-k WORD] [FILE...]: play the end-to-end tests against $WEIR_BIN, and count them on the last line.

Each test starts a daemon of its own, in a temporary folder, on free ports. As root the daemon runs as nobody,
except in the tests of what only root can do.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
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


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-k", help="only tests whose name contains this")
    parser.add_argument("files", nargs="*", default=["test_*.py"])
    options = parser.parse_args()
    program = os.path.abspath(os.environ.get("WEIR_BIN", os.path.join(ROOT, ".build/debug/weir")))
    staged = stage(program)
    os.environ["WEIR_BIN"] = os.path.join(staged, os.path.basename(program))
    os.environ["WEIR_PLUGINS"] = os.path.join(staged, "plugins")
    report = Report()
    try:
        for pattern in options.files:
            found = unittest.defaultTestLoader.discover(HERE, os.path.basename(pattern), HERE)
            chosen = [test for test in tests_in(found) if not options.k or options.k.lower() in test.id().lower()]
            unittest.TestSuite(chosen).run(report)
    finally:
        shutil.rmtree(staged)
    failed = len(report.failures) + len(report.errors)
    print(f"{len(report.skipped)} skipped")
    print(f"{max(0, report.testsRun - failed - len(report.skipped))} passed, {failed} failed")
    sys.exit(1 if failed or not report.testsRun else 0)


if __name__ == "__main__":
    main()
