# SPDX-License-Identifier: Apache-2.0
"""The log, read by the programs that people read mail logs with; the same sessions with the real Postfix must count the same."""
import glob
import gzip
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import logtools
from dns import DNS
from harness import IS_ROOT, ROOT, Case, Session, Weir, eventually, free_port
from postfix import Postfix


def play(port):
    """One of each thing that a log tells, as a client on 127.0.0.1."""
    with Session(port) as session:
        session.say("EHLO good.example")
        session.send("ann@example.org", ["alice@weir.test", "bob@weir.test"], "Subject: 1\nMessage-ID: <one@example.org>\n\nhello\n")
        session.send("", ["alice@weir.test"], "Subject: 2\n\nno message id\n")
        session.say("QUIT")
    with Session(port) as session:
        session.say("EHLO mixed.example")
        session.say("MAIL FROM:<ben@example.net>")
        session.say("RCPT TO:<nobody@weir.test>")
        session.say("RCPT TO:<alice@weir.test>")
        session.say("RCPT TO:<somebody@weir.test>")
        session.say("DATA")
        session.say("Resent-Message-ID: <re@example.net>\r\nMessage-ID: <two@example.net>\r\n\r\nx\r\n.")
        session.say("QUIT")
    with Session(port) as session:
        session.say("HELO relay.example")
        session.say("MAIL FROM:<carl@example.com>")
        session.say("RCPT TO:<victim@elsewhere.test>")
        session.say("RSET")
        session.say("VRFY alice@weir.test")
        session.say("QUIT")
    with Session(port) as session:
        session.say("EHLO gone.example")
    with Session(port) as session:
        session.say("EHLO wild.example")
        session.say("FOO")
        session.say("BAR")
        session.say("BAZ")


SETTINGS = {
    "virtual_mailbox_domains": "weir.test",
    "mynetworks": "192.0.2.1",
    "smtpd_hard_error_limit": "3",
    "smtpd_error_sleep_time": "0",
}

# What play() gets, with either server.
RECEIVED, DELIVERED, REJECTED = 3, 4, 3
# The last lines of the sessions that do not wait for a reply to their last word, which may come in any order.
ENDS = ("disconnect from localhost[127.0.0.1] ehlo=1 commands=1\n", "disconnect from localhost[127.0.0.1] ehlo=1 unknown=0/3 commands=1/4\n")


def weir_settings(**more):
    return "".join(f"{name} = {value}\n" for name, value in {**SETTINGS, **more}.items() if name != "virtual_mailbox_domains")


def shape(line):
    """A line of a log without what differs from run to run."""
    line = line.split(" mx ", 1)[-1].split(" mx.weir.test ", 1)[-1]
    line = re.sub(r"\[\d+\]: ", ": ", line, count=1)
    line = re.sub(r"\b[0-9A-Za-z]{9,}\b(?=: |\.?\w*@mx)", "ID", line)
    line = line.replace("<ID.ID@", "<ID@")
    line = re.sub(r"delay=[\d.]+, delays=[\d./]+", "delay=N", line)
    return re.sub(r"size=\d+", "size=N", line)


