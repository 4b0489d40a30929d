//! Decoding AV1 by dav1d, found at run time.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use std::sync::OnceLock;

use crate::load::{LoadError, Loaded, Origin, Wanted};
use crate::{Error, Planes};

const WANTED: Wanted = Wanted {
    library: "libdav1d",
    package: "libdav1d6 (or a newer one)",
    variable: "IRONRTC_LIBDAV1D",
    stem: "libdav1d",
    names: &[
        "libdav1d.so.7",
        "libdav1d.so.6",
        "libdav1d.dylib",
        "dav1d.dll",
    ],
};

/// EAGAIN of the systems that dav1d runs on, negated as it does.
const AGAIN: [c_int; 2] = [-11, -35];
/// DAV1D_PIXEL_LAYOUT_I420.
const I420: c_int = 1;

/// Dav1dSettings: what is used of it, and room for what versions add.
#[repr(C)]
struct Settings {
    threads: c_int,
    max_frame_delay: c_int,
    apply_grain: c_int,
    operating_point: c_int,
    all_layers: c_int,
    frame_size_limit: u32,
    room: [u64; 128],
}

/// Dav1dData, with room.
#[repr(C)]
struct Data {
    data: *const u8,
    size: usize,
    room: [u64; 32],
}

/// Dav1dPicture: what is used of it, and room for what versions add.
#[repr(C)]
struct Picture {
    sequence: *const c_void,
    frame: *const c_void,
    data: [*const u8; 3],
    strides: [isize; 2],
    width: c_int,
    height: c_int,
    layout: c_int,
    bits: c_int,
    room: [u64; 128],
}

impl Picture {
    fn empty() -> Box<Self> {
        // SAFETY: numbers and pointers may all be zero.
        Box::new(unsafe { std::mem::zeroed() })
    }
}

type Text = unsafe extern "C" fn() -> *const c_char;
type Default = unsafe extern "C" fn(*mut Settings);
type Open = unsafe extern "C" fn(*mut *mut c_void, *const Settings) -> c_int;
type Close = unsafe extern "C" fn(*mut *mut c_void);
type Create = unsafe extern "C" fn(*mut Data, usize) -> *mut u8;
type UnrefData = unsafe extern "C" fn(*mut Data);
type Send = unsafe extern "C" fn(*mut c_void, *mut Data) -> c_int;
type Get = unsafe extern "C" fn(*mut c_void, *mut Picture) -> c_int;
type UnrefPicture = unsafe extern "C" fn(*mut Picture);

/// The library.
pub struct Dav1d {
    origin: Origin,
    version: String,
    default: Default,
    open: Open,
    close: Close,
    create: Create,
    unref_data: UnrefData,
    send: Send,
    get: Get,
    unref_picture: UnrefPicture,
    // Last, since the functions are in it.
    _loaded: Loaded,
}

impl std::fmt::Debug for Dav1d {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "dav1d {} ({})", self.version, self.origin)
    }
}

impl Dav1d {
    /// The library, opened at the first call that finds it and never closed.
    pub fn get() -> Result<&'static Self, LoadError> {
        static FOUND: OnceLock<Dav1d> = OnceLock::new();
        if let Some(found) = FOUND.get() {
            return Ok(found);
        }
        let opened = Self::load(Loaded::open(&WANTED)?)?;
        Ok(FOUND.get_or_init(|| opened))
    }

    fn load(loaded: Loaded) -> Result<Self, LoadError> {
        // SAFETY: the types are those of dav1d's headers, and the library stays open.
        unsafe {
            let version: Text = loaded.function("dav1d_version")?;
            let version = CStr::from_ptr(version()).to_string_lossy().into_owned();
            // The structures above are those of version 1.
            if !version.starts_with("1.") {
                return Err(loaded.unfit(format!("its version is {version}, not 1")));
            }
            Ok(Self {
                origin: loaded.origin.clone(),
                version,
                default: loaded.function("dav1d_default_settings")?,
                open: loaded.function("dav1d_open")?,
                close: loaded.function("dav1d_close")?,
                create: loaded.function("dav1d_data_create")?,
                unref_data: loaded.function("dav1d_data_unref")?,
                send: loaded.function("dav1d_send_data")?,
                get: loaded.function("dav1d_get_picture")?,
                unref_picture: loaded.function("dav1d_picture_unref")?,
                _loaded: loaded,
            })
        }
    }

    /// As the library calls itself, for example `1.0.0`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Where it was found.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }
}

/// A decoder.
#[derive(Debug)]
pub struct Decoder {
    dav1d: &'static Dav1d,
    context: *mut c_void,
    picture: Box<Picture>,
}

