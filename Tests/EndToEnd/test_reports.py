# SPDX-License-Identifier: Apache-2.0
"""Reports to senders, beside those of a real Postfix; and what the log and weir explain say of them."""
import email.policy
import json
import os
import re
import subprocess
import time
import unittest

from dns import DNS
from harness import Case, IS_ROOT, Session, eventually
from logtools import pflogsumm
from nexthop import NextHop
from postfix import Postfix

DOMAIN = "weir.test"

COMMON = f"""\
smtpd_reject_unlisted_recipient = no
smtputf8_enable = yes
notify_classes = bounce, 2bounce
bounce_notice_recipient = bob@{DOMAIN}
2bounce_notice_recipient = bob@{DOMAIN}
bounce_size_limit = 3000
mail_name = Postfix
"""

POSTFIX = f"""\
virtual_mailbox_domains = {DOMAIN}
virtual_mailbox_maps = hash:$config_directory/mailboxes
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
"""

# What is said in MAIL, what in each RCPT, and the message.
MESSAGES = {
    "plain": (f"<alice@{DOMAIN}>", [f"<nobody@{DOMAIN}>"], "Subject: plain\n\nbody\n..dot\n"),
    "two of three": (f"<alice@{DOMAIN}>", [f"<a-name-that-nobody-has-but-that-is-quite-long-all-the-same@{DOMAIN}>", f"<carol@{DOMAIN}>", f"<nobody@{DOMAIN}>"],
                     "Subject: two\n\nbody\n"),
    "wishes": (f"<alice@{DOMAIN}> RET=HDRS ENVID=abc+2B1", [f"<nobody@{DOMAIN}> NOTIFY=FAILURE,DELAY ORCPT=rfc822;no+2Bbody@{DOMAIN}"],
               "Subject: wishes\n\nsecret\n"),
    "success": (f"<alice@{DOMAIN}>", [f"<carol@{DOMAIN}> NOTIFY=SUCCESS", f"<dave@{DOMAIN}> NOTIFY=SUCCESS ORCPT=rfc822;d@x.test"], "Subject: success\n\nbody\n"),
    "eight bits": (f"<alice@{DOMAIN}> BODY=8BITMIME", [f"<nobody@{DOMAIN}>"], "Subject: eight\n\nbödy\n"),
    "utf8": (f"<alice@{DOMAIN}> SMTPUTF8 BODY=8BITMIME", [f"<nöbody@{DOMAIN}>"], "Subject: dräi\n\nbödy\n"),
    "long": (f"<alice@{DOMAIN}>", [f"<nobody@{DOMAIN}>"], "Subject: long\n\n" + "0123456789\n" * 400),
    "from nobody": ("<>", [f"<nobody@{DOMAIN}>"], "Subject: from nobody\n\nbody\n"),
    "never": (f"<alice@{DOMAIN}>", [f"<nobody@{DOMAIN}> NOTIFY=NEVER"], "Subject: never\n\nbody\n"),
    "to others": (f"<alice@{DOMAIN}>", [f"<nobody@{DOMAIN}> NOTIFY=SUCCESS,DELAY"], "Subject: to others\n\nbody\n"),
}
# How many reports come of them, and copies of these.
SENT, COPIES = 7, 9


def say(port, name):
    sender, recipients, text = MESSAGES[name]
    text = f"From: Alice <alice@{DOMAIN}>\nDate: Sat, 21 Nov 2026 10:00:00 +0000\nMessage-Id: <{name.replace(' ', '-')}@client.test>\n" + text
    with Session(port) as client:
        client.say("EHLO client.test")
        for line, code in [(f"MAIL FROM:{sender}", "250"), *((f"RCPT TO:{each}", "250") for each in recipients), ("DATA", "354")]:
            reply = client.say(line)
            assert reply.startswith(code), f"{line}: {reply}"
        client.raw(text.removesuffix("\n").encode().replace(b"\n", b"\r\n") + b"\r\n.\r\n")
        assert client.reply().startswith("250")


