# SPDX-License-Identifier: Apache-2.0
"""Tests/Transcripts over a socket. Transcripts with the same settings share a daemon."""
from harness import Case, Weir
from transcript import Player, all_transcripts


class TranscriptWeir(Weir):
    """A daemon with the settings and mailboxes that the transcripts assume.

    The users of its local domains are not on this system: they are virtual here, and the player knows the difference.
    """

    HOST = "mx.example.test"
    DEFAULTS = {
        "mydomain": "example.test",
        "myorigin": "example.test",
        "mydestination": "mx.example.test, example.test, localhost",
        "mynetworks": "127.0.0.1/32",
        "virtual_mailbox_domains": "virtual.test",
        "smtpd_error_sleep_time": "0",
        "smtpd_tls_security_level": "none",
    }
    LOCAL = ("alice", "bob", "root", "postmaster")
    VIRTUAL = ("carol@virtual.test",)

    def __init__(self, service, settings, users):
        self.service = service
        self.settings = {**self.DEFAULTS, **dict(settings)}
        domains = [domain for domain in self.settings.pop("mydestination").replace(",", " ").split() if "$" not in domain]
        local = [*self.LOCAL, *(user for user in users if "@" not in user)]
        self.addresses = [f"{user}@{domain}" for user in local for domain in domains]
        self.addresses += [*self.VIRTUAL, *(user for user in users if "@" in user)]
        self.settings["virtual_mailbox_domains"] += ", " + ", ".join(domains)
        super().__init__()

    @property
    def mailboxes(self):
        return [folder_of(address) for address in self.addresses]

    def mailbox_of(self, recipient):
        return folder_of(recipient) if recipient in self.addresses else None

    def base_config(self):
        mailboxes = ", ".join(f"{address} = {folder_of(address)}/" for address in self.addresses)
        settings = {
            **self.settings,
            "myhostname": self.HOST,
            "mydestination": "",
            "data_directory": self.data,
            "virtual_mailbox_base": self.mail,
            "virtual_mailbox_maps": f"inline:{{ {mailboxes} }}",
        }
        lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
        return lines + f"listener {self.service} {{\n  address = 127.0.0.1\n  port = {self.port}\n  protocol = {self.service}\n}}\n"


def folder_of(address):
    return address.replace("@", ".at.")


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
            Player(transcript, self.serve(transcript)).play()
        except BaseException:
            if self.daemon:
                print("\n".join(self.daemon.log_text().splitlines()[-10:]), flush=True)
            raise


def add_tests():
    playable = [transcript for transcript in all_transcripts() if transcript.playable]
    order = {key: number for number, key in enumerate(sorted({transcript.daemon_key for transcript in playable}))}
    for transcript in playable:
        def test(self, transcript=transcript):
            self.play(transcript)
        setattr(Transcripts, f"test_{order[transcript.daemon_key]:03}_{transcript.name}", test)


add_tests()
