"""The operator's say: zones cleared or confirmed by a service call, each call in the log."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from rclpy.impl.rcutils_logger import RcutilsLogger

from clipomaly_msgs.srv import ClearZone, ConfirmZone
from clipomaly_ros.hazard.types import HazardError
from clipomaly_ros.nodes.call_budget import CallBudget
from clipomaly_ros.nodes.diagnostics import HealthMonitor
from clipomaly_ros.vocabulary.names import InvalidNameError, normalise_name

MAXIMUM_TEXT = 256


class ZoneServices:
    """Checks the calls, hands them on and logs every one, refused ones too; but see rate.

    clear(id, operator, reason), confirm(id, name, operator, reason): raise HazardError for
    an id that no zone has. rate: calls a second, of both together; more are refused with one
    line of the log for all, so that they fill neither the log nor the audit trail. 0: no limit.
    """

    def __init__(
        self,
        clear: Callable[[uuid.UUID, str, str], None],
        confirm: Callable[[uuid.UUID, str, str, str], None],
        health: HealthMonitor,
        logger: RcutilsLogger,
        rate: float = 0.0,
    ) -> None:
        self._budget, self._rate = CallBudget(rate), rate
        self._clear, self._confirm = clear, confirm
        self._health, self._logger = health, logger

    def clear_zone(self, request: ClearZone.Request, response: ClearZone.Response) -> ClearZone.Response:
        """Answer ~/clear_zone; never raises."""

        def clear() -> None:
            self._clear(_zone_id(request), request.operator_name, request.reason)

        return self._answer("clear_zone", request, response, clear, "cleared")

    def confirm_zone(
        self, request: ConfirmZone.Request, response: ConfirmZone.Response
    ) -> ConfirmZone.Response:
        """Answer ~/confirm_zone; never raises."""

        def confirm() -> None:
            try:
                name = normalise_name(request.name) if request.name.strip() else ""
            except InvalidNameError as error:
                raise HazardError(f"name: {error}") from error
            self._confirm(_zone_id(request), name, request.operator_name, request.reason)

        return self._answer("confirm_zone", request, response, confirm, "confirmed")

    def _answer(
        self,
        service: str,
        request: ClearZone.Request | ConfirmZone.Request,
        response: ClearZone.Response | ConfirmZone.Response,
        action: Callable[[], None],
        done: str,
    ) -> ClearZone.Response | ConfirmZone.Response:
        zone = _zone_id(request)
        if not self._budget.spend():
            response.success = False
            response.message = f"more than {self._rate:g} calls a second: try again in a moment"
            self._health.count("services_over_rate", f"{service}: {response.message}")
            return response
        try:
            for field in ("operator_name", "reason"):
                text = getattr(request, field)
                if not text.strip() or not text.isprintable():
                    raise HazardError(
                        f"{field}: expected printable characters, at least one, got {text[:64]!r}"
                    )
            action()
            response.success, response.message = True, f"zone {zone} {done}"
            self._health.count_ok(service)
        except HazardError as error:
            response.success, response.message = False, str(error)[:MAXIMUM_TEXT]
            self._health.count(f"{service}_refused", response.message)
        except Exception as error:
            response.success, response.message = False, f"{service} failed: {error!r}"[:MAXIMUM_TEXT]
            self._health.count_error(f"{service}_failed", response.message)
        self._logger.info(
            f"audit: {service} of zone {zone} by {request.operator_name!r} because {request.reason!r}: "
            f"{response.message}"
        )
        return response


def _zone_id(request: ClearZone.Request | ConfirmZone.Request) -> uuid.UUID:
    return uuid.UUID(bytes=bytes(request.id.uuid))
