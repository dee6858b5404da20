// The memories of a scope, as they are, or as they were at a moment of either clock.

import { call } from "./api.js";
import { h, moment } from "./dom.js";
import { calmly, empty, field, instant, local, memoryRow, paged, region } from "./parts.js";
import { ids, link, note, scope } from "./route.js";

const STATUSES = { current: ["active", "conflict"], conflict: ["conflict"], superseded: ["superseded"], deleted: ["deleted"], all: [] };
const NAMES = { current: "Current", conflict: "Contradicted", superseded: "Superseded", deleted: "Deleted", all: "Every version" };
const PAGE = 50;
const STEPS = 1000;

export function memories({ main, parameters, signal }) {
  const here = ids(parameters);
  const status = h("select", { change: filtered }, Object.entries(NAMES).map(([name, title]) => h("option", { value: name, selected: (parameters.get("status") ?? "current") === name }, title)));
  const search = h("input", { type: "search", value: parameters.get("q") ?? "", autocomplete: "off", input: calmly(filtered) });
  const clocks = { known: parameters.get("known") ?? "", asof: parameters.get("asof") ?? "" };
  const told = h("p", { class: "told", hidden: true });
  const list = region(signal, load);
  const travel = region(signal, (signal) => sliders(signal));
  const filters = h("div", { class: "bar" }, field("Which", status), field("Text contains", search));
  const panel = h("details", { class: "travel", open: Boolean(clocks.known || clocks.asof) }, h("summary", {}, "Look back in time"), travel.place);
  inTime();

  main.append(h("h1", {}, "Memories"), filters, panel, told, list.place);

  function load(signal) {
    if (clocks.known || clocks.asof) return inThePast(signal);
    const deleted = status.value === "deleted";
    const size = deleted ? 20 : PAGE;
    async function page(cursor) {
      const found = await call("versions", { ...scope(parameters), statuses: STATUSES[status.value], containing: deleted ? "" : search.value, limit: size, cursor }, signal);
      const texts = await Promise.all(found.items.map((each) => lastText(each, signal)));
      return { rows: found.items.map((each, at) => memoryRow(each, parameters, texts[at])), more: found.next_cursor ? () => page(found.next_cursor) : null };
    }
    const narrowed = search.value || status.value !== "current";
    const none = narrowed ? empty("Nothing here is like that.") : empty("Nothing is remembered here. There may be ", h("a", { href: link("conversations", here) }, "conversations"), " all the same.");
    return paged(() => page(null), none, "Memories");
  }

  function inThePast(signal) {
    const asked = { ...scope(parameters), known_at: clocks.known, as_of: clocks.asof, limit: PAGE };
    async function page(cursor) {
      const found = await call("get_all", { ...asked, cursor }, signal);
      return { rows: found.items.map((each) => memoryRow(each, parameters, each.text, { valid: true })), more: found.next_cursor ? () => page(found.next_cursor) : null };
    }
    return paged(() => page(null), empty("Nothing was remembered here then."), "Memories");
  }

  function filtered() {
    inTime();
    noted();
    list.run();
  }

  function noted() {
    note("memories", { ...here, status: status.value === "current" ? "" : status.value, q: search.value, known: clocks.known, asof: clocks.asof });
  }

  /** Which filters there are, and a sentence about what is shown. */
  function inTime() {
    const past = clocks.known || clocks.asof;
    search.disabled = status.value === "deleted"; // a deletion has no words of its own
    filters.hidden = Boolean(past);
    told.hidden = !past;
    const known = clocks.known ? ["As it was recorded by ", moment(clocks.known)] : ["As it is known now"];
    const true_ = clocks.asof ? [", of what was true at ", moment(clocks.asof)] : [];
    told.replaceChildren(...known, ...true_, ".");
  }

  async function sliders(signal) {
    const addresses = await call("scopes", scope(parameters), signal);
    const begun = addresses.map((each) => Date.parse(each.created_at));
    const page = await call("get_all", { ...scope(parameters), limit: 100 }, signal);
    const since = page.items.map((each) => Date.parse(each.valid_from ?? each.created_at));
    const first = Math.min(...begun, Date.now() - 60000);
    const changed = calmly(() => {
      inTime();
      noted();
      list.run();
    }, 200);
    const rows = [
      clock("known", "Known at", "What had been recorded by then, right or wrong.", first - 1000, changed),
      clock("asof", "True at", "What held then, as it is known (at the moment above).", Math.min(first, ...since) - 1000, changed),
    ];
    return h("div", { class: "clocks" }, rows);
  }

  function clock(name, title, hint, from, changed) {
    const until = Date.now();
    const at = (iso) => (iso ? Math.round(((Date.parse(iso) - from) / (until - from)) * STEPS) : STEPS);
    const slider = h("input", { type: "range", min: 0, max: STEPS, step: 1, value: at(clocks[name]), "aria-label": title, input: slid });
    const exact = h("input", { type: "datetime-local", step: 1, value: local(clocks[name]), "aria-label": `${title}, exactly`, change: typed });
    const now = h("button", { type: "button", class: "quiet", click: () => set("") }, "Now");
    slider.setAttribute("aria-valuetext", clocks[name] || "now");

    function slid() {
      const value = Number(slider.value);
      put(value >= STEPS ? "" : new Date(from + ((until - from) * value) / STEPS).toISOString());
      exact.value = local(clocks[name]);
    }
    function typed() {
      put(instant(exact.value));
      slider.value = at(clocks[name]);
    }
    function set(iso) {
      put(iso);
      exact.value = local(iso);
      slider.value = at(iso);
    }
    function put(iso) {
      clocks[name] = iso;
      slider.setAttribute("aria-valuetext", iso ? new Date(iso).toLocaleString() : "now");
      changed();
    }
    return h("fieldset", { class: "clock" }, h("legend", {}, title), h("small", {}, hint), h("div", { class: "knobs" }, slider, exact, now));
  }
}

/** A deletion has no text of its own: what it deleted is told. */
async function lastText(memory, signal) {
  if (memory.text || memory.status !== "deleted") return memory.text;
  const changes = await call("history", { memory_id: memory.id }, signal);
  return changes.findLast((each) => each.version === memory.version)?.old_text ?? "";
}
