# SPDX-License-Identifier: Apache-2.0
"""Transports with settings of their own: a master.cf with `-o`, imported, does to other servers what it did in the real Postfix."""
import os
import re
import shutil
import tempfile

from dns import DNS
from harness import Case, Session, eventually
from nexthop import HANG, NextHop
from postfix import MASTER, Postfix, contents
from test_import_differential import USERS, Imported

#: Each is a line of master.cf behind its eight columns; the recipient's domain is its name.
SERVICES = {
    "slow": "smtp -o smtp_helo_timeout=1 -o smtp_helo_name=slow.test",
    "bound": "smtp -o smtp_bind_address=127.0.0.3\n  -o { smtp_helo_name = bound.$mydomain } -o smtp_discard_ehlo_keywords=pipelining,dsn",
    "crypt": "smtp -o smtp_tls_security_level=encrypt",
    "names": "smtp -o { smtp_generic_maps = inline:{ { carl@example.net = c@out.test } } }",
    "filtered": "smtp -o { smtp_reply_filter = pcre:{ { /^550 .*/ 450 4.2.0 wait } } }",
    "plain": "smtp -o smtp_never_send_ehlo=yes",
    "lm": "lmtp -o lmtp_lhlo_name=lm.test",
    "relay": "smtp -o smtp_helo_name=relay.test -o smtp_fallback_relay=",
}
SETTINGS = {"mynetworks": "127.0.0.1/32", "smtp_helo_name": "all.test", "smtp_tls_security_level": "none", "smtpd_peername_lookup": "no", "relay_domains": "relay.test",
            "disable_dns_lookups": "no", "transport_maps": "hash:$config_directory/ways", "smtpd_relay_restrictions": "permit_mynetworks, reject"}


class Transports(Case):
    def test_the_same_as_in_postfix(self):
        hops = {name: self.enterContext(self.hop(name)) for name in [*SERVICES, "smtp"]}
        ways = "".join(f"{name}.test {name}:{'inet:127.0.0.1' if name == 'lm' else '[127.0.0.1]'}:{hop.port}\n" for name, hop in hops.items())
        master = re.sub(r"(?m)^relay .*\n", "", MASTER) + "".join(f"{name} unix - - n - {1 if name == 'slow' else '-'} {line}\n" for name, line in SERVICES.items())
        with DNS("", port=53) as dns, Postfix(SETTINGS, tables={"ways": ways}, master_cf=master, users=USERS, resolv_conf=dns.resolv_conf) as postfix:
            theirs = self.play(postfix.port, hops, postfix.log_text)
            postfix.stop()
            folder = tempfile.mkdtemp(prefix="weir-transports-")
            os.chmod(folder, 0o755)
            self.addCleanup(shutil.rmtree, folder)
            with Imported(postfix, folder, dns) as weir:
                written = contents(weir.config)
                ours = self.play(postfix.port, hops, lambda: contents(weir.log_path))
        for name in hops:
            with self.subTest(transport=name):
                self.assertEqual(ours[name], theirs[name])
        self.assertEqual(theirs["bound"][1][:2], ["127.0.0.3", "EHLO bound.weir.test"])
        self.assertIn("transport slow {\n  command = smtp\n  process_limit = 1\n  smtp_helo_timeout = 1\n  smtp_helo_name = slow.test\n}", written)

    def hop(self, name):
        script = {"slow": {"GREETING": HANG}, "filtered": {"RCPT": "550 no"}}.get(name, {})
        return NextHop(script, lmtp=name == "lm", extensions=("8BITMIME", "DSN", "SIZE"))

    def play(self, port, hops, log):
        """For each transport, how its mail ended and what its server heard."""
        with Session(port) as session:
            session.say("EHLO client.test")
            for name in hops:
                session.send("carl@example.net", [f"a@{name}.test"], "From: carl@example.net\nSubject: x\n\nText\n")
        found = {}
        for name, hop in hops.items():
            end = eventually(lambda: re.search(rf"to=<a@{name}.test>, relay=(.*?), .*dsn=(\S+), status=(\S+ \(.*)", log()), 20, name).groups()
            heard = [hop.clients[0], *(re.sub(r" SIZE=\d+", "", line) for line in hop.lines if line not in ("QUIT", "RSET"))]
            found[name] = end, heard, [re.findall(rb"(?m)^From:.*", content) for _, _, content in hop.messages]
            hop.clients.clear(), hop.lines.clear(), hop.messages.clear()
        return found
