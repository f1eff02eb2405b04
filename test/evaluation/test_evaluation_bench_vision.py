"""`clipomaly bench vision`: its cases, what they are made of, and its figures; never how fast."""

import json
import sys
import threading

import numpy as np
import pytest

from clipomaly_ros.cli.main import main
from clipomaly_ros.evaluation.bench_machine import (
    added_name,
    peak_memory,
    physical_cores,
    processor_rate,
    product_peak,
    resident_memory,
)
from clipomaly_ros.evaluation.bench_timing import Timing
from clipomaly_ros.evaluation.bench_vision import (
    FixedEncoder,
    measure,
    noise_patches,
    noise_settings,
    resized_table,
)
from clipomaly_ros.evaluation.segmenter_source import SegmenterSource
from clipomaly_ros.vision.segmenter import AnomalySegmenter, SegmenterSettings
from clipomaly_ros.vision.types import TextTable, VisionError
from clipomaly_ros.vocabulary.entries import Entry, NameSource

STAGES = ["decode", "preprocess", "encode", "score", "regions", "naming", "labels", "message"]


class Shape:
    """What FixedEncoder takes from another encoder."""

    input_size, patch_size, mean, std = (64, 96), 16, (0.5,) * 3, (0.25,) * 3


def source_of(approved=5, words=3, dimension=16):
    entries = [Entry(f"class {i}", "g", source=NameSource.APPROVED) for i in range(approved)]
    entries += [Entry(f"word {i}", "g") for i in range(words)]
    table = TextTable(tuple(entries), np.eye(approved + words, dimension, dtype=np.float32), approved, "")
    return SegmenterSource("small", True, None, Shape(), table)


