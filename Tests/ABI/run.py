#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run.py [-k WORD]: the tests of include/weir, of the gate that keeps it as it is, and of the examples; the count comes last."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
INCLUDE = os.path.join(ROOT, "include")
PLUGINS = os.path.join(ROOT, ".build/plugins")
HEADERS = ("weir.h", "stage.h", "table.h", "easy.h")
STRICT = ("-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only")


def run(*command, text="", cwd=ROOT, **environment):
    return subprocess.run(
        command, input=text, capture_output=True, text=True, check=False, cwd=cwd, env=dict(os.environ, **environment), timeout=300)


class Headers(unittest.TestCase):
    """Each header alone, and all together, without a warning."""

    def compiles(self, compiler, language, standard, text):
        done = run(compiler, "-x", language, f"-std={standard}", *STRICT, "-I", INCLUDE, "-", text=text)
        self.assertEqual(done.stderr, "", f"{compiler} -std={standard}")

    def everywhere(self, text):
        for compiler in ("gcc", "clang"):
            for standard in ("c99", "c11", "c17"):
                self.compiles(compiler, "c", standard, text)
        for compiler in ("g++", "clang++"):
            for standard in ("c++11", "c++17", "c++20"):
                self.compiles(compiler, "c++", standard, text)

    def test_each_alone(self):
        for header in HEADERS:
            with self.subTest(header):
                self.everywhere(f"#include <weir/{header}>\n")

    def test_all_in_any_order_and_twice(self):
        for order in (HEADERS, HEADERS[::-1]):
            self.everywhere("".join(f"#include <weir/{header}>\n" for header in order * 2))

    def test_macros_in_use(self):
        self.everywhere(
            "#include <weir/stage.h>\n"
            "int has(const weir_message *m); int has(const weir_message *m) { return WEIR_HAS(m, content) ? 1 : 0; }\n"
            "uint64_t bit(void); uint64_t bit(void) { return WEIR_BIT(WEIR_EV_EOM); }\n")

    def test_swift_reads_them(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.swift")
            with open(path, "w", encoding="utf-8") as file:
                file.write("import CWeir\nlet a = (WEIR_EV_EOM, WEIR_MESSAGE, WEIR_MAGIC, MemoryLayout<weir_host>.size)\n")
            done = run("swiftc", "-typecheck", "-module-cache-path", os.path.join(PLUGINS, "cache"), "-I", os.path.join(INCLUDE, "weir"), path)
            self.assertEqual(done.stderr, "")

    def test_every_file_has_its_licence(self):
        for header in HEADERS:
            with open(os.path.join(INCLUDE, "weir", header), encoding="utf-8") as file:
                self.assertEqual(file.readline(), "/* SPDX-License-Identifier: MIT */\n")

    def test_every_function_says_thread_and_owner(self):
        tag = re.compile(r"\[(main|session|worker|any)\b[^\];]*; [^\]]*\b(lent|static|plugin's|host's|none)\b[^\]]*\]")
        functions = 0
        for header in ("weir.h", "stage.h", "table.h"):
            with open(os.path.join(INCLUDE, "weir", header), encoding="utf-8") as file:
                text = file.read()
            code = re.sub(r"/\*.*?\*/", lambda comment: "\n" * comment[0].count("\n"), text, flags=re.DOTALL).splitlines()
            for number, line in enumerate(code):
                found = re.match(r"   (?:const )?\w+ \*?\(\*(\w+)\)\(|typedef void \(\*(\w+)\)\(|WEIR_EXPORT .*?(\w+)\(void\);", line)
                if found:
                    functions += 1
                    above = "\n".join(text.splitlines()[:number])
                    comment = above[above.rfind("/*"):]
                    name = next(filter(None, found.groups()))
                    self.assertTrue(tag.search(comment.replace("\n    * ", " ").replace("\n * ", " ")), f"{header}: {name}: {comment}")
                    self.assertTrue(comment.rstrip().endswith("*/"), f"{header}: {name} has no comment of its own")
        self.assertEqual(functions, 29)


class Layout(unittest.TestCase):
    """The facts of abi/v0.txt, asked of other compilers and other processors: no header but these two of the compiler's own is needed."""

    TARGETS = (
        ("gcc",), ("clang",), ("clang", "--target=aarch64-linux-gnu"), ("clang", "--target=riscv64-linux-gnu"),
        ("clang", "--target=x86_64-apple-macos13"), ("clang", "--target=arm64-apple-macos13"))

    def asserts(self):
        dump = run("tools/abi-dump").stdout
        lines = ["#include <weir/weir.h>", "#include <weir/stage.h>", "#include <weir/table.h>"]
        for name, field, offset in re.findall(r"^member (\w+)\.(\w+) : .* at (\d+)$", dump, re.MULTILINE):
            lines.append(f'_Static_assert(offsetof({name}, {field}) == {offset}, "{name}.{field}");')
        for name, size in re.findall(r"^size (\w+) = (\d+)$", dump, re.MULTILINE):
            lines.append(f'_Static_assert(sizeof({name}) == {size}, "{name}");')
        for name, value in re.findall(r"^constant (\w+) = (-?\d+)$", dump, re.MULTILINE):
            lines.append(f'_Static_assert({name} == {value}, "{name}");')
        return lines

    def test_is_the_same_for_every_compiler_and_target(self):
        asserts = self.asserts()
        self.assertGreater(len(asserts), 120)
        for target in self.TARGETS:
            with self.subTest(" ".join(target)):
                done = run(*target, "-x", "c", "-std=c11", "-ffreestanding", "-fsyntax-only", "-I", INCLUDE, "-", text="\n".join(asserts) + "\n")
                self.assertEqual(done.stderr, "")

    def test_a_wrong_one_is_found(self):
        wrong = '#include <weir/weir.h>\n_Static_assert(offsetof(weir_event, ref) == 20, "");\n'
        done = run("clang", "--target=aarch64-linux-gnu", "-x", "c", "-ffreestanding", "-fsyntax-only", "-I", INCLUDE, "-", text=wrong)
        self.assertNotEqual(done.returncode, 0)


class Gate(unittest.TestCase):
    """tools/abi-check, on copies of the headers in which something was changed."""

    def setUp(self):
        self.root = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.root)
        for folder in ("include", "abi"):
            shutil.copytree(os.path.join(ROOT, folder), os.path.join(self.root, folder))
        os.mkdir(os.path.join(self.root, "docs"))
        shutil.copy(os.path.join(ROOT, "docs/abi-changes.md"), os.path.join(self.root, "docs"))
        with open(self.path("include/weir/weir.h"), encoding="utf-8") as file:
            self.minor = int(re.search(r"#define WEIR_ABI_MINOR (\d+)u", file.read())[1])

    def path(self, name):
        return os.path.join(self.root, name)

    def change(self, name, old, new):
        with open(self.path(name), encoding="utf-8") as file:
            text = file.read()
        self.assertEqual(text.count(old), 1, f"{old!r} in {name}")
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text.replace(old, new))

    def raise_minor(self):
        self.change("include/weir/weir.h", f"#define WEIR_ABI_MINOR {self.minor}u", f"#define WEIR_ABI_MINOR {self.minor + 1}u")

    def log(self, text):
        with open(self.path("docs/abi-changes.md"), "a", encoding="utf-8") as file:
            file.write(text)

    def check(self, *arguments):
        done = run("tools/abi-check", *arguments, self.root)
        return done.returncode, done.stdout + done.stderr

    def lost(self, header, old, new, fact):
        self.change(f"include/weir/{header}", old, new)
        status, said = self.check()
        self.assertEqual(status, 1, said)
        self.assertIn("lost", said)
        self.assertIn(fact, said)

    def test_nothing_changed(self):
        status, said = self.check()
        self.assertEqual(status, 0, said)

    def test_a_constant_is_renumbered(self):
        self.lost("stage.h", "WEIR_EV_EOH = 8,", "WEIR_EV_EOH = 18,", "constant WEIR_EV_EOH = 8")

    def test_a_constant_goes(self):
        self.lost("weir.h", "   WEIR_E_TIMEOUT = -3,\n", "", "constant WEIR_E_TIMEOUT = -3")

    def test_a_constant_without_a_number_moves(self):
        self.lost("weir.h", "{ WEIR_DEBUG, WEIR_INFO,", "{ WEIR_INFO, WEIR_DEBUG,", "constant WEIR_DEBUG = 0")

    def test_a_macro_changes(self):
        self.lost("weir.h", "0x52494557u", "0x52494558u", "macro WEIR_MAGIC 0x52494557u")

    def test_a_table_changes_its_id(self):
        self.lost("stage.h", '"weir.message/1"', '"weir.message/2"', 'macro WEIR_MESSAGE "weir.message/1"')

    def test_a_member_is_inserted(self):
        self.lost("weir.h", "   uint64_t id;        /* of this", "   uint64_t more;\n   uint64_t id;        /* of this", "member weir_ctx.id : uint64_t at 8")

    def test_two_members_change_places(self):
        self.lost(
            "weir.h", "   weir_str         name;\n   weir_str         value;\n", "   weir_str         value;\n   weir_str         name;\n",
            "member weir_event.name : weir_str at 24")

    def test_a_member_changes_its_type(self):
        self.lost("weir.h", "   int32_t          status;", "   uint32_t         status;", "member weir_result.status : int32_t at 4")

    def test_an_argument_changes_its_type(self):
        self.lost("weir.h", "int32_t (*complete)(const struct weir_host *, uint64_t id, int32_t verdict);",
                  "int32_t (*complete)(const struct weir_host *, uint64_t id, int64_t verdict);", "member weir_host.complete")

    def test_a_struct_of_arrays_grows(self):
        self.lost("weir.h", "   weir_str key;\n   weir_str value;\n", "   weir_str key;\n   weir_str value;\n   uint64_t more;\n", "size weir_pair = 32")

    def test_a_callback_type_changes(self):
        self.lost("weir.h", "(*weir_done)(void *user, weir_ctx *ctx, const weir_result *result);", "(*weir_done)(void *user, const weir_result *result);",
                  "typedef weir_done")

    def test_the_symbol_changes(self):
        self.lost("weir.h", "*weir_plugin_v0(void);", "*weir_plugin_v9(void);", "function weir_plugin_v0")

    def test_something_new_wants_a_new_minor(self):
        self.change("include/weir/stage.h", "   WEIR_EV_CLOSE = 17 ", "   WEIR_EV_NEW = 18,\n   WEIR_EV_CLOSE = 17 ")
        status, said = self.check()
        self.assertEqual(status, 1, said)
        self.assertIn("new, and not in abi/v0.txt", said)
        self.assertIn("raise WEIR_ABI_MINOR", self.check("--add")[1])
        self.raise_minor()
        self.assertEqual(self.check("--add")[0], 0)
        self.assertEqual(self.check()[0], 0)

    def test_a_lost_fact_wants_version_and_reason(self):
        self.lost("stage.h", "   WEIR_F_NESTED = 2,", "", "constant WEIR_F_NESTED = 2")
        entry = f"\n## 0.{self.minor + 1}\n\n- constant WEIR_F_NESTED = 2\n"
        self.log(entry)
        self.assertIn("no line for it below a version after", self.check()[1])
        self.raise_minor()
        self.assertIn("says no reason", self.check()[1])
        self.change("docs/abi-changes.md", entry, entry.replace("\n\n-", "\n\nNobody looked at it.\n\n-"))
        status, said = self.check()
        self.assertEqual(status, 0, said)

    def test_an_entry_for_nothing(self):
        self.raise_minor()
        self.log(f"\n## 0.{self.minor + 1}\n\nWhy.\n- constant WEIR_NEVER = 1\n")
        self.assertIn("gives up what never was", self.check()[1])

    def test_headers_that_do_not_compile(self):
        self.change("include/weir/weir.h", "typedef struct weir_str {", "typedef struct weir_str [")
        self.assertIn("clang cannot read the headers", self.check()[1])


