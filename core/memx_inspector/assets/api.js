// The server's own routes, one for each method of Memory. The key is kept for this tab and sent in a header: no
// cookie is, so no other page can have the browser ask in its place.

const KEPT = "memx-key";

export const key = {
  get: () => sessionStorage.getItem(KEPT),
  set: (value) => sessionStorage.setItem(KEPT, value),
  forget: () => sessionStorage.removeItem(KEPT),
};

/** What a server refused or could not do. */
export class Failed extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

/** What a method of Memory returns. */
export async function call(method, given = {}, signal = undefined) {
  const headers = { "Content-Type": "application/json" };
  if (key.get()) headers.Authorization = `Bearer ${key.get()}`;
  const body = JSON.stringify(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== undefined && value !== "")));
  const options = { method: "POST", headers, body, signal, credentials: "omit", cache: "no-store", redirect: "error" };
  let answer;
  try {
    answer = await fetch(new URL(`../memx/v1/${method}`, import.meta.url), options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failed("the server does not answer; is it still running?");
  }
  const told = await answer.json().catch(() => null);
  if (answer.ok) return told;
  if (answer.status === 401) document.dispatchEvent(new CustomEvent("locked"));
  throw new Failed(told?.detail ?? `the server answered ${answer.status}`, answer.status);
}
