"""Our losses and steps against d2l 14.12, written out here once more from the book, independent of the package.

d2l takes torchvision's layers with their in-place ReLUs and asks for convolutions by index. So it trains on the
values behind the ReLUs, for all but the deepest layer. We get there in two ways: the same layers with
``relu_in_place=True``, or our default network and the layer names in ``Settings()``.
"""

import itertools

import pytest
import torch
import torchvision
from torch import nn

from nst_helpers import Settings, compute_loss, extract_features, gram, load_vgg19, optimize
from nst_helpers.weights import DEPTHS, LAYER_NAMES, WIDTHS, random_parameters

STYLE_LAYERS, CONTENT_LAYERS = [0, 5, 10, 19, 28], [25]
CONTENT_WEIGHT, STYLE_WEIGHT, TV_WEIGHT = 1, 1e4, 10


class Published:
    """Dive into Deep Learning 1.0, section 14.12 (PyTorch)."""

    def __init__(self, parameters):
        plan = [step for width, depth in zip(parameters.widths, DEPTHS) for step in [width] * depth + ["M"]]
        layers = torchvision.models.vgg.make_layers(plan)
        layers.load_state_dict(
            {
                f"{LAYER_NAMES.index(key.split('.')[0])}.{key.split('.')[1]}": tensor.clone()
                for key, tensor in parameters.tensors.items()
            }
        )
        self.net = nn.Sequential(*[layers[i] for i in range(max(CONTENT_LAYERS + STYLE_LAYERS) + 1)])
        assert all(layer.inplace for layer in self.net if isinstance(layer, nn.ReLU))

    def extract_features(self, X):
        contents, styles = [], []
        for i in range(len(self.net)):
            X = self.net[i](X)
            if i in STYLE_LAYERS:
                styles.append(X)
            if i in CONTENT_LAYERS:
                contents.append(X)
        return contents, styles

    def content_loss(self, Y_hat, Y):
        return torch.square(Y_hat - Y.detach()).mean()

    def gram(self, X):
        num_channels, n = X.shape[1], X.numel() // X.shape[1]
        X = X.reshape((num_channels, n))
        return torch.matmul(X, X.T) / (num_channels * n)

    def style_loss(self, Y_hat, gram_Y):
        return torch.square(self.gram(Y_hat) - gram_Y.detach()).mean()

    def tv_loss(self, Y_hat):
        return 0.5 * (
            torch.abs(Y_hat[:, :, 1:, :] - Y_hat[:, :, :-1, :]).mean()
            + torch.abs(Y_hat[:, :, :, 1:] - Y_hat[:, :, :, :-1]).mean()
        )

    def compute_loss(self, X, contents_Y_hat, styles_Y_hat, contents_Y, styles_Y_gram):
        contents_l = [self.content_loss(Y_hat, Y) * CONTENT_WEIGHT for Y_hat, Y in zip(contents_Y_hat, contents_Y)]
        styles_l = [self.style_loss(Y_hat, Y) * STYLE_WEIGHT for Y_hat, Y in zip(styles_Y_hat, styles_Y_gram)]
        tv_l = self.tv_loss(X) * TV_WEIGHT
        return contents_l, styles_l, tv_l, sum(styles_l + contents_l + [tv_l])

    def train(self, start, content_X, style_X, lr, num_epochs, lr_decay_epoch):
        """The losses of every step, as four numbers, and the composite in the end."""
        contents_Y, _ = self.extract_features(content_X)
        _, styles_Y = self.extract_features(style_X)
        gen_img = SynthesizedImage(start.shape)
        gen_img.weight.data.copy_(start.data)
        trainer = torch.optim.Adam(gen_img.parameters(), lr=lr)
        styles_Y_gram = [self.gram(Y) for Y in styles_Y]
        X = gen_img()
        scheduler = torch.optim.lr_scheduler.StepLR(trainer, lr_decay_epoch, 0.8)
        losses = []
        for _ in range(num_epochs):
            trainer.zero_grad()
            contents_Y_hat, styles_Y_hat = self.extract_features(X)
            contents_l, styles_l, tv_l, l = self.compute_loss(
                X, contents_Y_hat, styles_Y_hat, contents_Y, styles_Y_gram
            )
            losses.append([part.item() for part in (sum(contents_l), sum(styles_l), tv_l, l)])
            l.backward()
            trainer.step()
            scheduler.step()
        return losses, X.detach()


