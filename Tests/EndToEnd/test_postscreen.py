# SPDX-License-Identifier: Apache-2.0
"""The tests that clients pass before they are served, beside the real postscreen: what both say, and what both log, must be the same."""
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time

from dns import DNS
from harness import Case, Session, Weir, eventually, free_port
from postfix import Postfix

HELPERS = """\
smtpd pass - - n - - smtpd
dnsblog unix - - n - 0 dnsblog
tlsproxy unix - - n - 0 tlsproxy
  -o tlsproxy_tls_security_level=may
"""
BASE = {
    "postscreen_access_list": "", "postscreen_greet_wait": "1s", "smtpd_peername_lookup": "no", "smtpd_tls_security_level": "none",
    "mynetworks": "192.0.2.0/24", "smtpd_banner": "mx.weir.test ESMTP",
}
WORDS = (
    "CONNECT", "PREGREET", "PASS", "NOQUEUE", "HANGUP", "DISCONNECT", "ALLOWLISTED", "ALLOWLIST", "DENYLISTED", "COMMAND", "NON-SMTP", "BARE", "DATA",
    "BDAT", "DNSBL")
DEEP = {"postscreen_pipelining_enable": "yes", "postscreen_non_smtp_command_enable": "yes", "postscreen_bare_newline_enable": "yes",
        "postscreen_forbidden_commands": "CONNECT GET POST"}
# Tests within the protocol alone.
DEEP_ONLY = {**DEEP, "postscreen_greet_banner": ""}
MAIL = [None, b"EHLO client.test\r\n", b"MAIL FROM:<a@example.org>\r\n", b"RCPT TO:<alice@weir.test>\r\n", b"QUIT\r\n"]
QUIT = [None, b"QUIT\r\n"]


class Screened(Weir):
    """Its listeners screen, each with its own settings; the banner is asked for on one that does not."""

    def __init__(self, cases, extra=""):
        super().__init__()
        self.ports = [free_port() for _ in cases]
        text = self.base_config().replace("mynetworks = 127.0.0.0/8 [::1]/128", f"mynetworks = {BASE['mynetworks']}") + extra
        for number, (settings, port) in enumerate(zip(cases, self.ports)):
            settings = {**BASE, **settings}
            lines = "".join(f"  {name} = {value}\n" for name, value in settings.items() if name != "mynetworks")
            text += f"listener screened{number} {{\n  address = 127.0.0.1\n  port = {port}\n  postscreen = yes\n{lines}}}\n"
        with open(self.config, "w") as file:
            file.write(text)


def services(cases):
    """A postscreen for each case."""
    text = HELPERS
    for number, settings in enumerate(cases):
        own = {**settings, "postscreen_cache_map": f"btree:$data_directory/cache{number}"}
        options = "".join(f"  -o {{ {name} = {value} }}\n" for name, value in own.items())
        text += f"127.0.0.1:@screen{number}@ inet n - n - 1 postscreen\n{options}"
    return text


def source(number):
    """The address of the client of a case: so the cases do not know of each other."""
    return f"127.0.3.{number + 1}"


def screening_lines(log, client):
    """What postscreen has logged of a client, without what differs from run to run."""
    found = []
    for line in log.splitlines():
        match = re.search(r"postfix/postscreen\[\d+\]: (.*)", line)
        if match and f"[{client}]" in line and match[1].split()[0].rstrip(":") in WORDS:
            text = re.sub(r"(\[127\.0\.[0-9.]+\]):\d+", r"\1:port", match[1])
            found.append(re.sub(r"after [\d.]+ from", "after t from", text))
    return found


def listing_lines(log, client):
    """What was found in lists of the DNS, in any order."""
    return sorted(re.findall(rf"postfix/dnsblog\[\d+\]: (addr {client} .*)", log))