def test_a_table_is_cut_or_filled_to_the_size_asked_for():
    table = source_of().table
    for words in (0, 2, 3, 40):
        changed = resized_table(table, words, 0)
        assert len(changed.entries) == len(changed.embeddings) == 5 + words
        assert changed.approved_count == 5
        np.testing.assert_array_equal(changed.embeddings[: 5 + min(words, 3)], table.embeddings[: 5 + words])
        np.testing.assert_allclose(np.linalg.norm(changed.embeddings, axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(
        resized_table(table, 9, 1).embeddings, resized_table(table, 9, 1).embeddings
    )
    with pytest.raises(VisionError, match="words"):
        resized_table(table, -1, 0)


def test_noise_falls_apart_into_many_regions():
    source = source_of()
    patches = noise_patches(source, 0, 0.5)
    assert patches.shape == (4, 6, 16)
    np.testing.assert_allclose(np.linalg.norm(patches, axis=2), 1, atol=1e-5)
    assert len(np.unique((patches @ source.table.embeddings[:5].T).argmax(2))) == 5
    settings = SegmenterSettings(logit_scale=10.0, threshold_mode="frame_quantile", threshold=0.0)
    segmenter = AnomalySegmenter(FixedEncoder(Shape(), patches), source.table, noise_settings(settings))
    assert len(segmenter.segment(np.zeros((64, 96, 3), np.uint8)).regions) > 2


def test_each_frame_is_measured_once_and_warm_up_is_not_counted():
    source = source_of()
    calls = []

    class Counting(FixedEncoder):
        def encode(self, batch):
            calls.append(batch.shape)
            return super().encode(batch)

    encoder = Counting(Shape(), noise_patches(source, 0, 0.5))
    pictures = [np.full((48, 64, 3), value, np.uint8) for value in (0, 90)]
    case = measure("model", encoder, source.table, SegmenterSettings(logit_scale=10.0), pictures, 3)
    assert (case.name, case.size, case.words) == ("model", (48, 64), 3)
    assert list(case.stages) == STAGES
    values = [case.frame, case.rest, case.cpu, *case.stages.values()]
    assert {len(timing.values) for timing in values} == {3}
    assert set(calls) == {(1, 3, 64, 96)}
    assert len(calls) == 2 * 5  # two of warm-up; each once within the frame and once bare
    for index, frame in enumerate(case.frame.values):
        assert sum(timing.values[index] for timing in case.stages.values()) <= frame
        assert case.rest.values[index] < frame
    assert case.rate == pytest.approx(1000 / case.frame.median)


def test_a_name_is_added_to_what_was_there_each_time():
    table = source_of().table
    used, prompts = [], []

    class Words:
        def encode(self, texts):
            prompts.append(list(texts))
            return np.eye(16, dtype=np.float32)[: len(texts)]

    timing = added_name(table, Words(), used.append, 3)
    assert len(timing.values) == 3
    assert [len(item.entries) for item in used] == [9, 10, 11, 12]
    assert all(len(texts) == 1 and "new thing" in texts[0] for texts in prompts)
    for item in used:
        np.testing.assert_array_equal(item.embeddings[:8], table.embeddings)
        assert item.embeddings[-1, 0] == 1
    assert len({item.vocabulary_hash for item in used}) == 4


def test_the_machine_has_memory_and_does_sums():
    assert 0 < resident_memory() < 1.1 * peak_memory()  # the kernel counts both in coarse steps
    peak = product_peak(3, sides=(32, 64), runs=1)
    assert (peak.threads, peak.machine) == (3, 3 * peak.core)
    assert peak.core > 0
    assert peak.library in ("numpy", "onnxruntime")
    assert product_peak(sides=(64,), runs=1).threads == physical_cores()


def test_a_rate_is_that_of_the_fastest_run_by_processor_time_of_all_threads():
    calls, together = [], threading.Barrier(2, timeout=60)

    def product(number):
        together.wait()  # passes only if both run at the same time
        calls.append(number)

    # Start and end of four runs; the first, which would be the fastest, does not count.
    clock = iter([0.0, 0.1, 5.0, 9.0, 20.0, 20.5, 30.0, 33.0])
    rate = processor_rate([lambda: product(0), lambda: product(1)], 3e9, 3, lambda: next(clock))
    assert rate == pytest.approx(2 * 3.0 / 0.5)
    assert sorted(calls) == [0] * 4 + [1] * 4


def test_short_products_are_repeated_until_a_run_can_be_timed():
    calls, clock = [], iter([0.0, 1.0, 1.0, 3.0])
    rate = processor_rate([lambda: calls.append(1)], 3e8, 1, lambda: next(clock))
    assert len(calls) == 2 * 4  # 4 x 0.3e9 are the first 1e9
    assert rate == pytest.approx(4 * 0.3 / 2.0)


def test_two_threads_of_a_core_count_once(tmp_path):
    for number, siblings in enumerate(["0,4", "1,5", "2,6", "3,7", "0,4", "1,5"]):
        topology = tmp_path / f"cpu{number}" / "topology"
        topology.mkdir(parents=True)
        (topology / "thread_siblings_list").write_text(siblings + "\n")
    assert physical_cores(tmp_path, range(6)) == 4
    assert physical_cores(tmp_path, [1, 5]) == 1
    assert physical_cores(tmp_path / "nothing", range(3)) == 3
    assert physical_cores() >= 1


def test_medians_and_percentiles():
    timing = Timing([1.0, 9.0, 2.0])
    assert timing.median == 2.0
    assert timing.p95 == pytest.approx(8.3)


def test_the_command_prints_and_writes_every_case(tiny_bundle, tmp_path, capsys):
    file = tmp_path / "figures.json"
    arguments = ["bench", "vision", "--bundle", str(tiny_bundle.folder), "--size", "96x64", "48x80"]
    arguments += ["--frames", "1", "--words", "2", "300", "--json", str(file)]
    arguments += ["--reference", str(tiny_bundle.folder)]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    content = json.loads(file.read_text())
    assert [(case["case"], case["size"]) for case in content["cases"]] == [
        (name, size)
        for size in ([96, 64], [48, 80])
        for name in ("model", "dictionary", "dictionary", "noise")
    ]
    assert [case["words"] for case in content["cases"][1:3]] == [2, 300]
    assert set(content["naive"]) == {"96x64", "48x80"}
    for case in content["cases"]:
        assert list(case["stages"]) == STAGES
        assert (case["frames_per_second"] is not None) == (case["case"] == "model")
    assert set(content["added_name"]) == {"2", "300"}
    assert set(content["dictionary_ratio"]) == {"96x64", "48x80"}
    machine = content["machine"]
    assert all(value > 0 for value in machine.values())
    assert machine["gemm_gflops"] == machine["gemm_gflops_a_core"] * machine["gemm_threads"]
    for share, name in (("encoder_share_of_peak", "clock"), ("encoder_share_by_processor_time", "processor")):
        assert f"{100 * machine[share]:.0f} % " in printed, name
    assert content["precision"] == "fp32"
    assert content["backend"].startswith("onnxruntime ")
    assert content["alternatives"] == []
    assert content["comparison"]["cosine"]["least"] == pytest.approx(1.0, abs=1e-5)
    assert content["comparison"]["reference_ms"] > 0
    for case in content["cases"]:
        assert 0 < case["memory_mib"][0] < 1.1 * content["peak_resident_mib"]
    for word in ("a name added to 300 words", "dictionary 2 to 300 words", "peak of float32 products"):
        assert word in printed
    for word in ("dictionary 96x64, 300 words", "noise 48x80", "naive 48x80", "peak resident memory"):
        assert word in printed


@pytest.mark.parametrize(
    "wrong", [["--size", "96"], ["--size", "0x0"], ["--frames", "0"], ["--frames", "many"]]
)
def test_unusable_options_are_refused(wrong, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["bench", "vision", *wrong])
    assert stopped.value.code == 2
    assert wrong[0] in capsys.readouterr().err


def test_negative_dictionary_sizes_are_refused(tiny_bundle, capsys):
    arguments = ["bench", "vision", "--bundle", str(tiny_bundle.folder), "--size", "96x64"]
    assert main([*arguments, "--frames", "1", "--words=-5"]) == 2
    assert "words" in capsys.readouterr().err


def test_a_backend_that_is_missing_is_refused(tiny_bundle, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)  # how Python marks a module that is not there
    assert main(["bench", "vision", "--bundle", str(tiny_bundle.folder), "--backend", "openvino"]) == 2
    assert "expected the Python module openvino, found none" in capsys.readouterr().err
