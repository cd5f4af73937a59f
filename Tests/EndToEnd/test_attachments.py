# SPDX-License-Identifier: Apache-2.0
"""The stage attachments in the daemon: every disguise of its corpus by SMTP, in process and in a worker, and messages that are made to hurt."""
import base64
import glob
import io
import os
import random
import time
import unittest
import zipfile
import zlib

from harness import ROOT, Case, Session, Weir, children, command_line, eventually, read_message

CORPUS = os.path.join(ROOT, "plugins/attachments/Tests/corpus")


def stage(mode, *lines):
    inner = "".join(f"  {line}\n" for line in (f"plugin = {os.environ['WEIR_PLUGINS']}/attachments.so", f"mode = {mode}", *lines))
    return f"stage attachments {{\n{inner}}}\nmessage_size_limit = 100M\nsmtpd_error_sleep_time = 0s\nsmtpd_hard_error_limit = 1000\n"


def send(session, content, raw=False):
    """The reply to the end of the message."""
    for command in ("MAIL FROM:<a@example.org> BODY=8BITMIME", "RCPT TO:<alice@weir.test>", "DATA"):
        reply = session.say(command)
        if reply[0] not in "23":
            return reply
    lines = content if raw else content.replace(b"\n.", b"\n..").replace(b"\n", b"\r\n")
    session.raw(lines + b"\r\n.\r\n")
    return session.reply()


def sent(weir, content, raw=False):
    with Session(weir.port, seconds=80) as session:
        session.say("EHLO client.test")
        return send(session, content, raw)


def multipart(*parts):
    body = "".join(f"--b\n{fields}\n{content}\n" for fields, content in parts)
    return f"Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n{body}--b--\n".encode()


def attached(name, data):
    return (f'Content-Type: application/octet-stream; name="{name}"\nContent-Transfer-Encoding: base64\n', base64.encodebytes(data).decode())


