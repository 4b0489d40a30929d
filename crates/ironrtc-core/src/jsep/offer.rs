//! Making offers (RFC 9429 section 5.2).

use std::collections::{BTreeSet, VecDeque};

use super::media::{self, Numbers};
use super::negotiator::DataWish;
use super::read::{Content, Description, MediaSection, RtpSection};
use super::transceiver::{Transceiver, TransceiverId};
use super::transports::MAX_TRANSPORTS;
use super::write::{RtpLines, make_bundle_only, rejected};
use super::{BundlePolicy, JsepError, Mid, Negotiator, OfferOptions, SessionDescription, Setup};
use crate::ice::Credentials;
use crate::rtp::MediaKind;
use crate::wire::sdp::{Media, Sdp};

/// RFC 9429 section 5.1.2.
const PROTOCOL: &str = "UDP/TLS/RTP/SAVPF";

impl Negotiator {
    /// An offer for the present state. The same state gives the same offer.
    pub fn create_offer(
        &mut self,
        options: &OfferOptions,
    ) -> Result<SessionDescription, JsepError> {
        self.check_open()?;
        self.apply_legacy_options(options);
        // All transports of an offer have the same credentials, as Chromium's have: some peers,
        // Pion among them, take no others in one description.
        let first = self.local().and_then(|base| base.transports.first());
        let first = first.map(|transport| transport.credentials.clone());
        let kept = self.kept_credentials();
        let new = self.renew(first, options.ice_restart);
        let kept: Vec<Option<Credentials>> = (kept.into_iter())
            .map(|present| present.map(|present| self.renew(Some(present), options.ice_restart)))
            .collect();
        let mut numbers = std::mem::take(&mut self.numbers);
        let (layout, drafted) = self.lay_out(&kept, &new, &mut numbers);
        self.numbers = numbers;
        self.transceivers.draft(drafted);
        let Layout {
            mut sdp,
            mids,
            bundles,
            ..
        } = layout;
        // In an offer that waits, nothing is in a bundle yet.
        let agreed = self.local().filter(|_| self.exchange.local().is_none());
        let mut room = MAX_TRANSPORTS.saturating_sub(agreed.map_or(0, |a| a.transports.len()));
        let is_kept = |place: usize| kept.get(place).is_some_and(Option::is_some);
        for bundle in &bundles {
            let negotiated = |place: usize| agreed.is_some() && is_kept(place);
            if self.is_agreed_bundle(bundle) {
                continue;
            }
            self.offer_bundle(&mut sdp, bundle, negotiated, &mut room);
        }
        let named = |bundle: Vec<usize>| {
            let mids = bundle.into_iter().filter_map(|place| mids.get(place));
            mids.cloned().collect()
        };
        let bundles: Vec<Vec<Mid>> = bundles.into_iter().map(named).collect();
        self.finish(sdp, &bundles).map(SessionDescription::offer)
    }

    /// The sections of an offer: those that there are, in their places, and new ones. What the
    /// transceivers of these are to be called comes with them.
    fn lay_out(
        &self,
        kept: &[Option<Credentials>],
        new: &Credentials,
        numbers: &mut Numbers,
    ) -> (Layout, Vec<(TransceiverId, Mid)>) {
        let base = self.local();
        let is_kept = |place: usize| kept.get(place).is_some_and(Option::is_some);
        let mut layout = Layout {
            sdp: self.new_sdp(),
            mids: Vec::new(),
            bundles: kept_bundles(base, is_kept),
            free: self.free_places(),
        };
        let mut data = false;
        let known = base.map(|base| base.sections.iter().zip(&base.sdp.media));
        for ((section, media), credentials) in known.into_iter().flatten().zip(kept) {
            let mid = Some(&section.mid);
            let offer = match (&section.content, credentials) {
                (Content::Data(_), Some(credentials)) => {
                    data = true;
                    self.data_media(mid, credentials, Setup::ActPass)
                }
                (Content::Rtp(rtp), Some(credentials)) => {
                    self.kept_media(&section.mid, rtp, media, credentials, numbers)
                }
                _ => rejected(media, mid),
            };
            layout.sdp.media.push(offer);
            layout.mids.push(section.mid.clone());
        }
        // What joins a bundle that was agreed on is connected over its transport.
        let joined = layout.bundles.first();
        let joined = joined.filter(|bundle| self.is_agreed_bundle(bundle));
        let joined = joined.and_then(|bundle| kept.get(*bundle.first()?)?.clone());
        let new = joined.as_ref().unwrap_or(new);
        let drafted = self.lay_out_new(&mut layout, new, numbers);
        let wanted = self.data != DataWish::None || self.config.always_negotiate_data_channels;
        if wanted && !data {
            let mid = self.fresh_mid(&layout.mids);
            let media = self.data_media(Some(&mid), new, Setup::ActPass);
            layout.add(media, mid);
        }
        (layout, drafted)
    }

