# SPDX-License-Identifier: Apache-2.0
"""Started as root: .forward files, commands, files and pipes as their owners, beside what the real Postfix makes of the same."""
import os
import pwd
import re
import shutil
import tempfile
import unittest

from harness import IS_ROOT, Case, Session, eventually
from nexthop import NextHop
from postfix import Postfix
from test_system_users import User

MESSAGE = "Subject: for you\n\nhello\n"
WORDS = {"mydestination": "here.test", "myorigin": "here.test", "home_mailbox": "Maildir/", "recipient_delimiter": "+"}
TOLD = '"|echo $(id -un) $USER $EXTENSION $RECIPIENT > {home}/told; cat >> {home}/told"'

# What a .forward file says, and whether anna's Maildir gets a copy.
FILES = {
    "none": (None, True),
    "herself": ("\\{anna}, {bert}\n", True),
    "by her address": ("{anna}@here.test, {bert}\n", True),
    "somebody else": ("# a comment\n{bert}\n", False),
    "elsewhere": ("friend@far.test\n", False),
    "a command": (TOLD + "\n", False),
    "a file": ("{home}/box\n", False),
    "a file at home": ("~/box\n", False),
    "a Maildir": ("{home}/other/\n", False),
    "a command that fails": ('"|exit 67"\n', False),
    "a command for later": ('"|exit 75"\n', False),
    "included": (":include:{home}/list\n", False),
    "included, not there": (":include:{home}/nothing\n", False),
    "empty": ("# nobody\n", True),
}


class World:
    """Postfix or Weir, with the same users."""

    def __init__(self, server, users):
        self.server, self.users = server, users

    def deliver(self, recipient):
        with (self.server.session() if isinstance(self.server, Postfix) else Session(self.server.port)) as client:
            if not isinstance(self.server, Postfix):
                client.say("EHLO a.example")
            answer = client.send("sender@example.org", [recipient], MESSAGE)
        identity = re.search(r"queued as (\w+)", answer)[1]
        pattern = rf"{identity}: to=<{re.escape(recipient)}>.* dsn=(\S+), status=(\w+) "
        return eventually(lambda: re.findall(pattern, self.server.log_text()), 8, f"the fate of {recipient}")[-1]


def contents(user):
    """What there is in a home, without what differs from time to time."""
    found = {}
    for folder, _, names in os.walk(user.home):
        for name in names:
            path = os.path.join(folder, name)
            if name in (".forward", "list") or os.path.islink(path):
                continue
            status = os.lstat(path)
            with open(path, errors="replace") as file:
                text = file.read()
            text = re.sub(r"\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}", "DATE", text)
            # Everything of the server's own: Received, and what it has added.
            text = re.sub(r"(?m)^(Received|Date|Message-Id|From|To):.*\n(?:[ \t].*\n)*", "", text, flags=re.I)
            # Her own copy comes in the message that is sent on.
            text = re.sub(r"(?m)^(Delivered-To: .*\n)\1", r"\1", text)
            found[os.path.relpath(folder, user.home), status.st_uid, oct(status.st_mode & 0o777)] = text
    return found


