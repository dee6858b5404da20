// What changed between two moments.

import { call } from "./api.js";
import { changed, h, longDay, moment, plain, said } from "./dom.js";
import { empty, field, instant, local, paged, region, slices } from "./parts.js";
import { ids, link, note, scope } from "./route.js";

const DAY = 86400000;
const SPANS = { "Last day": DAY, "Last week": 7 * DAY, "Last month": 30 * DAY, "From the beginning": null };
const DID = { ADD: "remembered", UPDATE: "changed", DELETE: "deleted", CONFLICT: "contradicted", NONE: "confirmed" };

export function changes({ main, parameters, signal }) {
  const here = ids(parameters);
  const since = h("input", { type: "datetime-local", step: 1, value: local(parameters.get("since") ?? new Date(Date.now() - 7 * DAY).toISOString()), change: go });
  const until = h("input", { type: "datetime-local", step: 1, value: local(parameters.get("until")), change: go });
  const spans = Object.entries(SPANS).map(([name, length]) => h("button", { type: "button", class: "quiet", click: () => span(length) }, name));
  const shown = region(signal, load);
  main.append(
    h("h1", {}, "What changed"),
    h("div", { class: "bar" }, field("After", since), field("Up to (empty: now)", until), h("div", { class: "spans", role: "group", "aria-label": "Spans of time" }, spans)),
    shown.place,
  );

  function span(length) {
    since.value = length === null ? "1970-01-02T00:00:00" : local(new Date(Date.now() - length).toISOString());
    until.value = "";
    go();
  }

  function go() {
    note("changes", { ...here, since: instant(since.value), until: instant(until.value) });
    shown.run();
  }

  async function load(signal) {
    if (!since.value) return empty("Say after which moment.");
    const found = await call("diff", { ...scope(parameters), since: instant(since.value), until: instant(until.value) }, signal);
    const days = new Set();
    const row = (each) => {
      const day = longDay(each.at);
      const first = !days.has(day);
      days.add(day);
      return [first && h("h2", { class: "day" }, day), change(each)];
    };
    return paged(slices(found.reverse(), row), empty("Nothing changed between these moments."), "Changes");
  }

  function change(each) {
    return h(
      "a",
      { class: `row ${each.event.toLowerCase()}`, href: link("memory", { ...here, id: each.memory_id }), "data-item": true },
      changed(each.old_text, each.new_text),
      h("span", { class: "about" }, h("span", { class: `chip ${each.event.toLowerCase()}` }, DID[each.event] ?? each.event), each.ended && h("span", {}, "was over already"), moment(each.at), h("span", {}, "by ", said(each.actor)), each.reason && h("span", {}, plain(each.reason))),
    );
  }
}
