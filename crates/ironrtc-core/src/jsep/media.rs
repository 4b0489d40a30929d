//! A description read section by section: what each media section asks for.

use std::collections::BTreeMap;

use super::transport_attributes::TransportAttributes;
use super::{JsepError, SdpType, SessionDescription, Setup};
use crate::wire::sdp::{Media, Sdp, Section};

/// The port of `a=sctp-port` where nothing else is said.
pub(super) const SCTP_PORT: u16 = 5000;
/// RFC 8841 section 6.1: without `a=max-message-size`, 64 KiB.
const DEFAULT_MAX_MESSAGE_SIZE: u64 = 64 * 1024;

/// A description that has been read and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Description {
    pub(super) kind: SdpType,
    /// Every line as it came, with candidates added since.
    pub(super) sdp: Sdp,
    pub(super) sections: Vec<MediaSection>,
    pub(super) lite: bool,
    pub(super) trickle: bool,
    /// The transport that the description puts to use.
    pub(super) transport: Option<TransportAttributes>,
    /// All username fragments of the description, sorted.
    pub(super) fragments: Vec<String>,
    /// Candidate lines added since it was read.
    pub(super) added: usize,
}

/// One media section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MediaSection {
    pub(super) mid: String,
    /// The description says the mid.
    pub(super) named: bool,
    pub(super) content: Content,
    /// It runs over [`Description::transport`].
    pub(super) used: bool,
    /// It says that no more candidates will come.
    pub(super) ended: bool,
}

/// What a section is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Data channels.
    Data(DataSection),
    /// Audio or video over SRTP and with RTCP on the same port. Nothing is sent or received yet.
    Rtp,
    /// Something that we do not speak, or cannot carry.
    Other,
    /// Port 0.
    Rejected,
}

/// The SCTP association of a data section (RFC 8841).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DataSection {
    pub(super) sctp_port: u16,
    /// `None` for any size (`a=max-message-size:0`).
    pub(super) max_message_size: Option<u64>,
}

impl Description {
    /// Reads and checks a description's text. `offer` is what an answer answers: sections are
    /// matched by their places, and an answer may leave out the tags (RFC 5888 section 9.1).
    pub(super) fn read(
        description: &SessionDescription,
        offer: Option<&Self>,
    ) -> Result<Self, JsepError> {
        let sdp: Sdp = description.sdp.parse()?;
        let sections = read_sections(&sdp, offer)?;
        let trickle = has_option(&sdp.session, "trickle")
            || sdp
                .media
                .iter()
                .any(|media| has_option(&media.section, "trickle"));
        let mut fragments: Vec<String> = sdp
            .media
            .iter()
            .map(|media| &media.section)
            .chain([&sdp.session])
            .filter_map(|section| section.ice_ufrag().map(str::to_owned))
            .collect();
        fragments.sort_unstable();
        fragments.dedup();
        let mut read = Self {
            kind: description.kind,
            lite: sdp.session.has("ice-lite"),
            sdp,
            sections,
            trickle,
            transport: None,
            fragments,
            added: 0,
        };
        read.choose_transport()?;
        Ok(read)
    }

    /// The data section in use.
    pub(super) fn data(&self) -> Option<&DataSection> {
        self.sections.iter().find_map(MediaSection::data)
    }

    /// The identification tag of the data section in use.
    pub(super) fn data_mid(&self) -> Option<&str> {
        let section = self.sections.iter().find(|s| s.data().is_some())?;
        Some(&section.mid)
    }

    /// The text with the candidates known by now.
    pub(super) fn to_description(&self) -> SessionDescription {
        SessionDescription {
            kind: self.kind,
            sdp: self.sdp.to_string(),
        }
    }