class Report:
    """A report taken to pieces, without what differs from one to the next: ids, dates, names of boundaries."""

    def __init__(self, text):
        text = re.sub(r"(?m)^[A-Z][a-z-]*-Transfer-Encoding: 8bit\n", "", text)
        header, _, body = text.partition("\n\n")
        self.header = re.sub(r"\n[ \t]+", " ", header)
        boundary = re.search(r'boundary="([^"]+)"', self.header)[1]
        self.preamble, *parts = body.split(f"--{boundary}\n")
        *parts, last = parts
        last, end = last.split(f"\n--{boundary}--\n")
        assert end.strip() == "", end
        self.parts = [*parts, last + "\n"]

    def field(self, name):
        found = re.findall(rf"(?m)^{name}: (.*)$", self.header)
        assert len(found) <= 1, found
        return found[0] if found else None

    @property
    def facts(self):
        return {
            "header": {name: self.field(name) for name in ("From", "To", "Subject", "Auto-Submitted", "MIME-Version")},
            "type": re.sub(r"boundary=.*", "", self.field("Content-Type")),
            "preamble": self.preamble,
            "descriptions": [re.findall(r"(?m)^Content-Description: (.*)$", part)[0] for part in self.parts],
            "types": [re.findall(r"(?m)^Content-Type: ([^;\n]*)", part)[0] for part in self.parts],
            "reasons": self.reasons,
            "status": plain(self.parts[1]),
            "returned": returned(self.parts[2]),
        }

    @property
    def reasons(self):
        """The paragraphs about recipients, in the order of addresses: delivery agents share them among themselves as they like."""
        text = self.parts[0].partition("\n\n")[2]
        start = text.index("\n<")
        return sorted(each.strip("\n") for each in text[start:].split("\n\n"))


def plain(text):
    text = re.sub(r"(?m)^((?:X-Postfix-Queue-ID|Arrival-Date|Will-Retry-Until): ).*$", r"\1...", text)
    first, *others = text.rstrip("\n").split("\n\n")[1:]
    return [first, *sorted(others)]


def returned(text):
    """What differs in the message itself: who received it, and what was added to it."""
    text = re.sub(r"(?m)^Received: .*\n(?:[ \t].*\n)*", "", text)
    return re.sub(r"(?m)^Return-Path: <(?:MAILER-DAEMON@mx.weir.test)?>$", r"Return-Path: nobody", text)


def reports(folder):
    new = os.path.join(folder, "new")
    found = []
    for name in os.listdir(new) if os.path.isdir(new) else []:
        with open(os.path.join(new, name), encoding="utf-8", errors="surrogateescape") as file:
            found.append(Report(file.read()))
    return found


class Beside(Case):
    @unittest.skipUnless(IS_ROOT, "the real Postfix must be started as root")
    def test_postfix(self):
        users = ("alice", "bob", "carol", "dave")
        weir = self.weir(COMMON + "virtual_mailbox_maps = inline:{" + ", ".join(f"{user}@{DOMAIN} = {user}/" for user in users) + "}")
        tables = {"mailboxes": "".join(f"{user}@{DOMAIN} {user}/\n" for user in users)}
        with Postfix(POSTFIX + COMMON, tables=tables) as postfix:
            mail = os.path.join(postfix.folder, "mail")
            os.mkdir(mail)
            os.chmod(mail, 0o777)
            assert postfix.run("postconf", "-e", f"virtual_mailbox_base = {mail}").returncode == 0
            assert postfix.run("postfix", "reload").returncode in (0, 1)
            for name in MESSAGES:
                say(weir.port, name)
                say(postfix.port, name)
            folders = {"Weir": weir.mail, "Postfix": mail}
            for program, folder in folders.items():
                for user, count in (("alice", SENT), ("bob", COPIES)):
                    eventually(lambda: len(reports(os.path.join(folder, user))) >= count, 20, f"the reports of {program} for {user}")
            for user, count in (("alice", SENT), ("bob", COPIES)):
                ours, theirs = ({self.key(each): each.facts for each in reports(os.path.join(folder, user))} for folder in folders.values())
                self.assertEqual(len(ours), count, ours.keys())
                for key in sorted(theirs):
                    self.assertEqual(ours[key], theirs[key], f"{user}: {key}")
                self.assertEqual(set(ours), set(theirs))
            self.same_lines(weir.log_text(), postfix.log_text())

    @staticmethod
    def key(report):
        return report.field("Subject"), re.search(r"(?m)^Subject: (.*)$", report.parts[2])[1]

    def same_lines(self, ours, theirs):
        def lines(log):
            found = [line for line in log.splitlines() if re.search(r"/bounce\[|status=bounced", line)]
            kept = (re.sub(r".*?/(\w+)\[\d+\]: \w+: ", r"\1: ", line) for line in found)
            return sorted(re.sub(r"delays?=[\d./]+,? ?|notification: \w+$", "", line) for line in kept)
        self.assertEqual(lines(ours), lines(theirs))


