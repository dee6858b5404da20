// The page: which view is shown, whose memories it is about, and the way in.

import { call, key } from "./api.js";
import { changes } from "./changes.js";
import { conversations } from "./conversations.js";
import { h, said } from "./dom.js";
import { listen } from "./keyboard.js";
import { memories } from "./memories.js";
import { memory } from "./memory.js";
import { owners } from "./owners.js";
import { empty, failure } from "./parts.js";
import { review } from "./review.js";
import { ids, link, parse } from "./route.js";
import { search } from "./search.js";
import { jobs, usage } from "./work.js";

// A view, its name in the navigation, and whether it is about somebody in particular.
const VIEWS = {
  owners: [owners, "Who", false],
  memories: [memories, "Memories", true],
  conversations: [conversations, "Conversations", true],
  search: [search, "Search", true],
  changes: [changes, "Changes", true],
  review: [review, "Review", false],
  jobs: [jobs, "Jobs", false],
  usage: [usage, "Usage", false],
  memory: [memory, null, false],
};
const ABOVE = { memory: "memories" };

const main = document.getElementById("main");
let under = new AbortController();
let visited = false;

/** `memx inspect` opens the page with a key behind the #, which no server sees: it is kept for this tab and taken out.
 * Elsewhere a link could slip a stranger's key in, so only this machine's own pages take one. */
function takeKey() {
  if (!location.hash.startsWith("#key=")) return;
  if (["127.0.0.1", "localhost"].includes(location.hostname)) key.set(decodeURIComponent(location.hash.slice("#key=".length)));
  history.replaceState(null, "", link("owners"));
}

function show() {
  takeKey();
  under.abort();
  under = new AbortController();
  const { view, parameters } = parse(location.hash);
  const [made, , particular] = VIEWS[view] ?? [null, null, false];
  const here = ids(parameters);
  const nobody = particular && Object.keys(here).length === 0;
  main.replaceChildren();
  whose(view, here);
  navigation(ABOVE[view] ?? view, here);
  if (!made) main.append(h("h1", {}, "Nothing here"), empty("There is no such view. ", h("a", { href: link("owners") }, "Who is remembered")));
  else if (nobody) main.append(h("h1", {}, VIEWS[view][1]), empty("Whose? ", h("a", { href: link("owners") }, "Choose a user, an agent or a run"), " first."));
  else {
    try {
      made({ main, parameters, signal: under.signal });
    } catch (error) {
      main.replaceChildren(failure(error));
    }
  }
  const title = main.querySelector("h1");
  document.title = [title?.textContent, ...Object.values(here), "memx inspector"].filter(Boolean).join(" · ");
  document.getElementById("leave").hidden = !key.get();
  if (visited) {
    title?.setAttribute("tabindex", "-1");
    title?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }
  visited = true;
}

function whose(view, here) {
  const place = document.getElementById("scope");
  const chips = Object.entries(here).map(([name, value]) => {
    const rest = Object.fromEntries(Object.entries(here).filter(([each]) => each !== name));
    const left = Object.keys(rest).length > 0 || !VIEWS[view]?.[2] ? link(view === "memory" ? "memories" : view, rest) : link("owners");
    return h("span", { class: "id" }, h("span", { class: "kind" }, name), said(value), h("a", { href: left, "aria-label": `Without this ${name}`, title: `Without this ${name}` }, "×"));
  });
  place.replaceChildren(...(chips.length ? chips : [h("span", { class: "kind" }, "everybody")]));
}

function navigation(view, here) {
  const links = Object.entries(VIEWS).filter(([, [, name]]) => name);
  const made = links.map(([name, [, title]]) => h("li", {}, h("a", { href: link(name, name === "owners" ? {} : here), "aria-current": name === view ? "page" : null }, title)));
  document.getElementById("nav").replaceChildren(...made);
}

function askForKey() {
  under.abort();
  const input = h("input", { type: "password", name: "key", autocomplete: "off", spellcheck: "false", required: true });
  const told = h("div", {});
  const form = h("form", { class: "key", submit: enter }, h("label", { class: "field" }, h("span", {}, "Key"), input), h("button", {}, "Open"), told);
  main.replaceChildren(h("h1", {}, "A key, please"), h("p", { class: "note" }, "It opens the memories of one namespace. It stays in this tab until the tab is closed, and goes to this server alone."), form);
  document.getElementById("leave").hidden = true;
  input.focus();

  async function enter(event) {
    event.preventDefault();
    key.set(input.value.trim());
    try {
      await call("owners", { kind: "user", limit: 1 });
    } catch (error) {
      if (error.status === 401) return; // asked again, and told why below
      key.forget();
      told.replaceChildren(failure(error));
      return;
    }
    show();
  }
}

document.addEventListener("locked", () => {
  const tried = key.get();
  key.forget();
  askForKey();
  if (tried) main.append(failure(new Error("this key opens nothing here; another one?")));
});
document.getElementById("leave").addEventListener("click", () => {
  key.forget();
  history.replaceState(null, "", link("owners"));
  askForKey();
});
document.querySelector("[data-skip]").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});

window.addEventListener("hashchange", show);
listen();
show();
