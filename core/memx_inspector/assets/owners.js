// Whose memories there are: users, agents and runs, by the page.

import { call } from "./api.js";
import { h, moment, number, said } from "./dom.js";
import { calmly, empty, field, paged, region } from "./parts.js";
import { ids, link, note, scope } from "./route.js";

const KINDS = { user: "Users", agent: "Agents", run: "Runs" };
const PAGE = 50;

export function owners({ main, parameters, signal }) {
  const kind = parameters.get("kind") in KINDS ? parameters.get("kind") : "user";
  const search = h("input", { type: "search", value: parameters.get("q") ?? "", autocomplete: "off", spellcheck: "false", input: calmly(found) });
  const list = region(signal, load);

  function load(signal) {
    const asked = { kind, ...scope(parameters), containing: search.value, limit: PAGE + 1 };
    async function page(after) {
      const found = await call("owners", { ...asked, after }, signal);
      const shown = found.slice(0, PAGE);
      return { rows: shown.map(row), more: found.length > PAGE ? () => page(shown.at(-1).id) : null };
    }
    const none = search.value ? empty(`No id of ${KINDS[kind].toLowerCase()} has that in it.`) : empty(`There are no ${KINDS[kind].toLowerCase()} yet. What is added for one shows up here.`);
    return paged(() => page(null), none, KINDS[kind]);
  }

  function row(each) {
    const here = { ...ids(parameters), [each.kind]: each.id };
    return h(
      "a",
      { class: "row", href: link("memories", here), "data-item": true },
      said(each.id, { class: "id clamp" }),
      h("span", { class: "about" }, h("span", {}, `${number(each.memories)} ${each.memories === 1 ? "memory" : "memories"}`), h("span", {}, `${number(each.messages)} ${each.messages === 1 ? "turn" : "turns"}`), moment(each.updated_at, "last ")),
    );
  }

  function found() {
    note("owners", { ...ids(parameters), kind, q: search.value });
    list.run();
  }

  const tabs = Object.entries(KINDS).map(([name, title]) => h("a", { href: link("owners", { ...ids(parameters), kind: name }), "aria-current": name === kind ? "page" : null }, title));
  main.append(
    h("h1", {}, "Who is remembered"),
    h("div", { class: "bar" }, h("div", { class: "tabs", role: "group", "aria-label": "Kind" }, tabs), field("Id contains", search)),
    list.place,
  );
}
