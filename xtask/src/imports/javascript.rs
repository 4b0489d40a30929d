//! Imports of the scripts: the demo's page, and the tests with other stacks.

use super::Graph;
use crate::tree::Tree;

pub(super) fn add(tree: &Tree, graph: &mut Graph) {
    for file in tree.with_extension("js") {
        for (number, line) in file.text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for quote in ['\'', '"'] {
                for name in code.split(quote).skip(1).step_by(2) {
                    if let Some(target) = resolve(&file.path, name).filter(|path| tree.has(path)) {
                        graph.add(&file.path, &target, number + 1);
                    }
                }
            }
        }
    }
}

/// The path that a relative name stands for. Any string that names a script counts, so that each
/// form of import does.
fn resolve(from: &str, name: &str) -> Option<String> {
    if !name.starts_with("./") && !name.starts_with("../") {
        return None;
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in name.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::circles;

    #[test]
    fn relative_names_are_followed() {
        let told = circles(&[
            ("p/a.js", "import {\n  x,\n} from './q/b.js';\n"),
            ("p/q/b.js", "await import(\"../a.js\");\n"),
            ("p/c.js", "import './a.js'; // './c.js'\nimport 'a.js';\n"),
        ]);
        assert_eq!(
            told,
            ["a circle of imports: p/a.js:3 → p/q/b.js:1 → p/a.js"]
        );
    }
}
