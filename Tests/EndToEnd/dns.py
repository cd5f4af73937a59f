# SPDX-License-Identifier: Apache-2.0
"""A scripted name server on loopback, UDP and TCP: it answers what a test tells it, and remembers what it was asked.

    with DNS('''
        mx.example.test         A      192.0.2.1
        mx.example.test         AAAA   2001:db8::1
        example.test       300  MX     10 mx.example.test
        192.0.2.1               PTR    mx.example.test
        2.0.0.127.zen.test      A      127.0.0.4
        example.test            TXT    "v=spf1 " "-all"
        www.example.test        CNAME  mx.example.test
        *.wild.example.test     A      192.0.2.9
        broken.example.test     ANY    SERVFAIL
        dead.example.test       MX     TIMEOUT
        gone.example.test       ANY    NXDOMAIN
        bare.example.test       A      NODATA
        slow.example.test       ANY    DELAY 0.5
        big.example.test        ANY    TRUNCATED
    ''') as dns:
        weir = self.weir(dns.setting)
        dns.count("mx.example.test", "A")

The owner of a PTR may be an address. The number before the type is the time to live, in seconds. What the script does not name does not exist (NXDOMAIN);
a name with records of other types, or with names below it, has no data. `zone` may also be a dict: {("mx.example.test", "A"): ["192.0.2.1"]}.
Outcomes: SERVFAIL, REFUSED, NXDOMAIN, NODATA, TIMEOUT (no answer at all), TRUNCATED (by UDP the flag and nothing else, by TCP the records),
DELAY seconds (then the records). ANY means all types.

The libc and Postfix ask port 53 only: `DNS(zone, port=53)` (as root) takes a loopback address of its own there, and `dns.resolv_conf` is the text to mount over
/etc/resolv.conf.
"""
import ipaddress
import random
import shlex
import socket
import struct
import threading
import time
from collections import namedtuple

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "TLSA": 52, "ANY": 255}
NAMES = {number: name for name, number in TYPES.items()}
OPT = 41
RCODES = {"SERVFAIL": 2, "NXDOMAIN": 3, "NOTIMP": 4, "REFUSED": 5}
OUTCOMES = {*RCODES, "NODATA", "TIMEOUT", "TRUNCATED", "DELAY"}
TTL = 300
NEGATIVE_TTL = 60

Question = namedtuple("Question", "name type transport")


class Entry:
    """What is scripted for one name and type."""

    def __init__(self):
        self.records = []
        self.ttl = TTL
        self.outcome = None
        self.delay = 0.0

    def add(self, words):
        if words[0] == "DELAY":
            self.delay = float(words[1])
        elif words[0] in OUTCOMES:
            self.outcome = words[0]
        else:
            self.records.append(words)


