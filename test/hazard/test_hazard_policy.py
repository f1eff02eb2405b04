from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from clipomaly_ros.hazard.policy import load_policy, parse_policy
from clipomaly_ros.hazard.types import Action, HazardError, Severity, Support

ROOT = Path(__file__).resolve().parents[2]
POLICY = load_policy(ROOT / "config" / "hazard_policy.yaml")

MINIMAL = {
    "version": 1,
    "rows": {
        "unknown": {
            "groups": ["unsorted"],
            "validity": 5.0,
            "bands": [
                {"max_size": 0.3, "severity": "low", "action": "log", "keep_out": 1.0},
                {"severity": "high", "action": "stop", "keep_out": 2},
            ],
        }
    },
}


def changed(path, value):
    """Return the minimal policy as text with one place changed; None removes it."""
    content = yaml.safe_load(yaml.safe_dump(MINIMAL))
    place = content
    for key in path[:-1]:
        place = place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return yaml.safe_dump(content)


ROW = ("rows", "unknown")
BAND = (*ROW, "bands", 0)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("version",), 2, "version 1"),
        (("rows",), {}, "rows"),
        (
            ("rows", "other"),
            MINIMAL["rows"]["unknown"],
            "row 'unknown', key 'groups': 'unsorted' belongs to row 'other'",
        ),
        (("extra",), 1, "unknown key 'extra'"),
        (("solid",), "person", "'solid'.*list of names"),
        (("solid",), ["person", "person"], "'solid'.*twice"),
        (("authority",), {"seen_through": {"evidence": -1, "confirms": False}}, "'seen_through'.*'evidence'"),
        (("authority",), {"radar": {}}, "'authority'.*unknown key 'radar'"),
        (("authority",), {"fused": {"evidence": 1.0}}, "'authority'.*'fused'.*'confirms' is missing"),
        (("authority",), {"fused": {"evidence": -1, "confirms": True}}, "'fused'.*'evidence'"),
        (("authority",), {"fused": {"evidence": 1, "confirms": 1}}, "'fused'.*'confirms'.*true or false"),
        ((*ROW, "validity"), None, "'unknown': key 'validity' is missing"),
        ((*ROW, "validity"), 0, "'unknown'.*'validity'.*more than 0"),
        ((*ROW, "validity"), "long", "'unknown'.*'validity'.*number"),
        ((*ROW, "groups"), "unsorted", "'unknown'.*'groups'.*list"),
        ((*ROW, "groups"), ["a", "a"], "'groups'.*twice"),
        ((*ROW, "bands"), [], "'bands'"),
        ((*ROW, "bands", 1, "max_size"), 1.0, "'bands'.*last band"),
        ((*BAND, "max_size"), None, "'bands'.*only the last"),
        ((*BAND, "severity"), "awful", "band 1.*'severity'.*critical"),
        ((*BAND, "action"), 3, "band 1.*'action'.*stop_reroute"),
        ((*BAND, "keep_out"), -1, "band 1.*'keep_out'"),
        ((*BAND, "keep_out"), float("nan"), "band 1.*'keep_out'.*finite"),
        ((*BAND, "keep_out"), True, "band 1.*'keep_out'"),
        ((*BAND, "keepout"), 1, "band 1.*unknown key 'keepout'"),
        ((*BAND, "names"), [], "band 1.*'names'"),
        ((*ROW, "movable"), {"speed": 1, "growth": 2}, "'movable'.*'duration' is missing"),
    ],
)
def test_an_error_names_row_and_key(path, value, words):
    with pytest.raises(HazardError, match=words):
        parse_policy(changed(path, value))


@pytest.mark.parametrize(
    "text", ["", "[]", "rows: [", "&a [*a]", "!!python/object:os.system {}", "x" * (1 << 19)]
)
def test_what_is_no_policy_is_refused(text):
    with pytest.raises(HazardError):
        parse_policy(text)


