//! Opus in Ogg (RFC 3533, RFC 7845).

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};

use bytes::Bytes;
use ironrtc_core::wire::payload::Format;
use ogg::reading::{BasePacketReader, OggReadError, PageParser};
use ogg::{PacketWriteEndInfo, PacketWriter};

use crate::frame::to_time;
use crate::limit::read_vec;
use crate::{Frame, ReadError, WriteError};

/// An Opus packet has 48 frames of 1,275 bytes at most; anything larger is no audio.
const MAX_PACKET: usize = 64 << 10;
/// Headers hold comments, and pictures among them.
const MAX_HEADER: usize = 4 << 20;
const RATE: u32 = 48_000;
/// A page is closed after a second.
const PAGE: u64 = 48_000;

/// What an `OpusHead` says (RFC 7845 section 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// One or two in all that WebRTC takes.
    pub channels: u8,
    /// Samples at the beginning that are not heard.
    pub pre_skip: u16,
}

impl Head {
    pub(crate) fn parse(packet: &[u8]) -> Option<Self> {
        let rest = packet.strip_prefix(b"OpusHead")?;
        let [version, channels, skip0, skip1, ..] = rest else {
            return None;
        };
        // Section 5.1: minor versions are compatible.
        (version & 0xF0 == 0 && *channels > 0).then(|| Self {
            channels: *channels,
            pre_skip: u16::from_le_bytes([*skip0, *skip1]),
        })
    }

    pub(crate) fn write(self) -> Vec<u8> {
        let mut head = b"OpusHead\x01".to_vec();
        head.push(self.channels);
        head.extend(self.pre_skip.to_le_bytes());
        head.extend(RATE.to_le_bytes());
        // Gain, and the mapping of one or two channels.
        head.extend([0, 0, 0]);
        head
    }
}

/// Reads the first Opus stream of a file; streams beside it are left out, those after it follow.
pub struct Reader<R> {
    reader: R,
    packets: BasePacketReader,
    serial: Option<u32>,
    head: Head,
    /// Headers of the stream that are still to come.
    headers: u8,
    /// The packets of a page, and how long each is.
    waiting: VecDeque<(Vec<u8>, u64)>,
    /// Bytes of pages since the last packet ended.
    unfinished: usize,
    /// Samples up to the packet that is given next.
    position: u64,
}

impl<R: Read> Reader<R> {
    /// Reads up to the first header.
    pub fn new(reader: R) -> Result<Self, ReadError> {
        let mut new = Self {
            reader,
            packets: BasePacketReader::new(),
            serial: None,
            head: Head {
                channels: 1,
                pre_skip: 0,
            },
            headers: 0,
            waiting: VecDeque::new(),
            unfinished: 0,
            position: 0,
        };
        while new.serial.is_none() {
            if !new.page()? {
                return Err(ReadError::NoTrack);
            }
        }
        Ok(new)
    }

    /// What the header says.
    pub const fn head(&self) -> Head {
        self.head
    }

    /// The next packet; none at the end.
    pub fn read(&mut self) -> Result<Option<Frame>, ReadError> {
        while self.waiting.is_empty() {
            if !self.page()? {
                return Ok(None);
            }
        }
        Ok(self.waiting.pop_front().map(|(data, duration)| {
            let time = to_time(self.position, RATE);
            self.position = self.position.saturating_add(duration);
            Frame {
                format: Format::Opus,
                data: Bytes::from(data),
                time,
                key: true,
            }
        }))
    }

    /// Reads a page; false at the end of the file.
    fn page(&mut self) -> Result<bool, ReadError> {
        let mut header = [0; 27];
        match self.reader.read_exact(&mut header) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        if !header.starts_with(b"OggS") {
            return Err(ReadError::Malformed("no Ogg page where one should be"));
        }
        let serial = header.get(14..).and_then(<[u8]>::first_chunk);
        let serial = u32::from_le_bytes(*serial.unwrap_or(&[0; 4]));
        let (mut parser, segments) = PageParser::new(header).map_err(damaged)?;
        let length = parser.parse_segments(read_vec(&mut self.reader, segments)?);
        let body = read_vec(&mut self.reader, length)?;
        let begins = header.get(5).is_some_and(|flags| flags & 2 != 0);
        if begins
            && self.serial.is_none()
            && let Some(head) = Head::parse(&body)
        {
            // Links of a chain follow each other (section 3), each with its headers.
            (self.serial, self.head, self.headers) = (Some(serial), head, 2);
            self.packets = BasePacketReader::new();
        } else if self.serial != Some(serial) || begins {
            return Ok(true);
        }
        self.unfinished += length;
        let most = if self.headers > 0 {
            MAX_HEADER
        } else {
            MAX_PACKET + length
        };
        if self.unfinished > most {
            return Err(ReadError::TooLarge("a packet"));
        }
        let page = parser.parse_packet_data(body).map_err(damaged)?;
        self.packets.push_page(page).map_err(damaged)?;
        self.take_packets();
        Ok(true)
    }

