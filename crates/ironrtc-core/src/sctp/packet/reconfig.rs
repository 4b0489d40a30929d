//! RE-CONFIG (RFC 6525 sections 3 and 4).

use super::param::{Param, Params, kind as param_kind, write_param};
use crate::sctp::message::StreamId;
use crate::sctp::num::{RequestSn, Tsn};
use crate::wire::Reader;

/// Outcome of a request (RFC 6525 section 4.4).
pub(crate) mod outcome {
    pub(crate) const NOTHING_TO_DO: u32 = 0;
    pub(crate) const PERFORMED: u32 = 1;
    pub(crate) const DENIED: u32 = 2;
    pub(crate) const WRONG_SSN: u32 = 3;
    pub(crate) const BAD_SEQUENCE: u32 = 5;
    pub(crate) const IN_PROGRESS: u32 = 6;
}

/// A parameter of a RE-CONFIG chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reconfig<'a> {
    /// The sender resets streams that it sends on.
    Outgoing {
        request: RequestSn,
        last_tsn: Tsn,
        streams: Streams<'a>,
    },
    /// The sender asks us to reset streams that we send on.
    Incoming {
        request: RequestSn,
        streams: Streams<'a>,
    },
    /// A request that we do not grant.
    Other { request: RequestSn },
    /// The answer to a request of ours.
    Response { request: RequestSn, outcome: u32 },
}

/// A list of stream numbers; empty means all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Streams<'a>(&'a [u8]);

impl<'a> Streams<'a> {
    pub(crate) fn iter(self) -> impl Iterator<Item = StreamId> + 'a {
        self.0
            .chunks_exact(2)
            .filter_map(|pair| Reader::new(pair).u16().map(StreamId))
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> Reconfig<'a> {
    /// The parameters of a chunk's value that we know.
    pub(crate) fn parse(value: &'a [u8]) -> impl Iterator<Item = Self> + 'a {
        // RFC 6525 section 3.1: one or two parameters.
        Params::new(value)
            .take(2)
            .filter_map(|param| Self::parse_param(&param))
    }

    fn parse_param(param: &Param<'a>) -> Option<Self> {
        let mut reader = Reader::new(param.value);
        let request = RequestSn(reader.u32()?);
        Some(match param.kind {
            param_kind::OUTGOING_RESET => {
                let _response = reader.u32()?;
                Self::Outgoing {
                    request,
                    last_tsn: Tsn(reader.u32()?),
                    streams: Streams(reader.rest()),
                }
            }
            param_kind::INCOMING_RESET => Self::Incoming {
                request,
                streams: Streams(reader.rest()),
            },
            param_kind::TSN_RESET | param_kind::ADD_OUTGOING | param_kind::ADD_INCOMING => {
                Self::Other { request }
            }
            param_kind::RECONFIG_RESPONSE => Self::Response {
                request,
                outcome: reader.u32()?,
            },
            _ => return None,
        })
    }
}

/// Appends an outgoing SSN reset request.
pub(crate) fn write_outgoing(
    out: &mut Vec<u8>,
    request: RequestSn,
    response: RequestSn,
    last_tsn: Tsn,
    streams: &[StreamId],
) {
    let list: Vec<u8> = streams.iter().flat_map(|s| s.0.to_be_bytes()).collect();
    let parts: [&[u8]; 4] = [
        &request.0.to_be_bytes(),
        &response.0.to_be_bytes(),
        &last_tsn.0.to_be_bytes(),
        &list,
    ];
    write_param(out, param_kind::OUTGOING_RESET, &parts);
}

/// Appends a response.
pub(crate) fn write_response(out: &mut Vec<u8>, request: RequestSn, outcome: u32) {
    let parts: [&[u8]; 2] = [&request.0.to_be_bytes(), &outcome.to_be_bytes()];
    write_param(out, param_kind::RECONFIG_RESPONSE, &parts);
}
