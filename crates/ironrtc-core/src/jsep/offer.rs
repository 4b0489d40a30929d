//! Making offers (RFC 9429 section 5.2), and the lines that offers and answers share.

use super::media::{Description, MediaSection, SCTP_PORT};
use super::{JsepError, Negotiator, OfferOptions, SessionDescription, Setup};
use crate::dtls::{Fingerprint, HashAlgorithm};
use crate::ice::Credentials;
use crate::wire::sdp::{Media, Sdp, Section};

impl Negotiator {
    /// An offer for the present state. The same state gives the same offer.
    pub fn create_offer(
        &mut self,
        options: &OfferOptions,
    ) -> Result<SessionDescription, JsepError> {
        self.check_open()?;
        let base = self
            .pending_local
            .as_ref()
            .or(self.current_local.as_ref())
            .cloned();
        let credentials = self.offer_credentials(base.as_ref(), options.ice_restart);
        let mut sdp = self.new_sdp();
        let mut bundle = Vec::new();
        for (index, section) in base
            .iter()
            .flat_map(|base| base.sections.iter().enumerate())
        {
            if section.data && !self.declined(index) {
                bundle.push(section.mid.clone());
                sdp.media
                    .push(self.data_media(&section.mid, &credentials, Setup::ActPass));
            } else if let Some(media) = base.as_ref().and_then(|base| base.sdp.media.get(index)) {
                sdp.media.push(rejected(media, &section.mid));
            }
        }
        let wanted = self.data_wanted || self.config.always_negotiate_data_channels;
        if wanted && bundle.is_empty() {
            let mid = self.fresh_mid(base.as_ref());
            let media = self.data_media(&mid, &credentials, Setup::ActPass);
            bundle.push(mid);
            // RFC 9429 section 5.2.2: a section that both sides know as rejected is used again.
            match sdp.media.iter_mut().find(|media| media.port == 0) {
                Some(free) => *free = media,
                None => sdp.media.push(media),
            }
        }
        self.finish(sdp, &bundle).map(SessionDescription::offer)
    }

    /// Whether the peer has declined our section in the last completed exchange.
    fn declined(&self, index: usize) -> bool {
        let section = |description: &Option<Description>| -> Option<MediaSection> {
            description.as_ref()?.sections.get(index).cloned()
        };
        self.pending_local.is_none() && section(&self.current_remote).is_some_and(|peer| !peer.data)
    }

    /// Present credentials, or new ones for a first offer or a restart. New ones are kept until
    /// they are in force, so that offers repeat.
    fn offer_credentials(&mut self, base: Option<&Description>, restart: bool) -> Credentials {
        let present = base
            .and_then(Description::data)
            .and_then(|data| data.credentials.clone());
        match present {
            Some(present) if self.to_replace.contains(&present.ufrag) => self.draft_credentials(),
            Some(present) if !restart => present,
            // A pending offer has already restarted.
            Some(present)
                if self.pending_local.is_some() && self.draft.as_ref() == Some(&present) =>
            {
                present
            }
            _ => self.draft_credentials(),
        }
    }

    pub(super) fn draft_credentials(&mut self) -> Credentials {
        let rng = &mut self.rng;
        self.draft
            .get_or_insert_with(|| Credentials::generate(rng))
            .clone()
    }

    fn fresh_mid(&self, base: Option<&Description>) -> String {
        let known: Vec<&str> = base
            .into_iter()
            .chain(self.remote())
            .flat_map(|description| description.sections.iter().map(|s| s.mid.as_str()))
            .collect();
        // There are at most as many tags in use as sections are allowed.
        (0..=known.len())
            .map(|number| number.to_string())
            .find(|mid| !known.contains(&mid.as_str()))
            .unwrap_or_else(|| known.len().to_string())
    }

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
    pub(super) fn data_media(&self, mid: &str, credentials: &Credentials, setup: Setup) -> Media {
        let mut section = Section::default();
        // RFC 9429 section 5.2.1: the discard address until there are candidates.
        section.push('c', "IN IP4 0.0.0.0");
        section.push_attribute("mid", mid);
        section.push('a', "sendrecv");
        section.push_attribute("ice-ufrag", &credentials.ufrag);
        section.push_attribute("ice-pwd", &credentials.pwd);
        section.push_attribute("ice-options", "trickle");
        // RFC 8122 section 5.1 allows several; one, as browsers write it, is what everybody compares
        // rightly: libdatachannel takes the last line's value and SHA-256 of the certificate.
        let sha256 = |f: &&Fingerprint| f.algorithm == HashAlgorithm::Sha256;
        let fingerprints = &self.config.fingerprints;
        if let Some(fingerprint) = fingerprints.iter().find(sha256).or(fingerprints.first()) {
            section.push_attribute("fingerprint", fingerprint);
        }
        section.push_attribute("setup", setup.name());
        section.push_attribute("sctp-port", SCTP_PORT);
        section.push_attribute("max-message-size", self.config.max_message_size);
        Media {
            kind: "application".into(),
            port: 9,
            protocol: "UDP/DTLS/SCTP".into(),
            formats: vec!["webrtc-datachannel".into()],
            number: 0,
            section,
        }
    }

    /// Adds the group and the origin. The version grows with every change of the text (RFC 9429
    /// section 5.2.2), and only then.
    pub(super) fn finish(&mut self, mut sdp: Sdp, bundle: &[String]) -> Result<String, JsepError> {
        if !bundle.is_empty() {
            let place = sdp.session.lines.len();
            sdp.session
                .push_attribute("group", format!("BUNDLE {}", bundle.join(" ")));
            // Before the other attributes, where people look for it.
            sdp.session.lines.swap(4.min(place), place);
        }
        let known = [&self.pending_local, &self.current_local];
        let mut version = self.version;
        if let Some(last) = known.into_iter().flatten().next() {
            let origin = self.origin(version);
            if with_origin(&last.sdp, &origin).media_lines() != sdp.media_lines() {
                version += 1;
            }
        }
        self.version = version;
        let origin = self.origin(version);
        Ok(with_origin(&sdp, &origin).to_string())
    }

    fn origin(&self, version: u64) -> String {
        format!("- {} {} IN IP4 0.0.0.0", self.session_id, version)
    }
}

/// RFC 9429 section 5.3.1: a section that is not accepted has port 0 and none of its attributes.
pub(super) fn rejected(media: &Media, mid: &str) -> Media {
    let mut section = Section::default();
    section.push('c', "IN IP4 0.0.0.0");
    section.push_attribute("mid", mid);
    if matches!(media.kind.as_str(), "audio" | "video") {
        section.push('a', "inactive");
    }
    Media {
        port: 0,
        number: 0,
        section,
        ..media.clone()
    }
}

fn with_origin(sdp: &Sdp, origin: &str) -> Sdp {
    let mut sdp = sdp.clone();
    if let Some(line) = sdp.session.lines.iter_mut().find(|line| line.kind == 'o') {
        origin.clone_into(&mut line.value);
    }
    sdp
}

impl Sdp {
    /// All lines of media sections but candidates, to see whether anything changed.
    fn media_lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for media in &self.media {
            lines.push(media.line());
            let kept = media.section.lines.iter().filter(|line| {
                !matches!(
                    line.attribute(),
                    Some(("candidate" | "end-of-candidates" | "setup", _))
                )
            });
            lines.extend(kept.map(ToString::to_string));
        }
        lines
    }
}
