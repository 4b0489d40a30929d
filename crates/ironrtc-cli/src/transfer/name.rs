//! A name from the network becomes a name of one file in one directory.

use crate::text::is_invisible;

/// Behind the name of a file that has not arrived completely, which begins with a dot; no safe name
/// looks like it.
const PART: &str = ".ironrtc-part";

/// Most components of a path.
pub(super) const MAX_DEPTH: usize = 64;

/// Longest name, in bytes: 255 is the limit of common file systems, and [`PART`] must fit.
const MAX_LEN: usize = 200;
/// Longest extension that is kept when a name is cut, in bytes with its dot.
const MAX_EXTENSION: usize = 16;

/// The last component of `name` without anything that could lead out of a directory, hide the
/// file or mean a device. Never empty.
pub(crate) fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let safe: String = last
        .chars()
        .map(|c| if is_unsafe(c) { '_' } else { c })
        .collect();
    let safe = shorten(safe);
    // Leading dots hide a file, trailing dots and spaces vanish on Windows.
    let safe = safe
        .trim_start_matches(['.', ' '])
        .trim_end_matches(['.', ' ']);
    if safe.is_empty() {
        return "file".to_owned();
    }
    if is_device(safe) {
        return format!("_{safe}");
    }
    safe.to_owned()
}

/// The components of a path from the network, each a safe name; never empty. Below the first one,
/// which lies where the user works, a leading dot may hide a file.
pub(super) fn safe_path(path: &str) -> Vec<String> {
    let mut safe: Vec<String> = Vec::new();
    for part in path.split(['/', '\\']) {
        if matches!(part, "" | "." | "..") {
            continue;
        }
        let name = safe_name(part);
        let hidden = !safe.is_empty() && part.starts_with('.') && !is_part(&name);
        safe.push(if hidden { format!(".{name}") } else { name });
    }
    if safe.is_empty() {
        safe.push(safe_name(path));
    }
    safe
}

/// True for what would look like one of ours behind a dot, also on disks that ignore case.
fn is_part(name: &str) -> bool {
    name.to_lowercase().ends_with(PART)
}

/// Where a file of this safe name grows. Other programs do not use such names, and no sender can
/// choose one.
pub(super) fn part_name(safe: &str) -> String {
    format!(".{safe}{PART}")
}

/// Cuts the middle out of a long name: its extension says what the file is.
fn shorten(mut name: String) -> String {
    if name.len() <= MAX_LEN {
        return name;
    }
    let extension = match name.rfind('.') {
        Some(dot) if name.len() - dot <= MAX_EXTENSION => name.split_off(dot),
        _ => String::new(),
    };
    while name.len() + extension.len() > MAX_LEN {
        name.pop();
    }
    name + &extension
}

/// What nobody can see, and what Windows forbids.
fn is_unsafe(c: char) -> bool {
    is_invisible(c) || matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*')
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    let stem = stem.to_ascii_lowercase();
    match stem.as_str() {
        "con" | "prn" | "aux" | "nul" => true,
        _ => ["com", "lpt"].iter().any(|port| {
            stem.strip_prefix(port)
                .is_some_and(|rest| matches!(rest.as_bytes(), [b'0'..=b'9']))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_its_extension() {
        let long = format!("{}.bin", "ü".repeat(150));
        let safe = safe_name(&long);
        assert!(safe.len() <= MAX_LEN && safe.ends_with("ü.bin"), "{safe}");
        assert_eq!(safe_name(&"n".repeat(300)), "n".repeat(MAX_LEN));
    }

    #[test]
    fn ordinary_names_stay() {
        for name in [
            "a.txt",
            "Ferien 2024.jpg",
            "größe.pdf",
            "数据",
            "a..b",
            "console",
        ] {
            assert_eq!(safe_name(name), name);
        }
    }

    #[test]
    fn nothing_leads_out_of_the_directory() {
        let cases = [
            ("../../etc/passwd", "passwd"),
            ("/etc/passwd", "passwd"),
            ("..\\..\\boot.ini", "boot.ini"),
            ("C:\\x\\y.txt", "y.txt"),
            ("C:y.txt", "C_y.txt"),
            ("..", "file"),
            ("a/..", "file"),
            ("a/", "file"),
            ("", "file"),
            (".bashrc", "bashrc"),
            ("x.txt. .", "x.txt"),
            ("a\0b\nc", "a_b_c"),
            ("invoice\u{202e}fdp.exe", "invoice_fdp.exe"),
            ("a\u{61c}b\u{200b}c\u{e0041}d\u{1b}[31m", "a_b_c_d_[31m"),
            ("NUL", "_NUL"),
            ("com1.txt", "_com1.txt"),
        ];
        for (name, expected) in cases {
            assert_eq!(safe_name(name), expected, "{name:?}");
        }
    }

    #[test]
    fn a_path_stays_below_the_directory_and_away_from_part_files() {
        let cases = [
            ("a/b c/d.txt", "a/b c/d.txt"),
            ("a/.git/.x", "a/.git/.x"),
            (".ssh/.a", "ssh/.a"),
            ("../../a/../b", "a/b"),
            ("/etc//passwd", "etc/passwd"),
            ("a\\..\\C:\\b", "a/C_/b"),
            ("a/.b.IronRTC-part", "a/b.IronRTC-part"),
            ("a/NUL/com1", "a/_NUL/_com1"),
            ("../..", "file"),
            ("a/...", "a/.file"),
            ("", "file"),
        ];
        for (path, expected) in cases {
            assert_eq!(safe_path(path).join("/"), expected, "{path:?}");
        }
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        let safe = safe_name(&"ü".repeat(400));
        assert_eq!(safe, "ü".repeat(MAX_LEN / 2));
    }
}
