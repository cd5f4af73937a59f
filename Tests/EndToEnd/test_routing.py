# SPDX-License-Identifier: Apache-2.0
"""Where mail goes: routing, aliases, copies and programs. Rows B10, B15, D1, H4."""
import os
import re
import tempfile

from harness import Case, Session, eventually
from nexthop import NextHop

MESSAGE = "Subject: x\n\nText\n"


class RoutingCase(Case):
    def file(self, weir_settings, **files):
        """A daemon whose settings may name files: {name}."""
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="weir-routing-"))
        os.chmod(folder, 0o777)
        for name, text in files.items():
            with open(os.path.join(folder, name), "w") as file:
                file.write(text.replace("{out}", os.path.join(folder, "out")))
            os.chmod(os.path.join(folder, name), 0o644)
        settings = weir_settings
        for name in list(files) + ["out"]:
            settings = settings.replace("{%s}" % name, os.path.join(folder, name))
        return self.weir(settings + "\nlocal_header_rewrite_clients ="), os.path.join(folder, "out")

    def send(self, weir, *recipients, sender="carl@example.net"):
        with Session(weir.port) as session:
            answer = session.send(sender, list(recipients), MESSAGE)
            self.assertIn("250", answer)

    def refusal(self, weir, recipient, source=""):
        with Session(weir.port, source=source) as session:
            session.say("EHLO client.test")
            session.say("MAIL FROM:<carl@example.net>")
            return session.say(f"RCPT TO:<{recipient}>")

    def log(self, weir, pattern):
        return eventually(lambda: re.search(pattern, weir.log_text(), re.M), what=pattern)


class Relaying(RoutingCase):
    def test_b10_strangers_are_refused_and_mynetworks_may_relay(self):
        with NextHop() as hop:
            weir, _ = self.file(
                f"mynetworks = 127.0.0.1/32\nrelayhost = [127.0.0.1]:{hop.port}\n"
                "smtpd_recipient_restrictions = permit_mynetworks, permit_auth_destination, permit_sasl_authenticated, reject")
            self.assertIn("454 4.7.1 <x@far.test>: Relay access denied", self.refusal(weir, "x@far.test", source="127.0.0.2"))
            self.assertIn("250", self.refusal(weir, "alice@weir.test", source="127.0.0.2"))
            self.send(weir, "x@far.test")
            self.log(weir, rf"to=<x@far.test>, relay=127.0.0.1\[127.0.0.1\]:{hop.port}, .*status=sent")

    def test_luser_relay_on_another_host(self):
        with NextHop() as hop:
            weir, _ = self.file(
                "mydestination = here.test\nmyorigin = here.test\nlocal_recipient_maps =\nluser_relay = $user@other.test\n"
                f"relayhost = [127.0.0.1]:{hop.port}\nmynetworks = 127.0.0.0/8\n")
            self.send(weir, "no-such-user@here.test")
            found = self.log(weir, r"postfix/local\[\d+\]: \w+: to=<no-such-user@here\.test>, relay=local, .*status=sent \(forwarded as (\w+)\)")
            self.log(weir, rf"{found[1]}: to=<no-such-user@other\.test>, orig_to=<no-such-user@here\.test>, relay=127.*status=sent")
            sender, recipients, content = hop.messages[0]
            self.assertIn("no-such-user@other.test", recipients[0])
            self.assertIn(b"Delivered-To: no-such-user@here.test", content if isinstance(content, bytes) else content.encode())

    def test_b15_relayhost_that_leads_back(self):
        weir, _ = self.file("")
        weir.write_config("mydomain = weir.test\nrelayhost = $mydomain\n")
        answer = weir.run("check")
        self.assertIn("our own domain: if this machine is one of them, mail runs in a circle", answer.stdout + answer.stderr)

    def test_transport_maps(self):
        with NextHop() as hop:
            weir, _ = self.file(
                "transport_maps = hash:{transport}",
                transport=f"one.test smtp:[127.0.0.1]:{hop.port}\n.two.test smtp:[127.0.0.1]:{hop.port}\nno.test error:5.7.1 nothing for no.test\ngone.test discard:\n")
            self.send(weir, "a@one.test", "b@deep.two.test", "c@gone.test")
            self.log(weir, r"to=<a@one.test>, relay=127.0.0.1\[.*status=sent")
            self.log(weir, r"to=<b@deep.two.test>, relay=127.0.0.1\[.*status=sent")
            self.log(weir, r"to=<c@gone.test>, .*status=sent")
            self.assertIn("550 5.7.1 <d@no.test>: Recipient address rejected: nothing for no.test", self.refusal(weir, "d@no.test"))

    def test_a_table_that_names_no_transport(self):
        weir, _ = self.file("")
        path = os.path.join(weir.folder, "transport")
        with open(path, "w") as file:
            file.write("# comment\nx.test smpt:[h]\n")
        weir.write_config(f"transport_maps = hash:{path}\n")
        answer = weir.run("check")
        self.assertIn(f"{path}:2:1: error: there is no transport `smpt`", answer.stdout + answer.stderr)


