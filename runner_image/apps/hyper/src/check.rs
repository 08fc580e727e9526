//! The little of JSON Schema that the contract uses.
use serde_json::{Map, Value};

/// Whether a value fits its schema.
pub fn fits(schema: &Value, value: &Value) -> bool {
    match (schema["type"].as_str().unwrap_or(""), value) {
        ("string", Value::String(text)) => text_fits(schema, text),
        ("integer", Value::Number(number)) => number.is_i64() || number.is_u64(),
        ("number", Value::Number(_)) | ("boolean", Value::Bool(_)) => true,
        ("array", Value::Array(items)) => items.iter().all(|item| fits(&schema["items"], item)),
        ("object", Value::Object(fields)) => object_fits(schema, fields),
        _ => false,
    }
}

/// Texts as the values that the schema names; a text that is none stays one.
pub fn typed(schema: &Value, fields: Map<String, Value>) -> Value {
    let read = |name: &str, value: Value| match (schema["properties"][name]["type"].as_str(), value.as_str()) {
        (Some("integer"), Some(text)) => text.parse::<i64>().map(Value::from).unwrap_or(value),
        (Some("number"), Some(text)) => text.parse::<f64>().map(Value::from).unwrap_or(value),
        (Some("boolean"), Some("true")) => Value::Bool(true),
        (Some("boolean"), Some("false")) => Value::Bool(false),
        _ => value,
    };
    fields.into_iter().map(|(name, value)| (name.clone(), read(&name, value))).collect::<Map<_, _>>().into()
}

fn object_fits(schema: &Value, fields: &Map<String, Value>) -> bool {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let all_there = required.into_iter().all(|name| fields.contains_key(name));
    let properties = schema["properties"].as_object();
    all_there
        && properties
            .into_iter()
            .flatten()
            .all(|(name, of)| fields.get(name).map_or(true, |value| fits(of, value)))
}

fn text_fits(schema: &Value, text: &str) -> bool {
    let length = text.chars().count() as u64;
    let sized = length >= schema["minLength"].as_u64().unwrap_or(0) && length <= schema["maxLength"].as_u64().unwrap_or(u64::MAX);
    let word = schema["pattern"].is_null() || text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    let formed = match schema["format"].as_str() {
        Some("uuid") => is_uuid(text),
        Some("date") => is_date(text),
        _ => true,
    };
    sized && word && formed
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

fn is_date(text: &str) -> bool {
    let parts: Vec<Option<u32>> = text.split('-').map(|part| part.parse().ok()).collect();
    let [Some(year), Some(month), Some(day)] = parts[..] else { return false };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    text.len() == 10 && (1..=12).contains(&month) && (1..=last).contains(&day)
}