    /// A section of media that goes on; `before` is what we last said of it.
    fn kept_media(
        &self,
        mid: &Mid,
        rtp: &RtpSection,
        before: &Media,
        credentials: &Credentials,
        numbers: &mut Numbers,
    ) -> Media {
        let lines = match self.transceivers.of(mid) {
            Some(known) => self.offer_lines(known, Some(rtp), numbers),
            None => media::idle_lines(rtp),
        };
        let (protocol, setup) = (&before.protocol, Setup::ActPass);
        self.rtp_media(&lines, rtp.kind, protocol, Some(mid), credentials, setup)
    }

    /// RFC 9429 section 5.2.1 and 5.2.2: a section for each transceiver that has none.
    fn lay_out_new(
        &self,
        layout: &mut Layout,
        credentials: &Credentials,
        numbers: &mut Numbers,
    ) -> Vec<(TransceiverId, Mid)> {
        let mut drafted = Vec::new();
        for transceiver in self.transceivers.iter() {
            let has_section = layout.mids.iter().any(|mid| transceiver.is_of(mid));
            if transceiver.is_stopping() || has_section {
                continue;
            }
            let mid = transceiver.drafted().cloned();
            let mid = mid.unwrap_or_else(|| self.fresh_mid(&layout.mids));
            let lines = self.offer_lines(transceiver, None, numbers);
            let kind = transceiver.kind();
            let (to, setup) = (Some(&mid), Setup::ActPass);
            let media = self.rtp_media(&lines, kind, PROTOCOL, to, credentials, setup);
            drafted.push((transceiver.id(), mid.clone()));
            layout.add(media, mid);
        }
        drafted
    }

    fn offer_lines(
        &self,
        transceiver: &Transceiver,
        before: Option<&RtpSection>,
        numbers: &mut Numbers,
    ) -> RtpLines {
        let cname = self.transceivers.cname();
        media::offer_lines(transceiver, before, &self.config.media, numbers, cname)
    }

    /// RFC 9429 section 5.2.2: places of sections that one side has rejected, which are used again:
    /// once both know, so not those that an offer which waits rejects, or has used already.
    fn free_places(&self) -> VecDeque<usize> {
        let Some(agreed) = &self.agreed else {
            return VecDeque::new();
        };
        let sections = agreed.local.sections.iter().zip(&agreed.remote.sections);
        let free = sections.enumerate().filter(|(index, (ours, theirs))| {
            let pending = self.exchange.local();
            let pending = pending.and_then(|pending| pending.sections.get(*index));
            let is_over = |section: &MediaSection| section.content == Content::Rejected;
            (is_over(ours) || !theirs.used) && pending.is_none_or(is_over)
        });
        free.map(|(index, _)| index).collect()
    }

    /// Whether the bundle with these places, the owner of the transport first, was agreed on.
    fn is_agreed_bundle(&self, places: &[usize]) -> bool {
        let owner = places.first().zip(self.current_local());
        let transport = owner.and_then(|(owner, local)| local.transport_of(*owner));
        transport.is_some_and(|transport| transport.bundled)
    }

    /// webrtc-pc section 4.4.3.3, "legacy configuration extensions".
    fn apply_legacy_options(&mut self, options: &OfferOptions) {
        let wishes = [
            (MediaKind::Audio, options.offer_to_receive_audio),
            (MediaKind::Video, options.offer_to_receive_video),
        ];
        for (kind, wish) in wishes {
            if let Some(receive) = wish {
                self.transceivers.offer_to_receive(kind, receive);
            }
        }
    }

    /// The present credentials of the sections that are kept.
    fn kept_credentials(&self) -> Vec<Option<Credentials>> {
        let Some(base) = self.local() else {
            return Vec::new();
        };
        let mut present = vec![None; base.sections.len()];
        for transport in &base.transports {
            for index in &transport.members {
                let goes_on = !self.declined(*index) && !self.ends(base, *index);
                if let Some(present) = present.get_mut(*index).filter(|_| goes_on) {
                    *present = Some(transport.credentials.clone());
                }
            }
        }
        present
    }

