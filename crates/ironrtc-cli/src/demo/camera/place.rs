//! Room for a recording, and the file that it becomes.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::demo::hub::{Hub, News};
use crate::demo::shelf::{Limits, Shelf};
use crate::transfer::safe_name;

/// Names that are tried for one recording.
const MAX_NAMES: u32 = 10_000;

/// Room for one recording, which ends when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    hub: Arc<Hub>,
    from: Arc<str>,
    /// Once there is a file.
    name: Option<String>,
    /// The program waits for its recordings when it ends.
    _session: mpsc::Sender<()>,
}

impl Place {
    pub(super) fn reserve(hub: &Arc<Hub>, from: &Arc<str>) -> Result<Self, String> {
        let session = hub.session().ok_or("the server stops")?;
        hub.with_shelf(Shelf::reserve)?;
        Ok(Self {
            hub: Arc::clone(hub),
            from: Arc::clone(from),
            name: None,
            _session: session,
        })
    }

    pub(super) fn limits(&self) -> Limits {
        self.hub.with_shelf(|shelf| shelf.limits())
    }

    /// Makes the file, under a name that nothing has yet.
    pub(super) fn create(&mut self, extension: &str) -> Result<File, String> {
        let folder = self.hub.with_shelf(|shelf| shelf.folder().to_owned());
        let (name, file) = create(&folder, &safe_name(&self.from), extension)?;
        self.hub.with_shelf(|shelf| shelf.begin(&name, &self.from));
        self.name = Some(name);
        self.hub.tell(News::Recordings);
        Ok(file)
    }

    /// It has become so large, and at least so long.
    pub(super) fn grow(&self, size: u64, length: Duration) {
        if let Some(name) = &self.name {
            self.hub.with_shelf(|shelf| shelf.grow(name, size, length));
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.hub.with_shelf(|shelf| shelf.end(self.name.as_deref()));
        self.hub.tell(News::Recordings);
    }
}

/// A new file; none that exists is touched, and no link followed.
fn create(folder: &Path, stem: &str, extension: &str) -> Result<(String, File), String> {
    let failed = |error| format!("{} cannot be written: {error}", folder.display());
    fs::create_dir_all(folder).map_err(failed)?;
    for number in 1..=MAX_NAMES {
        let name = format!("{stem}-{number}.{extension}");
        match File::create_new(folder.join(&name)) {
            Ok(file) => return Ok((name, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Err(format!("{} is full of such names", folder.display()))
}

#[cfg(test)]
pub(super) mod tests {
    use std::path::PathBuf;

    use super::*;

    /// A hub whose recordings go into an empty folder of this name.
    pub(in super::super) fn hub_with(name: &str, limits: Limits) -> Arc<Hub> {
        let name = format!("ironrtc-recordings-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        let (hub, _) = Hub::new(Vec::new(), Vec::new(), folder);
        hub.with_shelf(|shelf| shelf.set_limits(limits));
        Arc::new(hub)
    }

    pub(in super::super) fn folder(hub: &Hub) -> PathBuf {
        hub.with_shelf(|shelf| shelf.folder().to_owned())
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let hub = hub_with("names", Limits::default());
        for (person, name) in [
            ("Ada", "Ada-1.webm"),
            ("Ada", "Ada-2.webm"),
            ("../../etc/passwd", "passwd-1.webm"),
            ("..", "file-1.webm"),
            ("C:\\boot", "boot-1.webm"),
        ] {
            let mut place = Place::reserve(&hub, &person.into()).unwrap();
            place.create("webm").unwrap();
            drop(place);
            assert!(folder(&hub).join(name).is_file(), "{name}");
        }
        fs::remove_dir_all(folder(&hub)).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_file_or_link_that_exists_is_left_alone() {
        let hub = hub_with("link", Limits::default());
        let folder = folder(&hub);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("Ada-1.webm"), "precious").unwrap();
        std::os::unix::fs::symlink(folder.join("elsewhere"), folder.join("Ada-2.webm")).unwrap();
        let mut place = Place::reserve(&hub, &"Ada".into()).unwrap();
        place.create("webm").unwrap();
        assert_eq!(hub.with_shelf(|shelf| shelf.lines())[0].name, "Ada-3.webm");
        assert_eq!(fs::read(folder.join("Ada-1.webm")).unwrap(), b"precious");
        assert!(!folder.join("elsewhere").exists());
        drop(place);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_said() {
        let hub = hub_with("refused", Limits::default());
        fs::write(folder(&hub), "a file").unwrap();
        let mut place = Place::reserve(&hub, &"Ada".into()).unwrap();
        let error = place.create("webm").unwrap_err();
        assert!(error.contains("cannot be written"), "{error}");
        fs::remove_file(folder(&hub)).unwrap();
    }
}
