//! Every type of the core in a public signature of `ironrtc` has a name in `ironrtc`, so that a
//! program can write it down. Read from the documentation, since only the compiler knows signatures:
//! `cargo doc --workspace --no-deps` comes first.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::Report;

/// The public modules of `ironrtc`.
const EXPORTS: [&str; 3] = [
    "crates/ironrtc/src/lib.rs",
    "crates/ironrtc/src/observe.rs",
    "crates/ironrtc/src/ortc.rs",
];

pub(crate) fn check(root: &Path, report: &mut Report) -> io::Result<()> {
    let mut exported = BTreeSet::new();
    for file in EXPORTS {
        for name in exports(&fs::read_to_string(root.join(file))?) {
            if let Some(name) = exported.replace(name) {
                report
                    .errors
                    .push(format!("{file}: `{name}` of the core is exported twice"));
            }
        }
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let pages = target.unwrap_or_else(|| root.join("target")).join("doc");
    // Without pages of its own, nothing would lead to the core.
    for needed in ["ironrtc_core/index.html", "ironrtc/index.html"] {
        if !pages.join(needed).exists() {
            report.errors.push(format!(
                "{needed} is missing in {}; run cargo doc --workspace --no-deps first",
                pages.display()
            ));
            return Ok(());
        }
    }
    let mut shown = BTreeSet::new();
    collect(&pages.join("ironrtc"), &mut shown)?;
    for name in shown.difference(&exported) {
        report.errors.push(format!(
            "{}: a public signature has `{name}` of the core, which is not exported",
            EXPORTS.join(", ")
        ));
    }
    Ok(())
}

/// The core's names in `pub use ironrtc_core::…;`, whatever they are called here.
fn exports(text: &str) -> BTreeSet<String> {
    let statements = text.split("pub use ironrtc_core::").skip(1);
    let mut names = BTreeSet::new();
    for statement in statements.filter_map(|rest| rest.split(';').next()) {
        let list = statement
            .split_once('{')
            .map_or(statement, |(_, list)| list.trim_end_matches('}'));
        for item in list.split(',') {
            let path = item.split(" as ").next().unwrap_or_default().trim();
            let name = path.rsplit("::").next().unwrap_or_default();
            if !name.is_empty() {
                names.insert(name.to_owned());
            }
        }
    }
    names
}

fn collect(folder: &Path, shown: &mut BTreeSet<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, shown)?;
        } else if path.extension().is_some_and(|found| found == "html") {
            shown.extend(core_types(&fs::read_to_string(&path)?));
        }
    }
    Ok(())
}

/// The types of the core that a page links to.
fn core_types(page: &str) -> impl Iterator<Item = String> + '_ {
    page.split("href=\"").skip(1).filter_map(|rest| {
        let link = rest.split(['"', '#']).next()?;
        let (_, inside) = link.split_once("/ironrtc_core/")?;
        let file = inside.rsplit('/').next()?.strip_suffix(".html")?;
        let (kind, name) = file.split_once('.')?;
        ["struct", "enum", "trait", "type"]
            .contains(&kind)
            .then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_counts_as_exported_under_any_name() {
        let text = "pub use ironrtc_core::ice::{\n    Candidate as IceCandidate, IceConfig,\n};\n\
                    pub use ironrtc_core::rng::Rng;\nuse ironrtc_core::time::Time;\n";
        let names: Vec<String> = exports(text).into_iter().collect();
        assert_eq!(names, ["Candidate", "IceConfig", "Rng"]);
    }

    #[test]
    fn links_to_types_of_the_core_are_found_and_those_to_its_sources_are_not() {
        let page = r##"<a href="../ironrtc_core/wire/sdp/error/struct.SdpError.html#x">
            <a href="../src/ironrtc_core/rng.rs.html#3"><a href="struct.DataChannel.html">
            <a href="../ironrtc_core/rng/index.html">"##;
        let found: Vec<String> = core_types(page).collect();
        assert_eq!(found, ["SdpError"]);
    }
}
