# SPDX-License-Identifier: Apache-2.0
"""sendmail and its brothers: by a socket while the daemon runs, by the drop folder while it does not."""
import grp
import os
import pwd
import re
import subprocess

from harness import IS_ROOT, ROOT, Case, eventually


class Programs:
    """The program under the names that people know it by, and how each is called on a test's configuration."""

    def __init__(self, weir):
        self.weir = weir
        self.folder = os.path.join(weir.folder, "bin")
        if not os.path.isdir(self.folder):
            os.mkdir(self.folder)
            for name in ("sendmail", "mailq", "newaliases", "postqueue", "postsuper", "postcat", "postmap", "postalias", "postconf", "postfix"):
                os.symlink(os.environ["WEIR_BIN"], os.path.join(self.folder, name))

    @property
    def environment(self):
        return {**os.environ, "MAIL_CONFIG": self.weir.config, "PATH": f"{self.folder}:{os.environ['PATH']}"}

    def run(self, name, *arguments, input="", **options):
        text = isinstance(input, str)
        return subprocess.run(
            [os.path.join(self.folder, name), *arguments], input=input, capture_output=True, text=text, timeout=30,
            env=self.environment, **{"user": self.weir.user, "cwd": "/", **options})


SETTINGS = "myorigin = weir.test\n"


class SendmailCase(Case):
    def start(self, settings="", **options):
        weir = self.weir(SETTINGS + settings, **options)
        return weir, Programs(weir)

    def sent(self, programs, *arguments, input="Subject: x\n\nhello\n", status=0, **options):
        done = programs.run("sendmail", *arguments, input=input, **options)
        self.assertEqual(done.returncode, status, done.stderr)
        return done