class SameAsPostfix(Case):
    """Both logs of the same sessions."""

    def logs(self):
        weir = self.weir(weir_settings())
        play(weir.port)
        eventually(lambda: weir.log_text().count(": removed") == RECEIVED, what="removed")
        eventually(lambda: all(end in weir.log_text() for end in ENDS), what="the last lines")
        ours = os.path.join(weir.folder, "ours.log")
        with open(ours, "w") as file:
            file.write(clean(weir.log_text()))
        folder = os.path.join(weir.folder, "boxes")
        os.mkdir(folder)
        os.chown(folder, 65534, 65534)
        boxes = {"virtual_mailbox_base": folder, "virtual_mailbox_maps": "hash:$config_directory/boxes", "virtual_uid_maps": "static:65534",
                 "virtual_gid_maps": "static:65534", "virtual_minimum_uid": "1", "enable_long_queue_ids": "yes"}
        with Postfix({**SETTINGS, **boxes}, tables={"boxes": "alice@weir.test alice/\nbob@weir.test bob/\n"}) as postfix:
            play(postfix.port)
            eventually(lambda: postfix.log_text().count(": removed") == RECEIVED, what="removed by Postfix")
            eventually(lambda: all(end in postfix.log_text() for end in ENDS), what="the last lines of Postfix")
            theirs = os.path.join(weir.folder, "theirs.log")
            with open(theirs, "w") as file:
                file.write(clean(postfix.log_text()))
        return ours, theirs

    def test_lines_and_tools(self):
        ours, theirs = self.logs()
        self.compare_lines(*map(read, (ours, theirs)))
        self.compare_summaries(logtools.pflogsumm(ours), logtools.pflogsumm(theirs))
        self.compare_bans(ours, theirs)

    def compare_lines(self, ours, theirs):
        """Line by line, as far as the order is anybody's business: for each session and for each message."""
        for daemon in ("smtpd", "cleanup", "qmgr", "virtual"):
            with self.subTest(daemon):
                lines = [sorted(shape(line) for line in log.splitlines() if f"/{daemon}[" in line) for log in (ours, theirs)]
                self.assertEqual(*lines)
        for log in (ours, theirs):
            for name in set(re.findall(r"postfix/qmgr\[\d+\]: (\w+): from=", log)):
                daemons = [re.search(r"postfix/(\w+)\[", line)[1] for line in log.splitlines() if f" {name}: " in line and "reject" not in line]
                expected = ["smtpd", "cleanup", "qmgr", "virtual", "qmgr"]
                self.assertEqual([each for index, each in enumerate(daemons) if index == 0 or daemons[index - 1] != each], expected)

    def compare_summaries(self, ours, theirs):
        self.assertEqual((ours.totals["received"], ours.totals["delivered"], ours.totals["rejected"]), (RECEIVED, DELIVERED, REJECTED), ours.text)
        sized = {"bytes received", "bytes delivered"}
        self.assertEqual({name: count for name, count in ours.totals.items() if name not in sized},
                         {name: count for name, count in theirs.totals.items() if name not in sized})
        for title in ("message reject detail", "Senders by message count", "Recipients by message count", "Warnings", "message deferral detail",
                      "Per-Day Traffic Summary", "Per-Hour Traffic Daily Average"):
            if title.startswith("Per-") or title in theirs.tables or title in ours.tables:
                self.assertEqual(ours.tables.get(title), theirs.tables.get(title), f"{title}\n{ours.text}\n{theirs.text}")

    def compare_bans(self, ours, theirs):
        found, expected = (logtools.Matches(path, "postfix[mode=aggressive]") for path in (ours, theirs))
        self.assertEqual(sorted(map(shape, found.lines)), sorted(map(shape, expected.lines)))
        for name, count in {"postfix[mode=aggressive]": 6, "postfix": 4, "postfix[mode=errors]": 1}.items():
            with self.subTest(name):
                matches = found if "aggressive" in name else logtools.Matches(ours, name)
                self.assertEqual(matches.count, count, matches.lines)


def clean(log):
    """Without what Postfix thinks of the settings that the test writes twice, and Weir of its certificate."""
    return "".join(line for line in log.splitlines(keepends=True) if " postfix/" in line and "overriding earlier entry" not in line)


def read(path):
    with open(path, errors="replace") as file:
        return file.read()


class LogCase(Case):
    def logging(self, settings, **options):
        """A daemon with these settings, in which {data} is its folder; its log goes to {data}/mail.log if they say so."""
        weir = Weir(**options)
        self.addCleanup(self._end, weir)
        weir.file = os.path.join(weir.data, "mail.log")
        weir.write_config(settings.format(data=weir.data, folder=weir.folder))
        return weir.start()

    def send(self, weir, name="one"):
        with Session(weir.port) as session:
            session.say("EHLO a.example")
            reply = session.send("ann@example.org", ["alice@weir.test"], f"Message-ID: <{name}@example.org>\n\nx\n")
            self.assertTrue(reply.startswith("250 2.0.0 Ok: queued as "), reply)
            session.say("QUIT")
        return reply.split()[-1]


