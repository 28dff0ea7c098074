// What is beside the timeline: the selection, the source, what was printed.
const details = $("details"), source = $("source"), output = $("output"), tip = $("tip");

function node(tag, name, ...inside) {
  const e = document.createElement(tag);
  if (name) e.className = name;
  e.append(...inside);
  return e;
}
function button(text, act) { const b = node("button", "", text); b.type = "button"; b.addEventListener("click", act); return b; }
function pairs(list) {
  const dl = node("dl", "pairs");
  for (const [name, value] of list) if (value !== "" && value !== null && value !== undefined) dl.append(node("dt", "", name), node("dd", "", value));
  return dl;
}
function sitePair(file, line, column) {
  if (!line || !files[file]) return ["where", ""];
  const text = files[file][0] + ":" + line + (column ? ":" + column : "");
  return ["where", files[file][1] === null ? text : button(text, () => showSource(file, line, true))];
}

const IS_CALL = new Set(["tool", "fs", "stdin", "extern", "call"]);
function title(i) {
  const kind = kindOf(i);
  if (kind === "run") return "runs";
  if (kind === "sleep") return "sleeps";
  return itemName(i);
}
function statusText(i) {
  const status = STATUS[items.status[i]];
  return { value: "answered", failure: "failed" }[status] || status;
}
function inputOf(i) { return items.input[i] < 0 ? "" : texts[items.input[i]]; }
function outputOf(i) { return items.output[i] < 0 ? "" : texts[items.output[i]]; }

function describeItem(i) {
  const kind = kindOf(i), isMoment = items.type[i] >= FIRST_MOMENT, isOpen = items.status[i] === 4;
  const inside = [["event", items.seq[i]], ["at", moment(items.t0[i])]];
  if (!isMoment) inside.push(["took", isOpen ? "not over when the journal ends" : duration(items.t1[i] - items.t0[i])]);
  if (items.took[i] >= 0 && kind !== "sleep") inside.push(["of it outside", duration(items.took[i])]);
  if (IS_CALL.has(kind)) inside.push(["outcome", statusText(i)]);
  inside.push(sitePair(items.file[i], items.line[i], items.col[i]));
  const r = items.row[i];
  inside.push(["task", button("#" + rows.number[r] + " " + rowLabel(r), () => { choose(r, -1); reveal(r); })]);
  const out = [node("h2", "", title(i)), pairs(inside)];
  const block = (heading, text, bad) => { if (text) { out.push(node("h3", "", heading), node("pre", bad ? "bad" : "", text)); } };
  block(kind === "now" || IS_CALL.has(kind) ? "Arguments" : "Text", inputOf(i));
  block(items.status[i] === 2 ? "Failure" : "Result", outputOf(i), items.status[i] === 2);
  return out;
}

function describeRow(r) {
  const counts = {};
  for (let i = firstItem[r]; i < firstItem[r + 1]; i++) { const k = kindOf(i); counts[k] = (counts[k] || 0) + 1; }
  const calls = Object.keys(counts).filter((k) => IS_CALL.has(k)).reduce((n, k) => n + counts[k], 0);
  const outcome = ["still running when the journal ends", "finished", "failed", "cancelled"][rows.outcome[r]];
  const parent = rows.parent[r];
  const inside = [
    ["task", "#" + rows.number[r]], ["kind", rows.kind[r]],
    ["outcome", outcome + (rows.mark[r] && MARKS[rows.mark[r]] !== outcome && rows.outcome[r] ? ", " + MARKS[rows.mark[r]] : "")],
    ["decision", rows.note[r] < 0 ? "" : texts[rows.note[r]]],
    ["began", rows.t0[r] < 0 ? "" : moment(rows.t0[r])],
    ["took", rows.outcome[r] && rows.t0[r] >= 0 ? duration(rows.t1[r] - rows.t0[r]) : ""],
    ["steps", counts.run || ""], ["outside calls", calls || ""], ["tasks inside", childCount[r] ? childCount[r].toLocaleString("en") : ""],
    sitePair(rows.file[r], rows.line[r], rows.col[r]),
    ["inside", parent < 0 ? "" : button("#" + rows.number[parent] + " " + rowLabel(parent), () => { choose(parent, -1); reveal(parent); })],
  ];
  return [node("h2", "", rowLabel(r)), pairs(inside)];
}

