# SPDX-License-Identifier: Apache-2.0
"""The same sessions, under the same restrictions, played against Weir and against the real Postfix: every reply is compared.

Both read the same lists and tables and ask the same name server. One of each is started: every configuration below is a listener of Weir and an smtpd of
Postfix. XCLIENT says who the client is.
"""
import re
import unittest

from dns import DNS
from harness import Case, Session, Weir, free_port
from postfix import Postfix

ZONE = """
good.test                 A      192.0.2.10
good.test                 MX     10 mx.good.test
mx.good.test              A      192.0.2.11
good.test                 NS     ns.good.test
ns.good.test              A      192.0.2.12
mxonly.test               MX     10 mx.good.test
nomail.test               MX     0 .
broken.test               ANY    SERVFAIL
evilmx.test               MX     10 mx.evil.test
mx.evil.test              A      198.51.100.66
evilns.test               A      192.0.2.20
evilns.test               NS     ns.evil.test
ns.evil.test              A      198.51.100.67
client.good.test          A      192.0.2.10
10.2.0.192.PTR.test       A      192.0.2.10
backup.test               MX     10 mx.good.test
backup.test               MX     20 mx.weir.test
mx.weir.test              A      127.0.0.1
10.2.0.192.bl.test        A      127.0.0.2
10.2.0.192.bl.test        TXT    "listed: see https://bl.test/"
66.100.51.198.bl.test     A      127.0.0.9
66.100.51.198.two.test    A      127.0.0.2
10.2.0.192.wl.test        A      127.0.0.1
7.113.0.203.soft.test     ANY    SERVFAIL
10.2.0.192.soft.test      ANY    SERVFAIL
evilmx.test.rhs.test      A      127.0.0.2
client.good.test.rhs.test A      127.0.0.3
good.test.white.test      A      127.0.0.1
client.good.test.white.test A    127.0.0.1
"""

ACCESS = """
client.good.test        DUNNO
good.test               REJECT client is good
198.51.100              550 5.7.2 network refused
198.51.100.66           OK
203.0.113.7             REJECT
2001:db8                REJECT v6
helo.deny               REJECT 5.1.2 no helo
deny.test               DEFER
sub.deny.test           OK
num.test                12345
four.test               450 4.1.3 later
five.test               554 five
soft.test               DEFER_IF_PERMIT maybe
softr.test              DEFER_IF_REJECT rather not
warn.test               WARN careful
info.test               INFO noted
class.test              strict
bareclass.test          bare
list.test               reject_non_fqdn_helo_hostname, permit
bare.test               reject
permit.test             permit
rej1.test               REJECT 5.1.1 bad mailbox
rej2.test               REJECT 5.1.2 two
rej3.test               REJECT 5.1.3 three
rej4.test               REJECT 5.1.4 four
rej5.test               REJECT 5.1.5 five
rej6.test               REJECT 5.1.6 six
rej7.test               REJECT 5.1.7 bad syntax
rej8.test               REJECT 4.1.8 bad system
gone.test               521 go away
bye.test                421 4.3.2 not now
user@full.test          REJECT full address
full.test               OK
bob@                    REJECT any bob
<>                      REJECT no null senders
relay.text              RELAY
oktext.test             OK with words
defer.test              DEFER 4.7.9 wait
plain.test              DEFER_IF_PERMIT
plainr.test             DEFER_IF_REJECT
hold.test               HOLD
discard.test            DISCARD
prepend.test            PREPEND X-Seen: yes
"""

SERVERS = """
mx.evil.test            REJECT evil mx
198.51.100.67           REJECT evil ns address
192.0.2.12              DUNNO
ns.good.test            OK
192.0.2.11              554 5.7.1 good mx address
"""

PATTERNS_REGEXP = """
/^user\\+(.*)@full\\.test$/ REJECT extension $1
/good\\.test$/            REJECT regexp good
/^198\\.51\\./            DEFER
/^<>$/                   REJECT null by pattern
"""

PATTERNS_CIDR = """
192.0.2.0/24            REJECT cidr
198.51.100.66           OK
2001:db8::/32           DEFER
"""

