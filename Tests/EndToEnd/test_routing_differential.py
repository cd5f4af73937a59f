# SPDX-License-Identifier: Apache-2.0
"""Some two hundred addresses through a real Postfix and through Weir: the same transport, next hop, recipient and sender for each, or the same refusal.

Every transport is a program that writes down what it was given, so that nothing leaves the machine and the next hop can be seen. Each address is
a message of its own; who is refused in the session is compared by the reply.
"""
import os
import re
import tempfile

from harness import Case, Session, eventually
from postfix import Postfix

TRANSPORTS = ("tlocal", "tvirtual", "trelay", "tdefault", "tone", "ttwo")
WORDS = ("sender", "recipient", "original_recipient", "nexthop", "user", "extension", "mailbox", "domain")

BASE = {
    "myhostname": "mx.weir.test", "mydomain": "weir.test", "myorigin": "weir.test", "mydestination": "weir.test, localhost, mx.weir.test",
    "local_transport": "tlocal", "virtual_transport": "tvirtual", "relay_transport": "trelay", "default_transport": "tdefault",
    "local_recipient_maps": "", "smtpd_peername_lookup": "no", "smtpd_recipient_limit": "1000", "alias_maps": "", "alias_database": "",
    "smtpd_error_sleep_time": "0", "smtpd_hard_error_limit": "1000", "smtpd_soft_error_limit": "1000", "mynetworks": "127.0.0.0/8", "smtpd_tls_security_level": "none",
    # Each recipient is a line.
    "default_destination_recipient_limit": "1",
}

PLAIN = ["a@weir.test", "A@Weir.Test", "a+b@weir.test", "a@localhost", "a@mx.weir.test", "a", "a@", "a@far.test", "a@sub.far.test", "a@deep.sub.far.test", "\"a b\"@far.test",
         "a@[192.0.2.1]", "a@[127.0.0.1]", "a%far.test@weir.test", "a!b@far.test", "far.test!a", "@far.test:a@near.test", "a@FAR.test", "a.b@far.test", "a..b@far.test",
         "a+b+c@far.test", "+x@far.test", "x+@far.test", "postmaster", "a@far.test.", "a@-far.test", "a@far_.test", "a@relay.test", "a@sub.relay.test", "a@virtual.test",
         "b@virtual.test", "a+x@virtual.test", "nobody@virtual.test", "a@alias.test", "nobody@alias.test", "list@alias.test", "a+b@alias.test"]

