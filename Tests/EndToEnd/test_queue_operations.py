# SPDX-License-Identifier: Apache-2.0
"""weir queue: lists, summaries, what is done to many messages, export and import, and a real Postfix's queue; completion in shells."""
import json
import os
import pwd
import re
import subprocess

from harness import IS_ROOT, Case, Session, eventually
from nexthop import NextHop
from postfix import Postfix

RULES = "header_checks = regexp:{}\n"


class QueueOperations(Case):
    def start(self):
        path = os.path.join("/tmp", f"weir-hold-all-{os.getpid()}")
        with open(path, "w") as file:
            file.write("/^Subject: keep/ HOLD\n")
        self.addCleanup(os.remove, path)
        weir = self.weir(RULES.format(path))
        with Session(weir.port) as session:
            session.say("EHLO me")
            for number in range(3):
                session.send(f"user{number}@a.example", ["alice@weir.test"], f"Subject: keep {number}\n\ntext {number}\n")
            session.send("news@b.example", ["bob@weir.test"], "Subject: keep 3\n\ntext 3\n")
        eventually(lambda: len(self.entries(weir)) == 4, 10, "four messages")
        return weir

    def entries(self, weir, *words):
        return [json.loads(line) for line in weir.run("queue", "list", "--json", *words).stdout.splitlines()]

    def test_lists_with_filters(self):
        weir = self.start()
        self.assertEqual(len(self.entries(weir, "--sender", "USER*@a.example")), 3)
        self.assertEqual(len(self.entries(weir, "--sender", "user?@a.exampl")), 0)
        self.assertEqual(len(self.entries(weir, "--recipient", "bob@*", "--status", "held", "--newer", "1h")), 1)
        self.assertEqual(len(self.entries(weir, "--destination", "weir.test")), 4)
        self.assertEqual(len(self.entries(weir, "--older", "1h")), 0)
        self.assertIn("No such message.", weir.run("queue", "list", "--status", "deferred").stdout)
        self.assertIn("no status 'old'", weir.run("queue", "list", "--status", "old").stderr)
        text = weir.run("queue", "summary").stdout
        self.assertRegex(text, r"(?m)^weir\.test +4  \|█         \|")
        self.assertIn("4x held", text)
        self.assertEqual(json.loads(weir.run("queue", "summary", "--json").stdout)["recipients"], 4)
        self.assertRegex(weir.run("queue", "list").stdout, r"held +user0@a\.example +alice@weir\.test\n\w")

    def test_many_at_a_time(self):
        weir = self.start()
        self.assertEqual(weir.run("queue", "delete").returncode, 64)
        self.assertEqual(weir.run("queue", "delete", "--sender", "user*").stdout, "3 messages deleted\n")
        left = self.entries(weir)
        self.assertEqual([each["sender"] for each in left], ["news@b.example"])
        self.assertEqual(weir.run("queue", "hold", left[0]["id"]).returncode, 66)
        self.assertEqual(weir.run("queue", "release", left[0]["id"]).stdout, f"{left[0]['id']}: will be tried now\n")
        self.assertEqual(weir.message("bob").get_content(), "text 3\n")
        released = rf"postfix/postsuper\[\d+\]: {left[0]['id']}: released from hold"
        eventually(lambda: re.search(released, weir.log_text()), 5, "a line about the release")
        self.assertEqual(len(re.findall(r"postfix/postsuper\[\d+\]: \w+: removed", weir.log_text())), 3)
        done = weir.run("queue", "import", "/nonexistent")
        self.assertEqual(done.stderr, "weir: /nonexistent: No such file or directory\n")

    def test_export_and_import(self):
        weir = self.start()
        folder = os.path.join(weir.data, "exported")
        self.assertEqual(weir.run("queue", "export", folder, "--sender", "user*").stdout, f"3 messages exported to {folder}\n")
        self.assertEqual(len(os.listdir(folder)), 6)
        before = self.entries(weir, "--sender", "user*")
        weir.run("queue", "delete", "--sender", "user*")
        done = weir.run("queue", "import", "--hold", folder)
        self.assertEqual((done.returncode, done.stdout), (0, "3 messages imported\n"), done.stderr)
        after = self.entries(weir, "--sender", "user*")
        facts = ("sender", "arrival", "size", "recipients")
        self.assertEqual([[each[name] for name in facts[:3]] for each in after], [[each[name] for name in facts[:3]] for each in before])
        weir.run("queue", "release", "--sender", "user*")
        self.assertEqual(sorted(each["Subject"] for each in weir.messages(count=3)), ["keep 0", "keep 1", "keep 2"])
        done = weir.run("queue", "import", os.path.join(weir.folder, "weir.conf"))
        self.assertIn("no queue file of Postfix", done.stderr)
        self.assertEqual(done.returncode, 1)

    def test_the_queue_of_a_postfix(self):
        if not IS_ROOT:
            return
        weir = self.weir()
        long = "x" * 5000
        with Postfix({"mydestination": "", "relay_domains": "weir.test", "defer_transports": "smtp relay"}) as postfix:
            with postfix.session() as client:
                client.say("EHLO me")
                client.say("MAIL FROM:<me@a.example> RET=HDRS ENVID=e1")
                client.say("RCPT TO:<alice@weir.test> NOTIFY=NEVER")
                client.say("RCPT TO:<bob@weir.test>")
                client.say("DATA")
                self.assertTrue(client.say(f"Subject: moved\r\n\r\n{long}\r\n..dot\r\n.").startswith("250"))
            queue = postfix.run("postconf", "-h", "queue_directory").stdout.strip()
            eventually(lambda: any(files for _, _, files in os.walk(f"{queue}/deferred")), 15, "a deferred message")
            copy = os.path.join(weir.data, "theirs")
            subprocess.run(["cp", "-r", queue, copy], check=True)
        if weir.user:
            subprocess.run(["chown", "-R", weir.user, copy], check=True)
        done = weir.run("queue", "import", copy)
        self.assertEqual((done.returncode, done.stdout), (0, "1 message imported\n"), done.stderr)
        for user in ("alice", "bob"):
            message = weir.messages(user)[0]
            self.assertEqual((message["Subject"], message.get_content()), ("moved", f"{long}\n.dot\n"))


    def test_every_queue_of_a_postfix_and_its_json(self):
        if not IS_ROOT:
            return
        weir = self.weir()
        with NextHop({"GREETING": "HANG"}) as hop:
            ways = f"transport_maps = inline:{{ {{alice@weir.test = smtp:[127.0.0.1]:{hop.port}}} }}\n"
            with Postfix(f"relay_domains = weir.test\ndefer_transports = relay\n{ways}") as postfix:
                for name in ("alice", "bob", "carol"):
                    with postfix.session() as client:
                        client.say("EHLO me")
                        self.assertIn("250", client.send(f"{name}@a.example", [f"{name}@weir.test", "bob@weir.test"], f"Subject: {name}\n\ntext\n"))
                eventually(lambda: self.queues(postfix) == {"active": 1, "deferred": 2}, 15, "one under way, two that wait")
                carol = next(each["queue_id"] for each in self.their(postfix) if each["sender"].startswith("carol"))
                postfix.run("postsuper", "-h", carol)
                self.assertEqual(self.queues(postfix), {"active": 1, "deferred": 1, "hold": 1})
                theirs = self.their(postfix)
                queue = postfix.run("postconf", "-h", "queue_directory").stdout.strip()
                copy = os.path.join(weir.data, "theirs")
                subprocess.run(["cp", "-r", queue, copy], check=True)
        if weir.user:
            subprocess.run(["chown", "-R", weir.user, copy], check=True)
        weir.write_config("defer_transports = smtp relay local virtual\ntransport_maps = inline:{weir.test = smtp:[127.0.0.1]:1}\n")
        self.assertEqual(weir.run("reload").returncode, 0)
        done = weir.run("queue", "import", copy)
        self.assertEqual((done.returncode, done.stdout), (0, "3 messages imported\n"), done.stderr)
        place = {**os.environ, "MAIL_CONFIG": weir.config}
        program = os.path.join(weir.folder, "postqueue")
        os.symlink(os.environ["WEIR_BIN"], program)

        def ours():
            text = subprocess.run([program, "-j"], capture_output=True, text=True, env=place, user=weir.user, cwd="/").stdout
            found = [json.loads(line) for line in text.splitlines()]
            return found if sorted(each["queue_name"] for each in found) == ["deferred", "deferred", "hold"] else None
        mine = eventually(ours, 10, "what waits")

        def facts(entries):
            return sorted((each["sender"], each["arrival_time"], sorted(one["address"] for one in each["recipients"])) for each in entries)
        self.assertEqual(facts(mine), facts(theirs))
        self.assertEqual({each["sender"] for each in mine if each["queue_name"] == "hold"}, {"carol@a.example"})

        def keys(entries):
            return {tuple(each) for each in entries}, {tuple(one) for each in entries if each["queue_name"] == "deferred" for one in each["recipients"]}
        self.assertEqual(keys(mine), keys(theirs))

    def their(self, postfix):
        return [json.loads(line) for line in postfix.run("postqueue", "-j").stdout.splitlines()]

    def queues(self, postfix):
        names = [each["queue_name"] for each in self.their(postfix)]
        return {name: names.count(name) for name in names}


