// Zoom, pan, keys, theme; and the start.
const mono = getComputedStyle(document.documentElement).getPropertyValue("--mono") || "monospace";
let pending = 0;
function redraw() { if (!pending) pending = requestAnimationFrame(paint); }
function paint() {
  pending = 0;
  drawTree();
  drawLanes();
  drawOverview();
}

function measure() {
  if (onPaper) return;
  const names = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--names"));
  width = Math.max(60, scroll.clientWidth - names);
  height = scroll.clientHeight;
  ruler.parentElement.style.paddingRight = overview.parentElement.style.paddingRight = scroll.offsetWidth - scroll.clientWidth + "px";
  $("spacer").style.height = Math.max(visible.length * ROW + 8, height) + "px";
  density = null;
  redraw();
}

// --- the part of the run that is shown -------------------------------------------------------------------------------

function show(from, to) {
  const end = axis().end;
  const least = view.axis === "time" ? 20 : 2;
  let span = Math.min(Math.max(to - from, least), end * ROOM);
  if (to - from !== span) { const middle = (from + to) / 2; from = middle - span / 2; }
  from = Math.max(0, Math.min(from, end * ROOM - span));
  view.from = from; view.to = from + span;
  redraw();
}
const fit = () => show(0, axis().end * ROOM);
function zoom(factor, x = width / 2) {
  const at = valueAt(x);
  show(at - (at - view.from) * factor, at + (view.to - at) * factor);
}
const pan = (pixels) => { const by = pixels / width * (view.to - view.from); show(view.from + by, view.to + by); };
function zoomToChosen() {
  const a = axis();
  const [from, to] = chosen.item >= 0 ? [a.itemFrom[chosen.item], a.itemTo[chosen.item]] : chosen.row >= 0 ? [a.rowFrom[chosen.row], a.rowTo[chosen.row]] : [0, a.end];
  const margin = Math.max((to - from) * 0.15, a.end / 2000);
  show(from - margin, to + margin);
}
function showMoment(i) {
  const at = axis().itemFrom[i];
  if (at < view.from || at > view.to) { const half = (view.to - view.from) / 2; show(at - half, at + half); }
}
function showRow(r) {
  const from = axis().rowFrom[r], to = axis().rowTo[r];
  if (from < 0 || (from <= view.to && to >= view.from)) return;
  const half = (view.to - view.from) / 2, middle = (from + to) / 2;
  show(middle - half, middle + half);
}
function setAxis(name) {
  if (view.axis !== name) {
    // The part that is shown stays in view: its first and last event have places on both axes.
    view.axis = name;
    density = null;
    fit();
    if (chosen.item >= 0) showMoment(chosen.item);
  }
  $("axis-time").setAttribute("aria-pressed", name === "time");
  $("axis-order").setAttribute("aria-pressed", name === "order");
  $("axis-name").textContent = name === "order" ? "Order of events" : run.virtual ? "Virtual time" : "Time since start";
}

// --- pointing --------------------------------------------------------------------------------------------------------

function under(event) {
  const box = lanes.getBoundingClientRect();
  const x = event.clientX - box.left, y = event.clientY - box.top;
  const k = Math.floor((y + scrolled()) / ROW);
  if (k < 0 || k >= visible.length) return { row: -1, item: -1, x };
  const r = visible[k];
  const a = axis(), slack = 6 / width * (view.to - view.from), at = valueAt(x);
  const last = firstItem[r + 1];
  let best = -1, nearest = Infinity;
  for (let i = lowerBound(a.reach, at - slack, firstItem[r], last); i < last && a.itemFrom[i] <= at + slack; i++) {
    const isMoment = items.type[i] >= FIRST_MOMENT;
    const from = a.itemFrom[i], to = Math.max(a.itemTo[i], from);
    if (to < at - slack) continue;
    // Moments lie on top of calls, calls on top of steps; among equals the nearest.
    let away = at < from ? from - at : at > to ? at - to : 0;
    away = away / slack + (isMoment ? 0 : items.type[i] === 0 ? 4 : 2);
    if (away <= nearest) { nearest = away; best = i; }
  }
  return { row: r, item: best, x };
}

let drag = null;
lanes.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  drag = { x: event.clientX, y: event.clientY, from: view.from, top: scrolled(), moved: false };
  lanes.setPointerCapture(event.pointerId);
});
lanes.addEventListener("pointermove", (event) => {
  if (!drag) {
    const { row, item } = under(event);
    lanes.classList.toggle("over", item >= 0);
    return hover(row, item, event.clientX, event.clientY);
  }
  const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
  if (!drag.moved && Math.abs(dx) + Math.abs(dy) < 4) return;
  drag.moved = true;
  hover(-1, -1);
  lanes.classList.add("dragging");
  const span = view.to - view.from;
  show(drag.from - dx / width * span, drag.from - dx / width * span + span);
  scroll.scrollTop = drag.top - dy;
});
lanes.addEventListener("pointerup", (event) => {
  const was = drag;
  drag = null;
  lanes.classList.remove("dragging");
  if (!was || was.moved) return;
  const { row, item } = under(event);
  choose(row, item);
});
lanes.addEventListener("pointercancel", () => { drag = null; lanes.classList.remove("dragging"); });
lanes.addEventListener("pointerleave", () => hover(-1, -1));
lanes.addEventListener("dblclick", (event) => {
  const { row, item, x } = under(event);
  if (item >= 0 && items.type[item] < FIRST_MOMENT) { choose(row, item); zoomToChosen(); } else zoom(0.4, x);
});

