# SPDX-License-Identifier: Apache-2.0
"""content_filter and FILTER: mail goes through a filter and comes back. Beside the real Postfix, the same rules for both."""
import os
import re

from harness import Case, Session, eventually, free_port
from nexthop import Dialogue, NextHop
from postfix import Postfix

MESSAGE = "Subject: x\n\nText\n"


class SMTPFilter(NextHop):
    """A filter as those of FILTER_README are: what it takes it hands to another port at once, with a field of its own, and answers what it is answered there."""

    def __init__(self, back, **options):
        super().__init__(**options)
        self.back = back

    def serve(self, connection, number):
        try:
            with connection:
                FilterDialogue(self, connection, number).run()
        except OSError:
            pass


class FilterDialogue(Dialogue):
    def take_lines(self):
        content = b""
        while (line := self.file.readline()) != b".\r\n":
            content += line.removeprefix(b".")
        with Session(self.hop.back) as session:
            session.say("EHLO filter.test")
            reply = session.send(
                address(self.sender), [address(each) for each in self.recipients], "X-Filtered: yes\n" + content.decode().replace("\r\n", "\n"))
        self.store(content)
        self.connection.sendall(reply.encode() + b"\r\n")
        return True


def address(line):
    return re.search("<(.*)>", line)[1]


class FilterCase(Case):
    def send(self, weir, *recipients, subject="x", sender="carl@example.net"):
        with Session(weir.port) as session:
            session.say("EHLO client.test")
            reply = session.send(sender, list(recipients), f"Subject: {subject}\n\nText\n")
            self.assertRegex(reply, "^250 ")
            return reply.split()[-1]

    def log(self, weir, pattern):
        return eventually(lambda: re.search(pattern, weir.log_text(), re.M), what=pattern)

    def settings(self, filter_port, back):
        return (
            f"content_filter = smtp:[127.0.0.1]:{filter_port}\nreceive_override_options = no_address_mappings\nlocal_header_rewrite_clients =\n"
            "virtual_alias_maps = inline:{ list@weir.test = alice@weir.test }\n"
            f"listener back {{\n  address = 127.0.0.1\n  port = {back}\n  content_filter =\n"
            "  receive_override_options = no_header_body_checks,no_unknown_recipient_checks\n}\n")


class ByTCP(FilterCase):
    def test_there_and_back(self):
        back = free_port()
        with SMTPFilter(back) as scanner:
            weir = self.weir(self.settings(scanner.port, back) + "header_checks = regexp:{ {/^subject: twice/ PREPEND X-Once: yes} }\n")
            self.send(weir, "list@weir.test", "bob@weir.test", subject="twice")
            for user in ("alice", "bob"):
                message = weir.message(user)
                self.assertEqual((message["X-Filtered"], message.get_all("X-Once")), ("yes", ["yes"]))
            self.log(weir, rf"to=<list@weir.test>, relay=127\.0\.0\.1\[127\.0\.0\.1\]:{scanner.port}, .*status=sent")
            self.log(weir, r"to=<alice@weir.test>, orig_to=<list@weir.test>, relay=virtual, .*status=sent")
            # One transaction for both, of which the first is still an alias: the other port looks it up.
            self.assertEqual([[address(each) for each in message[1]] for message in scanner.messages], [["list@weir.test", "bob@weir.test"]])

    def test_what_waits_for_the_filter_waits_for_it_after_a_crash(self):
        port, back = free_port(), free_port()
        weir = self.weir(self.settings(port, back))
        self.send(weir, "bob@weir.test")
        self.log(weir, rf"to=<bob@weir.test>, relay=none, .*status=deferred \(connect to 127\.0\.0\.1\[127\.0\.0\.1\]:{port}: Connection refused\)")
        weir.kill_everything()
        # Mail in the queue keeps what was said of it when it came.
        weir.write_config(self.settings(port, back).replace(f"content_filter = smtp:[127.0.0.1]:{port}\n", ""))
        with SMTPFilter(back, port=port) as scanner:
            weir.start()
            eventually(lambda: weir.run("queue", "retry", "ALL").returncode == 0 and scanner.messages)
            self.assertEqual(weir.message("bob")["X-Filtered"], "yes")
            self.assertEqual(len(scanner.messages), 1)
            self.send(weir, "alice@weir.test")
            self.assertIsNone(weir.message("alice")["X-Filtered"])

    def test_weir_test_tells_where_it_goes(self):
        weir = self.weir(
            "smtpd_sender_restrictions = check_policy_service inet:127.0.0.1:10023\nheader_checks = regexp:{ {/^subject: x/ FILTER smtp:[127.0.0.1]:10025} }\n"
            "stage trial {\n  plugin = header_checks\n  header_checks = regexp:{ {/^subject: x/ REJECT no} }\n  shadow = yes\n}\n")
        mail = os.path.join(weir.folder, "mail.eml")
        with open(mail, "w") as file:
            file.write(MESSAGE)
        told = weir.run("test", mail, "--from", "carl@example.net", "--to", "alice@weir.test").stdout
        self.assertIn("send through smtp:[127.0.0.1]:10025", told)
        self.assertIn("from <carl@example.net> to <alice@weir.test>, through smtp:[127.0.0.1]:10025", told)
        self.assertIn("policy server inet:127.0.0.1:10023 is not asked", told)
        # What a shadow says must not look like a refusal.
        self.assertIn("trial: shadow: reject: header Subject: x ", told)
        self.assertNotIn("cleanup: reject", told)

    def test_a_transport_that_is_none(self):
        weir = self.weir("")
        for place in ("content_filter = smpt:[127.0.0.1]:10025\n", "listener other {\n  port = 1\n  content_filter = smpt:[127.0.0.1]:10025\n}\n"):
            weir.write_config(place)
            answer = weir.run("check")
            self.assertIn("error: there is no transport `smpt`", answer.stdout + answer.stderr)


