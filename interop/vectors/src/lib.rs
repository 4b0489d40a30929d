//! Never built: `scripts/fetch-vectors` takes files out of the sources of what this depends on.
#![forbid(unsafe_code)]
