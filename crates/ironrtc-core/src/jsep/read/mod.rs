//! Descriptions as they are read: what is said of the transport, and what each section asks for.

mod attributes;
mod data;
mod rtp;
mod transport;

use std::collections::{BTreeMap, BTreeSet};

pub use attributes::{Attributes, Group, Setup};
pub(super) use data::{DataSection, SCTP_PORT};
pub(super) use rtp::{RtpSection, Says, Source};
use transport::SessionLevel;
pub(super) use transport::{MAX_CANDIDATES, TransportAttributes};

use super::{JsepError, Mid, SdpType, SessionDescription};
use crate::transport::TransportId;
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
    /// The BUNDLE groups, as places of sections: those that it offers, or once it is agreed on,
    /// those that are in use.
    pub(super) bundles: Vec<Vec<usize>>,
    /// The transports that it puts to use.
    pub(super) transports: Vec<TransportAttributes>,
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
    /// It can be connected, over one of [`Description::transports`].
    pub(super) used: bool,
    /// In a description of ours: which transport it has. In an offer that is the one it has unless
    /// the answer bundles it.
    pub(super) over: Option<TransportId>,
    /// It says that no more candidates will come.
    pub(super) ended: bool,
}

/// Sections that share a transport.
struct Sharing {
    /// Those that can be connected; they are not empty, and the first owns the transport.
    members: Vec<usize>,
    /// Others of the bundle, which may say something of it.
    others: Vec<usize>,
    bundled: bool,
}

