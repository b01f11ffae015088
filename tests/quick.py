"""Notebooks made short for tests: NST_QUICK shortens what the package runs, this what a page writes out."""

import re

LOOP = re.compile(r"(for (?:step|epoch) in range)\((\d+)\)")


def shortened(source, quick):
    """A cell's source with shorter training: loops take as many steps as the package's with this ``NST_QUICK``."""
    if quick in ("", "0"):
        return source
    source = source.replace("learn_vgg19(images,", "learn_vgg19(images[::3], count=2_000,")
    return LOOP.sub(rf"\1(min(\2, {15 if quick == '1' else int(quick)}))", source)
