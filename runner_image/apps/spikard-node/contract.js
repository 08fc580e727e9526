// The contract's routes for Spikard's bindings of JavaScript; Ajv validates the twins.
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

const told = (value, status = 200) => ({ status, value });
const text = (value) => (Array.isArray(value) ? value.map(text) : String(value));
const texts = (values) => Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, text(value)]));

// Lengths of the files of a multipart body, as Spikard reads it: an object of its fields.
export const sizes = (body) =>
  Object.values(body ?? {})
    .flat()
    .filter((part) => part?.size !== undefined)
    .map((part) => part.size);

// One entry for each route: method, path, and what answers `params`, `query`, `body` and `files()` (their lengths in bytes)
// with a status and a JSON value.
export function routes(schemas) {
  const strict = formats(new Ajv());
  const coercing = formats(new Ajv({ coerceTypes: true }));
  const found = [];
  const add = (method, path, answer) => found.push({ method, path, answer });

  function both(method, path, ajv, name, pick, raw = (value) => value) {
    const check = ajv.compile(schemas[name]);
    add(method, path, (request) => told(raw(pick(request))));
    add(method, `/validated${path}`, (request) => {
      const value = pick(request);
      return check(value) ? told(value) : told({ detail: check.errors }, 400);
    });
  }

  for (const path of ["/", "/health"]) add("get", path, () => told({ status: "ok" }));
  for (const size of ["small", "medium", "large", "very-large"]) {
    both("post", `/json/${size}`, strict, `json-${size}`, (request) => request.body);
  }
  for (const [kind, names] of Object.entries(PATHS)) {
    const rule = names.map((name) => `{${name}}`).join("/");
    const raw = (values) => (kind === "int" ? { id: Number(values.id) } : values);
    both("get", `/path/${kind}/${rule}`, coercing, `path-${kind}`, (request) => texts(request.params), raw);
  }
  for (const size of ["few", "medium", "many"]) {
    both("get", `/query/${size}`, coercing, `query-${size}`, (request) => texts(request.query));
  }
  for (const size of ["simple", "complex"]) {
    both("post", `/urlencoded/${size}`, coercing, `urlencoded-${size}`, (request) => texts(request.body));
  }
  for (const size of ["small", "medium", "large"]) {
    for (const prefix of ["", "/validated"]) {
      add("post", `${prefix}/multipart/${size}`, (request) => {
        const files = request.files();
        if (prefix && files.length === 0) return told({ detail: "at least one file is required" }, 400);
        return told({ files_received: files.length, total_bytes: files.reduce((sum, size) => sum + size, 0) });
      });
    }
  }
  return found;
}
