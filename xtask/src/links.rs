//! Links between documents lead to files that exist.

use std::path::Path;

use crate::Report;
use crate::tree::Tree;

pub(crate) fn check(tree: &Tree, report: &mut Report) {
    for file in tree.with_extension("md") {
        let folder = Path::new(&file.path)
            .parent()
            .unwrap_or_else(|| Path::new(""));
        for (number, target) in links(&file.text) {
            if !tree.root.join(folder).join(target).exists() {
                report.errors.push(format!(
                    "{}:{number}: the link to {target} leads nowhere",
                    file.path
                ));
            }
        }
    }
}

/// The targets of `[text](target)` inside the repository, without their fragments, by line.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        for rest in line.split("](").skip(1) {
            let Some((target, _)) = rest.split_once(')') else {
                continue;
            };
            let path = target.split('#').next().unwrap_or_default();
            let outside = path.contains("://") || path.starts_with("mailto:");
            if !path.is_empty() && !outside {
                found.push((number + 1, path));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_inside_the_repository_are_found_by_line() {
        let text = "See [a](docs/a.md#part) and\n[b](https://x.y) ![c](c.png) [d](#here)\n```\n[e](e)\n```";
        assert_eq!(links(text), [(1, "docs/a.md"), (2, "c.png")]);
    }

    #[test]
    fn a_link_that_leads_nowhere_is_an_error() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).into();
        let file = |text: &str| crate::tree::SourceFile {
            path: "src/page.md".into(),
            text: text.into(),
        };
        let tree = Tree {
            root,
            files: vec![file("[ok](main.rs) [up](../Cargo.toml) [bad](missing.md)")],
        };
        let mut report = Report::default();
        check(&tree, &mut report);
        assert_eq!(
            report.errors,
            ["src/page.md:1: the link to missing.md leads nowhere"]
        );
    }
}
