// Hono, on whatever runs it: its own validator, with Ajv for the schemas.
import { readFileSync } from "node:fs";
import Ajv from "ajv";
import formats from "ajv-formats";
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { validator } from "hono/validator";

const schemas = JSON.parse(readFileSync(new URL("./schemas.json", import.meta.url)));
const strict = formats(new Ajv());
const coercing = formats(new Ajv({ coerceTypes: true }));
export const app = new Hono();

app.onError((error, context) =>
  context.json({ detail: error.message }, error instanceof HTTPException ? error.status : 500),
);

function fits(ajv, name) {
  const check = ajv.compile(schemas[name]);
  return (value, context) => (check(value) ? value : context.json({ detail: check.errors }, 400));
}

const health = (context) => context.json({ status: "ok" });
app.get("/", health);
app.get("/health", health);

for (const size of ["small", "medium", "large", "very-large"]) {
  app.post(`/json/${size}`, async (context) => context.json(await context.req.json()));
  app.post(`/validated/json/${size}`, validator("json", fits(strict, `json-${size}`)), (context) =>
    context.json(context.req.valid("json")),
  );
}

const paths = {
  simple: ":id",
  multiple: ":user_id/:post_id",
  deep: ":org/:team/:project/:resource/:id",
  int: ":id",
  uuid: ":id",
  date: ":date",
};
for (const [name, rule] of Object.entries(paths)) {
  app.get(`/path/${name}/${rule}`, (context) => {
    const values = context.req.param();
    return context.json(name === "int" ? { id: Number(values.id) } : values);
  });
  app.get(`/validated/path/${name}/${rule}`, validator("param", fits(coercing, `path-${name}`)), (context) =>
    context.json(context.req.valid("param")),
  );
}

for (const size of ["few", "medium", "many"]) {
  app.get(`/query/${size}`, (context) => context.json(context.req.query()));
  app.get(`/validated/query/${size}`, validator("query", fits(coercing, `query-${size}`)), (context) =>
    context.json(context.req.valid("query")),
  );
}

for (const size of ["simple", "complex"]) {
  app.post(`/urlencoded/${size}`, async (context) => context.json(await context.req.parseBody({ all: true })));
  const check = fits(coercing, `urlencoded-${size}`);
  app.post(`/validated/urlencoded/${size}`, async (context) => {
    const answer = check(await context.req.parseBody({ all: true }), context);
    return answer instanceof Response ? answer : context.json(answer);
  });
}

async function counted(context) {
  const parts = Object.values(await context.req.parseBody({ all: true })).flat();
  const files = parts.filter((part) => part instanceof File);
  return { files_received: files.length, total_bytes: files.reduce((sum, file) => sum + file.size, 0) };
}
app.post("/multipart/:size", async (context) => context.json(await counted(context)));
app.post("/validated/multipart/:size", async (context) => {
  const answer = await counted(context);
  return answer.files_received > 0 ? context.json(answer) : context.json({ detail: "at least one file is required" }, 400);
});