// SAFETY: nothing in dav1d is tied to a thread, and this is the only owner of the context.
unsafe impl std::marker::Send for Decoder {}

impl std::fmt::Debug for Picture {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}x{}", self.width, self.height)
    }
}

impl Decoder {
    /// A decoder with at most so many threads, for pictures of at most so many pixels, which gives
    /// each picture at once.
    pub fn new(dav1d: &'static Dav1d, threads: u32, pixels: u32) -> Result<Self, Error> {
        let mut settings = Settings {
            threads: 0,
            max_frame_delay: 0,
            apply_grain: 0,
            operating_point: 0,
            all_layers: 0,
            frame_size_limit: 0,
            room: [0; 128],
        };
        let mut context = ptr::null_mut();
        // SAFETY: the structure has room for each version's.
        let code = unsafe {
            (dav1d.default)(&raw mut settings);
            settings.threads = threads.clamp(1, 16) as c_int;
            settings.max_frame_delay = 1;
            settings.all_layers = 0;
            settings.frame_size_limit = pixels;
            (dav1d.open)(&raw mut context, &raw const settings)
        };
        if code != 0 || context.is_null() {
            return Err(error(format!("there is no decoder (code {code})")));
        }
        Ok(Self {
            dav1d,
            context,
            picture: Picture::empty(),
        })
    }

    /// Decodes a temporal unit; none if it shows no picture.
    pub fn decode(&mut self, frame: &[u8]) -> Result<Option<Planes<'_>>, Error> {
        if frame.is_empty() {
            return Err(error("the frame has no bytes"));
        }
        self.release();
        let mut data = Data {
            data: ptr::null(),
            size: 0,
            room: [0; 32],
        };
        // SAFETY: the library gives memory of this size, or null.
        unsafe {
            let memory = (self.dav1d.create)(&raw mut data, frame.len());
            if memory.is_null() {
                return Err(error("there is no memory"));
            }
            ptr::copy_nonoverlapping(frame.as_ptr(), memory, frame.len());
        }
        let fed = self.feed(&mut data, frame.len());
        // SAFETY: the data is the library's; nothing is done if all was taken.
        unsafe { (self.dav1d.unref_data)(&raw mut data) };
        fed?;
        if self.picture.data[0].is_null() {
            return Ok(None);
        }
        if self.picture.layout != I420 || self.picture.bits != 8 {
            return Err(error("the picture is not in 8 bits of I420"));
        }
        let stride = |plane: usize| i32::try_from(self.picture.strides[plane]).unwrap_or(-1);
        let strides = [stride(0), stride(1), stride(1)];
        let size = |number: c_int| usize::try_from(number).unwrap_or(0);
        let (width, height) = (size(self.picture.width), size(self.picture.height));
        // SAFETY: the picture is ours until it is released, for which `self` must be free.
        unsafe { Planes::from_raw(self.picture.data, strides, width, height) }
            .map(Some)
            .ok_or_else(|| error("the picture has no planes"))
    }

    /// Has the library take the data. A unit may show several pictures, if it has several frames; the
    /// last one counts. Each round takes bytes or a picture, so there are no more rounds than bytes.
    fn feed(&mut self, data: &mut Data, length: usize) -> Result<(), Error> {
        for _ in 0..=length {
            if data.size > 0 {
                // SAFETY: the data is the library's.
                let code = unsafe { (self.dav1d.send)(self.context, &raw mut *data) };
                if code != 0 && !AGAIN.contains(&code) {
                    return Err(error(format!("the frame cannot be decoded (code {code})")));
                }
            }
            if !self.take()? && data.size == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Takes a picture that is ready in the place of the one before.
    fn take(&mut self) -> Result<bool, Error> {
        let mut picture = Picture::empty();
        // SAFETY: the structure has room for each version's.
        let code = unsafe { (self.dav1d.get)(self.context, &raw mut *picture) };
        if AGAIN.contains(&code) {
            return Ok(false);
        }
        if code != 0 {
            return Err(error(format!("the frame cannot be decoded (code {code})")));
        }
        self.release();
        self.picture = picture;
        Ok(true)
    }

    fn release(&mut self) {
        if !self.picture.data[0].is_null() {
            // SAFETY: it is a picture of the library.
            unsafe { (self.dav1d.unref_picture)(&raw mut *self.picture) };
            self.picture = Picture::empty();
        }
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        self.release();
        // SAFETY: it was opened, and is not used again.
        unsafe { (self.dav1d.close)(&raw mut self.context) };
    }
}

fn error(text: impl Into<String>) -> Error {
    Error::new("dav1d", text)
}
