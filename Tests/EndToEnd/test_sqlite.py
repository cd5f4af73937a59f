# SPDX-License-Identifier: Apache-2.0
"""Tables of SQLite: answers beside the real postmap's, and mail that hangs on them."""
import os
import sqlite3
import subprocess
import time

from harness import Case, Session, Weir, eventually
from postfix import Postfix

ROWS = [
    ("alice@weir.test", "alice/", 1, 1), ("bob@weir.test", "bob/", 2, 1), ("bob@weir.test", "second@weir.test", 3, 1), ("gone@weir.test", "gone/", 4, 0),
    ("o'neil@weir.test", "quoted", 5, 1), ('"odd one"@weir.test', "blank", 6, 1), ("per%s@weir.test", "percent", 7, 1), ("@weir.test", "all", 8, 1),
    ("null@weir.test", None, 9, 1), ("empty@weir.test", "", 10, 1), ("back\\slash@weir.test", "slash", 11, 1), ("gr\u00fcn@weir.test", "green", 12, 1),
    ("alice", "bare", 13, 1), ("weir.test", "domain", 14, 1), ("x@a.b.weir.test", "deep@inner.test", 15, 1), ("both@weir.test", "one", 16, 1),
    ("both@weir.test", "@", 17, 1), ("both@weir.test", "@host", 18, 1), ("both@weir.test", "user@", 19, 1), ("5", "five", 20, 1),
]
SELECT = "query = SELECT mailbox FROM users WHERE address = '%s' ORDER BY id\n"
# Each a file of Postfix's, without dbpath.
CONFIGURATIONS = {
    "plain": SELECT,
    "parts": "query = SELECT mailbox FROM users WHERE address = '%u@%d'\n  AND active = 1 ORDER BY id\n",
    "labels": "query = SELECT mailbox FROM users WHERE address = 'x@%3.%4.%2.%1' OR address LIKE '%%%3.%1'\n",
    "capitals": "query = SELECT mailbox FROM users WHERE address = '%S' OR address = '%U@%D' ORDER BY id\n",
    "number": "query = SELECT address FROM users WHERE id = %s\n",
    "like": "query = SELECT mailbox FROM users WHERE address LIKE '%%%s%%' AND active = 1 ORDER BY id\n",
    "quotes": "query = SELECT mailbox FROM users WHERE 'it''s ' || address = 'it''s %s' ORDER BY id\n",
    "format": SELECT + "result_format = <%s>%%\n",
    "value parts": SELECT + "result_format = %u at %d\n",
    "value user": SELECT + "result_format = %u\n",
    "key parts": SELECT + "result_format = %S|%U|%D|%1:%s\n",
    "domain": SELECT + "domain = weir.test, other.test\n",
    "old": "table = users\nselect_field = mailbox\nwhere_field = address\nadditional_conditions = AND active = 1 ORDER BY id\n",
    "limit": SELECT + "expansion_limit = 4\n",
    "joined": "query = SELECT mailbox || id, 'x' FROM users WHERE address = '%s' ORDER BY id;\n# end\n",
    "integers": "query = SELECT id FROM users WHERE address = '%s' ORDER BY id\n",
}
KEYS = [row[0].encode() for row in ROWS] + [
    b"ALICE@WEIR.TEST", b"GR\xc3\x9cN@weir.test", b"nobody@weir.test", b"nobody", b"@", b"a@", b"@a", b"a@b@weir.test", b"x' OR '1'='1", b"'", b"''", b'"', b"\\'",
    b"x'; DROP TABLE users; --", b"%", b"%%", b"%s", b"%d", b"%_", b"_", b"\xff\xfe@weir.test", b"\xe2\x82", b"a\x01b", b"x" * 3000, b"x@" + b"y." * 600 + b"test",
    b"x@a.b.weir.test", b"x@A.B.Weir.Test", b"x@..weir..test", b"bob@weir.test ", b" bob@weir.test", b"1", b"007", b"1e3", b"0x10", b"-1", b"99999999999999999999",
    b"1 OR 1=1", b"bob@weir.test\t", b"one\ttwo", b"*", b"?1", b":a", b"@x@weir.test", b"(select 1)", b"null", b"id",
]


