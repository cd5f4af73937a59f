#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""first_banner.py PORT COMMAND...: start COMMAND, print the milliseconds until PORT says 220, and end it if it is still running."""
import socket
import subprocess
import sys
import time

PORT = int(sys.argv[1])


def banner():
    try:
        with socket.create_connection(("127.0.0.1", PORT), 5) as probe:
            return probe.recv(64)
    except OSError:
        return b""


def wait_until(condition, seconds, otherwise):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(otherwise)
        time.sleep(0.0005)


wait_until(lambda: not banner(), 10, f"port {PORT} is still served by what ran before")
began = time.monotonic()
server = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
wait_until(lambda: banner().startswith(b"220"), 20, "no banner within 20 s")
print(round((time.monotonic() - began) * 1000, 1))
server.terminate()
server.wait(60)
