//! hyper 0.14 on one thread of tokio: `hyper-bench PORT`.
mod check;
mod read;

use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::{make_service_fn, service_fn};
use hyper::{Body, Method, Request, Response, Server, StatusCode};
use serde_json::{json, Map, Value};
use std::convert::Infallible;
use std::rc::Rc;

const PATHS: [(&str, &[&str]); 6] = [
    ("simple", &["id"]),
    ("multiple", &["user_id", "post_id"]),
    ("deep", &["org", "team", "project", "resource", "id"]),
    ("int", &["id"]),
    ("uuid", &["id"]),
    ("date", &["date"]),
];

type Answer = (StatusCode, Value);

fn ok(value: Value) -> Answer {
    (StatusCode::OK, value)
}

fn refused(why: &str) -> Answer {
    (StatusCode::BAD_REQUEST, json!({ "detail": why }))
}

fn checked(schema: &Value, value: Value) -> Answer {
    if check::fits(schema, &value) { ok(value) } else { refused("it does not fit the schema") }
}

async fn answer(schemas: &Value, request: Request<Body>) -> Answer {
    let path = request.uri().path().to_owned();
    let (valid, rest) = path.strip_prefix("/validated").map_or((false, path.as_str()), |rest| (true, rest));
    let words: Vec<String> = rest.trim_start_matches('/').split('/').map(read::decoded).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let schema = |family: &str, name: &str| schemas[format!("{family}-{name}")].clone();
    match (request.method().clone(), words.as_slice()) {
        (Method::GET, [""] | ["health"]) => ok(json!({ "status": "ok" })),
        (Method::GET, ["path", kind, values @ ..]) => of_path(valid.then(|| schema("path", kind)), kind, values),
        (Method::GET, ["query", size]) => {
            of_fields(valid.then(|| schema("query", size)), read::fields(request.uri().query().unwrap_or("")))
        }
        (Method::POST, [family @ ("json" | "urlencoded" | "multipart"), size]) => {
            let wanted = valid.then(|| schema(family, size));
            of_body(family, valid, wanted, request).await
        }
        _ => (StatusCode::NOT_FOUND, json!({ "detail": "nothing here" })),
    }
}

fn of_path(schema: Option<Value>, kind: &str, values: &[&str]) -> Answer {
    let Some((_, names)) = PATHS.iter().find(|(name, names)| *name == kind && names.len() == values.len()) else {
        return (StatusCode::NOT_FOUND, json!({ "detail": "nothing here" }));
    };
    let fields: Map<String, Value> = names.iter().zip(values).map(|(name, value)| (name.to_string(), json!(value))).collect();
    match schema {
        Some(schema) => checked(&schema, check::typed(&schema, fields)),
        None if kind == "int" => ok(json!({ "id": values[0].parse::<i64>().ok() })),
        None => ok(fields.into()),
    }
}

fn of_fields(schema: Option<Value>, fields: Map<String, Value>) -> Answer {
    match schema {
        Some(schema) => checked(&schema, check::typed(&schema, fields)),
        None => ok(fields.into()),
    }
}

async fn of_body(family: &str, valid: bool, schema: Option<Value>, request: Request<Body>) -> Answer {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
    let Ok(body) = hyper::body::to_bytes(request.into_body()).await else { return refused("no whole body") };
    match family {
        "json" => match (serde_json::from_slice::<Value>(&body), schema) {
            (Err(error), _) => refused(&error.to_string()),
            (Ok(value), Some(schema)) => checked(&schema, value),
            (Ok(value), None) => ok(value),
        },
        "urlencoded" => of_fields(schema, read::fields(&String::from_utf8_lossy(&body))),
        _ => match read::files(&kind, &body) {
            (0, _) if valid => refused("at least one file is required"),
            (files, bytes) => ok(json!({ "files_received": files, "total_bytes": bytes })),
        },
    }
}

async fn respond(schemas: Rc<Value>, request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let (status, value) = answer(&schemas, request).await;
    let mut response = Response::new(Body::from(value.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

#[derive(Clone, Copy)]
struct Local;

impl<F: std::future::Future + 'static> hyper::rt::Executor<F> for Local {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(future);
    }
}

async fn ended() {
    let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).expect("SIGTERM can be heard");
    tokio::select! {
        _ = term.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

async fn serve(port: u16) {
    let schemas = Rc::new(serde_json::from_str::<Value>(include_str!("schemas.json")).expect("the schemas are JSON"));
    let service = make_service_fn(move |_| {
        let schemas = schemas.clone();
        async move { Ok::<_, Infallible>(service_fn(move |request| respond(schemas.clone(), request))) }
    });
    let server = Server::bind(&([0, 0, 0, 0], port).into()).executor(Local).serve(service);
    tokio::select! {
        result = server => result.expect("the server serves"),
        _ = ended() => {}
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let given = std::env::args().nth(1).or_else(|| std::env::var("PORT").ok());
    let port = given.and_then(|text| text.parse().ok()).unwrap_or(8000);
    tokio::task::LocalSet::new().run_until(serve(port)).await;
}