LOTTERY = "550 5.7.1 dont send lottery related mails"
LONG = "550-5.1.1 no such user here, we have looked everywhere\r\n550-5.1.1 and once more: there is nobody of that name\r\n550 5.1.1 sorry"
REMOTE = """
    end.test    A 127.0.9.101
    rcpt.test   A 127.0.9.102
    null.test   MX 0 .
    relayed.test A 127.0.9.103
    keeper.test A 127.0.9.104
"""


@unittest.skipUnless(IS_ROOT, "the real Postfix must be started as root")
class OfOtherServers(Case):
    """Tutorial row H3 and what else other servers say: the paragraphs and the status are those of a real Postfix."""

    def test_postfix(self):
        hops = [self.enterContext(NextHop({"END": LOTTERY}, address="127.0.9.101"))]
        port = hops[0].port
        for address, answers, extensions in [("127.0.9.102", {"RCPT": LONG}, ()), ("127.0.9.103", {}, ()), ("127.0.9.104", {}, ("DSN",))]:
            hops.append(self.enterContext(NextHop(answers, extensions=extensions, address=address, port=port)))
        recipients = ["root@end.test", "root@rcpt.test", "nobody@null.test", "a@relayed.test", "a@keeper.test"]
        messages = [([f"{each}" for each in recipients[:3]], ""), (recipients[3:], " NOTIFY=SUCCESS,FAILURE")]
        users = f"virtual_mailbox_maps = inline:{{alice@{DOMAIN} = alice/}}\n"
        settings = "mail_name = Postfix\ninet_protocols = ipv4\n"
        with DNS(REMOTE, port=53) as dns:
            weir = self.weir(settings + users + f"{dns.setting}\nsmtp_tcp_port = {port}\n")
            tables = {"mailboxes": f"alice@{DOMAIN} alice/\n",
                      "ways": "".join(f"{each.split('@')[1]} smtp:{each.split('@')[1]}:{port}\n" for each in recipients)}
            with Postfix(POSTFIX + settings + "transport_maps = hash:$config_directory/ways\nsmtp_host_lookup = dns\n", tables=tables,
                         resolv_conf=dns.resolv_conf) as postfix:
                mail = os.path.join(postfix.folder, "mail")
                os.mkdir(mail)
                os.chmod(mail, 0o777)
                assert postfix.run("postconf", "-e", f"virtual_mailbox_base = {mail}").returncode == 0
                postfix.run("postfix", "reload")
                for program in (weir, postfix):
                    for to, wishes in messages:
                        self.say(program.port, to, wishes)
                found = []
                for folder in (weir.mail, mail):
                    folder = os.path.join(folder, "alice")
                    eventually(lambda: len(reports(folder)) >= 2, 20, f"the reports in {folder}\n{weir.log_text()}")
                    found.append({each.field("Subject"): each.facts for each in reports(folder)})
                for subject in found[1]:
                    for fact, theirs in found[1][subject].items():
                        self.assertEqual(found[0][subject][fact], theirs, f"{subject}: {fact}")
                failed = next(each for each in found[0].values() if each["status"][1].startswith("Final-Recipient: rfc822; nobody@null.test"))
                self.assertIn("<root@end.test>: host end.test[127.0.9.101] said: 550 5.7.1 dont send lottery\n"
                              "    related mails (in reply to end of DATA command)", failed["reasons"])
                # A server that keeps the wishes reports itself.
                self.assertNotIn("keeper", str(found[0]["Successful Mail Delivery Report"]["reasons"]))
                self.assertTrue(any("NOTIFY=SUCCESS,FAILURE" in line for line in hops[3].lines), hops[3].lines)

    def say(self, port, recipients, wishes):
        with Session(port) as client:
            client.say("EHLO client.test")
            for line in [f"MAIL FROM:<alice@{DOMAIN}>", *(f"RCPT TO:<{each}>{wishes}" for each in recipients)]:
                self.assertTrue(client.say(line).startswith("250"), line)
            client.say("DATA")
            client.raw(b"From: a@x.test\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-Id: <a@x.test>\r\nSubject: x\r\n\r\nbody\r\n.\r\n")
            self.assertTrue(client.reply().startswith("250"))


