"""Weights on disk: what is loaded is what was saved, PyTorch reads it, and a file is whole or not there."""

from __future__ import annotations

import hashlib
import json
import math
import struct
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load as load_bytes
from safetensors.numpy import load_file, save_file

import nn
from autograd.files import replacing
from nn import tensors, weights

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def model() -> nn.MLP:
    return nn.MLP(3, [5, 4, 2], activation="tanh", output="sigmoid", init="gaussian", seed=3)


@pytest.mark.parametrize("nouts", [[2], [5, 4, 2], [1, 1]])
def test_a_loaded_network_is_the_saved_one_to_the_bit(tmp_path: Path, nouts: list[int]) -> None:
    model = nn.MLP(3, nouts, activation="relu", output="tanh", init="gaussian", seed=3)
    weights.save(tmp_path / "w.safetensors", model, note="a test")
    again = weights.load(tmp_path / "w.safetensors")
    assert again.state_dict() == model.state_dict()
    assert repr(again) == repr(model)
    x = [0.3, -0.2, 0.9]
    assert str(again(x)) == str(model(x))
    with safe_open(tmp_path / "w.safetensors", "np") as file:
        assert file.metadata()["note"] == "a test"


def test_names_and_shapes_are_pytorchs(tmp_path: Path, model: nn.MLP) -> None:
    weights.save(tmp_path / "w.safetensors", model)
    tensors = load_file(tmp_path / "w.safetensors")
    assert {name: tensor.shape for name, tensor in tensors.items()} == {
        "layers.0.weight": (5, 3),
        "layers.0.bias": (5,),
        "layers.1.weight": (4, 5),
        "layers.1.bias": (4,),
        "layers.2.weight": (2, 4),
        "layers.2.bias": (2,),
    }
    assert tensors["layers.1.weight"][3, 1] == model.layers[1].neurons[3].w[1].data


def test_pytorch_loads_it_and_computes_the_same(tmp_path: Path, model: nn.MLP) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the referee here, and is not installed")
    from safetensors.torch import load_file as load_in_torch

    weights.save(tmp_path / "w.safetensors", model)
    net = torch.nn.Module()
    net.layers = torch.nn.ModuleList(torch.nn.Linear(i, o) for i, o in ((3, 5), (5, 4), (4, 2))).double()
    net.load_state_dict(load_in_torch(tmp_path / "w.safetensors"))
    a = torch.tensor([0.3, -0.2, 0.9], dtype=torch.float64)
    for f, layer in zip((torch.tanh, torch.tanh, torch.sigmoid), net.layers, strict=True):
        a = f(layer(a))
    ours = [y.data for y in model([0.3, -0.2, 0.9])]
    assert ours == pytest.approx(a.tolist(), rel=1e-14)  # sums of up to five terms, in another order


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_weights_from_elsewhere_in_any_precision_load_and_say_that_they_are_unchecked(
    tmp_path: Path, model: nn.MLP, kind: type
) -> None:
    weights.save(tmp_path / "w.safetensors", model)
    with safe_open(tmp_path / "w.safetensors", "np") as file:
        about = file.metadata()
    del about["sha256"]
    single = {name: t.astype(kind) for name, t in load_file(tmp_path / "w.safetensors").items()}
    save_file(single, tmp_path / "single.safetensors", about)
    with pytest.warns(weights.UncheckedWarning, match=r"single\.safetensors has no checksum"):
        loaded = weights.load(tmp_path / "single.safetensors")
    assert loaded.state_dict() == {name: t.astype(np.float64).tolist() for name, t in single.items()}
    assert type(loaded.layers[0].neurons[0].w[0].data) is float


def test_loading_leaves_pythons_random_numbers_alone(tmp_path: Path, model: nn.MLP) -> None:
    import random

    weights.save(tmp_path / "w.safetensors", model)
    state = random.getstate()
    weights.load(tmp_path / "w.safetensors")
    assert random.getstate() == state


