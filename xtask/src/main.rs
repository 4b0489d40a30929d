//! The repository's own checks: `cargo xtask check`, and `cargo xtask names` of the documentation.
#![forbid(unsafe_code)]

mod imports;
mod layers;
mod links;
mod names;
mod source;
mod tree;

use std::path::Path;
use std::process::ExitCode;

use tree::Tree;

/// What the checks found.
#[derive(Debug, Default)]
struct Report {
    warnings: Vec<String>,
    errors: Vec<String>,
}

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut report = Report::default();
    let checked = match std::env::args().nth(1).as_deref() {
        Some("check") => check(&root, &mut report),
        Some("names") => names::check(&root, &mut report).map(|()| "documentation".to_owned()),
        _ => {
            eprintln!("usage: cargo xtask check | names");
            return ExitCode::from(2);
        }
    };
    let checked = match checked {
        Ok(checked) => checked,
        Err(error) => {
            eprintln!("error: the repository cannot be read: {error}");
            return ExitCode::FAILURE;
        }
    };
    for warning in &report.warnings {
        println!("warning: {warning}");
    }
    for error in &report.errors {
        println!("error: {error}");
    }
    println!(
        "{checked} checked: {} errors, {} warnings",
        report.errors.len(),
        report.warnings.len()
    );
    if report.errors.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn check(root: &Path, report: &mut Report) -> std::io::Result<String> {
    let tree = Tree::read(root)?;
    layers::check(&tree, report);
    imports::check(&tree, report);
    source::check(&tree, report);
    links::check(&tree, report);
    Ok(format!("{} files", tree.files.len()))
}
