//! Pictures and sound to test with, and what tells whether they came through.

mod pattern;
mod tone;

pub use pattern::{Pattern, psnr};
pub use tone::{Tone, dtmf, level_of};
