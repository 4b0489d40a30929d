//! Imports of Rust files: `use`, and paths in the code. What a module hands on (`pub use`) leads to
//! the file that has it, so a folder's `mod.rs` may gather what its files offer; and what a file
//! takes from the module that it is a part of is no import.

mod text;

use std::collections::{BTreeMap, BTreeSet};

use super::Graph;
use crate::tree::{SourceFile, Tree};
use text::{Path, Text};

/// The core's order is that of its modules (`layers.rs`). Inside one of them, several files may
/// work on one state machine.
const CORE: &str = "crates/ironrtc-core/";

/// How often a name may be handed on.
const MAX_HOPS: usize = 8;

type Module = Vec<String>;

/// The modules of one crate.
#[derive(Debug, Default)]
struct Crate<'a> {
    files: BTreeMap<Module, &'a SourceFile>,
    texts: BTreeMap<Module, Text>,
}

pub(super) fn add(tree: &Tree, graph: &mut Graph) {
    let roots: BTreeSet<&str> = tree
        .with_extension("rs")
        .filter_map(|file| {
            let root = file.path.strip_suffix("lib.rs");
            root.or_else(|| file.path.strip_suffix("main.rs"))
                .filter(|root| root.ends_with("src/") && !root.starts_with(CORE))
        })
        .collect();
    for root in roots {
        let mut found = Crate::default();
        for file in tree.with_extension("rs") {
            let inside = file.path.strip_prefix(root);
            let Some(inside) = inside.filter(|inside| !is_test(inside)) else {
                continue;
            };
            let module = module_of(inside);
            found.texts.insert(module.clone(), Text::read(&file.text));
            found.files.insert(module, file);
        }
        found.add(graph);
    }
}

/// Tests look where they like.
fn is_test(inside: &str) -> bool {
    inside.ends_with("tests.rs") || inside.split('/').any(|part| part == "tests")
}

fn module_of(inside: &str) -> Module {
    let path = inside.strip_suffix(".rs").unwrap_or(inside);
    let mut module: Module = path.split('/').map(str::to_owned).collect();
    let last = module.last().map(String::as_str);
    if matches!(last, Some("mod" | "lib" | "main")) {
        module.pop();
    }
    module
}

impl Crate<'_> {
    fn add(&self, graph: &mut Graph) {
        for (module, text) in &self.texts {
            let Some(file) = self.files.get(module) else {
                continue;
            };
            // What is handed on is no import of who hands it on.
            let imports = text.uses.iter().filter(|path| !path.handed_on);
            for path in imports.chain(&text.paths) {
                let target = self
                    .absolute(module, text, path)
                    .and_then(|names| self.file_of(&names, 0));
                if let Some((_, target)) = target.filter(|(of, _)| !module.starts_with(of)) {
                    graph.add(&file.path, &target.path, path.line);
                }
            }
        }
    }

    /// The names from the crate's root on; none for other crates.
    fn absolute(&self, module: &Module, text: &Text, path: &Path) -> Option<Vec<String>> {
        let mut at: Module = module.iter().chain(&path.inside).cloned().collect();
        let mut names = path.names.as_slice();
        match names.first()?.as_str() {
            "crate" => {
                at.clear();
                names = &names[1..];
            }
            "self" | "super" => {
                while let Some((first, rest)) = names.split_first() {
                    match first.as_str() {
                        "self" => {}
                        "super" => {
                            at.pop()?;
                        }
                        _ => break,
                    }
                    names = rest;
                }
            }
            first => {
                let mut child = at.clone();
                child.push(first.to_owned());
                if !self.files.contains_key(&child) {
                    // A name that the file has imported.
                    let import = text.uses.iter().find(|import| {
                        import.is_not(path) && import.called.as_deref() == Some(first)
                    })?;
                    at = self.absolute(module, text, import)?;
                    names = &names[1..];
                }
            }
        }
        at.extend(names.iter().cloned());
        Some(at)
    }

    /// The module that has the item of this name, and its file.
    fn file_of(&self, names: &[String], hops: usize) -> Option<(Module, &SourceFile)> {
        let depth = (0..=names.len())
            .rev()
            .find(|depth| self.files.contains_key(&names[..*depth]))?;
        let (module, rest) = names.split_at(depth);
        let text = self.texts.get(module)?;
        let handed = rest.first().and_then(|item| {
            let mut uses = text.uses.iter();
            uses.find(|path| path.called.as_ref() == Some(item))
        });
        if let Some(path) = handed.filter(|_| hops < MAX_HOPS) {
            let mut names = self.absolute(&module.to_vec(), text, path)?;
            names.extend(rest[1..].iter().cloned());
            return self.file_of(&names, hops + 1);
        }
        Some((module.to_vec(), self.files.get(module)?))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::circles;

    #[test]
    fn uses_and_paths_count_in_every_form() {
        for (one, two) in [
            ("use crate::b::X;", "use super::a;"),
            (
                "use crate::{\n    b::{self, Y},\n};",
                "fn f() { crate::a::f() }",
            ),
            (
                "fn f() { b::g() }\nuse crate::b;",
                "use super::a as c;\nfn g() { c::f() }",
            ),
            (
                "#[derive(Debug)]\nuse super::b::*;",
                "pub fn g(_: super::a::X) {}",
            ),
        ] {
            let told = circles(&[
                ("c/src/lib.rs", "mod a;\nmod b;"),
                ("c/src/a.rs", one),
                ("c/src/b.rs", two),
            ]);
            assert_eq!(told.len(), 1, "{one} {two}: {told:?}");
        }
    }

    #[test]
    fn what_a_folder_hands_on_is_found_where_it_is() {
        let folder = "mod x;\nmod y;\npub(crate) use x::X;\npub use self::y::{Y as Z, y};";
        let files = |x| {
            circles(&[
                ("c/src/main.rs", "mod f;\nmod g;"),
                ("c/src/f/mod.rs", folder),
                ("c/src/f/x.rs", x),
                ("c/src/f/y.rs", "use super::X;"),
                ("c/src/g.rs", "use crate::f::X;"),
            ])
        };
        assert!(files("use std::fmt;").is_empty());
        assert_eq!(files("use super::Z;").len(), 1);
        // A part of a module may use the whole.
        assert!(files("use super::folder;\nuse crate::root;").is_empty());
        assert_eq!(files("use crate::g::G;").len(), 1);
    }

    #[test]
    fn comments_texts_tests_and_modules_inside_a_file_are_no_imports() {
        let quiet = [
            "// use crate::b::X;",
            "/* use crate::b::X; */",
            "const A: &str = \"crate::b::X\";",
            "const A: &str = r#\"\" crate::b::X\"#;",
            "const A: char = '\"'; // \" crate::b::X",
            "#[cfg(test)]\nuse crate::b::X;",
            "#[cfg(test)]\nmod tests {\n    use crate::b::X;\n}",
            "mod inner {\n    use super::f;\n}\nfn f() {}",
            "use other::b::X;\nfn f<'a>(x: &'a X) { x.b::<u8>(); }",
        ];
        for one in quiet {
            let told = circles(&[
                ("c/src/lib.rs", ""),
                ("c/src/a.rs", one),
                ("c/src/b.rs", "use crate::a::X;"),
            ]);
            assert!(told.is_empty(), "{one}: {told:?}");
        }
        let test = circles(&[
            ("c/src/lib.rs", ""),
            ("c/src/a/tests.rs", "use crate::b::X;"),
            ("c/src/b.rs", "use crate::a::tests;"),
        ]);
        assert!(test.is_empty(), "{test:?}");
    }
}