class ByPipe(FilterCase):
    def test_the_simple_filter(self):
        """A program that gets the message, and hands it back by sendmail; one that says that it is bad."""
        weir = self.weir("")
        folder = os.path.join(weir.folder, "bin")
        os.mkdir(folder)
        os.symlink(os.environ["WEIR_BIN"], os.path.join(folder, "sendmail"))
        script = os.path.join(weir.folder, "filter")
        with open(script, "w") as file:
            file.write(f"""#!/bin/sh
trap "rm -f {weir.data}/in.$$" 0
cat > {weir.data}/in.$$ || exit 75
grep -q virus {weir.data}/in.$$ && {{ echo Message content rejected; exit 69; }}
(echo X-Filtered: yes; cat {weir.data}/in.$$) | MAIL_CONFIG={weir.config} {folder}/sendmail -G -i "$@"
""")
        os.chmod(script, 0o755)
        weir.write_config(
            f"transport filter {{\n  argv = {script} -f ${{sender}} -- ${{recipient}}\n}}\n"
            f"listener filtered {{\n  address = 127.0.0.1\n  port = {free_port()}\n  content_filter = filter:dummy\n}}\n")
        weir.run("reload")
        port = eventually(lambda: re.search(r"port = (\d+)\n  content_filter", read(weir.config)))[1]
        eventually(lambda: self.answers(int(port)))
        with Session(int(port)) as session:
            session.say("EHLO client.test")
            self.assertRegex(session.send("bob@weir.test", ["alice@weir.test"], MESSAGE), "^250 ")
            self.assertRegex(session.send("bob@weir.test", ["alice@weir.test"], "Subject: virus\n\n"), "^250 ")
        self.assertEqual(weir.message("alice")["X-Filtered"], "yes")
        self.log(weir, r"to=<alice@weir.test>, relay=filter, .*status=sent \(delivered via filter service")
        self.log(weir, r"to=<alice@weir.test>, relay=filter, .*dsn=5\.3\.0, status=bounced \(service unavailable\. Command output: Message content rejected\)")
        self.assertRegex(weir.message("bob").as_string(), r"Command output: Message content\s+rejected")

    def answers(self, port):
        try:
            Session(port).close()
            return True
        except OSError:
            return False


def read(path):
    with open(path) as file:
        return file.read()


# {a}, {b}, {c}: next hops of the test.
HEADER_RULES = """\
/^subject:.*first/    FILTER smtp:[127.0.0.1]:{a}
/^x-second:/          FILTER smtp:[127.0.0.1]:{b}
/^x-away:/            REDIRECT mary@away.test
/^subject:.*bare/     FILTER smtp:
"""
BODY_RULES = "/by its body/ FILTER relay:[127.0.0.1]:{b}\n"
SENDER_RULES = "listed@example.net FILTER smtp:[127.0.0.1]:{b}\n"
RECIPIENT_RULES = "dave@far.test FILTER smtp:[127.0.0.1]:{c}\n"

