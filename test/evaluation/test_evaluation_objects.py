"""Detection rates, names, false alarms and semantic scores of single frames."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, jaccard_score

from clipomaly_ros.evaluation.detection_rates import (
    DISTANCE_EDGES,
    SIZE_EDGES,
    DetectionRule,
    bin_name,
    bin_names,
    rates_by,
    sightings_of,
)
from clipomaly_ros.evaluation.false_alarms import FrameAlarms, alarm_rate, false_regions
from clipomaly_ros.evaluation.labelled_frames import LabelledFrame, LabelledThing
from clipomaly_ros.evaluation.naming_metrics import (
    Naming,
    SourceAccuracy,
    accuracy,
    accuracy_by,
    accuracy_by_source,
    held_out_apart,
    naming_of,
)
from clipomaly_ros.evaluation.semantic_metrics import SemanticScores
from clipomaly_ros.vision.types import AnomalyRegion, NameScore, RegionState
from clipomaly_ros.vocabulary.entries import Entry, NameSource

seeds = st.integers(0, 2**32 - 1)
ENTRIES = [Entry(name, "surface", source=NameSource.APPROVED) for name in ("grass", "sky", "cone")] + [
    Entry("suitcase", "baggage", synonyms=("trolley",)),
    Entry("wrench", "tools"),
]


def blobs(generator, count, shape=(40, 60)):
    picture = np.zeros(shape, np.uint16)
    for value in range(1, count + 1):
        y, x = generator.integers(0, shape[0] - 4), generator.integers(0, shape[1] - 4)
        picture[y : y + generator.integers(1, 15), x : x + generator.integers(1, 15)] = value
    return picture


@given(seed=seeds, coverage=st.floats(0.05, 1.0), small=st.integers(0, 120))
@settings(max_examples=60, deadline=None)
def test_sightings_are_what_single_masks_say(seed, coverage, small):
    generator = np.random.default_rng(seed)
    instances, regions = blobs(generator, 5), blobs(generator, 6).astype(np.uint8)
    things = tuple(LabelledThing(value, "bolt", "hardware") for value in (1, 2, 4))
    frame = LabelledFrame("f", np.zeros(instances.shape, np.uint8), None, instances, things)
    unknown = [1, 3, 6]
    rule = DetectionRule(coverage, small, min_area=3)
    seen = {item.thing.value: item for item in sightings_of(frame, regions, unknown, rule)}
    for thing in things:
        mask = instances == thing.value
        if mask.sum() < 3:
            assert thing.value not in seen
            continue
        hit = np.isin(regions[mask], unknown).sum()
        enough = hit > 0 if mask.sum() < small else hit >= coverage * mask.sum()
        item = seen[thing.value]
        assert (item.area, item.covered, item.found) == (mask.sum(), hit, enough)
        most = max(((regions[mask] == value).sum(), -value) for value in unknown)
        assert item.region == (-most[1] if most[0] else 0)
        assert item.reported >= item.found


@given(seed=seeds)
@settings(max_examples=40, deadline=None)
def test_false_regions_are_those_beside_every_anomaly(seed):
    generator = np.random.default_rng(seed)
    regions = blobs(generator, 7).astype(np.uint8)
    label = generator.choice([0, 255], size=regions.shape, p=[0.5, 0.5]).astype(np.uint8)
    label[blobs(generator, 2) > 0] = 1
    label[:, :20] = 255
    unknown = [1, 2, 5, 7, 9]
    wanted = [
        value
        for value in unknown
        if (regions == value).any()
        and not (label[regions == value] == 1).any()
        and (label[regions == value] != 255).any()
    ]
    assert false_regions(regions, unknown, label) == wanted
    assert false_regions(regions, [], label) == []


def test_alarms_are_counted_per_thousand_frames():
    rate = alarm_rate(FrameAlarms(str(n), "dry", True, n % 2 * 3) for n in range(4))
    assert (rate.alarms, rate.frames, rate.frames_with_alarm) == (6, 4, 2)
    assert rate.per_thousand_frames == 1500
    assert np.isnan(alarm_rate([]).per_thousand_frames)


def test_bins_hold_their_lower_edge_and_cover_everything():
    assert bin_names(SIZE_EDGES)[0] == "0 to 0.05 m"
    assert bin_name(0.3, SIZE_EDGES) == "0.3 to 1 m"
    assert bin_name(0.2999, SIZE_EDGES) == "0.1 to 0.3 m"
    assert bin_name(1e9, DISTANCE_EDGES) == "over 50 m"
    assert bin_name(float("nan"), DISTANCE_EDGES) == "unknown"


def region(identifier, name, source, candidates):
    return AnomalyRegion(
        identifier, 0, name, source, candidates, 0.9, (0, 0, 9, 9), 81, RegionState.UNKNOWN_OBSTACLE
    )


def test_names_are_judged_published_ranked_and_among_five():
    instances = np.zeros((40, 60), np.uint16)
    boxes = {1: (0, 0), 2: (0, 20), 3: (20, 0), 4: (20, 20)}
    for value, (y, x) in boxes.items():
        instances[y : y + 15, x : x + 15] = value
    things = (
        LabelledThing(1, "suitcase", "baggage"),
        LabelledThing(2, "trolley", "baggage"),  # a synonym is the same thing
        LabelledThing(3, "wrench", "tools"),
        LabelledThing(4, "wrench", "tools"),  # not found
    )
    frame = LabelledFrame("f", np.zeros(instances.shape, np.uint8), None, instances, things, "wet")
    found = np.where(instances == 4, 0, instances).astype(np.uint8)
    offered = [NameScore("grass", 0.5, NameSource.APPROVED)] + [
        NameScore(name, 0.1, NameSource.DICTIONARY) for name in ("suitcase", "a", "b", "c", "d", "wrench")
    ]
    regions = {
        1: region(1, "suitcase", NameSource.DICTIONARY, tuple(offered)),
        2: region(2, "", NameSource.NONE, tuple(offered)),
        3: region(3, "suitcase", NameSource.DICTIONARY, tuple(offered)),
    }
    sightings = sightings_of(frame, found, [1, 2, 3], DetectionRule())
    namings = [naming_of(item, regions, {"trolley": "suitcase"}) for item in sightings]
    assert namings[3] is None
    namings = namings[:3]
    assert [item.published for item in namings] == [True, False, False]
    assert [item.ranked for item in namings] == [True, True, False]
    assert [item.top5 for item in namings] == [True, True, False]  # "wrench" comes sixth
    seen, held_out = held_out_apart(namings, {"tools"})
    assert (accuracy(seen).top1_rate, accuracy(seen).top5_rate) == (0.5, 1.0)
    assert (accuracy(held_out).count, accuracy(held_out).top5_rate) == (1, 0.0)
    by_source = accuracy_by(namings, lambda item: item.source)
    assert by_source[NameSource.NONE].count == 1
    assert by_source[NameSource.DICTIONARY].top1_rate == 0.5
    assert [dict(item.ranks) for item in namings] == [{NameSource.DICTIONARY: place} for place in (0, 0, 5)]
    assert rates_by(sightings, lambda item: item.thing.group)["tools"].rate == 0.5
    assert np.isnan(accuracy([]).top1_rate)


def test_each_source_of_names_is_judged_by_its_own_candidates():
    dictionary, tagger = NameSource.DICTIONARY, NameSource.TAGGER

    def naming(source, published, **ranks):
        found = {NameSource[name.upper()]: rank for name, rank in ranks.items()}
        return Naming("suitcase", "baggage", "dry", "", source, published, False, False, ranks=found)

    namings = [
        naming(dictionary, True, dictionary=0, tagger=4),
        naming(tagger, False, dictionary=5, tagger=-1),
        naming(NameSource.NONE, False, dictionary=1),
        naming(tagger, True, tagger=0),
    ]
    by_source = accuracy_by_source(namings)
    assert by_source == {
        dictionary: SourceAccuracy(count=4, named=1, right=1, first=1, top5=2),
        tagger: SourceAccuracy(count=4, named=2, right=1, first=1, top5=2),
    }
    assert (by_source[tagger].first_rate, by_source[tagger].top5_rate) == (0.25, 0.5)
    assert accuracy_by_source([]) == {}


def semantic_frame(generator, shape=(30, 40)):
    """Classes in another order than the vocabulary's, two named anomalies and one foreign."""
    semantic = generator.integers(0, 2, shape).astype(np.uint8)
    instances = np.zeros(shape, np.uint16)
    for value, row in ((3, 2), (9, 12), (300, 20)):
        semantic[row : row + 6, 5:30], instances[row : row + 6, 5:30] = 254, value
    semantic[:, -3:] = 255
    things = (LabelledThing(3, "wrench"), LabelledThing(9, "trolley"), LabelledThing(300, "unheard of"))
    label = np.select([semantic == 254, semantic == 255], [1, 255], 0).astype(np.uint8)
    return LabelledFrame("f", label, semantic, instances, things)


