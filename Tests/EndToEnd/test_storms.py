# SPDX-License-Identifier: Apache-2.0
"""Next hops that refuse for a while, that are slow, that say nothing: nothing is lost, nobody else waits, nothing runs in circles."""
import os
import time

from dns import DNS
from harness import Case, Session, eventually, free_port
from nexthop import HANG, NextHop

BACKOFF = "minimal_backoff_time = 1s\nmaximal_backoff_time = 2s\n"


def cpu(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def submit(weir, recipients, sender="carl@example.net"):
    with Session(weir.port) as session:
        session.say("EHLO test")
        for number, recipient in enumerate(recipients):
            reply = session.send(sender, [recipient], f"Subject: {sender.split('@')[0]}-{number}\n\nText\n")
            assert reply.startswith("250"), reply


def subjects(hop):
    with hop.lock:
        return [content.split(b"Subject: ")[1].split(b"\r\n")[0].decode() for _, _, content in hop.messages]


class Storms(Case):
    def storm(self, script, verb, most):
        """Twenty messages to a server that refuses all of them for three seconds; `most` is how often `verb` may come meanwhile."""
        with NextHop(script) as hop:
            weir = self.weir(f"relayhost = [127.0.0.1]:{hop.port}\n{BACKOFF}smtp_fallback_relay =\n")
            submit(weir, [f"a{number}@example.net" for number in range(20)])
            eventually(lambda: weir.log_text().count("status=deferred") >= 20, what="the first attempts")
            before = cpu(weir.child("mta"))
            time.sleep(3)
            with hop.lock:
                seen = hop.sessions if verb == "connect" else sum(line.upper().startswith(verb) for line in hop.lines)
            self.assertLess(cpu(weir.child("mta")) - before, 1)
            self.assertEqual(hop.messages, [])
            self.assertLessEqual(seen, most)
            with hop.lock:
                hop.script.update(GREETING="220 hop.test ESMTP", MAIL="250 2.1.0 Ok", RCPT="250 2.1.5 Ok", DATA="354 go on")
            eventually(lambda: len(hop.messages) >= 20, what="all of them")
            eventually(lambda: "The queue is empty" in weir.run("queue", "list").stdout, what="an empty queue")
            self.assertEqual(sorted(subjects(hop)), sorted(f"carl-{number}" for number in range(20)))
            return seen

    def test_every_message_is_refused_for_a_while(self):
        # At 0, 1 and 2 s, and twice more for a machine that stands still.
        script = {"MAIL": "451 4.3.2 not now", "RCPT": "503 5.5.1 MAIL first", "DATA": "503 5.5.1 MAIL first"}
        self.assertGreaterEqual(self.storm(script, "MAIL", 20 * 5), 20 * 2)

    def test_every_connection_is_refused_for_a_while(self):
        # Nobody asks a dead destination twenty times: the first that find it dead speak for all.
        self.storm({"GREETING": "421 4.3.2 too busy"}, "connect", 20 * 3)


class Fairness(Case):
    def zone(self, *names):
        lines = "".join(f"    {name}.test MX 10 mx.{name}.test\n    mx.{name}.test A {address}\n" for name, address in names)
        return self.enterContext(DNS(lines))

    def test_a_mailing_to_a_slow_place(self):
        port = free_port()
        dns = self.zone(("slow", "127.0.0.2"), ("quick", "127.0.0.3"))
        with NextHop(address="127.0.0.2", port=port, delay=0.05) as slow, NextHop(address="127.0.0.3", port=port) as quick:
            weir = self.weir(
                f"{dns.setting}\nsmtp_tcp_port = {port}\ninet_protocols = ipv4\nsmtp_destination_concurrency_limit = 2\nsmtp_initial_destination_concurrency = 2\n")
            submit(weir, [f"a{number}@slow.test" for number in range(120)], "mailing@example.net")
            eventually(lambda: len(slow.messages) >= 2, what="the first")
            submit(weir, ["b@quick.test", "b@slow.test"], "single@example.org")
            before = len(slow.messages)
            eventually(lambda: subjects(quick) == ["single-0"], 5, "the message to the other place")
            eventually(lambda: "single-1" in subjects(slow), what="the message to the slow place")
            self.assertLess(subjects(slow).index("single-1"), before + 12)
            self.assertLess(len(slow.messages), 100)

    def test_places_that_say_nothing(self):
        port = free_port()
        dead = [(f"dead{number}", "127.0.0.2") for number in range(60)]
        dns = self.zone(*dead, ("live", "127.0.0.3"))
        with NextHop({"GREETING": HANG}, address="127.0.0.2", port=port) as silent, NextHop(address="127.0.0.3", port=port) as live:
            weir = self.weir(f"{dns.setting}\nsmtp_tcp_port = {port}\ninet_protocols = ipv4\ndefault_process_limit = 10\n")
            submit(weir, [f"a@{name}.test" for name, _ in dead])
            eventually(lambda: silent.open >= 60, what="all of them being tried")
            submit(weir, ["b@live.test"] * 20)
            eventually(lambda: len(live.messages) == 20, 10, "the mail for the place that works")
            self.assertEqual(silent.sessions, 60)
