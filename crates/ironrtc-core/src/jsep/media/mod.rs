//! What offer and answer say of media, section by section: pure functions over typed values.

mod codecs;
mod compile;
mod direction;
mod extensions;
mod lines;
mod msid;
mod simulcast;

pub(super) use codecs::{PayloadTypes, agree_to_receive, agree_to_send, answer_codecs};
pub(super) use compile::section as compile_section;
pub use direction::Direction;
pub(super) use extensions::{
    ExtensionIds, ExtensionLine, MAX_EXTENSIONS, agreed_extensions, answer_extensions,
};
pub(super) use lines::{Numbers, answer as answer_lines, idle as idle_lines, offer as offer_lines};
pub(super) use msid::{MAX_STREAMS, Msid, streams_of};
pub(super) use simulcast::{MAX_ENCODINGS, RidLine, Simulcast, answer_rids};
