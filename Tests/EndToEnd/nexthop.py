# SPDX-License-Identifier: Apache-2.0
"""A next hop of our own that does what a test tells it: SMTP or LMTP, on 127.0.0.1.

    with NextHop({"RCPT": "450 4.2.1 busy"}) as hop:
        ...
        hop.messages          # of those it took: (sender, recipients, content), commands as they came in hop.lines, addresses of clients in hop.clients

The script says how a point is answered: GREETING, EHLO, HELO, LHLO, STARTTLS, MAIL, RCPT, DATA, BDAT, END (of the content), RSET, QUIT. An answer is text (one
or several lines), a list of answers that are used one after the other (the last stays), CUT (the connection is closed), or HANG (nothing is said until the test ends). `extensions`
are the lines after the first of the answer to EHLO. "ONCE" before an answer: at the first connection only.
"""
import socket
import threading

CUT, HANG, CONTENT_CUT = "CUT", "HANG", "CONTENT_CUT"

DEFAULT = {
    "GREETING": "220 hop.test ESMTP", "HELO": "250 hop.test", "STARTTLS": "502 5.5.1 no", "MAIL": "250 2.1.0 Ok", "RCPT": "250 2.1.5 Ok", "DATA": "354 go on",
    "END": "250 2.0.0 Ok: queued as 4711", "RSET": "250 2.0.0 Ok", "XFORWARD": "250 2.0.0 Ok", "QUIT": "221 2.0.0 Bye", "BDAT": "250 2.0.0 Ok: queued as 4712",
}


class NextHop:
    def __init__(self, script=None, extensions=("PIPELINING", "8BITMIME", "DSN", "SIZE"), lmtp=False, address="127.0.0.1", port=0, path=None, delay=0.0):
        self.script = {**DEFAULT, **(script or {})}
        self.extensions, self.lmtp, self.delay = list(extensions), lmtp, delay
        self.messages, self.lines, self.sessions, self.open, self.clients = [], [], 0, 0, []
        self.lock, self.over = threading.Lock(), threading.Event()
        if path:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(path)
        else:
            self.listener = socket.socket(socket.AF_INET)
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.listener.bind((address, port))
            self.port = self.listener.getsockname()[1]
        self.listener.listen(128)

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.listener.close()

    def accept(self):
        while True:
            try:
                connection, client = self.listener.accept()
                if connection.family == socket.AF_INET:
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError:
                return
            with self.lock:
                self.sessions += 1
                self.clients.append(client[0] if client else "")
                number = self.sessions
            threading.Thread(target=self.serve, args=(connection, number), daemon=True).start()

    def serve(self, connection, number):
        try:
            with connection:
                self.open += 1
                Dialogue(self, connection, number).run()
        except OSError:
            pass
        finally:
            self.open -= 1

    def answer(self, point):
        with self.lock:
            answer = self.script[point]
            if isinstance(answer, list):
                return answer.pop(0) if len(answer) > 1 else answer[0]
            return answer


class Dialogue:
    def __init__(self, hop, connection, number):
        self.hop, self.connection, self.number = hop, connection, number
        self.file = connection.makefile("rb")
        self.sender, self.recipients = None, []

    def run(self):
        if not self.say("GREETING"):
            return
        while True:
            line = self.file.readline().decode("utf-8", "surrogateescape").rstrip("\r\n")
            if not line:
                return
            with self.hop.lock:
                self.hop.lines.append(line)
            if not self.obey(line, line.split(" ")[0].split(":")[0].upper()):
                return

    def obey(self, line, verb):
        if verb in ("EHLO", "LHLO"):
            return self.say("EHLO", "\n".join(["250 hop.test", *("250 " + each for each in self.hop.extensions)]))
        if verb == "DATA":
            if not self.say("DATA"):
                return False
            return self.last[:3] != "354" or self.take_lines()
        if verb == "BDAT":
            content = self.file.read(int(line.split(" ")[1]))
            self.store(content)
            return self.say("BDAT")
        if verb == "MAIL":
            self.sender, self.recipients = line, []
        good = self.say(verb)
        if verb == "RCPT" and good and self.last[:1] == "2":
            self.recipients.append(line)
        return good and verb != "QUIT"

    def take_lines(self):
        content = b""
        while True:
            if self.hop.script.get("CONTENT") == CUT and len(content) > 1000:
                return False
            line = self.file.readline()
            if not line:
                return False
            if line == b".\r\n":
                break
            content += line[1:] if line.startswith(b".") else line
        for _ in range(len(self.recipients) if self.hop.lmtp else 1):
            if not self.say("END"):
                return False
        if self.last[:1] == "2":
            self.store(content)
        return True

    def store(self, content):
        with self.hop.lock:
            self.hop.messages.append((self.sender, list(self.recipients), content))

    def say(self, point, default=None):
        answer = self.hop.answer(point) if point in self.hop.script else default
        if self.hop.delay:
            self.hop.over.wait(self.hop.delay)
        if answer == HANG:
            self.hop.over.wait(60)
            return False
        if answer == CUT:
            return False
        self.last = answer.split("\n")[-1]
        lines = answer.split("\n")
        text = "".join(f"{line[:3]}{'-' if index < len(lines) - 1 else ' '}{line[4:]}\r\n" for index, line in enumerate(lines))
        self.connection.sendall(text.encode())
        return True
