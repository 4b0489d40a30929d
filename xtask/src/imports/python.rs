//! Imports of the Python package, those inside functions among them. What stands under
//! `if TYPE_CHECKING:` is not imported when the program runs: public annotations name the classes
//! that users see.

use super::Graph;
use crate::tree::{SourceFile, Tree};

pub(super) fn add(tree: &Tree, graph: &mut Graph) {
    for file in tree.with_extension("py") {
        for (line, module, names) in imports(&file.text) {
            for target in targets(tree, file, module, &names) {
                graph.add(&file.path, &target, line);
            }
        }
    }
}

/// `from .a.b import c, d`: the line, `.a.b`, and the names.
fn imports(text: &str) -> Vec<(usize, &str, Vec<&str>)> {
    let mut found = Vec::new();
    let mut types_until = None;
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let indent = line.len() - line.trim_start().len();
        if types_until.is_some_and(|limit| indent > limit || line.trim().is_empty()) {
            continue;
        }
        types_until = line
            .trim_start()
            .starts_with("if TYPE_CHECKING:")
            .then_some(indent);
        let Some((module, rest)) = line
            .trim_start()
            .strip_prefix("from ")
            .and_then(|rest| rest.split_once(" import "))
        else {
            continue;
        };
        let mut names = words(rest);
        if rest.trim_start().starts_with('(') && !rest.contains(')') {
            for (_, line) in lines.by_ref() {
                names.extend(words(line));
                if line.contains(')') {
                    break;
                }
            }
        }
        found.push((number + 1, module.trim(), names));
    }
    found
}

/// The imported names of a line, without what they are called here.
fn words(text: &str) -> Vec<&str> {
    let code = text.split('#').next().unwrap_or_default();
    let parts = code.split(['(', ')', ',']);
    let first = parts.filter_map(|part| part.split_whitespace().next());
    first.collect()
}

/// The files that a relative import reads: modules among the names, otherwise the module itself.
fn targets(tree: &Tree, file: &SourceFile, module: &str, names: &[&str]) -> Vec<String> {
    let dots = module.bytes().take_while(|byte| *byte == b'.').count();
    if dots == 0 {
        return Vec::new();
    }
    let mut folder: Vec<&str> = file.path.split('/').collect();
    folder.truncate(folder.len().saturating_sub(dots));
    folder.extend(module[dots..].split('.').filter(|part| !part.is_empty()));
    let base = folder.join("/");
    let find = |path: String| {
        let mut module = [".py", ".pyi", "/__init__.py"].map(|end| format!("{path}{end}"));
        let found = module.iter_mut().find(|path| tree.has(path));
        found.map(std::mem::take)
    };
    let mut found: Vec<String> = names
        .iter()
        .filter_map(|name| find(format!("{base}/{name}")))
        .collect();
    if found.len() < names.len() {
        found.extend(find(base));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tests::circles;

    #[test]
    fn imports_at_the_top_and_in_functions_count() {
        let told = circles(&[
            ("p/a.py", "from .b import (\n    x,\n    y,\n)\n"),
            ("p/b.py", "\ndef f():\n    from . import a\n"),
        ]);
        assert_eq!(told, ["a circle of imports: p/a.py:1 → p/b.py:3 → p/a.py"]);
    }

    #[test]
    fn packages_are_found_by_their_first_file() {
        let told = circles(&[
            ("p/__init__.py", "from .a import x\n"),
            ("p/a.py", "from .q.b import x\n"),
            ("p/q/__init__.py", ""),
            ("p/q/b.py", "from ..a import y as z\n"),
        ]);
        assert_eq!(
            told,
            ["a circle of imports: p/a.py:1 → p/q/b.py:1 → p/a.py"]
        );
    }

    #[test]
    fn types_and_other_packages_do_not_count() {
        let types = "if TYPE_CHECKING:\n    from .a import x\n\n    from .a import y\n";
        assert!(circles(&[("p/a.py", "from .b import x\n"), ("p/b.py", types)]).is_empty());
        let after = format!("{types}\nfrom .a import z\n");
        assert_eq!(
            circles(&[("p/a.py", "from .b import x\n"), ("p/b.py", &after)]).len(),
            1
        );
        assert!(circles(&[("p/a.py", "from a import x\n")]).is_empty());
    }
}
