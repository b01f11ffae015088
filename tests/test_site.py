"""The series as web pages and as slides: complete, readable without a network, and accessible (axe's rules).

What needs a browser skips where there is no Chromium; with NST_BROWSER=1 (as in CI) it fails instead.
"""

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[1]
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NUMBERED = [path for path in PATHS if path.stem[:2].isdigit()]
SIZES = {"phone": {"width": 360, "height": 740}, "desktop": {"width": 1280, "height": 900}}

# In the page: what is wider than the window, or stands out of it sideways
WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("main *")]
    .filter(it => it.getBoundingClientRect().right > innerWidth + 1).map(it => it.outerHTML.slice(0, 120))"""
# In the page: mark words of code and formulas that look like one before them: axe judges the contrast of each look once
ALIKE = """() => {
    const seen = new Set();
    for (const word of document.querySelectorAll("pre span, math")) {
        const {color, fontSize, fontWeight} = getComputedStyle(word), look = [color, fontSize, fontWeight];
        for (let it = word; it; it = it.parentElement) look.push(getComputedStyle(it).backgroundColor);
        word.toggleAttribute("data-alike", seen.has(look.join()));
        seen.add(look.join());
    }
}"""
# The rules whose answer depends on colors and sizes; what the others read is the same in every page's source
OF_LOOKS = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]
# In a deck: what is wrong on its slides, with every answer shown
SLIDES = """() => Reveal.getSlides().flatMap(section => {
    const {h} = Reveal.getIndices(section), wrong = [], scale = innerWidth / 1280;
    Reveal.slide(h, 0, section.querySelectorAll(".fragment").length - 1);
    document.getAnimations().forEach(it => it.finish()); // as it looks a moment later
    const slide = section.querySelector(".slide");
    const say = (what, it) => wrong.push(`slide ${h + 1}: ${what}: ${it.outerHTML.slice(0, 100)}`);
    if (!slide.querySelector("h1, h2")) say("no heading", slide);
    if (slide.scrollHeight > slide.clientHeight + 1) say("is cut", slide);
    if (slide.children.length < 2 && !slide.matches(".title")) say("empty", slide);
    for (const it of slide.querySelectorAll("*")) {
        const {left, top, right, bottom, width, height} = it.getBoundingClientRect();
        if (!width || !height) continue;
        if (left < 0 || top < 0 || right > 1280.5 * scale || bottom > 720.5 * scale) say("does not fit", it);
        const hides = getComputedStyle(it).overflowY !== "visible" && !it.closest("math, .formula");
        if (hides && it.scrollHeight > it.clientHeight + 1) say("is cut", it);
        if (it.matches(".figure > *") && height < 200 * scale) say("a picture too small to see", it);
        const own = [...it.childNodes].some(node => node.nodeType === 3 && node.data.trim());
        if (own && parseFloat(getComputedStyle(it).fontSize) < 18) say("type too small", it);
    }
    return wrong;
})"""
# In a deck: all slides one below the other, so that axe sees them
SPREAD = """() => {
    const style = document.createElement("style");
    style.textContent = `.reveal .slides, .reveal .slides section { display: flow-root !important;
            height: auto !important; position: static !important; transform: none !important }
        section, .fragment { visibility: visible !important; opacity: 1 !important }
        .slide { height: auto !important } .where { position: static !important }`;
    document.head.append(style);
    document.querySelectorAll("section").forEach(it => { it.hidden = false; it.removeAttribute("aria-hidden"); });
}"""


def build(script, folder):
    """The pages with few moving figures, of few positions each."""
    command = [sys.executable, ROOT / "tools" / script, folder, "02_preprocessing", "07_studio"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | {"NST_QUICK": "1"})
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return build("make_site.py", tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def slides(tmp_path_factory):
    return build("make_slides.py", tmp_path_factory.mktemp("slides"))


@pytest.fixture(scope="module")
def pages(site, slides):
    """Every page of both, parsed."""
    paths = [*site.rglob("*.html"), *slides.glob("*.html")]
    return {path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser") for path in paths}


def addresses(soup):
    for tag, name in (("a", "href"), ("link", "href"), ("img", "src"), ("script", "src")):
        yield from ((tag, it[name]) for it in soup.find_all(tag, attrs={name: True}))


# Without a browser


def test_every_notebook_is_a_page_and_in_every_navigation(site):
    names = {f"notebooks/{path.stem}.html" for path in PATHS}
    names |= {"index.html", "TEACHING.html", "nst_helpers/EMBEDDED.html"}
    assert {path.relative_to(site).as_posix() for path in site.rglob("*.html")} == names
    for name in names:
        soup = BeautifulSoup((site / name).read_text(encoding="utf-8"), "html.parser")
        links = [link["href"].lstrip("./") or name for link in soup.select("#contents > ul > li > a")]
        assert {name if link == "#text" else link for link in links} == names
        assert len(soup.select(".onward a")) == 2 - (name in ("index.html", "nst_helpers/EMBEDDED.html"))


def test_every_numbered_notebook_is_a_deck(slides):
    assert {path.stem for path in slides.glob("*.html")} == {path.stem for path in NUMBERED} | {"index"}
    assert "Permission is hereby granted" in (slides / "reveal.js" / "LICENSE").read_text(encoding="utf-8")


def test_links_anchors_and_pictures_exist(pages):
    wrong = []
    for path, soup in pages.items():
        for _, address in addresses(soup):
            parts = urlsplit(address)
            if parts.scheme in ("https", "data"):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file() or (parts.fragment and not pages[target].find(id=unquote(parts.fragment))):
                wrong.append((path.name, address))
    assert wrong == []


def test_nothing_comes_from_a_network(pages, site, slides):
    for path, soup in pages.items():
        assert [one for one in addresses(soup) if one[0] != "a" and re.match("(https?:)?//", one[1])] == [], path
        assert not re.search(r"@import|url\(\s*['\"]?(https?:)?//", str(soup)), path
    for path in [*site.rglob("*.css"), *slides.rglob("*.css")]:
        assert not re.search(r"@import|(https?:)?//[a-z]", re.sub(r"(?s)/\*.*?\*/", "", path.read_text())), path


def test_formulas_are_mathml(pages):
    assert sum(len(soup.find_all("math")) for soup in pages.values()) > 40
    for path, soup in pages.items():
        left = soup.find_all(string=re.compile(r"\$|\\[A-Za-z]"))
        assert not [text for text in left if not text.find_parent(["pre", "code", "script", "style"])], path


def test_headings_and_anchors_are_in_order(site, pages):
    for path, soup in pages.items():
        names = [it["id"] for it in soup.find_all(id=True)]
        assert len(names) == len(set(names)), path
        if path.is_relative_to(site):
            levels = [int(it.name[1]) for it in soup.find_all(re.compile("^h[1-6]$"))]
            assert levels[0] == 1 and levels.count(1) == 1, path
            assert all(b - a <= 1 for a, b in zip(levels, levels[1:])), path
            assert all(it.find("a", class_="anchor") for it in soup.select("main :is(h1, h2, h3)")), path


def test_only_what_readers_need(pages):
    for path, soup in pages.items():
        text = soup.get_text()
        assert "# NBVAL" not in text and "the tests move" not in text, path
        assert not any("with check(" in code.get_text() for code in soup.select("main > .code, .slide .code")), path


def figures():
    for path in PATHS:
        for cell in nbformat.read(path, as_version=4).cells:
            count = sum("image/jpeg" in output.get("data", {}) for output in cell.get("outputs", []))
            if count:
                yield path.stem, cell, count


def test_every_figure_is_described(pages):
    missing = [
        (name, cell.id)
        for name, cell, count in figures()
        if len([line for line in cell.metadata.get("alt", []) if len(line) > 40]) != count
    ]
    assert missing == []
    for path, soup in pages.items():
        assert all(img.get("alt") or img.find_parent(["header", "a"]) for img in soup.find_all("img")), path


def test_a_table_of_pictures_is_not_taken_apart_on_a_phone(pages, site):
    figures = pages[site / "notebooks" / "11_many_pictures.html"].select("figure:has(source)")
    for_phones = {bool(it.select("source[media*=max-width]")) for it in figures if "whole" in it.get("class", [])}
    assert for_phones == {False}
    assert any(it.select("source[media*=max-width]") for it in figures)


# In a browser


@contextlib.contextmanager
def opened(chromium, size=SIZES["desktop"], **options):
    """A page that can reach nothing but files; at its end nothing may have been missed or complained about."""
    context = chromium.new_context(viewport=size, offline=True, **options)
    page, wrong = context.new_page(), []
    page.on("request", lambda it: it.url.startswith(("file:", "data:")) or wrong.append(f"asks for {it.url}"))
    page.on("requestfailed", lambda it: it.failure == "net::ERR_ABORTED" or wrong.append(f"does not get {it.url}"))
    page.on("console", lambda it: wrong.append(it.text) if it.type in ("error", "warning") else None)
    page.on("pageerror", lambda it: wrong.append(str(it)))
    yield page
    context.close()
    assert wrong == []


def violations(page, rules=None, but=()):
    """What axe finds of serious or critical impact, in a line each; ``rules``: only these, ``but``: not in there."""
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate(ALIKE)
    options = {"preload": False, "resultTypes": ["violations"]} | ({"runOnly": rules} if rules else {})
    found = Axe().run(page, {"exclude": [["[data-alike]"], *([it] for it in but)]}, options).response["violations"]
    return [
        f"{page.url.rsplit('/', 1)[1]}: {it['id']}: {node['html'][:150]} {node['any'][:1]}"
        for it in found
        for node in it["nodes"][:3]
        if it["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("scheme, size, rules", [("light", "desktop", None), ("dark", "phone", OF_LOOKS)])
def test_site_is_accessible_and_never_wider_than_the_window(chromium, site, scheme, size, rules):
    wrong = []
    with opened(chromium, SIZES[size], color_scheme=scheme) as page:
        for number, path in enumerate(sorted(site.rglob("*.html"))):
            page.goto(path.as_uri())
            page.evaluate("document.querySelectorAll('details').forEach(it => { it.open = true })")
            wrong += [(path.name, it) for it in page.evaluate(WIDE)]
            wrong += violations(page, rules, but=["#contents"] * bool(number))  # the same on every page
    assert wrong == []


def test_navigation_opens_on_a_phone(chromium, site):
    with opened(chromium, SIZES["phone"]) as page:
        page.goto((site / "index.html").as_uri())
        assert not page.locator("#contents").is_visible()
        page.get_by_role("button", name="Contents").click()
        assert violations(page) == []
        page.locator("#contents").get_by_text("What VGG-19 sees").click()
        assert page.url.endswith("/notebooks/03_vgg19_features.html")
        page.get_by_text("how many layers does").click()
        assert page.get_by_text("12: from layer 0 to layer 11").is_visible()


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
def test_nothing_on_a_slide_is_cut_or_too_small(chromium, slides, size):
    wrong = []
    with opened(chromium, dict(zip(("width", "height"), size))) as page:
        for path in NUMBERED:
            page.goto((slides / f"{path.stem}.html").as_uri())
            page.wait_for_function("Reveal.isReady()")
            wrong += [f"{path.stem}: {it}" for it in page.evaluate(SLIDES)]
    assert wrong == []


def test_slides_are_accessible(chromium, slides):
    wrong = []
    with opened(chromium) as page:
        for path in sorted(slides.glob("*.html")):
            page.goto(path.as_uri())
            if path.stem != "index":
                page.wait_for_function("Reveal.isReady()")
                page.evaluate(SPREAD)
            wrong += violations(page)
    assert wrong == []


def shown(element):
    """Which part of its sheet of frames an element shows."""
    return element.evaluate("it => it.style.backgroundPosition + it.style.backgroundImage")


def test_controls_move_frames_without_a_kernel(chromium, site):
    with opened(chromium) as page:
        page.goto((site / "notebooks" / "07_studio.html").as_uri())
        live = page.locator(".live")
        studio = live.filter(has=page.get_by_role("group", name="painting"))
        painting, photo = studio.locator(".frame").all()
        seen = {shown(painting)}
        studio.get_by_role("radio", name="coffee").check()
        seen.add(shown(painting))
        studio.get_by_role("group", name="painting").get_by_role("radio").last.check()
        seen.add(shown(painting))
        assert len(seen) == 3
        cut = photo.evaluate("it => getComputedStyle(it).clipPath")
        studio.get_by_role("slider", name="How much of the left").press("ArrowLeft")
        assert photo.evaluate("it => getComputedStyle(it).clipPath") != cut
        balance = page.get_by_role("slider", name="balance")
        painted = live.filter(has=balance).locator(".frame")
        first = shown(painted)
        balance.press("Home")
        assert shown(painted) != first and balance.get_attribute("aria-valuetext") == "-3"
        table = live.filter(has=page.locator(".map"))
        tiles, large = table.locator(".map"), table.locator(".frame")
        tiles.scroll_into_view_if_needed()
        box = tiles.bounding_box()
        page.mouse.move(box["x"] + 5, box["y"] + 5)
        first = shown(large)
        page.mouse.move(box["x"] + box["width"] - 5, box["y"] + box["height"] - 5)
        assert shown(large) != first
        assert violations(page) == []


def test_slides_move_too_and_keep_their_keys(chromium, slides):
    with opened(chromium) as page:
        page.goto((slides / "02_preprocessing.html").as_uri())
        page.wait_for_function("Reveal.isReady()")
        number = page.evaluate("Reveal.getSlides().findIndex(it => it.querySelector('.live'))")
        page.evaluate("number => Reveal.slide(number)", number)
        live = page.locator(".present .live")
        before = shown(live.locator(".frame").first), shown(live.locator(".frame").last)
        box = live.get_by_role("slider", name="mean").bounding_box()
        page.mouse.click(box["x"] + 4, box["y"] + box["height"] / 2)
        assert (shown(live.locator(".frame").first), shown(live.locator(".frame").last)) != before
        page.keyboard.press("ArrowRight")
        assert page.evaluate("Reveal.getIndices().h") == number + 1


def test_the_speaker_has_notes(pages, slides):
    teaching = (ROOT / "TEACHING.md").read_text(encoding="utf-8")
    for path, soup in pages.items():
        if path.is_relative_to(slides) and path.stem != "index":
            notes = soup.select("section .notes")
            assert len(notes) == len(soup.select("section")), path
            headings = [it.find("h2") and it.find("h2").get_text() for it in soup.select("section")]
            begins = [
                n for n, it in enumerate(notes) if re.match(r"\d+ minutes?$", it.get_text().strip().split("\n")[0])
            ]
            assert all(headings[n] != headings[n - 1] for n in begins), path
            assert "Ask" in notes[0].get_text() or f"### {int(path.stem[:2])} ·" not in teaching, path
            text = " ".join(it.get_text() for it in soup.select("section .slide"))
            assert "import torch" not in text and "Time:" not in text, path