class ADay(Case):
    """pflogsumm's totals of a day of mixed traffic are what was sent."""

    def test_pflogsumm(self):
        zone = "taken.test A 127.0.9.111\nrefused.test A 127.0.9.112\nlater.test A 127.0.9.113\n"
        taking = self.enterContext(NextHop(address="127.0.9.111"))
        for address, answer in (("127.0.9.112", LOTTERY), ("127.0.9.113", "451 4.3.0 later")):
            self.enterContext(NextHop({"END": answer}, address=address, port=taking.port))
        dns = self.enterContext(DNS(zone))
        weir = self.weir(f"{dns.setting}\nsmtp_tcp_port = {taking.port}\ninet_protocols = ipv4\n"
                         f"smtpd_recipient_restrictions = check_recipient_access inline:{{bob@{DOMAIN} = HOLD}}, permit_mynetworks, reject_unauth_destination\n")
        sent = {"local": 5, "relayed": 4, "refused": 3, "deferred": 2, "held": 2, "rejected": 6}
        to = {"local": f"alice@{DOMAIN}", "relayed": "a@taken.test", "refused": "a@refused.test", "deferred": "a@later.test", "held": f"bob@{DOMAIN}",
              "rejected": f"nobody@{DOMAIN}"}
        with Session(weir.port) as client:
            client.say("EHLO client.test")
            for kind, count in sent.items():
                for _ in range(count):
                    reply = client.send(f"carl@{DOMAIN}" if kind == "local" else f"alice@{DOMAIN}", [to[kind]], f"Subject: {kind}\n\nbody\n")
                    self.assertEqual(reply[:3], "550" if kind == "rejected" else "250", reply)
                    client.say("RSET")
        reports = sent["refused"]
        weir.messages("alice", sent["local"] + reports)
        eventually(lambda: weir.log_text().count("status=deferred") == sent["deferred"], 10, "the deferrals")
        eventually(lambda: weir.log_text().count("status=sent (250") == sent["relayed"], 10, "the relayed mail")
        eventually(lambda: weir.log_text().count(": removed") == sent["local"] + sent["relayed"] + sent["refused"] + reports, 10, "the end of what is over")
        summary = pflogsumm(weir.log_path)
        self.assertEqual(
            {name: summary.totals.get(name) for name in ("received", "delivered", "deferred", "bounced", "rejected", "held")},
            # It counts what came by SMTP.
            {"received": sum(sent.values()) - sent["rejected"], "delivered": sent["local"] + sent["relayed"] + reports,
             "deferred": sent["deferred"], "bounced": sent["refused"], "rejected": sent["rejected"], "held": sent["held"]}, summary.text)
        detail = "\n".join(summary.tables["message bounce detail (by relay)"])
        self.assertIn("refused.test", detail)
        self.assertIn("lottery", detail)
        self.assertIn("4.3.0 later", "\n".join(summary.tables["message deferral detail"]))