class BySocket(SendmailCase):
    def test_a_message_from_a_user(self):
        weir, programs = self.start()
        self.sent(programs, "alice")
        message = weir.message()
        uid = os.stat(weir.data).st_uid
        self.assertEqual(message["Subject"], "x")
        self.assertEqual(message.get_content(), "hello\n")
        self.assertRegex(message["Received"], rf"^by mx\.weir\.test \(Weir, from userid {uid}\)\s+id \w+; ")
        self.assertRegex(message["Message-Id"], r"^<\d{14}\.\w+@mx\.weir\.test>$")
        self.assertIsNotNone(message["Date"])
        self.assertRegex(message["From"], r"@weir\.test>?$")
        log = weir.log_text()
        self.assertRegex(log, rf"postfix/pickup\[\d+\]: \w+: uid={uid} from=<\w+>")
        self.assertNotIn("connect from local[", log)

    def test_recipients_from_the_header_and_no_bcc(self):
        weir, programs = self.start()
        text = "From: me@weir.test\nTo: \"A, Lice\" <alice@weir.test>\nBcc: bob@weir.test,\n  nobody: ;\nSubject: t\n\nx\n"
        self.sent(programs, "-t", "-oi", input=text)
        for user in ("alice", "bob"):
            message = weir.messages(user)[0]
            self.assertNotIn("Bcc", message)
            self.assertEqual(message["To"], '"A, Lice" <alice@weir.test>')

    def test_resent_recipients_count_alone(self):
        weir, programs = self.start()
        self.sent(programs, "-t", input="To: bob@weir.test\nResent-To: alice@weir.test\nResent-From: me@weir.test\n\nx\n")
        self.assertEqual(weir.message()["Resent-To"], "alice@weir.test")
        self.assertEqual(weir.files("bob"), [])

    def test_dots_and_separators(self):
        weir, programs = self.start()
        self.sent(programs, "alice", input="From me Mon Jan  1 00:00:00 2024\nSubject: dot\n\none\n.\ntwo\n")
        self.assertEqual(weir.message().get_content(), "one\n")
        self.sent(programs, "-i", "bob", input="Subject: dot\r\n\r\none\r\n.\r\n..two\r\n")
        self.assertEqual(weir.messages("bob")[0].get_content(), "one\n.\n..two\n")

    def test_the_sender_and_the_name(self):
        weir, programs = self.start()
        self.sent(programs, "-f", "daemon@example.org", "-F", "The \"Big\" One", "alice", input="\nbody\n")
        message = weir.message()
        self.assertEqual(message["Return-Path"], "<daemon@example.org>")
        self.assertEqual(message["From"], '"The \\"Big\\" One" <daemon@example.org>')
        self.sent(programs, "-f", "<>", "bob")
        self.assertEqual(weir.messages("bob")[0]["Return-Path"], "<>")

    def test_wishes_of_the_sender(self):
        weir, programs = self.start()
        self.sent(programs, "-N", "never", "-R", "hdrs", "-V", "id=1", "-oem", "-odb", "-U", "-G", "-n", "-m", "-X", "log", "-B8BITMIME", "--", "alice",
                  input="Subject: ä\n\nü\n")
        self.assertEqual(weir.message().get_payload(decode=True), "ü\n".encode())

    def test_what_makes_no_sense(self):
        _, programs = self.start()
        self.assertIn("Recipient addresses must be specified", self.sent(programs, status=64).stderr)
        self.assertIn("No recipient addresses found", self.sent(programs, "-t", input="Subject: x\n\n", status=64).stderr)
        self.assertIn("invalid option", self.sent(programs, "-Q", "alice", status=64).stderr)
        self.assertIn("alice@a..b", self.sent(programs, "alice@a..b", status=65).stderr)
        self.assertIn("-t option cannot be used with -bv", self.sent(programs, "-bv", "-t", status=64).stderr)
        self.assertIn("Recipient addresses must be specified", self.sent(programs, "-bv", status=64).stderr)

    def test_a_refused_message_is_told_at_once(self):
        rules = os.path.join("/tmp", f"weir-rules-{os.getpid()}")
        with open(rules, "w") as file:
            file.write("/^Subject: bad/ REJECT no thanks\n")
        self.addCleanup(os.remove, rules)
        weir, programs = self.start(f"header_checks = regexp:{rules}\n")
        done = self.sent(programs, "alice", input="Subject: bad\n\nx\n", status=69)
        self.assertIn("550 5.7.1 no thanks", done.stderr)
        self.assertEqual(weir.files(), [])

    def test_who_may(self):
        weir, programs = self.start("authorized_submit_users = !nobody, static:all\n")
        if weir.user != "nobody":
            self.skipTest("only as root")
        # The folder is nobody's own, so that the message is left there; and refused.
        self.sent(programs, "alice", status=69)

    def test_a_session_on_standard_input(self):
        weir, programs = self.start()
        done = self.sent(programs, "-bs", input="EHLO me\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<alice>\r\nDATA\r\nSubject: bs\r\n\r\nx\r\n.\r\nQUIT\r\n")
        self.assertRegex(done.stdout, r"(?s)^220 .*250 2\.0\.0 Ok: queued as \w+\n221 ")
        self.assertEqual(weir.message()["Subject"], "bs")


