"""The thread that works on the newest item."""

import threading

from ros_harness import wait_until

from clipomaly_ros.nodes.latest_worker import LatestWorker


def test_worker_takes_the_newest_and_reports_the_dropped():
    gate, done, dropped = threading.Event(), [], []

    def work(item):
        gate.wait(60)
        done.append(item)

    worker = LatestWorker(work, dropped.append, "test")
    worker.submit(0)
    wait_until(lambda: not worker._waiting, "the first item begun")
    for item in range(1, 6):
        worker.submit(item)
    assert not worker.idle
    gate.set()
    assert worker.wait_idle(60)
    assert done == [0, 5]
    assert dropped == [1, 2, 3, 4]
    assert worker.stop(60)


def test_worker_survives_errors_in_work_and_in_its_reporters():
    done, errors = [], []

    def work(item):
        if item % 2:
            raise RuntimeError(f"odd {item}")
        done.append(item)

    def report(item, error):
        errors.append((item, str(error)))
        raise RuntimeError("reporter")

    worker = LatestWorker(work, None, "test", on_error=report)
    for item in range(4):
        worker.submit(item)
        assert worker.wait_idle(60)
    assert done == [0, 2]
    assert errors == [(1, "odd 1"), (3, "odd 3")]
    assert worker.stop(60)
    worker.submit(6)
    assert worker.idle