    /// Decides over which transport data and media go: that of the first data section, or else of
    /// the first media section. What is bundled with it shares it; the rest is not used.
    fn choose_transport(&mut self) -> Result<(), JsepError> {
        let places: BTreeMap<&str, usize> = self
            .sections
            .iter()
            .enumerate()
            .map(|(index, section)| (section.mid.as_str(), index))
            .collect();
        let bundles = self.sdp.session.bundles(&places);
        // RFC 9143 section 7.2: a bundle-only section has port 0; outside a bundle it is rejected.
        let mut bundled = vec![false; self.sections.len()];
        for index in bundles.iter().flatten() {
            if let Some(bundled) = bundled.get_mut(*index) {
                *bundled = true;
            }
        }
        let media = self.sdp.media.iter().zip(bundled);
        for (section, (media, bundled)) in self.sections.iter_mut().zip(media) {
            if media.port == 0 && !bundled {
                section.content = Content::Rejected;
            }
        }
        let first = |wanted: fn(&Content) -> bool| {
            self.sections
                .iter()
                .position(|section| wanted(&section.content))
        };
        let data = first(|content| matches!(content, Content::Data(_)));
        let Some(lead) = data.or_else(|| first(|content| *content == Content::Rtp)) else {
            return Ok(());
        };
        let group = bundles.into_iter().find(|group| group.contains(&lead));
        let bundled = group.is_some();
        // RFC 9143 section 7.3.1: a section that is rejected, or will be, cannot own the transport.
        let (members, others): (Vec<usize>, Vec<usize>) = group
            .unwrap_or_else(|| vec![lead])
            .into_iter()
            .partition(|index| self.can_use(*index, lead));
        let read = TransportAttributes::read(&self.sdp, members, &others, bundled);
        let transport = match read {
            // Media alone is left aside where it cannot be connected, and declined.
            Err(_) if data.is_none() => return Ok(()),
            other => other?,
        };
        let answers = matches!(self.kind, SdpType::Answer | SdpType::PrAnswer);
        if answers && transport.setup == Some(Setup::ActPass) {
            return Err(JsepError::AnswerSetup);
        }
        for index in &transport.members {
            if let Some(section) = self.sections.get_mut(*index) {
                section.used = true;
            }
        }
        self.transport = Some(transport);
        Ok(())
    }

    /// Whether a section can share the transport of the section `lead`: there is one association.
    fn can_use(&self, index: usize, lead: usize) -> bool {
        match self.sections.get(index).map(|section| &section.content) {
            Some(Content::Data(_)) => index == lead,
            Some(Content::Rtp) => true,
            _ => false,
        }
    }
}

impl MediaSection {
    /// What its data channels need, if they are in use.
    pub(super) fn data(&self) -> Option<&DataSection> {
        match &self.content {
            Content::Data(data) if self.used => Some(data),
            _ => None,
        }
    }
}

fn read_sections(sdp: &Sdp, offer: Option<&Description>) -> Result<Vec<MediaSection>, JsepError> {
    let mut said = BTreeMap::new();
    for (index, media) in sdp.media.iter().enumerate() {
        if let Some(mid) = media.section.mid()?
            && said.insert(mid, index).is_some()
        {
            let text = format!("two media sections have the mid {mid:?}");
            return Err(JsepError::Content(text));
        }
    }
    let mut sections = Vec::with_capacity(sdp.media.len());
    for (index, media) in sdp.media.iter().enumerate() {
        let mid = media.section.mid()?;
        let offered = || Some(offer?.sections.get(index)?.mid.clone());
        // A section without a tag is named by its place, so that old peers can be answered.
        let place = || {
            (index..=index + sdp.media.len())
                .map(|number| number.to_string())
                .find(|name| !said.contains_key(name.as_str()))
        };
        sections.push(MediaSection {
            mid: mid
                .map(str::to_owned)
                .or_else(offered)
                .or_else(place)
                .unwrap_or_default(),
            named: mid.is_some(),
            content: Content::read(media)?,
            used: false,
            ended: media.section.has("end-of-candidates"),
        });
    }
    Ok(sections)
}

impl Content {
    fn read(media: &Media) -> Result<Self, JsepError> {
        let section = &media.section;
        if media.port == 0 && !section.has("bundle-only") {
            return Ok(Self::Rejected);
        }
        if is_data(media) {
            let sctp_port = match section.sctp_port()? {
                Some(port) => port,
                None => legacy_port(media).unwrap_or(SCTP_PORT),
            };
            // RFC 8841 section 5: with port 0 there is to be no association.
            if sctp_port == 0 {
                return Ok(Self::Other);
            }
            return Ok(Self::Data(DataSection {
                sctp_port,
                max_message_size: match section.max_message_size()? {
                    Some(0) => None,
                    Some(size) => Some(size),
                    None => Some(DEFAULT_MAX_MESSAGE_SIZE),
                },
            }));
        }
        // RFC 8827 section 6.5: media over DTLS-SRTP only; RFC 9143 section 9: with one port.
        let rtp = matches!(media.kind.as_str(), "audio" | "video")
            && media.protocol.to_ascii_uppercase().contains("TLS/RTP/SAVP")
            && section.has("rtcp-mux");
        Ok(if rtp { Self::Rtp } else { Self::Other })
    }
}

/// RFC 8841 section 4, and the form before it: `DTLS/SCTP 5000`, mostly with `a=sctpmap`.
fn is_data(media: &Media) -> bool {
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

fn has_option(section: &Section, option: &str) -> bool {
    section.attributes("ice-options").any(|(_, options)| {
        options
            .split_ascii_whitespace()
            .any(|found| found == option)
    })
}
