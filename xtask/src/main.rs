//! The repository's own checks: `cargo xtask check`.
#![forbid(unsafe_code)]

mod layers;
mod links;
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
    if std::env::args().nth(1).as_deref() != Some("check") {
        eprintln!("usage: cargo xtask check");
        return ExitCode::from(2);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let tree = match Tree::read(&root) {
        Ok(tree) => tree,
        Err(error) => {
            eprintln!("error: the repository cannot be read: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut report = Report::default();
    layers::check(&tree, &mut report);
    source::check(&tree, &mut report);
    links::check(&tree, &mut report);
    for warning in &report.warnings {
        println!("warning: {warning}");
    }
    for error in &report.errors {
        println!("error: {error}");
    }
    println!(
        "{} files checked: {} errors, {} warnings",
        tree.files.len(),
        report.errors.len(),
        report.warnings.len()
    );
    if report.errors.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