function describeRun() {
  const out = [node("h2", "", run.title)];
  const inside = [["result", ""], ["arguments", run.input], ["journal", run.journal], ["recorded", run.recorded], ["program", run.path], ["hash", run.hash]];
  out.push(pairs(inside.filter(([, v]) => v)));
  if (run.result) out.push(node("h3", "", run.outcome === "failure" ? "Failure" : "Value"), node("pre", run.outcome === "failure" ? "bad" : "", run.result));
  if (run.place) { const p = sitePair(...run.place); if (p[1]) out.push(pairs([p])); }
  out.push(node("p", "muted", "Choose a task or an event to see its arguments, its result and its line in the source."));
  return out;
}

function choose(r, i) {
  chosen.row = r; chosen.item = i;
  if (i >= 0 && i === hovered.item) tip.hidden = true;
  details.replaceChildren(...(i >= 0 ? describeItem(i) : r >= 0 ? describeRow(r) : describeRun()));
  details.scrollTop = 0;
  if (r >= 0) {
    current = r;
    const [file, line] = i >= 0 && items.line[i] ? [items.file[i], items.line[i]] : [rows.file[r], rows.line[r]];
    if (line) showSource(file, line, false); else markSource(-1);
    $("live").textContent = i >= 0 ? title(i) + ", " + statusText(i) + ", at " + moment(items.t0[i]) : "";
    for (const line of output.children) line.setAttribute("aria-current", +line.dataset.item === i);
  }
  details.dataset.row = r; details.dataset.item = i;
  redraw();
}

function hover(r, i, x, y) {
  if (hovered.row !== r || hovered.item !== i) {
    hovered.row = r; hovered.item = i;
    if (i < 0 || i === chosen.item) tip.hidden = true;  // what is chosen is told beside
    else {
      const kind = kindOf(i), isMoment = items.type[i] >= FIRST_MOMENT;
      const when = moment(items.t0[i]) + (isMoment || items.status[i] === 4 ? "" : ", took " + duration(items.t1[i] - items.t0[i]));
      tip.replaceChildren(node("b", "", title(i)), node("span", "muted", [IS_CALL.has(kind) ? statusText(i) : "", when, "#" + rows.number[r]].filter(Boolean).join(" · ")));
      for (const text of [inputOf(i), outputOf(i)]) if (text) tip.append(node("pre", "", text.length > 400 ? text.slice(0, 400) + "…" : text));
      tip.hidden = false;
    }
    redraw();
  }
  if (i >= 0 && x !== undefined) {
    const box = tip.getBoundingClientRect();
    tip.style.left = Math.max(8, Math.min(x + 14, innerWidth - box.width - 8)) + "px";
    tip.style.top = (y + 18 + box.height > innerHeight - 8 ? Math.max(8, y - box.height - 12) : y + 18) + "px";
  }
}

// --- source: only the lines on screen have elements, so a module of 50,000 lines opens at once -----------------------

const LINE = 19;
const WORDS = new Set("and as async await break cell catch const continue defer do else emit end enum export extern false finally fn for from if import in is let loop match not null or pub race parallel vote select timeout record return role spawn then true try type use tool when where while with yield".split(" "));
const shownFile = { index: -1, lines: [], here: -1, heat: new Map(), most: 1, box: null };

