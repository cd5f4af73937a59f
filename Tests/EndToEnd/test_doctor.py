# SPDX-License-Identifier: Apache-2.0
"""`weir doctor` on configurations with one fault each, against a scripted name server."""
import json
import os
import socket
import subprocess
import unittest

from dns import DNS, silent_server
from harness import IS_ROOT, Case, Weir, requires

ZONE = """
    mx.weir.test     A   127.0.0.1
    weir.test       MX   10 mx.weir.test
    elsewhere.test  MX   10 mx.elsewhere.test
    mx.elsewhere.test A  192.0.2.99
"""


def own_addresses():
    """The addresses of this machine that the world could reach."""
    listing = subprocess.run(["hostname", "-I"], capture_output=True, text=True).stdout.split()
    return [each for each in listing if not each.startswith(("10.", "172.", "192.168.", "169.254.", "100.", "fd", "fe80"))]


class DoctorTests(Case):
    def doctor(self, settings, status=None, zone=ZONE, user=None):
        """The findings for a configuration, each as (area, severity, text, remedy)."""
        with DNS(zone) as dns:
            for address in own_addresses():
                dns.set(address, "PTR", "mx.weir.test")
                dns.set("mx.weir.test", "AAAA" if ":" in address else "A", *[each for each in own_addresses() if (":" in each) == (":" in address)])
            weir = Weir(dns.setting + settings)
            self.addCleanup(weir.__exit__, None)
            return self.run_doctor(weir, status)

    def run_doctor(self, weir, status=None):
        result = weir.run("doctor", "--json")
        self.assertEqual(result.stderr, "")
        report = json.loads(result.stdout)
        findings = [(each["area"], each["severity"], each["text"], each.get("remedy", "")) for each in report["findings"]]
        self.assertEqual(result.returncode, int(any(severity == "problem" for _, severity, _, _ in findings)), findings)
        if status is not None:
            self.assertEqual(result.returncode, status, findings)
        return findings

    def expect(self, findings, area, severity, words):
        matching = [each for each in findings if each[0] == area and words in each[2]]
        self.assertEqual([each[1] for each in matching], [severity], findings)
        return matching[0]

    def test_a_sound_server(self):
        findings = self.doctor("", status=0)
        self.expect(findings, "names", "ok", "names are answered by 127.0.0.1@")
        self.expect(findings, "mail", "ok", "mail for weir.test goes to mx.weir.test (10)")
        self.expect(findings, "configuration", "ok", "has no error")
        self.expect(findings, "ports", "warning", "port 25 is closed")
        self.assertEqual(len([each for each in findings if each[0] == "plugins" and "Landlock" in each[2]]), 1, findings)
        self.assertEqual(len([each for each in findings if each[0] == "plugins" and "seccomp" in each[2]]), 1, findings)
        self.expect(findings, "ports", "note", "port 465 (submissions) is closed")
        self.expect(findings, "trust", "ok", "127.0.0.0/8 and [::1] may send")
        for address in own_addresses():
            self.expect(findings, "names", "ok", f"{address} is mx.weir.test, and back")

    def test_a_host_name_that_nobody_can_use(self):
        self.expect(self.doctor("myhostname = lt0x\n", status=1), "host", "problem", "`lt0x`, which is no complete name")
        self.expect(self.doctor("myhostname = gone.weir.test\n", status=1), "host", "problem", "which has no address")

    def test_mail_that_goes_elsewhere(self):
        findings = self.doctor("relay_domains = elsewhere.test nowhere.test\n", status=1)
        self.expect(findings, "mail", "warning", "mail for elsewhere.test goes to mx.elsewhere.test (10), which is not this machine")
        self.expect(findings, "mail", "problem", "nowhere.test has neither MX nor address")

    def test_dead_name_servers(self):
        with silent_server() as dns:
            weir = Weir(dns.setting)
            self.addCleanup(weir.__exit__, None)
            finding = self.expect(self.run_doctor(weir, 1), "names", "problem", f"no answer from 127.0.0.1@{dns.port}")
            self.assertIn("`resolver` in weir.conf", finding[3])

    def test_ports_that_are_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            findings = self.doctor(f"listener taken {{\n  address = 127.0.0.1\n  port = {port}\n}}\n", status=1)
            self.expect(findings, "ports", "problem", f"127.0.0.1 port {port} of listener taken is taken by")

    def test_a_running_weir_is_no_stranger(self):
        with DNS(ZONE) as dns:
            weir = self.weir(dns.setting)
            self.expect(self.run_doctor(weir), "ports", "ok", f"Weir is at 127.0.0.1 port {weir.port}")
            self.expect(self.run_doctor(weir), "certificates", "note", "self-signed")

    def test_open_relays(self):
        self.expect(self.doctor("mynetworks = 0.0.0.0/0\n", status=1), "trust", "problem", "this is an open relay")
        self.expect(self.doctor("mynetworks = 203.0.112.0/20\n"), "trust", "problem", "203.0.112.0/20")
        restrictions = "smtpd_relay_restrictions = permit_mynetworks permit reject_unauth_destination\n"
        self.expect(self.doctor(restrictions, status=1), "trust", "problem", "keeps strangers from sending to anywhere")
        self.expect(self.doctor("mynetworks = 198.18.0.0/15\n", status=0), "trust", "warning", "198.18.0.0/15")

    def test_certificates(self):
        openssl = requires("openssl")
        for days, name, severity, words in [
            (90, "mx.weir.test", "note", "self-signed"), (5, "mx.weir.test", "warning", "ends in"), (90, "other.test", "note", "self-signed"),
        ]:
            weir = Weir("")
            self.addCleanup(weir.__exit__, None)
            key, certificate = os.path.join(weir.folder, "key.pem"), os.path.join(weir.folder, "cert.pem")
            subprocess.run(
                [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", certificate,
                 "-days", str(days), "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"], check=True, capture_output=True)
            os.chmod(key, 0o644)
            with DNS(ZONE) as dns:
                weir.write_config(dns.setting + f"smtpd_tls_cert_file = {certificate}\nsmtpd_tls_key_file = {key}\nsmtpd_tls_security_level = may\n")
                findings = self.run_doctor(weir)
            self.expect(findings, "certificates", severity, words)
            self.expect(findings, "files", "problem", "holds a private key that every user can read")

    def test_files_that_others_can_change(self):
        weir = Weir("")
        self.addCleanup(weir.__exit__, None)
        os.chmod(weir.config, 0o666)
        self.expect(self.run_doctor(weir, 1), "files", "problem", "can be changed by others (mode 666)")

    def test_a_configuration_with_errors(self):
        weir = Weir("myhostnam = x\nmessage_size_limit = much\n")
        self.addCleanup(weir.__exit__, None)
        finding = self.expect(self.run_doctor(weir, 1), "configuration", "problem", "has 2 errors")
        self.assertIn("weir check", finding[3])

    def test_people_see_a_page(self):
        with DNS(ZONE) as dns:
            weir = Weir(dns.setting)
            self.addCleanup(weir.__exit__, None)
            page = weir.run("doctor").stdout
        self.assertTrue(page.startswith("Weir on mx.weir.test, by "), page)
        self.assertRegex(page.splitlines()[-1], r"^0 problems, \d+ warnings?, .*\d+ ok$")
        self.assertLessEqual(max(len(line) for line in page.splitlines()[1:]), 120)

    @unittest.skipUnless(IS_ROOT, "looks as root")
    def test_as_root_the_owner_of_folders_counts(self):
        with DNS(ZONE) as dns:
            weir = Weir(dns.setting + "mail_owner = nobody\n", root=True)
            self.addCleanup(weir.__exit__, None)
            os.makedirs(weir.data)
            self.expect(self.run_doctor(weir, 1), "files", "problem", f"{weir.data} belongs to root, so nobody cannot write there")
            weir.write_config(dns.setting + "mail_owner = no-such-user\n")
            self.expect(self.run_doctor(weir, 1), "files", "problem", "there is no such user")
