import pytest
import torch

from nst_helpers import STYLE_LOSSES, compute_loss, content_loss, gram, style_loss, tv_loss
from nst_helpers.settings import CHOICES


def rand(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_content_loss():
    A, B = rand(1, 2, 3, 4), rand(1, 2, 3, 4, seed=1)
    total = sum((float(a) - float(b)) ** 2 for a, b in zip(A.flatten(), B.flatten()))
    assert content_loss(A, B).item() == pytest.approx(total / 24, rel=1e-5)
    assert content_loss(A, A) == 0


def naive_gram(X):
    _, c, h, w = X.shape
    G = torch.zeros(c, c)
    for i in range(c):
        for j in range(c):
            for y in range(h):
                for x in range(w):
                    G[i, j] += X[0, i, y, x] * X[0, j, y, x]
    return G / (c * h * w)


@pytest.mark.parametrize("shape", [(1, 2, 3, 4), (1, 4, 1, 5), (1, 1, 2, 2)])
def test_gram(shape):
    X = rand(*shape)
    assert torch.allclose(gram(X), naive_gram(X), atol=1e-6)
    assert torch.equal(gram(X), gram(X).T)


def test_gram_forgets_where():
    X = rand(1, 3, 4, 5)
    shuffled = X.flatten(2)[:, :, torch.randperm(20)].reshape(X.shape)
    assert torch.allclose(gram(X), gram(shuffled), atol=1e-6)


def test_gram_of_a_view():
    """A feature map need not lie contiguously in memory."""
    X = rand(1, 3, 4, 5)
    assert torch.allclose(gram(X.transpose(2, 3)), gram(X), atol=1e-6)


def test_style_loss():
    A, B = rand(1, 3, 4, 5), rand(1, 3, 2, 2, seed=1)  # sizes may differ
    expected = ((naive_gram(A) - naive_gram(B)) ** 2).sum() / 9
    assert style_loss(A, gram(B)).item() == pytest.approx(expected.item(), rel=1e-5)


def test_tv_loss():
    X = rand(1, 2, 3, 4)
    rows = [abs(float(X[0, c, y + 1, x] - X[0, c, y, x])) for c in range(2) for y in range(2) for x in range(4)]
    columns = [abs(float(X[0, c, y, x + 1] - X[0, c, y, x])) for c in range(2) for y in range(3) for x in range(3)]
    assert tv_loss(X).item() == pytest.approx(0.5 * (sum(rows) / 16 + sum(columns) / 18), rel=1e-5)
    assert tv_loss(torch.full((1, 3, 5, 5), 7.0)) == 0


def test_targets_get_no_gradient():
    A, B = rand(1, 2, 3, 3).requires_grad_(), rand(1, 2, 3, 3, seed=1).requires_grad_()
    (content_loss(A, B) + style_loss(A, gram(B))).backward()
    assert A.grad is not None and B.grad is None


def test_compute_loss():
    X, Ys, Zs = (
        rand(1, 3, 4, 4),
        [rand(1, 2, 3, 3), rand(1, 3, 2, 2)],
        [rand(1, 2, 3, 3, seed=1), rand(1, 3, 2, 2, seed=1)],
    )
    contents_l, styles_l, tv_l, total = compute_loss(X, Ys, Ys, Zs, [gram(Z) for Z in Zs], (2, 30, 5))
    assert [l.item() for l in contents_l] == pytest.approx([2 * content_loss(Y, Z).item() for Y, Z in zip(Ys, Zs)])
    assert [l.item() for l in styles_l] == pytest.approx([30 * style_loss(Y, gram(Z)).item() for Y, Z in zip(Ys, Zs)])
    assert tv_l.item() == pytest.approx(5 * tv_loss(X).item())
    assert total.item() == pytest.approx(sum(l.item() for l in [*contents_l, *styles_l, tv_l]))


def test_a_weight_for_each_style_layer():
    X, Ys, Zs = (
        rand(1, 3, 4, 4),
        [rand(1, 2, 3, 3), rand(1, 3, 2, 2)],
        [rand(1, 2, 3, 3, seed=1), rand(1, 3, 2, 2, seed=1)],
    )
    grams = [gram(Z) for Z in Zs]
    _, styles_l, _, _ = compute_loss(X, [], Ys, [], grams, (0, [7, 0.5], 0))
    assert [l.item() for l in styles_l] == pytest.approx(
        [w * style_loss(Y, G).item() for w, Y, G in zip((7, 0.5), Ys, grams)]
    )


def test_every_style_loss_has_a_name_in_the_settings():
    assert tuple(STYLE_LOSSES) == CHOICES["style_loss"]


def test_empty_lists():
    X = rand(1, 3, 4, 4)
    contents_l, styles_l, tv_l, total = compute_loss(X, [], [], [], [], (1, 1, 1))
    assert contents_l == styles_l == [] and total == tv_l