ALIASES = f"""\
virtual_alias_maps = inline:{{ {{list@{DOMAIN} = carol@{DOMAIN}, dave@{DOMAIN}}}, {{one@{DOMAIN} = carol@{DOMAIN}}}, {{self@{DOMAIN} = self@{DOMAIN}}},
  {{both@{DOMAIN} = both@{DOMAIN}, dave@{DOMAIN}}} }}
mail_name = Postfix
"""


@unittest.skipUnless(IS_ROOT, "the real Postfix must be started as root")
class Expanded(Case):
    """Who asked for reports of success hears that an alias was expanded, and no more of it (RFC 3461 §5.2.7): as from a real Postfix."""

    def test_postfix(self):
        users = ("alice", "carol", "dave", "self", "both")
        weir = self.weir(ALIASES + "virtual_mailbox_maps = inline:{" + ", ".join(f"{user}@{DOMAIN} = {user}/" for user in users) + "}")
        tables = {"mailboxes": "".join(f"{user}@{DOMAIN} {user}/\n" for user in users)}
        messages = [["list"], ["one"], ["self"], ["both"], ["list", "carol"]]
        with Postfix(POSTFIX + ALIASES, tables=tables) as postfix:
            mail = os.path.join(postfix.folder, "mail")
            os.mkdir(mail)
            os.chmod(mail, 0o777)
            assert postfix.run("postconf", "-e", f"virtual_mailbox_base = {mail}").returncode == 0
            postfix.run("postfix", "reload")
            for port in (weir.port, postfix.port):
                for number, names in enumerate(messages):
                    self.say(port, number, names)
            found = []
            for folder in (weir.mail, mail):
                folder = os.path.join(folder, "alice")
                eventually(lambda: len(reports(folder)) >= len(messages), 20, f"the reports in {folder}\n{weir.log_text()}")
                found.append({Beside.key(each): each.facts for each in reports(folder)})
            self.assertEqual(set(found[0]), set(found[1]))
            for key in found[1]:
                for fact, theirs in found[1][key].items():
                    # Postfix puts what it adds to a message above, Weir below what is there.
                    ours = found[0][key][fact]
                    self.assertEqual(*((sorted(each.split("\n")) if fact == "returned" else each) for each in (ours, theirs)), f"{key}: {fact}")
        self.assertEqual(len(re.findall(r"alias expanded", weir.log_text())), 0)
        eventually(lambda: weir.run("queue", "list").stdout == "The queue is empty.\n", 10, "an empty queue")

    def say(self, port, number, names):
        with Session(port) as client:
            client.say("EHLO client.test")
            client.say(f"MAIL FROM:<alice@{DOMAIN}>")
            for name in names:
                self.assertTrue(client.say(f"RCPT TO:<{name}@{DOMAIN}> NOTIFY=SUCCESS,FAILURE").startswith("250"))
            client.say("DATA")
            client.raw(f"From: a@x.test\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-Id: <{number}@x.test>\r\nSubject: {number}\r\n\r\nb\r\n.\r\n".encode())
            self.assertTrue(client.reply().startswith("250"))