def make_database(path, rows=ROWS):
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE users (address TEXT, mailbox TEXT, id INTEGER, active INTEGER)")
        base.executemany("INSERT INTO users VALUES (?, ?, ?, ?)", rows)
    base.close()
    os.chmod(path, 0o644)


class AnswersAsPostmap(Case):
    @classmethod
    def setUpClass(cls):
        files = {f"{name.replace(' ', '-')}.cf": "dbpath = @DB@\n" + text for name, text in CONFIGURATIONS.items()}
        cls.postfix = Postfix({}, tables=files).__enter__()
        cls.addClassCleanup(cls.postfix.__exit__, None)
        database = cls.postfix.path("users.db")
        make_database(database)
        for name, text in files.items():
            cls.postfix.write(name, text.replace("@DB@", database))

    def ours(self, *words, input=None):
        done = subprocess.run([os.environ["WEIR_BIN"], "map", *words], input=input, capture_output=True, timeout=60)
        return done.returncode, done.stdout

    def theirs(self, *words, input=None):
        program = os.path.join(os.path.dirname(self.postfix.libraries.split(":")[0]), "../sbin/postmap")
        done = subprocess.run(self.postfix.inside(program, *words), env=self.postfix.environment(), input=input, capture_output=True, timeout=60)
        return done.returncode, done.stdout

    def table(self, name):
        return f"sqlite:{self.postfix.path(name.replace(' ', '-') + '.cf')}"

    def test_keys_on_standard_input(self):
        for name in CONFIGURATIONS:
            # A key that is no number is a name there, and then it is an error.
            keys = [key for key in KEYS if name != "number" or key.isdigit() and len(key) < 19]
            with self.subTest(name):
                lines = b"".join(key + b"\n" for key in keys)
                self.assertEqual(self.ours("-q", "-", self.table(name), input=lines), self.theirs("-q", "-", self.table(name), input=lines))

    def test_one_key(self):
        for name in ("plain", "parts", "format", "key parts"):
            for key in ("alice@weir.test", "o'neil@weir.test", "nobody", "@", "x' OR '1'='1"):
                with self.subTest(name=name, key=key):
                    self.assertEqual(self.ours("-q", key, self.table(name)), self.theirs("-q", key, self.table(name)))

    def test_too_many_rows_are_an_error(self):
        self.postfix.write("few.cf", f"dbpath = {self.postfix.path('users.db')}\n{SELECT}expansion_limit = 1\n")
        for ask in (self.ours, self.theirs):
            status, output = ask("-q", "bob@weir.test", self.table("few"))
            self.assertEqual((status, output), (1, b""))

    def test_in_other_tables(self):
        union, pipe = f"unionmap:{{{self.table('plain')}, static:x}}", f"pipemap:{{inline:{{a=alice@weir.test}}, {self.table('plain')}}}"
        for name, key in ((union, "alice@weir.test"), (union, "nobody"), (pipe, "a"), (pipe, "b")):
            self.assertEqual(self.ours("-q", key, name), self.theirs("-q", key, name), (name, key))


