// The keys: `/`, arrows and j k in lists, a and r in the review queue, Escape, `?`.

const TYPED = "input:not([type=checkbox]):not([type=range]), select, textarea";

export function listen() {
  document.addEventListener("keydown", pressed);
  document.getElementById("help-open").addEventListener("click", () => document.getElementById("help").showModal());
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const typing = event.target.matches?.(TYPED);
  if (event.key === "Escape") {
    if (typing) event.target.blur();
    else document.querySelector("main [data-up]")?.click();
    return;
  }
  if (typing) return;
  if (event.key === "/") take(event, document.querySelector("main input[type=search]"));
  else if (event.key === "?") {
    event.preventDefault();
    document.getElementById("help").showModal();
  } else if (event.key === "a" || event.key === "r") {
    const held = event.target.closest?.(".held");
    held?.querySelector(event.key === "a" ? "[data-approve]" : "[data-reject]").click();
  } else if (!event.target.matches?.("input")) move(event);
}

function take(event, field) {
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
}

const STEPS = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, Home: -Infinity, End: Infinity };

function move(event) {
  const step = STEPS[event.key];
  if (step === undefined) return;
  const list = event.target.closest?.("[data-list]") ?? (event.key === "j" ? document.querySelector("main [data-list]") : null);
  const items = list ? [...list.querySelectorAll("[data-item]")] : [];
  if (!items.length) return;
  event.preventDefault();
  const here = items.indexOf(event.target.closest("[data-item]"));
  const next = items[Math.min(items.length - 1, Math.max(0, here + step))];
  for (const each of items) if (each.tabIndex === 0) each.setAttribute("tabindex", "-1");
  next.setAttribute("tabindex", "0");
  next.focus();
}
