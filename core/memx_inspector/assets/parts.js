// What several views are made of: regions that load, lists by the page, rows of memories.

import { announce, h, moment, number, plain, said } from "./dom.js";
import { ids, idsOf, link } from "./route.js";

/** A place whose content is loaded, and loaded anew; a later load overtakes an earlier one. */
export function region(outer, load) {
  const place = h("div", { class: "region" });
  let under = null;
  async function run() {
    under?.abort();
    const mine = (under = new AbortController());
    const stop = () => mine.abort();
    outer.addEventListener("abort", stop);
    place.setAttribute("aria-busy", "true");
    if (!place.childElementCount) place.replaceChildren(h("p", { class: "loading" }, "Loading…"));
    try {
      const made = await load(mine.signal);
      if (!mine.signal.aborted) place.replaceChildren(...[made].flat(Infinity).filter(Boolean));
    } catch (error) {
      if (mine.signal.aborted || error.name === "AbortError") return;
      place.replaceChildren(failure(error, run));
    } finally {
      outer.removeEventListener("abort", stop);
      if (under === mine) place.removeAttribute("aria-busy");
    }
  }
  run();
  return { place, run };
}

export function failure(error, again = null) {
  return h("div", { class: "failure", role: "alert" }, h("p", {}, "That did not work: ", plain(error.message)), again && h("button", { type: "button", click: again }, "Try again"));
}

export const empty = (...text) => h("p", { class: "empty" }, ...text);

/** Rows, and a button for those behind them. `next` gives `{ rows, more }`, where `more` is called for the next. */
export async function paged(first, none, label) {
  const list = h("ul", { class: "rows", "data-list": true, "aria-label": label });
  const foot = h("div", { class: "foot" });
  let count = 0;
  function put({ rows, more }, focus = false) {
    const items = rows.map((each) => h("li", {}, each));
    list.append(...items);
    count += rows.length;
    foot.replaceChildren();
    if (more) {
      const button = h("button", { type: "button", click: () => go(more, button) }, "Show more");
      foot.append(button);
    }
    rove(list);
    if (focus) items[0]?.querySelector("[data-item]")?.focus();
    announce(`${label}: ${number(count)}${more ? ", and more" : ""}`);
  }
  async function go(more, button) {
    button.disabled = true;
    foot.setAttribute("aria-busy", "true");
    try {
      put(await more(), true);
    } catch (error) {
      if (error.name !== "AbortError") foot.replaceChildren(failure(error, () => go(more, button)));
    } finally {
      foot.removeAttribute("aria-busy");
    }
  }
  put(await first());
  return count ? [list, foot] : [none];
}

/** One of many that are there already, some at a time. */
export function slices(all, row, size = 100) {
  const slice = (from) => () => ({ rows: all.slice(from, from + size).map(row), more: from + size < all.length ? async () => slice(from + size)() : null });
  return async () => slice(0)();
}

/** Only one item of a list is reached by Tab; arrows reach the others. */
export function rove(list) {
  const items = [...list.querySelectorAll("[data-item]")];
  if (!items.some((each) => each.tabIndex === 0 && each.hasAttribute("tabindex"))) items[0]?.setAttribute("tabindex", "0");
  for (const each of items) if (!each.hasAttribute("tabindex")) each.setAttribute("tabindex", "-1");
}

const STATUS = { active: "current", superseded: "superseded", deleted: "deleted", conflict: "contradicted" };

export function chip(status) {
  return h("span", { class: `chip ${status}` }, STATUS[status] ?? status);
}

/** Whose something is, but for what the view is about anyway. */
export function whose(item, parameters) {
  const known = ids(parameters);
  const parts = Object.entries(idsOf(item)).filter(([name]) => !known[name]);
  return parts.map(([name, value]) => h("span", { class: "who" }, `${name} `, said(value)));
}

/** A memory in a list. */
export function memoryRow(memory, parameters, text = memory.text, moments = {}) {
  const expired = memory.expires_at && new Date(memory.expires_at) < new Date();
  const address = link("memory", { ...idsOf(memory), id: memory.id });
  return h(
    "a",
    { class: `row ${memory.status}`, href: address, "data-item": true },
    said(text, { class: "clamp" }),
    h(
      "span",
      { class: "about" },
      memory.status !== "active" && chip(memory.status),
      expired && h("span", { class: "chip superseded" }, "expired"),
      memory.kind === "verbatim" && h("span", {}, "as said"),
      memory.slot && h("span", {}, plain(memory.slot)),
      memory.version > 1 && h("span", {}, `version ${memory.version}`),
      whose(memory, parameters),
      moments.valid ? moment(memory.valid_from, "since ") : moment(memory.said_at ?? memory.created_at, "said "),
    ),
  );
}

/** A field with its name above it. */
export function field(name, control, hint = null) {
  return h("label", { class: "field" }, h("span", {}, name), control, hint && h("small", {}, hint));
}

/** Called when nobody has typed for a moment. */
export function calmly(act, wait = 250) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...given), wait);
  };
}

/** A moment for a `datetime-local` field, and back. */
export function local(iso) {
  if (!iso) return "";
  const date = new Date(iso);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
}

export const instant = (written) => (written ? new Date(written).toISOString() : "");