class Mail(Case):
    def setUp(self):
        super().setUp()
        self.host = Weir()
        self.addCleanup(lambda: self.host.__exit__(AssertionError))
        self.database, self.cf = os.path.join(self.host.folder, "users.db"), os.path.join(self.host.folder, "users.cf")
        make_database(self.database)
        self.write(SELECT)

    def write(self, text, path=None):
        with open(path or self.cf, "w") as file:
            file.write(f"dbpath = {self.database}\n{text}")
        os.chmod(path or self.cf, 0o644)

    def start(self, settings=""):
        weir = self.host
        weir.write_config(f"virtual_mailbox_maps = sqlite:{self.cf}\ntable_check_interval = 1s\n" + settings)
        self.addCleanup(lambda: print(weir.log_text()[-3000:]) if self._outcome_errors() else None)
        return weir.start()

    def recipient(self, address, sender="a@example.org"):
        with Session(self.host.port) as session:
            session.say("EHLO localhost")
            reply = session.say(f"MAIL FROM:<{sender}>")
            return session.say(f"RCPT TO:<{address}>") if reply.startswith("250") else reply

    def check(self, settings):
        self.host.write_config(settings)
        done = self.host.run("check")
        return done.returncode, done.stdout + done.stderr

    def test_mailboxes_of_a_database(self):
        weir = self.start()
        with Session(weir.port) as session:
            session.say("EHLO localhost")
            self.assertTrue(session.send("a@example.org", ["alice@weir.test"], "Subject: x\n\nhello\n").startswith("250 "))
        self.assertEqual(weir.message().get_content(), "hello\n")
        self.assertTrue(self.recipient("ALICE@weir.test").startswith("250 "))
        # @weir.test has an entry; take it out, and nothing need be told of it.
        with sqlite3.connect(self.database) as base:
            base.execute("DELETE FROM users WHERE address = '@weir.test'")
        self.assertTrue(self.recipient("nobody@weir.test").startswith("550 5.1.1 "))
        self.assertTrue(self.recipient("x'or'1'='1@weir.test").startswith("550 5.1.1 "))
        # Another file in its place.
        make_database(self.database + ".new", [("carol@weir.test", "carol/", 1, 1)])
        os.replace(self.database + ".new", self.database)
        self.assertTrue(self.recipient("carol@weir.test").startswith("250 "))
        self.assertTrue(self.recipient("alice@weir.test").startswith("550 5.1.1 "))
        weir.stop()

    def test_a_locked_database_defers(self):
        self.write(SELECT + "timeout = 1s\n")
        weir = self.start()
        base = sqlite3.connect(self.database, isolation_level=None)
        base.execute("BEGIN EXCLUSIVE")
        with Session(weir.port) as session:
            session.say("EHLO localhost")
            session.say("MAIL FROM:<a@example.org>")
            session.raw(b"RCPT TO:<alice@weir.test>\r\n")
            # Others are served meanwhile.
            with Session(weir.port) as other:
                began = time.monotonic()
                other.say("EHLO localhost")
                self.assertEqual(other.say("NOOP"), "250 2.0.0 Ok")
                self.assertLess(time.monotonic() - began, 0.9)
            self.assertTrue(session.reply().startswith("451 4.3.0 "))
            base.execute("ROLLBACK")
            self.assertTrue(session.say("RCPT TO:<alice@weir.test>").startswith("250 "))
        base.close()
        eventually(lambda: "database is locked" in weir.log_text(), what="the reason in the log")
        weir.stop()

    def test_a_query_without_end_defers(self):
        self.write("query = WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c WHERE '%s' <> ''\ntimeout = 1s\n")
        weir = self.start()
        self.assertTrue(self.recipient("alice@weir.test").startswith("451 4.3.0 "))
        eventually(lambda: "takes longer than" in weir.log_text(), what="the reason in the log")
        weir.stop()

    def test_mail_waits_for_a_database_that_is_locked_at_delivery(self):
        self.write(SELECT + "timeout = 1s\n")
        weir = self.start()
        base = sqlite3.connect(self.database, isolation_level=None)
        with Session(weir.port) as session:
            session.say("EHLO localhost")
            session.say("MAIL FROM:<a@example.org>")
            session.say("RCPT TO:<alice@weir.test>")
            session.say("DATA")
            base.execute("BEGIN EXCLUSIVE")
            session.raw(b"Subject: x\r\n\r\nlate\r\n.\r\n")
            self.assertTrue(session.reply().startswith("250 "))
            eventually(lambda: "table lookup problem" in weir.log_text(), what="a deferred delivery")
        base.execute("ROLLBACK")
        base.close()
        eventually(lambda: "status=deferred" in weir.log_text(), what="a deferred delivery")
        self.assertEqual(weir.files(), [])
        self.assertIn("alice@weir.test", weir.run("queue", "list").stdout)
        weir.stop()

    def test_access_tables(self):
        access = os.path.join(self.host.folder, "access.cf")
        self.write("query = SELECT CASE '%s' WHEN 'spam.example' THEN 'REJECT no spam' WHEN 'friend@example.com' THEN 'OK' END\n", access)
        self.start(f"smtpd_sender_restrictions = check_sender_access sqlite:{access}\n")
        self.assertRegex(self.recipient("alice@weir.test", "x@sub.spam.example"), r"^554 5\.7\.1 .*no spam")
        self.assertTrue(self.recipient("alice@weir.test", "friend@example.com").startswith("250 "))
        os.rename(self.database, self.database + ".away")
        self.assertRegex(self.recipient("alice@weir.test", "new@example.com"), r"^451 4\.3\.0 <new@example.com>: Temporary lookup failure")
        os.rename(self.database + ".away", self.database)
        self.assertTrue(self.recipient("alice@weir.test", "new@example.com").startswith("250 "))
        self.host.stop()

    def test_a_changed_file_is_taken_up(self):
        weir = self.start()
        self.assertTrue(self.recipient("gone@weir.test").startswith("250 "))
        self.write("query = SELECT mailbox FROM users WHERE address = '%s' AND active = 1 AND id < 8\n")
        eventually(lambda: self.recipient("gone@weir.test").startswith("550 "), what="the new query")
        self.write("query = SELECT missing FROM users WHERE address = '%s'\n")
        eventually(lambda: "no such column: missing" in weir.log_text(), what="a word about the error")
        self.assertTrue(self.recipient("alice@weir.test").startswith("250 "))
        weir.stop()

    def test_what_is_wrong_is_said_at_its_place(self):
        maps = f"virtual_mailbox_maps = sqlite:{self.cf}\n"
        for text, place, words in [
            ("query = SELECT mail FROM users WHERE address = '%s'\n", "2:9", "query: no such column: mail"),
            ("query = SELECT mailbox FROM user WHERE address = '%s'\n", "2:9", "query: no such table: user"),
            ("query = SELEKT\n", "2:9", "query: near \"SELEKT\": syntax error"),
            ("query = DELETE FROM users WHERE address = '%s'\n", "2:9", "query: it changes the database"),
            ("query = SELECT mailbox FROM t_%d\n", "2:9", "query: a key can be a value, not a part of a name"),
            ("query = SELECT 1; SELECT 2\n", "2:9", "query: there is more than one statement in it"),
            (SELECT + "hosts = localhost\n", "3:9", "`sqlite` has no option `hosts`"),
            (SELECT + "expansion_limit = many\n", "3:19", "expected a number"),
            (SELECT + "mode = elsewhere\n", "3:8", "expected `inprocess` or `worker`"),
            (SELECT + "timeout = soon\n", "3:11", "expected a duration"),
            ("table = users\nselect_field = m\nwhere_field = address\n", "3:16", "select_field: no such column: m"),
            ("quer = x\n", "2:8", "did you mean `query`?"),
            ("query\n", "2:1", "expected `name = value`"),
            ("query = \n", "", "query: there is none"),
        ]:
            self.write(text)
            with self.subTest(text):
                status, said = self.check(maps)
                self.assertEqual(status, 78)
                self.assertIn(words, said)
                self.assertIn(f"{self.cf}:{place}" if place else "weir.conf:", said)
        self.write(SELECT)
        self.assertEqual(self.check(maps)[0], 0)
        self.write(SELECT + "hosts = localhost\n")
        self.assertEqual(self.check(maps.replace("sqlite:", "lenient:sqlite:"))[0], 0)
        self.write("query = SELECT 1\n")
        for settings, words in [
            (f"mynetworks = sqlite:{self.cf}\n", "a table of type `sqlite:` cannot stand here"),
            (f"header_checks = sqlite:{self.cf}\n", "a table of type `sqlite:` cannot stand here"),
            (f"smtpd_reject_footer_maps = unionmap:{{sqlite:{self.cf}}}\n", "a table of type `sqlite:` cannot stand here"),
            ("virtual_mailbox_maps = sqlite:/nowhere.cf\n", "cannot read the table `/nowhere.cf`"),
            (f"virtual_mailbox_maps = wonder:{self.cf}\n", "unknown type of table `wonder:`"),
        ]:
            with self.subTest(settings):
                status, said = self.check(settings)
                self.assertEqual(status, 78)
                self.assertIn(words, said)


if __name__ == "__main__":
    import unittest

    unittest.main()