class Files(LogCase):
    FILE = "maillog_file_prefixes = /tmp\nmaillog_file = {data}/mail.log\n"

    def rotated(self, weir, rotate):
        """Mail comes all the while: no line may be lost."""
        names = [f"m{index}" for index in range(30)]
        for index, name in enumerate(names):
            self.send(weir, name)
            if index == 15:
                rotate()
        weir.stop()
        return names

    def lines(self, *paths):
        return "".join(gzip.open(path, "rt").read() if path.endswith(".gz") else read(path) for path in paths)

    def assert_all(self, text, names):
        self.assertEqual(re.findall(r"message-id=<(m\d+)@", text), names)
        self.assertEqual(text.count("connect from localhost") - text.count("disconnect from"), len(names) + text.count("CONNECT from"))

    def test_permissions(self):
        weir = self.logging(self.FILE + "maillog_file_permissions = 0640\n")
        self.assertEqual(os.stat(weir.file).st_mode & 0o777, 0o640)

    def test_a_file_elsewhere_is_refused(self):
        weir = Weir()
        self.addCleanup(self._end, weir)
        weir.write_config("maillog_file = /tmp/mail.log\n")
        done = weir.run("check")
        self.assertEqual(done.returncode, 78)
        self.assertIn("error: `/tmp/mail.log` is below none of maillog_file_prefixes", done.stdout)

    def test_logrotate(self):
        weir = self.logging(self.FILE + "mail_owner = nobody\n", root=IS_ROOT)
        config = os.path.join(weir.folder, "logrotate.conf")
        ours = read(os.path.join(ROOT, "conf/weir.logrotate")).replace("/var/log/mail.log", weir.file)
        ours = ours.replace("/usr/sbin/weir log reopen", " ".join(weir.command("log", "reopen")))
        self.assertNotIn("/usr/sbin/weir", ours)
        with open(config, "w") as file:
            file.write(ours)
        os.chmod(config, 0o644)
        state = os.path.join(weir.folder, "state")

        def rotate():
            logtools.run(logtools.program("usr/sbin/logrotate"), "-f", "-s", state, config)
            self.assertTrue(os.path.exists(weir.file + ".1"))
        names = self.rotated(weir, rotate)
        self.assertGreater(len(read(weir.file)), 1000)
        self.assert_all(self.lines(weir.file + ".1", weir.file), names)

    def test_weir_log_rotate(self):
        weir = self.logging(self.FILE + "maillog_file_rotate_suffix = %Y\n")

        def rotate():
            done = weir.run("log", "rotate")
            self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))
        names = self.rotated(weir, rotate)
        self.assert_all(self.lines(f"{weir.file}.{time.strftime('%Y')}.gz", weir.file), names)
        self.assertEqual(weir.run("log", "rotate").returncode, 0 if not os.path.exists(f"{weir.file}.{time.strftime('%Y')}") else 1)

    def test_names_of_listeners_and_stamps(self):
        port = free_port()
        weir = self.logging(self.FILE + "log_time_format = rfc3339\nlistener other {{\n  address = 127.0.0.1\n"
                            f"  port = {port}\n  syslog_name = postfix/submission\n}}}}\n")
        weir.port = port
        self.send(weir)
        text = eventually(lambda: "disconnect" in read(weir.file).split("submission")[-1] and read(weir.file))
        self.assertRegex(text, r"\n\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d mx\.weir\.test postfix/submission/smtpd\[\d+\]: connect from ")
        self.assertRegex(text, r" postfix/cleanup\[\d+\]: \w+: message-id=<one@")
        self.assertEqual(logtools.pflogsumm(weir.file).totals["received"], 1)

    def test_blocklisted_clients_are_banned(self):
        with DNS({("1.0.0.127.zen.test", "A"): ["127.0.0.2"], ("1.0.0.127.zen.test", "TXT"): ['"listed"']}) as dns:
            weir = self.logging(self.FILE + "smtpd_client_restrictions = reject_rbl_client zen.test\n" + dns.setting.replace("{", "{{"))
            with Session(weir.port) as session:
                session.say("EHLO spam.example")
                session.say("MAIL FROM:<a@example.org>")
                self.assertRegex(session.say("RCPT TO:<alice@weir.test>"), "^554 5.7.1 Service unavailable; Client host .* blocked using zen.test; listed")
            eventually(lambda: "554 5.7.1" in read(weir.file), what="the line")
            self.assertEqual(logtools.Matches(weir.file, "postfix[mode=rbl]").count, 1, read(weir.file))

    def test_json(self):
        weir = self.logging(self.FILE + "log_style = json\nlog_targets = file, stdout\n")
        name = self.send(weir)
        events = eventually(lambda: "removed" in read(weir.file) and [json.loads(line) for line in read(weir.file).splitlines()])
        ours = [event for event in events if event.get("queue_id") == name]
        self.assertEqual([event["event"] for event in ours], ["client", "message_id", "active", "delivery", "removed"])
        self.assertEqual(len({event["session"] for event in ours if "session" in event}), 1)
        delivery = ours[3]
        self.assertEqual((delivery["to"], delivery["status"], delivery["dsn"], delivery["relay"]), ("alice@weir.test", "sent", "2.0.0", "virtual"))
        self.assertEqual(ours[1]["message"], f"{name}: message-id=<one@example.org>")
        self.assertEqual(ours[0]["client_address"], "127.0.0.1")
        self.assertIn('"event":"removed"', weir.log_text())