class WithoutDaemon(SendmailCase):
    """F2b: the sendmail path works with the daemon stopped; queued."""

    def test_F2b_mail_is_kept_until_it_runs_again(self):
        weir, programs = self.start()
        weir.stop()
        self.sent(programs, "alice", input="Subject: cron\n\njob\n")
        folder = os.path.join(weir.data, "queue", "maildrop")
        self.assertEqual(len(os.listdir(folder)), 1)
        weir.start()
        self.assertEqual(weir.message()["Subject"], "cron")
        eventually(lambda: not os.listdir(folder), 10, "an empty folder")

    def test_root_leaves_nothing_that_the_daemon_cannot_read(self):
        if not IS_ROOT:
            return
        weir, programs = self.start("defer_transports = smtp relay\nrelayhost = [127.0.0.1]:1\n")
        self.sent(programs, "a@elsewhere.test")
        self.sent(programs, "b@elsewhere.test")
        eventually(lambda: weir.log_text().count("status=deferred") == 2, 10, "two messages that wait")
        # What waits, and why.
        self.assertRegex(weir.run("queue", "list").stdout, r"deferred .* a@elsewhere\.test\n  next try in \d+ \w+: deferred transport\n")
        weir.stop()
        self.sent(programs, "alice", user=None)
        self.assertIn("a@elsewhere.test", programs.run("mailq", user=None).stdout)
        done = programs.run("postsuper", "-h", "ALL", user=None)
        self.assertIn("Placed on hold: 2 messages", done.stderr)
        for folder, folders, files in os.walk(os.path.join(weir.data, "queue")):
            for name in folders + files:
                path = os.path.join(folder, name)
                if not folder.endswith("maildrop"):
                    self.assertNotEqual(os.lstat(path).st_uid, 0, path)
        weir.start()
        self.assertRegex(weir.message()["Received"], "from userid 0")
        self.assertEqual(programs.run("mailq").stdout.count("!"), 2)

    def test_other_users_leave_mail_by_weir_drop(self):
        if not IS_ROOT:
            return
        weir, _ = self.start()
        weir.stop()
        folder = os.path.join(weir.data, "queue", "maildrop")
        group, user = grp.getgrnam("games").gr_gid, pwd.getpwnam("man")
        os.chown(folder, -1, group)
        os.chmod(folder, 0o1770)
        place = os.path.join(weir.folder, "lib")
        os.mkdir(place)
        staged = os.path.dirname(os.environ["WEIR_BIN"])
        for name in [os.path.basename(os.environ["WEIR_BIN"]), *(each for each in os.listdir(staged) if each.endswith(".so"))]:
            os.link(os.path.join(staged, name), os.path.join(place, name))
        drop = os.path.join(place, "weir-drop")
        subprocess.run([os.path.join(ROOT, "tools/drop"), drop, folder], check=True)
        os.chown(drop, 0, group)
        os.chmod(drop, 0o2755)
        sendmail = os.path.join(place, "sendmail")
        os.symlink(os.path.basename(os.environ["WEIR_BIN"]), sendmail)

        def run(*command, input=""):
            return subprocess.run(
                command, input=input, capture_output=True, text=True, timeout=30, cwd="/", user="man", group=user.pw_gid, extra_groups=[],
                env={"PATH": "/usr/bin:/bin", "MAIL_CONFIG": weir.config, "LD_PRELOAD": "/nonexistent"})

        done = run(sendmail, "alice", input="Subject: dropped\n\nx\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        names = os.listdir(folder)
        self.assertEqual(len(names), 1)
        status = os.stat(os.path.join(folder, names[0]))
        self.assertEqual((status.st_uid, status.st_mode & 0o777, status.st_nlink), (user.pw_uid, 0o644, 1))
        self.assertNotEqual(run("/bin/ls", folder).returncode, 0)
        self.assertNotEqual(run("/bin/cat", os.path.join(folder, names[0])).returncode, 0)
        for garbage in ("", "x", "weir-drop 1\n", "weir-drop 1\nF\0\0\0\0E\0\0\0\0", "weir-drop 1\nF\x7f\0\0\0", "weir-drop 1\nC\0\0\0\1xF\0\0\0\0E\0\0\0\0"):
            self.assertEqual(run(drop, input=garbage).returncode, 65, garbage)
        self.assertEqual(os.listdir(folder), names)
        weir.start()
        self.assertEqual(weir.message()["From"], "man <man@weir.test>")
        self.assertIn(f": uid={user.pw_uid} from=<man>", weir.log_text())

    def test_hostile_files(self):
        weir, programs = self.start()
        folder = os.path.join(weir.data, "queue", "maildrop")
        weir.stop()
        self.sent(programs, "alice", input="Subject: good\n\nx\n")
        good = os.path.join(folder, os.listdir(folder)[0])
        with open(good, "rb") as file:
            content = file.read()
        owner = os.stat(weir.data)

        def put(number, data, mode=0o644):
            path = os.path.join(folder, f"M{number:032x}")
            with open(path, "wb") as file:
                file.write(data)
            os.chmod(path, mode)
            os.chown(path, owner.st_uid, owner.st_gid)
            return path

        secret = os.path.join(weir.folder, "secret")
        with open(secret, "wb") as file:
            file.write(content)
        os.symlink(secret, os.path.join(folder, f"M{1:032x}"))
        os.link(secret, os.path.join(folder, f"M{2:032x}"))
        os.mkfifo(os.path.join(folder, f"M{3:032x}"))
        put(4, content[:-7])
        put(5, b"weir-drop 1\n" + os.urandom(500))
        put(6, content.replace(b"alice", b"al\nce"))
        put(7, content + b"x")
        put(8, content, mode=0o666)
        put(9, b"")
        put(10, b"weir-drop 1\nF\xff\xff\xff\xff")
        with open(put(11, content), "r+b") as file:
            file.truncate(300 << 20)
        put(12, content.replace(b"R\x00\x00\x00\x05alice", b""))
        with open(os.path.join(folder, "anything"), "w"):
            pass
        weir.start()
        self.assertEqual(weir.message()["Subject"], "good")
        eventually(lambda: not os.listdir(folder), 15, "an empty folder")
        self.assertTrue(os.path.exists(secret))
        for text in ("no regular file", "2 links", "it ends in its middle", "control characters", "something follows", "others may write", "too many",
                     "it is for nobody", "no name of ours"):
            eventually(lambda: text in weir.log_text(), 5, text)
        self.assertEqual(len(weir.files()), 1)


class Queue(SendmailCase):
    """mailq, postqueue, postsuper, postcat."""

    def test_the_queue_of_a_daemon(self):
        rules = os.path.join("/tmp", f"weir-hold-{os.getpid()}")
        with open(rules, "w") as file:
            file.write("/^Subject: hold/ HOLD\n")
        self.addCleanup(os.remove, rules)
        weir, programs = self.start(f"header_checks = regexp:{rules}\n")
        self.assertEqual(programs.run("mailq").stdout, "Mail queue is empty\n")
        self.sent(programs, "-f", "me@weir.test", "alice", input="Subject: hold 1\n\none\n")
        self.sent(programs, "-f", "me@weir.test", "bob", input="Subject: hold 2\n\ntwo\n")
        text = programs.run("mailq").stdout
        self.assertRegex(text, r"^-Queue ID-        --Size-- ---Arrival Time---- -Sender/Recipient------\n")
        ids = re.findall(r"(?m)^(\w+)! +\d+ \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d +me@weir\.test$", text)
        self.assertEqual(len(ids), 2, text)
        self.assertRegex(text, r"(?m)^ {47}alice@weir\.test$")
        self.assertRegex(text, r"\n-- 0 Kbytes in 2 Requests\.\n$")
        self.assertEqual(programs.run("postqueue", "-p").stdout, text)
        lines = programs.run("postqueue", "-j").stdout.splitlines()
        self.assertRegex(lines[0], rf'^{{"queue_name": "hold", "queue_id": "{ids[0]}", "arrival_time": \d+, "message_size": \d+, "forced_expire": false, '
                         r'"sender": "me@weir.test", "recipients": \[\{"address": "alice@weir.test", "delay_reason": "')
        self.assertEqual(programs.run("postcat", "-bhq", ids[0]).stdout.split("\n")[-3:], ["", "one", ""])
        self.assertIn("sender: me@weir.test\n", programs.run("postcat", "-q", ids[0]).stdout)
        self.assertIn("recipient: alice@weir.test\n", programs.run("postcat", "-eq", ids[0]).stdout)
        self.assertEqual(programs.run("postcat", "-bq", ids[1]).stdout, "two\n")
        done = programs.run("postsuper", "-H", ids[0])
        self.assertEqual((done.returncode, done.stderr), (0, f"postsuper: {ids[0]}: released from hold\npostsuper: Released from hold: 1 message\n"))
        self.assertEqual(weir.message().get_content(), "one\n")
        done = programs.run("postsuper", "-d", "-", input=ids[1] + "!\n")
        self.assertEqual(done.stderr, f"postsuper: {ids[1]}: removed\npostsuper: Deleted: 1 message\n")
        eventually(lambda: programs.run("mailq").stdout == "Mail queue is empty\n", 10, "an empty queue")

    def test_a_user_who_may_not(self):
        weir, programs = self.start("authorized_mailq_users = root\nauthorized_flush_users = root\n")
        done = programs.run("mailq")
        self.assertEqual(done.returncode, 77 if weir.user else 0)
        done = programs.run("postqueue", "-f")
        self.assertEqual(done.returncode, 77 if weir.user else 0)

    def test_without_a_daemon(self):
        weir, programs = self.start()
        weir.stop()
        self.assertEqual(programs.run("mailq").stdout, "Mail queue is empty\n")
        self.assertEqual(programs.run("postqueue", "-f").returncode, 69)
        self.assertEqual(programs.run("sendmail", "-q").returncode, 69)


class Other(SendmailCase):
    """postmap, postconf, postfix, newaliases."""

    def test_tables_and_settings(self):
        weir, programs = self.start()
        table = os.path.join(weir.folder, "table")
        with open(table, "w") as file:
            file.write("a@b.example  x y\nc 2\n")
        self.assertEqual(programs.run("postmap", "-q", "a@b.example", f"hash:{table}").stdout, "x y\n")
        self.assertEqual(programs.run("postmap", "-q", "none", f"hash:{table}").returncode, 1)
        self.assertEqual(programs.run("postmap", "-s", f"hash:{table}").stdout, "a@b.example\tx y\nc\t2\n")
        done = programs.run("postmap", table)
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertEqual(os.listdir(weir.folder).count("table.db"), 0)
        self.assertEqual(programs.run("newaliases").returncode, 0)
        # As typed in the folder where it is.
        self.assertEqual(programs.run("postmap", "-q", "c", "table", cwd=weir.folder).stdout, "2\n")
        self.assertEqual(programs.run("postmap", "-q", "c", "hash:table", cwd=weir.folder).stdout, "2\n")
        self.assertEqual(programs.run("postconf", "-h", "myorigin").stdout, "weir.test\n")
        self.assertIn("myorigin = weir.test\n", programs.run("postconf", "-n").stdout)
        self.assertEqual(programs.run("postconf", "-d", "message_size_limit").stdout, "message_size_limit = 10240000\n")
        self.assertIn("pcre\n", programs.run("postconf", "-m").stdout)
        done = programs.run("postconf", "-e", "message_size_limit=2000000", user=None)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(programs.run("postconf", "message_size_limit").stdout, "message_size_limit = 2000000\n")

    def test_D1_newaliases_says_what_is_wrong(self):
        weir, programs = self.start()
        aliases = os.path.join(weir.folder, "aliases")

        def write(text):
            with open(aliases, "w") as file:
                file.write(text)
        write("admin:    root\nuncle: aunt\naunt: uncle\nlist: :include:/nonexistent\nlost: no-such-person\n")
        weir.write_config(f"mydestination = weir.local\nmyorigin = weir.local\nalias_database = hash:{aliases}\n")
        done = programs.run("newaliases")
        # As `weir check` says it.
        for expected in (
                f"{aliases}:2:1: warning: these lead to each other and to nobody else's mailbox: `uncle` leads to `aunt` leads to `uncle`\n",
                f"{aliases}:4:1: warning: `:include:/nonexistent` cannot be read: No such file or directory\n",
                f"{aliases}:5:1: warning: `no-such-person` is nobody: there is no such alias and no such user\n"):
            self.assertIn(expected, done.stderr)
        self.assertEqual(done.stderr.count("warning: "), 3, done.stderr)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(programs.run("postalias", "-q", "admin", "aliases", cwd=weir.folder).stdout, "root\n")
        write("admin:    root\nno colon\n")
        for words in (["newaliases"], ["sendmail", "-bi"], ["postalias", aliases]):
            done = programs.run(*words)
            self.assertIn(f"{aliases}:2:1: error: there is no colon after the name", done.stderr)
            self.assertNotEqual(done.returncode, 0)

    def test_A5_status_also_tells_what_is_wrong(self):
        weir, programs = self.start()
        done = programs.run("postfix", "status")
        self.assertRegex(done.stderr, r"the Postfix mail system is running: PID: \d+\n$")
        self.assertEqual(done.returncode, 0)
        weir.write_config(SETTINGS + "home_directory = Maildir/\n")
        done = programs.run("postfix", "status")
        self.assertIn("home_mailbox", done.stderr)
        self.assertNotEqual(done.returncode, 0)
        self.assertNotEqual(programs.run("postfix", "check").returncode, 0)

    def test_A4_start_reload_stop(self):
        weir, programs = self.start()
        weir.stop()
        done = programs.run("postfix", "start")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.sent(programs, "alice")
        self.assertEqual(len(weir.messages()), 1)
        self.assertEqual(programs.run("postfix", "reload").returncode, 0)
        self.assertEqual(programs.run("postfix", "start").returncode, 1)
        done = programs.run("postfix", "stop")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(programs.run("postfix", "status").returncode, 1)
