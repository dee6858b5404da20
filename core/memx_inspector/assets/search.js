// Search, with the explanation of every score.

import { call } from "./api.js";
import { h, marked, moment, plain, said } from "./dom.js";
import { calmly, empty, field, paged, region, slices, whose } from "./parts.js";
import { ids, idsOf, link, note, scope } from "./route.js";

export function search({ main, parameters, signal }) {
  const here = ids(parameters);
  const words = h("input", { type: "search", value: parameters.get("q") ?? "", autocomplete: "off", input: calmly(go, 400), "data-first": true });
  const turns = h("input", { type: "checkbox", checked: parameters.has("turns"), change: go });
  const shown = region(signal, load);
  main.append(
    h("h1", {}, "Search"),
    h("form", { class: "bar", submit: (event) => (event.preventDefault(), go()) }, field("What is asked", words), h("label", { class: "check" }, turns, "turns of conversations too")),
    shown.place,
  );

  function go() {
    note("search", { ...here, q: words.value, turns: turns.checked ? "1" : "" });
    shown.run();
  }

  async function load(signal) {
    if (!words.value.trim()) return empty("Ask something, as an application would. Each hit says how its score came about.");
    const hits = await call("search", { ...scope(parameters), query: words.value, limit: 30, include_messages: turns.checked, explain: true }, signal);
    const best = Math.max(...hits.map((each) => each.score), 0.0001);
    return paged(slices(hits, (each) => hit(each, best)), empty("Nothing here is near that."), "Hits");
  }

  function hit({ memory, score, explain, message }, best) {
    const address = message ? link("conversations", { ...idsOf(memory), turn: message.id }, { session: message.session_id ?? "" }) : link("memory", { ...idsOf(memory), id: memory.id });
    return h(
      "div",
      { class: "hit" },
      h("a", { class: "row", href: address, "data-item": true }, h("bdi", { dir: "auto", class: "said clamp" }, found(memory.text, explain?.matched ?? [])), h("span", { class: "about" }, h("meter", { min: 0, max: best, value: score, "aria-label": "score" }), h("strong", {}, score.toFixed(3)), message ? h("span", {}, "turn of ", plain(message.name ?? message.role)) : null, whose(memory, parameters), moment(memory.said_at ?? memory.created_at, "said "))),
      explain && explained(score, explain),
    );
  }
}

/** The words that were found, marked where a word of the text begins like one. */
function found(text, matched) {
  if (!matched.length) return plain(text);
  const wanted = matched.map((each) => Array.from(each.toLowerCase()));
  const points = Array.from(text);
  const spans = [];
  for (let at = 0; at < points.length; at++) {
    if (at > 0 && /[\p{L}\p{N}]/u.test(points[at - 1])) continue;
    for (const word of wanted) {
      if (!word.every((letter, step) => points[at + step]?.toLowerCase() === letter)) continue;
      let end = at + word.length;
      while (end < points.length && /[\p{L}\p{N}]/u.test(points[end])) end++;
      spans.push({ start: at, end });
    }
  }
  return marked(text, spans, (nodes) => h("mark", {}, nodes));
}

function explained(score, { dense, words, fused, nudges, matched }) {
  const rows = [
    ["Meaning", dense === null ? "no vector" : dense.toFixed(3), "cosine of the query and the text", dense === null ? 0 : Math.max(0, dense)],
    ["Words", words.toFixed(2), matched.length ? ["BM25: ", plain(matched.join(", "))] : "BM25: no word of the query is there", null],
    ["Together", fused.toFixed(3), "0.6 of the meaning and 0.4 of the words' share; names and the turns beside it can lift it", fused],
    ...Object.entries(nudges).map(([name, factor]) => [name[0].toUpperCase() + name.slice(1), `× ${factor.toFixed(3)}`, name === "recency" ? "newer is a little better" : "nearness to the time that is asked for", null]),
    ["Score", score.toFixed(3), "", score],
  ];
  return h(
    "details",
    { class: "explained" },
    h("summary", {}, `How ${score.toFixed(3)} came about`),
    h("table", {}, h("tbody", {}, rows.map(([name, value, hint, part]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: "figure" }, value), h("td", { class: "part" }, part === null ? null : h("meter", { min: 0, max: 1, value: part, "aria-hidden": "true" })), h("td", { class: "hint" }, hint))))),
  );
}
