"""Weights of a hub that cannot be reached."""

import http.server
import socket
import threading

import pytest

pytest.importorskip("torch", reason="the export needs torch")

from clipomaly_ros.model.download import unreachable
from clipomaly_ros.model.manifest import BundleError
from clipomaly_ros.model.open_clip_source import build_source


def test_without_a_network_the_error_says_how_to_go_on(monkeypatch, tmp_path):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(BundleError, match=r"cannot download .*--pretrained FILE"):
        build_source("ViT-B-32", "laion2b_s34b_b79k")
    with pytest.raises(BundleError, match=r"hf-hub:nobody/nothing.*cannot build it"):
        build_source("hf-hub:nobody/nothing")


@pytest.mark.parametrize("source", [("ViT-B-32", "laion2b_s34b_b79k"), ("hf-hub:nobody/nothing", None)])
def test_a_hub_that_does_not_answer_is_asked_once(monkeypatch, tmp_path, caplog, source):
    import huggingface_hub.constants

    with socket.socket() as closed:  # bound, but nobody listens
        closed.bind(("127.0.0.1", 0))
        hub = f"http://127.0.0.1:{closed.getsockname()[1]}"
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", hub)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
        with pytest.raises(BundleError, match=rf"{source[1] or source[0]}.*{hub} does not answer.*FILE"):
            build_source(*source)
    assert "Retrying" not in caplog.text
    assert not huggingface_hub.constants.HF_HUB_OFFLINE


def test_a_server_that_refuses_the_request_has_answered(monkeypatch):
    class Refusing(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_error(403)

        def log_message(self, *_):
            pass

    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with http.server.HTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        assert unreachable(f"http://127.0.0.1:{server.server_port}/file") is None
    assert "http" in unreachable("file:///etc/passwd")
