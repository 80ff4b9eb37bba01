"""Where the tests of the stack keep things."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
IMAGES = Path(__file__).parent / "images"
# Kept between runs: packages, the engine's images, the tables that a run prints.
CACHE = ROOT / ".cache" / "stack"
PACKAGES = CACHE / "packages"
RECEIVER = Path(__file__).parent / "webhook_receiver.py"
