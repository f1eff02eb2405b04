"""Tells at once when weights cannot be downloaded: the hub's client alone retries for a minute."""

from __future__ import annotations

import contextlib
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator

from huggingface_hub import constants

from clipomaly_ros.model.manifest import BundleError

ANSWER_WITHIN = 10.0  # seconds


def unreachable(url: str) -> str | None:
    """Return why the server of a URL does not answer, None when it does; heeds the proxy variables."""
    if not url.startswith(("http://", "https://")):
        return f"expected an http(s) address, found {url!r}"
    try:
        with urllib.request.urlopen(  # noqa: S310 - http(s) only, see above
            urllib.request.Request(url, method="HEAD"),  # noqa: S310
            timeout=ANSWER_WITHIN,
        ):
            return None
    except urllib.error.HTTPError:
        return None  # it answered; what it thinks of the request is the download's business
    except OSError as error:
        reason = getattr(error, "reason", error)
        # The downloading client may know other certificates than the standard library.
        return None if isinstance(reason, ssl.SSLError) else str(reason)


@contextlib.contextmanager
def quick_to_fail(what: str, url: str | None = None) -> Iterator[None]:
    """Run a download so that a missing network is told at once; what: names it in the error.

    url: of the file, None for the model hub, whose client then works from its cache alone.
    BundleError when nothing answers and the cache does not help.
    """
    offline = constants.HF_HUB_OFFLINE
    server = url or constants.ENDPOINT
    reason = None if offline and not url else unreachable(server)
    constants.HF_HUB_OFFLINE = offline or reason is not None
    try:
        if reason and url:
            raise ConnectionError(reason)
        yield
    except Exception as error:
        if reason is None:
            raise
        raise BundleError(
            f"{what}: not in the download cache, and {server} does not answer ({reason}); without a network, "
            "copy the weight file from a machine that has one and pass it: --pretrained FILE"
        ) from error
    finally:
        constants.HF_HUB_OFFLINE = offline
