"""Learn the painter that ships and write it, with a line of progress every hundred steps (`make painter`)."""

import argparse
import time
from pathlib import Path

from nst_helpers import learn_painter, load_vgg19, sample, save_painter
from nst_helpers.painter import BASE, PAINTINGS
from nst_helpers.painter_training import QUARTERS, STYLE_WEIGHT, TV_WEIGHT

# How it is learned, part by part: steps, style and TV weight, ``QUARTERS``, learning rate.
PARTS = (
    (7_000, 1e4, 20.0, 0.2, 2e-3),
    (500, STYLE_WEIGHT, 7.0, 0.2, 1e-3),
    (7_000, STYLE_WEIGHT, TV_WEIGHT, QUARTERS, 2e-3),
    (3_000, STYLE_WEIGHT, TV_WEIGHT, QUARTERS, 1e-3),
)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--path", type=Path, default=BASE)
    path = parser.parse_args().path
    net, paintings, painter = load_vgg19("embedded"), {name: sample(name) for name in PAINTINGS}, None
    for number, (steps, style_weight, tv_weight, quarters, lr) in enumerate(PARTS, 1):
        settings = net.settings.but(style_weight=style_weight, tv_weight=tv_weight)
        options = {"settings": settings, "quarters": quarters, "lr": lr, "numbers_first": 0}
        start, recent = time.monotonic(), []
        for step in learn_painter(net, paintings, painter, steps=steps, **options):
            recent.append(step[2:5])
            if step.step % 100 == 0 or step.step == steps:
                content, style, tv = (sum(losses) / len(recent) for losses in zip(*recent))
                left, recent = (time.monotonic() - start) * (steps / step.step - 1) / 60, []
                print(
                    f"part {number} of {len(PARTS)}, step {step.step} of {steps}: content {content:.2f}, "
                    f"style {style:.2f}, TV {tv:.2f}; {left:.0f} min left of this part",
                    flush=True,
                )
                save_painter(step.painter, path)
        painter = step.painter
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
