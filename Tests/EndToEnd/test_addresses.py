# SPDX-License-Identifier: Apache-2.0
"""Odd addresses, and the settings that say what becomes of them: as the real Postfix with the same settings."""
from harness import Case, Session, free_port
from postfix import Postfix

COMMON = {
    "mydestination": "weir.test", "local_recipient_maps": "inline:{ alice=x, user=x, -foo=x }", "smtpd_peername_lookup": "no", "myhostname": "mx.weir.test",
    "smtpd_relay_restrictions": "permit_mynetworks, reject_unauth_destination", "smtpd_soft_error_limit": "100", "smtpd_hard_error_limit": "1000",
    "inet_interfaces": "127.0.0.1", "smtpd_error_sleep_time": "0", "smtpd_junk_command_limit": "1000",
}

ADDRESSES = [
    "user@192.0.2.1", "user@127.0.0.1", "user@1.2", "user@256.1.1.1", "user@1", "user@", "@", "-foo@weir.test", '"-foo"@weir.test', "-x@other.test", "-foo",
    '"a@other.test"@weir.test', '"a@weir.test"@weir.test', "a@other.test@weir.test", '"alice%other.test"@weir.test', "alice%weir.test@weir.test",
    '"other.test!alice"@weir.test', '"a@other.test"', '"a b"@weir.test', '"alice"@weir.test',
]

# Those of the whole server.
SERVERS = [
    {"local_transport": "local:$myhostname"}, {"resolve_dequoted_address": "no"}, {"resolve_numeric_domain": "yes"},
    {"resolve_null_domain": "yes", "mydestination": "weir.test, mx.weir.test"}, {"allow_min_user": "yes"},
    {"local_transport": "error:no mailboxes here"}, {"local_transport": "error:5.2.1 gone"},
]

# Those of each port, by its name; each server has all of these ports.
PORTS = {
    "friend": {"mynetworks": "127.0.0.0/8"}, "stranger": {"mynetworks": "192.0.2.9"},
    "unlisted": {"smtpd_reject_unlisted_recipient": "no"}, "override": {"receive_override_options": "no_unknown_recipient_checks"},
    "both": {"receive_override_options": "no_unknown_recipient_checks", "smtpd_recipient_restrictions": "reject_unlisted_recipient"},
}

# `@` alone: no address, whoever completes it.
EXCEPT = {("resolve_null_domain", "@")}


class OddAddresses(Case):
    def play(self, port):
        replies = {}
        with Session(port) as session:
            session.say("EHLO client.test")
            for address in ADDRESSES:
                replies["MAIL", address] = session.say(f"MAIL FROM:<{address}>")
                session.say("RSET")
                session.say("MAIL FROM:<>")
                replies["RCPT", address] = session.say(f"RCPT TO:<{address}>")
                replies["VRFY", address] = session.say(f"VRFY {address}")[:9]
                session.say("RSET")
        return replies

    def of_postfix(self, settings):
        services = "".join(
            f"127.0.0.1:@{name}@ inet n - n - - smtpd\n" + "".join(f"  -o {{ {key} = {value} }}\n" for key, value in own.items())
            for name, own in PORTS.items())
        with Postfix({**COMMON, **settings}, services=services) as postfix:
            return {name: self.play(postfix.ports[name]) for name in PORTS}

    def of_weir(self, settings):
        ports = {name: free_port() for name in PORTS}
        lines = [f"{name} = {value}" for name, value in {**COMMON, **settings}.items()]
        for name, own in PORTS.items():
            lines += [f"listener {name} {{", f"  port = {ports[name]}", *(f"  {key} = {value}" for key, value in own.items()), "}"]
        self.weir("\n".join(lines))
        return {name: self.play(port) for name, port in ports.items()}

    def test_the_same_as_postfix(self):
        compared = 0
        for settings in SERVERS:
            expected, found = self.of_postfix(settings), self.of_weir(settings)
            for port, replies in expected.items():
                for key, reply in replies.items():
                    if not any((name, key[1]) in EXCEPT for name in settings):
                        self.assertEqual(found[port][key], reply, (settings, port, *key))
                        compared += 1
        self.assertGreater(compared, 2000)


class OtherScripts(Case):
    """Case beyond ASCII, in tables of fixed strings."""
    BOXES = "Änne@weir.test änne/\nstrasse@weir.test strasse/\nΣας@weir.test s/\n@bücher.test all/\nплюс@weir.test p/\n"
    SETTINGS = {**COMMON, "mydestination": "", "local_recipient_maps": "", "virtual_mailbox_domains": "weir.test, bücher.test", "recipient_delimiter": "+",
                "virtual_mailbox_base": "/tmp"}
    RECIPIENTS = ["änne@weir.test", "ÄNNE@WEIR.TEST", "anne@weir.test", "Straße@weir.test", "STRAẞE@weir.test", "STRASSE@weir.test", "stra\u00dfe+x@weir.test",
                  "ΣΑΣ@weir.test", "σας@weir.test", "σασ@weir.test", "ПЛЮС+1@weir.test", "плюш@weir.test", "x@bücher.test", "x@BÜCHER.test", "x@bucher.test"]

    def play(self, port):
        with Session(port) as session:
            session.say("EHLO client.test")
            replies = {}
            for options in ("", " SMTPUTF8"):
                session.say(f"MAIL FROM:<>{options}")
                for recipient in self.RECIPIENTS:
                    replies[recipient, options] = session.say(f"RCPT TO:<{recipient}>")
                session.say("RSET")
            return replies

    def test_the_same_as_postfix(self):
        settings = {**self.SETTINGS, "mynetworks": "127.0.0.0/8"}
        tables = {"boxes": self.BOXES}
        with Postfix({**settings, "virtual_mailbox_maps": "hash:$config_directory/boxes"}, tables=tables) as postfix:
            expected = self.play(postfix.port)
            weir = self.weir("".join(f"{name} = {value}\n" for name, value in settings.items()) + f"virtual_mailbox_maps = hash:{postfix.path('boxes')}\n")
            found = self.play(weir.port)
            # Postfix takes a domain in another script only of a client that asks for SMTPUTF8, Weir unless strict_smtputf8 is set.
            compared = {key: reply for key, reply in expected.items() if key[1] or key[0].split("@")[1].isascii()}
            self.assertEqual({key: (reply, found[key]) for key, reply in compared.items() if found[key] != reply}, {})
        self.assertEqual(len([reply for reply in expected.values() if reply.startswith("250")]), 24)
