"""Draw every picture of this project anew: ``python images/paint`` (all) or ``python images/paint mosaic_fish``."""

import importlib
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PICTURES = (
    "autumn_wood", "charcoal_street", "mosaic_fish", "mountain_lake",
    "pointillist_park", "stained_glass", "starry_harbour", "woodblock_wave",
)  # fmt: skip
LARGEST = 300_000  # bytes: a picture should open at once


def save_small_enough(img, path):
    """Save as JPEG at the best quality that keeps the file under ``LARGEST`` bytes."""
    for quality in range(94, 40, -2):
        img.save(path, quality=quality, optimize=True)
        if path.stat().st_size < LARGEST:
            return quality
    raise ValueError(f"{path.name} does not fit into {LARGEST} bytes")


def main():
    unknown = set(sys.argv[1:]) - set(PICTURES)
    if unknown:
        sys.exit(f"no picture {' or '.join(sorted(unknown))}; there are {', '.join(PICTURES)}")
    for name in sys.argv[1:] or PICTURES:
        start = time.monotonic()
        img = importlib.import_module(name).paint()
        quality = save_small_enough(img, HERE.parent / f"{name}.jpg")
        print(f"{name:17} {img.width}×{img.height}, quality {quality}, {time.monotonic() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