class Installed(unittest.TestCase):
    """weir.pc, and a plugin made with nothing but what is installed."""

    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.root)
        cls.installed = run("tools/install-headers", cls.root, "/opt/weir")

    def flags(self):
        done = run("pkg-config", "--cflags", "weir", PKG_CONFIG_PATH=f"{self.root}/opt/weir/lib/pkgconfig", PKG_CONFIG_SYSROOT_DIR=self.root)
        self.assertEqual(done.returncode, 0, self.installed.stderr + done.stderr)
        return done.stdout.split()

    def test_a_plugin_in_c(self):
        out = os.path.join(self.root, "lottery.so")
        done = run("cc", "-shared", "-fPIC", "-O2", *self.flags(), os.path.join(ROOT, "plugins/examples/c/lottery.c"), "-o", out)
        self.assertEqual(done.stderr, "")
        self.assertEqual(exported(out), ["weir_plugin_v0"])

    def test_a_plugin_in_swift_by_one_command(self):
        share, out = f"{self.root}/opt/weir/share/weir", os.path.join(self.root, "lottery_swift.so")
        face = sorted(os.path.join(share, "WeirPlugin", name) for name in os.listdir(os.path.join(share, "WeirPlugin")))
        done = run(
            "swiftc", "-emit-library", "-O", "-wmo", "-parse-as-library", "-swift-version", "6", "-module-name", "lottery",
            "-I", f"{self.root}/opt/weir/include/weir", *face, os.path.join(ROOT, "plugins/examples/swift/lottery.swift"),
            "-Xlinker", f"--version-script={share}/plugin.map", "-o", out)
        self.assertEqual(done.stderr, "")
        self.assertEqual(exported(out), ["weir_plugin_v0"])

    def test_what_is_installed(self):
        for name in ("include/weir/weir.h", "include/weir/stage.h", "include/weir/table.h", "include/weir/easy.h", "include/weir/module.modulemap", "lib/pkgconfig/weir.pc"):
            self.assertTrue(os.path.exists(f"{self.root}/opt/weir/{name}"), name)


