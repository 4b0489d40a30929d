//! A module of the core uses only modules of the layers below it (docs/architecture.md).

use crate::Report;
use crate::tree::Tree;

const CORE: &str = "crates/ironrtc-core/src/";

/// Lowest first. Modules of one layer do not know each other.
const LAYERS: [&[&str]; 13] = [
    &[
        "time", "rng", "datagram", "ids", "serial", "setters", "words", "work",
    ],
    &["observe", "replay"],
    &["wire"],
    &["ice"],
    &["dtls"],
    &["srtp"],
    &["sctp"],
    &["channel"],
    &["rtp"],
    &["transport"],
    &["jsep"],
    &["stats"],
    &["peer"],
];

pub(crate) fn check(tree: &Tree, report: &mut Report) {
    for file in tree.with_extension("rs") {
        let Some(inside) = file.path.strip_prefix(CORE) else {
            continue;
        };
        let Some(module) = module_of(inside) else {
            continue;
        };
        let Some(own) = layer_of(module) else {
            report.errors.push(format!(
                "{}: the module `{module}` has no layer; give it one in xtask/src/layers.rs and \
                 docs/architecture.md",
                file.path
            ));
            continue;
        };
        // Tests may look down as the code does; they may not look up either.
        for (number, used) in uses(&file.text) {
            if used == module {
                continue;
            }
            match layer_of(used) {
                Some(layer) if layer < own => {}
                Some(_) => report.errors.push(format!(
                    "{}:{number}: `{module}` uses `{used}`, which is not below it",
                    file.path
                )),
                // A macro or an item of the crate's root.
                None => {}
            }
        }
    }
}

/// The top module that a file belongs to; none for the crate's root.
fn module_of(inside: &str) -> Option<&str> {
    let first = inside.split('/').next()?;
    let module = first.strip_suffix(".rs").unwrap_or(first);
    (module != "lib").then_some(module)
}

fn layer_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// The top modules that a text names by `crate::module`, with the line.
fn uses(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for rest in code.split("crate::").skip(1) {
            let end = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            if end > 0 {
                found.push((number + 1, &rest[..end]));
            } else if let Some(group) = rest.strip_prefix('{') {
                // `use crate::{a, b::C}` on one line; rustfmt keeps short groups so.
                let names = group.split(',').map(|part| part.trim_start());
                found.extend(names.filter_map(|part| {
                    let end = part
                        .find(|c: char| !c.is_alphanumeric() && c != '_')
                        .unwrap_or(part.len());
                    (end > 0).then_some((number + 1, &part[..end]))
                }));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::SourceFile;

    fn errors(path: &str, text: &str) -> Vec<String> {
        let tree = Tree {
            root: ".".into(),
            files: vec![SourceFile {
                path: format!("{CORE}{path}"),
                text: text.into(),
            }],
        };
        let mut report = Report::default();
        check(&tree, &mut report);
        report.errors
    }

    #[test]
    fn looking_down_is_allowed_and_looking_up_or_sideways_is_not() {
        assert!(
            errors(
                "ice/agent.rs",
                "use crate::wire::stun;\nuse crate::ice::Role;"
            )
            .is_empty()
        );
        let up = errors("ice/agent.rs", "\nuse crate::dtls::Role;");
        assert_eq!(up.len(), 1, "{up:?}");
        assert!(up[0].contains("agent.rs:2: `ice` uses `dtls`"), "{up:?}");
        assert_eq!(errors("time.rs", "use crate::rng::Rng;").len(), 1);
        assert_eq!(
            errors("wire/stun/mod.rs", "fn f(_: crate::ice::X) {}").len(),
            1
        );
        assert_eq!(
            errors("sctp/mod.rs", "use crate::{time::Time, peer::X};").len(),
            1
        );
    }

    #[test]
    fn the_root_may_use_all_and_comments_do_not_count() {
        assert!(errors("lib.rs", "pub use crate::peer::PeerConnection;").is_empty());
        assert!(errors("time.rs", "/// See [`crate::peer`].").is_empty());
    }

    #[test]
    fn a_module_without_a_layer_is_an_error() {
        assert_eq!(errors("turn/mod.rs", "").len(), 1);
    }
}
