//! Making offers (RFC 9429 section 5.2).

use std::collections::BTreeSet;

use super::negotiator::DataWish;
use super::read::{Content, Description};
use super::transports::MAX_TRANSPORTS;
use super::write::{make_bundle_only, rejected};
use super::{BundlePolicy, JsepError, Mid, Negotiator, OfferOptions, SessionDescription, Setup};
use crate::ice::Credentials;
use crate::wire::sdp::Sdp;

impl Negotiator {
    /// An offer for the present state. The same state gives the same offer.
    pub fn create_offer(
        &mut self,
        options: &OfferOptions,
    ) -> Result<SessionDescription, JsepError> {
        self.check_open()?;
        // All transports of an offer have the same credentials, as Chromium's have: some peers,
        // Pion among them, take no others in one description.
        let first = self.local().and_then(|base| base.transports.first());
        let first = first.map(|transport| transport.credentials.clone());
        let kept = self.kept_credentials();
        let new = self.renew(first, options.ice_restart);
        let kept: Vec<Option<Credentials>> = (kept.into_iter())
            .map(|present| present.map(|present| self.renew(Some(present), options.ice_restart)))
            .collect();
        let base = self.local();
        let mut sdp = self.new_sdp();
        let is_kept = |index: usize| kept.get(index).is_some_and(Option::is_some);
        let mut bundles = kept_bundles(base, is_kept);
        let known = base.map(|base| base.sections.iter().zip(&base.sdp.media));
        let mut data = None;
        for ((section, media), credentials) in known.into_iter().flatten().zip(&kept) {
            let mid = Some(&section.mid);
            sdp.media.push(match (&section.content, credentials) {
                (Content::Data(_), Some(credentials)) => {
                    data = Some(sdp.media.len());
                    self.data_media(mid, credentials, Setup::ActPass)
                }
                (Content::Rtp(rtp), Some(credentials)) => {
                    self.rtp_media(media, rtp, mid, credentials, Setup::ActPass)
                }
                _ => rejected(media, mid),
            });
        }
        let mut mids: Vec<Mid> = base
            .into_iter()
            .flat_map(|base| base.sections.iter().map(|section| section.mid.clone()))
            .collect();
        let wanted = self.data != DataWish::None || self.config.always_negotiate_data_channels;
        if wanted && data.is_none() {
            let mid = self.fresh_mid(base);
            let media = self.data_media(Some(&mid), &new, Setup::ActPass);
            // RFC 9429 section 5.2.2: a section that both sides know as rejected is used again.
            let free = sdp.media.iter().position(|media| media.port == 0);
            let place = free.unwrap_or(sdp.media.len());
            match (sdp.media.get_mut(place), mids.get_mut(place)) {
                (Some(free), Some(name)) => (*free, *name) = (media, mid),
                _ => {
                    sdp.media.push(media);
                    mids.push(mid);
                }
            }
            match bundles.first_mut() {
                Some(first) => first.push(place),
                None => bundles.push(vec![place]),
            }
        }
        // In an offer that waits, nothing is in a bundle yet.
        let agreed = base.filter(|_| self.exchange.local().is_none());
        let mut room = MAX_TRANSPORTS.saturating_sub(agreed.map_or(0, |a| a.transports.len()));
        for bundle in &bundles {
            let negotiated = |place: usize| agreed.is_some() && is_kept(place);
            self.offer_bundle(&mut sdp, bundle, negotiated, &mut room);
        }
        let named = |bundle: Vec<usize>| {
            let mids = bundle.into_iter().filter_map(|place| mids.get(place));
            mids.cloned().collect()
        };
        let bundles: Vec<Vec<Mid>> = bundles.into_iter().map(named).collect();
        self.finish(sdp, &bundles).map(SessionDescription::offer)
    }

    /// The present credentials of the sections that are kept.
    fn kept_credentials(&self) -> Vec<Option<Credentials>> {
        let Some(base) = self.local() else {
            return Vec::new();
        };
        let mut present = vec![None; base.sections.len()];
        for transport in &base.transports {
            for index in &transport.members {
                if let Some(present) = present.get_mut(*index).filter(|_| !self.declined(*index)) {
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

    fn fresh_mid(&self, base: Option<&Description>) -> Mid {
        let known: Vec<&Mid> = base
            .into_iter()
            .chain(self.remote())
            .flat_map(|description| description.sections.iter().map(|s| &s.mid))
            .collect();
        // There are at most as many tags in use as sections are allowed.
        (0..=known.len())
            .map(Mid::from)
            .find(|mid| !known.contains(&mid))
            .unwrap_or_else(|| known.len().into())
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
