//! What descriptions of ours are made of, to the letter of the grammar: offers and answers share it.

mod rtp;

pub(super) use rtp::RtpLines;

use super::read::SCTP_PORT;
use super::{JsepError, Mid, Negotiator, Setup};
use crate::dtls::{Fingerprint, HashAlgorithm};
use crate::ice::Credentials;
use crate::rtp::MediaKind;
use crate::wire::sdp::{Line, Media, Sdp, Section};

impl Negotiator {
    /// RFC 9429 section 5.2.1: the lines before the first section.
    pub(super) fn new_sdp(&self) -> Sdp {
        let mut session = Section::default();
        session.push('v', "0");
        session.push('o', "");
        session.push('s', "-");
        session.push('t', "0 0");
        session.push_attribute("msid-semantic", " WMS *");
        if self.config.ice_lite {
            session.push('a', "ice-lite");
        }
        Sdp {
            session,
            media: Vec::new(),
        }
    }

    /// A data section (RFC 8841).
    pub(super) fn data_media(
        &self,
        mid: Option<&Mid>,
        credentials: &Credentials,
        setup: Setup,
    ) -> Media {
        let mut section = Section::default();
        start(&mut section, mid);
        section.push('a', "sendrecv");
        section.push_attribute("sctp-port", SCTP_PORT);
        section.push_attribute("max-message-size", self.config.max_message_size);
        self.write_transport(&mut section, credentials, setup);
        Media {
            kind: "application".into(),
            port: 9,
            protocol: "UDP/DTLS/SCTP".into(),
            formats: vec!["webrtc-datachannel".into()],
            number: 0,
            section,
        }
    }

    /// A section for media (RFC 9429 section 5.2.1).
    pub(super) fn rtp_media(
        &self,
        lines: &RtpLines,
        kind: MediaKind,
        protocol: &str,
        mid: Option<&Mid>,
        credentials: &Credentials,
        setup: Setup,
    ) -> Media {
        let mut media = lines.to_media(kind, protocol, mid);
        self.write_transport(&mut media.section, credentials, setup);
        media
    }

    /// ICE and DTLS. In a bundle each section repeats it, as in Chromium: peers that look for it
    /// in the data section find it.
    fn write_transport(&self, section: &mut Section, credentials: &Credentials, setup: Setup) {
        section.push_attribute("ice-ufrag", credentials.ufrag());
        section.push_attribute("ice-pwd", credentials.pwd());
        section.push_attribute("ice-options", "trickle");
        // RFC 8122 section 5.1 allows several; one, as browsers write it, is what everybody compares
        // rightly: libdatachannel takes the last line's value and SHA-256 of the certificate.
        let sha256 = |f: &&Fingerprint| f.algorithm == HashAlgorithm::Sha256;
        let all = &self.config.fingerprints;
        if let Some(fingerprint) = all.iter().find(sha256).or_else(|| all.first()) {
            section.push_attribute("fingerprint", fingerprint);
        }
        section.push_attribute("setup", setup.name());
    }

    /// Adds the groups and the origin. The version is one more than that of the description before if
    /// the text has changed (RFC 9429 section 5.2.2), however often one is made before it is set.
    pub(super) fn finish(&self, mut sdp: Sdp, bundles: &[Vec<Mid>]) -> Result<String, JsepError> {
        for (number, bundle) in bundles.iter().enumerate() {
            let place = sdp.session.lines.len();
            sdp.session
                .push_attribute("group", format!("BUNDLE {}", words(bundle)));
            // Before the other attributes, where people look for it.
            if let Some(others) = sdp.session.lines.get_mut((4 + number).min(place)..) {
                others.rotate_right(1);
            }
        }
        let origin = self.origin(self.version + u64::from(self.is_changed(&sdp)));
        if let Some(line) = sdp.session.lines.iter_mut().find(|line| line.kind == 'o') {
            line.value = origin;
        }
        Ok(sdp.to_string())
    }

    /// Whether a description of ours says something else than the one before.
    pub(super) fn is_changed(&self, sdp: &Sdp) -> bool {
        let last = self.local();
        last.is_some_and(|last| !last.sdp.said_lines().eq(sdp.said_lines()))
    }

    fn origin(&self, version: u64) -> String {
        format!("- {} {} IN IP4 0.0.0.0", self.session_id, version)
    }
}

/// RFC 9429 section 5.3.1: a section that is not accepted has port 0 and none of its attributes.
pub(super) fn rejected(like: &Media, mid: Option<&Mid>) -> Media {
    let mut section = Section::default();
    start(&mut section, mid);
    if matches!(like.kind.as_str(), "audio" | "video") {
        section.push('a', "inactive");
    }
    Media {
        kind: like.kind.clone(),
        port: 0,
        protocol: like.protocol.clone(),
        formats: like.formats.clone(),
        number: 0,
        section,
    }
}

/// RFC 9143 section 6: a section that is offered in its bundle only has port 0.
pub(super) fn make_bundle_only(media: &mut Media) {
    media.port = 0;
    media.section.push('a', "bundle-only");
}

/// RFC 9429 section 5.2.1: the discard address until there are candidates. The tag is there if the
/// offer had one (RFC 9429 section 5.3.1).
fn start(section: &mut Section, mid: Option<&Mid>) {
    section.push('c', "IN IP4 0.0.0.0");
    if let Some(mid) = mid {
        section.push_attribute("mid", mid);
    }
}

/// Whether a value that is repeated is one line for whoever reads it.
pub(super) fn is_one_line(value: &str) -> bool {
    !value.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
}

fn words(mids: &[Mid]) -> String {
    let words: Vec<&str> = mids.iter().map(Mid::as_str).collect();
    words.join(" ")
}

impl Sdp {
    /// What the media sections say, but for what may change without a new version: candidates and
    /// the DTLS role.
    fn said_lines(&self) -> impl Iterator<Item = Said<'_>> {
        self.media.iter().flat_map(|media| {
            let lines = media.section.lines.iter().filter(|line| {
                !matches!(
                    line.attribute(),
                    Some(("candidate" | "end-of-candidates" | "setup", _))
                )
            });
            std::iter::once(Said::Media(media.line())).chain(lines.map(Said::Line))
        })
    }
}

/// A line of a media section, or the one that begins it.
#[derive(Debug)]
enum Said<'a> {
    Media(String),
    Line(&'a Line),
}

impl PartialEq for Said<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Media(ours), Self::Media(theirs)) => ours == theirs,
            (Self::Line(ours), Self::Line(theirs)) => {
                (ours.kind, &ours.value) == (theirs.kind, &theirs.value)
            }
            _ => false,
        }
    }
}