# Subject, further lines of the header, text, sender, recipients.
MAILS = [
    ("plain", "", "text", "carl@example.net", ["alice@weir.test", "dora@far.test"]),
    ("first", "", "text", "carl@example.net", ["alice@weir.test", "dora@far.test"]),
    ("first", "X-Second: yes\n", "text", "carl@example.net", ["alice@weir.test"]),
    ("plain", "", "by its body", "carl@example.net", ["alice@weir.test"]),
    ("plain", "", "text", "listed@example.net", ["alice@weir.test", "dora@far.test"]),
    ("first", "", "text", "listed@example.net", ["alice@weir.test"]),
    ("plain", "", "text", "listed@example.net", ["alice@weir.test", "dave@far.test"]),
    ("plain", "", "text", "carl@example.net", ["dave@far.test", "alice@weir.test"]),
    ("first", "X-Away: yes\n", "text", "carl@example.net", ["alice@weir.test"]),
    ("plain", "X-Away: yes\n", "text", "listed@example.net", ["alice@weir.test"]),
    ("bare", "", "text", "carl@example.net", ["alice@weir.test"]),
    ("first", "", "text", "", ["list@weir.test"]),
]


class BesidePostfix(FilterCase):
    """What each message becomes: which next hop got it for whom, and what the log says of FILTER."""

    def test_both_send_it_the_same_way(self):
        with NextHop() as a, NextHop() as b, NextHop() as c, NextHop() as d:
            hops = {"a": a, "b": b, "c": c, "d": d}
            ports = {name: str(hop.port) for name, hop in hops.items()}
            tables = {
                name: re.sub(r"\{(\w)\}", lambda match: ports[match[1]], text)
                for name, text in [("header", HEADER_RULES), ("body", BODY_RULES), ("sender", SENDER_RULES), ("recipient", RECIPIENT_RULES)]}
            tables |= {"transport": f"away.test smtp:[127.0.0.1]:{d.port}\n", "virtual": "list@weir.test alice@weir.test, dora@far.test\n"}
            settings = {
                "header_checks": "regexp:{header}", "body_checks": "regexp:{body}", "transport_maps": "hash:{transport}",
                "virtual_alias_maps": "hash:{virtual}", "content_filter": f"smtp:[127.0.0.1]:{c.port}", "default_filter_nexthop": f"[127.0.0.1]:{a.port}",
                "smtpd_sender_restrictions": "check_sender_access hash:{sender}", "smtpd_recipient_restrictions":
                "permit_mynetworks, reject", "smtpd_relay_restrictions": "check_recipient_access hash:{recipient}, permit_mynetworks, reject"}
            expected = self.by_postfix(settings, tables, hops)
            found = self.by_weir(settings, tables, hops)
            for mail, here, there in zip(MAILS, found, expected):
                self.assertEqual(here, there, mail)
            self.assertEqual([name for way, _ in found for name, _ in way], list("cabbbaccddaa"))

    def by_postfix(self, settings, tables, hops):
        main = {**settings, "virtual_mailbox_domains": "weir.test", "virtual_mailbox_maps": "static:x"}
        main = {name: re.sub(r"\{(\w+)\}", r"$config_directory/\1", value) for name, value in main.items()}
        with Postfix(main, tables=tables) as postfix:
            return [self.play(postfix, postfix.port, mail, hops) for mail in MAILS]

    def by_weir(self, settings, tables, hops):
        weir = self.weir("")
        for name, text in tables.items():
            with open(os.path.join(weir.folder, name), "w") as file:
                file.write(text)
        weir.write_config("".join(
            f"{name} = " + re.sub(r"\{(\w+)\}", lambda match: os.path.join(weir.folder, match[1]), value) + "\n" for name, value in settings.items()))
        weir.stop()
        weir.start()
        return [self.play(weir, weir.port, mail, hops) for mail in MAILS]

    def play(self, program, port, mail, hops):
        subject, fields, text, sender, recipients = mail
        with hops["a"].lock:
            for hop in hops.values():
                hop.messages.clear()
        before = len(program.log_text())
        with Session(port) as session:
            session.say("EHLO client.test")
            reply = session.send(sender, recipients, f"From: a@b.test\nSubject: {subject}\n{fields}\n{text}\n")
        self.assertRegex(reply, "^250 ", mail)
        queue_id = reply.split()[-1]
        done = rf"{queue_id}: removed"
        eventually(lambda: re.search(done, program.log_text()[before:]), what=f"the end of {mail}")
        way = sorted(
            (name, sorted(address(each) for each in message[1])) for name, hop in hops.items() for message in hop.messages)
        lines = re.findall(r"(?:filter|redirect): .*", program.log_text()[before:])
        return way, lines


if __name__ == "__main__":
    import unittest
    unittest.main()