CLIENTS = [
    ("192.0.2.10", "client.good.test", "client.good.test"),
    ("198.51.100.66", "[UNAVAILABLE]", "[UNAVAILABLE]"),
    ("203.0.113.7", "[UNAVAILABLE]", "rev.evil.test"),
    ("10.1.2.3", "inside.test", "inside.test"),
    ("198.51.100.9", "[TEMPUNAVAIL]", "[TEMPUNAVAIL]"),
    ("IPv6:2001:db8::7", "v6.four.test", "v6.four.test"),
]
HELOS = ["client.good.test", "localhost", "a..b", "[192.0.2.10]", "[192.0.2]", "x.helo.deny", "192.0.2.10", "nowhere.test", "broken.test", "-x.test", "[IPv6:2001:db8::1]",
         "a_b.test", "evilmx.test"]
SENDERS = ["a@good.test", "", "a@nowhere.test", "a@broken.test", "a@nomail.test", "a", "a@localhost", "a@[192.0.2.1]", "a@evilmx.test", "a@evilns.test", "a@deny.test",
           "a@x.sub.deny.test", "a@num.test", "a@four.test", "a@five.test", "a@soft.test", "a@softr.test", "a@warn.test", "a@info.test", "a@class.test", "a@list.test", "a@bare.test",
           "a@permit.test", "a@rej1.test", "a@rej2.test", "a@rej3.test", "a@rej4.test", "a@rej5.test", "a@rej6.test", "a@rej7.test", "a@rej8.test", "user@full.test", "user+x@full.test", "USER@FULL.TEST", "other@full.test", "bob@any.test",
           "alice@weir.test", "nobody@weir.test", "nobody@local.test", "a@x.mxonly.test", "a@oktext.test", "a@defer.test", "a@plain.test", "a@plainr.test", "a@gone.test", "a@bye.test"]
RECIPIENTS = ["alice@weir.test", "nobody@weir.test", "alice@local.test", "nobody@local.test", "x@relay.test", "x@sub.relay.test", "x@elsewhere.test", "x@good.test",
              "x%elsewhere.test@weir.test", "x%elsewhere.test@relay.test", "postmaster", "alice", "x@nowhere.test", "x@broken.test", "x@nomail.test", "x@backup.test", "a@four.test",
              "a@rej8.test", "user@full.test", "x@[198.51.100.66]", "x@elsewhere", "x@evilns.test", "a@hold.test"]

CLIENT, HELO, SENDER, RECIPIENT = CLIENTS[0], HELOS[0], SENDERS[0], RECIPIENTS[0]


def sessions(clients=(CLIENT,), helos=(HELO,), senders=(SENDER,), recipients=(RECIPIENT,), data=False):
    """One session for each client, HELO and sender; the recipients one after the other."""
    return [(client, helo, sender, list(recipients), data) for client in clients for helo in helos for sender in senders]


R, S, C, H = "smtpd_recipient_restrictions", "smtpd_sender_restrictions", "smtpd_client_restrictions", "smtpd_helo_restrictions"
MANY = ["alice@weir.test", "x@elsewhere.test", "nobody@weir.test"]
TABLES = {"access": ACCESS, "servers": SERVERS, "regexp": PATTERNS_REGEXP, "cidr": PATTERNS_CIDR, "replies": "two.test $rbl_code 5.7.9 $rbl_what is in $rbl_domain ($client_name, $sender_domain)\n"}

