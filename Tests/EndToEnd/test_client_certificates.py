# SPDX-License-Identifier: Apache-2.0
"""Restrictions on the certificates of clients: the same sessions, with the same certificates, against Weir and the real Postfix."""
import os
import pwd
import re
import ssl
import subprocess
import tempfile
import unittest

from harness import IS_ROOT, Case, Weir, free_port, requires
from postfix import Postfix
from test_tls import Secured, trusting_nobody

STRANGER = "x@elsewhere.test"


class Authority:
    """Certificates made by openssl: of an authority, of one below it, and of a client that signed its own."""

    def __init__(self, folder):
        self.folder = folder
        self.issue("ca", "CA", authority=True)
        self.issue("server", Weir.HOST, "ca")
        self.issue("trusted", "client.test", "ca")
        self.issue("middle", "Between", "ca", authority=True)
        self.issue("deep", "deep.test", "middle")
        self.issue("own", "own.test")
        with open(self.path("deep.pem"), "a", encoding="utf-8") as chain, open(self.path("middle.pem"), encoding="utf-8") as middle:
            chain.write(middle.read())
        if IS_ROOT:
            for name in os.listdir(folder):
                os.chown(self.path(name), pwd.getpwnam("nobody").pw_uid, -1)
        os.mkdir(self.path("hashed"))
        os.chmod(self.path("hashed"), 0o755)
        digest = self.call("x509", "-in", self.path("ca.pem"), "-noout", "-hash").strip()
        os.symlink("../ca.pem", self.path(f"hashed/{digest}.0"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def call(self, *arguments, data=None):
        done = subprocess.run([requires("openssl"), *arguments], capture_output=True, timeout=60, input=data)
        if done.returncode:
            raise AssertionError(done.stderr.decode())
        return done.stdout.decode(errors="replace")

    def issue(self, file, name, issuer=None, authority=False):
        signing = ["-CA", self.path(f"{issuer}.pem"), "-CAkey", self.path(f"{issuer}.key")] if issuer else []
        kind = "CA:TRUE" if authority else "CA:FALSE"
        self.call("req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-days", "2", "-subj", f"/CN={name}",
                  "-addext", f"basicConstraints=critical,{kind}", "-keyout", self.path(f"{file}.key"), "-out", self.path(f"{file}.pem"), *signing)

    def fingerprint(self, file, digest="sha256"):
        return self.call("x509", "-in", self.path(f"{file}.pem"), "-noout", "-fingerprint", f"-{digest}").strip().partition("=")[2]

    def key_fingerprint(self, file, digest="sha256"):
        pem = self.call("x509", "-in", self.path(f"{file}.pem"), "-noout", "-pubkey")
        octets = ssl.PEM_cert_to_DER_cert(pem.replace("PUBLIC KEY", "CERTIFICATE"))
        return self.call("dgst", f"-{digest}", "-c", data=octets).split()[-1].upper()

    def context(self, file):
        context = trusting_nobody()
        if file:
            context.load_cert_chain(self.path(f"{file}.pem"), self.path(f"{file}.key"))
        return context


CLIENTS = [None, "trusted", "deep", "own"]
RELAY = "smtpd_relay_restrictions"
ASK, CA = {"smtpd_tls_ask_ccert": "yes"}, {"smtpd_tls_ask_ccert": "yes", "smtpd_tls_CAfile": "{ca}"}
ACCESS = "smtpd_client_restrictions"

# Settings, with {ca} and {hashed} for the authorities, and {known}, {keys}, {access}, {md5} for tables.
CONFIGURATIONS = {
    "not-asked": {RELAY: "permit_tls_all_clientcerts, reject", "smtpd_tls_CAfile": "{ca}"},
    "all": {**CA, RELAY: "permit_tls_all_clientcerts, reject"},
    "all-known": {**CA, RELAY: "permit_tls_all_clientcerts, reject", "relay_clientcerts": "hash:{known}"},
    "nobody-trusted": {**ASK, RELAY: "permit_tls_all_clientcerts, reject"},
    "folder": {**ASK, "smtpd_tls_CApath": "{hashed}", RELAY: "permit_tls_all_clientcerts, reject"},
    "depth-1": {**CA, "smtpd_tls_ccert_verifydepth": "1", RELAY: "permit_tls_all_clientcerts, reject"},
    "depth-2": {**CA, "smtpd_tls_ccert_verifydepth": "2", RELAY: "permit_tls_all_clientcerts, reject"},
    "depth-0": {**CA, "smtpd_tls_ccert_verifydepth": "0", RELAY: "permit_tls_all_clientcerts, reject"},
    "known": {**CA, RELAY: "permit_tls_clientcerts, reject", "relay_clientcerts": "hash:{known}"},
    "known-key": {**ASK, RELAY: "permit_tls_clientcerts, reject", "relay_clientcerts": "hash:{keys}"},
    "known-none": {**CA, RELAY: "permit_tls_clientcerts, reject"},
    "known-md5": {**CA, RELAY: "permit_tls_clientcerts, reject", "relay_clientcerts": "hash:{md5}", "smtpd_tls_fingerprint_digest": "md5"},
    "access": {**CA, ACCESS: "check_ccert_access hash:{access}", RELAY: "permit_tls_clientcerts, reject_unauth_destination"},
    "access-order": {**CA, ACCESS: "check_ccert_access { hash:{access}, { search_order = pubkey_fingerprint, cert_fingerprint } }", RELAY: "reject"},
    "access-one": {**CA, ACCESS: "check_ccert_access { hash:{access}, { search_order = cert_fingerprint } }", RELAY: "reject"},
    "required": {**CA, "smtpd_tls_req_ccert": "yes", "smtpd_tls_security_level": "encrypt", RELAY: "permit_tls_all_clientcerts, reject"},
    "required-not-asked": {"smtpd_tls_CAfile": "{ca}", "smtpd_tls_req_ccert": "yes", "smtpd_tls_security_level": "encrypt", RELAY: "reject"},
    "required-optional": {**CA, "smtpd_tls_req_ccert": "yes", RELAY: "permit_tls_all_clientcerts, reject"},
    "class": {**CA, ACCESS: "mine", RELAY: "permit_tls_all_clientcerts, reject"},
    "class-sender": {**CA, "smtpd_sender_restrictions": "mine", RELAY: "permit_tls_all_clientcerts, reject"},
    "class-data": {"smtpd_data_restrictions": "mine", RELAY: "check_recipient_access static:OK, reject"},
}

# Postfix 3.7 reads smtpd_tls_ccert_verifydepth and does not keep to it: its log calls each certificate of a longer chain verified.
DEEPER = {("depth-1", "deep"), ("depth-0", "trusted"), ("depth-0", "deep")}

COMMON = {
    "smtpd_tls_security_level": "may", "smtpd_tls_fingerprint_digest": "sha256", "smtpd_restriction_classes": "mine", "mine": "hash:{bare}",
    "smtpd_peername_lookup": "no", "smtpd_error_sleep_time": "0", "smtpd_tls_received_header": "yes", "smtpd_tls_loglevel": "1",
}


class ClientCertificates(Case):
    def setUp(self):
        super().setUp()
        self.folder = tempfile.mkdtemp(prefix="weir-certificates-")
        os.chmod(self.folder, 0o755)
        self.addCleanup(subprocess.run, ["rm", "-rf", self.folder])
        self.made = Authority(self.folder)
        made = self.made
        self.tables = {
            "known": f"{made.fingerprint('own')} own\n", "keys": f"{made.key_fingerprint('own')} own\n{made.key_fingerprint('trusted').lower()} x\n",
            "md5": f"{made.fingerprint('own', 'md5')} own\n{made.key_fingerprint('trusted', 'md5')} x\n",
            "access": f"{made.fingerprint('trusted')} REJECT not you\n{made.key_fingerprint('trusted')} OK\n{made.key_fingerprint('deep')} 450 4.7.3 later\n"
                      f"{made.fingerprint('own')} DUNNO\n{made.key_fingerprint('own')} REJECT\n",
            "bare": "unknown REJECT client without a name\na@b.test DEFER sender\nDATA REJECT\n",
        }

    def fill(self, value, folder):
        for name, place in [("ca", self.made.path("ca.pem")), ("hashed", self.made.path("hashed")), *((each, f"{folder}/{each}") for each in self.tables)]:
            value = value.replace("{" + name + "}", place)
        return value

    def common(self):
        return {**COMMON, "smtpd_tls_cert_file": self.made.path("server.pem"), "smtpd_tls_key_file": self.made.path("server.key")}

    def postfix(self):
        services = "".join(
            f"127.0.0.1:@{name.replace('-', '_')}@ inet n - n - - smtpd\n"
            + "".join(f"  -o {{ {key} = {self.fill(value, '$config_directory')} }}\n" for key, value in settings.items())
            for name, settings in CONFIGURATIONS.items())
        settings = {key: self.fill(value, "$config_directory") for key, value in self.common().items()}
        mentioned = " ".join(f"hash:$config_directory/{name}" for name in self.tables)
        return Postfix({**settings, "default_transport": "discard:", "tables_of_this_test": mentioned},
                       services=services, tables=self.tables)

    def daemon(self, postfix):
        ports = {name: free_port() for name in CONFIGURATIONS}
        blocks = "".join(
            f"listener {name} {{\n  address = 127.0.0.1\n  port = {ports[name]}\n"
            + "".join(f"  {key} = {self.fill(value, postfix.config)}\n" for key, value in settings.items()) + "}\n"
            for name, settings in CONFIGURATIONS.items())
        settings = "".join(f"{key} = {self.fill(value, postfix.config)}\n" for key, value in self.common().items())
        self.weir(settings + blocks)
        return ports

    def play(self, port, client):
        """All replies after the handshake; `closed` at the end of the connection."""
        said = []
        try:
            with Secured(port, self.made.context(client)) as session:
                for line in ("EHLO client.test", "MAIL FROM:<a@b.test>", f"RCPT TO:<{STRANGER}>", "DATA", "RSET"):
                    reply = session.say(line).splitlines()[-1]
                    said.append((line, "250" if line.startswith("EHLO") and reply.startswith("250") else reply))
                    if reply.startswith("354"):
                        session.say(".")
        except (EOFError, OSError):
            said.append(("", "closed"))
        return said

    def test_same_replies(self):
        with self.postfix() as postfix:
            ports = self.daemon(postfix)
            differing = []
            for name in CONFIGURATIONS:
                for client in CLIENTS:
                    theirs, ours = self.play(postfix.ports[name.replace("-", "_")], client), self.play(ports[name], client)
                    if (theirs != ours) != ((name, client) in DEEPER):
                        differing.append(f"{name}, {client}:\n  Postfix: {theirs}\n  Weir:    {ours}")
            self.assertFalse(differing, "\n".join(differing))

    def test_what_is_told_of_them(self):
        """Received, the log, and a client that comes back with a ticket."""
        weir = self.weir("".join(f"{key} = {self.fill(value, '/')}\n" for key, value in {**self.common(), **CA}.items() if key not in ("mine", "smtpd_restriction_classes")))
        for client in ("trusted", "own"):
            with Secured(weir.port, self.made.context(client)) as session:
                self.assertRegex(session.send("a@b.test", ["alice@weir.test"], "Subject: x\n\nx"), "^250 ")
        comments = {re.search(r'Client CN "[^)]*\)', message["Received"])[0] for message in weir.messages(count=2)}
        self.assertEqual(comments, {'Client CN "client.test", Issuer "CA" (verified OK)', 'Client CN "own.test", Issuer "own.test" (not verified)'})
        self.assertIn("Trusted TLS connection established from", weir.log_text())

    def test_required_from_the_start(self):
        port = free_port()
        settings = {**self.common(), **CA, "smtpd_tls_req_ccert": "yes", "smtpd_tls_wrappermode": "yes"}
        lines = "".join(f"  {key} = {self.fill(value, '/')}\n" for key, value in settings.items() if key not in ("mine", "smtpd_restriction_classes"))
        self.weir(f"listener smtps {{\n  address = 127.0.0.1\n  port = {port}\n{lines}}}\n")
        for client, banner in [("trusted", "220 mx.weir.test ESMTP Weir"), (None, "421 4.7.1 mx.weir.test Error: No client certificate presented"),
                               ("own", "421 4.7.1 mx.weir.test Error: Client certificate not trusted")]:
            with Secured(port, self.made.context(client), implicit=True) as session:
                self.assertEqual(session.banner, banner)


if __name__ == "__main__":
    unittest.main()
