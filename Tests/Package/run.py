#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the Debian package and tries it in a clean Debian of its own, booted with systemd: smoke.sh. Needs root and the release build.

The clean Debian is unpacked from this machine's package source; it has no network, and is gone afterwards.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BOOT_SECONDS = 240


def main():
    if os.geteuid() != 0 and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return subprocess.run(["sudo", "-n", os.path.abspath(__file__)]).returncode
    if os.geteuid() != 0:
        print("A Debian of its own can only be made by root: sudo make test ARGS=package\n0 passed, 1 failed")
        return 1
    folder = tempfile.mkdtemp(prefix="weir-package-")
    try:
        return try_package(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def try_package(folder):
    first = make_package(folder, "")
    second = make_package(folder, "+second")
    print(subprocess.run(["dpkg-deb", "--info", first], capture_output=True, text=True, check=True).stdout, flush=True)
    system = os.path.join(folder, "system")
    unpack_debian(system, dependencies(first))
    os.mkdir(f"{system}/debs")
    shutil.copy(first, f"{system}/debs/first.deb")
    shutil.copy(second, f"{system}/debs/second.deb")
    boot(system)
    return report(system)


def make_package(folder, suffix):
    program = os.path.join(ROOT, ".build/release/weir")
    version = subprocess.run([program, "version"], capture_output=True, text=True, check=True).stdout.split()[1]
    made = subprocess.run(
        [os.path.join(ROOT, "tools/deb"), folder], env={**os.environ, "WEIR_DEB_VERSION": version + suffix},
        capture_output=True, text=True)
    if made.returncode != 0:
        sys.exit(f"the package was not made:\n{made.stdout}{made.stderr}\n0 passed, 1 failed")
    return made.stdout.strip()


def dependencies(package):
    """The names of the packages that this one needs; of alternatives, the first."""
    field = subprocess.run(["dpkg-deb", "--field", package, "Depends"], capture_output=True, text=True, check=True).stdout
    return [re.split(r"[ (:|]", each.strip())[0] for each in field.split(",")]


def unpack_debian(system, packages):
    codename = re.search(r"^VERSION_CODENAME=(\w+)", open("/etc/os-release").read(), re.MULTILINE)[1]
    began = time.monotonic()
    command = ["debootstrap", "--variant=minbase", "--include=" + ",".join(["systemd", "systemd-sysv", "procps", *packages]), codename, system]
    made = subprocess.run(command + mirror(), capture_output=True, text=True)
    if made.returncode != 0:
        sys.exit(f"no clean Debian:\n{made.stdout[-2000:]}{made.stderr[-2000:]}\n0 passed, 1 failed")
    print(f"a clean Debian with {' '.join(packages)}, in {time.monotonic() - began:.0f} s", flush=True)


def mirror():
    """Where this machine gets its packages from."""
    listed = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages"], capture_output=True, text=True).stdout
    for line in listed.splitlines():
        address, release = line.split()
        if "-" not in release:
            return [address]
    return []


def boot(system):
    shutil.copy(os.path.join(HERE, "smoke.sh"), f"{system}/smoke.sh")
    with open(f"{system}/etc/systemd/system/smoke.service", "w") as file:
        file.write("[Unit]\nAfter=multi-user.target\n[Service]\nType=exec\nExecStart=/bin/bash /smoke.sh\n")
    os.makedirs(f"{system}/etc/systemd/system/default.target.wants", exist_ok=True)
    os.symlink("/etc/systemd/system/smoke.service", f"{system}/etc/systemd/system/default.target.wants/smoke.service")
    with open(f"{system}/etc/hostname", "w") as file:
        file.write("mx.smoke.test\n")
    command = ["systemd-nspawn", "--quiet", "--directory", system, "--private-network", "--register=no", "--keep-unit", "--boot", "--console=pipe",
               "--machine=weirsmoke", "--hostname=mx.smoke.test"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=BOOT_SECONDS)
        console = done.stdout
    except subprocess.TimeoutExpired as expired:
        console = f"not done after {BOOT_SECONDS} s\n{(expired.stdout or b'').decode(errors='replace')}"
    if not os.path.exists(f"{system}/result"):
        print(console[-4000:])


def report(system):
    def read(name):
        path = f"{system}/{name}"
        return open(path, errors="replace").read() if os.path.exists(path) else ""
    results, wanted = read("result"), re.findall(r"^step ([\w-]+)", read("smoke.sh"), re.MULTILINE)
    passed = sum(f"ok {name}" in results.splitlines() for name in wanted)
    failed = len(wanted) - passed
    print(results if results else "nothing was tried")
    if failed:
        print(read("result.log"))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