# Settings, with {access} for the path of a table, and the sessions to play.
CONFIGURATIONS = {
    "default": ({}, sessions(CLIENTS, recipients=RECIPIENTS)),
    "reject": ({R: "reject"}, sessions(recipients=RECIPIENTS)),
    "mynetworks": ({R: "permit_mynetworks, reject"}, sessions(CLIENTS)),
    "b10": ({R: "permit_mynetworks, permit_auth_destination, permit_sasl_authenticated, reject"}, sessions(CLIENTS, recipients=RECIPIENTS)),
    "old-relay": ({"smtpd_relay_restrictions": "", R: "permit_mynetworks, reject_unauth_destination"}, sessions(CLIENTS, recipients=RECIPIENTS)),
    "hard-relay": ({"smtpd_relay_restrictions": "permit_mynetworks, reject_unauth_destination", "relay_domains_reject_code": "550"}, sessions(CLIENTS[:4], recipients=MANY)),
    "mx-backup": ({"smtpd_relay_restrictions": "permit_mx_backup, reject_unauth_destination"}, sessions(recipients=["x@backup.test", "x@good.test", "x@broken.test", "x@nomail.test", "x@nowhere.test", "alice@weir.test"])),
    "mx-backup-net": ({"smtpd_relay_restrictions": "permit_mx_backup, reject_unauth_destination", "permit_mx_backup_networks": "203.0.113.0/24"}, sessions(recipients=["x@backup.test"])),
    "client-access": ({C: "check_client_access hash:{access}"}, sessions(CLIENTS, recipients=MANY)),
    "client-regexp": ({C: "check_client_access regexp:{regexp}"}, sessions(CLIENTS)),
    "client-cidr": ({C: "check_client_access cidr:{cidr}"}, sessions(CLIENTS)),
    "client-short": ({C: "hash:{access}, permit"}, sessions(CLIENTS)),
    "reverse-access": ({C: "check_reverse_client_hostname_access hash:{access}"}, sessions(CLIENTS)),
    "unknown-client": ({C: "reject_unknown_client_hostname", "unknown_client_reject_code": "550"}, sessions(CLIENTS)),
    "unknown-reverse": ({C: "reject_unknown_reverse_client_hostname"}, sessions(CLIENTS)),
    "no-delay": ({"smtpd_delay_reject": "no", C: "check_client_access hash:{access}", H: "reject_invalid_helo_hostname", S: "reject_unknown_sender_domain"},
                 sessions(CLIENTS, recipients=MANY) + sessions(CLIENTS[3:4], HELOS) + sessions(CLIENTS[3:4], senders=SENDERS[:8])),
    "invalid-helo": ({H: "reject_invalid_helo_hostname"}, sessions(helos=HELOS)),
    "fqdn-helo": ({H: "reject_non_fqdn_helo_hostname", "non_fqdn_reject_code": "550"}, sessions(helos=HELOS)),
    "unknown-helo": ({H: "reject_unknown_helo_hostname", "unknown_hostname_reject_code": "550"}, sessions(helos=HELOS)),
    "unknown-helo-now": ({H: "reject_unknown_helo_hostname, reject", "unknown_helo_hostname_tempfail_action": "defer"}, sessions(helos=["broken.test"])),
    "helo-access": ({H: "check_helo_access hash:{access}"}, sessions(helos=HELOS + ["good.test", "x.rej1.test", "198.51.100.5"])),
    "sender-access": ({S: "check_sender_access hash:{access}"}, sessions(senders=SENDERS, recipients=["alice@weir.test", "x@elsewhere.test"])),
    "sender-access-reject": ({S: "check_sender_access hash:{access}", R: "reject"}, sessions(senders=["a@soft.test", "a@softr.test", "a@plain.test", "a@plainr.test", "a@good.test"])),
    "sender-in-recipient": ({R: "check_sender_access hash:{access}, reject"}, sessions(senders=["a@soft.test", "a@softr.test", "a@permit.test", "a@num.test", "a@oktext.test", "a@list.test"])),
    "sender-strict-parents": ({S: "check_sender_access hash:{access}", "parent_domain_matches_subdomains": ""}, sessions(senders=["a@deny.test", "a@x.deny.test", "a@x.sub.deny.test"])),
    "sender-null-key": ({S: "check_sender_access hash:{access}", "smtpd_null_access_lookup_key": "deny.test"}, sessions(senders=[""])),
    "sender-extension": ({S: "check_sender_access hash:{access}", "recipient_delimiter": "+"}, sessions(senders=["user+x@full.test", "bob+x@any.test", "other+x@full.test"])),
    "sender-regexp": ({S: "check_sender_access regexp:{regexp}"}, sessions(senders=["user+x@full.test", "a@good.test", ""])),
    "sender-codes": ({S: "check_sender_access hash:{access}", "access_map_reject_code": "553", "access_map_defer_code": "451"}, sessions(senders=["a@deny.test", "a@rej1.test", "bob@x.test", "a@soft.test"])),
    "sender-fqdn": ({S: "reject_non_fqdn_sender"}, sessions(senders=SENDERS[:10])),
    "sender-domain": ({S: "reject_unknown_sender_domain"}, sessions(senders=SENDERS[:11] + ["alice@weir.test", "a@mxonly.test"])),
    "sender-domain-now": ({S: "reject_unknown_sender_domain, reject", "unknown_address_tempfail_action": "defer", "unknown_address_reject_code": "550"}, sessions(senders=SENDERS[:5])),
    "sender-mx": ({S: "check_sender_mx_access hash:{servers}"}, sessions(senders=SENDERS[:11])),
    "sender-ns": ({S: "check_sender_ns_access hash:{servers}"}, sessions(senders=["a@good.test", "a@evilns.test", "a@x.evilns.test", "a@nowhere.test", "a@broken.test"])),
    "sender-a": ({S: "check_sender_a_access hash:{access}"}, sessions(senders=["a@good.test", "a@mx.evil.test", "a@[198.51.100.9]", "a@nowhere.test"])),
    "helo-mx": ({H: "check_helo_mx_access hash:{servers}"}, sessions(helos=["good.test", "evilmx.test", "[198.51.100.67]"])),
    "client-a": ({C: "check_client_a_access hash:{servers}, check_client_ns_access hash:{servers}"}, sessions(CLIENTS[:3])),
    "unlisted-sender": ({"smtpd_reject_unlisted_sender": "yes"}, sessions(senders=["nobody@weir.test", "alice@weir.test", "nobody@local.test", "a@good.test", ""])),
    "unlisted-words": ({S: "reject_unlisted_sender", R: "reject_unlisted_recipient, reject"}, sessions(senders=["nobody@weir.test", "a@good.test"], recipients=RECIPIENTS)),
    "unlisted-off": ({"smtpd_reject_unlisted_recipient": "no"}, sessions(recipients=["nobody@weir.test", "nobody@local.test"])),
    "unlisted-text": ({"show_user_unknown_table_name": "no", "unknown_virtual_mailbox_reject_code": "450"}, sessions(recipients=["nobody@weir.test", "nobody@local.test"])),
    "recipient-access": ({R: "check_recipient_access hash:{access}"}, sessions(CLIENTS[3:4], recipients=RECIPIENTS + ["a@rej1.test", "a@rej2.test", "a@rej3.test", "a@rej4.test", "a@rej5.test", "a@rej6.test", "a@rej7.test", "bob@weir.test", "a@class.test"])),
    "recipient-fqdn": ({"smtpd_relay_restrictions": "reject_non_fqdn_recipient, reject_unauth_destination"}, sessions(recipients=RECIPIENTS)),
    "recipient-domain": ({R: "reject_unknown_recipient_domain"}, sessions(CLIENTS[3:4], recipients=RECIPIENTS)),
    "recipient-mx": ({R: "check_recipient_mx_access hash:{servers}"}, sessions(CLIENTS[3:4], recipients=["x@good.test", "x@evilmx.test", "x@nomail.test"])),
    "rbl": ({C: "reject_rbl_client bl.test"}, sessions(CLIENTS)),
    "rbl-filter": ({C: "reject_rbl_client bl.test=127.0.0.[3..8;9]"}, sessions(CLIENTS)),
    "rbl-soft": ({C: "reject_rbl_client soft.test"}, sessions(CLIENTS[:3])),
    "rbl-reply": ({C: "reject_rbl_client two.test", "rbl_reply_maps": "hash:{replies}"}, sessions(CLIENTS[1:2], senders=["a@good.test", ""])),
    "rbl-template": ({C: "reject_rbl_client bl.test", "default_rbl_reply": "$rbl_code 4.7.5 ${rbl_reason?reason $rbl_reason}${rbl_reason:none} from $client to $recipient", "maps_rbl_reject_code": "450"}, sessions(CLIENTS)),
    "rhsbl-sender": ({S: "reject_rhsbl_sender rhs.test"}, sessions(senders=SENDERS[:11])),
    "rhsbl-client": ({C: "reject_rhsbl_client rhs.test, reject_rhsbl_reverse_client rhs.test"}, sessions(CLIENTS)),
    "rhsbl-helo": ({H: "reject_rhsbl_helo rhs.test"}, sessions(helos=["evilmx.test", "good.test", "[192.0.2.10]"])),
    "rhsbl-recipient": ({R: "reject_rhsbl_recipient rhs.test"}, sessions(CLIENTS[3:4], recipients=["x@evilmx.test", "x@good.test"])),
    "dnswl": ({R: "permit_dnswl_client wl.test, reject"}, sessions(CLIENTS, recipients=["alice@weir.test", "x@elsewhere.test"])),
    "dnswl-soft": ({R: "permit_dnswl_client soft.test, reject"}, sessions(CLIENTS[:3])),
    "rhswl": ({R: "permit_rhswl_client white.test, reject"}, sessions(CLIENTS)),
    "warn": ({R: "warn_if_reject reject_non_fqdn_sender, warn_if_reject strict, permit"}, sessions(senders=["a", "a@good.test"])),
    "warn-doubt": ({S: "warn_if_reject reject_unknown_sender_domain", R: "permit"}, sessions(senders=["a@broken.test", "a@nowhere.test"])),
    "doubts": ({C: "defer_if_permit", R: "reject_non_fqdn_sender"}, sessions(senders=["a", "a@good.test"])),
    "doubts-helo": ({H: "reject_unknown_helo_hostname", R: "reject"}, sessions(helos=["broken.test", "nowhere.test"])),
    "doubt-reject": ({R: "defer_if_reject, permit_mynetworks, reject"}, sessions([CLIENTS[0], CLIENTS[3]])),
    "doubt-both": ({R: "defer_if_reject, defer_if_permit, reject"}, sessions()),
    "doubt-twice": ({S: "defer_if_permit", R: "reject_unknown_recipient_domain"}, sessions(CLIENTS[3:4], recipients=["x@broken.test"])),
    "recipient-first": ({"smtpd_relay_before_recipient_restrictions": "no", R: "reject_non_fqdn_recipient, check_recipient_access hash:{access}"}, sessions(recipients=RECIPIENTS)),
    "classes": ({R: "lenient, strict"}, sessions(CLIENTS, senders=["a@nowhere.test", "a@good.test"])),
    "class-client": ({C: "bare"}, sessions(CLIENTS)),
    "class-helo": ({H: "bare"}, sessions(helos=["x.helo.deny", "good.test", "localhost"])),
    "class-sender": ({S: "bare"}, sessions(senders=["a@deny.test", "a@bareclass.test", "bob@any.test", "", "a@class.test"])),
    "class-recipient": ({R: "bare, permit"}, sessions(CLIENTS[3:4], recipients=RECIPIENTS + ["a@rej1.test", "bob@any.test"])),
    "class-data": ({"smtpd_data_restrictions": "bare"}, sessions(data=True)),
    "class-reference": ({R: "$lenient, $strict"}, sessions(CLIENTS, senders=["a@nowhere.test", "a@good.test"])),
    "class-in-table": ({S: "check_sender_access hash:{access}"}, sessions(senders=["a@bareclass.test", "a@class.test"])),
    "rbl-characters": ({C: "reject_rbl_client bl.test", "smtpd_expansion_filter": "abcdefghijklmnopqrstuvwxyz0123456789.", "default_rbl_reply": "$rbl_code 4.7.5 ${rbl_reason?reason $rbl_reason} for $client, $helo_name"},
                       sessions(CLIENTS[:2], helos=["client.good.test", "[192.0.2.10]"])),
    "defer": ({R: "defer", "defer_code": "451"}, sessions()),
    "codes": ({R: "reject", "reject_code": "451"}, sessions()),
    "soft-bounce": ({R: "reject", "soft_bounce": "yes"}, sessions(recipients=MANY)),
    "plaintext": ({R: "reject_plaintext_session", "plaintext_reject_code": "530"}, sessions()),
    "data-reject": ({"smtpd_data_restrictions": "reject"}, sessions(data=True)),
    "data-bounce": ({"smtpd_data_restrictions": "reject_multi_recipient_bounce"}, sessions(senders=["", "a@good.test"], recipients=["alice@weir.test", "bob@weir.test"], data=True)),
    "data-access": ({"smtpd_data_restrictions": "check_sender_access hash:{access}, check_recipient_access hash:{access}"}, sessions(senders=["a@good.test", "a@deny.test", "a@soft.test"], recipients=["alice@weir.test"], data=True)),
    "data-two": ({"smtpd_data_restrictions": "check_recipient_access hash:{access}"}, sessions(recipients=["alice@weir.test", "bob@weir.test"], data=True)),
    "eod-reject": ({"smtpd_end_of_data_restrictions": "check_sender_access hash:{access}, reject"}, sessions(senders=["a@permit.test", "a@deny.test", "a@good.test"], data=True)),
    "eod-doubt": ({"smtpd_end_of_data_restrictions": "defer_if_permit"}, sessions(data=True)),
    "marks": ({S: "check_sender_access hash:{access}"}, sessions(senders=["a@discard.test", "a@hold.test", "a@prepend.test"], recipients=["alice@weir.test", "nobody@weir.test"], data=True)),
    "no-policy": ({R: "check_policy_service { inet:127.0.0.1:1, timeout=1s, try_limit=1 }"}, sessions()),
    "no-policy-default": ({R: "check_policy_service { inet:127.0.0.1:1, timeout=1s, try_limit=1, default_action=DUNNO }, reject_non_fqdn_sender"}, sessions(senders=["a", "a@good.test"])),
}

