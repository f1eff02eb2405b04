"""Opening bags: topics found by type, and one clear line for everything that cannot be played."""

import shutil

import pytest
from replay_bags import START, BagBuilder, small_drive

from clipomaly_ros.cli.main import main
from clipomaly_ros.replay.bag_reader import Bag
from clipomaly_ros.replay.bag_types import BagError, is_latched


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return small_drive(tmp_path_factory.mktemp("bags") / "drive", odometry=True)


def test_topics_are_found_by_type(folder):
    with Bag(folder) as bag:
        chosen = bag.select()
        assert chosen.image.topic == "/front/image_raw/compressed"
        assert chosen.camera_info.topic == "/front/camera_info"
        assert chosen.points.topic == "/top/points"
        assert (chosen.tf.topic, chosen.tf_static.topic) == ("/tf", "/tf_static")
        assert chosen.image_transport == "compressed"


def test_an_mcap_file_and_a_folder_without_metadata_open_too(folder, tmp_path):
    file = next(folder.glob("*.mcap"))
    with Bag(file) as bag:
        topics = bag.topics()
    shutil.copy(file, tmp_path / "alone.mcap")
    with Bag(tmp_path) as bag:
        assert bag.topics() == topics


def test_a_cut_recording_is_called_one_and_other_damage_is_not(folder, tmp_path):
    with pytest.raises(BagError, match="mcap recover"):
        Bag(broken(tmp_path, folder, "cut"))
    with pytest.raises(BagError) as error:
        Bag(broken(tmp_path, folder, "garbage"))
    assert "recover" not in str(error.value)


def test_topics_that_were_not_taken_are_known(tmp_path):
    builder = BagBuilder()
    for name in ("a", "b"):
        builder.camera_info(f"/{name}/camera_info", START)
        builder.image(f"/{name}/image_raw/compressed", START)
        builder.cloud(f"/{name}/points", START)
    with Bag(builder.write(tmp_path / "two")) as bag:
        chosen = bag.select()
        assert bag.others_like(chosen.points, (chosen.points.msgtype,)) == ["/b/points"]
        assert bag.others_like(chosen.image, (chosen.image.msgtype,)) == ["/b/image_raw/compressed"]


def test_calibration_of_the_chosen_camera_is_preferred(tmp_path):
    builder = BagBuilder()
    for name in ("a_back", "front"):
        builder.camera_info(f"/{name}/camera_info", START)
        builder.image(f"/{name}/image_raw/compressed", START)
    builder.image("/depth/image/compressed", START)
    builder.image("/overlay/compressed", START)
    builder.cloud("/points", START)
    with Bag(builder.write(tmp_path / "two")) as bag:
        assert bag.select().camera_info.topic == "/a_back/camera_info"
        chosen = bag.select(image="/front/image_raw/compressed")
        assert chosen.camera_info.topic == "/front/camera_info"
        assert chosen.tf is None


def test_static_transforms_count_as_latched_without_qos(folder, tmp_path):
    with Bag(folder) as bag:
        chosen = bag.select()
        assert is_latched(chosen.tf_static)
        assert not is_latched(chosen.tf)
    with Bag(small_drive(tmp_path / "qos", frames=1, with_qos=True)) as bag:
        assert is_latched(bag.select().tf_static)
        assert not is_latched(bag.select().image)


def test_a_damaged_message_names_topic_and_type(folder):
    with Bag(folder) as bag:
        chosen = bag.select()
        with pytest.raises(BagError, match="/front/camera_info is not a sensor_msgs/msg/CameraInfo"):
            bag.read(b"\x00\x01\x00\x00\x01\x02\x03", chosen.camera_info)


def broken(tmp_path, folder, how):
    if how == "nowhere":
        return tmp_path / "nowhere"
    if how == "garbage":
        (tmp_path / "garbage.mcap").write_bytes(b"this is no mcap at all" * 50)
        return tmp_path / "garbage.mcap"
    if how == "empty":
        (tmp_path / "empty.mcap").touch()
        return tmp_path / "empty.mcap"
    if how == "text":
        (tmp_path / "notes.txt").write_text("hello")
        return tmp_path / "notes.txt"
    copy = tmp_path / "drive"
    shutil.copytree(folder, copy)
    file = next(copy.glob("*.mcap"))
    data = file.read_bytes()
    if how == "cut":
        file.write_bytes(data[: len(data) // 2])
    elif how == "metadata":
        (copy / "metadata.yaml").write_text("rosbag2_bagfile_information: [")
    elif how == "scrambled":
        middle = len(data) // 3
        file.write_bytes(
            data[:middle] + bytes(255 - byte for byte in data[middle : middle + 400]) + data[middle + 400 :]
        )
    elif how == "missing file":
        file.unlink()
    return copy


@pytest.mark.parametrize(
    "how", ["nowhere", "garbage", "empty", "text", "cut", "metadata", "scrambled", "missing file"]
)
def test_an_unreadable_bag_is_one_line_and_exit_code_2(folder, tmp_path, capsys, how):
    path = broken(tmp_path, folder, how)
    assert main(["replay", "--bag", str(path), "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err.splitlines()
    assert [line for line in error if not line.startswith("[replay]")] == error[-1:]
    assert error[-1].startswith(f"clipomaly replay: bag {path}: ")


@pytest.mark.parametrize(
    ("lacks", "word"), [("image", "image"), ("points", "PointCloud2"), ("all", "/chatter")]
)
def test_a_bag_without_the_topics_lists_what_it_has(tmp_path, capsys, lacks, word):
    builder = BagBuilder()
    builder.text("/chatter", START)
    if lacks != "all":
        builder.camera_info("/front/camera_info", START)
    if lacks == "image":
        builder.cloud("/top/points", START)
    if lacks == "points":
        builder.image("/front/image_raw/compressed", START)
    path = builder.write(tmp_path / "bag")
    assert main(["replay", "--bag", str(path), "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err.splitlines()
    assert len(error) == 1
    assert word in error[0]
    assert "found: " in error[0]
    assert "/chatter (std_msgs/msg/String, 1)" in error[0]
    assert not (tmp_path / "out").exists()


def test_a_named_topic_of_another_type_is_refused(folder, tmp_path, capsys):
    arguments = [
        "replay",
        "--bag",
        str(folder),
        "--out",
        str(tmp_path / "out"),
        "--image-topic",
        "/top/points",
    ]
    assert main(arguments) == 2
    assert "no topic /top/points with messages of type" in capsys.readouterr().err


def test_a_folder_with_other_things_is_never_emptied(folder, tmp_path, capsys):
    (tmp_path / "thesis.tex").write_text("years of work")
    assert main(["replay", "--bag", str(folder), "--out", str(tmp_path)]) == 2
    assert "is not empty" in capsys.readouterr().err
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_a_bag_in_the_results_folder_is_not_emptied_away(folder, tmp_path, capsys):
    bag = shutil.copytree(folder, tmp_path / "out" / "bag")
    (tmp_path / "out" / ".clipomaly_replay").touch()
    assert main(["replay", "--bag", str(bag), "--out", str(tmp_path / "out")]) == 2
    assert "which is emptied first" in capsys.readouterr().err
    assert (bag / "metadata.yaml").exists()


def test_a_missing_bundle_is_refused_before_anything_starts(folder, tmp_path, capsys):
    arguments = [
        "replay",
        "--bag",
        str(folder),
        "--out",
        str(tmp_path / "out"),
        "--bundle",
        str(tmp_path / "b"),
    ]
    assert main(arguments) == 2
    assert "no such folder" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
