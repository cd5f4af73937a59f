# SPDX-License-Identifier: Apache-2.0
"""Zones with real name servers: nsd, unpacked by tools/setup, one for each zone, on loopback addresses of their own and port 53.

    with Zones({".": ROOT, "example": ZONE}, signed=(".", "example")) as zones:
        zones.address("."), zones.trust_anchor

The zones are text; `@example@` in them is the address of that zone's server. Signed zones are signed by ldnsutils; the DS record of each stands in the zone
above it, of one named in `forged` a wrong one.
"""
import glob
import os
import random
import shutil
import socket
import subprocess
import tempfile

from harness import ROOT, eventually

NSD = os.path.join(ROOT, ".build/peers/nsd")
SOA = "3600 IN SOA ns. hostmaster. 1 3600 600 86400 60"


class Zones:
    def __init__(self, zones, signed=(), forged=()):
        self.folder = tempfile.mkdtemp(prefix="weir-zones-")
        self.processes = []
        self.net = "127.%d.%d" % (random.randrange(1, 255), random.randrange(1, 255))
        self.addresses = {name: f"{self.net}.{number}" for number, name in enumerate(zones, 1)}
        for name, text in zones.items():
            for other, address in self.addresses.items():
                text = text.replace(f"@{other}@", address)
            self.write(self.file(name), f"$ORIGIN {name.rstrip('.')}.\n@ {SOA}\n" + text + "\n")
        # From below upwards, so that the zone above can have the record of each.
        for name in sorted(signed, key=lambda each: each != ".", reverse=True):
            key = self.tool("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", name).stdout.strip()
            self.write(self.file("."), self.read(f"{key}.ds") if name not in forged else self.other_ds(name), "a") if name != "." else None
            self.tool("ldns-signzone", "-f", self.file(name), self.file(name), key)
            if name == ".":
                self.trust_anchor = os.path.join(self.folder, f"{key}.key")
        os.chmod(self.folder, 0o755)
        for path in glob.glob(f"{self.folder}/*"):
            os.chmod(path, 0o644)

    def other_ds(self, name):
        return self.read(self.tool("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", name).stdout.strip() + ".ds")

    def address(self, name):
        return self.addresses[name]

    def file(self, name):
        return (name.strip(".") or "root") + ".zone"

    def write(self, name, text, mode="w"):
        with open(os.path.join(self.folder, name), mode) as file:
            file.write(text)

    def read(self, name):
        with open(os.path.join(self.folder, name)) as file:
            return file.read()

    def environment(self):
        return {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": ":".join(glob.glob(f"{NSD}/usr/lib/*-linux-gnu"))}

    def tool(self, name, *arguments):
        result = subprocess.run([os.path.join(NSD, "usr/bin", name), *arguments], cwd=self.folder, env=self.environment(), capture_output=True, text=True)
        if result.returncode:
            raise AssertionError(f"{name}: {result.stderr}")
        return result

    def __enter__(self):
        for name, address in self.addresses.items():
            own = f"{self.folder}/{self.file(name)}"
            self.write(f"{self.file(name)}.conf", f'''\
server:
  ip-address: {address}
  port: 53
  do-ip6: no
  server-count: 1
  username: ""
  chroot: ""
  zonesdir: "{self.folder}"
  database: ""
  pidfile: "{own}.pid"
  xfrdfile: "{own}.xfrd"
  xfrdir: "{self.folder}"
  zonelistfile: "{own}.list"
  logfile: "{own}.log"
remote-control:
  control-enable: no
zone:
  name: "{name}"
  zonefile: "{self.file(name)}"
''')
            self.processes.append(subprocess.Popen(
                [os.path.join(NSD, "usr/sbin/nsd"), "-d", "-c", f"{own}.conf"], env=self.environment(), stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL))
        for name, address in self.addresses.items():
            eventually(lambda name=name, address=address: self.answers(name, address), 10, f"the server of {name}")
        return self

    def answers(self, name, address):
        labels = b"".join(bytes([len(label)]) + label.encode() for label in name.strip(".").split(".") if label)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.2)
            try:
                client.sendto(b"\0\1\0\0\0\1\0\0\0\0\0\0" + labels + b"\0\0\6\0\1", (address, 53))
                return client.recv(512)[3] & 15 == 0
            except OSError:
                return False

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)