# Settings, and the recipients and senders to try: (name, settings, recipients, senders).
SCENES = [
    ("nothing", {}, PLAIN, ["carl@example.net"]),
    ("relayhost", {"relayhost": "[hub.test]:2525", "relay_domains": "relay.test"}, PLAIN, ["carl@example.net"]),
    ("classes", {
        "relay_domains": "relay.test", "relayhost": "hub.test", "virtual_mailbox_domains": "virtual.test",
        "virtual_mailbox_maps": "inline:{ a@virtual.test = x, b@virtual.test = y }", "virtual_alias_domains": "alias.test", "recipient_delimiter": "+",
        "virtual_alias_maps": "inline:{ a@alias.test = a@far.test, {list@alias.test = a@weir.test, b@virtual.test, c@relay.test, list2@alias.test}, list2@alias.test = d@far.test }",
    }, PLAIN, ["carl@example.net"]),
    ("transport_maps", {
        "relay_domains": "relay.test, wide.test", "recipient_delimiter": "+",
        "transport_maps": "inline:{ a@far.test = tone:one, far.test = ttwo:two, .far.test = ttwo:dots, relay.test = :[other.test]:26, weir.test = tone:, user@weir.test = :, "
                          "a+b@far.test = ttwo:plus, x@far.test = ttwo:base, silent.test = :, onlyname.test = tone, {bad.test = error:5.7.1 not there}, "
                          "{retry.test = retry:4.7.1 not now}, [192.0.2.1] = tone:literal, postmaster@weir.test = ttwo:pm }",
    }, PLAIN + ["user@weir.test", "x+y@far.test", "z@far.test", "a@silent.test", "a@onlyname.test", "a@bad.test", "a@retry.test", "a@x.wide.test", "a@wide.test",
                "a@a.b.wide.test"], ["carl@example.net"]),
    ("star", {"transport_maps": "inline:{ * = tone:[star.test], weir.test = :, far.test = : }"}, PLAIN[:12], ["carl@example.net"]),
    ("parents", {"transport_maps": "inline:{ far.test = tone:one, .near.test = ttwo:two }", "relay_domains": "relay.test",
                 "parent_domain_matches_subdomains": "transport_maps, relay_domains"},
     ["a@far.test", "a@sub.far.test", "a@b.c.far.test", "a@near.test", "a@sub.near.test", "a@sub.relay.test", "a@b.c.relay.test"], ["carl@example.net"]),
    ("patterns", {"transport_maps": "regexp:{dir}/patterns"}, ["a@far.test", "num7@far.test", "A@far.test", "a+x@far.test", "a@weir.test"], ["carl@example.net"]),
    ("senders", {
        "relayhost": "[hub.test]", "sender_dependent_relayhost_maps": "inline:{ carl@example.net = [carl.test]:587, @example.org = [org.test], <> = [null.test], dun@example.net = DUNNO }",
        "sender_dependent_default_transport_maps": "inline:{ dora@example.net = tone:, @other.test = ttwo:[next.test], <> = ttwo: }", "recipient_delimiter": "+", "relay_domains": "relay.test",
    }, ["a@far.test", "a@relay.test", "a@weir.test"],
     ["carl@example.net", "carl+x@example.net", "CARL@example.net", "x@example.org", "x@sub.example.org", "", "dun@example.net", "dora@example.net", "x@other.test", "eva"]),
    ("aliases", {
        "recipient_delimiter": "+", "virtual_alias_domains": "alias.test",
        "virtual_alias_maps": "inline:{ user = other@far.test, user@weir.test = first@far.test, root = admin, @alias.test = @far.test, kept@alias.test = kept@weir.test, "
                              "plus+one@weir.test = one@far.test, plus@weir.test = plus@far.test, {two@weir.test = a@far.test, two@weir.test}, chain@weir.test = chain2, chain2 = chain3@far.test, "
                              "nodomain@weir.test = bare, {many@weir.test = a@far.test, a@far.test, A@FAR.test}, mx@mx.weir.test = host@far.test, @localhost = catch@far.test }",
    }, ["user@weir.test", "user", "user+x@weir.test", "root", "root@weir.test", "x@alias.test", "kept@alias.test", "a+b@alias.test", "plus+one@weir.test", "plus+two@weir.test",
        "plus@weir.test", "two@weir.test", "chain@weir.test", "nodomain@weir.test", "many@weir.test", "mx@mx.weir.test", "mx@weir.test", "any@localhost", "User@Weir.test", "user@far.test"],
     ["carl@example.net"]),
    ("copies", {
        "recipient_delimiter": "+", "always_bcc": "all@far.test", "sender_bcc_maps": "inline:{ carl@example.net = carlcopy@far.test, @example.org = orgcopy }",
        "recipient_bcc_maps": "inline:{ a@weir.test = acopy@far.test, @near.test = nearcopy@weir.test, user = usercopy@far.test }",
    }, ["a@weir.test", "a+x@weir.test", "x@near.test", "user@weir.test", "z@far.test"], ["carl@example.net", "x@example.org", ""]),
    ("moved", {"relocated_maps": "inline:{ gone@weir.test = new@far.test, @old.test = elsewhere, name = there }", "relay_domains": "old.test", "recipient_delimiter": "+"},
     ["gone@weir.test", "gone+x@weir.test", "x@old.test", "name@weir.test", "name@far.test", "a@weir.test"], ["carl@example.net"]),
    ("relay recipients", {"relay_domains": "relay.test", "relay_recipient_maps": "inline:{ a@relay.test = x, @all.relay.test = x }", "recipient_delimiter": "+",
                          "parent_domain_matches_subdomains": "relay_domains"},
     ["a@relay.test", "a+x@relay.test", "b@relay.test", "b@all.relay.test", "A@relay.test"], ["carl@example.net"]),
]


def program(out):
    words = " ".join("<${%s}>" % word for word in WORDS)
    return f"/bin/sh -c {{echo $0 $* >> {out}}} @name@ {words}"