    /// The credentials that an offer has for those that are present, or for a new transport.
    fn renew(&mut self, present: Option<Credentials>, restart: bool) -> Credentials {
        let pending = self.exchange.local().is_some();
        self.renewal
            .offer(&mut self.rng, present.as_ref(), pending, restart)
    }

    /// RFC 9429 section 4.1.1: which sections of a bundle have a transport of their own, should the
    /// peer not bundle. The others are offered in the bundle only. What was `negotiated` stays as it
    /// is.
    fn offer_bundle(
        &self,
        sdp: &mut Sdp,
        bundle: &[usize],
        negotiated: impl Fn(usize) -> bool,
        room: &mut usize,
    ) {
        let mut kinds = BTreeSet::new();
        for (rank, place) in bundle.iter().enumerate() {
            let Some(media) = sdp.media.get_mut(*place) else {
                continue;
            };
            let own = match self.config.bundle_policy {
                BundlePolicy::Balanced => !kinds.contains(&media.kind),
                BundlePolicy::MaxCompat => true,
                BundlePolicy::MaxBundle => false,
            };
            kinds.insert(media.kind.clone());
            if negotiated(*place) {
                continue;
            }
            if rank == 0 || (own && *room > 0) {
                *room = room.saturating_sub(1);
            } else {
                make_bundle_only(media);
            }
        }
    }

    /// Whether the peer has declined our section in the last completed exchange.
    fn declined(&self, index: usize) -> bool {
        let peer = self
            .current_remote()
            .and_then(|remote| remote.sections.get(index));
        self.exchange.local().is_none() && peer.is_some_and(|peer| !peer.used)
    }

    /// Whether the transceiver of our section was stopped: it is offered as rejected.
    fn ends(&self, base: &Description, index: usize) -> bool {
        let section = base.sections.get(index);
        let transceiver = section.and_then(|section| self.transceivers.of(&section.mid));
        transceiver.is_some_and(Transceiver::is_stopping)
    }

    /// A name that no section has, and none of a transceiver's.
    fn fresh_mid(&self, taken: &[Mid]) -> Mid {
        let drafted = self.transceivers.iter().filter_map(Transceiver::drafted);
        let theirs = self.remote().into_iter().flat_map(|d| &d.sections);
        let known: BTreeSet<&Mid> = (taken.iter())
            .chain(theirs.map(|section| &section.mid))
            .chain(drafted)
            .collect();
        (0..=known.len())
            .map(Mid::from)
            .find(|mid| !known.contains(mid))
            .unwrap_or_else(|| known.len().into())
    }
}

/// An offer in the making.
struct Layout {
    sdp: Sdp,
    /// The sections' names.
    mids: Vec<Mid>,
    /// What is in each bundle, by places.
    bundles: Vec<Vec<usize>>,
    /// Places that a new section may take.
    free: VecDeque<usize>,
}

impl Layout {
    fn add(&mut self, media: Media, mid: Mid) {
        let place = self.free.pop_front().unwrap_or(self.sdp.media.len());
        match (self.sdp.media.get_mut(place), self.mids.get_mut(place)) {
            (Some(free), Some(name)) => (*free, *name) = (media, mid),
            _ => {
                self.sdp.media.push(media);
                self.mids.push(mid);
            }
        }
        match self.bundles.first_mut() {
            Some(first) => first.push(place),
            None => self.bundles.push(vec![place]),
        }
    }
}

/// The bundles with the sections that are kept, the owner of the transport first. What is in none
/// is offered in the first (RFC 9429 section 5.2.2).
fn kept_bundles(base: Option<&Description>, kept: impl Fn(usize) -> bool) -> Vec<Vec<usize>> {
    let mut bundles: Vec<Vec<usize>> = base
        .into_iter()
        .flat_map(|base| &base.bundles)
        .map(|bundle| {
            bundle
                .iter()
                .copied()
                .filter(|place| kept(*place))
                .collect()
        })
        .filter(|bundle: &Vec<usize>| !bundle.is_empty())
        .collect();
    let bundled: BTreeSet<usize> = bundles.iter().flatten().copied().collect();
    let count = base.map_or(0, |base| base.sections.len());
    let alone = (0..count).filter(|place| kept(*place) && !bundled.contains(place));
    match bundles.first_mut() {
        Some(first) => first.extend(alone),
        None => {
            bundles.extend(Some(alone.collect()).filter(|alone: &Vec<usize>| !alone.is_empty()))
        }
    }
    bundles
}
