"""A board on the other end of a pseudo terminal."""

from __future__ import annotations

import os
import threading
import tty
from collections.abc import Callable
from types import TracebackType


class FakeBoard:
    """Answers every ``size`` bytes that come in on ``port``, in a thread of its own, until it is closed."""

    def __init__(self, size: int, answer: Callable[[bytes], bytes]) -> None:
        self._size = size
        self._answer = answer
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        self.port = os.ttyname(self._theirs)
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> FakeBoard:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._theirs)
        self._thread.join(timeout=5)
        os.close(self._ours)

    def _serve(self) -> None:
        received = b""
        try:
            while True:
                received += os.read(self._ours, self._size - len(received))
                if len(received) == self._size:
                    os.write(self._ours, self._answer(received))
                    received = b""
        except OSError:
            # The other side is closed.
            return
