# SPDX-License-Identifier: Apache-2.0
"""A next hop that offers STARTTLS and logins, and does them right or wrong; and the certificates for it.

    authority = Authority(folder)
    with SecureHop(authority.context("mx.one.test")) as hop: ...

`wrong` is what goes wrong: "refuse" (454 to STARTTLS), "garbage" (no TLS after the 220), "reset" (in the handshake), "truncate" (an end after the server's first
bytes), "inject" (a reply in the same segment as the 220). `logins` are the mechanisms offered, `users` the passwords.
"""
import base64
import hashlib
import hmac
import os
import secrets
import socket
import ssl
import struct
import subprocess

from nexthop import Dialogue, NextHop


class Authority:
    def __init__(self, folder, name="Test CA"):
        self.folder = folder
        self.key, self.file = os.path.join(folder, f"{name}.key".replace(" ", "-")), os.path.join(folder, f"{name}.crt".replace(" ", "-"))
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.key, "-out", self.file, "-days", "30",
                "-subj", f"/CN={name}")
        os.chmod(self.file, 0o644)

    def certificate(self, name, days=30, is_own=False):
        """A PEM file with key and certificate."""
        base = os.path.join(self.folder, secrets.token_hex(4))
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", base + ".key", "-out", base + ".csr", "-subj", f"/CN={name}")
        with open(base + ".ext", "w") as file:
            file.write(f"subjectAltName=DNS:{name}\n")
        signer = ["-signkey", base + ".key"] if is_own else ["-CA", self.file, "-CAkey", self.key, "-CAcreateserial"]
        openssl("x509", "-req", "-in", base + ".csr", *signer, "-days", str(days), "-extfile", base + ".ext", "-out", base + ".crt")
        with open(base + ".pem", "w") as whole:
            for part in (".key", ".crt"):
                with open(base + part) as file:
                    whole.write(file.read())
        return base + ".pem"

    def context(self, name, **options):
        return context(self.certificate(name, **options))


def context(path):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(path)
    made.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    made.set_ciphers("ALL:@SECLEVEL=0")
    return made


def openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(done.stderr)
    return done.stdout


def tlsa(path, usage=3):
    """The data of a TLSA record for the key of a certificate, in hex."""
    der = ssl.PEM_cert_to_DER_cert(openssl("x509", "-in", path))
    public = subprocess.run(["openssl", "x509", "-inform", "DER", "-pubkey", "-noout"], input=der, capture_output=True, check=True).stdout
    key = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=public, capture_output=True, check=True).stdout
    return f"{usage} 1 1 {hashlib.sha256(key).hexdigest()}"


class SecureHop(NextHop):
    def __init__(self, tls=None, wrong=None, logins=(), users=None, wrapped=False, clear_logins=False, **options):
        super().__init__(**options)
        self.tls, self.wrong, self.logins, self.users, self.wrapped, self.clear_logins = tls, wrong, logins, users or {}, wrapped, clear_logins
        self.resumed, self.secured, self.names = 0, 0, []
        if tls:
            tls.sni_callback = lambda connection, name, context: self.names.append(name)

    def __exit__(self, *_):
        # Else the thread that accepts keeps the port.
        self.listener.shutdown(socket.SHUT_RDWR)
        super().__exit__()

    def serve(self, connection, number):
        try:
            with connection:
                SecureDialogue(self, connection, number).start()
        except (OSError, ValueError):
            pass


class SecureDialogue(Dialogue):
    is_secure = False

    def start(self):
        if self.hop.wrapped:
            self.secure()
        self.run()

    def obey(self, line, verb):
        if verb in ("EHLO", "LHLO"):
            return self.say("EHLO", "\n".join(["250 hop.test", *("250 " + each for each in self.offers())]))
        if verb == "STARTTLS" and self.hop.tls:
            return self.start_tls()
        if verb == "AUTH":
            return self.log_in(line.split(" "))
        return super().obey(line, verb)

    def offers(self):
        offers = list(self.hop.extensions)
        if self.hop.tls and not self.is_secure:
            offers.append("STARTTLS")
        if self.hop.logins and (self.is_secure or self.hop.clear_logins):
            offers.append("AUTH " + " ".join(self.hop.logins))
        return offers

    def start_tls(self):
        wrong = self.hop.wrong
        if wrong == "refuse":
            self.connection.sendall(b"454 4.7.0 TLS not available\r\n")
            return True
        self.connection.sendall(b"220 2.0.0 Ready\r\n" + (b"250 injected\r\n" if wrong == "inject" else b""))
        if wrong == "garbage":
            self.connection.sendall(b"this is no TLS at all, whatever was said before\r\n" * 4)
            self.connection.recv(4096)
            return False
        if wrong in ("reset", "truncate"):
            self.connection.recv(4096)
            if wrong == "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                self.connection.sendall(b"\x16\x03\x03\x00\x7a\x02")
            return False
        self.secure()
        return True

    def secure(self):
        self.connection = self.hop.tls.wrap_socket(self.connection, server_side=True)
        self.is_secure = True
        self.hop.secured += 1
        self.hop.resumed += bool(self.connection.session_reused)
        self.file = self.connection.makefile("rb")

    # Logins

    def log_in(self, words):
        initial = base64.b64decode(words[2]) if len(words) > 2 and words[2] != "=" else None
        good = {"PLAIN": self.plain, "LOGIN": self.login, "CRAM-MD5": self.cram, "SCRAM-SHA-256": self.scram}[words[1]](initial)
        self.connection.sendall(b"235 2.7.0 Authentication successful\r\n" if good else b"535 5.7.8 Error: authentication failed\r\n")
        self.hop.lines.append(f"{'in' if good else 'out'} by {words[1]}")
        return True

    def ask(self, challenge):
        self.connection.sendall(b"334 " + base64.b64encode(challenge) + b"\r\n")
        return base64.b64decode(self.file.readline())

    def plain(self, initial):
        _, user, password = (initial or self.ask(b"")).split(b"\0")
        return self.hop.users.get(user.decode()) == password.decode()

    def login(self, _):
        user, password = self.ask(b"Username:"), self.ask(b"Password:")
        return self.hop.users.get(user.decode()) == password.decode()

    def cram(self, _):
        challenge = b"<1.2@hop.test>"
        user, digest = self.ask(challenge).decode().split(" ")
        return hmac.new(self.hop.users.get(user, "").encode(), challenge, "md5").hexdigest() == digest

    def scram(self, initial):
        bare = initial.decode()[3:]
        user, nonce = (part[2:] for part in bare.split(",")[:2])
        salt, rounds = secrets.token_bytes(16), 4096
        first = f"r={nonce}server,s={base64.b64encode(salt).decode()},i={rounds}"
        final = self.ask(first.encode()).decode()
        without_proof, proof = final.rsplit(",p=", 1)
        salted = hashlib.pbkdf2_hmac("sha256", self.hop.users.get(user, "").encode(), salt, rounds)
        message = f"{bare},{first},{without_proof}".encode()
        sign = lambda key, text: hmac.new(key, text, "sha256").digest()
        stored = hashlib.sha256(sign(salted, b"Client Key")).digest()
        key = bytes(a ^ b for a, b in zip(base64.b64decode(proof), sign(stored, message)))
        if hashlib.sha256(key).digest() != stored:
            return False
        self.ask(b"v=" + base64.b64encode(sign(sign(salted, b"Server Key"), message)))
        return True
