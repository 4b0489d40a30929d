//! Seeing inside a connection: a key log, a capture that Wireshark opens, a log of events.
//!
//! ```no_run
//! use ironrtc::observe::Recorder;
//! use ironrtc::{Configuration, PeerConnection};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let observer = Recorder::new()
//!     .capture("call.pcapng")?
//!     .event_log("call.jsonl")?
//!     .observer();
//! let connection = PeerConnection::new(Configuration::default().observer(observer))?;
//! # Ok(())
//! # }
//! ```
//!
//! Whoever wants events elsewhere implements [`Observe`]. The same events come through `tracing`, at
//! level `DEBUG` under the targets `ironrtc::jsep`, `ironrtc::ice`, `ironrtc::dtls`,
//! `ironrtc::sctp`, `ironrtc::channel` and `ironrtc::transport`; there, addresses and other things
//! that identify people are `…` until [`show_private`] is called.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

pub use ironrtc_core::observe::{
    Category, Content, Direction, Event, Observe, Observer, Packet, Secret, Value, show_private,
};
use ironrtc_core::observe::{json, pcapng};
use ironrtc_core::time::Time;

use tracing::Span;

use crate::clock::unix_now;

/// How long captured packets may wait in memory before they are in the file.
const CAPTURE_DELAY: Duration = Duration::from_millis(500);

/// Writes what happens to files. One recorder may serve many connections.
///
/// An error of a file is told by `tracing` once, and ends what is written to it; connections go on.
#[derive(Debug, Default)]
pub struct Recorder {
    key_log: Option<Log>,
    capture: Option<Log>,
    event_log: Option<Log>,
}

impl Recorder {
    /// One that writes nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends the secrets of DTLS handshakes to a file, in the form of an `SSLKEYLOGFILE`
    /// (RFC 9850). **Who has that file can read and change everything that was said**; a new file is
    /// for its owner only.
    ///
    /// # Errors
    ///
    /// What the system says if the file cannot be opened.
    pub fn key_log(mut self, path: impl AsRef<Path>) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        self.key_log = Some(Log::open(&options, path.as_ref())?);
        Ok(self)
    }

    /// Writes a capture (pcapng) for Wireshark: STUN and DTLS handshakes as they are on the wire,
    /// and the SCTP packets that DTLS carries **in the clear**, directly in IP.
    ///
    /// # Errors
    ///
    /// What the system says if the file cannot be made.
    pub fn capture(mut self, path: impl AsRef<Path>) -> io::Result<Self> {
        let log = Log::create(path.as_ref())?;
        let mut header = Vec::new();
        pcapng::write_header(&mut header);
        log.write(&header, true);
        self.capture = Some(log);
        Ok(self)
    }

    /// Writes one line of JSON for each event, in the manner of qlog: `time` in milliseconds since
    /// the connection was made, `connection` (a number within the process), `name` as
    /// `category:event`, and `data`. The lines name addresses; no keys and no content.
    ///
    /// # Errors
    ///
    /// What the system says if the file cannot be made.
    pub fn event_log(mut self, path: impl AsRef<Path>) -> io::Result<Self> {
        self.event_log = Some(Log::create(path.as_ref())?);
        Ok(self)
    }

    /// For [`Configuration::observer`](crate::Configuration::observer). One that writes nothing is
    /// nobody.
    pub fn observer(self) -> Observer {
        if self.key_log.is_none() && self.capture.is_none() && self.event_log.is_none() {
            return Observer::default();
        }
        Observer::new(Arc::new(self))
    }
}

impl Observe for Recorder {
    fn event(&self, event: &Event<'_>) {
        if let Some(log) = &self.event_log {
            let mut line = String::new();
            json::write_event(event, &mut line);
            log.write(line.as_bytes(), true);
        }
    }

    fn packet(&self, packet: &Packet<'_>) {
        if let Some(log) = &self.capture {
            let mut block = Vec::new();
            pcapng::write_packet(packet, unix_now(), &mut block);
            log.write(&block, false);
        }
    }

    fn secret(&self, secret: &Secret<'_>) {
        if let Some(log) = &self.key_log {
            log.write(format!("{secret}\n").as_bytes(), true);
        }
        // Whoever wants both has Wireshark decrypt what is captured of the handshake, too.
        if let Some(log) = &self.capture {
            let mut block = Vec::new();
            pcapng::write_secret(secret, &mut block);
            log.write(&block, false);
        }
    }

    fn wants_packets(&self) -> bool {
        self.capture.is_some()
    }

    fn wants_secrets(&self) -> bool {
        self.key_log.is_some()
    }
}

/// A file that is written from many connections.
#[derive(Debug)]
struct Log(Mutex<Option<Open>>);

#[derive(Debug)]
struct Open {
    file: BufWriter<File>,
    flushed: Instant,
}

impl Log {
    fn create(path: &Path) -> io::Result<Self> {
        Self::open(
            OpenOptions::new().write(true).create(true).truncate(true),
            path,
        )
    }

    fn open(options: &OpenOptions, path: &Path) -> io::Result<Self> {
        let open = Open {
            file: BufWriter::new(options.open(path)?),
            flushed: Instant::now(),
        };
        Ok(Self(Mutex::new(Some(open))))
    }

    /// Writes all of `bytes`; `now` lets nothing of it wait in memory.
    fn write(&self, bytes: &[u8], now: bool) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(log) = open.as_mut() else { return };
        let mut written = log.file.write_all(bytes);
        if written.is_ok() && (now || log.flushed.elapsed() >= CAPTURE_DELAY) {
            log.flushed = Instant::now();
            written = log.file.flush();
        }
        if let Err(error) = written {
            tracing::warn!(%error, "a record of connections cannot be written any more");
            *open = None;
        }
    }
}

/// What a connection is called in logs: by the same number in all of them.
pub(crate) struct Name {
    pub(crate) number: u64,
    /// The span in which `tracing` hears of it.
    pub(crate) span: Span,
}

/// The name of a connection that is being made, and its observer, which is told so.
pub(crate) fn for_new_connection(observer: &Observer) -> (Name, Observer) {
    static CONNECTIONS: AtomicU64 = AtomicU64::new(1);
    let number = CONNECTIONS.fetch_add(1, Ordering::Relaxed);
    let span = tracing::debug_span!("peer", id = number);
    let entered = span.enter();
    let observer = observer.for_connection(number);
    observer.event(
        Time::ZERO,
        Category::Connection,
        "made",
        &[
            ("unix_time", unix_now().as_secs_f64().into()),
            ("ironrtc", env!("CARGO_PKG_VERSION").into()),
        ],
    );
    drop(entered);
    (Name { number, span }, observer)
}
