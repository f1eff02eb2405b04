"""Build description of the ament_python package clipomaly_ros."""

from pathlib import Path

from setuptools import find_packages, setup

PACKAGE = "clipomaly_ros"


def tree(folder: str) -> list[tuple[str, list[str]]]:
    """List the files below a folder as data_files of share/clipomaly_ros."""
    found: dict[str, list[str]] = {}
    for path in sorted(Path(folder).rglob("*")):
        # Python keeps compiled launch files beside the sources.
        if path.is_file() and not path.name.startswith(".") and "__pycache__" not in path.parts:
            found.setdefault(f"share/{PACKAGE}/{path.parent}", []).append(str(path))
    return sorted(found.items())


setup(
    name=PACKAGE,
    version="0.1.0",
    packages=find_packages(include=[PACKAGE, f"{PACKAGE}.*"]),
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
        *tree("launch"),
        *tree("config"),
        *tree("models/configs"),
        *tree("models/apron-mini"),
    ],
    zip_safe=False,
    author="clipomaly_ros maintainers",
    author_email="maintainers@clipomaly.example.org",
    maintainer="clipomaly_ros maintainers",
    maintainer_email="maintainers@clipomaly.example.org",
    description="Finds, names and localises what does not belong on an airport apron.",
    license="Apache-2.0",
    extras_require={
        "test": ["pytest"],  # where colcon looks for the test runner
        "simulation": ["embreex", "mapbox-earcut", "trimesh"],
    },
    entry_points={
        "console_scripts": [
            "anomaly_segmenter = clipomaly_ros.nodes.anomaly_segmenter:main",
            "hazard_fusion = clipomaly_ros.nodes.hazard_fusion:main",
            "clipomaly = clipomaly_ros.cli.main:main",
            "hazard_keep_out_bridge = clipomaly_ros.bridges.start:keep_out",
            "hazard_nav2_filter_info = clipomaly_ros.bridges.start:nav2_filter_info",
            "hazard_detection3d_bridge = clipomaly_ros.bridges.start:detection3d",
            "hazard_autoware_bridge = clipomaly_ros.bridges.start:autoware",
        ],
    },
)