def edited(path: Path, **about: str | None) -> None:
    """The file at path with other metadata, as an honest editor leaves it; None takes an entry out."""
    with safe_open(path, "np") as file:
        entries = file.metadata() | {"sha256": None} | about
    save_file(load_file(path), path, {key: text for key, text in entries.items() if text is not None})


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"format": None}, "so how to build one is unknown"),
        ({"sizes": None}, "describes no network: it has no 'sizes'"),
        ({"sizes": "[3, 5, 4, 3]"}, r"its sizes are \[3, 5, 4, 3\], but its tensors"),
        ({"sizes": "[1000000000, 1000000000]"}, "its sizes are"),  # at once, without building it
        ({"sizes": "[3]"}, "describes no network"),
        ({"sizes": "3"}, "describes no network"),
        ({"sizes": '["3", 5, 4, 2]'}, "describes no network"),
        ({"sizes": "__import__('os')"}, "describes no network"),
        ({"sizes": "[3, 5, 4, 2.0]"}, "sizes are two whole numbers or more"),
        ({"sizes": "[3, -5, 4, 2]"}, "sizes are two whole numbers or more"),
        ({"sizes": "[" * 100_000}, "sizes are two whole numbers or more, .*…"),
        ({"sizes": "9" * 5000}, "sizes are two whole numbers or more, .*…"),
        ({"activation": "dot"}, "describes no network: .*'dot'"),
        ({"activation": "nonsense"}, "describes no network: .*'nonsense'"),
    ],
)
def test_a_file_that_describes_another_network_is_refused(
    tmp_path: Path, model: nn.MLP, about: dict[str, str | None], says: str
) -> None:
    path = tmp_path / "w.safetensors"
    weights.save(path, model)
    edited(path, **about)
    with pytest.raises(ValueError, match=f"w.safetensors .*{says}"):
        weights.load(path)


def framed(header: bytes, numbers: bytes = bytes(16)) -> bytes:
    return struct.pack("<Q", len(header)) + header + numbers


def entry(**about: object) -> bytes:
    return json.dumps({"a": {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]} | about}).encode()


assert load_bytes(framed(entry()))["a"].shape == (2,)  # what the hostile ones differ from in one thing

HOSTILE = {
    "nested lists": b'{"a":' + b"[" * 100_000,
    "nested tables": b'{"a":' * 100_000,
    "nothing": b"",
    "a number": b"1",
    "a list": b"[]",
    "space before": b" {}",
    "two tables": b"{}{}",
    "not UTF-8": b'{"\xff":1}',
    "NaN": b'{"a":NaN}',
    "a number of 5000 digits": b'{"a":' + b"9" * 5000 + b"}",
    "a name twice": entry()[:-1] + b"," + entry()[1:],
    "a key twice": entry().replace(b'{"dtype"', b'{"dtype":"F32","dtype"'),
    "metadata of numbers": b'{"__metadata__":{"a":1}}',
    "metadata in a list": b'{"__metadata__":[]}',
    "no table": b'{"a":null}',
    "no dtype": b'{"a":{"shape":[2],"data_offsets":[0,16]}}',
    "a type that is no text": entry(dtype=[]),
    "an unknown type": entry(dtype="F63"),
    "a type with line breaks": entry(dtype="F\n\x1b[31m64" * 50),
    "a shape that is no list": entry(shape=2),
    "a shape of floats": entry(shape=[2.0]),
    "a shape of truths": entry(shape=[True, 2]),
    "a negative shape": entry(shape=[-2, -1]),
    "a shape too large": entry(shape=[1 << 62]),
    "a shape whose product overflows": entry(shape=[1 << 32, 1 << 32, 1 << 1]),
    "a shape of nothing and very much": entry(shape=[0] + [1 << 62] * 3, data_offsets=[0, 0]),
    "too many dimensions": entry(shape=[1] * 10_000 + [2]),
    "one offset": entry(data_offsets=[16]),
    "offsets backwards": entry(data_offsets=[16, 0]),
    "a negative offset": entry(data_offsets=[-16, 0]),
    "offsets outside": entry(data_offsets=[0, 1 << 60]),
    "a hole": entry(shape=[1], data_offsets=[8, 16]),
    "bytes left over": entry(shape=[1], data_offsets=[0, 8]),
    "an overlap": entry()[:-1] + b"," + entry()[1:].replace(b'"a"', b'"b"'),
}


