"""The timeline in Chromium: what it shows, with mouse and keys, in dark and light, and how it copes with many lanes."""

from __future__ import annotations

import json

import pytest

from lumen.journal.history import load_history
from lumen.trace.timeline import timeline_html

ROW = 24
MANY = """\
async cell work(n: Int)
  sleep(n % 5 + 1)
  return n
end

cell main()
  let xs = await parallel for i in 1..{n}
    await work(i)
  end
  return length(xs)
end
"""

CONTRAST = """pairs => {
  const rgb = name => {
    const e = document.createElement('i');
    e.style.color = `var(--${name})`;
    document.body.append(e);
    const found = getComputedStyle(e).color.match(/\\d+/g).map(Number);
    e.remove();
    return found;
  };
  const linear = v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = name => rgb(name).reduce((sum, v, i) => sum + linear(v / 255) * [.2126, .7152, .0722][i], 0);
  return Object.fromEntries(pairs.map(pair => {
    const [low, high] = pair.split(' on ').map(light).sort((a, b) => a - b);
    return [pair, (high + .05) / (low + .05)];
  }));
}"""
"""The contrast of colours, as WCAG reckons it."""
PAIRS = [
    *("ink on bg", "ink on panel", "ink on chosen", "ink on hover", "muted on panel", "muted on bg", "panel on ink"),
    *("good on panel", "bad on panel", "accent on panel", "focus on panel"),
    *("on-call on tool", "on-call on fs", "on-call on extern", "on-call on stdin", "panel on lost"),
    *("keyword on panel", "string on panel", "number on panel", "comment on panel"),
]


@pytest.fixture
def open_page(browser, tmp_path):
    """`open_page(journal)` makes its timeline and opens it; in the end nothing may have gone wrong in it."""
    pages = []

    def opened(journal, **options):
        target = tmp_path / "page.html"
        target.write_text(timeline_html(load_history(journal), name=journal.name), "utf-8")
        page = browser.open(target, **options)
        pages.append(page)
        return page

    yield opened
    for page in pages:
        problems, requests = page.problems(), page.requests()
        page.close()
        assert problems == []
        assert len(requests) == 1, "a page that works offline asks for nothing"


@pytest.fixture
def page(open_page, trip):
    return open_page(trip)


def at(page, row, ns):
    """Where on the screen a row shows a moment."""
    box = page.box("#lanes")
    begin, end = (float(page.attribute("#lanes", f"data-{name}")) for name in ("from", "to"))
    return box["x"] + (ns - begin) / (end - begin) * box["width"], box["y"] + row * ROW + ROW / 2


def shown(page):
    return [float(page.attribute("#lanes", f"data-{name}")) for name in ("from", "to")]


def labels(page):
    return page.texts("#tree .row .name")


def ink(page):
    """How many different colours the lanes are drawn in: an empty canvas has one."""
    return page.run(
        "(() => { const c = document.getElementById('lanes'); const d = c.getContext('2d')"
        ".getImageData(0, 0, c.width, c.height).data; const seen = new Set();"
        " for (let i = 0; i < d.length; i += 4) seen.add(d[i] << 16 | d[i+1] << 8 | d[i+2]); return seen.size })()"
    )


def test_head_tree_and_marks(page):
    assert page.text("h1") == "trip.lumen"
    assert page.text(".badge") == "failed: unavailable"
    assert page.texts(".facts dd") == ["eager", "100 ms", "6", "3", "43", "2026-11-21 05:00:00 UTC"]
    assert labels(page) == ["main", "race", '1: ask("fast")', '2: ask("slow")']
    assert page.texts("#tree .pill") == ["failed", "won", "lost"]
    assert page.text(".note") == "unavailable: no route to host"
    assert ink(page) > 20


def test_hovering_shows_arguments_and_result(page):
    page.move(*at(page, 2, 40e6))
    tip = page.text("#tip")
    assert "llm.chat" in tip
    assert "answered · 0.000 ms, took 80 ms" in tip
    assert "model: fast" in tip
    assert "Lodz </script><b>" in tip
    page.move(5, 5)
    assert page.run("document.getElementById('tip').hidden")


def test_a_click_shows_details_and_the_line_in_the_source(page):
    page.click(*at(page, 0, 90e6))
    assert page.run("document.getElementById('tip').hidden"), "it would hide what is told beside"
    details = page.text("#details")
    assert "http.get" in details
    assert "url: https://example.com" in details
    assert "unavailable: no route to host" in details
    assert page.attribute("#source", "data-line") == "11"
    assert page.text("#source .here").split("\n")[-1].strip() == 'Get(url: "https://example.com")'


