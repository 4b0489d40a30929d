//! INIT and INIT-ACK (RFC 9260 sections 3.3.2 and 3.3.3) and what they negotiate.

use super::param::{Param, Params, UnknownAction, kind as param_kind, write_param};
use super::{CHUNK_HEADER_LEN, kind, write_chunk_header};
use crate::sctp::num::Tsn;
use crate::wire::Reader;

/// RFC 9653 section 4: the alternate error detection method of SCTP over DTLS.
const EDMID_DTLS: u32 = 1;
/// What the parameter for large packets holds, as its type is not registered.
const LARGE_PACKETS: &[u8] = b"IronRTC\0";
/// Most bytes of parameters echoed as not recognized: the answer has to fit into a packet.
const MAX_UNRECOGNIZED: usize = 512;

/// Extensions of one end, or of both once negotiated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extensions {
    /// RFC 3758.
    pub(crate) forward_tsn: bool,
    /// RFC 6525.
    pub(crate) reconfig: bool,
    /// RFC 8260: I-DATA and I-FORWARD-TSN.
    pub(crate) interleaving: bool,
    /// RFC 9653: this end accepts packets without checksum.
    pub(crate) zero_checksum: bool,
    /// Our own: this end takes packets as large as a DTLS record can be.
    pub(crate) large_packets: bool,
}

impl Extensions {
    /// Those that both ends name.
    pub(crate) const fn shared_with(self, other: Self) -> Self {
        Self {
            forward_tsn: self.forward_tsn && other.forward_tsn,
            reconfig: self.reconfig && other.reconfig,
            interleaving: self.interleaving && other.interleaving,
            zero_checksum: self.zero_checksum && other.zero_checksum,
            large_packets: self.large_packets && other.large_packets,
        }
    }

    /// Without those that have a parameter of their own which is younger than many stacks. Pion
    /// dropped an INIT with a parameter that it did not know until 2024, against RFC 9260
    /// section 3.2.1.
    pub(crate) const fn without_recent(self) -> Self {
        Self {
            zero_checksum: false,
            large_packets: false,
            ..self
        }
    }
}

/// The fixed fields and the extensions of INIT or INIT-ACK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Init {
    pub(crate) tag: u32,
    pub(crate) window: u32,
    pub(crate) outbound_streams: u16,
    pub(crate) inbound_streams: u16,
    pub(crate) initial_tsn: Tsn,
    pub(crate) extensions: Extensions,
}

/// An INIT or INIT-ACK as it was received.
#[derive(Clone, Debug)]
pub(crate) struct ReceivedInit<'a> {
    pub(crate) init: Init,
    /// INIT-ACK only.
    pub(crate) cookie: Option<&'a [u8]>,
    /// Parameters to echo to the sender as not recognized.
    pub(crate) unrecognized: Vec<&'a [u8]>,
    /// Their bytes, with headers.
    echoed: usize,
}

impl<'a> ReceivedInit<'a> {
    /// Reads the chunk's value. Whether the fixed fields make sense is not checked here.
    pub(crate) fn parse(value: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(value);
        let mut received = Self {
            init: Init {
                tag: reader.u32()?,
                window: reader.u32()?,
                outbound_streams: reader.u16()?,
                inbound_streams: reader.u16()?,
                initial_tsn: Tsn(reader.u32()?),
                extensions: Extensions::default(),
            },
            cookie: None,
            unrecognized: Vec::new(),
            echoed: 0,
        };
        let params = Params::new(reader.rest());
        if !params.is_well_formed() {
            return None;
        }
        for param in params {
            if !received.take(&param) {
                break;
            }
        }
        Some(received)
    }

