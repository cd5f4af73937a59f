# SPDX-License-Identifier: Apache-2.0
"""Tests/Transcripts/stages, in process and in a worker: the same replies, the same events, the same messages to the last byte.

WEIR_RECORD=1 writes into the files what the server answers in process, and what was delivered: for whoever changes one, to be read before it is believed.
"""
import os
import re
import socket
import subprocess
import unittest

from harness import Case, eventually, free_port
from test_stages import PLUGINS, stage
from test_transcripts import TranscriptWeir, can_unshare
from transcript import FOLDER, Mismatch, Player, all_transcripts, repeated, unescaped

SCRIPT = os.path.join(PLUGINS, "tests/script.so")
FILES = os.path.join(FOLDER, "stages")
MODES = ("inprocess", "worker")
# Lines that come another way than the plugin's own, and so not always in the same place.
OF_THE_MTA = re.compile("would have|; on_failure = ")


class StageWeir(TranscriptWeir):
    """All transcripts in one daemon: a listener for each of them and each mode, with stages of its own."""

    def __init__(self, transcripts):
        self.transcripts = transcripts
        ports = set()
        while len(ports) < len(transcripts) * len(MODES):
            ports.add(free_port())
        self.stage_ports = {(transcript.name, mode): ports.pop() for transcript in transcripts for mode in MODES}
        super().__init__("smtp", (), sorted({user for transcript in transcripts for user in transcript.users}))

    watched = {}

    def base_config(self):
        self.watched = {}
        return super().base_config() + "".join(self.blocks(transcript, mode) for transcript in self.transcripts for mode in MODES)

    def write_config(self, settings):
        super().write_config(settings)
        # To look into the queue takes no stages, and so is quicker.
        self.small_config = self.config + ".small"
        with open(self.small_config, "w") as file:
            file.write(super().base_config())
        os.chmod(self.small_config, 0o644)

    def run(self, *arguments):
        return subprocess.run([os.environ["WEIR_BIN"], *arguments, "--config", self.small_config], capture_output=True, text=True, timeout=30, user=self.user, check=False)

    def blocks(self, transcript, mode):
        name = f"{transcript.name}-{mode}"
        stages = "".join(
            stage(f"{name}-{each}", SCRIPT, f"mode = {mode}", f"listener = {name}", *self.component(options), *options) for each, options in transcript.stages.items())
        return self.listener(name, self.stage_ports[transcript.name, mode]) + stages

    @staticmethod
    def component(options):
        return () if any(option.startswith("component") for option in options) else ("component = script",)


class StagePlayer(Player):
    """Messages are compared whole, but for what is new each time."""

    def __init__(self, transcript, weir, mode):
        super().__init__(transcript, weir, weir.stage_ports[transcript.name, mode])
        self.mode = mode
        self.queued = set()

    def play(self):
        self.log_start = len(self.weir.log_text())
        self.before = {user: set(self.weir.files(user)) for user in self.weir.mailboxes}
        if any(word == "shown" for word, _ in self.transcript.steps):
            self.queued = set(self.queue())
        super().play()

    def perform(self, word, text):
        if word != "shown":
            return super().perform(word, text)
        eventually(lambda: any(text in self.weir.run("queue", "show", each).stdout for each in set(self.queue()) - self.queued), 10, f"{text!r} in the queue")
        return None

    def queue(self):
        return [line.split()[0] for line in self.weir.run("queue", "list").stdout.splitlines()[1:-1]]

    def holds(self, path, sender, recipient, content):
        return envelope(path) == (sender, recipient) and (not content or delivered(path) == content)

    def events(self):
        """What each stage of this transcript was told, and was answered, in order."""
        name = f": {self.transcript.name}-{self.mode}-"
        lines = self.weir.log_text()[self.log_start:].splitlines()
        found = [neutral(line.partition(name)[2]) for line in lines if name in line and " postfix/stage[" in line and not OF_THE_MTA.search(line)]
        return sorted(found, key=lambda line: line.partition(":")[0])


def neutral(text):
    """Without queue ids and the day."""
    return re.sub(r"HEADER <Received> .* len \d+", "HEADER <Received>", re.sub(r"QUEUED <\w+>", "QUEUED <ID>", text))