class Alone(Case):
    def text(self, weir, user="alice", count=1):
        weir.messages(user, count)
        with open(weir.files(user)[-1], encoding="utf-8") as file:
            return file.read()

    def test_a_warning_comes_once(self):
        weir = self.weir("delay_warning_time = 1s\nbounce_template_file = " + self.template("delay_template = <<E\nSubject: Late\n\n"
                         "after $delay_warning_time_seconds of $maximal_queue_lifetime_days\nE\n"))
        # A file is where bob's Maildir should be.
        self.block(weir)
        with Session(weir.port) as client:
            client.say("EHLO x")
            self.assertIn("250", client.send(f"alice@{DOMAIN}", [f"bob@{DOMAIN}"], "Subject: x\n\nbody\n"))
        eventually(lambda: "status=deferred" in weir.log_text(), 10, "the first attempt")
        self.assertNotIn("delay notification", weir.log_text())
        time.sleep(1.1)
        self.again(weir, 2)
        text = self.text(weir)
        self.assertIn("\nSubject: Late\n", text)
        self.assertIn("\nafter 1 of 5\n", text)
        self.assertIn("\nAction: delayed\n", text)
        self.assertRegex(text, r"\nWill-Retry-Until: \w{3}, ")
        weir.stop()
        weir.start()
        self.again(weir, 3)
        os.remove(os.path.join(weir.mail, "bob"))
        self.again(weir, 4, "status=sent")
        self.assertEqual(weir.log_text().once(lambda text: "sender delay notification" in text).count("sender delay notification"), 1)
        weir.messages("alice", 1)

    def block(self, weir):
        os.makedirs(weir.mail, exist_ok=True)
        path = os.path.join(weir.mail, "bob")
        with open(path, "w") as file:
            file.write("no folder")
        if IS_ROOT:
            owner = os.stat(weir.data)
            for each in (weir.mail, path):
                os.chown(each, owner.st_uid, owner.st_gid)

    def again(self, weir, count, status="status=deferred"):
        queue = eventually(lambda: weir.run("queue", "list").stdout.splitlines()[1:], 10, "the queue")
        done = weir.run("queue", "release", queue[0].split()[0])
        self.assertEqual(done.returncode, 0, done.stderr)
        eventually(lambda: len([line for line in weir.log_text().splitlines() if f"to=<bob@{DOMAIN}>" in line]) >= count, 10, f"attempt {count}")
        self.assertIn(status, [line for line in weir.log_text().splitlines() if f"to=<bob@{DOMAIN}>" in line][-1])

    def template(self, text):
        import tempfile
        file = tempfile.NamedTemporaryFile("w", suffix=".cf", delete=False)
        self.addCleanup(os.remove, file.name)
        with file:
            file.write(text)
        os.chmod(file.name, 0o644)
        return file.name

    def test_postconf_shows_the_templates(self):
        text = "".join(f"{name}_template = <<EOF\nCharset: us-ascii\nFrom: {name} <MAILER-DAEMON>\nSubject: About $$ {name}\n" + post
                       + f"\nHere is $myhostname.\n\n  {name}: ${{delay_warning_time_hours}} $(maximal_queue_lifetime_days)\nEOF\n\n"
                       for name, post in (("failure", "Postmaster-Subject: Copy\n"), ("delay", "Postmaster-Subject: Late\n"), ("success", ""), ("verify", "")))
        path = self.template(text)
        settings = {"delay_warning_time": "4h", "maximal_queue_lifetime": "3d", "bounce_template_file": path}
        weir = self.weir("".join(f"{name} = {value}\n" for name, value in settings.items()))
        with Postfix(settings) as postfix:
            for letter in ("-b", "-t"):
                done = subprocess.run(["postconf", "-c", weir.config, letter], executable=os.environ["WEIR_BIN"], capture_output=True, text=True, timeout=30)
                self.assertEqual((done.stdout.strip(), done.stderr), (postfix.run("postconf", letter).stdout.strip(), ""))
                named = subprocess.run(["postconf", "-c", weir.config, letter, path], executable=os.environ["WEIR_BIN"], capture_output=True, text=True, timeout=30)
                self.assertEqual(named.stdout, done.stdout)

    def test_a_wrong_template_is_told(self):
        path = self.template("# ours\nfailure_template = <<EOF\nSubject: x\n\nno end\n")
        weir = self.weir("")
        with open(weir.config, "a") as file:
            file.write(f"bounce_template_file = {path}\n")
        done = weir.run("check")
        self.assertEqual(done.returncode, 78, done.stdout + done.stderr)
        self.assertIn(f"{path}:2:1: error: this template has no end", done.stdout + done.stderr)

    def test_weir_explain_follows_the_report(self):
        weir = self.weir("smtpd_reject_unlisted_recipient = no\n")
        with Session(weir.port) as client:
            client.say("EHLO x")
            accepted = client.send(f"alice@{DOMAIN}", [f"nobody@{DOMAIN}"], "Subject: x\n\nbody\n")
        weir.messages("alice", 1)
        first = accepted.split()[-1]
        lines = eventually(lambda: self.stories(weir, first), 10, "both in the trace")
        self.assertEqual([lines[0]["queue_id"], lines[0]["reports"][0]["notice"]], [first, "sender non-delivery notification"])
        self.assertEqual(lines[1]["queue_id"], lines[0]["reports"][0]["queue_id"])
        text = weir.run("explain", first).stdout
        self.assertRegex(text, r"report +sender non-delivery notification: \w+")
        self.assertRegex(text, rf"sent +to <alice@{DOMAIN}> by virtual")

    def test_weir_explain_tells_each_attempt_elsewhere(self):
        with NextHop() as taking, NextHop({"END": ["451 4.3.0 later", "250 2.0.0 Ok: queued as X1"]}, extensions=("DSN",), port=0) as later:
            weir = self.weir(f"transport_maps = inline:{{taken.test = smtp:[127.0.0.1]:{taking.port}, later.test = smtp:[127.0.0.1]:{later.port}}}\n")
            with Session(weir.port) as client:
                client.say("EHLO x")
                first = client.send(f"alice@{DOMAIN}", ["a@taken.test", "b@later.test"], "Subject: x\n\nbody\n").split()[-1]
            eventually(lambda: "status=deferred" in weir.log_text() and "status=sent" in weir.log_text(), 10, "the first attempts")
            eventually(lambda: weir.run("queue", "retry", first).returncode == 0, 10, "the second attempt")
            eventually(lambda: f"{first}: removed" in weir.log_text(), 10, "its end")
            story = eventually(lambda: self.story(weir, first, 3), 10, "all in the trace")
        told = [(each["to"], each["status"], each["dsn"]) for each in story["deliveries"]]
        self.assertEqual(sorted(told[:2]), [("a@taken.test", "sent", "2.0.0"), ("b@later.test", "deferred", "4.3.0")])
        self.assertEqual(told[2:], [("b@later.test", "sent", "2.0.0")])
        self.assertIn("postsuper: to be tried now", story["log"])
        text = weir.run("explain", first).stdout
        relay = rf"by 127\.0\.0\.1\[127\.0\.0\.1\]:{later.port}"
        self.assertRegex(text, rf"deferred  to <b@later\.test> {relay}: 4\.3\.0 host .* said: 451 4\.3\.0 later \(in reply to end of DATA command\)")
        self.assertRegex(text, r"retry +for \d recipients?\n")
        self.assertRegex(text, rf"sent +to <b@later\.test> {relay}: 2\.0\.0 250 2\.0\.0 Ok: queued as X1")

    def story(self, weir, first, count):
        lines = [json.loads(line) for line in weir.run("explain", "--json", first).stdout.splitlines()]
        return lines[0] if lines and len(lines[0]["deliveries"]) >= count else None

    def stories(self, weir, first):
        lines = [json.loads(line) for line in weir.run("explain", "--json", first).stdout.splitlines()]
        return lines if len(lines) == 2 and lines[1].get("deliveries") else None

    def test_a_report_nobody_wants_is_dropped(self):
        weir = self.weir("smtpd_reject_unlisted_recipient = no\n")
        with Session(weir.port) as client:
            client.say("EHLO x")
            client.send("", [f"nobody@{DOMAIN}"], "Subject: x\n\nbody\n")
        eventually(lambda: re.search(r"qmgr\[\d+\]: \w+: removed", weir.log_text()), 10, "its end")
        self.assertIn("status=bounced", weir.log_text())
        self.assertNotIn("/bounce[", weir.log_text())

    def test_soft_bounce_reports_nothing(self):
        weir = self.weir("smtpd_reject_unlisted_recipient = no\nsoft_bounce = yes\n")
        with Session(weir.port) as client:
            client.say("EHLO x")
            client.send(f"alice@{DOMAIN}", [f"nobody@{DOMAIN}"], "Subject: x\n\nbody\n")
        eventually(lambda: "dsn=4.1.1, status=deferred (unknown user:" in weir.log_text(), 10, "the deferral")
        self.assertEqual(weir.files("alice"), [])


if __name__ == "__main__":
    unittest.main()