def braced(text):
    """Each row of an inline: table in braces, as Postfix wants those with blanks."""
    def rows(match):
        return "inline:{ " + ", ".join(row if row.startswith("{") else "{" + row + "}" for row in re.findall(r"\{[^}]*\}|[^,{}]*[^,{}\s]", match[1].strip())) + " }"
    return re.sub(r"inline:\{((?:[^{}]|\{[^}]*\})*)\}", rows, text)


class Routing(Case):
    def deliveries(self, port, recipients, senders):
        """What the session says to each recipient."""
        replies = {}
        with Session(port, seconds=60) as session:
            session.say("EHLO client.test")
            for sender in senders:
                for recipient in recipients:
                    reply = session.say(f"MAIL FROM:<{sender}>")
                    if reply.startswith("250"):
                        reply = session.say(f"RCPT TO:<{recipient}>")
                    if reply.startswith("250"):
                        session.say("DATA")
                        reply = session.say(f"X-Key: {sender}|{recipient}\r\n\r\nx\r\n.")[:3]
                    else:
                        session.say("RSET")
                    replies[sender, recipient] = re.sub(r"[\s\S]*?(\d{3} \d\.\d\.\d+).*", r"\1", reply)
        return replies

    def outcome(self, log, out):
        """What became of all: lines of programs, and of mail that came back or waits, as the log has them. Domains are the same in upper and lower case."""
        logged = set()
        for line in re.findall(r"\w+: (to=<.*status=(?:bounced|deferred) .*)", log):
            logged.add(re.sub(r"relay=\S+ |delay.*?=\S+ |delays=\S+ ", "", line))
        text = open(out).read() if os.path.exists(out) else ""
        lines = sorted(text.splitlines()) + sorted(logged)
        return sorted(re.sub(r"@[\w.-]+|(?<=<)[\w-]+\.[\w.-]+(?=>)", lambda match: match[0].lower().rstrip("."), line) for line in lines)

    def wait(self, log, out, count):
        """Until there is a line about each recipient of so many messages."""
        def over():
            text = log()
            came = dict(re.findall(r": (\w+): from=<(?!>).*nrcpt=(\d+) \(queue active\)", text))
            came.update(re.findall(r": (\w+): from=<>.*nrcpt=(\d+) \(queue active\)", text))
            return len(came) >= count and len(re.findall(r": to=<.*status=", text)) >= sum(map(int, came.values()))
        eventually(over, 30, "the end of all deliveries")
        return self.outcome(log(), out)

    def play(self, name, settings, recipients, senders):
        with tempfile.TemporaryDirectory(prefix="weir-routing-") as folder:
            os.chmod(folder, 0o777)
            with open(os.path.join(folder, "patterns"), "w") as file:
                file.write("/^num[0-9]+@/ tone:numbers\n/^.*@far\\.test$/ ttwo:[two.test]\n")
            settings = {key: braced(value.replace("{dir}", folder)) for key, value in {**BASE, "notify_classes": "", **settings}.items()}
            out = os.path.join(folder, "weir")
            blocks = "".join(f"transport {each} {{\n  argv = {program(out).replace('@name@', each)}\n}}\n" for each in TRANSPORTS)
            weir = self.weir("".join(f"{key} = {value}\n" for key, value in {"virtual_mailbox_domains": "", "virtual_mailbox_maps": "", **settings}.items()) + blocks)
            ours = self.deliveries(weir.port, recipients, senders)
            ours = ours, self.wait(weir.log_text, out, list(ours.values()).count("250"))
            out = os.path.join(folder, "postfix")
            services = "".join(
                f"{each} unix - n n - - pipe\n  user=nobody argv={program(out).replace('@name@', each).replace('$0 $*', '$$0 $$*')}\n" for each in TRANSPORTS)
            with Postfix(settings, services=services) as postfix:
                theirs = self.deliveries(postfix.port, recipients, senders)
                theirs = theirs, self.wait(postfix.log_text, out, list(theirs.values()).count("250"))
            self.assertEqual(ours[0], theirs[0], name)
            self.assertEqual("\n".join(ours[1]), "\n".join(theirs[1]), name)
            return len(ours[0])

    def test_the_same_ways_as_postfix(self):
        count = 0
        for scene in SCENES:
            with self.subTest(scene[0]):
                count += self.play(*scene)
        self.assertGreater(count, 180)
