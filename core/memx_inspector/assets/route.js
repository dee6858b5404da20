// Where somebody is: `#/view?user=…&…`. It is all in the fragment, which no browser sends to a server.

export const IDS = { user: "user_id", agent: "agent_id", run: "run_id" };

export function parse(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  return { view: path || "owners", parameters: new URLSearchParams(query) };
}

/** The address of a view; what is null or empty is left out, but for what is given as `""` in `kept`. */
export function link(view, parameters = {}, kept = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== null && value !== undefined && value !== "") query.set(name, value);
  for (const [name, value] of Object.entries(kept)) query.set(name, value);
  const written = query.toString();
  return `#/${view}${written ? `?${written}` : ""}`;
}

/** The ids of a route, as they stand in an address. */
export function ids(parameters) {
  return Object.fromEntries(Object.keys(IDS).filter((name) => parameters.get(name)).map((name) => [name, parameters.get(name)]));
}

/** The ids as the server wants them. */
export function scope(parameters) {
  return Object.fromEntries(Object.entries(ids(parameters)).map(([name, value]) => [IDS[name], value]));
}

/** The full ids of a memory, as they stand in an address. */
export function idsOf(memory) {
  return Object.fromEntries(Object.entries(IDS).filter(([, name]) => memory[name]).map(([short, name]) => [short, memory[name]]));
}

/** Writes what a view shows into the address, without leaving the view. */
export function note(view, parameters, kept = {}) {
  history.replaceState(null, "", link(view, parameters, kept));
}
