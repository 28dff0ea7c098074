// Lanes, ruler and overview on canvas. Only what can be seen is drawn, and events that fall into one pixel only once.
const ROW = 24;
const ROOM = 1.035;  // of the run's length: room for the marks of tasks that end with it
const colours = {};
function readColours() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["bg", "panel", "ink", "muted", "line", "hover", "chosen", "accent", "focus", "life", "run", "sleep", "tool", "fs", "stdin", "extern", "on-call", "bad", "good", "lost", "mark", "grid"])
    colours[name] = style.getPropertyValue("--" + name).trim();
  colours.call = colours.tool;
  hatch = null;
}

const view = { axis: "time", from: 0, to: 1 };
const axis = () => axes[view.axis];
const lanes = $("lanes"), ruler = $("ruler"), overview = $("overview");
let width = 0, height = 0;   // of the lanes, in CSS pixels
const xOf = (value) => (value - view.from) / (view.to - view.from) * width;
const valueAt = (x) => view.from + x / width * (view.to - view.from);

function fitCanvas(canvas, w, h) {
  const scale = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(w * scale) || canvas.height !== Math.round(h * scale)) {
    canvas.width = Math.round(w * scale);
    canvas.height = Math.round(h * scale);
    if (canvas === lanes || canvas === ruler) { canvas.style.width = w + "px"; canvas.style.height = h + "px"; }
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, w, h);
  return pen;
}

let hatch = null;
function hatched(pen) {
  if (hatch) return hatch;
  const tile = document.createElement("canvas");
  tile.width = tile.height = 6;
  const t = tile.getContext("2d");
  t.fillStyle = colours.life; t.fillRect(0, 0, 6, 6);
  t.strokeStyle = colours.sleep; t.lineWidth = 1.6;
  t.beginPath();
  for (const o of [-3, 3, 9]) { t.moveTo(o - 3, 9); t.lineTo(o + 9, -3); }
  t.stroke();
  return hatch = pen.createPattern(tile, "repeat");
}

function ticks() {
  const span = view.to - view.from;
  const rough = span / Math.max(2, width / 110);
  let steps;
  if (view.axis === "time" && rough >= 1e9) steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400].map((s) => s * 1e9);
  let step = steps && steps.find((s) => s >= rough);
  if (!step) {
    const power = 10 ** Math.floor(Math.log10(rough));
    step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough * 0.999);
    if (view.axis === "order" || view.axis === "time") step = Math.max(1, step);
  }
  const out = [];
  for (let at = Math.ceil(view.from / step) * step; at <= view.to; at += step) out.push(at);
  return { out, step };
}

function tickLabel(value, step) {
  if (view.axis === "order") return Math.round(value).toLocaleString("en");
  if (value === 0) return "0";
  const [unit, scale] = step >= 1e9 ? ["s", 1e9] : step >= 1e6 ? ["ms", 1e6] : step >= 1e3 ? ["µs", 1e3] : ["ns", 1];
  if (scale === 1e9 && value >= 60e9) return duration(value);
  if (step < scale * 1 || value / scale > 9999) return duration(value);
  return Number((value / scale).toFixed(3)).toLocaleString("en") + " " + unit;
}

function drawRuler(marks) {
  const tall = 25;
  const pen = fitCanvas(ruler, width, tall);
  pen.font = "11px " + getComputedStyle(document.body).fontFamily;
  pen.textBaseline = "middle";
  for (const at of marks.out) {
    const x = xOf(at);
    pen.fillStyle = colours.line; pen.fillRect(Math.round(x), tall - 6, 1, 6);
    pen.fillStyle = colours.muted;
    const label = tickLabel(at, marks.step);
    if (x + 5 + pen.measureText(label).width < width) pen.fillText(label, x + 5, tall / 2);
  }
}

function bar(pen, x0, x1, y, h, radius) {
  const w = Math.max(x1 - x0, 1);
  if (w > 5) { pen.beginPath(); pen.roundRect(x0, y, w, h, radius); pen.fill(); } else pen.fillRect(x0, y, w, h);
}