impl Sharing {
    fn alone(index: usize, bundled: bool) -> Self {
        Self {
            members: vec![index],
            others: Vec::new(),
            bundled,
        }
    }
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
    /// Reads and checks a description's text, but for its transports. `offer` is what an answer
    /// answers: sections are matched by their places, and an answer may leave out the tags (RFC 5888
    /// section 9.1).
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
            bundles: Vec::new(),
            transports: Vec::new(),
            fragments,
            added: 0,
        };
        read.find_bundles();
        Ok(read)
    }

    fn find_bundles(&mut self) {
        let places: BTreeMap<&str, usize> = self
            .sections
            .iter()
            .enumerate()
            .map(|(index, section)| (section.mid.as_str(), index))
            .collect();
        self.bundles = Attributes(&self.sdp.session).bundles(&places);
        // RFC 9143 section 7.2: a bundle-only section has port 0; outside a bundle it is rejected.
        let bundle_of = self.bundle_of_each();
        let media = self.sdp.media.iter().zip(bundle_of);
        for (section, (media, bundle)) in self.sections.iter_mut().zip(media) {
            if media.port == 0 && bundle.is_none() {
                section.content = Content::Rejected;
            }
        }
    }

    /// It answers an offer, for now or for good.
    pub(super) const fn is_answer(&self) -> bool {
        matches!(self.kind, SdpType::Answer | SdpType::PrAnswer)
    }

    /// It completes an exchange.
    pub(super) const fn is_final(&self) -> bool {
        matches!(self.kind, SdpType::Answer)
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

    /// The transports of the peer's offer, or of an answer: each bundle has one, and so has each
    /// section outside of bundles. Those beyond `most` are left aside.
    pub(super) fn share_transports(&mut self, most: usize) -> Result<(), JsepError> {
        let transports = self.shared_transports(most)?;
        self.connect(transports);
        Ok(())
    }

    /// The same, of what was read before.
    pub(super) fn shared_transports(
        &self,
        most: usize,
    ) -> Result<Vec<TransportAttributes>, JsepError> {
        let bundle_of = self.bundle_of_each();
        let mut seen = vec![false; self.bundles.len()];
        let mut groups = Vec::new();
        for (index, bundle) in bundle_of.into_iter().enumerate() {
            if !self.can_use(index) {
                continue;
            }
            let Some((number, members)) = bundle.and_then(|b| Some((b, self.bundles.get(b)?)))
            else {
                groups.push(Sharing::alone(index, false));
                continue;
            };
            if !seen
                .get_mut(number)
                .is_some_and(|seen| std::mem::replace(seen, true))
            {
                // RFC 9143 section 7.3.1: a section that is rejected, or will be, cannot own the
                // transport.
                let (members, others) = members.iter().partition(|index| self.can_use(**index));
                groups.push(Sharing {
                    members,
                    others,
                    bundled: true,
                });
            }
        }
        groups.truncate(most);
        self.read_transports(groups)
    }

    /// The transports of an offer of ours, whose sections have been placed.
    pub(super) fn split_transports(&mut self) -> Result<(), JsepError> {
        let order = self.bundles.iter().flatten().copied();
        let alone = self.bundle_of_each().into_iter().enumerate();
        let alone = alone.filter(|(_, bundle)| bundle.is_none());
        let mut groups: Vec<(TransportId, Sharing)> = Vec::new();
        for (index, bundled) in order
            .map(|index| (index, true))
            .chain(alone.map(|(index, _)| (index, false)))
        {
            let over = self.sections.get(index).and_then(|section| section.over);
            let Some(id) = over.filter(|_| self.can_use(index)) else {
                continue;
            };
            match groups.iter_mut().find(|(known, _)| *known == id) {
                Some((_, group)) => group.members.push(index),
                None => groups.push((id, Sharing::alone(index, bundled))),
            }
        }
        let mut transports = Vec::new();
        for (id, group) in groups {
            for transport in self.read_transports(vec![group])? {
                transports.push(TransportAttributes { id, ..transport });
            }
        }
        self.connect(transports);
        Ok(())
    }

    /// What an offer says of the transports that an `answer` makes of its sections, in the
    /// answer's order and under its names.
    pub(super) fn answered_transports(
        &self,
        answer: &[TransportAttributes],
    ) -> Result<Vec<TransportAttributes>, JsepError> {
        let session = SessionLevel::read(&self.sdp.session);
        let bundle_of = self.bundle_of_each();
        let read = |answered: &TransportAttributes| {
            let mut known = self.transports.iter();
            let read = match known.find(|known| known.members == answered.members) {
                Some(known) => known.clone(),
                None => {
                    let bundle = bundle_of.get(answered.tagged()).copied().flatten();
                    let members = bundle.and_then(|bundle| self.bundles.get(bundle));
                    let others: Vec<usize> = (members.into_iter().flatten().copied())
                        .filter(|index| !answered.members.contains(index))
                        .collect();
                    let members = answered.members.clone();
                    TransportAttributes::read(&self.sdp, &session, members, &others, true)?
                }
            };
            Ok(TransportAttributes {
                id: answered.id,
                bundled: answered.bundled,
                ..read
            })
        };
        answer.iter().map(read).collect()
    }

    /// RFC 3264 section 6.1: an answer takes no more than was offered, whatever it says.
    pub(super) fn narrow(&mut self, offer: &Self) {
        for (answer, offer) in self.sections.iter_mut().zip(&offer.sections) {
            if let (Content::Rtp(answer), Content::Rtp(offer)) =
                (&mut answer.content, &offer.content)
            {
                let most = offer.direction.reversed();
                answer.direction = answer.direction.intersection(most);
            }
        }
    }

    /// What was agreed on: from now on the bundles are those of the transports.
    pub(super) fn settle(&mut self) {
        let bundled = self.transports.iter().filter(|transport| transport.bundled);
        self.bundles = bundled.map(|transport| transport.members.clone()).collect();
        for transport in &self.transports {
            for index in &transport.members {
                if let Some(section) = self.sections.get_mut(*index) {
                    section.over = Some(transport.id);
                }
            }
        }
    }

    /// The transport of this name.
    pub(super) fn transport(&self, id: TransportId) -> Option<&TransportAttributes> {
        self.transports.iter().find(|transport| transport.id == id)
    }

    /// The transport of the section in this place.
    pub(super) fn transport_of(&self, index: usize) -> Option<&TransportAttributes> {
        let mut transports = self.transports.iter();
        transports.find(|transport| transport.members.contains(&index))
    }

    /// The same, as its place among the transports.
    pub(super) fn transport_place(&self, index: usize) -> Option<usize> {
        let mut transports = self.transports.iter();
        transports.position(|transport| transport.members.contains(&index))
    }

    /// The place of the transport with this username fragment: that of the section at `index`,
    /// where several have the same one.
    pub(super) fn transport_of_fragment(&self, fragment: &str, index: usize) -> Option<usize> {
        let has = |transport: &TransportAttributes| transport.credentials.ufrag() == fragment;
        let own = self.transport_place(index);
        own.filter(|place| self.transports.get(*place).is_some_and(has))
            .or_else(|| self.transports.iter().position(has))
    }

    /// The section that owns the transport with this username fragment, or the first.
    pub(super) fn place_of(&self, fragment: &str) -> Option<usize> {
        let place = self.transport_of_fragment(fragment, 0);
        let transport = place.and_then(|place| self.transports.get(place));
        let tagged = transport.or_else(|| self.transports.first());
        let index = tagged.map_or(0, TransportAttributes::tagged);
        Some(index).filter(|index| *index < self.sections.len())
    }

    /// The transport of the data section in use.
    pub(super) fn data_transport(&self) -> Option<&TransportAttributes> {
        self.transport_of(self.data_place()?)
    }

    pub(super) fn data_place(&self) -> Option<usize> {
        self.sections.iter().position(|s| s.data().is_some())
    }

    /// Which bundle each section is in.
    fn bundle_of_each(&self) -> Vec<Option<usize>> {
        let mut bundle_of = vec![None; self.sections.len()];
        for (number, bundle) in self.bundles.iter().enumerate() {
            for index in bundle {
                if let Some(place) = bundle_of.get_mut(*index) {
                    *place = Some(number);
                }
            }
        }
        bundle_of
    }

    fn read_transports(&self, groups: Vec<Sharing>) -> Result<Vec<TransportAttributes>, JsepError> {
        let session = SessionLevel::read(&self.sdp.session);
        let answers = self.is_answer();
        let mut transports = Vec::new();
        for group in groups {
            let Sharing {
                members,
                others,
                bundled,
            } = group;
            let data = members.iter().any(|index| {
                let section = self.sections.get(*index);
                section.is_some_and(|section| matches!(section.content, Content::Data(_)))
            });
            let read = TransportAttributes::read(&self.sdp, &session, members, &others, bundled);
            let transport = match read {
                // Media alone that is offered is left aside where it cannot be connected, and
                // declined. What is answered is meant to be.
                Err(_) if !data && !answers => continue,
                other => other?,
            };
            if answers && transport.setup == Some(Setup::ActPass) {
                return Err(JsepError::AnswerSetup);
            }
            transports.push(transport);
        }
        Ok(transports)
    }

    fn connect(&mut self, transports: Vec<TransportAttributes>) {
        for index in transports.iter().flat_map(|transport| &transport.members) {
            if let Some(section) = self.sections.get_mut(*index) {
                section.used = true;
            }
        }
        self.transports = transports;
    }

    /// Whether a section can be connected, if its transport can: there is one association.
    pub(super) fn can_use(&self, index: usize) -> bool {
        let mut sections = self.sections.iter();
        match self.sections.get(index).map(|section| &section.content) {
            Some(Content::Data(_)) => {
                let first = sections.position(|s| matches!(s.content, Content::Data(_)));
                first == Some(index)
            }
            Some(Content::Rtp(_)) => true,
            _ => false,
        }
    }
}

impl MediaSection {
    /// What its media needs, if it can be connected.
    pub(super) const fn rtp(&self) -> Option<&RtpSection> {
        match &self.content {
            Content::Rtp(rtp) if self.used => Some(rtp),
            _ => None,
        }
    }

    /// What its data channels need, if they are in use.
    pub(super) const fn data(&self) -> Option<&DataSection> {
        match &self.content {
            Content::Data(data) if self.used => Some(data),
            _ => None,
        }
    }
}

impl Content {
    fn read(media: &Media, all: rtp::ForAll) -> Result<Self, JsepError> {
        if media.port == 0 && !media.section.has("bundle-only") {
            return Ok(Self::Rejected);
        }
        if data::is_data(media) {
            return Ok(DataSection::read(media)?.map_or(Self::Unknown, Self::Data));
        }
        Ok(RtpSection::read(media, all).map_or(Self::Unknown, Self::Rtp))
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
    let all = rtp::ForAll::read(&sdp.session);
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
            content: Content::read(media, all)?,
            used: false,
            over: None,
            ended: media.section.has("end-of-candidates"),
        });
    }
    Ok(sections)
}