def test_a_damaged_file_is_refused(tmp_path: Path, model: nn.MLP) -> None:
    path = tmp_path / "w.safetensors"
    weights.save(path, model)
    whole = path.read_bytes()
    header = json.dumps({"layers.0.weight": {"dtype": "F64", "shape": [5, 3], "data_offsets": [0, 1 << 60]}}).encode()
    for damaged in (
        b"",
        whole[:5],
        whole[:-1],
        whole + b"\0",
        b"no safetensors at all",
        struct.pack("<Q", len(header)) + header,
        b"\x80\x04\x95",  # how a pickle begins
        *(framed(header) for header in HOSTILE.values()),
    ):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"w.safetensors is no safetensors file, or a damaged one") as error:
            weights.load(path)
        assert "\n" not in str(error.value)
        assert len(str(error.value)) < 250 + len(str(path))
    with pytest.raises(FileNotFoundError, match="absent is no file"):
        weights.load(tmp_path / "absent")
    with pytest.raises(FileNotFoundError, match="is no file"):
        weights.load(tmp_path)


def test_a_network_that_could_not_be_built_again_is_not_saved(tmp_path: Path, model: nn.MLP) -> None:
    own = nn.MLP(2, [2, 1], activation=lambda z: z * z)
    mixed = nn.MLP(3, [5, 4, 2])
    mixed.layers[1] = model.layers[1]  # tanh between ReLU and linear
    for unknown in (own, mixed):
        with pytest.raises(ValueError, match=r"only what nn\.MLP|an activation is"):
            weights.save(tmp_path / "w.safetensors", unknown)
    assert list(tmp_path.iterdir()) == []


def test_the_same_weights_are_the_same_bytes_whatever_their_order(tmp_path: Path, model: nn.MLP) -> None:
    """In a process of its own, where sets and the tables of other languages have another order."""
    files = []
    for k, about in enumerate(({"a": "1", "b": "2", "c": "3"}, {"c": "3", "b": "2", "a": "1"})):
        weights.save(tmp_path / f"{k}.safetensors", model, **about)
        files.append((tmp_path / f"{k}.safetensors").read_bytes())
    code = (
        "import sys, nn; from nn import weights; weights.save(sys.argv[1], "
        "nn.MLP(3, [5, 4, 2], activation='tanh', output='sigmoid', init='gaussian', seed=3), b='2', a='1', c='3')"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path / "2.safetensors"], check=True, cwd=ROOT)
    files.append((tmp_path / "2.safetensors").read_bytes())
    assert files[0] == files[1] == files[2]


def test_the_checksum_is_that_of_the_texts_the_types_the_shapes_and_the_bytes(tmp_path: Path, model: nn.MLP) -> None:
    """Computed as the docstring describes it, from what the format's own library reads."""
    path = tmp_path / "w.safetensors"
    weights.save(path, model, note="½")
    with safe_open(path, "np") as file:
        texts = file.metadata()
    arrays = sorted(load_file(path).items())
    given = texts.pop("sha256")
    about = {"metadata": texts, "tensors": {name: ["F64", list(array.shape)] for name, array in arrays}}
    hashed = json.dumps(about, sort_keys=True, separators=(",", ":")).encode() + b"".join(
        a.tobytes() for _, a in arrays
    )
    assert hashlib.sha256(hashed).hexdigest() == given


