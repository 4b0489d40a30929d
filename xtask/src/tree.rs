//! The files that are checked: sources in Rust, Python and JavaScript, and Markdown.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// One file of the repository.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// Relative to the root, with `/`.
    pub(crate) path: String,
    /// Its contents.
    pub(crate) text: String,
}

/// The repository's sources and documents.
#[derive(Debug)]
pub(crate) struct Tree {
    /// Where it lies.
    pub(crate) root: PathBuf,
    /// In the order of their paths.
    pub(crate) files: Vec<SourceFile>,
}

impl Tree {
    /// Reads all sources and documents but those that are built, downloaded or hidden.
    pub(crate) fn read(root: &Path) -> io::Result<Self> {
        let root = root.canonicalize()?;
        let mut files = Vec::new();
        collect(&root, "", &mut files)?;
        files.sort_by(|one, two| one.path.cmp(&two.path));
        Ok(Self { root, files })
    }

    /// Whether there is such a file.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.files.iter().any(|file| file.path == path)
    }

    /// The files with this extension.
    pub(crate) fn with_extension(&self, extension: &str) -> impl Iterator<Item = &SourceFile> {
        self.files
            .iter()
            .filter(move |file| extension_of(&file.path) == Some(extension))
    }
}

fn extension_of(path: &str) -> Option<&str> {
    Path::new(path).extension().and_then(|found| found.to_str())
}

fn collect(root: &Path, relative: &str, files: &mut Vec<SourceFile>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(relative))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if relative.is_empty() {
            name.clone()
        } else {
            format!("{relative}/{name}")
        };
        if entry.file_type()?.is_dir() {
            let skipped = name.starts_with('.') || ["target", "node_modules"].contains(&&*name);
            if !skipped {
                collect(root, &path, files)?;
            }
        } else if matches!(extension_of(&name), Some("rs" | "py" | "pyi" | "js" | "md")) {
            let text = fs::read_to_string(entry.path())?;
            files.push(SourceFile { path, text });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_found_and_build_output_is_not() {
        let tree = Tree::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap();
        let has = |path: &str| tree.files.iter().any(|file| file.path == path);
        assert!(has("xtask/src/tree.rs"));
        assert!(has("CONTRIBUTING.md"));
        assert!(
            !tree
                .files
                .iter()
                .any(|file| file.path.split('/').any(|part| part == "target"))
        );
    }
}
