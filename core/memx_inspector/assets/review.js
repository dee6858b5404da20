// What a policy held back: approved or rejected, one by one.

import { call } from "./api.js";
import { announce, changed, h, moment, plain, said } from "./dom.js";
import { empty, failure, paged, region, slices } from "./parts.js";
import { scope } from "./route.js";

const WANTS = { ADD: "remember", UPDATE: "change", DELETE: "delete", CONFLICT: "note a contradiction", NONE: "confirm" };

export function review({ main, parameters, signal }) {
  const shown = region(signal, async (signal) => {
    const waiting = (await call("pending", scope(parameters), signal)).filter((each) => each.status === "review");
    return paged(slices(waiting, held, 50), empty("Nothing waits to be approved."), "Operations that wait");
  });
  main.append(h("h1", {}, "Review"), h("p", { class: "note" }, "What the policy held back. Approving is done at once; what is rejected is gone, and nothing is kept of what it said."), shown.place);

  function held(job) {
    const { operation } = job;
    const reason = h("input", { type: "text", placeholder: "why not (kept)", "aria-label": "Reason for rejecting", maxlength: 500 });
    const said_ = h("div", {});
    const approve = h("button", { type: "button", class: "yes", "data-approve": true, click: () => decide("approve") }, "Approve");
    const reject = h("button", { type: "button", class: "no", "data-reject": true, click: () => decide("reject") }, "Reject");
    const item = h(
      "article",
      { class: "held", "data-item": true, "aria-label": `${WANTS[operation.event] ?? operation.event}: ${operation.text}` },
      h("p", { class: "about" }, h("span", { class: `chip ${operation.event.toLowerCase()}` }, WANTS[operation.event] ?? operation.event), moment(job.created_at, "proposed "), job.session_id && h("span", {}, "in ", said(job.session_id)), operation.slot && h("span", {}, plain(operation.slot))),
      h("p", {}, operation.event === "DELETE" ? changed(operation.old_text ?? operation.text, null) : changed(operation.old_text, operation.text)),
      operation.evidence.map((each) => h("blockquote", {}, said(each.quote))),
      operation.reason && h("p", { class: "note" }, "Because: ", said(operation.reason)),
      h("div", { class: "decide" }, approve, reject, reason),
      said_,
    );
    return item;

    async function decide(what) {
      approve.disabled = reject.disabled = true;
      try {
        await call(what, { operation_ids: [job.id], ...scope(parameters), ...(what === "reject" ? { reason: reason.value } : {}) });
      } catch (error) {
        approve.disabled = reject.disabled = false;
        said_.replaceChildren(failure(error));
        return;
      }
      const row = item.closest("li");
      const next = (row.nextElementSibling ?? row.previousElementSibling)?.querySelector("[data-item]");
      row.remove();
      if (next) {
        next.setAttribute("tabindex", "0");
        next.focus();
      } else await shown.run();
      announce(what === "approve" ? "approved" : "rejected");
    }
  }
}
