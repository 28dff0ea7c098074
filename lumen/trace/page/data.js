// The run as the page holds it: columns of numbers beside a table of texts, so that 100,000 events load at once.
const data = JSON.parse(document.getElementById("data").textContent);
const { run, text: texts, rows, items, files } = data;
const rowCount = rows.parent.length;
const itemCount = items.row.length;
const ITEM = ["run", "sleep", "tool", "fs", "stdin", "extern", "call", "print", "emit", "now", "decision", "cancel", "warn", "signal", "aside", "other"];
const FIRST_MOMENT = ITEM.indexOf("print");
const MARKS = ["", "won", "lost", "failed", "cancelled", "timed out", "running"];
const PILL = ["", "won", "lost", "failed", "cancelled", "late", "open"];
const STATUS = ["", "value", "failure", "cancelled", "no answer yet"];
const $ = (id) => document.getElementById(id);

// Children of each row, and how deep it stands. Rows come parents first.
const depth = new Uint16Array(rowCount);
const childCount = new Uint32Array(rowCount);
const place = new Uint32Array(rowCount);
for (let r = 0; r < rowCount; r++) {
  const parent = rows.parent[r];
  if (parent >= 0) { depth[r] = depth[parent] + 1; place[r] = ++childCount[parent]; }
}

// Items are sorted by row, then by beginning. `firstItem[r]` to `firstItem[r + 1]` are those of row r.
const firstItem = new Uint32Array(rowCount + 1);
for (let i = 0; i < itemCount; i++) firstItem[items.row[i] + 1]++;
for (let r = 0; r < rowCount; r++) firstItem[r + 1] += firstItem[r];

// An axis says where rows and items stand: by time in nanoseconds, or by their order. `reach[i]` is the furthest end of
// the row's items up to i, so that a search finds the first that can be seen even if a long one began far to the left.
function axisOf(from, to, end) {
  const itemFrom = Float64Array.from(items[from]), itemTo = Float64Array.from(items[to]);
  const rowFrom = Float64Array.from(rows[from]), rowTo = Float64Array.from(rows[to]);
  const reach = new Float64Array(itemCount);
  for (let r = 0; r < rowCount; r++) {
    let furthest = -1;
    for (let i = firstItem[r]; i < firstItem[r + 1]; i++) reach[i] = furthest = Math.max(furthest, itemTo[i]);
  }
  return { itemFrom, itemTo, rowFrom, rowTo, reach, end: Math.max(end, 1) };
}
const axes = { time: axisOf("t0", "t1", run.duration), order: axisOf("s0", "s1", run.events) };

function lowerBound(array, value, low, high) {
  while (low < high) {
    const middle = (low + high) >> 1;
    if (array[middle] < value) low = middle + 1; else high = middle;
  }
  return low;
}

const rowLabel = (r) => texts[rows.label[r]];
const itemName = (i) => texts[items.name[i]];
const kindOf = (i) => ITEM[items.type[i]];

function duration(ns) {
  if (ns === 0) return "0 s";
  const sign = ns < 0 ? "−" : "";
  ns = Math.abs(ns);
  const three = (value, unit) => sign + Number(value.toPrecision(3)) + " " + unit;
  if (ns < 999.5) return three(ns, "ns");
  if (ns < 999.5e3) return three(ns / 1e3, "µs");
  if (ns < 999.5e6) return three(ns / 1e6, "ms");
  if (ns < 60e9) return three(ns / 1e9, "s");
  const seconds = Math.round(ns / 1e9);
  if (seconds < 3600) return sign + Math.floor(seconds / 60) + " min" + (seconds % 60 ? " " + (seconds % 60) + " s" : "");
  const minutes = Math.round(seconds / 60);
  return sign + Math.floor(minutes / 60) + " h" + (minutes % 60 ? " " + (minutes % 60) + " min" : "");
}

// A moment, exact enough to tell it from its neighbours.
function moment(ns) {
  if (run.duration < 1e6) return Math.round(ns) + " ns";
  if (run.duration < 10e9) return (ns / 1e6).toFixed(3) + " ms";
  return (ns / 1e9).toFixed(3) + " s";
}

// What the filter looks in: everything that is written about a row, in small letters. Made when first needed.
let haystack = null;
function searchable() {
  if (haystack) return haystack;
  const small = texts.map((t) => t.toLowerCase());
  haystack = { row: [], item: [] };
  for (let r = 0; r < rowCount; r++) {
    const site = rows.line[r] ? files[rows.file[r]] && files[rows.file[r]][0].toLowerCase() + ":" + rows.line[r] + ":" : "";
    haystack.row.push(small[rows.label[r]] + "\n#" + rows.number[r].replace(/·/g, "\n#") + "\n" + MARKS[rows.mark[r]] + "\n" + site);
  }
  for (let i = 0; i < itemCount; i++) {
    const inside = items.input[i] < 0 ? "" : small[items.input[i]];
    const out = items.output[i] < 0 ? "" : small[items.output[i]];
    const site = items.line[i] && files[items.file[i]] ? files[items.file[i]][0].toLowerCase() + ":" + items.line[i] + ":" : "";
    haystack.item.push(small[items.name[i]] + "\n" + inside + "\n" + out + "\n" + site);
  }
  return haystack;
}
