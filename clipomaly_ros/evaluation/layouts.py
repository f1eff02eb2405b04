"""Where public data sets keep image and label of each frame: folder in, paths by frame name out.

Each function knows the folders as their authors publish them, and says by DataError what it
expected and what it found in a folder of another kind. Frames without a label are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from clipomaly_ros.evaluation.kitti import DataError
from clipomaly_ros.evaluation.labelled_frames import IMAGE_SUFFIXES, images_by_name

Pairs = Mapping[str, tuple[Path, Path]]  # image and label by frame name, sorted
Layout = Callable[[Path], Pairs]

_LEFT, _FINE = "_leftImg8bit", "_gtFine_"


def smiyc_pairs(root: Path) -> Pairs:
    """SegmentMeIfYouCan: `images/NAME.jpg|png|webp`, `labels_masks/NAME_labels_semantic.png`."""
    if not (root / "images").is_dir():
        raise wrong_folder(root, "images and labels_masks")
    labels = root / "labels_masks"
    found = {
        name: (image, labels / f"{name}_labels_semantic.png")
        for name, image in images_by_name(root / "images").items()
    }
    return _labelled(root, found, "labels_masks/NAME_labels_semantic.png")


def road_anomaly_pairs(root: Path) -> Pairs:
    """RoadAnomaly as published: `frames/NAME.webp|jpg`, `frames/NAME.labels/labels_semantic.png`.

    Lis et al. 2019. The flat form of the same pictures, see smiyc_pairs, is read as well.
    """
    if (root / "images").is_dir():
        return smiyc_pairs(root)
    frames = root / "frames"
    if not frames.is_dir():
        raise wrong_folder(root, "frames, or images and labels_masks")
    found = {
        name: (image, frames / f"{name}.labels" / "labels_semantic.png")
        for name, image in images_by_name(frames).items()
    }
    return _labelled(root, found, "frames/NAME.labels/labels_semantic.png")


def fishyscapes_pairs(root: Path) -> Pairs:
    """Fishyscapes Lost & Found: its masks, beside the images of the Lost and Found data set.

    Masks: `fishyscapes_lostandfound/NNNN_ID_labels.png`, or the same in the folder itself. Images:
    `leftImg8bit/SPLIT/SEQUENCE/ID_leftImg8bit.png` as Lost and Found unpacks, or flat in
    `laf_images`. Blum et al. (arXiv 1904.03215). The flat form, see smiyc_pairs, is read as well.
    """
    if (root / "images").is_dir():
        return smiyc_pairs(root)
    masks = [
        path
        for folder in (root / "fishyscapes_lostandfound", root)
        for path in sorted(folder.glob("[0-9][0-9][0-9][0-9]_*_labels.png"))
    ]
    if not masks:
        raise wrong_folder(root, "fishyscapes_lostandfound/NNNN_ID_labels.png and leftImg8bit, or images")
    images = {
        path.name.split(_LEFT)[0]: path
        for folder in (root / "leftImg8bit", root / "laf_images")
        for path in sorted(folder.rglob(f"*{_LEFT}.*"))
        if path.suffix.lower() in IMAGE_SUFFIXES
    }
    found = {}
    for mask in masks:
        name = mask.name[len("0000_") : -len("_labels.png")]
        if name not in images:
            raise DataError(
                f"{root}: expected the image {name}{_LEFT}.png of {mask.name} below leftImg8bit or "
                "laf_images; unpack the images of Lost and Found there"
            )
        found[name] = (images[name], mask)
    return found


def cityscapes_pairs(root: Path, split: str = "val") -> Pairs:
    """Cityscapes: `leftImg8bit/SPLIT/CITY/ID_leftImg8bit.png`, `gtFine/SPLIT/CITY/ID_gtFine_*.png`.

    Labels with train numbers (labelTrainIds) where they have been made, else those with the numbers
    of all classes (labelIds), which are always there. Cordts et al. (arXiv 1604.01685).
    """
    folder = root / "leftImg8bit" / split
    images = sorted(folder.glob(f"*/*{_LEFT}.png"))
    if not images:
        raise wrong_folder(root, f"leftImg8bit/{split}/CITY/ID{_LEFT}.png and gtFine")
    found = {}
    for image in images:
        name = image.name[: -len(f"{_LEFT}.png")]
        start = root / "gtFine" / split / image.parent.name / f"{name}{_FINE}"
        trained = start.with_name(f"{start.name}labelTrainIds.png")
        every = start.with_name(f"{start.name}labelIds.png")
        found[name] = (image, trained if trained.is_file() else every)
    return _labelled(root, found, f"gtFine/{split}/CITY/ID{_FINE}labelTrainIds.png or ..labelIds.png")


def bdd_pairs(root: Path) -> Pairs:
    """BDD100K with its segmentation labels in train numbers, from which BDD-Anomaly is taken.

    First release: `seg/images/SPLIT/ID.jpg`, `seg/labels/SPLIT/ID_train_id.png`. Later ones:
    `images/10k/SPLIT/ID.jpg`, `labels/sem_seg/masks/SPLIT/ID.png`. Both splits with labels, train
    and val; root may be the folder `bdd100k` or the one that holds it. Yu et al. (arXiv 1805.04687).
    """
    layouts = (("seg/images", "seg/labels", "_train_id"), ("images/10k", "labels/sem_seg/masks", ""))
    for base in (root, root / "bdd100k"):
        for images, labels, ending in layouts:
            found = {
                path.stem: (path, base / labels / split / f"{path.stem}{ending}.png")
                for split in ("train", "val")
                for path in sorted((base / images / split).glob("*.jpg"))
            }
            if found:
                return _labelled(root, found, f"{labels}/SPLIT/ID{ending}.png")
    raise wrong_folder(root, "seg/images and seg/labels, or images/10k and labels/sem_seg/masks")


def wrong_folder(root: Path, expected: str) -> DataError:
    """Return the error for a folder of another kind, with what is in it instead."""
    if not root.is_dir():
        return DataError(f"{root}: expected a folder with {expected}, found no folder")
    inside = sorted(path.name for path in root.iterdir())
    listed = ", ".join(inside[:6]) + (" …" if len(inside) > 6 else "")
    return DataError(f"{root}: expected {expected} in it, found {listed or 'nothing'}")


def _labelled(root: Path, pairs: Pairs, expected: str) -> Pairs:
    found = {name: pair for name, pair in sorted(pairs.items()) if pair[1].is_file()}
    if not found:
        raise DataError(f"{root}: expected {expected} for the images, found none")
    return found