def exported(path):
    listed = run("nm", "-D", "--extern-only", "--defined-only", path).stdout
    return sorted(line.split()[2] for line in listed.splitlines())


class Plugins(unittest.TestCase):
    """What tools/plugins has built."""

    @classmethod
    def setUpClass(cls):
        cls.host = os.path.join(PLUGINS, "host")
        done = run("tools/plugins")
        assert done.returncode == 0, done.stdout + done.stderr
        done = run(
            "gcc", "-std=c11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-I", INCLUDE, os.path.join(ROOT, "Tests/ABI/host.c"),
            "-o", cls.host)
        assert done.returncode == 0, done.stderr

    def languages(self, name):
        found = [each for each in ("c", "cpp", "swift", "rust") if os.path.exists(os.path.join(PLUGINS, f"{name}_{each}.so"))]
        self.assertTrue({"c", "swift"}.issubset(found), found)
        return found

    def play(self, plugin, script, *options):
        done = run(self.host, os.path.join(PLUGINS, plugin), *options, text=script)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout.splitlines()

    def test_each_shows_one_symbol_and_wants_none_of_ours(self):
        plugins = [name for name in sorted(os.listdir(PLUGINS)) if name.endswith(".so")]
        self.assertGreaterEqual(len(plugins), 4)
        for name in plugins:
            with self.subTest(name):
                path = os.path.join(PLUGINS, name)
                self.assertEqual(exported(path), ["weir_plugin_v0"])
                self.assertNotIn("weir_", run("nm", "-D", "--undefined-only", path).stdout)

    def test_the_lottery_in_every_language(self):
        script = "header|Subject|You won the JackPot!\nheader|To|jackpot@example.org\nheader|subject|hello\nmail|-|a@b\n"
        wanted = [
            "org.example.lottery 1: lottery, refuses lotteries", "events 80 caps 20",
            "header Subject You won the JackPot!", "  reply 550 5.7.1 No lotteries, please", "  -> REJECT",
            "header To jackpot@example.org", "  -> CONTINUE", "header subject hello", "  -> CONTINUE", "mail - a@b", "  not wanted"]
        languages = self.languages("lottery")
        self.assertIn("cpp", languages)
        if shutil.which("rustc"):
            self.assertIn("rust", languages)
        for language in languages:
            with self.subTest(language):
                self.assertEqual(self.play(f"lottery_{language}.so", script), wanted)

    def test_another_word(self):
        for language in self.languages("lottery"):
            with self.subTest(language):
                said = self.play(f"lottery_{language}.so", "header|Subject|jackpot\nheader|Subject|a Prize\n", "word=prize")
                self.assertEqual(said[3:], ["  -> CONTINUE", "header Subject a Prize", "  reply 550 5.7.1 No lotteries, please", "  -> REJECT"])

    def test_a_word_that_is_too_long(self):
        done = run(self.host, os.path.join(PLUGINS, "lottery_c.so"), "word=" + "x" * 64)
        self.assertIn("refused: no memory, no weir.message/1, or the word is too long", done.stdout)

    def test_the_list_of_domains(self):
        script = "mail|-|joe@bad.example\nanswer|listed: spam\nmail|-|joe@bad.example\nmail|-|<>\ngone\nmail|-|a@b.example\n"
        wanted = [
            "mail - joe@bad.example", "  dns 16 bad.example.dbl.test", "  -> CONTINUE",
            "mail - joe@bad.example", "  dns 16 bad.example.dbl.test", "  reply 550 5.7.1 listed: spam", "  -> REJECT",
            "mail - <>", "  -> CONTINUE", "mail - a@b.example", "  dns 16 b.example.dbl.test", "  -> the session has gone"]
        for language in self.languages("domainlist"):
            with self.subTest(language):
                self.assertEqual(self.play(f"domainlist_{language}.so", script, "zone=dbl.test")[2:], wanted)

    def test_what_a_stage_in_swift_can_do(self):
        script = "mail|-|a@b\nrcpt|-|c@d\nheader|X-Old|1\neoh|\nbody|-|piece\neom|\nhelo|EHLO|x\nconnect|h|192.0.2.1\n"
        with open(os.path.join(ROOT, "Tests/ABI/everything.expected"), encoding="utf-8") as file:
            self.assertEqual("\n".join(self.play("tests/everything.so", script)) + "\n", file.read())


if __name__ == "__main__":
    program = unittest.main(argv=[sys.argv[0], *sys.argv[1:]], exit=False)
    failed = len({str(each[0]).split(" ")[0] + str(each[0]).split(")")[0] for each in program.result.failures + program.result.errors})
    print(f"{max(0, program.result.testsRun - failed)} passed, {failed} failed")
    sys.exit(1 if failed else 0)