def delivered(path):
    """The lines of a message, without what its delivery put before it and what Received says of the day."""
    with open(path, "rb") as file:
        text = file.read().decode(errors="backslashreplace")
    text = re.sub(r"\A(?:(?:Return-Path|X-Original-To|Delivered-To): .*\n)+", "", text)
    return re.sub(r"^Received: .*\n(?:[ \t].*\n)*", "Received\n", text, flags=re.MULTILINE).removesuffix("\n").split("\n")


def envelope(path):
    with open(path, "rb") as file:
        head = file.read(2000).decode(errors="replace")
    return re.search(r"^Return-Path: <(.*)>", head)[1], re.search(r"^Delivered-To: (.*)", head, re.MULTILINE)[1]


class Recorder(StagePlayer):
    """Writes the answers down instead of judging them."""

    def record(self):
        source = os.path.join(FILES, self.transcript.name + ".txt")
        with open(source, encoding="utf-8") as file:
            lines = [line.rstrip("\n") for line in file if not line.startswith(("S: ", "= ", "=\n", "queue "))]
        self.connect()
        written = [line for line in lines if not line.startswith(("C:", "R:", "close", "hangup", "shown", "log"))] + self.answers()
        rest = [line for line in lines if line.startswith(("C:", "R:", "close", "hangup", "shown", "log"))]
        for index, line in enumerate(rest):
            written.append(line)
            if line.startswith(("C:", "R:")):
                self.socket.sendall(unescaped(repeated(line[3:])) if line.startswith("R:") else repeated(line[3:]).encode() + b"\r\n")
                if not rest[index + 1:] or not rest[index + 1].startswith(("C:", "R:")) or ends(line):
                    written += self.answers()
        self.socket.close()
        for user in self.weir.mailboxes:
            for path in sorted(set(self.weir.files(user)) - self.before[user], key=delivered):
                sender, recipient = envelope(path)
                written += [f"queue from=<{sender}> to=<{recipient}>", *(f"= {line}".rstrip() for line in delivered(path))]
        with open(source, "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in written)

    def answers(self):
        got = b""
        try:
            while True:
                # The last line of a reply, and nothing behind it.
                self.socket.settimeout(0.03 if re.search(rb"(^|\n)\d{3} [^\n]*\n$", got) else 2)
                data = self.socket.recv(4096)
                if not data:
                    break
                got += data
        except (socket.timeout, ConnectionResetError):
            pass
        return ["S: " + re.sub("queued as [0-9A-Za-z]+", "queued as {id}", line) for line in got.decode().split("\r\n")[:-1]]


def ends(line):
    """Whether the client waits for an answer before it goes on: not within a message."""
    return re.match(r"C: (EHLO|HELO|MAIL|RCPT|DATA|RSET|QUIT|NOOP|\.$)", line) is not None


@unittest.skipUnless(can_unshare(), "this system lets its users make no mount namespaces")
class StageTranscripts(Case):
    """A test for each file, made below."""

    transcripts = all_transcripts(FILES)

    @classmethod
    def setUpClass(cls):
        cls.daemon = StageWeir(cls.transcripts)
        cls.daemon.start()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.__exit__(None)

    def play(self, transcript):
        if os.environ.get("WEIR_RECORD"):
            return Recorder(transcript, self.daemon, "inprocess").record()
        players = [StagePlayer(transcript, self.daemon, mode) for mode in MODES]
        try:
            for player in players:
                player.play()
                eventually(lambda player=player: any("CLOSE" in line for line in player.events()) or "CLOSE" not in str(transcript.stages), 10, "the end of the session")
            eventually(lambda: players[0].events() == players[1].events(), 5, "the same events")
            self.assertLess(len(players[0].events()), 190, "a worker may write 200 lines in a second: divide the transcript")
        except (AssertionError, Mismatch) as error:
            self.fail(f"{error}\n" + "\n".join(["---- in process", *players[0].events(), "---- in a worker", *players[1].events()]))
        return None


def add_tests():
    for transcript in StageTranscripts.transcripts:
        def test(self, transcript=transcript):
            self.play(transcript)
        setattr(StageTranscripts, f"test_{transcript.name}", test)


add_tests()