    /// Takes in a parameter; false if the rest is not to be read.
    fn take(&mut self, param: &Param<'a>) -> bool {
        let extensions = &mut self.init.extensions;
        match param.kind {
            param_kind::STATE_COOKIE => self.cookie = Some(param.value),
            param_kind::FORWARD_TSN => extensions.forward_tsn = true,
            param_kind::ZERO_CHECKSUM => {
                let mut reader = Reader::new(param.value);
                extensions.zero_checksum |= reader.u32() == Some(EDMID_DTLS);
            }
            param_kind::LARGE_PACKETS => {
                extensions.large_packets |= param.value == LARGE_PACKETS;
            }
            param_kind::SUPPORTED_EXTENSIONS => {
                extensions.reconfig |= param.value.contains(&kind::RECONFIG);
                extensions.interleaving |= param.value.contains(&kind::I_DATA);
                extensions.forward_tsn |= param.value.contains(&kind::FORWARD_TSN);
            }
            // Addresses (5, 6, 11), supported address types (12), cookie preservative (9), and
            // what an INIT-ACK says that it did not recognize (8): known, and without use here.
            5 | 6 | 11 | 12 | param_kind::COOKIE_PRESERVATIVE | param_kind::UNRECOGNIZED => {}
            _ => {
                let action = UnknownAction::of_bits((param.kind >> 14) as u8);
                if action.report && self.echoed + param.raw.len() < MAX_UNRECOGNIZED {
                    self.echoed += 4 + param.raw.len();
                    self.unrecognized.push(param.raw);
                }
                return action.go_on;
            }
        }
        true
    }
}

/// Appends an INIT, or an INIT-ACK if there is a cookie.
///
/// The last parameter is one that has a value: some stacks (webrtc-rs, older str0m) refuse a chunk
/// that ends with an empty one.
pub(crate) fn write_init(
    out: &mut Vec<u8>,
    init: &Init,
    cookie: Option<&[u8]>,
    unrecognized: &[&[u8]],
) {
    let start = out.len();
    let kind = if cookie.is_some() {
        kind::INIT_ACK
    } else {
        kind::INIT
    };
    write_chunk_header(out, kind, 0, CHUNK_HEADER_LEN);
    out.extend_from_slice(&init.tag.to_be_bytes());
    out.extend_from_slice(&init.window.to_be_bytes());
    out.extend_from_slice(&init.outbound_streams.to_be_bytes());
    out.extend_from_slice(&init.inbound_streams.to_be_bytes());
    out.extend_from_slice(&init.initial_tsn.0.to_be_bytes());
    let mut end = write_extensions(out, init.extensions);
    for param in unrecognized {
        end = out.len() + 4 + param.len();
        write_param(out, param_kind::UNRECOGNIZED, &[param]);
    }
    if let Some(cookie) = cookie {
        end = out.len() + 4 + cookie.len();
        write_param(out, param_kind::STATE_COOKIE, &[cookie]);
    }
    // RFC 9260 section 3.2: the length counts the padding of all parameters but the last.
    let len = u16::try_from(end - start).unwrap_or(u16::MAX);
    if let Some(field) = out.get_mut(start + 2..start + 4) {
        field.copy_from_slice(&len.to_be_bytes());
    }
}

/// Appends what names the extensions; returns where the last parameter ends without its padding.
fn write_extensions(out: &mut Vec<u8>, extensions: Extensions) -> usize {
    if extensions.forward_tsn {
        write_param(out, param_kind::FORWARD_TSN, &[]);
    }
    let mut end = out.len();
    let mut supported = Vec::with_capacity(4);
    if extensions.reconfig {
        supported.push(kind::RECONFIG);
    }
    if extensions.forward_tsn {
        supported.push(kind::FORWARD_TSN);
    }
    if extensions.interleaving {
        supported.push(kind::I_DATA);
        supported.push(kind::I_FORWARD_TSN);
    }
    if !supported.is_empty() {
        end = out.len() + 4 + supported.len();
        write_param(out, param_kind::SUPPORTED_EXTENSIONS, &[&supported]);
    }
    if extensions.zero_checksum {
        let method = EDMID_DTLS.to_be_bytes();
        write_param(out, param_kind::ZERO_CHECKSUM, &[&method]);
        end = out.len();
    }
    if extensions.large_packets {
        write_param(out, param_kind::LARGE_PACKETS, &[LARGE_PACKETS]);
        end = out.len();
    }
    end
}
