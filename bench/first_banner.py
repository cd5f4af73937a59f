#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""first_banner.py PORT COMMAND...: start COMMAND, print the milliseconds until PORT says 220, and leave it running."""
import socket
import subprocess
import sys
import time

port = int(sys.argv[1])
began = time.monotonic()
subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
while time.monotonic() - began < 20:
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as probe:
            if probe.recv(64).startswith(b"220"):
                print(round((time.monotonic() - began) * 1000, 1))
                sys.exit(0)
    except OSError:
        time.sleep(0.0005)
sys.exit("no banner within 20 s")
