# SPDX-License-Identifier: Apache-2.0
"""Tests/Transcripts over a socket. Transcripts with the same settings share a daemon.

Each is played three times: without stages, and with a stage that wants every event and does nothing, in process and in a worker. The replies are the same.
"""
import os
import pwd
import shlex
import subprocess
import unittest

from harness import IS_ROOT, Case, Weir, free_port
from test_stages import TORTURE, stage
from transcript import Player, all_transcripts

NAMESPACE = ("--mount",) if IS_ROOT else ("--user", "--map-current-user", "--keep-caps", "--mount")


def can_unshare():
    return subprocess.run(["unshare", *NAMESPACE, "mount", "--bind", "/etc/passwd", "/etc/passwd"], capture_output=True, check=False).returncode == 0


class TranscriptWeir(Weir):
    """A daemon with the settings and mailboxes that the transcripts assume.

    It sees an /etc/passwd of its own, in which only the local users of the transcripts exist, with the uid that it runs as.
    """

    HOST = "mx.example.test"
    LOCAL = ("alice", "bob", "root", "postmaster")
    VIRTUAL = ("carol@virtual.test",)
    DEFAULTS = {
        "mydomain": "example.test",
        "myorigin": "example.test",
        "mydestination": "mx.example.test, example.test, localhost",
        "default_transport": "retry:4.3.0 no mail leaves in transcripts",
        "mynetworks": "127.0.0.1/32",
        "virtual_mailbox_domains": "virtual.test",
        "smtpd_error_sleep_time": "0",
        "smtpd_tls_security_level": "none",
        # Not where it listens, so that no address in a transcript is by chance one of its own.
        "inet_interfaces": "127.0.0.77",
    }

    def __init__(self, service, settings, users):
        self.service = service
        self.settings = {**self.DEFAULTS, **dict(settings)}
        self.local = [*self.LOCAL, *(user for user in users if "@" not in user)]
        self.virtual = [*self.VIRTUAL, *(user for user in users if "@" in user)]
        self.watched = {mode: free_port() for mode in ("inprocess", "worker")}
        super().__init__()
        self.passwd = os.path.join(self.folder, "passwd")
        self.write_passwd()

    # Users

    def write_passwd(self):
        runner = pwd.getpwnam(self.user) if self.user else pwd.getpwuid(os.getuid())
        lines = [f"{user}:x:{runner.pw_uid}:{runner.pw_gid}::{self.home(user)}:/bin/sh\n" for user in self.local]
        with open(self.passwd, "w") as file:
            file.writelines(lines)
        # Without this, systemd's library adds users of its own.
        self.switch = os.path.join(self.folder, "nsswitch.conf")
        with open(self.switch, "w") as file:
            file.write("passwd: files\ngroup: files\nhosts: files\n")
        for user in self.local:
            os.makedirs(self.home(user))
            if IS_ROOT:
                os.chown(self.home(user), runner.pw_uid, runner.pw_gid)

    def home(self, user):
        return os.path.join(self.folder, "home", user)

    def run_command(self):
        script = f"mount --bind {self.passwd} /etc/passwd && mount --bind {self.switch} /etc/nsswitch.conf && exec setpriv {self.privileges()} -- " + " ".join(map(shlex.quote, super().run_command()))
        return ["unshare", *NAMESPACE, "sh", "-c", script]

    def privileges(self):
        if not IS_ROOT:
            return "--inh-caps=-all --ambient-caps=-all"
        runner = pwd.getpwnam(self.user)
        return f"--reuid {runner.pw_uid} --regid {runner.pw_gid} --clear-groups"

    def identity(self):
        """unshare needs root; what it runs does not stay root."""
        return {}

    # Configuration

    def base_config(self):
        mailboxes = ", ".join(f"{address} = {address}/" for address in self.virtual)
        settings = {
            **self.settings,
            "myhostname": self.HOST,
            "data_directory": self.data,
            "virtual_mailbox_base": self.mail,
            "virtual_mailbox_maps": f"inline:{{ {mailboxes} }}",
        }
        lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
        return lines + self.listener(self.service, self.port) + "".join(
            self.listener(mode, port) + stage(f"watch_{mode}", TORTURE, f"mode = {mode}", f"listener = {mode}", "at = all") for mode, port in self.watched.items())

    def listener(self, name, port):
        return f"listener {name} {{\n  address = 127.0.0.1\n  port = {port}\n  protocol = {self.service}\n}}\n"

    @property
    def ports(self):
        return {"no stage": self.port, **self.watched}

    # Mailboxes

    @property
    def mailboxes(self):
        return [*self.local, *self.virtual]

    def mailbox_of(self, recipient):
        """Where mail for this resolved address goes; None if it stays in the queue."""
        user, _, domain = recipient.rpartition("@")
        if recipient in self.virtual:
            return recipient
        return user if domain in self.settings["mydestination"].replace(",", " ").split() and user in self.local else None

    def maildir(self, user):
        return os.path.join(self.home(user), "Maildir") if user in self.local else super().maildir(user)


@unittest.skipUnless(can_unshare(), "this system lets its users make no mount namespaces")
class Transcripts(Case):
    """A test for each file, made below; the daemon of the one before stays if it fits."""

    daemon = key = None

    @classmethod
    def serve(cls, transcript):
        if cls.key != transcript.daemon_key:
            cls.close()
            cls.daemon, cls.key = TranscriptWeir(*transcript.daemon_key), transcript.daemon_key
            cls.daemon.start()
        return cls.daemon

    @classmethod
    def close(cls):
        daemon, cls.daemon, cls.key = cls.daemon, None, None
        if daemon is not None:
            daemon.__exit__(None)

    @classmethod
    def tearDownClass(cls):
        cls.close()

    def play(self, transcript):
        try:
            daemon = self.serve(transcript)
            for name, port in daemon.ports.items():
                with self.subTest(name):
                    if name != "no stage" and counts_clients(transcript):
                        self.close()
                        daemon = self.serve(transcript)
                        port = daemon.ports[name]
                    Player(transcript, daemon, port).play()
        except BaseException:
            if self.daemon:
                print("\n".join(self.daemon.log_text().splitlines()[-10:]), flush=True)
            raise


def counts_clients(transcript):
    """What one client did on one listener counts on all."""
    return any(name.startswith("smtpd_client_") for name in transcript.settings)


def add_tests():
    playable = [transcript for transcript in all_transcripts() if transcript.playable]
    order = {key: number for number, key in enumerate(sorted({transcript.daemon_key for transcript in playable}))}
    for transcript in playable:
        def test(self, transcript=transcript):
            self.play(transcript)
        setattr(Transcripts, f"test_{order[transcript.daemon_key]:03}_{transcript.name}", test)


add_tests()
