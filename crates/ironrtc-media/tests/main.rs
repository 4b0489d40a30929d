//! Files are written, read again and judged by others.

mod ffprobe;
mod hostile;
mod support;
mod written;
