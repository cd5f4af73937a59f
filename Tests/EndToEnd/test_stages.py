# SPDX-License-Identifier: Apache-2.0
"""Stages in the daemon: what they may do, and that nothing they do hurts other mail."""
import os
import shutil

from harness import Case, Session, Weir, eventually

PLUGINS = os.environ["WEIR_PLUGINS"]
LOTTERY = os.path.join(PLUGINS, "lottery_c.so")
TORTURE = os.path.join(PLUGINS, "tests/torture.so")


def stage(name, plugin, *lines):
    mode = () if any(line.startswith("mode = ") for line in lines) else ("mode = inprocess",)
    inner = "".join(f"  {line}\n" for line in (f"plugin = {plugin}", *mode, *lines) if line)
    return f"stage {name} {{\n{inner}}}\n"


def send(weir, content, helo="client.test", sender="a@example.org"):
    """The reply to the end of the message, or to the command that was refused."""
    with Session(weir.port) as session:
        session.say(f"EHLO {helo}")
        for command in (f"MAIL FROM:<{sender}>", "RCPT TO:<alice@weir.test>", "DATA"):
            reply = session.say(command)
            if reply[0] not in "23":
                return reply
        return session.say(content.replace("\n", "\r\n") + "\r\n.")


class Verdicts(Case):
    def test_every_event_can_refuse(self):
        places = {"CONNECT": "banner", "HELO": "EHLO", "MAIL": "MAIL", "RCPT": "RCPT", "DATA": "DATA"}
        for at in (*places, "HEADER", "EOH", "BODY", "EOM"):
            with self.subTest(at):
                weir = self.weir(stage("refuser", TORTURE, "component = torture", "do = reply", f"at = {at}"))
                with Session(weir.port) as session:
                    replies = {"banner": session.banner}
                    for command in ("EHLO a.test", "MAIL FROM:<a@example.org>", "RCPT TO:<alice@weir.test>", "DATA"):
                        replies[command.split(" ", maxsplit=1)[0]] = reply = session.say(command)
                        if reply[0] not in "23":
                            break
                    else:
                        replies["."] = session.say("Subject: x\r\n\r\nbody\r\n.")
                self.assertEqual(replies[places.get(at, ".")], "550 5.7.1 tortured")

    def test_policies(self):
        for policy, expected in (("tempfail", "451"), ("reject", "550"), ("continue", "250"), ("hold", "250")):
            with self.subTest(policy):
                weir = self.weir(stage("failing", TORTURE, "component = torture", "do = fail", "at = HEADER", f"on_failure = {policy}"))
                self.assertTrue(send(weir, "Subject: x\n\nbody").startswith(expected))
                queue = weir.run("queue").stdout.splitlines()
                held = weir.run("queue", "show", queue[1].split()[0]).stdout if policy == "hold" else ""
                self.assertEqual("stage failing reported a failure of its own" in held, policy == "hold", held)


