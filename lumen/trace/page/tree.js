// The list of tasks: which rows can be seen, and the elements for those on screen.
const tree = $("tree"), scroll = $("scroll");
const closed = new Uint8Array(rowCount);
const filter = { words: "", calls: false, trouble: false };
let visible = [];                 // rows in the order they are shown
let matching = null;              // with a filter: what it found, {rows, items, byItem, count}
const chosen = { row: -1, item: -1 };
const hovered = { row: -1, item: -1 };
let current = 0;                  // the row that Tab comes to
const elements = new Map();

const scrolled = () => scroll.scrollTop;

function findMatches() {
  if (!filter.words && !filter.calls && !filter.trouble) { matching = null; return; }
  const words = filter.words.toLowerCase().split(/\s+/).filter(Boolean);
  const found = { rows: new Uint8Array(rowCount), items: new Uint8Array(itemCount), byItem: new Uint8Array(rowCount), count: 0, events: 0 };
  const hay = words.length ? searchable() : null;
  const hasWords = (text) => words.every((w) => w[0] === "#" ? ("\n" + text + "\n").includes("\n" + w + "\n") : text.includes(w));
  for (let r = 0; r < rowCount; r++) {
    let hit = !words.length || hasWords(hay.row[r]);
    let calls = false;
    for (let i = firstItem[r]; i < firstItem[r + 1]; i++) {
      const type = items.type[i];
      calls ||= type > 1 && type < FIRST_MOMENT || ITEM[type] === "now";
      if (words.length && type !== 0 && hasWords(hay.item[i])) { found.items[i] = 1; found.byItem[r] = 1; found.events++; hit = true; }
    }
    if (filter.calls && !calls) hit = false;
    if (filter.trouble && !["failed", "cancelled", "timed out", "lost"].includes(MARKS[rows.mark[r]])) hit = false;
    if (hit) { found.rows[r] = 1; found.count++; }
  }
  matching = found;
}

// With a filter, what matches and all around it; without, what is not inside a closed row.
function layOut() {
  const shown = [];
  const keep = new Uint8Array(rowCount);
  if (matching) {
    for (let r = rowCount - 1; r >= 0; r--)
      if (matching.rows[r] || keep[r]) { keep[r] = 1; if (rows.parent[r] >= 0) keep[rows.parent[r]] = 1; }
  }
  const hidden = new Uint8Array(rowCount);
  for (let r = 0; r < rowCount; r++) {
    const parent = rows.parent[r];
    hidden[r] = parent >= 0 && (hidden[parent] || (closed[parent] && !matching)) ? 1 : 0;
    if (!hidden[r] && (!matching || keep[r])) shown.push(r);
  }
  visible = shown;
  $("spacer").style.height = Math.max(visible.length * ROW + 8, scroll.clientHeight) + "px";
  $("nothing").hidden = visible.length > 0;
  const n = (k) => k.toLocaleString("en");
  $("count").textContent = matching ? n(matching.count) + " of " + n(rowCount) + " lanes" + (matching.events ? ", " + n(matching.events) + (matching.events === 1 ? " event" : " events") : "") : n(rowCount) + (rowCount === 1 ? " lane" : " lanes");
  redraw();
}

function makeRow(r) {
  const row = document.createElement("div");
  row.className = "row";
  row.id = "row-" + r;
  row.dataset.row = r;
  row.setAttribute("role", "treeitem");
  row.setAttribute("aria-level", depth[r] + 1);
  if (place[r]) { row.setAttribute("aria-posinset", place[r]); row.setAttribute("aria-setsize", childCount[rows.parent[r]]); }
  const mark = MARKS[rows.mark[r]];
  const took = rows.t0[r] < 0 ? "" : rows.outcome[r] === 0 ? "" : duration(rows.t1[r] - rows.t0[r]);
  row.setAttribute("aria-label", ["task " + rows.number[r], rowLabel(r), mark, took].filter(Boolean).join(", "));
  const part = (tag, name, text) => { const e = document.createElement(tag); e.className = name; if (text !== undefined) e.textContent = text; row.append(e); return e; };
  part("span", "fold").setAttribute("aria-hidden", "true");
  row.firstChild.style.marginLeft = 4 + Math.min(depth[r], 14) * 14 + "px";
  const kind = rows.kind[r];
  part("span", "kind" + (kind === "task" ? "" : kind === "branch" ? " branch" : " construct") + (mark === "failed" ? " bad" : mark === "lost" || mark === "cancelled" ? " cancelled" : ""));
  part("span", "name", rowLabel(r)).title = rowLabel(r);
  part("span", "number", "#" + rows.number[r].split("·").pop());
  if (mark) part("span", "pill " + PILL[rows.mark[r]], mark);
  part("span", "took", took);
  return row;
}