# What is meant to differ: (configuration, a part of Postfix's reply, a part of Weir's, why).
# The answers of a session after such a reply are not compared.
LOCALHOST = "RFC 6761 section 6.3: a resolver knows localhost, and asks nobody; Postfix asks the name server"
DIFFERENCES = [
    ("no-delay", "<a@localhost>: Sender address rejected: Domain not found", "250 2.1.0 Ok", LOCALHOST),
    ("sender-domain", "<a@localhost>: Sender address rejected: Domain not found", "250 2.1.5 Ok", LOCALHOST),
    ("unknown-helo", "<localhost>: Helo command rejected: Host not found", "250 2.1.5 Ok", LOCALHOST),
]

COMMON = {
    "myhostname": "mx.weir.test",
    "mydomain": "weir.test",
    "mydestination": "local.test",
    "myorigin": "weir.test",
    "local_recipient_maps": "inline:{ alice=x, bob=x }",
    "virtual_mailbox_domains": "weir.test",
    "virtual_mailbox_maps": "inline:{ alice@weir.test=alice/, bob@weir.test=bob/ }",
    "relay_domains": "relay.test",
    "mynetworks": "10.0.0.0/8",
    "smtpd_restriction_classes": "strict, lenient, bare",
    "bare": "hash:{access}",
    "strict": "reject_unknown_sender_domain, reject",
    "lenient": "permit_mynetworks, check_client_access hash:{access}",
    "smtpd_authorized_xclient_hosts": "127.0.0.0/8",
    "smtpd_peername_lookup": "no",
    "smtpd_error_sleep_time": "0",
    "smtpd_hard_error_limit": "1000",
    "smtpd_soft_error_limit": "1000",
}