def test_without_a_row_for_the_unknown_there_is_no_policy():
    with pytest.raises(HazardError, match="expected a row 'unknown'"):
        parse_policy(changed(("rows",), {"fod": MINIMAL["rows"]["unknown"]}))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(HazardError, match=r"none\.yaml"):
        load_policy(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("group", "size", "distance", "height", "name", "severity", "action", "keep_out"),
    [
        ("hardware", 0.03, 20, 0.02, "bolt", Severity.LOW, Action.LOG, 1.0),
        ("tools", 0.10, 20, 0.05, "wrench", Severity.MEDIUM, Action.SLOW, 1.0),
        ("tools", 0.25, 20, 0.05, "wrench", Severity.MEDIUM, Action.SLOW, 2.0),
        ("baggage", 0.70, 20, 0.5, "suitcase", Severity.HIGH, Action.STOP, 2.0),
        ("person", 1.8, 25, 1.8, "person", Severity.MEDIUM, Action.SLOW, 3.0),
        ("person", 1.8, 9, 1.8, "person", Severity.HIGH, Action.SLOW, 3.0),
        ("person", 1.8, 2, 1.8, "person", Severity.CRITICAL, Action.STOP, 3.0),
        ("person", 1.8, None, 1.8, "person", Severity.CRITICAL, Action.STOP, 3.0),
        ("animals", 0.4, 50, 0.3, "hare", Severity.HIGH, Action.STOP, 3.0),
        ("aircraft", 30, 50, 5, "wingtip", Severity.HIGH, Action.NONE, 3.0),
        ("aircraft", 30, 50, 5, "engine nacelle", Severity.HIGH, Action.NONE, 5.0),
        ("fluids", 2, 50, 0, "fuel spill", Severity.HIGH, Action.STOP_REROUTE, 6.0),
        ("smoke_fire", 2, 50, 2, "smoke", Severity.CRITICAL, Action.STOP, 10.0),
        ("", 1.2, 50, 1.2, "", Severity.HIGH, Action.ASK_OPERATOR, 5.0),
        ("", 0.2, 50, 0.1, "", Severity.MEDIUM, Action.SLOW, 2.0),
        ("never heard of", 0.5, 50, 0.1, "thing", Severity.HIGH, Action.STOP, 2.0),
    ],
)
def test_the_default_table_is_the_one_of_the_airside_rules(
    group, size, distance, height, name, severity, action, keep_out
):
    decision = POLICY.decide(group, size, distance, height, name)
    assert (decision.severity, decision.action, decision.keep_out) == (severity, action, keep_out)


@given(
    st.text(max_size=20),
    st.floats(0, 100),
    st.one_of(st.none(), st.floats(0, 1e4), st.just(float("nan"))),
    st.floats(0, 50),
    st.text(max_size=10),
)
def test_every_question_has_an_answer_and_nearer_is_never_less_severe(group, size, distance, height, name):
    decision = POLICY.decide(group, size, distance, height, name)
    assert decision.validity > 0
    assert POLICY.decide(group, size, None, height, name).severity >= decision.severity


def test_every_group_of_the_vocabulary_has_a_row():
    groups = set()
    for path in sorted((ROOT / "config" / "vocabulary").glob("*.yaml")):
        content = yaml.safe_load(path.read_text())
        for entry in [*content.get("approved", []), *content.get("candidates", [])]:
            groups |= {entry["group"], entry.get("hazard", entry["group"])}
    assert groups, "no vocabulary files found"
    listed = {group for row in POLICY.rows.values() for group in row.groups} | set(POLICY.rows)
    assert groups <= listed


def test_what_can_move_is_movable():
    assert POLICY.row("person").movable is not None
    assert POLICY.row("animals").movable is not None
    assert POLICY.row("hardware").movable is None
    assert POLICY.row("human").movable is not None, "people of the street vocabulary"


@pytest.mark.parametrize(
    "text", ["rows: &a [x]\nversion: *a", "version: " + "9" * 10_000, "version: 2020-99-99"]
)
def test_yaml_that_asks_for_too_much_is_refused_with_its_origin(text):
    with pytest.raises(HazardError, match=r"^policy\.yaml: "):
        parse_policy(text, "policy.yaml")


def test_returns_alone_have_less_authority_than_masks():
    authority = POLICY.authority
    assert not authority[Support.LIDAR_ONLY].confirms
    assert all(authority[kind].confirms for kind in (Support.FUSED, Support.GROUND_PLANE))
    assert max(Support, key=lambda kind: authority[kind].evidence) is Support.FUSED
    plain = parse_policy(yaml.safe_dump(MINIMAL))
    assert plain.authority == authority, "the file repeats the defaults"
    assert plain.seen_through == POLICY.seen_through
    assert not plain.solid
    entry = {"seen_through": {"evidence": 0.2, "confirms": True}}
    assert parse_policy(changed(("authority",), entry)).seen_through.confirms


def test_a_policy_may_let_returns_confirm():
    entry = {"lidar_only": {"evidence": 0.5, "confirms": True}}
    given = parse_policy(changed(("authority",), entry)).authority[Support.LIDAR_ONLY]
    assert (given.evidence, given.confirms) == (0.5, True)


@pytest.mark.parametrize(
    ("group", "stands"),
    [
        ("vehicle", True),
        ("structure", True),
        ("surface", False),
        ("sky", False),
        ("", False),
        ("nothing", False),
    ],
)
def test_ground_and_sky_are_in_nobodys_way(group, stands):
    assert POLICY.obstructs(group) is stands
