# SPDX-License-Identifier: Apache-2.0
"""`sendmail -bv`: the report says of each recipient what the real Postfix's says."""
import email
import os
import re
import shutil
import tempfile

from harness import Case, eventually, free_port
from nexthop import NextHop
from postfix import Postfix
from test_sendmail import Programs

RECIPIENTS = ("nobody-of-that-name@here.test", "many@alias.test", "x@good.test", "x@full.test", "x@dead.test", "x@gone.test", "x@prog.test")


def settings(ports):
    maps = f"good.test=smtp:[127.0.0.1]:{ports[0]}, full.test=smtp:[127.0.0.1]:{ports[1]}, dead.test=smtp:[127.0.0.1]:{ports[2]}, gone.test=error:5.1.2 gone away, prog.test=prog:"
    return {
        "myhostname": "mx.weir.test", "myorigin": "weir.test", "mydestination": "here.test", "local_recipient_maps": "", "virtual_alias_domains": "alias.test",
        "alias_maps": "", "transport_maps": "inline:{ " + ", ".join(f"{{ {each} }}" for each in maps.split(", ")) + " }",
        "virtual_alias_maps": "inline:{ { many@alias.test = one@good.test, two@good.test } }",
    }


class OwnEtc(Postfix):
    """postdrop wants to be told in /etc/postfix/main.cf that there is another folder: this Postfix sees an /etc of its own."""

    def bind(self, users, resolv_conf):
        super().bind(users, resolv_conf)
        own = os.path.join(self.folder, "own-etc")
        shutil.copytree("/etc", own, symlinks=True)
        os.symlink(self.config, os.path.join(own, "postfix"))
        self.bound.insert(0, f"{own}=/etc")


def facts(message):
    """What is said of each recipient, by its address; and the text part's paragraph on it."""
    text, status = message.get_payload()[0].get_payload(), message.get_payload()[1].get_payload()
    names = ("Final-Recipient", "Original-Recipient", "Action", "Status", "Remote-MTA", "Diagnostic-Code")
    found = {}
    for block in status[1:]:
        address = block["Final-Recipient"].split("; ")[1]
        paragraph = next(part for part in re.split(r"\n(?=<)", text) if part.startswith(f"<{address}>"))
        found[address] = [re.sub(r"\s+", " ", block[name] or "-") for name in names] + [re.sub(r"\s+", " ", paragraph).strip()]
    return found


class Verify(Case):
    def test_the_report_says_what_postfix_says(self):
        with NextHop() as good, NextHop({"RCPT": "550 5.1.1 who is that"}) as full, tempfile.TemporaryDirectory() as folder:
            lines = settings((good.port, full.port, free_port()))
            weir = self.weir("".join(f"{name} = {value}\n" for name, value in lines.items()) + "transport prog {\n  argv = /bin/cat\n}\n")
            programs = Programs(weir)
            done = programs.run("sendmail", "-bv", "-f", "alice@weir.test", *RECIPIENTS)
            self.assertEqual((done.returncode, done.stdout), (0, "Mail Delivery Status Report will be mailed to <alice@weir.test>.\n"), done.stderr)
            ours = self.report(lambda: self.reports_of(weir))
            box = os.path.join(folder, "box")
            open(box, "w").close()
            os.chmod(folder, 0o777)
            os.chmod(box, 0o666)
            program = f"prog unix - n n - - pipe\n  user=nobody argv=/bin/cat\nkeep unix - n n - - pipe\n  user=nobody argv=/bin/sh -c {{cat >> {box}}}\n"
            lines["transport_maps"] = lines["transport_maps"].replace("inline:{", "inline:{ { alice@weir.test = keep: },")
            with OwnEtc(lines, services=program) as postfix:
                self.assertEqual(postfix.run("sendmail", "-bv", "-f", "alice@weir.test", *RECIPIENTS).stdout, done.stdout)
                theirs = self.report(lambda: [open(box, "rb").read()])
            self.assertEqual([line for line in good.lines + full.lines if line.startswith("DATA")], [])
            self.assertEqual(str(ours["Subject"]), str(theirs["Subject"]))
            self.assertEqual(
                {key: [text.replace("X-Weir", "X-Postfix") for text in value] for key, value in facts(ours).items()}, facts(theirs))
            for header in ("From: alice@weir.test", "Subject: probe", "\tx@good.test,"):
                for report in (ours, theirs):
                    self.assertIn(header, report.get_payload()[2].get_payload())
            self.assertEqual(eventually(lambda: weir.log_text().count("status=deliverable") or None, 5), 4)

    def reports_of(self, weir):
        folder = os.path.join(weir.maildir("alice"), "new")
        return [open(os.path.join(folder, name), "rb").read() for name in os.listdir(folder)] if os.path.isdir(folder) else []

    def report(self, read):
        def whole():
            return next((each for each in read() if b"delivery-status" in each and each.rstrip().endswith(b"--")), None)
        return email.message_from_bytes(eventually(whole, 20, "a report"))
