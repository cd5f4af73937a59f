# SPDX-License-Identifier: Apache-2.0
"""header_checks(5): the same rules in Weir and in the real Postfix."""
import os
import re
import unittest
from concurrent.futures import ThreadPoolExecutor

from harness import ROOT
from postfix import Postfix

AGREEMENT = os.path.join(ROOT, "plugins/header_checks/Tests/agreement.txt")


class Agreement:
    """plugins/header_checks/Tests/agreement.txt: `line N: TEXT`, `TYPE: RULE`, and below a rule `  N: VALUE` for each line that it answers.
    The plugin's own tests read the same file."""

    def __init__(self):
        self.head, self.lines, self.rules, self.answers = [], {}, [], []
        with open(AGREEMENT, encoding="utf-8") as file:
            for row in file.read().splitlines():
                self.read(row)

    def read(self, row):
        if row.startswith("line "):
            number, text = row[5:].split(":", 1)
            self.lines[int(number)] = unescaped(text[1:])
        elif row.startswith("  "):
            number, value = row[2:].split(": ", 1)
            self.answers[-1][int(number)] = unescaped(value)
        elif row and not row.startswith("#"):
            self.rules.append(row.split(": ", 1))
            self.answers.append({})
        if not self.rules:
            self.head.append(row)

    def written(self, answers):
        rows = list(self.head)
        for (kind, rule), found in zip(self.rules, answers):
            rows.append(f"{kind}: {rule}")
            rows += [f"  {number}: {escaped(value)}" for number, value in sorted(found.items())]
        return "\n".join(rows) + "\n"


def unescaped(text):
    return re.sub(rb"\\(x[0-9a-f]{2}|.)", lambda match: {b"n": b"\n", b"t": b"\t"}.get(match[1]) or (
        bytes([int(match[1][1:], 16)]) if match[1][:1] == b"x" else match[0]), text.encode())


def escaped(data):
    return "".join({10: "\\n", 9: "\\t"}.get(byte) or (chr(byte) if 0x20 <= byte < 0x7f else f"\\x{byte:02x}") for byte in data)


class AgreementTest(unittest.TestCase):
    """Each rule of agreement.txt, asked for each line: what the file says is what postmap answers."""

    def test_postmap_answers_as_the_file_says(self):
        agreement = Agreement()
        self.assertGreater(len(agreement.rules) * len(agreement.lines), 1500)
        tables = {f"rule{index}": rule + "\n" for index, (_, rule) in enumerate(agreement.rules)}
        with Postfix({"smtputf8_enable": "no"}, tables=tables) as postfix:
            with ThreadPoolExecutor(4) as pool:
                found = list(pool.map(lambda index: self.ask(postfix, agreement, index), range(len(agreement.rules))))
        if os.environ.get("WEIR_RECORD"):
            with open(AGREEMENT, "w", encoding="utf-8") as file:
                file.write(agreement.written(found))
        for (kind, rule), expected, answers in zip(agreement.rules, agreement.answers, found):
            self.assertEqual(answers, expected, f"{kind}: {rule}")

    def ask(self, postfix, agreement, index):
        table = f"{agreement.rules[index][0]}:{postfix.path(f'rule{index}')}"
        plain = {number: line for number, line in agreement.lines.items() if is_plain(line)}
        rows = postfix.run_bytes("postmap", "-q", "-", table, input=b"".join(line + b"\n" for line in plain.values())).splitlines()
        by_line = {line: number for number, line in plain.items()}
        found = {by_line[row.split(b"\t", 1)[0]]: row.split(b"\t", 1)[1] for row in rows}
        for number, line in agreement.lines.items():
            if number not in plain:
                answer = postfix.run_bytes("postmap", "-q", line, table)
                if answer:
                    found[number] = answer[:-1]
        return found


def is_plain(line):
    """Whether it can be given to `postmap -q -`, which has keys on lines and answers them before a tab."""
    return line == line.strip() and not set(b"\t\n") & set(line)


if __name__ == "__main__":
    unittest.main()
