//! What a data section says of its SCTP association (RFC 8841).

use super::Attributes;
use crate::wire::sdp::{Media, SdpError};

/// The port of `a=sctp-port` where nothing else is said.
pub(in crate::jsep) const SCTP_PORT: u16 = 5000;
/// RFC 8841 section 6.1: without `a=max-message-size`, 64 KiB.
const DEFAULT_MAX_MESSAGE_SIZE: u64 = 64 * 1024;

/// The SCTP association of a data section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::jsep) struct DataSection {
    pub(in crate::jsep) sctp_port: u16,
    /// `None` for any size (`a=max-message-size:0`).
    pub(in crate::jsep) max_message_size: Option<u64>,
}

impl DataSection {
    /// Reads a section that [`is_data`]; `None` if it is to have no association.
    pub(super) fn read(media: &Media) -> Result<Option<Self>, SdpError> {
        let attributes = Attributes(&media.section);
        let sctp_port = match attributes.sctp_port()? {
            Some(port) => port,
            None => legacy_port(media).unwrap_or(SCTP_PORT),
        };
        // RFC 8841 section 5: with port 0 there is to be no association.
        if sctp_port == 0 {
            return Ok(None);
        }
        Ok(Some(Self {
            sctp_port,
            max_message_size: match attributes.max_message_size()? {
                Some(0) => None,
                Some(size) => Some(size),
                None => Some(DEFAULT_MAX_MESSAGE_SIZE),
            },
        }))
    }
}

/// RFC 8841 section 4, and the form before it: `DTLS/SCTP 5000`, mostly with `a=sctpmap`.
pub(super) fn is_data(media: &Media) -> bool {
    let known = ["UDP/DTLS/SCTP", "TCP/DTLS/SCTP", "DTLS/SCTP"]
        .iter()
        .any(|protocol| media.protocol.eq_ignore_ascii_case(protocol));
    let named = media.formats.first().map(String::as_str) == Some("webrtc-datachannel");
    let mapped = media
        .section
        .attribute("sctpmap")
        .is_none_or(|(_, map)| map.contains("webrtc-datachannel"));
    media.kind == "application" && known && (named || (legacy_port(media).is_some() && mapped))
}

fn legacy_port(media: &Media) -> Option<u16> {
    media.formats.first()?.parse().ok()
}
