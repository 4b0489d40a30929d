//! Events as lines of JSON, in the manner of qlog's JSON text sequences: `time` in milliseconds,
//! `name` as `category:event`, and the particulars in `data`.

use std::fmt::Write;

use super::{Event, Value};

/// Appends one line for an event, with its line feed. Durations are in milliseconds.
pub fn write_event(event: &Event<'_>, out: &mut String) {
    let millis = event.at.as_nanos() as f64 / 1e6;
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        r#"{{"time":{millis:.3},"connection":{},"name":"{}:{}","data":{{"#,
        event.connection,
        event.category.as_str(),
        event.name
    );
    for (index, (name, value)) in event.fields.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_text(name, out);
        out.push(':');
        write_value(value, out);
    }
    out.push_str("}}\n");
}

fn write_value(value: &Value<'_>, out: &mut String) {
    let _ = match value {
        Value::Text(text) | Value::Private(text) => {
            write_text(text, out);
            Ok(())
        }
        Value::Count(count) => write!(out, "{count}"),
        Value::Number(number) if number.is_finite() => write!(out, "{number}"),
        // JSON has no word for these.
        Value::Number(_) => write!(out, "null"),
        Value::Flag(flag) => write!(out, "{flag}"),
        Value::Duration(duration) => write!(out, "{:.3}", duration.as_secs_f64() * 1e3),
        Value::Address(address) => write!(out, "\"{address}\""),
    };
}

/// RFC 8259 section 7.
fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\u{0}'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}