class DNS:
    def __init__(self, zone="", address=None, port=None):
        self._lock = threading.Lock()
        self._entries = {}
        self._owners = set()
        self._above = set()
        self._questions = []
        self._stopped = threading.Event()
        self._is_silent = False
        self.load(zone)
        self._open(address, port)
        for work in (self._serve_udp, self._serve_tcp):
            threading.Thread(target=work, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends it: whoever asks from now on is refused by the kernel."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        for each in (self._udp, self._tcp):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()

    # How to get here

    @property
    def setting(self):
        """The line of weir.conf that points to this server."""
        return f"resolver = {self.address}@{self.port}\n"

    @property
    def resolv_conf(self):
        """A resolv.conf that points here; for port 53."""
        return f"nameserver {self.address}\noptions timeout:1 attempts:1\n"

    # The script

    def load(self, zone):
        """Adds a whole script, as text or dict."""
        if isinstance(zone, dict):
            for (name, kind), values in zone.items():
                self.set(name, kind, *([values] if isinstance(values, str) else values))
            return
        for line in zone.splitlines():
            words = shlex.split(line, comments=False)
            if words and not words[0].startswith((";", "#")):
                self._load_line(words)

    def _load_line(self, words):
        name, rest = words[0], words[1:]
        ttl = int(rest.pop(0)) if rest and rest[0].isdigit() else None
        if len(rest) < 2:
            raise ValueError(f"a name, a type and a value are needed: {words}")
        if rest[0] == "IN":
            rest.pop(0)
        with self._lock:
            self._add(name, rest[0], rest[1:], ttl)

    def set(self, name, kind, *values, ttl=TTL):
        """Replaces what is said of one name and type; no values: forgets it."""
        with self._lock:
            self._entries.pop((canonical(name), kind.upper()), None)
            self._owners, self._above = set(), set()
            for owner, _ in self._entries:
                self._name(owner)
            for value in values:
                self._add(name, kind, shlex.split(value), ttl)

    def _name(self, owner):
        if owner in self._owners:
            return
        self._owners.add(owner)
        while "." in owner:
            owner = owner.split(".", 1)[1]
            self._above.add(owner)

    def _add(self, name, kind, words, ttl):
        if kind.upper() not in TYPES:
            raise ValueError(f"unknown type {kind} of {name}")
        self._name(canonical(name))
        entry = self._entries.setdefault((canonical(name), kind.upper()), Entry())
        entry.add(words)
        if ttl is not None:
            entry.ttl = ttl
        if entry.records and kind.upper() != "ANY":
            for words in entry.records:
                rdata(kind.upper(), words)

    def silence(self, silent=True):
        """Answers nothing at all, or answers again: a dead server whose address exists."""
        self._is_silent = silent

    # What was asked

    @property
    def questions(self):
        with self._lock:
            return list(self._questions)

    def count(self, name=None, kind=None, transport=None):
        wanted = name and canonical(name)
        return sum((name is None or each.name == wanted) and (kind is None or each.type == kind) and
                   (transport is None or each.transport == transport) for each in self.questions)

    def forget(self):
        """Begins to count anew."""
        with self._lock:
            self._questions.clear()

    # Sockets

    def _open(self, address, port):
        for _ in range(200):
            chosen = address or ("127.%d.%d.%d" % tuple(random.randrange(1, 255) for _ in range(3)) if port == 53 else "127.0.0.1")
            number = port or random.randrange(20000, 32000)
            family = socket.AF_INET6 if ":" in chosen else socket.AF_INET
            udp, tcp = socket.socket(family, socket.SOCK_DGRAM), socket.socket(family, socket.SOCK_STREAM)
            try:
                tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
                udp.bind((chosen, number))
                tcp.bind((chosen, number))
            except OSError:
                udp.close()
                tcp.close()
                if address and port:
                    raise
                continue
            tcp.listen(128)
            self.address, self.port, self._udp, self._tcp = chosen, number, udp, tcp
            return
        raise OSError("no free port for a name server")

    def _serve_udp(self):
        while not self._stopped.is_set():
            try:
                query, client = self._udp.recvfrom(4096)
            except OSError:
                return
            self._answer_to(query, "udp", lambda reply, client=client: self._udp.sendto(reply, client))

    def _serve_tcp(self):
        while not self._stopped.is_set():
            try:
                connection, _ = self._tcp.accept()
            except OSError:
                return
            threading.Thread(target=self._serve_connection, args=(connection,), daemon=True).start()

    def _serve_connection(self, connection):
        with connection, connection.makefile("rb") as file:
            while not self._stopped.is_set():
                try:
                    head = file.read(2)
                    if len(head) < 2:
                        return
                    query = file.read(struct.unpack("!H", head)[0])
                except OSError:
                    return
                self._answer_to(query, "tcp", lambda reply: connection.sendall(struct.pack("!H", len(reply)) + reply))

    def _answer_to(self, query, transport, send):
        try:
            reply, delay = self.reply(query, transport)
        except (ValueError, IndexError, struct.error):
            return
        if reply is None:
            return
        if delay:
            timer = threading.Timer(delay, self._send, (send, reply))
            timer.daemon = True
            timer.start()
        else:
            self._send(send, reply)

    def _send(self, send, reply):
        try:
            send(reply)
        except OSError:
            pass

    # Answers

    def reply(self, query, transport):
        """The answer to one packet and its delay; no answer is None."""
        identity, flags, count = struct.unpack("!HHH", query[:6])
        if flags & 0x8000 or count != 1:
            raise ValueError("not a question")
        name, offset = read_name(query, 12)
        kind, _ = struct.unpack("!HH", query[offset:offset + 4])
        question = query[12:offset + 4]
        edns = struct.unpack("!H", query[10:12])[0] > 0
        with self._lock:
            self._questions.append(Question(name, NAMES.get(kind, str(kind)), transport))
            if self._is_silent:
                return None, 0
            rcode, answer, delay, truncated = self._find(name, NAMES.get(kind), transport)
        if rcode is None:
            return None, 0
        authority = [] if answer or rcode not in (0, 3) else [soa()]
        extra = [b"\0" + struct.pack("!HHIH", OPT, 1232, 0, 0)] if edns else []

        def packet(records, more):
            head = struct.pack("!HHHHHH", identity, 0x8180 | flags & 0x0110 | (0x0200 if more else 0) | rcode, 1, len(records), len(authority), len(extra))
            return head + question + b"".join(records + authority + extra)
        reply = packet([] if truncated else answer, truncated)
        if transport == "udp" and len(reply) > (udp_size(query, offset + 4) if edns else 512):
            reply = packet([], True)
        return reply, delay

    def _find(self, name, kind, transport):
        """(rcode, records, delay, truncated) for a question; follows CNAMEs within the script."""
        records, delay, owner = [], 0.0, name
        for _ in range(10):
            entry, everything = self._entry(owner, kind), self._entry(owner, "ANY")
            for each in (entry, everything):
                if each is None:
                    continue
                delay += each.delay
                if each.outcome == "TIMEOUT":
                    return None, [], 0, False
                if each.outcome in RCODES:
                    return RCODES[each.outcome], records, delay, False
                if each.outcome == "NODATA":
                    return 0, records, delay, False
            if transport == "udp" and any(each and each.outcome == "TRUNCATED" for each in (entry, everything)):
                return 0, [], delay, True
            if entry is not None:
                return 0, records + [record(owner, kind, words, entry.ttl) for words in entry.records], delay, False
            alias = self._entry(owner, "CNAME")
            if alias is None or not alias.records:
                return 0 if self._exists(owner) else 3, records, delay, False
            records.append(record(owner, "CNAME", alias.records[0], alias.ttl))
            owner = canonical(alias.records[0][0])
        return RCODES["SERVFAIL"], [], delay, False

    def _entry(self, name, kind):
        found = self._entries.get((name, kind))
        if found is not None or name in self._owners:
            return found
        while "." in name:
            name = name.split(".", 1)[1]
            if ("*." + name, kind) in self._entries:
                return self._entries["*." + name, kind]
            if name in self._owners or "*." + name in self._owners:
                return None
        return None

    def _exists(self, name):
        return name in self._owners or name in self._above or any(self._entry(name, kind) is not None for kind in TYPES)


def canonical(name):
    """Lower case, no final dot; an address becomes the name of its pointers."""
    try:
        return ipaddress.ip_address(name).reverse_pointer
    except ValueError:
        return name.lower().rstrip(".")


def write_name(name):
    octets = b""
    for label in filter(None, name.rstrip(".").split(".")):
        label = label.encode("latin-1")
        octets += bytes([len(label)]) + label
    return octets + b"\0"


def read_name(packet, offset):
    labels = []
    while packet[offset]:
        if packet[offset] > 63:
            raise ValueError("compressed question")
        labels.append(packet[offset + 1:offset + 1 + packet[offset]].decode("latin-1"))
        offset += 1 + packet[offset]
    return ".".join(labels).lower(), offset + 1


def udp_size(query, offset):
    """What the asker takes by UDP: the class field of its OPT record (RFC 6891 §6.1.2)."""
    kind, size = struct.unpack("!HH", query[offset + 1:offset + 5])
    return max(512, size) if kind == OPT else 512


def rdata(kind, words):
    if kind == "A":
        return ipaddress.IPv4Address(words[0]).packed
    if kind == "AAAA":
        return ipaddress.IPv6Address(words[0]).packed
    if kind in ("NS", "CNAME", "PTR"):
        return write_name(words[0])
    if kind == "MX":
        return struct.pack("!H", int(words[0])) + write_name(words[1])
    if kind == "SRV":
        return struct.pack("!HHH", *map(int, words[:3])) + write_name(words[3])
    if kind == "TXT":
        return b"".join(bytes([len(word.encode())]) + word.encode() for word in words)
    if kind == "SOA":
        return write_name(words[0]) + write_name(words[1]) + struct.pack("!IIIII", *map(int, words[2:7]))
    if kind == "TLSA":
        return bytes(map(int, words[:3])) + bytes.fromhex(words[3])
    raise ValueError(f"no rdata of type {kind}")


def record(owner, kind, words, ttl):
    data = rdata(kind, words)
    return write_name(owner) + struct.pack("!HHIH", TYPES[kind], 1, ttl, len(data)) + data


def soa():
    """The authority of a negative answer, which says how long it holds (RFC 2308 §5)."""
    data = rdata("SOA", ["ns.test", "hostmaster.test", "1", "3600", "600", "86400", str(NEGATIVE_TTL)])
    return b"\0" + struct.pack("!HHIH", TYPES["SOA"], 1, NEGATIVE_TTL, len(data)) + data


def silent_server():
    """A server that is there and answers nothing: neither a reply nor a refusal comes."""
    silent = DNS()
    silent.silence()
    return silent
