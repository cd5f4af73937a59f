# SPDX-License-Identifier: Apache-2.0
"""Compares two listeners of one server, on the same loop, in scenario A: what one of them does more shows in nothing else. In turns, in CPU time.

Needs root, and the harness as `run` does. CPU is told for the event loop, and for the server's whole cgroup, to which the disk adds its moods; on a busy
machine messages/s tell of the others.
"""
import importlib.machinery
import importlib.util
import os
import statistics
import sys

sys.argv = [sys.argv[0], *(word for word in sys.argv[1:] if word.isdigit()), "--only", "weir"]
loader = importlib.machinery.SourceFileLoader("bench_run", os.path.join(os.path.dirname(os.path.abspath(__file__)), "run"))
spec = importlib.util.spec_from_loader("bench_run", loader)
run = importlib.util.module_from_spec(spec)
loader.exec_module(run)

os.environ["WEIR_ROOT"] = run.ROOT
NUMBERS = [int(word) for word in sys.argv[1:] if word.isdigit()]
PAIRS, MESSAGES = (*NUMBERS, *(5, 5000)[len(NUMBERS):])
REUSED = ("sessions reused", ("--reuse",), 2 * MESSAGES)
LOADS = (("connection each", (), MESSAGES), REUSED)


class Server(run.Server):
    def __init__(self, peer):
        super().__init__(peer)
        self.maildir = f"{run.SCRATCH}/weir/home/vmail/bench1/Maildir"

    def threads(self):
        """Of all its processes: id, name, folder."""
        with open(f"{os.environ.get('PEERBENCH_CG', '/sys/fs/cgroup/cpuacct')}/peerbench/weir/cgroup.procs") as file:
            pids = file.read().split()
        for folder in (f"/proc/{pid}/task/{thread}" for pid in pids for thread in os.listdir(f"/proc/{pid}/task")):
            with open(f"{folder}/comm") as file:
                yield int(os.path.basename(folder)), file.read().strip(), folder

    def pin(self):
        """The loops have a processor for themselves, all else the others: where the scheduler puts a thread changes its figures by more than what is looked for."""
        first, *others = sorted(os.sched_getaffinity(0))
        if not others:
            return
        for thread, name, _ in self.threads():
            os.sched_setaffinity(thread, {first} if name.startswith("loop-") else others)
        os.sched_setaffinity(0, others)

    def loop_seconds(self):
        """CPU seconds that the event loops have had."""
        total = 0
        for _, name, folder in self.threads():
            if name.startswith("loop-"):
                with open(f"{folder}/schedstat") as file:
                    total += int(file.read().split()[0]) / 1e9
        return total


def compare(name, loads=LOADS):
    """`name`: of the variant in peers/weir.sh, whose second listener has the next port. `loads`: name, arguments of a_inbound.py, number of messages."""
    run.prepare()
    figures = {}
    with Server(f"weir:{name}") as server:
        ports = {"plain": server.port, name: server.port + 1}
        for port in ports.values():
            server.port = port
            server.inbound(300, "--test", "warm")
        server.pin()
        for turn in range(PAIRS):
            for label, arguments, count in loads:
                for variant in list(ports) if turn % 2 == 0 else list(ports)[::-1]:
                    server.port = ports[variant]
                    before = server.loop_seconds()
                    result = server.inbound(count, *arguments)
                    loop = (server.loop_seconds() - before) / count * 1000
                    figures.setdefault((label, variant), []).append((loop, result["cpu_per_1000"], result["msgs_per_s"]))
                    run.say(f"    {variant}, {label}: loop {loop:.4f}, all {result['cpu_per_1000']} CPU s per 1,000, {result['msgs_per_s']} messages/s")
    for label, _, _ in loads:
        for index, what in enumerate(("loop's CPU s per 1,000", "CPU s per 1,000", "messages/s")):
            plain, other = ([value[index] for value in figures[label, variant]] for variant in ports)
            change = statistics.median(after / before for before, after in zip(plain, other)) * 100 - 100
            print(f"{label}, {what}: plain {statistics.median(plain):.4g} ({min(plain):.4g}-{max(plain):.4g}), "
                  f"{name} {statistics.median(other):.4g} ({min(other):.4g}-{max(other):.4g}), median of the pairs {change:+.1f} %")

