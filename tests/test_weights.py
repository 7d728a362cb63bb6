"""Weights on disk: what is loaded is what was saved, PyTorch reads it, and a file is whole or not there."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

import nn
from autograd.files import replacing
from nn import weights


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


def test_weights_stored_by_pytorch_in_single_precision_load(tmp_path: Path, model: nn.MLP) -> None:
    weights.save(tmp_path / "w.safetensors", model)
    with safe_open(tmp_path / "w.safetensors", "np") as file:
        about = file.metadata()
    single = {name: t.astype(np.float32) for name, t in load_file(tmp_path / "w.safetensors").items()}
    save_file(single, tmp_path / "single.safetensors", about)
    loaded = weights.load(tmp_path / "single.safetensors")
    assert loaded.layers[0].neurons[0].w[0].data == float(single["layers.0.weight"][0, 0])


def test_loading_leaves_pythons_random_numbers_alone(tmp_path: Path, model: nn.MLP) -> None:
    import random

    weights.save(tmp_path / "w.safetensors", model)
    state = random.getstate()
    weights.load(tmp_path / "w.safetensors")
    assert random.getstate() == state


def edited(path: Path, **about: str | None) -> None:
    """The file at path with other metadata; None takes an entry out."""
    with safe_open(path, "np") as file:
        entries = file.metadata() | about
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
    ):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"w.safetensors is no safetensors file, or a damaged one"):
            weights.load(path)
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