def test_details_of_a_construct(page):
    page.press("#row-1 .name")
    assert "branch 1 won" in page.text("#details")
    assert page.attribute("#row-1", "aria-selected") == "true"


def test_zoom_with_keys_buttons_and_wheel(page):
    whole = shown(page)
    page.key("+")
    nearer = shown(page)
    assert nearer[1] - nearer[0] == pytest.approx((whole[1] - whole[0]) * 0.6)
    page.key("-")
    assert shown(page) == pytest.approx(whole)
    page.press("#zoom-in")
    page.press("#zoom-in")
    assert shown(page)[1] - shown(page)[0] == pytest.approx((whole[1] - whole[0]) * 0.36)
    page.key("0")
    assert shown(page) == pytest.approx(whole)
    x, y = at(page, 0, 30e6)
    page.mouse("mouseWheel", x, y, deltaX=0, deltaY=-240, modifiers=2)
    page.settle()
    near = shown(page)
    assert near[1] - near[0] < whole[1] - whole[0]
    assert near[0] < 30e6 < near[1], "what is under the pointer stays there"


def test_pan_with_arrows_and_by_dragging(page):
    page.run("document.getElementById('lanes').focus()")
    for _ in range(4):
        page.key("+")
    before = shown(page)
    page.key("ArrowRight")
    assert shown(page)[0] > before[0]
    page.key("ArrowLeft")
    assert shown(page) == pytest.approx(before)
    x, y = at(page, 3, sum(before) / 2)
    page.mouse("mousePressed", x, y, button="left", buttons=1, clickCount=1)
    page.mouse("mouseMoved", x + 80, y, button="left", buttons=1)
    page.mouse("mouseReleased", x + 80, y, button="left", clickCount=1)
    page.settle()
    assert shown(page)[0] < before[0]
    assert shown(page)[1] - shown(page)[0] == pytest.approx(before[1] - before[0])


def test_the_tree_by_keyboard(page):
    assert page.texts('#tree [tabindex="0"] .name') == ["main"], "one stop for Tab"
    page.run("document.querySelector('#tree [tabindex=\"0\"]').focus()")
    page.key("ArrowDown")
    assert page.run("document.activeElement.id") == "row-1"
    page.key("ArrowLeft")
    assert page.attribute("#row-1", "aria-expanded") == "false"
    assert labels(page) == ["main", "race"]
    page.key("ArrowRight")
    assert len(labels(page)) == 4
    page.key("ArrowDown")
    assert page.texts('#tree [tabindex="0"] .name') == ['1: ask("fast")']
    assert 'ask("fast")' in page.text("#details h2")
    page.key(".")
    page.key(".")
    assert page.text("#details h2") == "llm.chat"
    assert "llm.chat, answered" in page.text("#live")
    page.key("Enter")
    assert page.run("document.activeElement.id") == "details"
    page.key("Escape")
    assert page.text("#details h2") == "trip.lumen, main"


