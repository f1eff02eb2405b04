"""Health of a node: named counters, facts and silent inputs, published on /diagnostics."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import AbstractContextManager
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node
from rclpy.qos import QoSProfile

from clipomaly_ros.nodes.clock_watch import ClockWatch
from clipomaly_ros.nodes.counter_rates import CounterRates
from clipomaly_ros.nodes.plain_text import plain_text

OK, WARN, ERROR, STALE = range(4)  # the values of diagnostic_msgs/DiagnosticStatus
LOG_EVERY = 5.0  # seconds between two log lines of one reason
WARNING_FACTS = ("untrained", "degraded")
STEADY_FACTOR = 5.0


class _Input:
    """When an input was last heard, on the node's clock and on the steady clock."""

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self.node_time: int | None = None
        self.steady_time = 0.0

    def silence(self, node_now: int) -> str | None:
        """Say for how long nothing came when that is too long, else None."""
        if self.node_time is None:
            return "nothing received yet"
        age = (node_now - self.node_time) * 1e-9
        if age > self.timeout_s:
            return f"nothing received for {age:.1f} s"
        # A stopped /clock must not make silence look healthy.
        steady = time.monotonic() - self.steady_time
        return f"nothing received for {steady:.1f} s" if steady > STEADY_FACTOR * self.timeout_s else None