function paintLine(text) {
  const out = [];
  const token = /(#.*$)|("(?:[^"\\]|\\.)*"?)|\b(\d[\d_]*(?:\.\d+)?)\b|([A-Za-z_]\w*)/g;
  let at = 0, m;
  while ((m = token.exec(text))) {
    const name = m[1] ? "c" : m[2] ? "s" : m[3] ? "n" : WORDS.has(m[4]) ? "k" : "";
    if (!name) continue;
    out.push(text.slice(at, m.index), node("span", name, m[0]));
    at = m.index + m[0].length;
  }
  out.push(text.slice(at));
  return out;
}

function openFile(index) {
  shownFile.index = index;
  const text = files[index] ? files[index][1] : null;
  $("file").value = index;
  source.replaceChildren();
  shownFile.lines = text === null || text === undefined ? [] : text.split("\n");
  if (!shownFile.lines.length) { source.append(node("p", "empty", files[index] ? "The journal does not keep the text of " + files[index][0] + "." : "The journal holds no source.")); shownFile.box = null; return; }
  shownFile.heat = new Map();
  for (let i = 0; i < itemCount; i++) if (items.file[i] === index && items.line[i]) shownFile.heat.set(items.line[i], (shownFile.heat.get(items.line[i]) || 0) + 1);
  for (let r = 0; r < rowCount; r++) if (rows.file[r] === index && rows.line[r]) shownFile.heat.set(rows.line[r], (shownFile.heat.get(rows.line[r]) || 0) + 1);
  shownFile.most = Math.max(1, ...shownFile.heat.values());
  shownFile.box = node("div", "code");
  shownFile.box.style.height = shownFile.lines.length * LINE + "px";
  source.append(shownFile.box);
  drawSource();
}

function drawSource() {
  if (!shownFile.box) return;
  const first = Math.max(0, Math.floor(source.scrollTop / LINE) - 10), last = Math.min(shownFile.lines.length, first + Math.ceil(source.clientHeight / LINE) + 20);
  const out = [];
  for (let k = first; k < last; k++) {
    const count = shownFile.heat.get(k + 1);
    const line = node("div", (count ? "busy" : "") + (k + 1 === shownFile.here ? " here" : ""));
    line.style.top = k * LINE + "px";
    const number = count ? button(String(k + 1), () => setFilter(files[shownFile.index][0] + ":" + (k + 1) + ":")) : node("span", "", String(k + 1));
    number.classList.add("no");
    if (count) { number.title = count.toLocaleString("en") + (count === 1 ? " event" : " events") + " here; show them"; number.setAttribute("aria-label", "Line " + (k + 1) + ", " + number.title); number.style.setProperty("--heat", 0.35 + 0.65 * Math.log1p(count) / Math.log1p(shownFile.most)); }
    const text = shownFile.lines[k];
    line.append(number, node("span", "", ...(text.length > 2000 ? [text.slice(0, 2000) + "…"] : paintLine(text))));
    out.push(line);
  }
  shownFile.box.replaceChildren(...out);
}

function markSource(line) { shownFile.here = line; drawSource(); }
function showSource(file, line, force) {
  if (!files[file]) return;
  if (force) showTab("source");
  if (shownFile.index !== file) openFile(file);
  shownFile.here = line;
  const y = (line - 1) * LINE;
  if (y < source.scrollTop + 40 || y > source.scrollTop + source.clientHeight - 60) source.scrollTop = Math.max(0, y - source.clientHeight / 3);
  source.dataset.line = line;
  drawSource();
}

// --- output ----------------------------------------------------------------------------------------------------------

function fillOutput() {
  const found = [];
  for (let i = 0; i < itemCount; i++) { const kind = kindOf(i); if (kind === "print" || kind === "emit" || kind === "warn") found.push(i); }
  found.sort((a, b) => items.s0[a] - items.s0[b]);
  const shown = found.slice(0, 2000).map((i) => {
    const line = button("", () => { choose(items.row[i], i); reveal(items.row[i]); showMoment(i); });
    line.className = "out " + kindOf(i);
    line.dataset.item = i;
    line.append(node("span", "when", moment(items.t0[i])), node("span", "what", inputOf(i) || " "));
    return line;
  });
  output.replaceChildren(...shown);
  if (!found.length) output.append(node("p", "empty", "Nothing was printed or emitted."));
  if (found.length > shown.length) output.append(node("p", "empty", "… " + (found.length - shown.length).toLocaleString("en") + " more; lumen trace show prints all."));
}

function showTab(name) {
  for (const other of ["source", "output"]) {
    const on = other === name;
    $(other).hidden = !on;
    $("tab-" + other).setAttribute("aria-selected", on);
    $("tab-" + other).tabIndex = on ? 0 : -1;
  }
  $("file").hidden = name !== "source";
  if (name === "output" && !output.children.length) fillOutput();
  if (name === "source") drawSource();
}