class Completion(Case):
    def bash(self, script, *words):
        line = " ".join(f"'{word}'" for word in words)
        code = f"source {script}; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _weir; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        return subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=True).stdout.split()

    def test_bash(self):
        script = "/tmp/weir-completion-%d" % os.getpid()
        self.addCleanup(lambda: os.path.exists(script) and os.remove(script))
        with open(script, "w") as file:
            subprocess.run([os.environ["WEIR_BIN"], "completion", "bash"], stdout=file, check=True)
        self.assertEqual(self.bash(script, "weir", "que"), ["queue"])
        self.assertIn("summary", self.bash(script, "weir", "queue", ""))
        self.assertEqual(self.bash(script, "weir", "queue", "list", "--rec"), ["--recipient"])
        self.assertEqual(self.bash(script, "weir", "queue", "--status", "def"), ["deferred"])
        help_text = subprocess.run([os.environ["WEIR_BIN"], "help"], capture_output=True, text=True, check=True).stdout
        for command in self.bash(script, "weir", ""):
            self.assertIn(command, help_text)

    def test_zsh(self):
        text = subprocess.run([os.environ["WEIR_BIN"], "completion", "zsh"], capture_output=True, text=True, check=True).stdout
        self.assertTrue(text.startswith("#compdef weir\n"))
        zsh = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), ".build/peers/clients/bin/zsh")
        self.assertTrue(os.path.exists(zsh), "zsh is missing: run make setup")
        done = subprocess.run([zsh, "-fn"], input=text, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