@unittest.skipUnless(IS_ROOT, "makes users of the system")
class Forwards(Case):
    def setUp(self):
        self.users = [User(f"weirf{os.getpid() % 100000}{letter}") for letter in "ab"]
        for user in self.users:
            self.addCleanup(user.remove)
        self.anna, self.bert = self.users

    def put(self, name, text, owner=None, mode=0o644, user=None):
        user = user or self.anna
        path = os.path.join(user.home, name)
        with open(path, "w") as file:
            file.write(text.format(anna=self.anna.name, bert=self.bert.name, home=self.anna.home))
        os.chown(path, (owner or user).uid, (owner or user).gid)
        os.chmod(path, mode)

    def clean(self):
        for user in self.users:
            for name in os.listdir(user.home):
                path = os.path.join(user.home, name)
                shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.remove(path)

    def servers(self, hop, **words):
        words = {**WORDS, "relayhost": f"[127.0.0.1]:{hop.port}", **words}
        weir = self.weir("\n".join(f"{name} = {value}" for name, value in words.items()) + "\nmail_owner = uucp\nalways_add_missing_headers = no\n", root=True)
        return World(self.enterContext(Postfix(words)), self.users), World(weir, self.users)

    def test_files_as_postfix_obeys_them(self):
        with NextHop() as hop:
            worlds = self.servers(hop)
            for name, (text, keeps) in FILES.items():
                results = []
                for world in worlds:
                    self.clean()
                    self.put("list", "{bert}\n")
                    if text is not None:
                        self.put(".forward", text)
                    fate = world.deliver(f"{self.anna.name}@here.test")
                    wants = [self.anna] if keeps else []
                    wants += [self.bert] if "{bert}" in (text or "") or name == "included" else []
                    for user in wants:
                        eventually(user.files, 10, f"mail of {user.name} with {name}")
                    results.append((fate, {user.name: contents(user) for user in self.users}))
                with self.subTest(name):
                    self.assertEqual(results[1], results[0])

    def test_files_that_nobody_may_obey(self):
        with NextHop() as hop:
            for world in self.servers(hop):
                for spoil in (lambda: self.put(".forward", "{bert}\n", mode=0o646), lambda: self.put(".forward", "{bert}\n", owner=self.bert),
                              lambda: (self.put("real", "{bert}\n"), os.symlink("real", f"{self.anna.home}/.forward"))):
                    self.clean()
                    spoil()
                    self.assertEqual(world.deliver(f"{self.anna.name}@here.test"), ("2.0.0", "sent"))
                    eventually(self.anna.files, 10, "her own copy")
                    self.assertEqual(self.bert.files(), [])
                for word in ("is world writable", "has bad owner uid", "is not a regular file"):
                    self.assertIn(word, world.server.log_text())

    def test_extensions(self):
        with NextHop() as hop:
            for world in self.servers(hop):
                self.clean()
                self.put(".forward+news", "~/news\n")
                self.assertEqual(world.deliver(f"{self.anna.name}+news@here.test"), ("2.0.0", "sent"))
                self.assertTrue(os.path.exists(f"{self.anna.home}/news"))
                self.assertEqual(world.deliver(f"{self.anna.name}+other@here.test"), ("2.0.0", "sent"))
                self.assertEqual(len(eventually(self.anna.files, 10, "her mail")), 1)

    def test_a_circle_ends(self):
        with NextHop() as hop:
            for world in self.servers(hop):
                self.clean()
                self.put(".forward", "{bert}\n")
                self.put(".forward", "{anna}\n", user=self.bert)
                world.deliver(f"{self.anna.name}@here.test")
                eventually(lambda: f"mail forwarding loop for {self.anna.name}@here.test" in world.server.log_text(), 10, "the end of the circle")

    def test_rights(self):
        """Aliases of root and of a user, commands of users, pipes: who runs, and what a program of another may not do."""
        with NextHop() as hop:
            folder = self.enterContext(tempfile.TemporaryDirectory(prefix="weir-rights-"))
            os.chmod(folder, 0o755)
            out = os.path.join(folder, "out")
            os.mkdir(out)
            os.chmod(out, 0o777)
            with open(f"{folder}/aliases", "w") as file:
                file.write(f'roots-tool: "|id -un > {out}/roots-tool; id -Gn >> {out}/roots-tool"\nroots-file: {out}/roots-file\n'
                           f"annas-tool: :include:{folder}/annas-tool\nannas-file: :include:{folder}/annas-file\n")
            # What a user's list says is done as that user.
            for name, text in (("tool", f'"|id -un > {out}/annas-tool; id -Gn >> {out}/annas-tool"\n'), ("file", f"{out}/annas-file\n")):
                with open(f"{folder}/annas-{name}", "w") as file:
                    file.write(text)
                os.chown(f"{folder}/annas-{name}", self.anna.uid, self.anna.gid)
                os.chmod(f"{folder}/annas-{name}", 0o600)
            os.chmod(f"{folder}/aliases", 0o644)
            weir = self.weir(
                "\n".join(f"{name} = {value}" for name, value in WORDS.items()) + f"\nmail_owner = uucp\nrelayhost = [127.0.0.1]:{hop.port}\n"
                f"alias_maps = hash:{folder}/aliases\ndefault_privs = games\nallow_mail_to_commands = alias include\nallow_mail_to_files = alias include\nmailbox_command_maps = inline:{{ {self.bert.name} = "
                f"id -un > {out}/command; pwd >> {out}/command }}\ntransport_maps = inline:{{ pipe.test = tool:x }}\ncommand_time_limit = 2s\n"
                f"transport tool {{\n  user = {self.anna.name}\n  argv = /bin/sh -c {{id -un > {out}/pipe; echo $1 >> {out}/pipe; case $1 in slow*) sleep 99;; esac}} x ${{recipient}}\n}}\n",
                root=True)
            world = World(weir, self.users)
            for recipient, file, text in (
                    ("roots-tool@here.test", "roots-tool", "games\ngames\n"), ("annas-tool@here.test", "annas-tool", f"{self.anna.name}\n{self.anna.name}\n"),
                    (f"{self.bert.name}@here.test", "command", f"{self.bert.name}\n/\n"), ("who@pipe.test", "pipe", f"{self.anna.name}\nwho@pipe.test\n")):
                with self.subTest(recipient):
                    self.assertEqual(world.deliver(recipient), ("2.0.0", "sent"))
                    with open(f"{out}/{file}") as opened:
                        self.assertEqual(opened.read(), text)
            for recipient, uid in (("roots-file@here.test", pwd.getpwnam("games").pw_uid), ("annas-file@here.test", self.anna.uid)):
                self.assertEqual(world.deliver(recipient), ("2.0.0", "sent"))
                self.assertEqual(os.stat(f"{out}/{recipient.split('@')[0]}").st_uid, uid)
            # It is killed, though it runs as somebody else.
            self.assertEqual(world.deliver("slow@pipe.test")[0], "5.3.0")


if __name__ == "__main__":
    unittest.main()
