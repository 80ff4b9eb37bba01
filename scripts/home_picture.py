"""Take the README's pictures of the home page: `python scripts/home_picture.py [URL of an app that runs]`."""

import shutil
import sys
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

FOLDER = Path("docs") / "pictures"
TEXT = (
    "My flight was cancelled and nobody answers the phone. "
    "The crew was great, but I am not flying with you again."
)
WIDTH, HEIGHT = 1280, 800
# Pixels under the last part that is shown.
BELOW = 40
# Enough for a page of few tones.
COLOURS = 128


def take(url: str) -> None:
    """Write one picture for light and one for dark surroundings."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme)
            page.goto(url)
            page.fill("textarea", TEXT)
            page.keyboard.press("Control+Enter")
            page.wait_for_selector("mark")
            page.evaluate("document.activeElement.blur()")
            page.wait_for_timeout(500)
            page.evaluate("scrollTo(0, 0)")
            shown = page.locator("article, .card", has=page.locator("mark")).first.bounding_box()
            height = round(shown["y"] + shown["height"] + BELOW)
            clip = {"x": 0, "y": 0, "width": WIDTH, "height": height}
            picture = Image.open(BytesIO(page.screenshot(full_page=True, clip=clip))).convert("RGB")
            small = picture.quantize(COLOURS, dither=Image.Dither.NONE)
            small.save(FOLDER / f"home-{scheme}.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    take(sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000")