class Aliases(RoutingCase):
    LOCAL = "mydestination = here.test\nmyorigin = here.test\nalias_maps = hash:{aliases}\n"

    def test_d1_h4_an_alias(self):
        weir, _ = self.file(self.LOCAL, aliases="postmaster: root\nadmin:    harry\nharry: alice@weir.test\n")
        self.send(weir, "admin@here.test")
        message = weir.message()
        self.assertEqual((message["X-Original-To"], message["Delivered-To"]), ("admin@here.test", "alice@weir.test"))
        self.log(weir, r"to=<alice@weir.test>, orig_to=<admin@here.test>, relay=virtual, .*status=sent")
        self.assertIn("550 5.1.1 <nobody.here@here.test>: Recipient address rejected: User unknown", self.refusal(weir, "nobody.here@here.test"))

    def test_commands_files_and_further_files(self):
        weir, out = self.file(
            self.LOCAL, aliases='prog: "|cat > {out}; echo $RECIPIENT >> {out}"\nlist: :include:{out}.list\nboth: prog, bob@weir.test\nfile: {out}.mbox\n'
            "bad: \"|exit 67\"\nlater: \"|echo not now; exit 75\"\n")
        with open(out + ".list", "w") as file:
            file.write("# who\nalice@weir.test\n")
        os.chmod(out + ".list", 0o644)
        self.send(weir, "prog@here.test", "list@here.test", "bad@here.test", "later@here.test", "file@here.test")
        self.log(weir, r"to=<prog@here.test>, relay=local, .*dsn=2.0.0, status=sent \(delivered to command: cat > ")
        self.log(weir, r"to=<list@here.test>, relay=local, .*status=sent \(forwarded as \w+\)")
        self.log(weir, r"to=<bad@here.test>, relay=local, .*dsn=5.1.1, status=bounced \(user unknown\)")
        self.log(weir, r"to=<later@here.test>, relay=local, .*dsn=4.3.0, status=deferred \(temporary failure. Command output: not now\)")
        self.log(weir, r"to=<file@here.test>, relay=local, .*status=sent \(delivered to file: ")
        self.assertEqual(weir.message()["X-Original-To"], "list@here.test")
        with open(out) as file:
            text = file.read()
        self.assertRegex(text, r"\AFrom carl@example.net  .*\nReturn-Path: <carl@example.net>\nX-Original-To: prog@here.test\nDelivered-To: prog@here.test\n")
        self.assertTrue(text.endswith("\n\nText\nprog@here.test\n"), text)

    def test_virtual_aliases(self):
        weir, _ = self.file(
            "virtual_alias_maps = hash:{virtual}\nrecipient_delimiter = +\n",
            virtual="v.test anything\nlist@v.test alice@weir.test, bob@weir.test\nme@v.test me@v.test, again@v.test\nagain@v.test alice@weir.test\n")
        self.send(weir, "list@v.test")
        self.assertEqual(weir.message("bob")["X-Original-To"], "list@v.test")
        weir.message("alice")
        self.assertIn(
            "550 5.1.1 <who@v.test>: Recipient address rejected: User unknown in virtual alias table", self.refusal(weir, "who@v.test"))

    def test_copies(self):
        weir, _ = self.file("always_bcc = bob@weir.test\nrecipient_bcc_maps = inline:{ alice@weir.test=bob@weir.test }\n")
        self.send(weir, "alice@weir.test")
        weir.message("alice")
        weir.message("bob")