class Events(LogCase):
    def reader(self, weir, *options):
        process = subprocess.Popen(weir.command("events", *options), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **weir.identity())

        def end():
            process.kill()
            process.wait()
            process.stdout.close()
        self.addCleanup(end)
        os.set_blocking(process.stdout.fileno(), False)
        return process

    def read_some(self, process):
        try:
            return os.read(process.stdout.fileno(), 65536).decode()
        except BlockingIOError:
            return ""

    def read_until(self, process, word):
        text = ""
        deadline = time.monotonic() + 20
        while word not in text:
            self.assertLess(time.monotonic(), deadline, text)
            text += self.read_some(process)
            time.sleep(0.02)
        return text

    def attach(self, weir, process, marker):
        """Until it is let in nothing is seen: say something until it is."""
        text = ""
        deadline = time.monotonic() + 20
        while marker not in text:
            self.assertLess(time.monotonic(), deadline, text)
            Session(weir.port).close()
            time.sleep(0.1)
            text += self.read_some(process)

    def test_events(self):
        weir = self.logging("")
        plain, objects = self.reader(weir), self.reader(weir, "--json")
        self.attach(weir, plain, "connect from")
        self.attach(weir, objects, "connect")
        name = self.send(weir)
        self.assertRegex(self.read_until(plain, "removed"), rf"\d\d:\d\d:\d\d postfix/cleanup\[\d+\]: {name}: message-id=<one@example.org>\n")
        lines = self.read_until(objects, '"event":"removed"').splitlines()
        self.assertIn("delivery", [json.loads(line)["event"] for line in lines if line.endswith("}")])
        weir.process.send_signal(signal.SIGHUP)
        weir.stop()
        self.assertEqual((plain.wait(10), objects.wait(10)), (0, 0))

    def test_without_a_daemon(self):
        weir = self.logging("")
        weir.stop()
        done = weir.run("events")
        self.assertEqual(done.returncode, 69)
        self.assertIn("no daemon answers", done.stderr)

    @unittest.skipUnless(IS_ROOT, "is somebody else")
    def test_nobody_else_may_read(self):
        weir = self.logging("", root=False)
        path = os.path.join(weir.data, "spool/events")
        if not os.path.exists(path):
            path = subprocess.run(["find", weir.data, "-name", "events"], capture_output=True, text=True, check=True).stdout.strip()
        for folder in (weir.data, os.path.dirname(path)):
            os.chmod(folder, 0o755)
        os.chmod(path, 0o777)
        script = ("import socket, sys\ns = socket.socket(socket.AF_UNIX)\ns.settimeout(10)\ns.connect(sys.argv[1])\n"
                  "try:\n  print(len(s.recv(100)))\nexcept ConnectionResetError:\n  print(0)")
        done = subprocess.run(["python3", "-c", script, path], capture_output=True, text=True, user=12345, group=12345, extra_groups=[], timeout=30)
        self.assertEqual((done.stdout, done.stderr), ("0\n", ""))