class Player:
    """One session, and all its replies."""

    def __init__(self, port):
        self.session = Session(port)
        self.said = []
        self.open = True

    def note(self, what, reply):
        self.said.append((what, reply.splitlines()))
        return reply[:1]

    def say(self, line):
        if not self.open:
            return "5"
        try:
            return self.note(line, self.session.say(line))
        except (EOFError, OSError):
            self.open = False
            self.said.append((line, ["closed"]))
            return "5"

    def play(self, client, helo, sender, recipients, data):
        address, name, reverse = client
        self.session.say(f"XCLIENT NAME={name} ADDR={address} REVERSE_NAME={reverse} PORT=4321")
        if self.say(f"EHLO {helo}") == "2" and self.say(f"MAIL FROM:<{sender}>") == "2":
            taken = [recipient for recipient in recipients if self.say(f"RCPT TO:<{recipient}>") == "2"]
            if data and taken and self.say("DATA") == "3":
                self.say("Subject: x\r\n\r\nx\r\n.")
        self.say("QUIT")
        self.session.close()
        return self.said


def normal(lines):
    """The last line without what no two servers have in common: queue ids."""
    return re.sub(r"queued as \w+", "queued as ID", lines[-1]) if lines else ""


class RestrictionsPeer(Case):
    def test_sessions(self):
        with DNS(ZONE, port=53) as dns:
            free = iter(different_ports(2 * len(CONFIGURATIONS)))
            ports = {name: (next(free), next(free)) for name in CONFIGURATIONS}
            with self.postfix(dns, ports) as postfix:
                names = list(ports)
                # A daemon hands some tens of sockets to its processes.
                for part in (names[::2], names[1::2]):
                    self.daemon(dns, {name: ports[name] for name in part}, postfix)
                self.compare(ports)

    def postfix(self, dns, ports):
        services = []
        folder = "$config_directory"
        for name, (port, _) in ports.items():
            options = "".join(f"  -o {{ {key} = {fill(value, folder)} }}\n" for key, value in CONFIGURATIONS[name][0].items())
            services.append(f"127.0.0.1:{port} inet n - n - - smtpd\n{options}")
        settings = {**COMMON, "inet_protocols": "all", "virtual_transport": "discard:", "local_transport": "discard:", "default_transport": "discard:",
                    "relay_transport": "discard:", "virtual_mailbox_base": "/tmp", "smtpd_client_connection_rate_limit": "0", "append_dot_mydomain": "no"}
        settings = {key: fill(value, folder) for key, value in settings.items()}
        # postmap looks for the tables that the text of main.cf names.
        mentioned = " ".join(f"hash:{folder}/{table}" for table in ("access", "servers", "replies"))
        return Postfix({**settings, "tables_of_this_test": mentioned}, services="".join(services), tables=TABLES, resolv_conf=dns.resolv_conf)

    def daemon(self, dns, ports, postfix):
        blocks = []
        for name, (_, port) in ports.items():
            lines = "".join(f"  {key} = {fill(value, postfix.config)}\n" for key, value in CONFIGURATIONS[name][0].items() if key not in TOP)
            blocks.append(f"listener {name} {{\n  address = 127.0.0.1\n  port = {port}\n{lines}}}\n")
        settings = "".join(f"{key} = {fill(value, postfix.config)}\n" for key, value in COMMON.items() if key != "myhostname")
        return self.weir(settings + dns.setting + "\n" + "".join(blocks))

    def compare(self, ports):
        found, count, used = [], 0, set()
        for name, (theirs, ours) in ports.items():
            for session in CONFIGURATIONS[name][1]:
                count += 1
                for postfix, weir in zip(Player(theirs).play(*session), Player(ours).play(*session), strict=False):
                    if normal(postfix[1]) == normal(weir[1]) or postfix[0].startswith("EHLO") and postfix[1][-1][:3] == weir[1][-1][:3] == "250":
                        continue
                    meant = next((index for index, entry in enumerate(DIFFERENCES) if is_meant(entry, name, postfix, weir)), None)
                    if meant is None:
                        found.append(f"{name}: {session[:3]}: {postfix[0]}\n  Postfix: {normal(postfix[1])}\n  Weir:    {normal(weir[1])}")
                    else:
                        used.add(meant)
                        break
        self.assertGreaterEqual(count, 300)
        self.assertFalse(found, f"{len(found)} replies differ in {count} sessions:\n" + "\n".join(found[:60]))
        self.assertEqual(set(range(len(DIFFERENCES))), used, "differences that are no more")


# Settings that Weir has at the top level only.
TOP = set()


def different_ports(count):
    ports = set()
    while len(ports) < count:
        ports.add(free_port())
    return ports


def is_meant(entry, name, postfix, weir):
    return entry[0] == name and entry[1] in normal(postfix[1]) and entry[2] in normal(weir[1])


def fill(value, folder):
    for table in TABLES:
        value = value.replace("{" + table + "}", f"{folder}/{table}")
    return value


if __name__ == "__main__":
    unittest.main()
