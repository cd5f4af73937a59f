# SPDX-License-Identifier: Apache-2.0
"""Reads the dialogues of Tests/Transcripts (their README has the format) and plays them over a socket."""
import os
import re
import socket
import ssl

from harness import ROOT, eventually, read_message

FOLDER = os.path.join(ROOT, "Tests/Transcripts")

# What only the pure machine can show: time, a spool that fails, and what is said with no socket.
MACHINE_ONLY = ("only machine", "storage low", "commit ", "timeout", "shutdown")
ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\"}


class Transcript:
    """One file: its settings, and its steps as (word, text) pairs."""

    def __init__(self, path):
        self.name = os.path.splitext(os.path.basename(path))[0]
        self.settings, self.users, self.service = {}, [], "smtp"
        self.stages = {}
        self.client, self.playable = "127.0.0.9", True
        with open(path, encoding="utf-8") as file:
            lines = [line for line in file.read().split("\n") if line.strip() and not line.startswith("#")]
        self.steps = [step for line in unrolled(lines) if (step := self.step(line))]
        self.playable = self.playable and self.client.startswith("127.")

    def step(self, line):
        if any(line == word.strip() or line.startswith(word) for word in MACHINE_ONLY):
            self.playable = False
            return None
        word, _, text = line.partition(" ")
        if word == "config":
            name, _, value = text.partition("=")
            self.settings[name.strip()] = value.strip()
        elif word == "client":
            self.client = text.split()[0]
        elif word == "stage":
            name, _, option = text.partition(" ")
            self.stages.setdefault(name, []).append(option)
        elif word == "service":
            self.service = text
        elif word == "user":
            self.users.append(text)
        elif word not in ("dns", "clock", "only"):
            return (word, repeated(text) if word in ("C:", "R:", "S:", "=") else text)
        return None

    @property
    def daemon_key(self):
        """Transcripts with the same key can share a daemon."""
        return (self.service, tuple(sorted(self.settings.items())), tuple(sorted(self.users)))


def unrolled(lines):
    """The lines with `repeat N` … `end` written out."""
    result, block, times = [], None, 0
    for line in lines:
        if line.startswith("repeat "):
            block, times = [], int(line.split()[1])
        elif line == "end" and block is not None:
            result += [each.replace("{n}", str(number)) for number in range(1, times + 1) for each in block]
            block = None
        else:
            (result if block is None else block).append(line)
    return result


def repeated(text):
    return re.sub(r"\{(.+?)\*(\d+)\}", lambda match: match[1] * int(match[2]), text)


def unescaped(text):
    def octets(match):
        return bytes([int(match[2], 16)]) if match[2] else ESCAPES[match[1].decode()]
    return re.sub(rb"\\(x([0-9A-Fa-f]{2})|[rnt0\\])", octets, text.encode())


class Mismatch(AssertionError):
    pass


class Player:
    """Plays one transcript against a daemon."""

    def __init__(self, transcript, weir, port=None):
        self.transcript, self.weir, self.port = transcript, weir, port or weir.port
        self.log_start = len(weir.log_text())
        self.before = {user: set(weir.files(user)) for user in weir.mailboxes}
        self.expected = []

    def play(self):
        self.connect()
        pending = b""
        try:
            for word, text in self.transcript.steps:
                if word in ("C:", "R:"):
                    pending += unescaped(text) if word == "R:" else text.encode() + b"\r\n"
                    continue
                if pending:
                    self.send(pending)
                    pending = b""
                self.perform(word, text)
        finally:
            self.file.close()
            self.socket.close()
        self.check_queue()

    def connect(self):
        self.socket = socket.create_connection(("127.0.0.1", self.port), 20, source_address=(self.transcript.client, 0))
        self.file = self.socket.makefile("rb")

    def send(self, octets):
        try:
            self.socket.sendall(octets)
        except OSError:
            return  # The server has closed: a step that expects a reply says what is wrong.

    def perform(self, word, text):
        if word == "S:":
            self.expect(text)
        elif word == "close":
            self.expect_end()
        elif word == "hangup":
            self.socket.shutdown(socket.SHUT_RDWR)
        elif word == "tls":
            self.start_tls()
        elif word == "queue":
            self.expected.append((text, []))
        elif word == "=":
            self.expected[-1][1].append(text)
        elif word in ("log", "summary"):
            eventually(lambda: text in self.weir.log_text()[self.log_start:], 10, f"the log line with {text!r}")
        elif word != "delay":
            raise Mismatch(f"no step is called {word}")

    def expect(self, line):
        got = self.file.readline().decode(errors="backslashreplace")
        pattern = "[0-9A-Za-z]+".join(re.escape(part) for part in line.split("{id}")) + "\r\n"
        if not re.fullmatch(pattern, got):
            raise Mismatch(f"expected {line!r}\n     got {got!r}")

    def expect_end(self):
        try:
            rest = self.file.read()
        except ConnectionResetError:
            return
        if rest:
            raise Mismatch(f"expected the end of the connection, got {rest!r}")

    def start_tls(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.file.close()
        self.socket = context.wrap_socket(self.socket)
        self.file = self.socket.makefile("rb")

    # What was queued

    def check_queue(self):
        """Each queued message reached the mailboxes of its recipients, with its content whole."""
        for facts, content in self.expected:
            sender = re.search(r"from=<(.*?)>", facts)[1]
            # Who is named twice gets one.
            for recipient in {each.lower(): each for each in reversed(re.findall(r"to=<(.*?)>", facts))}.values():
                self.check_recipient(sender, recipient, content)

    def check_recipient(self, sender, recipient, content):
        mailbox = self.weir.mailbox_of(recipient.lower())
        if mailbox is None:
            eventually(lambda: self.is_queued(sender, recipient), 10, f"{recipient} in the queue")
            return
        path = eventually(lambda: self.new_file(mailbox, sender, recipient, content), 10, f"the message for {recipient}")
        self.before[mailbox].add(path)

    def is_queued(self, sender, recipient):
        listed = [line.split()[0] for line in self.weir.run("queue", "list").stdout.splitlines()[1:-1]]
        shown = [self.weir.run("queue", "show", identifier).stdout for identifier in listed]
        return any(f"recipient {recipient}" in text and (sender or "<>") in text for text in shown)

    def new_file(self, mailbox, sender, recipient, content):
        for path in self.weir.files(mailbox):
            if path not in self.before[mailbox] and self.holds(path, sender, recipient, content):
                return path
        return None

    def holds(self, path, sender, recipient, content):
        message = read_message(path)
        if str(message["Return-Path"]) != f"<{sender}>" or str(message["Delivered-To"]) != recipient:
            return False
        with open(path, "rb") as file:
            octets = file.read()
        wanted = "".join(line + "\n" for line in content).encode()
        return not content or octets.endswith(wanted) or body(octets) == body(wanted)


def body(octets):
    """After the header: the daemon adds fields to it for local clients."""
    return octets.partition(b"\n\n")[2]


def all_transcripts(folder=FOLDER):
    names = sorted(name for name in os.listdir(folder) if name.endswith(".txt"))
    return [Transcript(os.path.join(folder, name)) for name in names]