@given(seed=seeds, dtype=st.sampled_from([np.uint8, np.uint16]))
@settings(max_examples=25, deadline=None)
def test_ious_equal_those_of_scikit_learn(seed, dtype):
    generator = np.random.default_rng(seed)
    scores = SemanticScores(ENTRIES, 3, ("sky", "grass"))
    truth, closed, extended = [], [], []
    class_of = {0: 1, 1: 0, 254: None, 255: -1}  # ground truth number to row of the table
    for _ in range(2):
        frame = semantic_frame(generator)
        legend = [*ENTRIES[:3], ENTRIES[4], ENTRIES[3]]  # names in order of use
        plain = generator.integers(0, 3, frame.semantic.shape).astype(dtype)
        named = generator.integers(0, 6, frame.semantic.shape)
        pixels = np.where(named == 5, np.iinfo(dtype).max, named).astype(dtype)
        scores.add(frame, plain, pixels, legend)
        names = np.full(301, 6)
        names[[3, 9]] = (4, 3)
        rows = np.array([class_of.get(value, -1) or 0 for value in frame.semantic.ravel()])
        rows = np.where(frame.semantic.ravel() == 254, names[frame.instances.ravel()], rows)
        truth.append(rows)
        closed.append(plain.ravel().astype(int))
        extended.append(np.array([0, 1, 2, 4, 3, 5])[named].ravel())
    truth, closed, extended = map(np.concatenate, (truth, closed, extended))
    known, all_valid = (truth >= 0) & (truth < 3), truth >= 0
    for miou, predicted in ((scores.known_miou, closed), (scores.known_miou_extended, extended)):
        expected = jaccard_score(truth[known], predicted[known], labels=[0, 1], average="macro")
        assert miou == pytest.approx(expected)
    expected = jaccard_score(
        truth[all_valid], extended[all_valid], labels=[0, 1, 3, 4, 6], average="macro", zero_division=0
    )
    assert scores.open_world_miou == pytest.approx(expected)
    matrix = confusion_matrix(truth[all_valid], extended[all_valid], labels=range(7))
    overlaps = scores.open_world
    assert (overlaps.hit == np.diagonal(matrix)).all()
    assert (overlaps.truth == matrix.sum(axis=1)).all()
    assert (overlaps.predicted == matrix.sum(axis=0)).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_large_vocabulary_meets_a_frame_without_anomalies(dtype):
    entries = tuple(Entry(f"word {index}", "g") for index in range(20_000))
    scores = SemanticScores(entries, 60, ("word 1", "word 0"))
    frame = LabelledFrame("f", np.zeros((6, 8), np.uint8), np.eye(6, 8, dtype=np.uint8))
    scores.add(frame, np.zeros((6, 8), dtype), np.zeros((6, 8), dtype), entries[:70])
    assert scores.known_miou == scores.open_world_miou == pytest.approx(6 / 48 / 2)
    assert scores.open_world.hit.size == len(entries) + 2


def test_a_class_that_is_not_approved_is_refused():
    with pytest.raises(ValueError, match="'suitcase', which is not an approved class"):
        SemanticScores(ENTRIES, 3, ("grass", "suitcase"))
