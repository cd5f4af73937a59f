# SPDX-License-Identifier: Apache-2.0
"""Limits per client over real connections, beside the real Postfix where it has the same words."""
import ssl

from harness import Case, Session, eventually
from postfix import Postfix

LIMITED = "mynetworks = 192.0.2.0/24\nsmtpd_peername_lookup = no\n"


def in_tls(session):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    session.file.close()
    session.socket = context.wrap_socket(session.socket)
    session.file = session.socket.makefile("rb")


class ClientLimits(Case):
    def test_connections_as_postfix_says_it(self):
        settings = {"mynetworks": "192.0.2.0/24", "smtpd_peername_lookup": "no", "smtpd_client_connection_count_limit": "1"}
        weir = self.weir("".join(f"{name} = {value}\n" for name, value in settings.items()))
        said = []
        with Postfix({**settings, "mydestination": "weir.test"}) as postfix:
            for port in (weir.port, postfix.port):
                with Session(port), Session(port) as second:
                    said.append(second.banner)
        self.assertEqual(said[0], said[1])
        self.assertEqual(said[0], "421 4.7.0 mx.weir.test Error: too many connections from 127.0.0.1")
        line = "warning: Connection concurrency limit exceeded: 2 from unknown[127.0.0.1] for service smtp"
        eventually(lambda: line in weir.log_text(), 5, line)

    def test_connections_come_back(self):
        weir = self.weir(LIMITED + "smtpd_client_connection_count_limit = 2\n")
        for number in range(5):
            with Session(weir.port) as first, Session(weir.port) as second:
                self.assertEqual((first.banner[:3], second.banner[:3]), ("220", "220"))
                with Session(weir.port) as third:
                    self.assertEqual(third.banner[:3], "421")
            # Two each time, and the one that waited for the banner.
            eventually(lambda number=number: weir.log_text().count("]: disconnect from") == 2 * number + 3, 5, "the end of the sessions")

    def test_under_stress_sessions_are_brief(self):
        weir = self.weir(LIMITED + "event_loops = 1\nsmtpd_connection_limit = 10\nsmtpd_client_connection_count_limit = 0\nsmtpd_error_sleep_time = 0\n")
        held = [Session(weir.port) for _ in range(8)]
        with Session(weir.port) as brief:
            # Ten are served; the ninth of them finds the listener nearly full.
            self.assertEqual(brief.say("NONSENSE")[:3], "500")
            self.assertEqual(brief.say("NONSENSE"), "421 4.7.0 mx.weir.test Error: too many errors")
        eventually(lambda: "9 of 10 sessions: new ones are served as under stress" in weir.log_text(), 5, "stress in the log")
        self.assertEqual([session.say("NONSENSE")[:3] for session in held for _ in range(2)], ["500"] * 16)
        for session in held:
            session.close()
        eventually(lambda: "the stress is over" in weir.log_text(), 5, "its end in the log")
        with Session(weir.port) as later:
            self.assertEqual([later.say("NONSENSE")[:3] for _ in range(3)], ["500"] * 3)

    def test_handshakes(self):
        weir = self.weir(LIMITED + "smtpd_client_new_tls_session_rate_limit = 1\n")
        replies = []
        for _ in range(3):
            with Session(weir.port) as session:
                replies.append(session.say("STARTTLS")[:3])
                if replies[-1] == "220":
                    in_tls(session)
                    try:
                        replies.append(session.say("NOOP")[:3])
                    except (EOFError, OSError):
                        replies.append("closed")
        self.assertEqual(replies, ["220", "250", "220", "421", "454"])
        for line in ("New TLS session rate limit exceeded: 2 from unknown[127.0.0.1] for service smtp",
                     "Refusing STARTTLS request from unknown[127.0.0.1] for service smtp"):
            eventually(lambda line=line: line in weir.log_text(), 5, line)

    def test_statistics_of_anvil(self):
        weir = self.weir(LIMITED + "anvil_status_update_time = 1s\nsmtpd_client_message_rate_limit = 9\n")
        with Session(weir.port) as session:
            session.send("a@example.org", ["alice@weir.test"], "Subject: x\n\nx")
        for line in ("statistics: max connection rate 2/60s for (smtp:127.0.0.1) at ", "statistics: max message rate 1/60s for (smtp:127.0.0.1) at ",
                     "statistics: max cache size 1 at "):
            eventually(lambda line=line: line in weir.log_text(), 5, line)
        self.assertIn("postfix/anvil[", weir.log_text())

    def test_the_client_that_xclient_names_is_limited(self):
        weir = self.weir("smtpd_authorized_xclient_hosts = 127.0.0.1\nmynetworks = 127.0.0.0/8\nsmtpd_client_connection_count_limit = 1\n")
        with Session(weir.port) as first, Session(weir.port) as second:
            self.assertTrue(first.say("XCLIENT ADDR=192.0.2.7").startswith("220 "))
            self.assertEqual(second.say("XCLIENT ADDR=192.0.2.7"), "421 4.7.0 mx.weir.test Error: too many connections from 192.0.2.7")
            first.say("QUIT")
        with Session(weir.port) as third:
            self.assertTrue(third.say("XCLIENT ADDR=192.0.2.7").startswith("220 "))