function drawTree() {
  const top = scrolled();
  const first = Math.max(0, Math.floor(top / ROW) - 4), last = Math.min(visible.length - 1, Math.floor((top + height) / ROW) + 4);
  const wanted = new Set();
  for (let k = first; k <= last; k++) wanted.add(visible[k]);
  for (const [r, element] of elements)
    if (!wanted.has(r) && element !== document.activeElement) { element.remove(); elements.delete(r); }
  if (visible.length && positionOf(current) < 0) current = visible[0];
  let before = null;
  for (let k = first; k <= last; k++) {
    const r = visible[k];
    let row = elements.get(r);
    if (!row) {
      elements.set(r, row = makeRow(r));
      if (before) before.after(row); else tree.prepend(row);
    }
    before = row;
    row.style.transform = "translateY(" + (k * ROW - top) + "px)";
    row.tabIndex = r === current ? 0 : -1;
    row.setAttribute("aria-selected", r === chosen.row);
    row.classList.toggle("faint", !!matching && !matching.rows[r]);
    if (childCount[r]) {
      const open = !closed[r] || !!matching;
      row.setAttribute("aria-expanded", open);
      row.firstChild.textContent = open ? "▼" : "▶";
    }
  }
  const stray = document.activeElement;
  if (stray && stray.classList && stray.classList.contains("row")) {
    const k = positionOf(+stray.dataset.row);
    stray.style.transform = "translateY(" + ((k < 0 ? -9999 : k) * ROW - top) + "px)";
  }
}

// `visible` is ascending: rows are numbered in the order they are shown.
function positionOf(r) {
  const k = lowerBound(visible, r, 0, visible.length);
  return visible[k] === r ? k : -1;
}

function reveal(r) {
  for (let p = rows.parent[r]; p >= 0; p = rows.parent[p]) closed[p] = 0;
  if (positionOf(r) < 0) {
    if (matching) clearFilter();
    layOut();
  }
  const y = positionOf(r) * ROW;
  if (y < scrolled() + ROW) scroll.scrollTop = Math.max(0, y - ROW);
  else if (y + 2 * ROW > scrolled() + height) scroll.scrollTop = y + 2 * ROW - height;
}

function focusRow(r) {
  current = r;
  reveal(r);
  drawTree();
  const element = elements.get(r);
  if (element) element.focus({ preventScroll: true });
}

function fold(r, shut) {
  if (!childCount[r] || !!closed[r] === shut) return;
  closed[r] = shut ? 1 : 0;
  layOut();
}

tree.addEventListener("click", (event) => {
  const element = event.target.closest(".row");
  if (!element) return;
  const r = +element.dataset.row;
  if (event.target.classList.contains("fold") && childCount[r]) return fold(r, !closed[r]);
  current = r;
  choose(r, -1);
  showRow(r);
  element.focus({ preventScroll: true });
});
tree.addEventListener("dblclick", (event) => { const element = event.target.closest(".row"); if (element) zoomToChosen(); });
tree.addEventListener("mousemove", (event) => { const e = event.target.closest(".row"); hover(e ? +e.dataset.row : -1, -1); });
tree.addEventListener("mouseleave", () => hover(-1, -1));
tree.addEventListener("focusin", (event) => { const e = event.target.closest(".row"); if (e) current = +e.dataset.row; });

tree.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const r = current, k = positionOf(r);
  const page = Math.max(1, Math.floor(height / ROW) - 1);
  const go = (to) => { focusRow(visible[Math.max(0, Math.min(visible.length - 1, to))]); choose(current, -1); showRow(current); };
  switch (event.key) {
    case "ArrowDown": go(k + 1); break;
    case "ArrowUp": go(k - 1); break;
    case "PageDown": go(k + page); break;
    case "PageUp": go(k - page); break;
    case "Home": go(0); break;
    case "End": go(visible.length - 1); break;
    case "ArrowRight": if (childCount[r] && closed[r]) fold(r, false); else if (childCount[r]) go(k + 1); break;
    case "ArrowLeft": if (childCount[r] && !closed[r] && !matching) fold(r, true); else if (rows.parent[r] >= 0) go(positionOf(rows.parent[r])); break;
    case "Enter": case " ": choose(r, -1); $("details").focus(); break;
    default: return;
  }
  event.preventDefault();
  event.stopPropagation();
});
