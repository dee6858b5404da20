// Conversations, with the words that memories came from.

import { call } from "./api.js";
import { h, marked, moment, number, plain, said } from "./dom.js";
import { chip, empty, paged, region, rove, slices } from "./parts.js";
import { ids, link, scope } from "./route.js";

const LAST = 200;

export function conversations(place) {
  return place.parameters.has("session") ? conversation(place) : sessions(place);
}

function sessions({ main, parameters, signal }) {
  const here = ids(parameters);
  const row = (each) => h("a", { class: "row", href: link("conversations", here, { session: each }), "data-item": true }, each === "" ? h("em", {}, "without a session") : said(each, { class: "id clamp" }));
  const list = region(signal, async (signal) => {
    const [found, loose] = await Promise.all([call("sessions", scope(parameters), signal), ask("messages", { ...scope(parameters), limit: 1 }, signal)]);
    const all = [...found].reverse();
    if (loose.length) all.push("");
    return paged(slices(all, row), empty("Nobody has talked here yet."), "Conversations");
  });
  main.append(h("h1", {}, "Conversations"), h("p", { class: "note" }, "The one that began last comes first."), list.place);
}

function conversation({ main, parameters, signal }) {
  const session = parameters.get("session");
  const turn = parameters.get("turn");
  const asked = { ...scope(parameters), session_id: session || undefined };
  let last = LAST;
  let gone = false;

  const shown = region(signal, async (signal) => {
    const [turns, learned] = await Promise.all([ask("messages", { ...asked, limit: last }, signal), ask("learned", asked, signal)]);
    if (!turns.length) return empty("This conversation has no turns any more.");
    const by = Map.groupBy ? Map.groupBy(learned, (each) => each.message_id) : grouped(learned);
    const list = h("ol", { class: "turns", "data-list": true, "aria-label": "Turns" }, turns.map((each) => said_(each, by.get(each.id) ?? [], each.id === turn)));
    rove(list);
    const earlier = turns.length === last && h("button", { type: "button", click: more }, "Show earlier turns");
    if (!gone && turn)
      queueMicrotask(() => {
        gone = true;
        const found = list.querySelector(".sought");
        found?.scrollIntoView({ block: "center" });
      });
    return [h("p", { class: "note" }, `${number(turns.length)} turns; `, h("mark", {}, "marked"), " is what memories rest on."), earlier, list];
  });

  function more() {
    last *= 4;
    shown.run();
  }

  const up = h("a", { href: link("conversations", ids(parameters)), "data-up": true }, "← Conversations");
  main.append(h("p", { class: "up" }, up), h("h1", {}, session ? ["Conversation ", said(session)] : "Turns without a session"), shown.place);

  function said_(each, learned, sought) {
    const distinct = [...new Map(learned.map((one) => [`${one.memory_id} ${one.version}`, one])).values()];
    return h(
      "li",
      { "data-item": true, class: `turn ${each.role === "user" ? "user" : "other"} ${sought ? "sought" : ""}`, "aria-current": sought ? "true" : null },
      h("p", { class: "about" }, h("strong", {}, plain(each.name ?? each.role)), moment(each.timestamp), each.origin && h("span", {}, plain(each.origin))),
      h("p", {}, h("bdi", { dir: "auto", class: "said" }, marked(each.content, learned, (nodes, over) => h("mark", { title: over.map((one) => one.text).join("\n") }, nodes)))),
      distinct.length > 0 && h("ul", { class: "learned", "aria-label": "Memories from this turn" }, distinct.map((one) => h("li", {}, "→ ", h("a", { href: link("memory", { ...ids(parameters), id: one.memory_id }), class: one.status }, said(one.text || "(deleted)", { class: "clamp" })), one.status !== "active" && chip(one.status)))),
    );
  }
}

/** `session_id` is `null` where there is none, and must be said all the same. */
function ask(method, given, signal) {
  return call(method, given.session_id === undefined ? { ...given, session_id: NONE } : given, signal);
}

const NONE = { toJSON: () => null };

function grouped(learned) {
  const by = new Map();
  for (const each of learned) by.set(each.message_id, [...(by.get(each.message_id) ?? []), each]);
  return by;
}
