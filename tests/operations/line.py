"""A network line on the loopback that can be cut: between the service and one of its servers."""

import contextlib
import socket
import threading

from tests.servers import free_port

RESET = b"\x01\0\0\0\0\0\0\0"  # no farewell: the other side's bytes in flight are lost


class Line:
    """Forwards what comes to `port` to the same machine's port `to`, while it is whole."""

    def __init__(self, to):
        self.to, self.port = to, free_port()
        self.whole = True
        self._ends, self._lock = set(), threading.Lock()

    def __enter__(self):
        self._door = socket.create_server(("127.0.0.1", self.port), backlog=200)
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.cut()
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()

    def cut(self):
        """Every connection breaks in the midst of whatever it carries, and none comes about."""
        with self._lock:
            self.whole = False
            for end in self._ends:
                self._break(end)
            self._ends.clear()

    def mend(self):
        self.whole = True

    def _listen(self):
        with contextlib.suppress(OSError):
            while True:
                near, _address = self._door.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self.to), 5)
                except OSError:
                    self._break(near)
                    continue
                far.settimeout(None)
                with self._lock:
                    if not self.whole:
                        self._break(near)
                        self._break(far)
                        continue
                    self._ends |= {near, far}
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one, other):
        with contextlib.suppress(OSError):
            while words := one.recv(65_536):
                other.sendall(words)
        with self._lock:
            for end in {one, other} & self._ends:
                self._break(end)
            self._ends -= {one, other}

    @staticmethod
    def _break(end):
        with contextlib.suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        # Shut down first: close alone would not wake the thread that reads from it.
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