    /// Takes the packets that end on the page, and dates them by its position.
    fn take_packets(&mut self) {
        let mut taken = 0_u64;
        let (mut granule, mut ended) = (None, false);
        while let Some(packet) = self.packets.read_packet() {
            self.unfinished = 0;
            ended |= packet.last_in_stream();
            if self.headers > 0 {
                self.headers -= 1;
                continue;
            }
            granule = Some(packet.absgp_page());
            // One that cannot be read takes no time, and is left out.
            let Some(duration) = Format::Opus.duration(&packet.data) else {
                continue;
            };
            let duration = u64::from(duration);
            taken += duration;
            self.waiting.push_back((packet.data, duration));
        }
        // RFC 7845 section 4: the position is that of the end of the page, so a gap is before it. On
        // the last page it may cut the end off instead.
        if let Some(granule) = granule.filter(|_| !ended) {
            let begin = granule.saturating_sub(taken);
            self.position = self.position.max(begin);
        }
        if ended {
            self.serial = None;
        }
    }
}

fn damaged(error: OggReadError) -> ReadError {
    ReadError::Container(error.to_string())
}

/// Writes Opus packets.
pub struct Writer<W: Write> {
    packets: PacketWriter<'static, W>,
    begin: Option<u64>,
    /// A packet that waits for what follows, with the positions of its beginning and end.
    waiting: Option<(Vec<u8>, u64, u64)>,
    /// Where the page began.
    page: u64,
}

/// One stream in a file, so any number will do.
const SERIAL: u32 = 0x4952_4F4E;

impl<W: Write> Writer<W> {
    /// Writes the headers for one or two channels.
    pub fn new(writer: W, channels: u8) -> Result<Self, WriteError> {
        let mut packets = PacketWriter::new(writer);
        let head = Head {
            channels: channels.clamp(1, 2),
            // A stream joined at any time has no beginning of its own to be left out.
            pre_skip: 0,
        };
        let mut tags = b"OpusTags".to_vec();
        tags.extend(7_u32.to_le_bytes());
        tags.extend(b"IronRTC");
        tags.extend(0_u32.to_le_bytes());
        for packet in [head.write(), tags] {
            packets.write_packet(packet, SERIAL, PacketWriteEndInfo::EndPage, 0)?;
        }
        Ok(Self {
            packets,
            begin: None,
            waiting: None,
            page: 0,
        })
    }

    /// Writes a packet. Times that are apart, as with discontinuous transmission, stay so.
    pub fn write(&mut self, frame: &Frame) -> Result<(), WriteError> {
        if frame.format != Format::Opus {
            return Err(WriteError::NoTrack(frame.format));
        }
        let duration = Format::Opus
            .duration(&frame.data)
            .ok_or(WriteError::Malformed("no Opus packet"))?;
        let ticks = frame.ticks();
        let begin = *self.begin.get_or_insert(ticks);
        let at = ticks.checked_sub(begin).ok_or(WriteError::OutOfOrder)?;
        let before = self.waiting.as_ref().map(|(_, begin, end)| (*begin, *end));
        if before.is_some_and(|(begin, _)| at < begin) {
            return Err(WriteError::OutOfOrder);
        }
        // Packets do not overlap, whatever the jitter of whoever dated them.
        let at = at.max(before.map_or(0, |(_, end)| end));
        let end = at.saturating_add(duration.into());
        let gap = before.is_some_and(|(_, end)| end != at);
        self.send(gap || end.saturating_sub(self.page) > PAGE)?;
        self.waiting = Some((frame.data.to_vec(), at, end));
        Ok(())
    }

    fn send(&mut self, end_page: bool) -> Result<(), WriteError> {
        let Some((data, _, end)) = self.waiting.take() else {
            return Ok(());
        };
        let info = if end_page {
            self.page = end;
            PacketWriteEndInfo::EndPage
        } else {
            PacketWriteEndInfo::NormalPacket
        };
        Ok(self.packets.write_packet(data, SERIAL, info, end)?)
    }

    /// Ends the stream.
    pub fn finish(mut self) -> Result<W, WriteError> {
        let (data, _, end) = self.waiting.take().unwrap_or_default();
        let info = PacketWriteEndInfo::EndStream;
        self.packets.write_packet(data, SERIAL, info, end)?;
        let mut writer = self.packets.into_inner();
        writer.flush()?;
        Ok(writer)
    }
}
