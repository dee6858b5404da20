// One memory: every version of it, the words that each rests on, and who decided.

import { call } from "./api.js";
import { changed, h, marked, moment, plain, said } from "./dom.js";
import { chip, region, rove } from "./parts.js";
import { ids, idsOf, link, scope } from "./route.js";

export function memory({ main, parameters, signal }) {
  const id = parameters.get("id") ?? "";
  const up = h("a", { href: link("memories", ids(parameters)), "data-up": true }, "← Memories");
  const shown = region(signal, async (signal) => told(await call("why", { memory_id: id, ...scope(parameters) }, signal)));
  main.append(h("p", { class: "up" }, up), h("h1", {}, "One memory"), shown.place);
}

function told(provenance) {
  const versions = [...provenance.versions].reverse();
  const current = versions.find((each) => each.memory.status !== "superseded") ?? versions[0];
  const list = h("ol", { class: "timeline", reversed: true, "data-list": true, "aria-label": "Versions" }, versions.map((each) => version(each, each === current)));
  rove(list);
  const now = current.memory;
  const text = now.status === "deleted" ? current.change.old_text ?? "" : now.text;
  return [
    h("div", { class: `now ${now.status}` }, said(text), h("p", { class: "about" }, chip(now.status), facts(now), h("code", { title: "The memory's id" }, plain(provenance.memory_id)))),
    h("h2", {}, "How it came to be"),
    list,
  ];
}

function facts(memory) {
  return [
    memory.subject && h("span", {}, "about ", said(memory.subject)),
    memory.slot && h("span", {}, plain(memory.slot)),
    moment(memory.valid_from, "true since "),
    moment(memory.valid_to, "until "),
    memory.when && h("span", {}, "speaks of ", said(memory.when.phrase), " (", moment(memory.when.start), ")"),
    moment(memory.expires_at, "expires "),
    Object.entries(idsOf(memory)).map(([name, value]) => h("a", { class: "who", href: link("memories", { [name]: value }) }, `${name} `, said(value))),
  ];
}

const DID = { ADD: "remembered", UPDATE: "changed", DELETE: "deleted", CONFLICT: "contradicted", NONE: "confirmed" };

function version(origin, current) {
  const { memory, change } = origin;
  return h(
    "li",
    { "data-item": true, class: memory.status, value: memory.version },
    h("p", { class: "about" }, h("strong", {}, `${memory.version}. ${DID[change.event] ?? change.event}`), current && chip(memory.status), change.ended && h("span", {}, "was over already"), moment(change.at), h("span", {}, "by ", said(origin.model)), origin.prompt && h("code", { title: "Fingerprint of the prompt" }, plain(origin.prompt.slice(0, 12)))),
    h("p", {}, changed(change.old_text, change.new_text)),
    origin.carries && h("p", { class: "note" }, `Carries on the text of version ${origin.carries}.`),
    change.reason && h("p", { class: "note" }, "Because: ", said(change.reason)),
    h("p", { class: "about" }, moment(memory.said_at, "said "), moment(memory.valid_from, "true since "), moment(memory.valid_to, "until ")),
    origin.sources.map((each) => source(each, memory)),
    Object.keys(memory.metadata).length > 0 && h("details", {}, h("summary", {}, "Metadata"), h("pre", {}, plain(JSON.stringify(memory.metadata, null, 2)))),
  );
}

function source(source, memory) {
  const { message } = source;
  const address = link("conversations", { ...idsOf(memory), turn: message.id }, { session: message.session_id ?? "" });
  const quote = source.start < 0 && source.quote !== message.content && message.content;
  return h(
    "blockquote",
    {},
    h("p", { class: "about" }, h("strong", {}, plain(message.name ?? message.role)), moment(message.timestamp), h("a", { href: address }, "in the conversation")),
    message.content ? h("p", {}, h("bdi", { dir: "auto", class: "said" }, marked(message.content, [source], (nodes) => h("mark", {}, nodes)))) : h("p", { class: "note" }, "These words were cleared."),
    quote && h("p", { class: "note" }, "Taken from a text that was replaced since: ", said(source.quote)),
  );
}