function wheel(event, always) {
  const overLanes = event.target === lanes || always;
  const fitsDown = visible.length * ROW + 8 <= height;
  if (always || event.ctrlKey || event.metaKey || (overLanes && fitsDown && !event.shiftKey && Math.abs(event.deltaY) > Math.abs(event.deltaX))) {
    event.preventDefault();
    const box = lanes.getBoundingClientRect();
    const lines = event.deltaMode === 1 ? 16 : 1;
    zoom(Math.exp(Math.max(-240, Math.min(240, event.deltaY * lines)) / 320), Math.max(0, event.clientX - box.left));
  } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    event.preventDefault();
    pan(event.deltaX || event.deltaY);
  }
}
scroll.addEventListener("wheel", (event) => wheel(event, false), { passive: false });
for (const canvas of [ruler, overview]) canvas.addEventListener("wheel", (event) => wheel(event, true), { passive: false });
scroll.addEventListener("scroll", () => { drawTree(); drawLanes(); });
source.addEventListener("scroll", drawSource);

// Drag on the ruler pans; on the overview it picks the part to show.
function onDrag(element, begin, move, end) {
  element.addEventListener("pointerdown", (down) => {
    element.setPointerCapture(down.pointerId);
    const state = begin(down);
    const moved = (event) => move(event, state);
    element.addEventListener("pointermove", moved);
    element.addEventListener("pointerup", (up) => { element.removeEventListener("pointermove", moved); if (end) end(up, state); }, { once: true });
  });
}
onDrag(ruler, (e) => ({ x: e.clientX, from: view.from, span: view.to - view.from }), (e, s) => { const from = s.from - (e.clientX - s.x) / width * s.span; show(from, from + s.span); });
const overviewAt = (e) => Math.max(0, Math.min(1, (e.clientX - overview.getBoundingClientRect().left) / width)) * axis().end * ROOM;
onDrag(overview, (e) => ({ at: overviewAt(e), moved: false }),
  (e, s) => { const to = overviewAt(e); s.moved ||= Math.abs(to - s.at) > axis().end / width * 4; if (s.moved) show(Math.min(s.at, to), Math.max(s.at, to)); },
  (e, s) => { if (!s.moved) { const half = (view.to - view.from) / 2; show(s.at - half, s.at + half); } });
const setNames = (px) => { document.documentElement.style.setProperty("--names", Math.max(110, Math.min(scroll.clientWidth - 120, px)) + "px"); measure(); };
onDrag($("divider"), () => ({}), (e) => setNames(e.clientX - scroll.getBoundingClientRect().left));
$("divider").addEventListener("keydown", (event) => {
  const by = { ArrowLeft: -20, ArrowRight: 20 }[event.key];
  if (by) { setNames(tree.offsetWidth + by); event.preventDefault(); event.stopPropagation(); }
});

// --- keys ------------------------------------------------------------------------------------------------------------

function step(direction) {
  const r = chosen.row >= 0 ? chosen.row : current;
  const first = firstItem[r], last = firstItem[r + 1];
  if (first === last) return;
  const next = chosen.item < 0 ? (direction > 0 ? first : last - 1) : chosen.item + direction;
  if (next < first || next >= last) return;
  choose(r, next);
  reveal(r);
  showMoment(next);
}
function clearFilter() {
  filter.words = $("search").value = "";
  filter.calls = filter.trouble = false;
  $("only-calls").setAttribute("aria-pressed", "false");
  $("only-trouble").setAttribute("aria-pressed", "false");
  findMatches();
}
function setFilter(words) { clearFilter(); $("search").value = filter.words = words; findMatches(); layOut(); }
function setTheme(name) {
  document.documentElement.dataset.theme = name;
  readColours();
  drawLegend();
  redraw();
}
const keys = {
  "+": () => zoom(0.6), "=": () => zoom(0.6), "-": () => zoom(1 / 0.6), "_": () => zoom(1 / 0.6), "0": fit,
  ArrowLeft: () => pan(-width / 8), ArrowRight: () => pan(width / 8),
  ArrowUp: () => { scroll.scrollTop -= ROW * 2; }, ArrowDown: () => { scroll.scrollTop += ROW * 2; },
  ",": () => step(-1), ".": () => step(1), f: zoomToChosen, t: () => setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"),
  s: () => setAxis(view.axis === "time" ? "order" : "time"), "/": () => $("search").focus(), "?": () => $("keys").showModal(),
  Escape: () => { clearFilter(); choose(-1, -1); layOut(); },
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
  const target = event.target;
  if (target.id === "search") {
    if (event.key === "Escape") { keys.Escape(); target.blur(); }
    if (event.key === "Enter" && matching) {
      const first = matching.rows.indexOf(1);
      if (first >= 0) { choose(first, matching.items.subarray(0, firstItem[first + 1]).indexOf(1, firstItem[first])); focusRow(first); chosen.item >= 0 ? showMoment(chosen.item) : showRow(first); }
    }
    return;
  }
  if (target.tagName === "SELECT" || target.tagName === "INPUT") return;
  const arrows = event.key.startsWith("Arrow");
  if (arrows && (target.closest(".panel") || target.closest("[role=toolbar]"))) return;
  const act = keys[event.key];
  if (act) { act(); event.preventDefault(); }
});
document.querySelector(".tabs").addEventListener("keydown", (event) => {
  if (event.key !== "ArrowLeft" && event.key !== "ArrowRight" || event.target.tagName !== "BUTTON") return;
  const other = event.target.id === "tab-source" ? "output" : "source";
  showTab(other); $("tab-" + other).focus();
  event.preventDefault();
});

