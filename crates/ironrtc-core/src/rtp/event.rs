//! What a session tells of its streams. Packets are not in it: they are read.

use crate::ids::{Mid, Rid, Ssrc};

/// Something that the application, or its congestion control, wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RtpEvent {
    /// A stream is received whose source was not known, or had said goodbye.
    Began {
        /// Its source.
        ssrc: Ssrc,
        /// The section that it is of.
        mid: Mid,
        /// The encoding that it is of, in a simulcast.
        rid: Option<Rid>,
    },
    /// A stream that had nothing to read has.
    Readable(Ssrc),
    /// A stream that is read by frames, and had none, has one.
    FrameReadable(Ssrc),
    /// The source of a stream has said goodbye. What came of it can still be read, and it is known if
    /// it goes on, which is told as its beginning.
    Goodbye(Ssrc),
    /// The source of a stream has made room for others.
    Ended(Ssrc),
    /// The peer needs a key frame of a stream that we send. Requests are joined: no two of them come
    /// within 300 ms.
    KeyFrameRequested(Ssrc),
    /// What may be sent has changed by more than a twentieth: so many bits a second, over all streams.
    /// Told only where the peer's feedback or its REMB says something of it.
    TargetBitrate(u64),
}
