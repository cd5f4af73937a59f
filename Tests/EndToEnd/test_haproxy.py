# SPDX-License-Identifier: Apache-2.0
"""The PROXY protocol, spoken by HAProxy itself and by hand."""
import os
import socket
import ssl
import subprocess
import tempfile
import time

from harness import Case, Session, Weir, eventually, free_port, requires

PROXIED = "smtpd_upstream_proxy_protocol = haproxy\nsmtpd_peername_lookup = no\n"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


class HAProxy:
    """HAProxy in front of one port; `option` is send-proxy or send-proxy-v2."""

    def __init__(self, port, option):
        self.port = free_port()
        self.folder = tempfile.TemporaryDirectory(prefix="weir-haproxy-")
        path = os.path.join(self.folder.name, "haproxy.cfg")
        with open(path, "w") as file:
            file.write(
                "defaults\n  mode tcp\n  timeout connect 10s\n  timeout client 60s\n  timeout server 60s\n"
                f"frontend smtp\n  bind 127.0.0.1:{self.port}\n  default_backend weir\n"
                f"backend weir\n  server weir 127.0.0.1:{port} {option}\n")
        self.process = subprocess.Popen([requires("haproxy"), "-db", "-f", path], stdin=subprocess.DEVNULL)

    def __enter__(self):
        eventually(self.listens, 10, "HAProxy")
        return self

    def listens(self):
        try:
            Session(self.port).close()
            return True
        except (OSError, EOFError):
            return False

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self.folder.cleanup()


def connect(port):
    return socket.create_connection(("127.0.0.1", port), 20)


def talk(port, octets):
    """What the server says to these bytes until it closes or has greeted."""
    with connect(port) as connection:
        connection.sendall(octets)
        try:
            return connection.recv(4096)
        except ConnectionResetError:
            return b""


class Proxied(Case):
    def weir(self, settings="", **options):
        """The banner is awaited as a proxy would."""
        class Behind(Weir):
            def banner(self):
                if self.process.poll() is not None:
                    raise AssertionError(self.log_text())
                try:
                    if "wrappermode" in settings:
                        connect(self.port).close()
                        return b"TLS"
                    return talk(self.port, b"PROXY UNKNOWN\r\n")
                except OSError:
                    return b""
        weir = Behind(PROXIED + settings, **options)
        self.addCleanup(self._end, weir)
        return weir.start()

    def test_haproxy_v1_and_v2(self):
        weir = self.weir()
        for number, option in enumerate(("send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options crc32c,unique-id")):
            with HAProxy(weir.port, option) as proxy, socket.create_connection(("127.0.0.1", proxy.port), 20, source_address=(f"127.0.0.{number + 50}", 0)) as connection:
                file = connection.makefile("rb")
                self.assertEqual(file.readline(), b"220 mx.weir.test ESMTP Weir\r\n", option)
                connection.sendall(b"QUIT\r\n")
                self.assertEqual(file.readline(), b"221 2.0.0 Bye\r\n")
            eventually(lambda number=number: f"connect from unknown[127.0.0.{number + 50}]" in weir.log_text(), 5, "the client's address")

    def test_the_client_behind_is_the_one_that_counts(self):
        weir = self.weir("smtpd_client_connection_count_limit = 1\nsmtpd_client_port_logging = yes\n")
        with connect(weir.port) as first:
            first.sendall(b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 25\r\n")
            self.assertTrue(first.recv(100).startswith(b"220 "))
            self.assertEqual(
                talk(weir.port, b"PROXY TCP4 192.0.2.7 192.0.2.1 4712 25\r\n"), b"421 4.7.0 mx.weir.test Error: too many connections from 192.0.2.7\r\n")
            self.assertTrue(talk(weir.port, b"PROXY TCP4 192.0.2.8 192.0.2.1 4712 25\r\n").startswith(b"220 "))
            # In no network of ours, though the proxy is.
            first.sendall(b"EHLO x\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@elsewhere.example>\r\nQUIT\r\n")
            said = b""
            while piece := first.recv(4096):
                said += piece
        self.assertIn(b"454 4.7.1 <b@elsewhere.example>: Relay access denied", said)
        eventually(lambda: "connect from unknown[192.0.2.7]:4711" in weir.log_text(), 5, "the log line")

    def test_byte_by_byte(self):
        weir = self.weir()
        header = SIGNATURE + b"\x21\x21" + (36 + 5).to_bytes(2, "big") + socket.inet_pton(socket.AF_INET6, "2001:db8::7") + socket.inet_pton(
            socket.AF_INET6, "2001:db8::1") + b"\x12\x67\x00\x19" + b"\x01\x00\x02h2"
        for octets in (b"PROXY TCP6 2001:db8::7 2001:db8::1 4711 25\r\n", header):
            with connect(weir.port) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for octet in octets:
                    connection.sendall(bytes([octet]))
                    time.sleep(0.001)
                self.assertTrue(connection.recv(100).startswith(b"220 "))
        eventually(lambda: weir.log_text().count("]: connect from unknown[2001:db8::7]") == 2, 5, "two connections")

    def test_without_a_header_there_is_no_session(self):
        weir = self.weir("smtpd_upstream_proxy_timeout = 1s\n")
        self.assertEqual(talk(weir.port, b"EHLO x\r\n"), b"")
        self.assertEqual(talk(weir.port, b""), b"")
        with connect(weir.port) as connection:
            connection.sendall(b"PROXY TCP4 ")
        for line in ("proxy 127.0.0.1: no PROXY protocol header", "proxy 127.0.0.1: no PROXY protocol header in time", "proxy 127.0.0.1: lost connection before"):
            eventually(lambda line=line: line in weir.log_text(), 5, line)

    def test_strangers_are_not_believed(self):
        weir = self.weir("haproxy_trusted_networks = 127.0.0.1\n")
        with socket.create_connection(("127.0.0.1", weir.port), 20, source_address=("127.0.0.2", 0)) as connection:
            connection.sendall(b"PROXY TCP4 127.0.0.1 127.0.0.1 4711 25\r\n")
            try:
                self.assertEqual(connection.recv(100), b"")
            except ConnectionResetError:
                pass
        eventually(lambda: "proxy 127.0.0.2: not in haproxy_trusted_networks" in weir.log_text(), 5, "the log line")

    def test_tls_follows_at_once(self):
        weir = self.weir("smtpd_tls_wrappermode = yes\n")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing)
        with connect(weir.port) as connection:
            first = b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 465\r\n"
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    connection.sendall(first + outgoing.read())
                    first = b""
                    incoming.write(connection.recv(65536))
            connection.sendall(outgoing.read())
            while True:
                try:
                    self.assertTrue(tls.read(100).startswith(b"220 "))
                    break
                except ssl.SSLWantReadError:
                    incoming.write(connection.recv(65536))