let typing = 0;
$("search").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => { filter.words = $("search").value.trim(); findMatches(); scroll.scrollTop = 0; layOut(); }, rowCount + itemCount > 50000 ? 150 : 0);
});
for (const [id, name] of [["only-calls", "calls"], ["only-trouble", "trouble"]])
  $(id).addEventListener("click", () => { filter[name] = !filter[name]; $(id).setAttribute("aria-pressed", filter[name]); findMatches(); layOut(); });
const click = { "axis-time": () => setAxis("time"), "axis-order": () => setAxis("order"), "zoom-in": keys["+"], "zoom-out": keys["-"], "zoom-fit": fit,
  theme: keys.t, help: keys["?"], clear: () => { clearFilter(); layOut(); }, "tab-source": () => showTab("source"), "tab-output": () => showTab("output") };
for (const id in click) $(id).addEventListener("click", click[id]);
$("file").addEventListener("change", () => { shownFile.here = -1; openFile(+$("file").value); });

function drawLegend() {
  const entries = [["run", "a task runs"], ["sleep", "it sleeps"], ["tool", "a tool is asked"], ["fs", "a file"], ["stdin", "standard input"], ["extern", "a Python function"],
    ["print", "print"], ["emit", "emit"], ["now", "time, chance, environment"], ["decision", "a construct decides"], ["cancel", "cancellation is asked for"]];
  $("legend").replaceChildren(...entries.map(([kind, words]) => {
    const canvas = document.createElement("canvas");
    const pen = fitCanvas(canvas, 44, 24);
    if (ITEM.indexOf(kind) >= FIRST_MOMENT) drawMoment(pen, kind, 22, 12, false);
    else { pen.fillStyle = kind === "sleep" ? hatched(pen) : colours[kind]; bar(pen, 2, 42, kind === "run" || kind === "sleep" ? 8 : 4, kind === "run" || kind === "sleep" ? 8 : 16, 4); }
    return node("li", "", canvas, words);
  }));
}

// --- paper -----------------------------------------------------------------------------------------------------------

// A sheet of A4 or Letter on its side has room for 960 pixels.
const PAPER = 960, PAPER_NAMES = 300, PAPER_LANES = 300;
let onPaper = null;  // while printing: what to go back to
addEventListener("beforeprint", () => {
  const root = document.documentElement;
  const was = { theme: root.dataset.theme, names: root.style.getPropertyValue("--names"), top: scrolled() };
  root.dataset.theme = "light";
  root.style.setProperty("--names", PAPER_NAMES + "px");
  readColours();
  scroll.scrollTop = 0;
  width = PAPER - PAPER_NAMES;
  height = Math.min(visible.length, PAPER_LANES) * ROW + 8;
  $("spacer").style.height = height + "px";
  root.style.setProperty("--paper", height + "px");
  paint();
  onPaper = was;
});
addEventListener("afterprint", () => {
  const was = onPaper;
  onPaper = null;
  document.documentElement.style.setProperty("--names", was.names);
  setTheme(was.theme);
  measure();
  scroll.scrollTop = was.top;
});

// --- start -----------------------------------------------------------------------------------------------------------

document.documentElement.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => setTheme(event.matches ? "dark" : "light"));
readColours();
for (let f = 0; f < files.length; f++) { const option = node("option", "", files[f][0]); option.value = f; $("file").append(option); }
$("file").disabled = files.length < 2;
setAxis(run.axis);
fit();
layOut();
measure();
openFile(0);
choose(-1, -1);
drawLegend();
paint();
new ResizeObserver(measure).observe(scroll);
document.documentElement.dataset.ready = Math.round(performance.now());
