//! axum on one thread of tokio: `axum-baseline PORT`. Needs crates.io.
mod check;
#[allow(dead_code)] // axum reads multipart bodies itself
mod read;

use axum::body::Bytes;
use axum::extract::{Multipart, Path, RawQuery};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use axum::Router;
use serde_json::{json, Map, Value};
use std::collections::BTreeMap;

const PATHS: [(&str, &str); 6] = [
    ("simple", "{id}"),
    ("multiple", "{user_id}/{post_id}"),
    ("deep", "{org}/{team}/{project}/{resource}/{id}"),
    ("int", "{id}"),
    ("uuid", "{id}"),
    ("date", "{date}"),
];

type Schemas = &'static Value;

fn told(value: Value) -> Response {
    Json(value).into_response()
}

fn refused(why: impl ToString) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "detail": why.to_string() }))).into_response()
}

fn checked(schema: &Value, value: Value) -> Response {
    if check::fits(schema, &value) { told(value) } else { refused("it does not fit the schema") }
}

/// Raw, or as the schema names it.
fn of_fields(schema: Option<&Value>, fields: Map<String, Value>) -> Response {
    match schema {
        Some(schema) => checked(schema, check::typed(schema, fields)),
        None => told(fields.into()),
    }
}

fn of_json(schema: Option<&Value>, body: &[u8]) -> Response {
    match (serde_json::from_slice::<Value>(body), schema) {
        (Err(error), _) => refused(error),
        (Ok(value), Some(schema)) => checked(schema, value),
        (Ok(value), None) => told(value),
    }
}

fn of_path(schema: Option<&Value>, kind: &str, values: BTreeMap<String, String>) -> Response {
    if schema.is_none() && kind == "int" {
        return told(json!({ "id": values["id"].parse::<i64>().ok() }));
    }
    of_fields(schema, values.into_iter().map(|(name, value)| (name, Value::String(value))).collect())
}

async fn of_multipart(valid: bool, mut parts: Multipart) -> Response {
    let (mut files, mut bytes) = (0, 0);
    loop {
        match parts.next_field().await {
            Ok(Some(part)) if part.file_name().is_some() => match part.bytes().await {
                Ok(content) => {
                    files += 1;
                    bytes += content.len();
                }
                Err(error) => return refused(error),
            },
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(error) => return refused(error),
        }
    }
    if valid && files == 0 {
        return refused("at least one file is required");
    }
    told(json!({ "files_received": files, "total_bytes": bytes }))
}

/// All routes of one half of the contract: raw, or validated below its prefix.
fn half(router: Router, schemas: Schemas, valid: bool) -> Router {
    let prefix = if valid { "/validated" } else { "" };
    let schema = move |name: String| if valid { Some(&schemas[name]) } else { None };
    let mut router = router;
    for size in ["small", "medium", "large", "very-large"] {
        let wanted = schema(format!("json-{size}"));
        router = router.route(&format!("{prefix}/json/{size}"), post(move |body: Bytes| async move { of_json(wanted, &body) }));
    }
    for (kind, names) in PATHS {
        let wanted = schema(format!("path-{kind}"));
        let answer = move |Path(values): Path<BTreeMap<String, String>>| async move { of_path(wanted, kind, values) };
        router = router.route(&format!("{prefix}/path/{kind}/{names}"), get(answer));
    }
    for size in ["few", "medium", "many"] {
        let wanted = schema(format!("query-{size}"));
        let answer = move |RawQuery(query): RawQuery| async move { of_fields(wanted, read::fields(&query.unwrap_or_default())) };
        router = router.route(&format!("{prefix}/query/{size}"), get(answer));
    }
    for size in ["simple", "complex"] {
        let wanted = schema(format!("urlencoded-{size}"));
        let answer = move |body: String| async move { of_fields(wanted, read::fields(&body)) };
        router = router.route(&format!("{prefix}/urlencoded/{size}"), post(answer));
    }
    router.route(&format!("{prefix}/multipart/{{size}}"), post(move |parts: Multipart| of_multipart(valid, parts)))
}

async fn health() -> Response {
    told(json!({ "status": "ok" }))
}

async fn ended() {
    let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).expect("SIGTERM can be heard");
    tokio::select! {
        _ = term.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let given = std::env::args().nth(1).or_else(|| std::env::var("PORT").ok());
    let port: u16 = given.and_then(|text| text.parse().ok()).unwrap_or(8000);
    let schemas: Schemas = Box::leak(Box::new(serde_json::from_str(include_str!("schemas.json")).expect("the schemas are JSON")));
    let router = Router::new().route("/", get(health)).route("/health", get(health));
    let router = half(half(router, schemas, false), schemas, true);
    let listener = tokio::net::TcpListener::bind(("0.0.0.0", port)).await.expect("the port is free");
    tokio::select! {
        result = async { axum::serve(listener, router).await } => result.expect("the server serves"),
        _ = ended() => {}
    }
}