class Daemon(Case):
    """A log daemon of Debian, in a folder of its own."""

    def daemon(self, *command):
        process = subprocess.Popen(command, env=logtools.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

        def end():
            process.terminate()
            process.wait(20)
            process.stdout.close()
        self.addCleanup(end)
        return process


@unittest.skipUnless(IS_ROOT, "log daemons must be started as root")
class Syslog(LogCase, Daemon):
    def start(self, folder):
        config = os.path.join(folder, "rsyslog.conf")
        modules = os.path.dirname(glob.glob(os.path.join(logtools.TOOLS, "usr/lib/*/rsyslog/imuxsock.so"))[0])
        with open(config, "w") as file:
            file.write(f'module(load="imuxsock" SysSock.Name="{folder}/log" SysSock.RateLimit.Interval="0")\n'
                       f'module(load="builtin:omfile" Template="RSYSLOG_TraditionalFileFormat")\nmail.* {folder}/rsyslog-mail.log\n*.* {folder}/rsyslog-all.log\n')
        started = self.daemon(logtools.program("usr/sbin/rsyslogd"), "-n", "-f", config, "-i", os.path.join(folder, "pid"), "-M", modules)
        eventually(lambda: os.path.exists(f"{folder}/log"), what="rsyslogd")
        os.chmod(f"{folder}/log", 0o666)
        return started

    def test_rsyslog_comes_and_goes(self):
        folder = tempfile.mkdtemp(prefix="weir-syslog-")
        self.addCleanup(shutil.rmtree, folder, True)
        os.chmod(folder, 0o755)
        weir = self.logging(f"log_targets = syslog, stdout\nsyslog_socket = {folder}/log\n")
        self.send(weir, "before")
        first = self.start(folder)
        self.send(weir, "first")
        mail = f"{folder}/rsyslog-mail.log"
        eventually(lambda: os.path.exists(mail) and "first@example.org" in read(mail), what="the first message in the log of rsyslog")
        self.assertIn("before@example.org", read(mail))
        first.terminate()
        first.wait(20)
        self.send(weir, "between")
        self.start(folder)
        self.send(weir, "second")
        eventually(lambda: "second@example.org" in read(mail) and read(mail).count("removed") == 4, what="the second")
        self.assertEqual(re.findall(r"message-id=<(\w+)@", read(mail)), ["before", "first", "between", "second"])
        self.assertEqual(read(mail).count(" postfix/"), read(f"{folder}/rsyslog-all.log").count(" postfix/"))
        summary = logtools.pflogsumm(mail)
        self.assertEqual((summary.totals["received"], summary.totals["delivered"]), (4, 4), summary.text)


@unittest.skipUnless(IS_ROOT, "log daemons must be started as root")
class Journal(LogCase, Daemon):
    def setUp(self):
        super().setUp()
        self.name = f"weirtest{os.getpid()}"
        self.folder = f"/run/systemd/journal.{self.name}"
        os.makedirs("/run/systemd", exist_ok=True)
        self.daemon(logtools.program("lib/systemd/systemd-journald", "usr/lib/systemd/systemd-journald"), self.name)
        self.addCleanup(lambda: [shutil.rmtree(path, True) for path in (self.folder, *glob.glob(f"/run/log/journal/*.{self.name}"),
                                                                           *glob.glob(f"/var/log/journal/*.{self.name}"))])
        eventually(lambda: os.path.exists(f"{self.folder}/socket"), what="systemd-journald")

    def entries(self, *matches):
        text = logtools.run(logtools.program("bin/journalctl", "usr/bin/journalctl"), f"--namespace={self.name}", "-o", "json", "--all", *matches)
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    def test_journalctl(self):
        weir = self.logging(f"log_targets = journald, stdout\njournald_socket = {self.folder}/socket\nline_length_limit = 400000\n")
        name = self.send(weir)
        mine = eventually(lambda: [entry for entry in self.entries(f"WEIR_QUEUE_ID={name}")] if self.entries("WEIR_EVENT=removed") else None)
        self.assertEqual([entry["WEIR_EVENT"] for entry in mine], ["client", "message_id", "active", "delivery", "removed"])
        self.assertEqual([entry["SYSLOG_IDENTIFIER"] for entry in mine],
                         ["postfix/smtpd", "postfix/cleanup", "postfix/qmgr", "postfix/virtual", "postfix/qmgr"])
        delivery = mine[3]
        self.assertEqual((delivery["PRIORITY"], delivery["SYSLOG_FACILITY"], delivery["WEIR_TO"], delivery["WEIR_STATUS"]),
                         ("6", "2", "alice@weir.test", "sent"))
        self.assertRegex(delivery["MESSAGE"], rf"^{name}: to=<alice@weir\.test>, relay=virtual, delay=.* status=sent \(delivered to maildir\)$")
        self.assertEqual(delivery["SYSLOG_PID"], delivery["_PID"])
        with Session(weir.port) as session:
            # Too long for a datagram: it goes as a file in memory.
            session.say("EHLO " + "x" * 300_000)
            session.say("MAIL FROM:<a@example.org>")
            session.say("RCPT TO:<nobody@weir.test>")
        verdicts = eventually(lambda: self.entries("WEIR_EVENT=verdict"))
        self.assertEqual(verdicts[0]["WEIR_REPLY"][:10], "550 5.1.1 ")
        self.assertEqual(len(verdicts[0]["WEIR_HELO"]), 300_000)

    def test_as_a_service(self):
        """Standard output is the journal's, as systemd makes it: the journal, and /var/log/mail.log."""
        weir = Weir(root=True)
        self.addCleanup(self._end, weir)
        weir.write_config(f"mail_owner = nobody\njournald_socket = {self.folder}/socket\n")
        log = os.path.join(weir.folder, "var-log")
        os.mkdir(log)
        with socket.socket(socket.AF_UNIX) as stream:
            stream.connect(f"{self.folder}/stdout")
            stream.sendall(b"weir\nweir.service\n6\n1\n0\n0\n0\n")
            status = os.fstat(stream.fileno())
            enter = 'mount --bind "$0" /var/log && exec "$@"'
            weir.log = open(weir.log_path, "ab")
            weir.process = subprocess.Popen(
                ["unshare", "-m", "sh", "-c", enter, log, *weir.run_command()], stdout=stream, stderr=weir.log, cwd=weir.folder, start_new_session=True,
                env=dict(os.environ, JOURNAL_STREAM=f"{status.st_dev}:{status.st_ino}"))
        eventually(weir.banner, what="the banner")
        name = self.send(weir)
        file = os.path.join(log, "mail.log")
        eventually(lambda: f"{name}: removed" in read(file), what="the message in mail.log")
        self.assertEqual(logtools.pflogsumm(file).totals["delivered"], 1)
        self.assertEqual(os.stat(file).st_mode & 0o777, 0o600)
        self.assertEqual(len(eventually(lambda: self.entries(f"WEIR_QUEUE_ID={name}"))), 5)
        masters = [entry["MESSAGE"] for entry in self.entries("SYSLOG_IDENTIFIER=postfix/master")]
        self.assertTrue(masters[0].startswith("Weir "), masters)
