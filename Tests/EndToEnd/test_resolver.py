# SPDX-License-Identifier: Apache-2.0
"""Names of clients by libunbound: from the server that `resolver` names, from resolv.conf as it changes, and with no server at all."""
import os
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

from dns import DNS, silent_server
from harness import IS_ROOT, Case, Session, Weir, eventually

ZONE = """
    127.0.0.9         PTR  client.example.test
    client.example.test A  127.0.0.9
    127.0.0.10        PTR  bank.example.test
    bank.example.test   A  192.0.2.1
    127.0.0.11        PTR  slow.example.test
    slow.example.test ANY  DELAY 0.5
    slow.example.test   A  127.0.0.11
    127.0.0.12        PTR  broken.example.test
    broken.example.test ANY SERVFAIL
"""


def connect(weir, source):
    """The seconds until the banner came to a client with this address."""
    begin = time.monotonic()
    with socket.create_connection(("127.0.0.1", weir.port), 20, (source, 0)) as client:
        if not client.recv(512).startswith(b"220 "):
            raise AssertionError("no banner")
        return time.monotonic() - begin


class ResolverTests(Case):
    def expect(self, weir, line):
        eventually(lambda: line in weir.log_text(), 5, line)

    def test_clients_have_confirmed_names(self):
        with DNS(ZONE) as dns:
            weir = self.weir(dns.setting)
            for source, name in [(9, "client.example.test"), (10, "unknown"), (11, "slow.example.test"), (12, "unknown"), (13, "unknown")]:
                connect(weir, f"127.0.0.{source}")
                self.expect(weir, f"connect from {name}[127.0.0.{source}]")
            self.expect(weir, "connect from localhost[127.0.0.1]")
            for _ in range(5):
                connect(weir, "127.0.0.9")
            self.assertEqual(dns.count("client.example.test", "A"), 1)

    def test_a_dead_server_holds_no_banner_up(self):
        with silent_server() as dns:
            weir = self.weir(dns.setting)
            waits = [connect(weir, f"127.0.1.{number}") for number in range(5)]
            print("seconds to the banner, name server silent from the start: " + " ".join(f"{wait:.2f}" for wait in waits))
            self.assertLess(max(waits), 1.5)
            self.assertLess(sorted(waits)[2], 0.8)
            self.expect(weir, "connect from unknown[127.0.1.4]")

    def test_a_server_that_dies_and_comes_back(self):
        with DNS(ZONE) as dns:
            weir = self.weir(dns.setting)
            connect(weir, "127.0.0.9")
            dns.silence()
            waits = [connect(weir, f"127.0.1.{number}") for number in range(4)]
            print("seconds to the banner, name server dead since then: " + " ".join(f"{wait:.2f}" for wait in waits))
            self.assertLess(max(waits), 2.0)
            self.assertLess(max(waits[1:]), 0.8)
            dns.silence(False)
            begin = time.monotonic()
            for number in range(1, 60):
                dns.set(f"127.0.2.{number}", "PTR", "back.example.test")
                dns.set("back.example.test", "A", *(f"127.0.2.{each}" for each in range(1, 60)))
                connect(weir, f"127.0.2.{number}")
                # Of whichever client: a line may be written a moment after the banner.
                if "connect from back.example.test[127.0.2." in weir.log_text():
                    print(f"seconds until names came back with it: {time.monotonic() - begin:.1f}")
                    return
                time.sleep(0.25)
            self.fail("the name server came back, the names did not")

    def test_the_second_server_stands_in(self):
        with silent_server() as dead, DNS(ZONE) as dns:
            weir = self.weir(f"resolver = {dead.address}@{dead.port}, {dns.address}@{dns.port}\n")
            connect(weir, "127.0.0.9")
            self.expect(weir, "connect from client.example.test[127.0.0.9]")

    def test_wrong_values_are_named(self):
        weir = Weir("resolver = dns.example.test")
        try:
            result = weir.run("check")
            self.assertEqual(result.returncode, 78)
            self.assertIn("expected the address of a name server, not `dns.example.test`", result.stdout)
        finally:
            weir.__exit__(None)

    @unittest.skipUnless(IS_ROOT, "mounts over /etc/resolv.conf")
    def test_resolv_conf_is_followed(self):
        folder = tempfile.mkdtemp(prefix="weir-test-")
        self.addCleanup(shutil.rmtree, folder)
        with DNS(ZONE, port=53) as first, DNS(ZONE.replace("client.", "other."), port=53) as second:
            with WeirElsewhere(folder, first.resolv_conf) as weir:
                connect(weir, "127.0.0.9")
                self.expect(weir, "connect from client.example.test[127.0.0.9]")
                with open(weir.resolv_conf, "w") as file:
                    file.write(second.resolv_conf + "# changed\n")
                self.expect(weir, f"/etc/resolv.conf has changed: asking {second.address}")
                connect(weir, "127.0.0.10")
                self.expect(weir, "connect from unknown[127.0.0.10]")
                self.assertGreater(second.count("bank.example.test", "A"), 0)
                self.assertEqual(first.count("bank.example.test"), 0)


class WeirElsewhere(Weir):
    """A daemon with a resolv.conf of its own."""

    def __init__(self, folder, resolv_conf):
        super().__init__(root=True, settings="mail_owner = nobody\n")
        self.resolv_conf = os.path.join(folder, "resolv.conf")
        with open(self.resolv_conf, "w") as file:
            file.write(resolv_conf)
        os.chmod(folder, 0o755)

    def run_command(self):
        script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
        return ["unshare", "-m", "sh", "-c", script, self.resolv_conf, *super().run_command()]