def test_every_control_can_be_reached_and_has_a_name(page):
    nameless = page.run(
        "[...document.querySelectorAll('button, input, select, [tabindex=\"0\"]')].filter(e => e.offsetParent"
        " && !(e.getAttribute('aria-label') || e.getAttribute('aria-labelledby') || e.innerText.trim()))"
        ".map(e => e.outerHTML)"
    )
    assert nameless == []
    stops = []
    page.run("document.body.focus()")
    for _ in range(30):
        page.key("Tab")
        stops.append(page.run("document.activeElement.id || document.activeElement.className"))
    for wanted in ("search", "only-calls", "axis-time", "zoom-in", "theme", "row-0", "lanes", "details", "tab-source"):
        assert wanted in stops
    page.run("document.getElementById('zoom-in').focus()")
    page.key("Tab")
    outline = page.run("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "focus by keyboard can be seen"


def test_the_tree_says_what_it_is_to_assistive_technology(page):
    nodes = page.send("Accessibility.getFullAXTree")["nodes"]
    items = [
        (node["name"]["value"], {p["name"]: p["value"].get("value") for p in node["properties"]})
        for node in nodes
        if node.get("role", {}).get("value") == "treeitem"
    ]
    assert [name for name, _ in items] == [
        "task 1, main, failed, 100 ms",
        "task 2, race, 80 ms",
        'task 3·4, 1: ask("fast"), won, 80 ms',
        'task 5·6, 2: ask("slow"), lost, 80 ms',
    ]
    assert [properties["level"] for _, properties in items] == [1, 2, 3, 3]


def test_filter(page):
    page.key("/")
    assert page.run("document.activeElement.id") == "search"
    page.type("model: slow")
    assert page.text("#count") == "1 of 4 lanes, 1 event"
    assert labels(page) == ["main", "race", '2: ask("slow")']
    page.key("Escape")
    assert len(labels(page)) == 4
    page.key("/")
    page.type("#4")
    assert labels(page)[-1] == '1: ask("fast")'
    page.key("Escape")
    page.key("/")
    page.type("nothing like this")
    assert not page.run("document.getElementById('nothing').hidden")
    page.press("#clear")
    assert len(labels(page)) == 4
    page.press("#only-trouble")
    assert page.text("#count") == "2 of 4 lanes"
    page.press("#only-trouble")
    page.press("#only-calls")
    assert page.text("#count") == "3 of 4 lanes"


def test_a_line_of_the_source_finds_its_events(page):
    page.run("[...document.querySelectorAll('#source .busy button')].find(b => b.innerText === '7').click()")
    assert page.run("document.getElementById('search').value") == "trip.lumen:7:"
    assert labels(page)[-1] == '2: ask("slow")'


def test_output(page):
    page.press("#tab-output")
    assert page.texts("#output .what")[0] == "planning"
    assert "[secret]" in page.texts("#output .what")[1]
    page.press("#output .out")
    assert page.text("#details h2") == "print"


def test_time_and_order(page):
    assert page.attribute("#axis-time", "aria-pressed") == "true"
    page.key("s")
    assert page.attribute("#axis-order", "aria-pressed") == "true"
    assert shown(page)[1] == pytest.approx(43 * 1.035)
    assert page.text("#axis-name") == "Order of events"


def test_dark_and_light(open_page, trip):
    page = open_page(trip, scheme="dark")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.run(background)
    assert page.attribute("html", "data-theme") == "dark"
    page.press("#theme")
    assert page.attribute("html", "data-theme") == "light"
    assert page.run(background) != dark
    page.scheme("light")
    page.settle()
    page.scheme("dark")
    page.settle()
    assert page.run(background) == dark, "follows the system"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(open_page, trip, scheme):
    page = open_page(trip, scheme=scheme)
    ratios = page.run(f"({CONTRAST})({json.dumps(PAIRS)})")
    assert {pair: ratio for pair, ratio in ratios.items() if ratio < 4.5} == {}


def test_help(page):
    page.key("?", shift=True)
    assert page.run("document.getElementById('keys').open")
    assert "zoom in, out, whole run" in page.text("#keys")
    page.key("Escape")
    assert not page.run("document.getElementById('keys').open")


def test_paper(page):
    page.key("t")
    page.key("+")
    before = shown(page)
    pdf = page.pdf()
    assert pdf.startswith(b"%PDF")
    assert b"/Count 1" in pdf, "one sheet"
    page.settle()
    assert page.attribute("html", "data-theme") == "dark", "the screen is as it was"
    assert shown(page) == before
    assert page.box("#tree")["width"] == 340
    assert len(labels(page)) == 4


def test_narrow_screens(open_page, trip):
    page = open_page(trip, width=420, height=800)
    assert page.run("document.documentElement.scrollWidth") <= 420
    assert len(labels(page)) == 4


def test_a_run_that_was_cut_off(open_page, write_journal, tmp_path, trip_lines):
    page = open_page(write_journal(tmp_path / "j.jsonl", trip_lines[:8]))
    assert page.text(".badge") == "cut off"
    assert "ends before the run does" in page.text(".note")
    assert "running" in page.texts("#tree .pill")


def test_a_run_without_tasks(open_page, write_journal, tmp_path):
    page = open_page(write_journal(tmp_path / "j.jsonl", []))
    assert page.text("#count") == "0 lanes"
    for key in ("+", "s", "ArrowDown", ".", "f", "Escape"):
        page.key(key)


def test_enter_in_the_filter_goes_to_the_first_match(page):
    for _ in range(6):
        page.key("+")
    page.key("/")
    page.type("example.com")
    page.key("Enter")
    assert page.text("#details h2") == "http.get"
    begin, end = shown(page)
    assert begin <= 80e6 <= end


@pytest.mark.slow
def test_twenty_thousand_tasks(open_page, record):
    page = open_page(record(MANY.replace("{n}", "20001"), "many"))
    assert page.text("#count") == "20,002 lanes"
    assert len(labels(page)) < 60, "only rows on screen have elements"
    page.run("document.getElementById('scroll').scrollTop = 1e9")
    page.settle()
    assert labels(page)[-1] == "20000: work(i)"
    assert ink(page) > 5
    page.key("/")
    page.run(
        "void (found = new Promise(done => new MutationObserver(() => done(0))"
        ".observe(document.getElementById('count'), {childList: true})))"
    )
    page.type("20000:")
    page.run("found")
    page.settle()
    assert labels(page) == ["main", "parallel for i in 1..20001", "20000: work(i)"]
