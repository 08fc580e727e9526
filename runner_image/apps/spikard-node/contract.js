// The contract's routes for Spikard's bindings of JavaScript, on whatever runs them; Ajv validates the twins.
// Its own reading turns texts of queries and forms into numbers and booleans: the raw routes turn them back.
import Ajv from "ajv";
import formats from "ajv-formats";

const PATHS = {
  simple: ["id"],
  multiple: ["user_id", "post_id"],
  deep: ["org", "team", "project", "resource", "id"],
  int: ["id"],
  uuid: ["id"],
  date: ["date"],
};

const headers = { "content-type": "application/json" };
const told = (body, status = 200) => ({ status, headers, body });
const text = (value) => (Array.isArray(value) ? value.map(text) : String(value));
const texts = (values) => Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, text(value)]));

// One entry for each route: method, path and a handler that gets a request and gives status, headers and body.
export function routes(schemas) {
  const strict = formats(new Ajv());
  const coercing = formats(new Ajv({ coerceTypes: true }));
  const found = [];
  const add = (method, path, answer) => found.push({ method, path, answer });

  function both(method, path, ajv, name, pick, raw = (value) => value) {
    const check = ajv.compile(schemas[name]);
    add(method, path, async (request) => told(raw(await pick(request))));
    add(method, `/validated${path}`, async (request) => {
      const value = await pick(request);
      return check(value) ? told(value) : told({ detail: check.errors }, 400);
    });
  }

  for (const path of ["/", "/health"]) add("GET", path, async () => told({ status: "ok" }));
  for (const size of ["small", "medium", "large", "very-large"]) {
    both("POST", `/json/${size}`, strict, `json-${size}`, (request) => request.json());
  }
  for (const [kind, names] of Object.entries(PATHS)) {
    const rule = names.map((name) => `:${name}`).join("/");
    const raw = (values) => (kind === "int" ? { id: Number(values.id) } : values);
    both("GET", `/path/${kind}/${rule}`, coercing, `path-${kind}`, (request) => texts(request.params), raw);
  }
  for (const size of ["few", "medium", "many"]) {
    both("GET", `/query/${size}`, coercing, `query-${size}`, (request) => texts(request.query));
  }
  for (const size of ["simple", "complex"]) {
    both("POST", `/urlencoded/${size}`, coercing, `urlencoded-${size}`, async (request) => texts(await request.json()));
  }
  for (const size of ["small", "medium", "large"]) {
    for (const prefix of ["", "/validated"]) {
      add("POST", `${prefix}/multipart/${size}`, async (request) => {
        const parts = Object.values((await request.json()) ?? {}).filter((part) => part?.size !== undefined);
        if (prefix && parts.length === 0) return told({ detail: "at least one file is required" }, 400);
        return told({ files_received: parts.length, total_bytes: parts.reduce((sum, part) => sum + part.size, 0) });
      });
    }
  }
  return found;
}

export function register(app, schemas) {
  for (const { method, path, answer } of routes(schemas)) {
    const handler_name = `${method}${path}`.replace(/\W+/g, "_");
    app.addRoute({ method, path, handler_name, is_async: true }, answer);
  }
}
