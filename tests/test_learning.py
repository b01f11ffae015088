"""The filters learned by whitened k-means, on small noise and on two photographs."""

import pytest
import torch
import torch.nn.functional as F

from nst_helpers import DEFAULTS, extract_features, load_vgg19, preprocess, sample
from nst_helpers.layers import CONV_NAMES
from nst_helpers.learning import (
    learn_layer,
    learn_vgg19,
    main,
    patches,
    photographs,
    reference_maps,
    save_parameters,
    smooth,
    spherical_kmeans,
    whiten,
)
from nst_helpers.weights import EMBEDDED, find_weights


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def maps():
    return reference_maps([sample("cat"), sample("coffee")], sizes=(90, 60))


@pytest.fixture(scope="module")
def learned():
    heard = []
    images = [sample("cat").resize((150, 100)), sample("coffee").resize((150, 100))]
    made = learn_vgg19(images, (4, 6, 8, 8, 8), progress=lambda *news: heard.append(news), count=2_000)
    return made, heard


def test_reference_maps_hold_each_image_at_each_size_and_mirrored(maps):
    assert len(maps) == 2 * 2 * 2
    assert torch.equal(maps[4], maps[0].flip(3))
    assert max(maps[0].shape) == 90


def test_patches_are_pieces_of_the_maps():
    X = torch.arange(30.0).view(1, 1, 5, 6)
    rows = patches([X], 200, seeded())
    assert rows.shape == (30, 9)
    inner = {tuple(X[0, 0, i : i + 3, j : j + 3].flatten().tolist()) for i in range(3) for j in range(4)}
    assert sum(tuple(row.tolist()) in inner for row in rows) > 5


def test_whitening_makes_every_direction_vary_alike():
    x = torch.randn(4000, 5, generator=seeded()) @ torch.randn(5, 5, generator=seeded(1)) + 3
    mean, matrix = whiten(x, power=0.5, eps=1e-6)
    white = (x - mean) @ matrix
    assert torch.allclose(white.T @ white / len(x), torch.eye(5), atol=0.01)
    _, unchanged = whiten(x, power=0)
    assert torch.allclose(unchanged, torch.eye(5), atol=1e-4)


def test_kmeans_finds_the_directions_that_are_there():
    true = torch.eye(6)[:4]
    x = true.repeat(300, 1) * 3 + 0.1 * torch.randn(1200, 6, generator=seeded())
    found = spherical_kmeans(x, 4, seeded(2), rounds=20)
    assert torch.allclose(found.norm(dim=1), torch.ones(4), atol=1e-5)
    assert (found @ true.T).max(dim=1).values.min() > 0.95


def test_smooth_keeps_flat_filters_and_weakens_the_finest_pattern():
    flat = torch.ones(2, 3, 3, 3)
    assert torch.allclose(smooth(flat), flat)
    checkers = torch.tensor([[1.0, -1, 1], [-1, 1, -1], [1, -1, 1]]).expand(1, 1, 3, 3)
    assert smooth(checkers).abs().sum() < 0.7 * checkers.abs().sum()
    assert torch.equal(smooth(checkers, share=0), checkers)


def test_a_layer_has_mean_activation_one_and_is_what_the_convolution_computes(maps):
    weight, bias, after = learn_layer(maps, 5, seeded(), count=2_000)
    assert weight.shape == (5, 3, 3, 3) and bias.shape == (5,)
    means = torch.stack([Y.mean((0, 2, 3)) for Y in after]).mean(0)
    assert torch.allclose(means, torch.ones(5), atol=1e-4)
    again = F.relu(F.conv2d(F.pad(maps[0], (1, 1, 1, 1), mode="reflect"), weight, bias))
    assert torch.allclose(again, after[0], atol=1e-3)


def test_a_lower_threshold_keeps_more_units_active(maps):
    def active(alpha):
        return float(
            torch.cat([(Y > 0).float().flatten() for Y in learn_layer(maps, 5, seeded(), alpha=alpha)[2]]).mean()
        )

    assert active(-1.0) > active(0.0) > active(1.0)


def test_learned_network_loads_runs_and_reports_progress(learned, tmp_path):
    made, heard = learned
    assert [name for name, _ in heard] == list(CONV_NAMES) and heard[-1][1] == 1
    save_parameters(made, tmp_path / "mine.safetensors")
    read = find_weights(tmp_path / "mine.safetensors")
    assert (read.source, read.padding, read.pooling, read.widths) == ("learned", "reflect", "average", (4, 6, 8, 8, 8))
    assert torch.allclose(read.tensors["conv3_2.weight"], made.tensors["conv3_2.weight"], rtol=2e-3, atol=1e-4)
    net = load_vgg19(read, verbose=False)
    assert net.settings == DEFAULTS["embedded"] and "learned weights" in repr(net)
    _, (Y,) = extract_features(net, preprocess(sample("rocket"), (64, 96)), [], ["relu5_1"])
    assert Y.isfinite().all() and Y.mean() > 0.1


def test_same_seed_same_network(learned):
    images = [sample("cat").resize((150, 100)), sample("coffee").resize((150, 100))]
    again = learn_vgg19(images, (4, 6, 8, 8, 8), count=2_000)
    other = learn_vgg19(images, (4, 6, 8, 8, 8), seed=1, count=2_000)
    assert torch.equal(again.tensors["conv2_1.weight"], learned[0].tensors["conv2_1.weight"])
    assert not torch.equal(again.tensors["conv2_1.weight"], other.tensors["conv2_1.weight"])


def test_too_little_to_learn_from():
    with pytest.raises(ValueError, match="too few or too small"):
        learn_vgg19([sample("cat").resize((300, 20))], count=500)


def test_photographs_are_rgb_and_leave_the_test_pictures_out():
    images = photographs()
    assert len(images) >= 6 and all(img.mode == "RGB" for img in images)
    assert all(img.size not in (sample("cat").size, sample("coffee").size) for img in images)


def test_command_writes_a_file_and_says_how_long(monkeypatch, tmp_path, capsys):
    target = tmp_path / "embedded.safetensors"
    monkeypatch.setattr("nst_helpers.learning.EMBEDDED", target)
    monkeypatch.setattr("nst_helpers.learning.photographs", lambda: [sample("cat").resize((96, 64))])
    monkeypatch.setattr(
        "nst_helpers.learning.learn_vgg19",
        lambda images, progress: learn_vgg19(images, (4, 4, 4, 4, 4), progress=progress, count=500),
    )
    main()
    assert target.is_file() and "left" in capsys.readouterr().out
    assert find_weights(target).source == "embedded"


def test_the_shipped_file_is_small_and_holds_mean_activations_near_one():
    assert EMBEDDED.stat().st_size < 4_000_000
    net = load_vgg19("embedded", verbose=False)
    layers = [f"relu{block}_1" for block in range(1, 6)]
    _, maps = extract_features(net, preprocess(sample("cat"), (160, 240)), [], layers)
    assert all(0.4 < float(Y.mean()) < 2.5 for Y in maps)
