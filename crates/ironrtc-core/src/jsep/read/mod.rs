//! Descriptions as they are read: what is said of the transport, and what each section asks for.

mod attributes;
mod data;
mod rtp;
mod transport;

use std::collections::{BTreeMap, BTreeSet};

pub use attributes::{Attributes, Group, Setup};
pub(super) use data::{DataSection, SCTP_PORT};
pub(super) use rtp::RtpSection;
pub(super) use transport::{MAX_CANDIDATES, TransportAttributes};

use super::{JsepError, Mid, SdpType, SessionDescription};
use crate::wire::sdp::{Media, Sdp};

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
    pub(super) mid: Mid,
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
    /// Audio or video.
    Rtp(RtpSection),
    /// Something that we do not speak, or cannot carry.
    Unknown,
    /// Port 0.
    Rejected,
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
        let mut trickle = false;
        let mut fragments = Vec::new();
        for section in sdp.media.iter().map(|media| &media.section) {
            let attributes = Attributes(section);
            trickle |= attributes.has_ice_option("trickle");
            fragments.extend(attributes.ice_ufrag().map(str::to_owned));
        }
        let session = Attributes(&sdp.session);
        trickle |= session.has_ice_option("trickle");
        fragments.extend(session.ice_ufrag().map(str::to_owned));
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
    pub(super) fn data_mid(&self) -> Option<&Mid> {
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
        let bundles = Attributes(&self.sdp.session).bundles(&places);
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
        let rtp = || first(|content| matches!(content, Content::Rtp(_)));
        let Some(lead) = data.or_else(rtp) else {
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
            Some(Content::Rtp(_)) => true,
            _ => false,
        }
    }
}

impl MediaSection {
    /// What its data channels need, if they are in use.
    pub(super) const fn data(&self) -> Option<&DataSection> {
        match &self.content {
            Content::Data(data) if self.used => Some(data),
            _ => None,
        }
    }
}

impl Content {
    fn read(media: &Media) -> Result<Self, JsepError> {
        if media.port == 0 && !media.section.has("bundle-only") {
            return Ok(Self::Rejected);
        }
        if data::is_data(media) {
            return Ok(DataSection::read(media)?.map_or(Self::Unknown, Self::Data));
        }
        Ok(RtpSection::read(media).map_or(Self::Unknown, Self::Rtp))
    }
}

fn read_sections(sdp: &Sdp, offer: Option<&Description>) -> Result<Vec<MediaSection>, JsepError> {
    let mut said = BTreeSet::new();
    let mut mids = Vec::with_capacity(sdp.media.len());
    for media in &sdp.media {
        let mid = Attributes(&media.section).mid()?;
        if let Some(mid) = &mid
            && !said.insert(mid.clone())
        {
            return Err(JsepError::RepeatedMid(mid.clone()));
        }
        mids.push(mid);
    }
    let mut sections = Vec::with_capacity(sdp.media.len());
    for ((index, media), mid) in sdp.media.iter().enumerate().zip(mids) {
        let named = mid.is_some();
        let offered = || Some(offer?.sections.get(index)?.mid.clone());
        // A section without a tag is named by its place, so that old peers can be answered. One of
        // these names is free, as there are more of them than sections.
        let place = || {
            (index..=index + sdp.media.len())
                .map(Mid::from)
                .find(|name| !said.contains(name))
        };
        sections.push(MediaSection {
            mid: mid
                .or_else(offered)
                .or_else(place)
                .unwrap_or_else(|| index.into()),
            named,
            content: Content::read(media)?,
            used: false,
            ended: media.section.has("end-of-candidates"),
        });
    }
    Ok(sections)
}
