"""A domain found free stays with one run: whoever else looks, whatever has ended there."""

import os
import subprocess
import sys

import pytest
import rclpy

from clipomaly_ros.replay import domains
from clipomaly_ros.replay.bag_types import BagError
from clipomaly_ros.replay.domains import HeldDomain, in_use, own_domain

HOLD = """
import sys
from clipomaly_ros.replay.domains import HeldDomain
held = [HeldDomain() for _ in range(3)]
print(*(domain.number for domain in held), flush=True)
sys.stdin.read()
"""


def test_processes_that_look_at_the_same_time_get_different_domains():
    runs = [
        subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    taken = [int(number) for run in runs for number in run.stdout.readline().split()]
    mine = HeldDomain()
    assert len({*taken, mine.number, int(os.environ["ROS_DOMAIN_ID"])}) == 11
    mine.release()
    runs[0].kill()  # without a chance to tidy up
    for run in runs:
        run.communicate()
    free = [HeldDomain() for _ in range(20)]
    for domain in free:
        domain.release()


def test_a_released_domain_can_be_had_again(monkeypatch):
    first = HeldDomain()
    monkeypatch.setattr(domains.random.SystemRandom, "shuffle", lambda _, order: order.sort())
    lowest = HeldDomain()
    lowest.release()
    lowest.release()
    again = HeldDomain()
    assert again.number == lowest.number
    again.release()
    first.release()


@pytest.mark.dds
def test_a_domain_with_a_participant_is_in_use_even_if_it_came_late(monkeypatch):
    held = HeldDomain()
    assert not in_use(held.number)
    context = rclpy.Context()
    rclpy.init(context=context, domain_id=held.number)
    node = rclpy.create_node("occupant", context=context)
    held.release()  # as a process that has ended, but left a node behind
    try:
        assert in_use(held.number)
        monkeypatch.setattr(domains, "LARGEST_SAFE_DOMAIN", held.number)
        monkeypatch.setattr(domains, "in_use", lambda number: number != held.number or in_use(number))
        with pytest.raises(BagError, match="set ROS_DOMAIN_ID"):
            HeldDomain()
    finally:
        node.destroy_node()
        rclpy.shutdown(context=context)


def test_a_chosen_domain_is_kept_and_a_wrong_one_refused(monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "17")
    assert own_domain() == 17
    for wrong in ("apron", "-1", "233"):
        monkeypatch.setenv("ROS_DOMAIN_ID", wrong)
        with pytest.raises(BagError, match=f"0 to 232, got '{wrong}'"):
            own_domain()
    monkeypatch.delenv("ROS_DOMAIN_ID")
    assert 1 <= own_domain() == own_domain() <= 101