class SynthesizedImage(nn.Module):
    def __init__(self, img_shape):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(*img_shape))

    def forward(self):
        return self.weight


OURS = {
    "in-place ReLU and indices": (True, {"content_layers": CONTENT_LAYERS, "style_layers": STYLE_LAYERS}),
    "our default": (False, {}),
}
ours = pytest.mark.parametrize("relu_in_place, layers", OURS.values(), ids=OURS)


@pytest.fixture(scope="module", params=[(4, 6, 8, 8, 8), WIDTHS], ids=["narrow", "full width"])
def any_width(request):
    return with_biases(random_parameters(request.param, seed=3))


def with_biases(parameters):
    """Trained networks have biases, random ones have none."""
    generator = torch.Generator().manual_seed(4)
    for key, tensor in parameters.tensors.items():
        if key.endswith("bias"):
            tensor += 0.1 * torch.randn(tensor.shape, generator=generator)
    return parameters


def images(parameters, pair):
    """Content, style and a composite that equals neither; small where the network is wide."""
    content_X, style_X = pair if parameters.widths != WIDTHS else (X[:, :, :16, :24].contiguous() for X in pair)
    return content_X, style_X, torch.randn(content_X.shape, generator=torch.Generator().manual_seed(5))


@ours
def test_losses(any_width, pair, relu_in_place, layers):
    """The parts on their own: features, Gram matrices, the four losses."""
    content_X, style_X, X = images(any_width, pair)
    book, settings = Published(any_width), Settings(**layers)
    net = load_vgg19(any_width, "cpu", relu_in_place=relu_in_place, verbose=False)
    chosen = settings.content_layers, settings.style_layers
    with torch.no_grad():
        expected = book.compute_loss(
            X,
            *book.extract_features(X),
            book.extract_features(content_X)[0],
            [book.gram(Y) for Y in book.extract_features(style_X)[1]],
        )
        contents_Y, styles_Y = extract_features(net, content_X, *chosen)[0], extract_features(net, style_X, *chosen)[1]
        found = compute_loss(X, *extract_features(net, X, *chosen), contents_Y, [gram(Y) for Y in styles_Y])
    for ours, theirs in zip(found[:2], expected[:2]):
        assert [l.item() for l in ours] == pytest.approx([l.item() for l in theirs], rel=1e-5)
    assert found[2].item() == pytest.approx(expected[2].item(), rel=1e-5)
    assert found[3].item() == pytest.approx(expected[3].item(), rel=1e-5)
    assert min(l.item() for l in [*found[0], *found[1], found[2]]) > 0


RATES = {"0.01, decay 200": (0.01, 200), "0.3, decay 50": (0.3, 50), "0.3, decay 5": (0.3, 5)}


@ours
@pytest.mark.parametrize("start", ["content", "noise"])
@pytest.mark.parametrize("lr, lr_decay_epoch", RATES.values(), ids=RATES)
def test_twenty_steps(pair, relu_in_place, layers, start, lr, lr_decay_epoch):
    parameters = with_biases(random_parameters((4, 6, 8, 8, 8), seed=3))
    compare_runs(parameters, pair, relu_in_place, layers, start, lr, lr_decay_epoch)


@ours
def test_twenty_steps_at_full_width(pair, relu_in_place, layers):
    compare_runs(random_parameters(seed=3), pair, relu_in_place, layers, "content", 0.3, 50)


def compare_runs(parameters, pair, relu_in_place, layers, start, lr, lr_decay_epoch):
    content_X, style_X, noise = images(parameters, pair)
    start_X = content_X if start == "content" else noise
    losses, X = Published(parameters).train(start_X, content_X, style_X, lr, 20, lr_decay_epoch)
    net = load_vgg19(parameters, "cpu", relu_in_place=relu_in_place, verbose=False)
    settings = Settings(lr=lr, lr_decay_epoch=lr_decay_epoch, **layers)
    changes = {"start_X": noise} if start == "noise" else {}
    steps = list(itertools.islice(optimize(net, content_X, style_X, settings, **changes), 20))
    assert list(steps[0][2:6]) == pytest.approx(losses[0], rel=1e-5)
    for step, expected in zip(steps, losses):
        assert list(step[2:6]) == pytest.approx(expected, rel=1e-4)
    assert (steps[-1].X - X).abs().max() < 1e-4
    assert (X - start_X).abs().max() > 10 * lr  # it went somewhere