class Pipeline(Case):
    def test_a_big_message_is_looked_through_too(self):
        weir = self.weir(stage("lottery", LOTTERY, "word = lottery"))
        line = "0123456789" * 7 + "\n"
        reply = send(weir, "Subject: The Lottery\n\n" + line * 30_000)
        self.assertEqual(reply, "550 5.7.1 No lotteries, please")
        self.assertTrue(send(weir, "Subject: big\n\n" + line * 30_000).startswith("250"))
        self.assertGreater(os.path.getsize(weir.files()[0] if weir.messages() else ""), 2_000_000)

    def test_shadow_changes_nothing(self):
        weir = self.weir(stage("lottery", LOTTERY, "word = lottery", "shadow = yes"))
        self.assertTrue(send(weir, "Subject: lottery\n\nbody").startswith("250"))
        eventually(lambda: "lottery: shadow: at HEADER would have done: REJECT 550 5.7.1 No lotteries, please" in weir.log_text(), 10, "the shadow in the log")

    def test_a_plugin_that_is_written_over_in_place(self):
        """In process: what is loaded is a copy; `weir reload` takes up what is there then."""
        weir = Weir()
        self.addCleanup(self._end, weir)
        path = os.path.join(weir.folder, "lottery.so")
        with open(LOTTERY, "rb") as file:
            octets = file.read()
        with open(path, "wb") as file:
            file.write(octets)
        os.chmod(path, 0o644)
        weir.write_config(stage("lottery", path, "word = lottery"))
        weir.start()
        pid = weir.child("mta")
        with open(path, "r+b") as file:
            file.truncate(0)
            self.assertEqual(send(weir, "Subject: lottery\n\nbody"), "550 5.7.1 No lotteries, please")
            file.write(octets.replace(b"No lotteries, please", b"No lotteries, at all"))
        self.assertEqual(send(weir, "Subject: lottery\n\nbody"), "550 5.7.1 No lotteries, please")
        self.assertEqual(weir.child("mta"), pid)
        self.assertEqual(weir.run("reload").returncode, 0)
        self.assertEqual(send(weir, "Subject: lottery\n\nbody"), "550 5.7.1 No lotteries, at all")

    def test_a_component_comes_to_its_end(self):
        for mode in ("inprocess", "worker"):
            weir = self.weir(stage("one", TORTURE, "component = torture", "do = nothing", "at = HEADER").replace("inprocess", mode))
            self.assertEqual(send(weir, "Subject: x\n\nbody")[:3], "250")
            weir.stop()
            # A worker's last words find nobody to hear them; that it came to its end is seen in WorkerTests.
            if mode == "inprocess":
                self.assertIn("one: destroyed", weir.log_text())

    def test_deliveries_are_told(self):
        weir = self.weir(stage("told", TORTURE, "component = torture", "do = forged_id", "at = DELIVERY"))
        send(weir, "Subject: x\n\nbody")
        eventually(lambda: "told: forged_id: " in weir.log_text(), 10, "the DELIVERY event")

    def test_conditions_and_listeners(self):
        weir = self.weir(
            stage("strangers", TORTURE, "component = torture", "do = reply", "at = MAIL", "when = client.mynetworks != yes")
            + stage("friends", TORTURE, "component = torture", "do = refuse", "at = EOM", "when = client.mynetworks = yes")
        )
        self.assertEqual(send(weir, "Subject: x\n\nbody"), "550 5.7.1 Command rejected")

    def test_a_condition_on_who_sends_what(self):
        weir = self.weir(stage("lottery", LOTTERY, "word = jackpot", "when = sender = them@example.org"))
        for sender, reply in (("us@example.org", "250"), ("them@example.org", "550"), ("us@example.org", "250")):
            self.assertEqual(send(weir, "Subject: jackpot\n\nbody", sender=sender)[:3], reply)

    def test_a_forged_result_is_taken_out(self):
        weir = self.weir(stage("looks", TORTURE, "component = torture", "do = nothing", "at = HEADER"))
        send(weir, "Authentication-Results: mx.weir.test; spf=pass\nAuthentication-Results: other.test; spf=pass\nSubject: x\n\nbody")
        fields = weir.message().get_all("Authentication-Results")
        self.assertEqual(fields, ["other.test; spf=pass"])

    def test_what_is_wrong_with_a_stage_is_said_at_its_place(self):
        weir = Weir()
        self.addCleanup(shutil.rmtree, weir.folder)
        cases = {
            "plugin = nonsense": "there is no plugin nonsense.so in ",
            f"plugin = {PLUGINS}/tests/wrong_magic.so": "has the magic number",
            f"plugin = {PLUGINS}/tests/constructor_crashes.so": "died of signal",
            f"plugin = {PLUGINS}/tests/constructor_exits.so": "in the midst of it",
            f"plugin = {PLUGINS}/tests/create_fails.so": "the moon is not full",
            f"plugin = {LOTTERY}\n  wrod = x": "did you mean `word`?",
            f"plugin = {LOTTERY}\n  when = auth.user": "expected PROPERTY = VALUE",
            f"plugin = {LOTTERY}\n  listener = smpt": "there is no listener `smpt`",
            f"plugin = {LOTTERY}\n  on_failure = ignore": "expected `tempfail`, `continue`, `reject` or `hold`",
        }
        for block, expected in cases.items():
            with self.subTest(block):
                weir.write_config(f"stage x {{\n  {block}\n}}\n")
                told = weir.run("check")
                self.assertNotEqual(told.returncode, 0)
                self.assertIn(expected, told.stdout)
                self.assertRegex(told.stdout, r"weir\.conf:\d+:\d+: error")