def talk(port, steps, client="127.0.0.1"):
    """Sends each step and says what comes back within a moment, until the server closes. The first step may be None: wait for the greeting."""
    said = []
    with socket.create_connection(("127.0.0.1", port), 20, (client, 0)) as connection:
        connection.settimeout(10)
        for number, step in enumerate(steps, 1):
            if step is not None:
                connection.sendall(step)
            answer = b""
            try:
                # After the last step the server closes.
                while number == len(steps) or not re.search(rb"^\d{3} [^\n]*\n\Z", answer, re.M):
                    piece = connection.recv(4096)
                    if not piece:
                        return whole(said + [answer, b"closed"])
                    answer += piece
            except OSError:
                return whole(said + [b"lost"])
            said.append(answer)
    return whole(said)


def whole(said):
    """Where one packet ends and the next begins does not matter."""
    return b"".join(said)


class InTLS(list):
    """Commands without line ends; TLS begins where STARTTLS is allowed."""


def talk_tls(port, commands, client):
    said = []
    with socket.create_connection(("127.0.0.1", port), 20, (client, 0)) as plain:
        connection, file = plain, plain.makefile("rb")

        def answer():
            text = b""
            while not re.search(rb"^\d{3} [^\n]*\n\Z", text, re.M):
                line = file.readline()
                if not line:
                    return text + b"closed"
                text += line
            return text
        said.append(answer())
        for command in commands:
            connection.sendall(command + b"\r\n")
            said.append(answer())
            if command == b"STARTTLS" and said[-1].startswith(b"220"):
                context = ssl.create_default_context()
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                connection = context.wrap_socket(plain)
                file = connection.makefile("rb")
                said.append(connection.version().encode())
        connection.close()
    return whole(said)


