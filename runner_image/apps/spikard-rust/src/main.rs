//! Spikard in Rust, one thread of tokio: `spikard-rust-bench PORT`. Needs crates.io.
//!
//! Its own reading turns texts of forms into numbers and booleans: the raw form turns them back.
mod check;

use axum::body::Body;
use axum::http::{Response, StatusCode};
use serde_json::{json, Map, Value};
use spikard::{get, post, App, RequestContext, ServerConfig};

type Answer = Result<Response<Body>, (StatusCode, String)>;
type Schemas = &'static Value;

const PATHS: [(&str, &[&str]); 6] = [
    ("simple", &["id"]),
    ("multiple", &["user_id", "post_id"]),
    ("deep", &["org", "team", "project", "resource", "id"]),
    ("int", &["id"]),
    ("uuid", &["id"]),
    ("date", &["date"]),
];

fn answer(status: StatusCode, value: Value) -> Answer {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(Body::from(value.to_string()))
        .map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
}

fn refused(why: impl ToString) -> Answer {
    answer(StatusCode::BAD_REQUEST, json!({ "detail": why.to_string() }))
}

fn checked(schema: &Value, value: Value) -> Answer {
    if check::fits(schema, &value) { answer(StatusCode::OK, value) } else { refused("it does not fit the schema") }
}

fn of_fields(schema: Option<&Value>, fields: Map<String, Value>) -> Answer {
    match schema {
        Some(schema) => checked(schema, check::typed(schema, fields)),
        None => answer(StatusCode::OK, fields.into()),
    }
}

fn of_json(schema: Option<&Value>, context: &RequestContext) -> Answer {
    match (context.json::<Value>(), schema) {
        (Err(error), _) => refused(error),
        (Ok(value), Some(schema)) => checked(schema, value),
        (Ok(value), None) => answer(StatusCode::OK, value),
    }
}

fn of_path(schema: Option<&Value>, kind: &str, names: &[&str], context: &RequestContext) -> Answer {
    let value = |name: &str| context.path_param(name).unwrap_or_default().to_owned();
    if schema.is_none() && kind == "int" {
        return answer(StatusCode::OK, json!({ "id": value("id").parse::<i64>().ok() }));
    }
    of_fields(schema, names.iter().map(|name| (name.to_string(), Value::String(value(name)))).collect())
}

/// The raw texts: its own reading of a query turns some of them into numbers and booleans.
fn of_query(schema: Option<&Value>, context: &RequestContext) -> Answer {
    let first = |(name, values): (&String, &Vec<String>)| Some((name.clone(), Value::String(values.first()?.clone())));
    of_fields(schema, context.raw_query_params().iter().filter_map(first).collect())
}

fn text(value: Value) -> Value {
    match value {
        Value::Array(values) => values.into_iter().map(text).collect(),
        Value::String(_) => value,
        other => Value::String(other.to_string()),
    }
}

fn of_form(schema: Option<&Value>, context: &RequestContext) -> Answer {
    match context.json::<Map<String, Value>>() {
        Err(error) => refused(error),
        Ok(fields) => of_fields(schema, fields.into_iter().map(|(name, value)| (name, text(value))).collect()),
    }
}

fn of_multipart(valid: bool, context: &RequestContext) -> Answer {
    let parts: Map<String, Value> = context.json().unwrap_or_default();
    let sizes: Vec<u64> = parts.values().filter_map(|part| part["size"].as_u64()).collect();
    if valid && sizes.is_empty() {
        return refused("at least one file is required");
    }
    answer(StatusCode::OK, json!({ "files_received": sizes.len(), "total_bytes": sizes.iter().sum::<u64>() }))
}

fn half(app: &mut App, schemas: Schemas, valid: bool) -> Result<(), Box<dyn std::error::Error>> {
    let prefix = if valid { "/validated" } else { "" };
    let schema = move |name: String| if valid { Some(&schemas[name]) } else { None };
    for size in ["small", "medium", "large", "very-large"] {
        let wanted = schema(format!("json-{size}"));
        app.route(post(format!("{prefix}/json/{size}")), move |context: RequestContext| async move { of_json(wanted, &context) })?;
    }
    for (kind, names) in PATHS {
        let wanted = schema(format!("path-{kind}"));
        let rule = names.iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join("/");
        app.route(get(format!("{prefix}/path/{kind}/{rule}")), move |context: RequestContext| async move {
            of_path(wanted, kind, names, &context)
        })?;
    }
    for size in ["few", "medium", "many"] {
        let wanted = schema(format!("query-{size}"));
        app.route(get(format!("{prefix}/query/{size}")), move |context: RequestContext| async move { of_query(wanted, &context) })?;
    }
    for size in ["simple", "complex"] {
        let wanted = schema(format!("urlencoded-{size}"));
        app.route(post(format!("{prefix}/urlencoded/{size}")), move |context: RequestContext| async move {
            of_form(wanted, &context)
        })?;
    }
    for size in ["small", "medium", "large"] {
        app.route(post(format!("{prefix}/multipart/{size}")), move |context: RequestContext| async move {
            of_multipart(valid, &context)
        })?;
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let given = std::env::args().nth(1).or_else(|| std::env::var("PORT").ok());
    let port: u16 = given.and_then(|text| text.parse().ok()).unwrap_or(8000);
    let schemas: Schemas = Box::leak(Box::new(serde_json::from_str(include_str!("schemas.json"))?));
    let config = ServerConfig { host: "0.0.0.0".to_string(), port, ..Default::default() };
    let mut app = App::new().config(config);
    for path in ["/", "/health"] {
        app.route(get(path), |_context: RequestContext| async { answer(StatusCode::OK, json!({ "status": "ok" })) })?;
    }
    half(&mut app, schemas, false)?;
    half(&mut app, schemas, true)?;
    app.run().await?;
    Ok(())
}
