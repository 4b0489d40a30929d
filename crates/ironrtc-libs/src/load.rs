//! Finding a shared library.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use libloading::{Library, Symbol};

/// Where a library was found: a path, or a name that the system resolves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl std::fmt::Display for Origin {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

/// Why a library cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// None of the names could be opened.
    #[error("{library} is not on this machine; install {package}, or name its file in {variable}")]
    NotFound {
        /// The library.
        library: &'static str,
        /// What has it on Debian.
        package: &'static str,
        /// The variable of the environment.
        variable: &'static str,
    },
    /// The one that the environment names cannot be opened.
    #[error("{variable} names {path}, which cannot be opened: {text}")]
    Named {
        /// The variable of the environment.
        variable: &'static str,
        /// What it names.
        path: String,
        /// What the system says.
        text: String,
    },
    /// It is there, and is another version than this program knows.
    #[error("{path} cannot be used: {text}")]
    Unfit {
        /// Which file.
        path: String,
        /// What is wrong with it.
        text: String,
    },
}

/// A library that can be looked for.
pub(crate) struct Wanted {
    pub(crate) library: &'static str,
    pub(crate) package: &'static str,
    /// Names a file, and then nothing else is tried.
    pub(crate) variable: &'static str,
    /// How its file's name begins.
    pub(crate) stem: &'static str,
    /// What the system is asked for, in this order.
    pub(crate) names: &'static [&'static str],
}

static DIRECTORIES: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Lets libraries be found in a directory, before those of the system; for example in PyAV's
/// `av.libs`. To be said before a codec is first used. What lies there is run: name only what you
/// trust.
pub fn look_in(directory: impl Into<PathBuf>) {
    let directory = directory.into();
    let mut directories = DIRECTORIES.lock().unwrap_or_else(PoisonError::into_inner);
    if !directories.contains(&directory) {
        directories.push(directory);
    }
}

pub(crate) struct Loaded {
    library: Library,
    pub(crate) origin: Origin,
}

impl Loaded {
    /// Opens the first that is there.
    pub(crate) fn open(wanted: &Wanted) -> Result<Self, LoadError> {
        if let Some(path) = std::env::var_os(wanted.variable).filter(|path| !path.is_empty()) {
            let path = PathBuf::from(path);
            return Self::open_file(&path).map_err(|text| LoadError::Named {
                variable: wanted.variable,
                path: path.display().to_string(),
                text,
            });
        }
        let directories = DIRECTORIES
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let files = directories
            .iter()
            .flat_map(|directory| files(directory, wanted.stem));
        files
            .chain(wanted.names.iter().map(PathBuf::from))
            .find_map(|path| Self::open_file(&path).ok())
            .ok_or(LoadError::NotFound {
                library: wanted.library,
                package: wanted.package,
                variable: wanted.variable,
            })
    }

    fn open_file(path: &Path) -> Result<Self, String> {
        // SAFETY: the code that a library runs when it is opened is trusted as the system's loader
        // trusts it: the path comes from the environment, the program, or is a name of the system's.
        let library = unsafe { Library::new(path) }.map_err(|error| error.to_string())?;
        Ok(Self {
            library,
            origin: Origin(path.display().to_string()),
        })
    }

    /// A function of the library.
    ///
    /// # Safety
    ///
    /// `T` is the function's type, and it is called only while the library is open.
    pub(crate) unsafe fn function<T: Copy>(&self, name: &str) -> Result<T, LoadError> {
        // SAFETY: the caller vouches for the type.
        let symbol: Result<Symbol<'_, T>, _> = unsafe { self.library.get(name.as_bytes()) };
        symbol
            .map(|symbol| *symbol)
            .map_err(|_| self.unfit(format!("it has no {name}")))
    }

    pub(crate) fn unfit(&self, text: impl Into<String>) -> LoadError {
        LoadError::Unfit {
            path: self.origin.to_string(),
            text: text.into(),
        }
    }
}

/// The library's files in a directory, the same order each time.
fn files(directory: &Path, stem: &str) -> Vec<PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(directory)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with(stem) && is_library(name))
        })
        .collect();
    found.sort();
    found
}

fn is_library(name: &str) -> bool {
    name.contains(".so") || name.ends_with(".dylib") || name.ends_with(".dll")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOWHERE: Wanted = Wanted {
        library: "libnowhere",
        package: "libnowhere1",
        variable: "IRONRTC_LIBNOWHERE",
        stem: "libnowhere",
        names: &["libnowhere.so.1"],
    };

    #[test]
    fn what_is_missing_is_told_with_the_way_to_it() {
        let error = Loaded::open(&NOWHERE).err().unwrap();
        let text = error.to_string();
        assert!(text.contains("libnowhere1") && text.contains("IRONRTC_LIBNOWHERE"));
    }

    #[test]
    fn a_directory_gives_its_libraries_and_nothing_else() {
        let directory = std::env::temp_dir().join(format!("ironrtc-load-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        for name in ["libvpx-1a.so.12.0.0", "libvpx.txt", "libx264.so.1"] {
            std::fs::write(directory.join(name), b"").unwrap();
        }
        let found = files(&directory, "libvpx");
        std::fs::remove_dir_all(&directory).unwrap();
        assert_eq!(found, [directory.join("libvpx-1a.so.12.0.0")]);
        assert!(files(&directory, "libvpx").is_empty());
    }
}