class Postscreen(Case):
    def compare(self, *cases, dns=None, extra=None):
        """Each case is its settings and the dialogues of one client, played one after the other; the cases run side by side."""
        settings = [case[0] for case in cases]
        common = extra or {}
        weir = Screened(settings, (dns.setting if dns else "") + "".join(f"{name} = {value}\n" for name, value in common.items()))
        self.addCleanup(self._end, weir)
        weir.start()
        main = {**BASE, **common, "mydestination": "weir.test", "local_recipient_maps": "static:yes"}
        with Postfix(main, services=services(settings), resolv_conf=dns and dns.resolv_conf) as postfix:
            said = [[], []]

            def play(number, dialogues):
                for side, ports in enumerate([weir.ports, [postfix.ports[f"screen{each}"] for each in range(len(cases))]]):
                    answers = [(talk_tls if isinstance(steps, InTLS) else talk)(ports[number], steps, source(number)) for steps in dialogues]
                    said[side].append((number, answers))
            threads = [threading.Thread(target=play, args=(number, case[1:])) for number, case in enumerate(cases)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            mine, theirs = map(dict, said)
            for number, case in enumerate(cases):
                with self.subTest(case[0], steps=case[1:]):
                    self.assertEqual(mine[number], theirs[number])
                    self.compare_logs(weir, postfix, source(number))
        return weir, mine

    def compare_logs(self, weir, postfix, client):
        def lines(server):
            return screening_lines(server.log_text(), client), listing_lines(server.log_text(), client)
        deadline = time.monotonic() + 5
        while lines(weir) != lines(postfix) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(lines(weir), lines(postfix))
        self.assertTrue(lines(weir)[0])

    def test_before_the_greeting(self):
        spike = b"HELO spike\r\n"
        weir, _ = self.compare(
            ({}, QUIT, QUIT),
            ({"postscreen_greet_action": "drop"}, [spike]),
            ({"postscreen_greet_action": "ignore"}, [spike, b"QUIT\r\n"]),
            ({"postscreen_greet_banner": ""}, [spike, b"QUIT\r\n"]),
            ({"postscreen_greet_action": "enforce"},
             [spike, b"MAIL FROM:<a@example.org>\r\n", b"RCPT TO:<alice@weir.test>\r\n", b"NOOP\r\n", b"VRFY x\r\n", b"RSET\r\n", b"QUIT\r\n"],
             [spike, b"MAIL FROM:<a@example.org>\r\n", b"DATA\r\n"]),
            ({**DEEP, "postscreen_greet_action": "enforce"}, [b"EHLO x\r\nMAIL FROM:<a@example.org>\r\n", *MAIL[3:]]),
            ({"postscreen_access_list": "static:permit"}, QUIT),
            ({"postscreen_access_list": "static:reject", "postscreen_denylist_action": "drop"}, [None]),
            ({"postscreen_access_list": "static:reject", "postscreen_denylist_action": "enforce"}, MAIL),
            ({"postscreen_access_list": "static:reject"}, QUIT),
            ({"postscreen_allowlist_interfaces": "!127.0.0.1, static:all"}, MAIL, MAIL))
        passes = [line.split()[0:2] for line in screening_lines(weir.log_text(), source(0)) if line.startswith("PASS")]
        self.assertEqual(passes, [["PASS", "NEW"], ["PASS", "OLD"]])

    def test_within_the_protocol(self):
        folder = tempfile.mkdtemp(prefix="weir-test-")
        self.addCleanup(shutil.rmtree, folder)
        os.chmod(folder, 0o755)
        key, certificate = os.path.join(folder, "key"), os.path.join(folder, "certificate")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", certificate,
                        "-subj", "/CN=mx.weir.test", "-days", "30"], check=True, capture_output=True)
        for path in (key, certificate):
            os.chmod(path, 0o644)
        broken = {
            "pipelining": [None, b"EHLO x\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<alice@weir.test>\r\nQUIT\r\n"],
            "non_smtp_command": [None, b"Subject: hello\r\n", *MAIL[1:]],
            "bare_newline": [None, b"EHLO x\n", *MAIL[2:]],
        }
        failing = [({**DEEP_ONLY, f"postscreen_{name}_action": action}, steps[:2] if action == "drop" else steps, QUIT)
                   for name, steps in broken.items() for action in ("ignore", "enforce", "drop")]
        secured = InTLS([b"EHLO x", b"MAIL FROM:<a@b>", b"RSET", b"STARTTLS", b"MAIL FROM:<a@b>", b"EHLO x", b"STARTTLS", b"MAIL FROM:<a@b>",
                         b"RCPT TO:<alice@weir.test>", b"QUIT"])
        self.compare(
            (DEEP, MAIL, QUIT), *failing,
            ({**DEEP_ONLY, "postscreen_non_smtp_command_action": "ignore"},
             [None, b"GET / HTTP/1.0\r\n", b"POST /\r\n", b"AUTH PLAIN x\r\n", b"STARTTLS\r\n", b"ETRN x\r\n", b"ETRN\r\n", b"VRFY x\r\n", b"VRFY\r\n",
              b"HELP\r\n", b"MAIL\r\n", b"MAIL FROM:\r\n", b"RSET\r\n", b"HELO\r\n", b"EHLO\r\n", b"NOOP x\r\n", b"XCLIENT NAME=x\r\n", b"QUIT\r\n"],
             [None, b"DATA\r\n"], [None, b"MAIL FROM:<a@b>\r\n", b"DATA\r\n"], [None, b"BDAT 1 LAST\r\n"], [None, b"MAIL FROM:<a@b>\r\n", b"BDAT 1\r\n"],
             [None, b"\r\n", b"MAIL FROM:<a@b>\r\n", b"MAIL FROM:<a@b>\r\n", b"RCPT TO:\r\n", b"RCPT\r\n", b"QUIT\r\n"]),
            ({**DEEP_ONLY, "postscreen_command_count_limit": "3"}, [None, b"NOOP\r\n", b"NOOP\r\n", b"NOOP\r\n", b"NOOP\r\n"]),
            ({**DEEP_ONLY, "postscreen_command_time_limit": "1s"}, [None, b"NOOP\r\n"]),
            ({**DEEP_ONLY, "postscreen_helo_required": "yes", "postscreen_discard_ehlo_keywords": "dsn, etrn", "postscreen_disable_vrfy_command": "yes",
              "disable_vrfy_command": "yes", "postscreen_reject_footer": r"\c. Call us"},
             [None, b"MAIL FROM:<a@b>\r\n", b"VRFY x\r\n", *MAIL[1:]]),
            *[({**DEEP_ONLY, "postscreen_tls_security_level": level, "smtpd_tls_security_level": level, "postscreen_helo_required": "yes"}, secured)
              for level in ("may", "encrypt")],
            extra={"smtpd_tls_cert_file": certificate, "smtpd_tls_key_file": key})

    LISTS = """
        *.bad.test     A 127.0.0.2
        *.worse.test   A 127.0.0.3
        *.worse.test   A 127.0.0.4
        *.good.test 90 A 127.0.0.9
        *.slow.test    A 127.0.0.2
        *.slow.test    ANY DELAY 0.5
        *.later.test   A 127.0.0.2
        *.later.test   ANY DELAY 0.5
        *.dead.test    ANY TIMEOUT
        *.broken.test  ANY SERVFAIL
    """

    def test_lists_in_the_dns(self):
        def listed(sites, **settings):
            # Whoever has all answers waits no longer: so on a busy machine, too, both have them all.
            return {"postscreen_dnsbl_sites": sites, "postscreen_dnsbl_action": "drop", "postscreen_greet_banner": "", "postscreen_greet_wait": "9s",
                    **{f"postscreen_{name}": value for name, value in settings.items()}}
        mild = "bad.test*2 worse.test=127.0.0.[3..4]*3"
        with DNS(self.LISTS, port=53) as dns:
            self.compare(
                (listed("bad.test"), [None]),
                (listed("none.test"), QUIT, QUIT),
                (listed(f"{mild} good.test*-4 none.test"), [None]),
                (listed(f"{mild} worse.test=127.0.0.4*2 good.test*-4", dnsbl_threshold=3), [None]),
                (listed("bad.test*2 good.test*-2"), QUIT, QUIT),
                (listed("worse.test=127.0.0.5"), QUIT),
                (listed("bad.test", dnsbl_action="enforce", dnsbl_reply_map="inline:{bad.test=list.test}"), MAIL),
                (listed("bad.test", dnsbl_action="ignore"), QUIT),
                (listed("bad.test", dnsbl_action="enforce", greet_action="enforce", greet_banner="$smtpd_banner"), [b"EHLO x\r\n", *MAIL[2:]]),
                ({**DEEP, **listed("bad.test", dnsbl_action="enforce")}, [None, b"EHLO x\r\nMAIL FROM:<a@example.org>\r\n", *MAIL[3:]]),
                # Asked one after the other they would take longer than the client waits.
                (listed("slow.test later.test dead.test", dnsbl_threshold=2, dnsbl_reply_map="static:lists.test", greet_wait="3s"), [None]),
                (listed("dead.test broken.test", greet_wait="2s"), QUIT, QUIT),
                ({**DEEP, **listed("good.test*-4", dnsbl_allowlist_threshold=-1, greet_banner="$smtpd_banner")}, QUIT, QUIT),
                dns=dns)

    def test_passes_outlive_the_process(self):
        weir = Screened([{}])
        self.addCleanup(self._end, weir)

        def greeting():
            return talk(weir.ports[0], QUIT)[:4]
        weir.start()
        self.assertEqual(greeting(), b"220-")
        weir.stop()
        kept = os.path.join(weir.data, "postscreen_cache", "passed")
        with open(kept) as file:
            self.assertRegex(file.read(), r"\n127\.0\.0\.1\t\d{10};1;1;1;1\n")
        weir.start()
        self.assertEqual(greeting(), b"220 ")
        eventually(lambda: "PASS OLD" in weir.log_text(), 5, "PASS OLD")
        weir.stop()
        with open(kept, "r+b") as file:
            file.seek(40)
            file.write(b"?")
        weir.start()
        self.assertEqual(greeting(), b"220-")
        self.assertIn("passed is damaged", weir.log_text())
        weir.stop()
        weir.start()
        self.assertEqual(greeting(), b"220 ")

    def test_many_wait_at_little_cost(self):
        weir = Screened([{"postscreen_greet_wait": "2s"}])
        self.addCleanup(self._end, weir)
        weir.start()
        began = time.monotonic()
        connections = [socket.create_connection(("127.0.0.1", weir.ports[0]), 20) for _ in range(40)]
        with Session(weir.port) as other:
            self.assertTrue(other.banner.startswith("220 "))
        self.assertLess(time.monotonic() - began, 2)
        for connection in connections:
            with connection:
                self.assertTrue(connection.recv(100).startswith(b"220-"))
