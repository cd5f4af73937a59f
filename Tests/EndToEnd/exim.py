# SPDX-License-Identifier: Apache-2.0
"""The real Exim: Debian's package, unpacked by tools/setup below .build/peers and run from there. It takes mail for every domain, and keeps it in its queue.

    with Exim() as exim:
        exim.port
        exim.bodies()         # of what has arrived
        exim.log_text()

Only root can start one, as its files must belong to whom it becomes.
"""
import glob
import os
import pwd
import shutil
import subprocess
import tempfile

from harness import IS_ROOT, ROOT, Session, eventually, free_port

PEERS = os.path.join(ROOT, ".build/peers/exim")

CONFIG = """\
primary_hostname = exim.test
exim_user = uucp
exim_group = uucp
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
pid_file_path = {folder}/exim.pid
host_lookup =
rfc1413_query_timeout = 0s
keep_environment = LD_LIBRARY_PATH
queue_only = true
exim_path = {program}
tls_advertise_hosts =
chunking_advertise_hosts = *
dsn_advertise_hosts = *
{settings}
acl_smtp_rcpt = acl_rcpt
acl_smtp_data = acl_data
never_users = root
begin acl
acl_rcpt:
  deny message = no such user
    local_parts = nobody
  defer message = come again
    local_parts = later
  accept
acl_data:
  deny message = no viruses
    condition = ${{if match{{$h_subject:}}{{virus}}}}
  accept
begin routers
all:
  driver = accept
  transport = nowhere
begin transports
nowhere:
  driver = appendfile
  file = /dev/null
begin retry
"""


class Exim:
    def __init__(self, settings=""):
        if not IS_ROOT:
            raise AssertionError("the real Exim must be started as root")
        self.program = os.path.join(PEERS, "usr/sbin/exim4")
        if not os.path.exists(self.program):
            raise AssertionError("Exim is missing: run make setup")
        self.folder, self.port, self.process = tempfile.mkdtemp(prefix="weir-exim-", dir="/var/tmp"), free_port(), None
        os.chmod(self.folder, 0o755)
        owner = pwd.getpwnam("uucp")
        for name in ("spool", "log"):
            os.mkdir(os.path.join(self.folder, name))
            os.chown(os.path.join(self.folder, name), owner.pw_uid, owner.pw_gid)
        self.config = os.path.join(self.folder, "exim.conf")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(folder=self.folder, port=self.port, program=self.program, settings=settings))

    def __enter__(self):
        # Debian's Exim insists on a user of its own.
        for name, line in (("passwd", f"Debian-exim:x:{os.stat(self.folder + '/spool').st_uid}:10::/:/bin/false\n"), ("group", "Debian-exim:x:10:\n")):
            with open(f"/etc/{name}", encoding="utf-8") as source, open(os.path.join(self.folder, name), "w", encoding="utf-8") as copy:
                text = source.read()
                copy.write(text if "Debian-exim:" in text else text + line)
        enter = 'mount --bind "$0/passwd" /etc/passwd && mount --bind "$0/group" /etc/group && exec "$@"'
        libraries = ":".join(glob.glob(os.path.join(PEERS, "usr/lib/*-linux-gnu")) + glob.glob(os.path.join(PEERS, "lib/*-linux-gnu")))
        self.process = subprocess.Popen(["unshare", "-m", "sh", "-c", enter, self.folder, self.program, "-C", self.config, "-bdf"], env={**os.environ, "LD_LIBRARY_PATH": libraries}, cwd="/",
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        eventually(self.greets, 10, "Exim")
        return self

    def greets(self):
        if self.process.poll() is not None:
            raise AssertionError(f"Exim ended: {self.process.stderr.read()}")
        try:
            with Session(self.port) as session:
                return session.banner
        except OSError:
            return None

    def __exit__(self, kind, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stderr.close()
        if kind is not None:
            print("---- log of Exim\n" + self.log_text() + "----", flush=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def text(self, name):
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def bodies(self):
        """After their first line, which is the file's name."""
        return [self.text(path).split("\n", 1)[1] for path in sorted(glob.glob(os.path.join(self.folder, "spool/input/*-D")))]

    def log_text(self):
        return self.text("log/mainlog") + self.text("log/paniclog") + self.text("log/rejectlog")
