# SPDX-License-Identifier: Apache-2.0
"""Mail that is not for mailboxes alone: which way it takes, what the log says, what waits."""
from harness import Case, Session, eventually


class SchedulerTests(Case):
    def test_one_message_takes_both_ways(self):
        weir = self.weir()
        with Session(weir.port) as session:
            reply = session.send("carl@example.net", ["alice@weir.test", "someone@elsewhere.invalid"], "Subject: both\n\nText\n")
            self.assertIn("250", reply)
        self.assertEqual(weir.message()["Subject"], "both")
        eventually(lambda: "to=<someone@elsewhere.invalid>" in weir.log_text(), what="the attempt")
        lines = [line for line in weir.log_text().splitlines() if f"{reply.split()[-1]}: to=<" in line]
        self.assertEqual(len(lines), 2, lines)
        self.assertEqual(sum("postfix/virtual[" in line and "status=sent" in line for line in lines), 1, lines)
        self.assertEqual(sum("to=<someone@elsewhere.invalid>" in line and "status=sent" not in line for line in lines), 1, lines)
