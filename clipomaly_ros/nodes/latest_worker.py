"""A thread that always works on the newest item and drops the ones it had no time for."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any


class LatestWorker:
    """Runs `work` for the newest submitted item, one at a time, on one daemon thread.

    on_dropped(item): called for an item that a newer one replaced before it was begun.
    on_error(item, exception): called when `work` raises; the worker goes on. What these
    two raise is swallowed: the worker never dies of a reporting mistake.
    """

    def __init__(
        self,
        work: Callable[[Any], None],
        on_dropped: Callable[[Any], None] | None = None,
        name: str = "latest_worker",
        on_error: Callable[[Any, Exception], None] | None = None,
    ) -> None:
        self._work, self._on_dropped, self._on_error = work, on_dropped, on_error
        self._changed = threading.Condition()
        self._waiting: list[Any] = []  # none or one
        self._busy = False
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def idle(self) -> bool:
        """Tell whether nothing is being worked on and nothing waits."""
        with self._changed:
            return not self._busy and not self._waiting

    def submit(self, item: Any) -> None:
        """Hand over an item; an older one that still waits is dropped. Ignored after stop."""
        with self._changed:
            if self._stopped:
                return
            dropped, self._waiting = self._waiting, [item]
            self._changed.notify_all()
        for old in dropped:
            self._report(self._on_dropped, old)

    def clear(self) -> None:
        """Forget a waiting item without reporting it as dropped."""
        with self._changed:
            self._waiting = []
            self._changed.notify_all()

    def wait_idle(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds until idle; tell whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._busy and not self._waiting, timeout)

    def stop(self, timeout: float = 10.0) -> bool:
        """Stop after the item in work; tell whether the thread ended within `timeout` seconds."""
        with self._changed:
            self._stopped = True
            self._waiting = []
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _report(self, callback: Callable[..., None] | None, *values: Any) -> None:
        if callback is None:
            return
        with contextlib.suppress(Exception):  # the reporter itself failed: nobody is left to tell
            callback(*values)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._stopped)
                if self._stopped:
                    return
                item = self._waiting.pop()
                self._busy = True
            try:
                self._work(item)
            except Exception as error:
                self._report(self._on_error, item, error)
            finally:
                with self._changed:
                    self._busy = False
                    self._changed.notify_all()
