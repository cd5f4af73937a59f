# SPDX-License-Identifier: Apache-2.0
"""What reads mail logs, from Debian: unpacked by tools/setup below .build/logtools, or the machine's own."""
import glob
import os
import re
import subprocess

from harness import ROOT

TOOLS = os.path.join(ROOT, ".build/logtools")


def program(*names):
    """The first of these paths that is there: below TOOLS, else on this machine."""
    for name in names:
        for path in (os.path.join(TOOLS, name), os.path.join("/", name)):
            if os.path.exists(path):
                return path
    raise AssertionError(f"{names[0]} is missing: run make setup")


def environment():
    libraries = [path for pattern in ("usr/lib/*-linux-gnu", "lib/*-linux-gnu", "usr/lib/*-linux-gnu/systemd", "lib/systemd", "usr/lib/systemd")
                 for path in glob.glob(os.path.join(TOOLS, pattern))]
    perl = [path for pattern in ("usr/share/perl5", "usr/lib/*-linux-gnu/perl5/*") for path in glob.glob(os.path.join(TOOLS, pattern))]
    return dict(os.environ, LD_LIBRARY_PATH=":".join(libraries), PERL5LIB=":".join(perl), LANG="C",
                PYTHONPATH=os.path.join(TOOLS, "usr/lib/python3/dist-packages"), PYTHONDONTWRITEBYTECODE="1")


def run(*command, status=0, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment(), **options)
    if done.returncode != status:
        raise AssertionError(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def pflogsumm(path, *options):
    return Summary(run("perl", program("usr/sbin/pflogsumm"), *options, path))


class Summary:
    """What pflogsumm says: its totals by name, and its tables by title, times and sizes left out."""

    def __init__(self, text):
        self.text = text
        self.totals = {name: int(count) for count, name in re.findall(r"^ +(\d+)[kmg ]  ([a-z/ ]+?)(?: +\(.*\))?$", text, re.M)}
        self.tables = {}
        for title, body in re.findall(r"^([\w/][^\n]*)\n-+\n(.*?)(?=^[\w/][^\n]*\n-+\n|\Z)", text, re.M | re.S):
            self.tables[title] = body.strip("\n").splitlines()


class Matches:
    """What fail2ban-regex finds in a log with one of its filters: how many lines, and for which addresses."""

    def __init__(self, path, filter_name):
        found = os.path.join(TOOLS, "etc/fail2ban")
        config = found if os.path.exists(found) else "/etc/fail2ban"
        text = run("python3", program("usr/bin/fail2ban-regex"), "-c", config, "--print-all-matched", path, filter_name)
        self.count = int(re.search(r"^Lines: .* (\d+) matched", text, re.M)[1])
        part = text.split("Matched line(s)")[-1] if "Matched line(s)" in text else ""
        self.lines = [line[2:].strip() for line in part.splitlines() if line.startswith("|  ")]
