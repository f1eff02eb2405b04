from clipomaly_ros.nodes.counter_rates import CounterRates


def test_a_rate_is_that_of_the_latest_window_however_often_it_is_asked_for():
    now = 100.0
    rates = CounterRates(lambda: now)
    assert rates.look({"dropped": 3}) == {}
    now += 2.0
    assert rates.look({"dropped": 5}) == {"dropped": 2.5}
    now += 0.1
    assert rates.look({"dropped": 9, "new": 1}) == {"dropped": 2.5}
    now += 3.9
    assert rates.look({"dropped": 9, "new": 2}) == {"dropped": 1.0, "new": 0.5}
    now += 1.0
    assert rates.look({"dropped": 9, "new": 2}) == {"dropped": 0.0, "new": 0.0}