def zipped(*entries, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, data in entries:
            file.writestr(name, data)
    return out.getvalue()


class Disguises(Case):
    def judge(self, mode):
        weir = self.weir(stage(mode))
        found = 0
        with Session(weir.port) as session:
            session.say("EHLO client.test")
            for path in sorted(glob.glob(os.path.join(CORPUS, "*.eml"))):
                with open(path, "rb") as file:
                    content = file.read()
                # No mail has these bytes: the rule about them is not the stage's.
                if b"\0" in content:
                    continue
                expected = next(line[10:].decode() for line in content.splitlines() if line.startswith(b"X-Expect: "))
                reply = send(session, content)
                with self.subTest(os.path.basename(path)):
                    self.assertEqual(reply[:3], "250" if expected.startswith(("pass", "tag")) else "550", reply)
                    found += 1
        self.assertGreater(found, 190)
        eventually(lambda: weir.log_text().count("attachments: reject: attachment ") > 150, 10, "the lines of the log")
        return weir

    def test_in_process(self):
        weir = self.judge("inprocess")
        log = weir.log_text()
        self.assertIn("(refuse_extensions: exe) from localhost[127.0.0.1]; from=<a@example.org> to=<alice@weir.test> proto=ESMTP helo=<client.test>: ", log)

    def test_in_a_worker(self):
        weir = self.judge("worker")
        self.assertTrue(any("worker" in command_line(pid).split() for pid in children(weir.process.pid)))


class Deeds(Case):
    def test_what_is_taken_out_leaves_a_note(self):
        for mode in ("inprocess", "worker"):
            with self.subTest(mode):
                weir = self.weir(stage(mode, "strip_extensions = foo", "tag_extensions = bar"))
                parts = (("Content-Type: text/plain\n", "Hello"), attached("a.foo", b"secret"), attached("b.bar", b"kept"), attached("c.zip", zipped(("d.foo", b"x"))))
                self.assertTrue(sent(weir, multipart(*parts)).startswith("250"))
                message = weir.messages("alice")[0]
                names = [part.get_filename() for part in message.iter_parts()]
                self.assertEqual(names, [None, None, "b.bar", None])
                notes = [part.get_content() for part in message.iter_parts() if part.get_content_type() == "text/plain"]
                self.assertIn('The attachment "a.foo" was taken out of this message on its way', notes[1])
                self.assertIn("d.foo in it: name ends in .foo; strip_extensions: foo", notes[2].replace("\n", " "))
                self.assertEqual(list(message.iter_parts())[2].get_content(), b"kept")
                self.assertEqual(message["X-Attachments"], 'tag_extensions: bar; "b.bar"')

    def test_a_message_that_is_an_attachment(self):
        weir = self.weir(stage("inprocess", "strip_extensions = foo"))
        content = b"Subject: x\nMIME-Version: 1.0\nContent-Type: application/octet-stream; name=a.foo\nContent-Transfer-Encoding: base64\n\n" + base64.b64encode(b"secret") + b"\n"
        self.assertTrue(sent(weir, content).startswith("250"))
        message = weir.messages("alice")[0]
        self.assertEqual(message.get_content_type(), "text/plain")
        self.assertIn('"a.foo" was taken out', message.get_content())

    def test_hold_and_discard(self):
        weir = self.weir(stage("inprocess", "hold_extensions = foo", "discard_extensions = bar"))
        self.assertTrue(sent(weir, multipart(attached("a.bar", b"x"))).startswith("250"))
        self.assertTrue(sent(weir, multipart(attached("a.foo", b"x"))).startswith("250"))
        queue = eventually(lambda: weir.run("queue").stdout.splitlines()[1:2], 10, "the message that is held")
        self.assertIn('attachment "a.foo" is not accepted here', weir.run("queue", "show", queue[0].split()[0]).stdout)
        self.assertEqual(weir.files("alice"), [])

    def test_the_name_is_in_the_reply(self):
        weir = self.weir(stage("inprocess"))
        self.assertEqual(sent(weir, multipart(attached("virus.exe", b"x"))), '550 5.7.1 attachment "virus.exe" is not accepted here (program)')
        self.assertEqual(
            sent(weir, multipart(attached("a.zip", zipped(("b/virus.exe", b"x"))))), '550 5.7.1 attachment "a.zip" is not accepted here (virus.exe in it: program)')

    def test_mistakes_have_their_place(self):
        weir = Weir(stage("inprocess", "refuse_types = pee"))
        found = weir.run("check")
        self.assertNotEqual(found.returncode, 0)
        self.assertIn("refuse_types: there is no type `pee`", found.stderr + found.stdout)
        self.assertRegex(found.stderr + found.stdout, r"weir\.conf:\d+:")


class Hostile(Case):
    """Each is answered within some seconds, in memory that does not grow with what is unpacked, and the daemon goes on."""

    def judge(self, weir, content, expected, seconds=50, raw=False):
        began = time.monotonic()
        reply = sent(weir, content, raw)
        self.assertTrue(reply.startswith(expected), reply)
        self.assertLess(time.monotonic() - began, seconds)

    def peak(self, weir):
        """KiB that the largest process has ever had."""
        def of(pid):
            try:
                with open(f"/proc/{pid}/status") as file:
                    return int(next(line for line in file if line.startswith("VmHWM")).split()[1])
            except (OSError, StopIteration):
                return 0
        return max(map(of, children(weir.process.pid)))

    def test_big_and_broken_structure(self):
        weir = self.weir(stage("inprocess"))
        before = self.peak(weir)
        # The lines are folded: a line of SMTP has its own limit.
        field = b"Content-Type: a/b;\r\n" + b" name*0=x; name=y; (\"\\\r\n" * 2_000_000
        self.judge(weir, b"Subject: x\r\n" + field[: 50 << 20] + b"\r\n\r\nx", "550", raw=True)
        self.judge(weir, b"Subject: x\r\n" + b"Content-Type: a/b;\r\n" + b" aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 100_000 + b"\r\n\r\nx", "250", raw=True)
        head = b"Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n"
        self.judge(weir, head + b"--b\n\n\n" * 1_000_000, "550")
        self.judge(weir, head + b"--b--\n" * 100_000, "250")
        nested = b"".join(b"--n%d\nContent-Type: multipart/mixed; boundary=n%d\n\n" % (level, level + 1) for level in range(10_000))
        self.judge(weir, b"Subject: x\nContent-Type: multipart/mixed; boundary=n0\n\n" + nested, "550")
        self.judge(weir, b"Subject: x\nContent-Type: message/rfc822\n\n" + b"Content-Type: message/rfc822\n\n" * 10_000, "550")
        self.judge(weir, b"Subject: x\n\n" + b"begin 644 a\nend\n" * 100_000, "550")
        self.assertLess(self.peak(weir) - before, 600 << 10)

    def bombs(self):
        layer = zipped(*((f"{number}.dat", bytes(1 << 20)) for number in range(16)))
        for _ in range(4):
            layer = zipped(*((f"{number}.zip", layer) for number in range(16)))
        gzip = zlib.compressobj(9, zlib.DEFLATED, 31)
        flood = gzip.compress(b"x" * (300 << 20)) + gzip.flush()
        return {
            "layers.zip": layer, "flood.gz": flood,
            "memory.zip": zipped(("a.7z", b"7z\xbc\xaf\x27\x1c" + bytes(80 << 20))),
            "many.zip": zipped(*((f"{number}", b"") for number in range(11_000)), method=zipfile.ZIP_STORED)}

    def test_bombs(self):
        bombs = self.bombs()
        for mode in ("inprocess", "worker"):
            with self.subTest(mode):
                weir = self.weir(stage(mode))
                for name, data in bombs.items():
                    self.judge(weir, multipart(attached(name, data)), "550")
                self.assertTrue(sent(weir, multipart(attached("a.pdf", b"%PDF-1.4"))).startswith("250"))
                self.assertLess(self.peak(weir), 700 << 10)
                self.assertNotIn("on_failure", weir.log_text())

    def test_an_ordinary_archive_of_10_mib(self):
        weir = self.weir(stage("inprocess"))
        data = random.Random(1).randbytes(1 << 20)
        archive = zipped(*((f"{number}.dat", data[number:] + data[:number]) for number in range(10)), method=zipfile.ZIP_STORED)
        self.judge(weir, multipart(attached("a.zip", archive)), "250")


if __name__ == "__main__":
    unittest.main()
