// What a request for a chat completion asks for; what cannot be understood is refused with the field's name.

export class Refused extends Error {
  constructor(status, code, message, field = null) {
    super(message);
    this.status = status;
    this.body = {error: {message, type: "invalid_request_error", param: field, code}};
  }
}

const ROLES = new Set(["system", "user", "assistant"]);

export function read(body, names) {
  let asked;
  try {
    asked = JSON.parse(body);
  } catch {
    throw new Refused(400, "invalid_json", "the body is not JSON");
  }
  if (!names.has(asked?.model)) {
    const known = [...names.keys()].join(", ");
    throw new Refused(404, "model_not_found", `there is no model ${JSON.stringify(asked?.model)}: take one of ${known}`, "model");
  }
  return {
    model: asked.model,
    messages: conversation(asked.messages),
    maxTokens: number(asked, "max_completion_tokens", 1, 1e6) ?? number(asked, "max_tokens", 1, 1e6),
    temperature: number(asked, "temperature", 0, 2) ?? names.get(asked.model),
    topP: number(asked, "top_p", 0, 1),
    seed: number(asked, "seed", 0, 2 ** 32 - 1),
    stops: [asked.stop ?? []].flat().filter((stop) => typeof stop === "string" && stop),
    stream: asked.stream === true,
    usage: asked.stream_options?.include_usage === true,
  };
}

function conversation(messages) {
  if (!Array.isArray(messages) || messages.length === 0) {
    throw new Refused(400, "invalid_value", "messages must be a list with a message at least", "messages");
  }
  return messages.map(({role, content}, number) => {
    if (!ROLES.has(role) || typeof content !== "string") {
      throw new Refused(400, "invalid_value", "a message has a role (system, user, assistant) and a text as content", `messages[${number}]`);
    }
    return {role, content};
  });
}

function number(asked, field, least, most) {
  const value = asked[field] ?? undefined;
  if (value !== undefined && !(typeof value === "number" && value >= least && value <= most)) {
    throw new Refused(400, "invalid_value", `${field} must be a number from ${least} to ${most}`, field);
  }
  return value;
}