const SHAPE = { print: "dot", emit: "diamond", now: "ring", decision: "flag", cancel: "cross", warn: "triangle", signal: "triangle", aside: "tick", other: "ring" };
function drawMoment(pen, kind, x, y, bad) {
  pen.lineWidth = 1.7;
  pen.fillStyle = pen.strokeStyle = bad ? colours.bad : kind === "decision" ? colours.good : kind === "emit" ? colours.accent : kind === "cancel" ? colours.ink : colours.mark;
  pen.beginPath();
  switch (SHAPE[kind]) {
    case "dot": pen.arc(x, y, 3, 0, 7); pen.fill(); break;
    case "ring": pen.arc(x, y, 2.8, 0, 7); pen.stroke(); break;
    case "diamond": pen.moveTo(x, y - 4.5); pen.lineTo(x + 4.5, y); pen.lineTo(x, y + 4.5); pen.lineTo(x - 4.5, y); pen.fill(); break;
    case "flag": pen.moveTo(x, y - 7); pen.lineTo(x, y + 7); pen.stroke(); pen.beginPath(); pen.moveTo(x, y - 7); pen.lineTo(x + 8, y - 4); pen.lineTo(x, y - 1); pen.fill(); break;
    case "cross": pen.moveTo(x - 3.4, y - 3.4); pen.lineTo(x + 3.4, y + 3.4); pen.moveTo(x + 3.4, y - 3.4); pen.lineTo(x - 3.4, y + 3.4); pen.stroke(); break;
    case "triangle": pen.moveTo(x, y - 5); pen.lineTo(x + 5, y + 4); pen.lineTo(x - 5, y + 4); pen.fill(); break;
    default: pen.fillRect(x - 0.5, y - 5, 1, 10);
  }
}

function drawLife(pen, r, y) {
  const a = axis();
  const from = a.rowFrom[r], to = a.rowTo[r];
  if (from < 0 || from > view.to || to < view.from) return;
  const x0 = Math.max(xOf(from), -20), x1 = Math.min(xOf(to), width + 20);
  const kind = rows.kind[r];
  pen.fillStyle = colours.life;
  if (kind === "task" || kind === "branch") { bar(pen, x0, x1, y + 8, 8, 4); }
  else {  // a construct: a bracket over what is inside
    pen.fillStyle = colours.accent;
    bar(pen, x0, x1, y + 11, 2, 1);
    if (xOf(from) >= 0) pen.fillRect(x0, y + 8, 2, 8);
    if (xOf(to) <= width) pen.fillRect(x1 - 2, y + 8, 2, 8);
  }
  const mark = MARKS[rows.mark[r]];
  if (!mark || x1 > width + 4) return;
  pen.strokeStyle = pen.fillStyle = mark === "won" ? colours.good : mark === "failed" || mark === "timed out" ? colours.bad : mark === "running" ? colours.accent : colours.lost;
  pen.lineWidth = 2;
  pen.beginPath();
  const mx = x1 + 8, my = y + 12;
  if (mark === "won") { pen.moveTo(mx - 3.5, my); pen.lineTo(mx - 1, my + 3); pen.lineTo(mx + 4, my - 3.5); }
  else if (mark === "running") { for (const o of [0, 5, 10]) pen.fillRect(mx - 4 + o, my - 1, 2.5, 2.5); }
  else if (mark === "lost") { pen.moveTo(mx - 3.5, my); pen.lineTo(mx + 3.5, my); }
  else { pen.moveTo(mx - 3, my - 3); pen.lineTo(mx + 3, my + 3); pen.moveTo(mx + 3, my - 3); pen.lineTo(mx - 3, my + 3); }
  pen.stroke();
}

function drawRow(pen, r, y) {
  drawLife(pen, r, y);
  const a = axis();
  const last = firstItem[r + 1];
  const first = lowerBound(a.reach, view.from, firstItem[r], last);
  const end = lowerBound(a.itemFrom, view.to, first, last);
  const seen = new Float64Array(ITEM.length).fill(-9);
  const perPixel = width / (view.to - view.from);
  for (let layer = 0; layer < 2; layer++) for (let i = first; i <= end && i < last; i++) {
    const type = items.type[i];
    if ((type >= FIRST_MOMENT) !== (layer === 1)) continue;
    const x1 = Math.min((a.itemTo[i] - view.from) * perPixel, width + 20);
    if (x1 - seen[type] < 0.8 && i !== chosen.item) continue;
    seen[type] = x1;
    const x0 = Math.max((a.itemFrom[i] - view.from) * perPixel, -20);
    pen.globalAlpha = matching && !matching.items[i] && matching.byItem[r] ? 0.25 : 1;
    drawItem(pen, i, ITEM[type], x0, x1, y);
    pen.globalAlpha = 1;
    if (i === chosen.item) {
      pen.strokeStyle = colours.focus; pen.lineWidth = 2;
      pen.beginPath();
      if (type >= FIRST_MOMENT) pen.arc(x0, y + 12, 8, 0, 7); else pen.roundRect(x0 - 2, y + 2, Math.max(x1 - x0, 1) + 4, 20, 6);
      pen.stroke();
    }
  }
}