def test_a_flipped_bit_of_any_byte_is_noticed(tmp_path: Path) -> None:
    """A file may still say the same, as where a space of the header became a tab; it may never say something else."""
    path = tmp_path / "w.safetensors"
    model = nn.MLP(2, [2, 1], activation="tanh", init="gaussian", seed=1)
    weights.save(path, model)
    whole, read = path.read_bytes(), 0
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8
        path.write_bytes(damaged)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                loaded = weights.load(path)
            except ValueError:
                continue
        read += 1
        assert (loaded.state_dict(), repr(loaded)) == (model.state_dict(), repr(model))
        assert not said or b'"sha256"' not in damaged
    assert read <= 6 + 7  # the letters of sha256, and up to seven spaces


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_weight_that_is_not_finite_is_refused_by_name(tmp_path: Path, model: nn.MLP, number: float) -> None:
    model.layers[1].neurons[2].w[3].data = number
    weights.save(tmp_path / "w.safetensors", model)
    with pytest.raises(ValueError, match=rf"finite numbers, and layers\.1\.weight\[2, 3\] is {number}"):
        weights.load(tmp_path / "w.safetensors")


def test_weights_that_are_whole_numbers_and_too_many_weights_are_refused(tmp_path: Path, model: nn.MLP) -> None:
    path = tmp_path / "w.safetensors"
    weights.save(path, model)
    with pytest.raises(ValueError, match=r"it has 54 parameters, and at most 53 are loaded: load\(…, most=54\)"):
        weights.load(path, most=53)
    assert weights.load(path, most=54).state_dict() == model.state_dict()
    stored = tensors.read(path)
    tensors.write(path, {name: t.astype(np.int64) for name, t in stored.tensors.items()}, stored.metadata)
    with pytest.raises(ValueError, match=r"layers\.0\.bias is an array of int64, and weights are floats"):
        weights.load(path)


KINDS = ["float64", "float32", "float16", *(f"{u}int{n}" for u in ("", "u") for n in (8, 16, 32, 64)), "bool"]


def test_arrays_of_every_kind_and_shape_are_read_as_written_by_the_formats_own_library_too(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    shapes = [(), (1,), (0,), (3, 0, 2), (5,), (2, 3), (2, 1, 3)]
    given = {f"{k}.{i}": (rng.normal(size=s) * 50).astype(k) for k in KINDS for i, s in enumerate(shapes)}
    given["turned"] = np.arange(6.0).reshape(2, 3).T
    given["big-endian"] = np.arange(3, dtype=">i4")
    texts = {"ü\n": '"\\', "": "", "sha256": "overwritten"}
    tensors.write(tmp_path / "a.safetensors", given, texts)
    stored = tensors.read(tmp_path / "a.safetensors")
    assert stored.checked
    assert stored.metadata == {"ü\n": '"\\', "": ""}
    native = {name: np.array(a, a.dtype.newbyteorder("="), order="C") for name, a in given.items()}
    save_file(native, tmp_path / "b")
    for found in (stored.tensors, load_file(tmp_path / "a.safetensors"), tensors.read(tmp_path / "b").tensors):
        assert found.keys() == given.keys()
        for name, array in given.items():
            assert (found[name].shape, found[name].dtype.kind) == (array.shape, array.dtype.kind)
            assert (found[name] == array).all()
    assert not tensors.read(tmp_path / "b").checked


def test_what_cannot_be_stored_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="a is an array of complex128, and only F64"):
        tensors.write(tmp_path / "a", {"a": [1j]}, {})
    with pytest.raises(TypeError, match="metadata are texts, not 'epoch': 3"):
        tensors.write(tmp_path / "a", {"a": [1.0]}, {"epoch": 3})  # type: ignore[dict-item]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, ValueError])
def test_an_interrupted_write_leaves_what_was_there(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "folder" / "note.txt"
    with replacing(path) as temporary:
        temporary.write_text("first")

    def write_half() -> None:
        with replacing(path) as temporary:
            temporary.write_text("sec")
            raise error

    with pytest.raises(error):
        write_half()
    assert path.read_text() == "first"
    assert [p.name for p in path.parent.iterdir()] == ["note.txt"]


def test_a_file_is_readable_like_any_other(tmp_path: Path, model: nn.MLP) -> None:
    weights.save(tmp_path / "w.safetensors", model)
    (tmp_path / "other").write_text("made in the usual way")
    assert (tmp_path / "w.safetensors").stat().st_mode == (tmp_path / "other").stat().st_mode
