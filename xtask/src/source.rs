//! Sizes of files, `forbid(unsafe_code)`, and nothing left unfinished.

use crate::Report;
use crate::tree::Tree;

const WARN_LINES: usize = 500;
const MAX_LINES: usize = 800;

/// PyO3's macros write unsafe code into the first, which has none of its own; the second is there to
/// bind libraries with a C interface.
const BINDINGS: [&str; 2] = [
    "crates/ironrtc-python/src/lib.rs",
    "crates/ironrtc-libs/src/lib.rs",
];

/// Split, so that this file does not find itself.
const UNFINISHED: [&str; 3] = [
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("dbg", "!("),
];

pub(crate) fn check(tree: &Tree, report: &mut Report) {
    for extension in ["rs", "py", "js"] {
        for file in tree.with_extension(extension) {
            let lines = code_lines(&file.path, &file.text);
            let size = format!("{}: {lines} lines without tests", file.path);
            if lines > MAX_LINES {
                let limit = format!("{size}; the limit is {MAX_LINES}, so split it");
                report.errors.push(limit);
            } else if lines > WARN_LINES {
                report.warnings.push(size);
            }
        }
    }
    for file in tree.with_extension("rs") {
        let forbids = file.text.contains("#![forbid(unsafe_code)]");
        if is_crate_root(&file.path) && !forbids && !BINDINGS.contains(&file.path.as_str()) {
            report
                .errors
                .push(format!("{}: needs #![forbid(unsafe_code)]", file.path));
        }
        for (number, line) in file.text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for word in UNFINISHED.iter().filter(|word| code.contains(**word)) {
                report
                    .errors
                    .push(format!("{}:{}: {word}", file.path, number + 1));
            }
        }
    }
}

/// Lines above the unit tests at the bottom of a file; a file of tests has none.
fn code_lines(path: &str, text: &str) -> usize {
    let tests = path.ends_with("/tests.rs") || path.split('/').any(|part| part == "tests");
    if tests {
        return 0;
    }
    let bottom = text.find("#[cfg(test)]\nmod tests {");
    text[..bottom.unwrap_or(text.len())].lines().count()
}

fn is_crate_root(path: &str) -> bool {
    path.ends_with("src/lib.rs") || path.ends_with("src/main.rs")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::SourceFile;

    fn checked(path: &str, text: String) -> (usize, usize) {
        let tree = Tree {
            root: ".".into(),
            files: vec![SourceFile {
                path: path.into(),
                text,
            }],
        };
        let mut report = Report::default();
        check(&tree, &mut report);
        (report.errors.len(), report.warnings.len())
    }

    #[test]
    fn long_files_warn_then_fail_and_tests_do_not_count() {
        let path = "a/src/a.rs";
        assert_eq!(checked(path, "\n".repeat(WARN_LINES)), (0, 0));
        assert_eq!(checked(path, "\n".repeat(WARN_LINES + 1)), (0, 1));
        assert_eq!(checked(path, "\n".repeat(MAX_LINES + 1)), (1, 0));
        for path in ["python/ironrtc/a.py", "interop/a.js"] {
            assert_eq!(checked(path, "\n".repeat(MAX_LINES + 1)), (1, 0));
        }
        assert_eq!(checked("python/tests/test_a.py", "\n".repeat(900)), (0, 0));
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}", "\n".repeat(MAX_LINES));
        assert_eq!(checked(path, tests), (0, 0));
        assert_eq!(checked("a/src/a/tests.rs", "\n".repeat(900)), (0, 0));
    }

    #[test]
    fn a_crate_root_forbids_unsafe_code() {
        assert_eq!(checked("a/src/lib.rs", String::new()), (1, 0));
        assert_eq!(
            checked("a/src/lib.rs", "#![forbid(unsafe_code)]".into()),
            (0, 0)
        );
        assert_eq!(checked("a/src/other.rs", String::new()), (0, 0));
    }

    #[test]
    fn unfinished_code_is_an_error() {
        for word in UNFINISHED {
            assert_eq!(
                checked("a/src/a.rs", format!("fn f() {{ {word}) }}")),
                (1, 0)
            );
            assert_eq!(checked("a/src/a.rs", format!("// no {word})")), (0, 0));
        }
    }
}
