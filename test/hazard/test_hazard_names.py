from hypothesis import given
from hypothesis import strategies as st

from clipomaly_ros.hazard.names import MAX_CANDIDATES, NameFusion
from clipomaly_ros.hazard.types import RegionObservation, ScoredName

words = st.text("abcdef", min_size=1, max_size=3)
scores = st.floats(0, 1)
observations = st.lists(
    st.lists(st.tuples(words, scores), max_size=5, unique_by=lambda item: item[0]), max_size=30
)


def observation(candidates, name=None, group="tools"):
    scored = tuple(ScoredName(word, score, 2) for word, score in candidates)
    best = name if name is not None else (candidates[0][0] if candidates else "")
    return RegionObservation(1, best, 2 if best else 0, scored, 0.8, (0, 0, 1, 1), 1, group if best else "")


@given(observations)
def test_fused_candidates_are_sorted_bounded_and_probable(history):
    names = NameFusion()
    for candidates in history:
        names.add(observation(candidates))
    fused = names.candidates
    assert len(fused) <= MAX_CANDIDATES
    assert all(0 <= candidate.score <= 1 for candidate in fused)
    assert [c.score for c in fused] == sorted((c.score for c in fused), reverse=True)
    assert names.best[0] in {"", *(word for candidates in history for word, _ in candidates)}


def test_scores_are_the_mean_over_the_observations_that_compared_names():
    names = NameFusion()
    names.add(observation([("bolt", 0.8), ("nut", 0.2)]))
    names.add(observation([("nut", 0.6)]))
    names.add(observation([]))
    assert {candidate.name: candidate.score for candidate in names.candidates} == {"bolt": 0.4, "nut": 0.4}


def test_no_name_can_win():
    names = NameFusion()
    for _ in range(3):
        names.add(observation([("bolt", 0.3)], name=""))
    names.add(observation([("bolt", 0.6)]))
    assert names.best == ("", 0, "")


def test_an_operator_has_the_last_word_and_keeps_the_group_unless_he_gives_one():
    names = NameFusion()
    names.add(observation([("bolt", 0.9)]))
    names.set_by_operator("rivet", "")
    for _ in range(5):
        names.add(observation([("nut", 0.9)], group="soft"))
    assert names.best == ("rivet", 4, "tools")
    assert names.candidates[0] == ScoredName("rivet", 1.0, 4)
    names.set_by_operator("fox", "animals")
    assert names.best == ("fox", 4, "animals")
