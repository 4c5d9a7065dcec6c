"""Ctrl-C between steps: half a step, or a batch taken and not learned from, would spoil what is saved."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType


class InterruptBetweenSteps:
    """Has the first Ctrl-C wait for the end of the step; a second one interrupts at once.

    Only in the main thread, and where Ctrl-C interrupts at all: a handler of somebody else's stays.

    Attributes:
        asked: Ctrl-C has come.
        within_step: it has come twice, so that what is in memory is no whole number of steps.
    """

    def __init__(self) -> None:
        self.asked = False
        self.within_step = False
        self._busy: Callable[[], bool] | None = None

    def begin(self, busy: Callable[[], bool]) -> None:
        """Take over Ctrl-C; it interrupts at once whenever ``busy`` says that no step is under way."""
        self.asked = self.within_step = False
        ours = threading.current_thread() is threading.main_thread()
        if ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._busy = busy
            signal.signal(signal.SIGINT, self._on_signal)

    def end(self) -> None:
        """Give Ctrl-C back."""
        # Lightning ignores it once it has seen the first: that is left to it.
        if self._busy is not None and signal.getsignal(signal.SIGINT) == self._on_signal:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        self._busy = None

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        stepping = self._busy is not None and self._busy()
        self.within_step = stepping and self.asked
        if not stepping or self.asked:
            raise KeyboardInterrupt
        self.asked = True
