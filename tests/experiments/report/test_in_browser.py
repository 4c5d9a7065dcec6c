"""The page in headless Chromium: skipped where it or its driver is not installed."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.report.__main__ import main
from tests.experiments.report.folders import add_pictures, add_rows, make_faces, make_run
from tools.page_picture.browser import Browser, browser_programs

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(browser_programs() is None, reason="Chromium and its driver are not installed"),
]
RIGHT, END, ESCAPE = "\ue014", "\ue010", "\ue00c"
CANVAS = "document.querySelector('.stage canvas')"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    for name, errors in (("seed0/a", [1.0, 1.2, 1.4]), ("seed1/a", [1.1, 1.3, 1.5]), ("seed0/b", [0.6, 0.8, 1.1])):
        other = ["model.loss.weights.binary=3"] if name.endswith("b") else []
        run = make_run(folder / "runs" / name, f"seed={name[4]}", *other)
        add_rows(run, errors)
        add_pictures(run)
    make_run(folder / "runs" / "seed0" / "<b>odd & new", "model.loss.weights.area=9", metrics="step\n")
    out = folder / "page with spaces.html"
    assert main([str(folder / "runs"), str(make_faces(folder / "out")), str(folder / "none"), "--out", str(out)]) == 1
    return out


@pytest.fixture(scope="module")
def browser(page: Path) -> Iterator[Browser]:
    with Browser(1000, 800) as browser:
        browser.open(page)
        browser.wait("document.documentElement.dataset.ready")
        yield browser


def tab(browser: Browser, name: str) -> None:
    browser.run("window.scrollTo(0, 0)")
    browser.click(f"#tab-{name}")
    browser.wait(f"!document.getElementById('panel-{name}').hidden")


def seen(browser: Browser) -> np.ndarray:
    """Return the drawn face, (H, W, 4)."""
    browser.run("return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")
    address = browser.run(f"return {CANVAS}.toDataURL()")
    with Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))) as picture:
        return np.asarray(picture.convert("RGBA")).astype(int)


def text_of(browser: Browser, selector: str) -> str:
    return str(browser.run("return document.querySelector(arguments[0]).textContent", selector))


def test_every_part_opens_without_a_message_in_the_console(browser: Browser) -> None:
    for name in ("runs", "curves", "scores", "pictures", "faces"):
        tab(browser, name)
        assert browser.run(f"return document.getElementById('panel-{name}').childElementCount") > 0
        assert browser.run("return location.hash") == f"#{name}"
        assert browser.run("return document.querySelectorAll('[role=tabpanel]:not([hidden])').length") == 1
    assert browser.messages() == []


def test_tabs_follow_arrow_keys(browser: Browser) -> None:
    tab(browser, "runs")
    browser.keys(RIGHT)
    assert browser.run("return document.activeElement.id") == "tab-curves"
    browser.keys(END)
    assert browser.run("return document.querySelector('[aria-selected=true]').id") == "tab-faces"


def test_names_are_text_and_faults_are_told(browser: Browser) -> None:
    tab(browser, "runs")
    assert browser.run("return document.querySelectorAll('tbody b').length") == 0
    told = text_of(browser, "#panel-runs")
    assert "<b>odd & new" in told and "there is no such folder" in told and "no face was found" in told
    assert browser.run("return document.querySelectorAll('td.differs').length") >= 2


def test_headings_sort_tables(browser: Browser) -> None:
    tab(browser, "scores")
    first = "return document.querySelector('#panel-scores tbody th').firstChild.textContent"
    assert browser.run(first) == "a"
    browser.click("#panel-scores thead th:nth-child(2) button")
    assert browser.run(first) == "b"  # the smaller error first
    assert browser.run("return document.querySelector('#panel-scores thead th:nth-child(2)').ariaSort") == "ascending"
    browser.click("#panel-scores .controls input[type=checkbox]")
    assert "▲ better" in text_of(browser, "#panel-scores tbody")


def test_charts_show_values_and_take_ranges(browser: Browser) -> None:
    tab(browser, "curves")
    lines = "return document.querySelectorAll('#panel-curves .line').length"
    before = browser.run(lines)
    assert before >= 6
    browser.run(
        "[...document.querySelectorAll('.chart')].find(c => /pixel/.test(c.textContent)).querySelector('svg').focus()"
    )
    browser.keys(RIGHT, RIGHT)
    assert browser.run("return document.querySelector('.hover:not([hidden])').textContent").startswith("step 40")
    assert "0.25" in browser.run("return document.querySelector('.hover:not([hidden])').textContent")
    browser.run("window.scrollTo(0, 0)")  # from below the header that stays
    browser.click("#panel-curves .legend input")
    assert browser.run(lines) < before
    browser.click("#panel-curves .legend input")


def test_pictures_open_large_and_close(browser: Browser) -> None:
    tab(browser, "pictures")
    assert browser.run("return document.querySelectorAll('.card').length") == 3
    browser.click(".card .tile")
    browser.wait("document.querySelector('dialog[open]')")
    assert browser.run("return document.querySelectorAll('dialog .frame').length") == 5
    title = text_of(browser, "dialog h2")
    browser.keys(RIGHT)
    browser.wait(f"document.querySelector('dialog[open] h2').textContent !== {title!r}")
    browser.keys(ESCAPE)
    browser.wait("!document.querySelector('dialog')")


def test_a_drag_turns_the_face_and_stages_change_it(browser: Browser) -> None:
    tab(browser, "faces")
    browser.wait(f"{CANVAS}.dataset.stages === 'complete'")
    straight = seen(browser)
    assert 0.05 < (straight[..., 3] > 128).mean() < 0.95
    assert (straight == straight[:, ::-1]).mean() > 0.3
    browser.drag(".stage canvas", 120, 30)
    turned = seen(browser)
    assert (np.abs(turned - straight).max(-1) > 20).mean() > 0.02
    pictures = {}
    for key, stage in (("1", "foundation"), ("2", "bump"), ("3", "complete")):
        browser.run(f"{CANVAS}.focus()")
        browser.keys(key)
        browser.wait(f"{CANVAS}.dataset.stages === {stage!r}")
        pictures[stage] = seen(browser)
    assert (pictures["complete"] == turned).all()
    for stage in ("foundation", "bump"):
        assert (np.abs(pictures[stage] - turned).max(-1) > 20).mean() > 0.01, stage
    browser.keys("c")
    coloured = seen(browser)
    colourful = coloured[..., :3].max(-1) - coloured[..., :3].min(-1)
    assert (colourful[coloured[..., 3] > 128] > 40).mean() > 0.3
    browser.keys("g", "w")
    assert (np.abs(seen(browser) - turned).max(-1) > 20).mean() > 0.005
    browser.keys("w")
    browser.wheel(".stage canvas", -400)
    assert (seen(browser)[..., 3] > 128).mean() > 1.2 * (turned[..., 3] > 128).mean()
    browser.keys("0")
    assert (seen(browser) == straight).all()


@pytest.mark.parametrize("dark", [False, True])
def test_narrow_pages_do_not_scroll_sideways_and_follow_the_tone(browser: Browser, dark: bool) -> None:
    browser.show(390, 800, dark=dark)
    for name in ("runs", "curves", "scores", "pictures", "faces"):
        tab(browser, name)
        assert browser.run("return document.documentElement.scrollWidth") <= 390, name
    with Image.open(io.BytesIO(browser.picture())) as picture:
        corner = np.asarray(picture.convert("L")).astype(int)[-4:, :4]
    assert (corner < 60).all() if dark else (corner > 200).all()
    browser.show(1000, 800)
    assert browser.messages() == []
