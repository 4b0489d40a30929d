//! A description read section by section: what each media section asks for.

use super::{JsepError, SdpType, SessionDescription, Setup};
use crate::dtls::Fingerprint;
use crate::ice::{Candidate, Credentials};
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
    /// The first BUNDLE group's tags.
    pub(super) bundle: Vec<String>,
}

/// One media section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MediaSection {
    pub(super) mid: String,
    /// A data section that we can speak, and that is not rejected.
    pub(super) data: bool,
    pub(super) credentials: Option<Credentials>,
    pub(super) fingerprints: Vec<Fingerprint>,
    pub(super) setup: Option<Setup>,
    pub(super) sctp_port: u16,
    /// `None` for any size (`a=max-message-size:0`).
    pub(super) max_message_size: Option<u64>,
    pub(super) candidates: Vec<Candidate>,
    pub(super) end_of_candidates: bool,
}

impl Description {
    /// Reads and checks a description's text.
    pub(super) fn read(description: &SessionDescription) -> Result<Self, JsepError> {
        let sdp: Sdp = description.sdp.parse()?;
        let bundle = sdp
            .session
            .groups()
            .into_iter()
            .find(|group| group.semantics == "BUNDLE")
            .map(|group| group.mids)
            .unwrap_or_default();
        let mut sections = Vec::with_capacity(sdp.media.len());
        for (index, media) in sdp.media.iter().enumerate() {
            sections.push(MediaSection::read(&sdp.session, media, index)?);
        }
        let mut mids: Vec<&str> = sections
            .iter()
            .map(|section| section.mid.as_str())
            .collect();
        mids.sort_unstable();
        if let Some(pair) = mids.windows(2).find(|pair| pair[0] == pair[1]) {
            let text = format!("two media sections have the mid {:?}", pair[0]);
            return Err(JsepError::Content(text));
        }
        let trickle = has_option(&sdp.session, "trickle")
            || sdp
                .media
                .iter()
                .any(|media| has_option(&media.section, "trickle"));
        let lite = sdp.session.has("ice-lite");
        let mut read = Self {
            kind: description.kind,
            sdp,
            sections,
            lite,
            trickle,
            bundle,
        };
        read.inherit_from_tagged();
        read.check_data()?;
        Ok(read)
    }

    /// The data section in use.
    pub(super) fn data(&self) -> Option<&MediaSection> {
        self.sections.iter().find(|section| section.data)
    }

    /// The text with the candidates known by now.
    pub(super) fn to_description(&self) -> SessionDescription {
        SessionDescription {
            kind: self.kind,
            sdp: self.sdp.to_string(),
        }
    }

    /// RFC 9143 section 7.1.3: a bundled section leaves its transport's attributes to the tagged one.
    fn inherit_from_tagged(&mut self) {
        let Some(tag) = self.bundle.first() else {
            return;
        };
        let Some(tagged) = self
            .sections
            .iter()
            .find(|section| &section.mid == tag)
            .cloned()
        else {
            return;
        };
        for section in &mut self.sections {
            if !self.bundle.contains(&section.mid) {
                continue;
            }
            if section.credentials.is_none() {
                section.credentials.clone_from(&tagged.credentials);
                section.candidates.clone_from(&tagged.candidates);
                section.end_of_candidates |= tagged.end_of_candidates;
            }
            if section.fingerprints.is_empty() {
                section.fingerprints.clone_from(&tagged.fingerprints);
            }
            section.setup = section.setup.or(tagged.setup);
        }
    }

    /// RFC 8827 section 6.5: without ICE and DTLS there is no data.
    fn check_data(&self) -> Result<(), JsepError> {
        let Some(section) = self.data() else {
            return Ok(());
        };
        let lacks = |what: &str| {
            JsepError::Content(format!("the data section {:?} has no {what}", section.mid))
        };
        if section.credentials.is_none() {
            return Err(lacks("ice-ufrag and ice-pwd"));
        }
        if section.fingerprints.is_empty() {
            return Err(lacks("usable fingerprint (sha-256, sha-384 or sha-512)"));
        }
        let answers = matches!(self.kind, SdpType::Answer | SdpType::PrAnswer);
        if answers && section.setup == Some(Setup::ActPass) {
            return Err(JsepError::Content(
                "an answer's setup must be active or passive (RFC 8842 section 5.3)".into(),
            ));
        }
        Ok(())
    }
}

impl MediaSection {
    fn read(session: &Section, media: &Media, index: usize) -> Result<Self, JsepError> {
        let section = &media.section;
        // A section without a mid is named by its place, so that old peers can be answered.
        let mid = section
            .mid()?
            .map_or_else(|| index.to_string(), str::to_owned);
        let rejected = media.port == 0 && !section.has("bundle-only");
        let fingerprints = section.fingerprints()?;
        let setup = section.setup()?;
        Ok(Self {
            mid,
            data: is_data(media) && !rejected,
            credentials: match section.ice_credentials()? {
                Some(credentials) => Some(credentials),
                None => session.ice_credentials()?,
            },
            fingerprints: if fingerprints.is_empty() {
                session.fingerprints()?
            } else {
                fingerprints
            },
            setup: if setup.is_none() {
                session.setup()?
            } else {
                setup
            },
            sctp_port: section.sctp_port()?.unwrap_or(SCTP_PORT),
            max_message_size: match section.max_message_size()? {
                Some(0) => None,
                Some(size) => Some(size),
                None => Some(DEFAULT_MAX_MESSAGE_SIZE),
            },
            candidates: section.candidates(),
            // RFC 8840 section 8.2: per section, or for all of them.
            end_of_candidates: section.has("end-of-candidates") || session.has("end-of-candidates"),
        })
    }
}

/// RFC 8841 section 4, and the form before it: `DTLS/SCTP 5000` with `a=sctpmap`.
fn is_data(media: &Media) -> bool {
    let format = media
        .formats
        .first()
        .map(String::as_str)
        .unwrap_or_default();
    let modern = matches!(media.protocol.as_str(), "UDP/DTLS/SCTP" | "TCP/DTLS/SCTP")
        && format == "webrtc-datachannel";
    let legacy = media.protocol == "DTLS/SCTP"
        && media
            .section
            .attribute("sctpmap")
            .is_some_and(|(_, v)| v.contains("webrtc-datachannel"));
    media.kind == "application" && (modern || legacy)
}

fn has_option(section: &Section, option: &str) -> bool {
    section.attributes("ice-options").any(|(_, options)| {
        options
            .split_ascii_whitespace()
            .any(|found| found == option)
    })
}
