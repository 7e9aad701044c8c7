"""A mail server on the loopback that takes everything, slowly, and keeps for whom it was and what it says."""

import itertools
import socketserver
import threading
import time


class Postbox:
    def __init__(self, pause=0.0):
        self.taken, self.letters, self.pause = [], [], pause
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]

    def _handler(box):
        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                self.say("220 ready")
                to = ""
                for raw in self.rfile:
                    line = raw.decode(errors="replace").rstrip("\r\n")
                    word = line[:4].upper()
                    if word == "QUIT":
                        self.say("221 bye")
                        return
                    if word == "RCPT":
                        to = line.partition("<")[2].partition(">")[0]
                    if word == "DATA":
                        self.say("354 go on")
                        lines = iter(self.rfile.readline, b"")  # empty: the other side was killed
                        box.letters.append(b"".join(itertools.takewhile(b".\r\n".__ne__, lines)))
                        box.taken.append(to)
                        time.sleep(box.pause)
                    self.say("250 ok")

            def say(self, line):
                try:
                    self.wfile.write(f"{line}\r\n".encode())
                except OSError:
                    """The other side was killed: there is nobody to tell."""

        return Handler

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error):
        self.server.shutdown()
        self.server.server_close()
