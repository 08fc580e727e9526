//! Queries, forms and multipart bodies.
use serde_json::{Map, Value};

/// Fields of a query or a form; repeated names become lists.
pub fn fields(text: &str) -> Map<String, Value> {
    let mut found = Map::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        add(&mut found, decoded(name), Value::String(decoded(value)));
    }
    found
}

fn add(found: &mut Map<String, Value>, name: String, value: Value) {
    match found.get_mut(&name) {
        None => {
            found.insert(name, value);
        }
        Some(Value::Array(values)) => values.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}

/// Percent-decoded, with `+` for a blank.
pub fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 2;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Number and bytes of the files of a multipart body.
pub fn files(content_type: &str, body: &[u8]) -> (usize, usize) {
    let Some((_, boundary)) = content_type.split_once("boundary=") else { return (0, 0) };
    let mark = format!("--{}", boundary.trim_matches('"'));
    let (mut count, mut total, mut rest) = (0, 0, body);
    while let Some(start) = find(rest, mark.as_bytes()) {
        rest = &rest[start + mark.len()..];
        let end = find(rest, mark.as_bytes()).unwrap_or(rest.len());
        if let Some(head) = find(&rest[..end], b"\r\n\r\n") {
            if find(&rest[..head], b"filename=").is_some() {
                count += 1;
                total += end.saturating_sub(head + 6);
            }
        }
    }
    (count, total)
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let first = needle[0];
    let mut from = 0;
    while let Some(offset) = haystack[from..].iter().position(|byte| *byte == first) {
        if haystack[from + offset..].starts_with(needle) {
            return Some(from + offset);
        }
        from += offset + 1;
    }
    None
}
