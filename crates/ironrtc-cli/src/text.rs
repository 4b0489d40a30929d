//! Text from elsewhere, made fit for a terminal.

use std::io::{self, Write};

/// What one line of a terminal may be given: nothing in it is obeyed instead of shown. Everything
/// that is printed goes through here, whoever wrote it.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if is_invisible(c) { '\u{fffd}' } else { c })
        .collect()
}

/// One line of JSON in which nothing is left that a terminal would obey either.
pub(crate) fn json_line(value: &serde_json::Value) -> String {
    let mut line = String::new();
    for c in value.to_string().chars() {
        if is_invisible(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                line += &format!("\\u{unit:04x}");
            }
        } else {
            line.push(c);
        }
    }
    line
}

/// True for what a terminal obeys and what a reader cannot see: control characters, line and
/// paragraph separators, and the format characters (Unicode's category Cf), some of which turn the
/// direction of text and make `exe.txt` out of `txt.exe`.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
            | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}')
}

/// Stderr for the log, which quotes what peers and servers say.
#[derive(Debug)]
pub(crate) struct LogWriter;

impl Write for LogWriter {
    /// The log comes line by line.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        writeln!(io::stderr(), "{}", printable(line))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_says_the_same_without_it() {
        let value = serde_json::json!({"name": "a\u{1b}\u{9b}\u{202e}\u{e0041}ü"});
        let line = json_line(&value);
        assert!(!line.contains(is_invisible), "{line:?}");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&line).unwrap(),
            value
        );
    }

    #[test]
    fn nothing_is_left_that_a_terminal_obeys() {
        let hostile = "a\u{1b}]0;title\u{7}\u{9b}31m\r\nb\u{61c}\u{202e}\u{2066}\u{200b}\u{e0041}\u{feff}\u{2028}c";
        let text = printable(hostile);
        assert!(!text.contains(is_invisible), "{text:?}");
        assert_eq!(text.replace('\u{fffd}', ""), "a]0;title31mbc");
        assert_eq!(printable("größe 数据 🙂 …"), "größe 数据 🙂 …");
    }
}