class Programs(RoutingCase):
    def test_a_pipe(self):
        weir, out = self.file(
            "transport_maps = inline:{ p.test=prog:there, five.test=five: }\nrecipient_delimiter = +\n"
            "transport prog {\n  flags = DROu\n  argv = /bin/sh -c {echo \"$0 $1 $2 $3 $4\" > {out}; cat >> {out}} ${sender} ${recipient} ${user} ${extension} ${nexthop}\n}\n"
            "transport five {\n  argv = /bin/sh -c {echo 5.7.1 not for you; exit 1}\n}\n")
        self.send(weir, "Some+Ext@p.test", "x@five.test")
        self.log(weir, r"postfix/pipe\[\d+\]: \w+: to=<Some\+Ext@p.test>, relay=prog, .*dsn=2.0.0, status=sent \(delivered via prog service\)")
        self.log(weir, r"to=<x@five.test>, relay=five, .*dsn=5.7.1, status=bounced \(not for you\)")
        with open(out) as file:
            text = file.read()
        self.assertTrue(text.startswith("carl@example.net some+ext@p.test some ext there\nReturn-Path: <carl@example.net>\nX-Original-To: "), text)

    def test_a_pipe_is_told_of_the_client_that_was_told_of(self):
        weir, out = self.file(
            "transport_maps = inline:{ p.test=prog: }\nmynetworks = 127.0.0.0/8 192.0.2.0/24\nsmtpd_authorized_xclient_hosts = 127.0.0.1\nsmtpd_authorized_xforward_hosts = 127.0.0.1\n"
            "transport prog {\n  argv = /bin/sh -c {echo \"$0 $1 $2\" >> {out}; cat > /dev/null} "
            "${client_address} ${client_hostname}:${client_port}:${client_helo}:${client_protocol} ${sasl_method}/${sasl_username}/${sasl_sender}\n}\n")
        for words in ("XFORWARD NAME=spike.test ADDR=192.0.2.7 PORT=4711 PROTO=ESMTP HELO=spike", "XCLIENT NAME=log.test ADDR=192.0.2.8 PORT=4712 LOGIN=fred"):
            with Session(weir.port) as session:
                session.say("EHLO client.test")
                session.say(words)
                self.assertIn("250", session.send("carl@example.net", ["x@p.test"], MESSAGE))

        def lines():
            return sorted(open(out).read().splitlines()) if os.path.exists(out) else []
        eventually(lambda: len(lines()) == 2, what="two messages")
        self.assertEqual(lines()[0], "192.0.2.7 spike.test:4711:spike:ESMTP //")
        self.assertRegex(lines()[1], r"^192\.0\.2\.8 log\.test:4712:[^:]*:\w* XCLIENT/fred/$")


class Inspection(RoutingCase):
    def check(self, settings, **files):
        weir, _ = self.file("")
        names = {}
        for name, text in files.items():
            names[name] = os.path.join(weir.folder, name)
            with open(names[name], "w") as file:
                file.write(text)
        weir.write_config(settings.format(**names))
        answer = weir.run("check")
        self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)
        return weir, names, answer.stdout + answer.stderr

    def test_circles_and_those_who_are_not_there(self):
        weir, names, text = self.check(
            "mydestination = here.test\nmyorigin = here.test\nalias_maps = hash:{aliases}\nvirtual_alias_maps = hash:{virtual}\n",
            aliases="postmaster: root\n# a circle\none: two\ntwo: three,\n  root\nthree: one\nlost: nobody-of-that-name\nlist: :include:/nowhere/list\n"
                    "tool: \"|/nowhere/tool\"\nbox: /nowhere/box\nbob: \\root, bob\nroot: alice@weir.test\n",
            virtual="v.test x\na@v.test b@v.test\nb@v.test a@v.test\nc@v.test who@weir.test\nd@v.test d@v.test, alice@weir.test\n")
        aliases, virtual = names["aliases"], names["virtual"]
        for expected in (
                f"{aliases}:3:1: warning: these lead to each other and to nobody else's mailbox: `one` leads to `two` leads to `three` leads to `one`",
                f"{aliases}:7:1: warning: `nobody-of-that-name` is nobody: there is no such alias and no such user",
                f"{aliases}:8:1: warning: `:include:/nowhere/list` cannot be read",
                f"{aliases}:9:1: warning: there is no program `/nowhere/tool` that can be run",
                f"{aliases}:10:1: warning: there is no folder `/nowhere`",
                f"{virtual}:2:1: warning: these lead to each other and to nobody else's mailbox: `a@v.test` leads to `b@v.test` leads to `a@v.test`",
                f"{virtual}:4:1: warning: `who@weir.test` is nobody: it is not in virtual_mailbox_maps"):
            self.assertIn(expected, text)
        self.assertEqual(text.count("warning: "), 8, text)  # and mydestination is set twice
        doctor = weir.run("doctor").stdout
        self.assertIn(f"{aliases}:3: these lead to each other", " ".join(doctor.split()))

    def test_mail_for_root(self):
        weir, _ = self.file("mydestination = here.test\nmyorigin = here.test\nalias_maps = inline:{ postmaster = root }\n")
        self.send(weir, "root@here.test")
        self.log(weir, r"to=<root@here.test>, relay=local, .*status=sent \(delivered to maildir\)")
        folder = os.path.join(weir.data, "root-mail/Maildir/new")
        self.assertEqual(len(os.listdir(folder)), 1)
        self.assertIn("there is no alias for root", " ".join(weir.run("doctor").stdout.split()))