class HealthMonitor:
    """Counts what happens in a node and reports it once each period [s]. Thread-safe.

    The report runs on its own thread: a long configure or callback does not silence it.
    Level: ERROR when errors were counted since the last report, an ERROR fact is set or a
    watched simulated clock stands still;
    STALE when a watched input is silent; WARN when something was dropped since the last
    report or a WARN fact is set; else OK.
    """

    def __init__(self, node: Node, period: float = 1.0) -> None:
        self._node, self._period = node, period
        self._lock = threading.RLock()
        self._bad: Counter[str] = Counter()
        self._errors: Counter[str] = Counter()
        self._good: Counter[str] = Counter()
        self._recent: dict[str, str] = {}
        self._recent_errors: dict[str, str] = {}
        self._details: dict[str, str] = {}
        self._logged: dict[str, float] = {}
        self._facts: dict[str, tuple[Any, int]] = {}
        self._inputs: dict[str, _Input] = {}
        self._clock = ClockWatch()
        self._rates = CounterRates()
        self._clock_timeout: float | None = None
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", QoSProfile(depth=10))
        self._stop = threading.Event()
        self._due = threading.Event()
        self._thread = threading.Thread(target=self._run, name="diagnostics", daemon=True)
        self._thread.start()

    def at_once(self) -> AbstractContextManager[Any]:
        """Return a context in which no report is made: what is counted in it is seen in it."""
        return self._lock

    def report_every(self, period: float) -> None:
        """Report once each period [s] from now on."""
        if period != self._period:
            self._period = period
            self._due.set()

    def count(self, reason: str, detail: str = "", amount: int = 1) -> None:
        """Count something bad that was dealt with, e.g. a dropped message; WARN in the next report."""
        with self._lock:
            self._bad[reason] += amount
            self._recent[reason] = detail
            self._details[reason] = detail
        self._log(reason, detail, error=False)

    def count_error(self, reason: str, detail: str = "", amount: int = 1) -> None:
        """Count a failure of this node; ERROR in the next report."""
        with self._lock:
            self._errors[reason] += amount
            self._recent_errors[reason] = detail
            self._details[reason] = detail
        self._log(reason, detail, error=True)

    def count_ok(self, name: str, amount: int = 1) -> None:
        """Count something good, e.g. frames_in; it never changes the level."""
        with self._lock:
            self._good[name] += amount

    def fact(self, key: str, value: Any, level: int | None = None) -> None:
        """Set a lasting fact of the report; WARN or ERROR as level lasts until it is set anew.

        Without a level, "untrained" and "degraded" warn unless their value is empty or false.
        None as value removes the fact.
        """
        if level is None:
            level = WARN if key in WARNING_FACTS and value not in ("", "false", "False", False) else OK
        with self._lock:
            before = self._facts.get(key)
            if value is None:
                self._facts.pop(key, None)
            else:
                self._facts[key] = (value, level)
            if before != self._facts.get(key) and max(level, before[1] if before else OK) > OK:
                self._due.set()  # a change of health is reported at once

    def watch(self, input_name: str, timeout_s: float) -> None:
        """Report STALE when nothing was seen on this input for timeout_s seconds of node time."""
        with self._lock:
            self._inputs[input_name] = _Input(timeout_s)

    def unwatch(self, input_name: str) -> None:
        """No longer expect anything on this input."""
        with self._lock:
            self._inputs.pop(input_name, None)

    def watch_clock(self, timeout_s: float | None) -> None:
        """Report ERROR, "clock stopped", when /clock stands for timeout_s of real time; None ends it."""
        with self._lock:
            self._clock_timeout = timeout_s

    def clock_stands(self) -> float:
        """Return for how long the node's time has not moved [s]; only simulated time can stand."""
        with self._lock:
            clock = self._node.get_clock()
            if not clock.ros_time_is_active:
                return 0.0
            return self._clock.look(clock.now().nanoseconds, time.monotonic())

    def seen(self, input_name: str) -> None:
        """Note that a usable message came on a watched input."""
        with self._lock:
            watched = self._inputs.get(input_name)
            if watched is not None:
                watched.node_time = self._node.get_clock().now().nanoseconds
                watched.steady_time = time.monotonic()

    def is_silent(self, input_name: str) -> bool:
        """Tell whether a watched input has been silent for too long."""
        with self._lock:
            watched = self._inputs.get(input_name)
            now = self._node.get_clock().now().nanoseconds
            return watched is not None and watched.silence(now) is not None

    def counts(self) -> dict[str, int]:
        """Return all counters: bad, error and good ones."""
        with self._lock:
            return {**self._good, **self._bad, **self._errors}

    def level_and_message(self) -> tuple[int, str]:
        """Return the level of the next report and one sentence; resets nothing."""
        with self._lock:
            now = self._node.get_clock().now().nanoseconds
            silent = {name: watched.silence(now) for name, watched in self._inputs.items()}
            facts = {level: [] for level in (OK, WARN, ERROR)}
            for key, (value, level) in self._facts.items():
                facts[level].append(f"{key}: {value}")
            stopped = self._clock_stopped(now)
            parts = {
                ERROR: stopped + facts[ERROR] + [_words(*item) for item in self._recent_errors.items()],
                STALE: [f"{name}: {text}" for name, text in silent.items() if text],
                WARN: facts[WARN] + [_words(*item) for item in self._recent.items()],
            }
            if not self._inputs and not self._good and not any(parts.values()):
                parts[WARN] = ["nothing is watched and nothing was received yet"]
        text = plain_text("; ".join(parts[ERROR] + parts[STALE] + parts[WARN]))
        level = next((level for level in (ERROR, STALE, WARN) if parts[level]), OK)
        return level, text or "working"

    def _clock_stopped(self, now: int) -> list[str]:
        """Say that the simulated clock stands still, if it does for too long."""
        stands = self.clock_stands()
        if self._clock_timeout is None or stands <= self._clock_timeout:
            return []
        if not now:
            return ["clock stopped: use_sim_time is set and nothing came on /clock yet"]
        return [f"clock stopped: /clock stands at {now * 1e-9:.3f} s for {stands:.1f} s"]

    def report(self) -> DiagnosticArray:
        """Make the next report and begin a new period."""
        with self._lock:
            level, message = self.level_and_message()
            values = {key: value for key, (value, _) in self._facts.items()}
            values |= {key: str(count) for key, count in sorted(self.counts().items())}
            rates = self._rates.look(self.counts())
            values |= {f"{key}.rate": f"{rate:.2f} Hz" for key, rate in sorted(rates.items())}
            values |= {f"{key}.last": text for key, text in sorted(self._details.items()) if text}
            self._recent, self._recent_errors = {}, {}
        status = DiagnosticStatus(
            level=bytes([level]),
            name=self._node.get_fully_qualified_name(),
            message=message,
            values=[KeyValue(key=key, value=plain_text(str(value))) for key, value in values.items()],
        )
        array = DiagnosticArray(status=[status])
        array.header.stamp = self._node.get_clock().now().to_msg()
        return array

    def publish(self) -> None:
        """Publish a report now."""
        self._publisher.publish(self.report())

    def close(self) -> None:
        """End the reports; must be called before the node is destroyed."""
        self._stop.set()
        self._due.set()
        if threading.current_thread() is not self._thread:
            self._thread.join(5.0)

    def _run(self) -> None:
        while self._node.context.ok():
            self._due.wait(self._period)
            self._due.clear()
            if self._stop.is_set():
                return
            try:
                self.publish()
            except Exception as error:
                # A shutdown may come between the check and the call; anything else is worth a line.
                if self._node.context.ok() and not self._stop.is_set():
                    self._node.get_logger().error(f"could not publish diagnostics: {error}")

    def _log(self, reason: str, detail: str, error: bool) -> None:
        if not self._node.context.ok():
            return  # work cut short by a shutdown is no failure worth a line
        now = time.monotonic()
        with self._lock:
            if now - self._logged.get(reason, -LOG_EVERY) < LOG_EVERY:
                return
            self._logged[reason] = now
            total = self._bad[reason] + self._errors[reason]
        line = plain_text(f"{_words(reason, detail)} ({total} so far)")
        # Two call sites: rclpy refuses one call site that changes its severity.
        if error:
            self._node.get_logger().error(line)
        else:
            self._node.get_logger().warning(line)


def _words(reason: str, detail: str) -> str:
    return f"{reason}: {detail}" if detail else reason