function drawItem(pen, i, kind, x0, x1, y) {
  if (items.type[i] >= FIRST_MOMENT) return drawMoment(pen, kind, x0, y + 12, items.status[i] === 2);
  if (kind === "run") { pen.fillStyle = colours.run; return bar(pen, x0, x1, y + 8, 8, 3); }
  if (kind === "sleep") { pen.fillStyle = hatched(pen); return bar(pen, x0, x1, y + 8, 8, 3); }
  const bad = items.status[i] === 2, gone = items.status[i] === 3;
  pen.fillStyle = gone ? colours.lost : colours[kind];
  bar(pen, x0, x1, y + 4, 16, 4);
  if (bad) { pen.fillStyle = colours.bad; bar(pen, Math.max(x0, x1 - 5), x1, y + 4, 16, 2); }
  const room = Math.min(x1, width) - Math.max(x0, 0) - 12;
  if (room < 30) return;
  pen.fillStyle = gone ? colours.panel : colours["on-call"];
  pen.font = "11px " + mono;
  pen.textBaseline = "middle";
  let label = itemName(i) + (room > 120 && items.input[i] >= 0 ? "  " + inputOf(i).slice(0, 120).replace(/\s+/g, " ") : "");
  const fits = Math.floor(room / 6.7);
  if (label.length > fits) label = label.slice(0, Math.max(1, fits - 1)) + "…";
  pen.fillText(label, Math.max(x0, 0) + 6, y + 12.5);
}

function drawLanes() {
  const pen = fitCanvas(lanes, width, height);
  const marks = ticks();
  const top = scrolled();
  const first = Math.floor(top / ROW), last = Math.min(visible.length - 1, Math.floor((top + height) / ROW));
  for (let k = first; k <= last; k++) {
    const r = visible[k];
    if (r === chosen.row || r === hovered.row) {
      pen.fillStyle = r === chosen.row ? colours.chosen : colours.hover;
      pen.fillRect(0, k * ROW - top, width, ROW);
    }
  }
  pen.fillStyle = colours.grid;
  for (const at of marks.out) pen.fillRect(Math.round(xOf(at)), 0, 1, height);
  pen.fillStyle = colours.muted; pen.globalAlpha = 0.5;
  if (axis().end < view.to) pen.fillRect(Math.round(xOf(axis().end)), 0, 1, height);
  pen.globalAlpha = 1;
  for (let k = first; k <= last; k++) drawRow(pen, visible[k], k * ROW - top);
  drawRuler(marks);
  lanes.dataset.from = view.from; lanes.dataset.to = view.to;
}

// How many tasks and outside calls there are at each moment of the whole run.
let density = null;
function densityOf(bins) {
  if (density && density.axis === view.axis && density.bins === bins) return density;
  const a = axis();
  const count = (from, to, take) => {
    const delta = new Float64Array(bins + 1);
    for (let i = 0; i < from.length; i++) {
      if (from[i] < 0 || !take(i)) continue;
      const b0 = Math.max(0, Math.min(bins - 1, Math.floor(from[i] / a.end * bins)));
      delta[b0]++;
      delta[Math.max(b0 + 1, Math.min(bins, Math.ceil(to[i] / a.end * bins)))]--;
    }
    let level = 0;
    return delta.map((d) => level += d);
  };
  const tasks = count(a.rowFrom, a.rowTo, () => true);
  const calls = count(a.itemFrom, a.itemTo, (i) => items.type[i] > 1 && items.type[i] < FIRST_MOMENT);
  const bad = count(a.itemFrom, a.itemTo, (i) => items.status[i] === 2);
  return density = { axis: view.axis, bins, tasks, calls, bad, most: Math.max(1, ...tasks), mostCalls: Math.max(1, ...calls) };
}

function drawOverview() {
  const h = 45;
  const pen = fitCanvas(overview, width, h);
  const reach = width / ROOM;  // where the run ends: the same place as in the lanes below
  const bins = Math.max(10, Math.floor(reach / 2));
  const d = densityOf(bins);
  const step = reach / bins;
  const area = (levels, most, colour, tall) => {
    pen.fillStyle = colour;
    pen.beginPath(); pen.moveTo(0, h);
    for (let b = 0; b < bins; b++) { const y = h - levels[b] / most * tall; pen.lineTo(b * step, y); pen.lineTo((b + 1) * step, y); }
    pen.lineTo(reach, h); pen.fill();
  };
  area(d.tasks, d.most, colours.life, h - 8);
  pen.globalAlpha = 0.75;
  area(d.calls, Math.max(d.mostCalls, d.most), colours.tool, h - 8);
  pen.globalAlpha = 1;
  pen.fillStyle = colours.bad;
  for (let b = 0; b < bins; b++) if (d.bad[b] > 0) pen.fillRect(b * step, h - 3, Math.max(2, step), 3);
  const end = axis().end * ROOM;
  const x0 = Math.max(0, view.from / end * width), x1 = Math.min(width, view.to / end * width);
  if (view.from <= 0 && view.to >= end * 0.9999) return;
  pen.fillStyle = colours.bg; pen.globalAlpha = 0.7;
  pen.fillRect(0, 0, x0, h); pen.fillRect(x1, 0, width - x1, h);
  pen.globalAlpha = 1; pen.strokeStyle = colours.accent; pen.lineWidth = 2;
  pen.strokeRect(x0 + 1, 1, Math.max(2, x1 - x0 - 2), h - 2);
}
