// What waits to be learned from, and what was spent.

import { call } from "./api.js";
import { h, moment, number, plain, said } from "./dom.js";
import { empty, field, paged, region, slices } from "./parts.js";
import { IDS, ids, link, note, scope } from "./route.js";

export function jobs({ main, parameters, signal }) {
  const shown = region(signal, async (signal) => {
    const waiting = (await call("pending", scope(parameters), signal)).filter((each) => each.status !== "review");
    return paged(slices(waiting, job), empty("Nothing waits to be learned from."), "Jobs");
  });
  main.append(h("h1", {}, "Jobs"), h("p", { class: "note" }, "Turns that are still to be learned from. What is parked has failed too often, and waits for a flush."), shown.place);
}

function job(each) {
  return h(
    "div",
    { class: "row", "data-item": true },
    h("span", {}, each.session_id ? ["conversation ", said(each.session_id)] : "turns without a session"),
    each.error && h("span", { class: "error" }, plain(each.error)),
    h("span", { class: "about" }, h("span", { class: `chip ${each.status}` }, each.status), h("span", {}, `${number(each.attempts)} ${each.attempts === 1 ? "try" : "tries"}`), moment(each.created_at, "since ")),
  );
}

const MOST = 25;

export function usage({ main, parameters, signal }) {
  const here = ids(parameters);
  const days = h("select", { change: go }, [["7", "7 days"], ["30", "30 days"], ["365", "a year"], ["", "everything"]].map(([value, name]) => h("option", { value, selected: (parameters.get("days") ?? "30") === value }, name)));
  const shown = region(signal, load);
  main.append(h("h1", {}, "Usage"), h("div", { class: "bar" }, field("The last", days)), shown.place);

  function go() {
    note("usage", here, { days: days.value });
    shown.run();
  }

  async function load(signal) {
    const since = days.value ? new Date(Date.now() - (Number(days.value) - 1) * 86400000).toISOString().slice(0, 10) : "";
    const spent = await call("usage", { ...scope(parameters), since }, signal);
    if (!spent.calls && !spent.embedding_calls) return empty("Nothing was spent in this time.");
    const scopes = [...spent.by_scope].sort((a, b) => tokens(b.usage) - tokens(a.usage));
    return [
      h("dl", { class: "totals" }, [["Model calls", spent.calls], ["Tokens asked", spent.input_tokens], ["Tokens answered", spent.output_tokens], ["Embedding calls", spent.embedding_calls]].map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, number(value))))),
      table("By model", Object.entries(spent.by_model).map(([name, value]) => [said(name), value])),
      table("By day", Object.entries(spent.by_day).reverse().map(([day, value]) => [day, value])),
      table(scopes.length > MOST ? `By scope (the ${MOST} largest of ${number(scopes.length)})` : "By scope", scopes.slice(0, MOST).map((each) => [whose(each.scope), each.usage])),
    ];
  }
}

const tokens = (usage) => usage.input_tokens + usage.output_tokens;

function whose(scope) {
  const found = Object.entries(IDS).filter(([, name]) => scope[name]).map(([short, name]) => [short, scope[name]]);
  return h("a", { href: link("memories", Object.fromEntries(found)) }, found.map(([name, value]) => h("span", { class: "who" }, `${name} `, said(value))));
}

function table(title, rows) {
  const most = Math.max(0, ...rows.map(([, each]) => tokens(each)));
  return h(
    "section",
    {},
    h("h2", {}, title),
    h("table", { class: "spent" }, h("thead", {}, h("tr", {}, ["", "Tokens", "Calls", "Embeddings"].map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, rows.map(([name, each]) => h("tr", {}, h("th", { scope: "row" }, name, most > 0 && h("meter", { min: 0, max: most, value: tokens(each), "aria-hidden": "true" })), [tokens(each), each.calls, each.embedding_calls].map((value) => h("td", { class: "figure" }, number(value))))))),
  );
}
