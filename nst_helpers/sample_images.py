"""Notebook 01: the sample photographs and paintings, who made them, and under which license."""

from pathlib import Path
from typing import NamedTuple

from PIL import Image

from .validation import short_repr

_HERE = Path(__file__).resolve()
# The sample pictures: inside an installed package, or at the top of a checkout.
PICTURES = _HERE.parent / "pictures" if (_HERE.parent / "pictures").is_dir() else _HERE.parents[1] / "images"


class Sample(NamedTuple):
    """What a sample image is (``"photograph"``, ``"rendering"`` or ``"painting"``), who made it, and its license."""

    kind: str
    credit: str
    license: str


class Credit(str):
    """The credit of a sample. A class of its own, so that text inside a user's file never passes for one."""


# Photographs come with scikit-image: its function for each, the credit and the license. The rest are in images/.
_PHOTOGRAPHS = {
    "astronaut": ("astronaut", "Eileen Collins, photograph by NASA", "public domain"),
    "cat": ("chelsea", "Chelsea, photograph by Stéfan van der Walt", "CC0"),
    "coffee": ("coffee", "photograph by Rachel Michetti, Pikolo Espresso Bar", "CC0"),
    "rocket": ("rocket", "launch of DSCOVR, photograph by SpaceX", "public domain"),
    "galaxies": ("hubble_deep_field", "Hubble eXtreme Deep Field, NASA and ESA", "public domain"),
}
_OURS = {
    "mountain_lake": "rendering",
    "starry_harbour": "painting",
    "autumn_wood": "painting",
    "pointillist_park": "painting",
    "stained_glass": "painting",
    "woodblock_wave": "painting",
    "mosaic_fish": "painting",
    "charcoal_street": "painting",
}


def samples():
    """The sample images: a dictionary from name to ``Sample(kind, credit, license)``."""
    ours = {
        name: Sample(kind, "drawn by code for this project", "MIT")
        for name, kind in _OURS.items()
        if (PICTURES / f"{name}.jpg").is_file()
    }
    return {name: Sample("photograph", *about) for name, (_, *about) in _PHOTOGRAPHS.items()} | ours


def check_sample(name):
    """Raises ``ValueError`` for a name that is not in ``samples()``."""
    if not isinstance(name, str) or name not in samples():
        raise ValueError(f"there is no sample image {short_repr(name)}; there are {', '.join(samples())}")


def credit_of(name):
    """The ``Credit`` of a photograph, or ``None`` for any other picture."""
    return Credit(f"{name}: {', '.join(_PHOTOGRAPHS[name][1:])}") if name in _PHOTOGRAPHS else None


def sample(name):
    """A sample image by name, as an RGB ``PIL.Image``. ``ValueError`` for a name not in ``samples()``.

    A photograph carries its credit, ``img.info["credit"]``, which ``show_images`` prints under the figure.
    """
    check_sample(name)
    if name not in _PHOTOGRAPHS:
        return Image.open(PICTURES / f"{name}.jpg").convert("RGB")
    from skimage import data  # only when needed: it takes long to import

    img = Image.fromarray(getattr(data, _PHOTOGRAPHS[name][0])()).convert("RGB")
    img.info["credit"] = credit_of(name)  # Pillow keeps it through resize and crop
    return img


def credits(*names):
    """Print who made these sample images and under which license, for the line below a figure."""
    for name in names:
        check_sample(name)
        _, credit, license = samples()[name]
        print(f"{name}: {credit} ({license})")
