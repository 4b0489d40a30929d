//! The paths in the text of a Rust file.

/// A path, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) line: usize,
    pub(super) names: Vec<String>,
    /// The name under which a `use` makes it known.
    pub(super) called: Option<String>,
    /// A `use` with a visibility.
    pub(super) handed_on: bool,
    /// The modules inside the file around it.
    pub(super) inside: Vec<String>,
}

impl Path {
    /// True unless the two are the same text.
    pub(super) fn is_not(&self, other: &Self) -> bool {
        self != other
    }
}

/// What a file names.
#[derive(Debug, Default)]
pub(super) struct Text {
    pub(super) uses: Vec<Path>,
    pub(super) paths: Vec<Path>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Token<'a> {
    line: usize,
    /// A name, `::`, or one other character.
    text: &'a str,
}

impl Text {
    /// Reads what stands above the unit tests.
    pub(super) fn read(text: &str) -> Self {
        let bottom = text.find("#[cfg(test)]\nmod tests {");
        let blank = without_comments(&text[..bottom.unwrap_or(text.len())]);
        let tokens = tokens(&blank);
        let mut reader = Reader {
            tokens: &tokens,
            at: 0,
            depth: 0,
            inside: Vec::new(),
            found: Self::default(),
        };
        reader.read();
        reader.found
    }
}

struct Reader<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    depth: usize,
    /// Modules inside the file, with the depth of braces at which each began.
    inside: Vec<(usize, String)>,
    found: Text,
}

impl Reader<'_> {
    fn text(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.text)
    }

    fn before(&self, back: usize) -> &str {
        self.at.checked_sub(back).map_or("", |at| self.text(at))
    }

    fn read(&mut self) {
        while self.at < self.tokens.len() {
            match self.text(self.at) {
                "{" => {
                    self.depth += 1;
                    if self.before(2) == "mod" {
                        let name = self.before(1).to_owned();
                        self.inside.push((self.depth, name));
                    }
                    self.at += 1;
                }
                "}" => {
                    let depth = self.depth;
                    self.inside.retain(|(began, _)| *began < depth);
                    self.depth = depth.saturating_sub(1);
                    self.at += 1;
                }
                "use" if !is_name_char_before(self.before(1)) => self.read_use(),
                name if is_name(name) && self.starts_path() => self.read_path(),
                _ => self.at += 1,
            }
        }
    }

    fn starts_path(&self) -> bool {
        self.text(self.at + 1) == "::" && !matches!(self.before(1), "::" | ".")
    }

    fn path(&self, line: usize, names: Vec<String>) -> Path {
        Path {
            line,
            names,
            called: None,
            handed_on: false,
            inside: self.inside.iter().map(|(_, name)| name.clone()).collect(),
        }
    }

    fn read_path(&mut self) {
        let line = self.tokens[self.at].line;
        let mut names = vec![self.text(self.at).to_owned()];
        self.at += 1;
        while self.text(self.at) == "::" && is_name(self.text(self.at + 1)) {
            names.push(self.text(self.at + 1).to_owned());
            self.at += 2;
        }
        let path = self.path(line, names);
        self.found.paths.push(path);
    }

    fn read_use(&mut self) {
        let handed_on = matches!(self.before(1), "pub" | ")");
        let begin = self.found.uses.len();
        let for_tests = (1..=7)
            .rev()
            .map(|back| self.before(back))
            .collect::<String>()
            == "#[cfg(test)]";
        self.at += 1;
        self.read_tree(&[]);
        for path in &mut self.found.uses[begin..] {
            path.handed_on = handed_on;
        }
        if for_tests {
            self.found.uses.truncate(begin);
        }
    }

    /// `a::b`, `a::{b, c}`, `a::*`, `a as b`, below `prefix`.
    fn read_tree(&mut self, prefix: &[String]) {
        let mut names = prefix.to_vec();
        let line = self.tokens.get(self.at).map_or(0, |token| token.line);
        loop {
            match self.text(self.at) {
                "{" => {
                    self.at += 1;
                    while !matches!(self.text(self.at), "}" | "") {
                        self.read_tree(&names);
                        if self.text(self.at) == "," {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                "::" => self.at += 1,
                "*" => {
                    self.at += 1;
                    let path = self.path(line, names);
                    self.found.uses.push(path);
                    return;
                }
                "self" if !names.is_empty() && names.last().is_none_or(|last| last != "self") => {
                    self.at += 1;
                }
                name if is_name(name) && name != "as" => {
                    names.push(name.to_owned());
                    self.at += 1;
                }
                _ => break,
            }
        }
        let mut called = names.last().cloned();
        if self.text(self.at) == "as" {
            called = Some(self.text(self.at + 1).to_owned());
            self.at += 2;
        }
        if names.len() == prefix.len() && called.is_none() {
            // Something that this does not read: go on.
            self.at += 1;
            return;
        }
        let path = Path {
            called,
            ..self.path(line, names)
        };
        self.found.uses.push(path);
    }
}

fn is_name_char_before(before: &str) -> bool {
    matches!(before, "." | "::" | "fn" | "let" | "r")
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let len = if first.is_alphanumeric() || first == '_' {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                end.unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            let (token, behind) = rest.split_at(len);
            if !first.is_whitespace() {
                found.push(Token {
                    line: number + 1,
                    text: token,
                });
            }
            rest = behind;
        }
    }
    found
}

/// The text with blanks in the place of comments, texts and characters; lines stay.
fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let len = comment(rest)
            .or_else(|| raw_text(rest, kept.chars().next_back()))
            .or_else(|| quoted(rest));
        let Some(len) = len else {
            kept.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        let (skipped, behind) = rest.split_at(len);
        kept.push(' ');
        kept.extend(skipped.matches('\n').map(|_| '\n'));
        rest = behind;
    }
    kept
}

fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    let inside = rest.strip_prefix("/*")?;
    Some(inside.find("*/").map_or(rest.len(), |end| end + 4))
}

fn raw_text(rest: &str, before: Option<char>) -> Option<usize> {
    if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let inside = rest.strip_prefix('b').unwrap_or(rest).strip_prefix('r')?;
    let marks = inside.len() - inside.trim_start_matches('#').len();
    let text = inside[marks..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(marks));
    let head = rest.len() - text.len();
    Some(
        text.find(&end)
            .map_or(rest.len(), |at| head + at + end.len()),
    )
}

fn quoted(rest: &str) -> Option<usize> {
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let inside = &rest[1..];
    if quote == '\'' {
        // A lifetime has no second quote behind its first character.
        let mut chars = inside.chars();
        let first = chars.next()?;
        if first != '\\' && chars.next() != Some('\'') {
            return None;
        }
    }
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(at + 2),
            _ => {}
        }
    }
    Some(rest.len())
}
