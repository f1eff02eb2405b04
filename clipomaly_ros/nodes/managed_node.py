"""The frame of every node here: life cycle, parameters, diagnostics, clock jumps."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

from lifecycle_msgs.srv import ChangeState
from rclpy.clock import Clock, ClockChange, ClockType, JumpThreshold, TimeJump
from rclpy.duration import Duration
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.logging import LoggingSeverity

from clipomaly_ros.nodes import diagnostics
from clipomaly_ros.nodes.parameters import Parameter, declare, guard, read, unknown_names

AUTOSTART = Parameter(
    "autostart",
    True,
    "Configure and activate the node by itself once it spins; false leaves both to a life-cycle manager.",
)
DIAGNOSTICS_PERIOD = Parameter(
    "diagnostics_period", 1.0, "Time between two reports on /diagnostics.", "s", 0.05, 60.0, read_only=True
)
OF_EVERY_NODE = (AUTOSTART, DIAGNOSTICS_PERIOD)
# Several publishers of /clock may disagree by a little; a looped bag jumps by seconds.
BACKWARD_JUMP = Duration(nanoseconds=-100_000_000)
SOURCE_CHANGES = (int(ClockChange.ROS_TIME_ACTIVATED), int(ClockChange.ROS_TIME_DEACTIVATED))


class ManagedNode(LifecycleNode):
    """A lifecycle node whose subclasses fill in `configure`, `activate`, `deactivate`, `cleanup`.

    These raise to refuse: the error is logged, stands in the diagnostics until the next
    success, and the node falls back to the state it came from. Diagnostics are published
    in every state. `self.health` is the HealthMonitor, `self.parameters` the values read
    at the latest configure.
    """

    def __init__(self, name: str, table: Sequence[Parameter] = (), **options: Any) -> None:
        # A signal may destroy the node while another thread is in the middle of a transition.
        self._in_transition = threading.RLock()
        self._transitions = 0  # begun so far
        super().__init__(name, **options)
        self.health = diagnostics.HealthMonitor(self)
        self.table = (*OF_EVERY_NODE, *table)
        self.parameters = SimpleNamespace()
        self.state_name = ""
        self._enter("unconfigured")
        declare(self, self.table)
        guard(self, self.table, locked=lambda: self.state_name != "unconfigured")
        period = self.get_parameter(DIAGNOSTICS_PERIOD.name).value
        if not DIAGNOSTICS_PERIOD.problem(period):  # else configure says so, in a report each second
            self.health.report_every(period)
        self._refuse_impossible_transitions()
        self._jump = self.get_clock().create_jump_callback(
            JumpThreshold(min_forward=None, min_backward=BACKWARD_JUMP, on_clock_change=True),
            post_callback=self._on_jump,
        )
        self._autostart_timer = None
        if self.get_parameter("autostart").value:
            # On the steady clock: with use_sim_time and no /clock yet, a ROS timer would never fire.
            self._autostart_timer = self.create_timer(
                0.01, self._autostart, clock=Clock(clock_type=ClockType.STEADY_TIME)
            )

    def configure(self, parameters: SimpleNamespace) -> None:
        """Load what the node needs and create its publishers and services."""

    def activate(self) -> None:
        """Begin to work: create the subscriptions."""

    def deactivate(self) -> None:
        """Stop working; must also succeed after a failed or partial `activate`."""

    def cleanup(self) -> None:
        """Undo `configure`; must also succeed after a failed or partial one."""

    def on_time_jump_backward(self, reason: str) -> None:
        """Drop everything that remembers time: filters, buffers, tracks. Called by `note_backward_jump`."""

    def note_backward_jump(self, reason: str) -> None:
        """Count a backward jump of the clock or of stamps and start afresh."""
        self.health.count("time_jump_backward", reason)
        self.on_time_jump_backward(reason)

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Read the parameters, then `configure`."""

        def work() -> None:
            self._tell_unknown_parameters()
            self.parameters = read(self, self.table)
            self.health.report_every(self.parameters.diagnostics_period)
            self.configure(self.parameters)

        return self._transition("configure", work, self.cleanup, "inactive", state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Enable the publishers, then `activate`."""

        def work() -> None:
            LifecycleNode.on_activate(self, state)
            self.activate()

        def undo() -> None:
            self.deactivate()
            LifecycleNode.on_deactivate(self, state)

        return self._transition("activate", work, undo, "active", state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """`deactivate`, then disable the publishers."""

        def work() -> None:
            self.deactivate()
            LifecycleNode.on_deactivate(self, state)

        return self._transition("deactivate", work, lambda: None, "inactive", state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Undo configure."""
        return self._transition("cleanup", self.cleanup, lambda: None, "unconfigured", state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop and undo configure, whatever the state."""

        def work() -> None:
            self.deactivate()
            self.cleanup()

        return self._transition("shutdown", work, lambda: None, "finalized", state)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Go back to unconfigured after a transition that neither worked nor failed cleanly."""

        def work() -> None:
            self.deactivate()
            self.cleanup()

        return self._transition("recover", work, lambda: None, "unconfigured", state)

    def destroy_node(self) -> None:
        """Stop working and reporting, then destroy."""
        with self._in_transition:
            for step in (self.deactivate, self.cleanup):
                try:
                    step()
                except Exception as error:
                    self.get_logger().error(f"while shutting down: {error!r}")
        self._jump.unregister()
        self.health.close()
        super().destroy_node()

    def _transition(
        self,
        name: str,
        work: Callable[[], None],
        undo: Callable[[], None],
        target: str,
        state: LifecycleState,
    ) -> TransitionCallbackReturn:
        self._transitions += 1
        with self._in_transition:
            try:
                work()
            except Exception as error:
                if self._shut_down_meanwhile():  # what failed is the shutdown's doing
                    return TransitionCallbackReturn.FAILURE
                if not isinstance(error, (ValueError, OSError)):
                    self.get_logger().error(traceback.format_exc())
                text = f"{error}" if isinstance(error, (ValueError, OSError)) else f"{error!r}"
                self.get_logger().error(f"{name} failed, the node stays {state.label}: {text}")
                self.health.fact(f"{name}_error", text, diagnostics.ERROR)
                try:
                    undo()
                except Exception as second:
                    self.get_logger().error(f"while undoing {name}: {second!r}")
                self._enter(state.label)
                return TransitionCallbackReturn.FAILURE
            if self._shut_down_meanwhile():
                return TransitionCallbackReturn.FAILURE
            self.health.fact(f"{name}_error", None)
            self._enter(target)
            self.get_logger().info(f"{target}")
            return TransitionCallbackReturn.SUCCESS

    def _shut_down_meanwhile(self) -> bool:
        """Tell whether a signal came in the middle; then keep rclpy's complaints about it out of the log."""
        if self.context.ok():
            return False
        self.get_logger().set_level(LoggingSeverity.FATAL)
        return True

    def _tell_unknown_parameters(self) -> None:
        problems = unknown_names(self, self.table)
        for problem in problems:
            self.get_logger().warning(problem)
        self.health.fact("unknown_parameters", "; ".join(problems) or None, diagnostics.WARN)

    def _refuse_impossible_transitions(self) -> None:
        """Answer ~/change_state also when the state has no such transition, and count it.

        rclpy of Jazzy lets the error of the state machine through to the executor: a second
        "activate" would end the process, and the caller would wait for ever. Kilted answers.
        """
        for service in self.services:
            if service.srv_type is ChangeState:
                service.callback = self._guarded_change(service.callback)

    def _guarded_change(self, change: Callable[..., Any]) -> Callable[..., ChangeState.Response]:
        def answer(request: ChangeState.Request, response: ChangeState.Response) -> ChangeState.Response:
            begun, reason = self._transitions, "no such transition"
            try:
                response = change(request, response)
            except Exception as error:
                if not self.context.ok():
                    raise
                response.success, reason = False, str(error)
            if not response.success and self._transitions == begun:
                wanted = request.transition.label or request.transition.id
                self.health.count("transition_refused", f"{wanted!r} while {self.state_name}: {reason}")
            return response

        return answer

    def _enter(self, state: str) -> None:
        self.state_name = state
        self.health.fact("state", state, diagnostics.OK if state == "active" else diagnostics.WARN)

    def _autostart(self) -> None:
        self._autostart_timer.cancel()
        if self.state_name != "unconfigured":
            return  # a life-cycle manager was faster
        if self.trigger_configure() == TransitionCallbackReturn.SUCCESS and self.context.ok():
            self.trigger_activate()

    def _on_jump(self, jump: TimeJump) -> None:
        if jump.delta.nanoseconds < 0:
            self.note_backward_jump(f"the clock went back by {-jump.delta.nanoseconds * 1e-9:.3f} s")
        # As numbers: rclpy hands out its C++ enumeration here, which equals no Python one.
        elif int(jump.clock_change) in SOURCE_CHANGES:
            self.on_time_jump_backward("the clock's source changed")
