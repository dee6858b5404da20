// Making elements. What is remembered becomes text nodes here and nowhere markup: there is no way to hand in HTML.

/** An element; children are nodes, texts, or lists of them, and what is null or false is left out. */
export function h(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, "");
    else made.setAttribute(name, String(value));
  }
  made.append(...children.flat(Infinity).filter((each) => each !== null && each !== undefined && each !== false));
  return made;
}

// What would turn the writing round or drive a terminal is shown instead of done. Joiners and marks that letters need stay.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufff9-\ufffb]/;
const NAMES = { 0x1b: "ESC", 0x202a: "LRE", 0x202b: "RLE", 0x202c: "PDF", 0x202d: "LRO", 0x202e: "RLO", 0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI", 0x2069: "PDI" };

/** A text as nodes, in which no control character has an effect. */
export function plain(text) {
  const nodes = [];
  let written = "";
  for (const letter of String(text)) {
    if (!HIDDEN.test(letter)) {
      written += letter;
      continue;
    }
    if (written) nodes.push(document.createTextNode(written));
    written = "";
    const code = letter.codePointAt(0);
    const number = code.toString(16).toUpperCase().padStart(4, "0");
    nodes.push(h("span", { class: "control", title: `control character U+${number}` }, NAMES[code] ?? `U+${number}`));
  }
  if (written) nodes.push(document.createTextNode(written));
  return nodes;
}

/** What somebody said or what is remembered, with a direction of its own. */
export function said(text, properties = {}) {
  return h("bdi", { dir: "auto", ...properties, class: `said ${properties.class ?? ""}`.trim() }, plain(text));
}

/** A text with marks: `spans` have `start` and `end` in characters (code points), and `made` makes the mark of some. */
export function marked(text, spans, made) {
  const points = Array.from(text);
  const inside = spans.filter((each) => each.start >= 0 && each.end > each.start && each.end <= points.length);
  const edges = [...new Set([0, points.length, ...inside.flatMap((each) => [each.start, each.end])])].sort((a, b) => a - b);
  const nodes = [];
  for (let at = 0; at + 1 < edges.length; at++) {
    const [from, to] = [edges[at], edges[at + 1]];
    const nodesHere = plain(points.slice(from, to).join(""));
    const over = inside.filter((each) => each.start <= from && each.end >= to);
    nodes.push(over.length ? made(nodesHere, over) : nodesHere);
  }
  return nodes.flat(Infinity);
}

const SHORT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });

/** A moment as the reader writes it, and exactly in its title. */
export function moment(iso, before = "") {
  if (!iso) return null;
  const date = new Date(iso);
  return h("time", { datetime: iso, title: iso }, before, Number.isNaN(date.getTime()) ? iso : SHORT.format(date));
}

export const longDay = (iso) => DAY.format(new Date(iso));
export const number = (value) => new Intl.NumberFormat().format(value);

/** Tells somebody who does not see the page. */
export function announce(text) {
  document.getElementById("live").textContent = text;
}

const words = (text) => Array.from(text.matchAll(/\s+|[^\s]+/g), (each) => each[0]);
const MOST = 400;

/** What became of a text: taken out and put in, word by word. */
export function changed(before, after) {
  if (before === null || before === after) return said(after ?? "");
  if (after === null || after === "") return h("span", { class: "said" }, h("del", {}, said(before)));
  const [a, b] = [words(before), words(after)];
  if (a.length > MOST || b.length > MOST) return h("span", { class: "said" }, h("del", {}, plain(before)), " ", h("ins", {}, plain(after)));
  const same = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) same[i][j] = a[i] === b[j] ? same[i + 1][j + 1] + 1 : Math.max(same[i + 1][j], same[i][j + 1]);
  const runs = [];
  const put = (kind, word) => (runs.at(-1)?.[0] === kind ? (runs.at(-1)[1] += word) : runs.push([kind, word]));
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) put("", a[(j++, i++)]);
    else if (j >= b.length || (i < a.length && same[i + 1][j] >= same[i][j + 1])) put("del", a[i++]);
    else put("ins", b[j++]);
  }
  return h("bdi", { dir: "auto", class: "said" }, runs.map(([kind, run]) => (kind ? h(kind, {}, plain(run)) : plain(run))));
}
