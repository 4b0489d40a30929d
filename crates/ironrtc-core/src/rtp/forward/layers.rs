//! The layers of a source, and which of them goes on to one receiver.

use std::time::Duration;

use crate::ids::Rid;
use crate::time::Time;

use super::Origin;

/// Most layers of a source. Browsers send three.
const MAX_LAYERS: usize = 8;
/// A layer that is silent so long, while another is not, is not sent at present.
const SILENT: Duration = Duration::from_secs(1);
/// The choice is made anew so often.
const INTERVAL: Duration = Duration::from_millis(50);
/// After it went down nothing better is taken for so long.
const DWELL: Duration = Duration::from_secs(2);
/// Of 20 parts that there are, a better layer may take 17, and the present one 21: rates vary.
const PARTS: u64 = 20;
const UP: u64 = 17;
const STAY: u64 = 21;

/// Which layer of a simulcast a sender forwards. It changes with the next key frame of the layer that
/// is to come, which is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayerChoice {
    /// The best one that fits what the receiver's congestion control gives the sender.
    #[default]
    Automatic,
    /// The best one of at most so many bits a second, or else the least.
    Within(u64),
    /// The one of this name. While it does not come, the best one.
    Named(Rid),
}

#[derive(Debug)]
struct Layer {
    stream: u64,
    rid: Option<Rid>,
    bitrate: u64,
    last: Time,
}

/// The layers of the source that is forwarded.
#[derive(Debug, Default)]
pub(super) struct Layers {
    choice: LayerChoice,
    track: Option<u64>,
    layers: Vec<Layer>,
    newest: Time,
    looked: Option<Time>,
    lowered: Option<Time>,
    chosen: Option<u64>,
}

impl Layers {
    pub(super) fn set_choice(&mut self, choice: LayerChoice) {
        self.choice = choice;
        self.looked = None;
        self.lowered = None;
    }

    pub(super) fn name(&self, stream: u64) -> Option<&Rid> {
        let mut layers = self.layers.iter();
        layers.find(|layer| layer.stream == stream)?.rid.as_ref()
    }

    pub(super) fn on_packet(&mut self, now: Time, origin: &Origin, rid: Option<&Rid>) {
        if self.track != Some(origin.track) {
            // Another source takes the place of this one.
            self.track = Some(origin.track);
            self.layers.clear();
            (self.looked, self.lowered, self.chosen) = (None, None, None);
        }
        self.newest = now;
        let mut layers = self.layers.iter_mut();
        if let Some(layer) = layers.find(|layer| layer.stream == origin.stream) {
            layer.bitrate = origin.bitrate;
            layer.last = now;
            return;
        }
        // A layer that comes from another source of the same peer is that layer all the same.
        self.layers
            .retain(|layer| rid.is_none() || layer.rid.as_ref() != rid);
        if self.layers.len() >= MAX_LAYERS {
            let oldest = self.layers.iter().enumerate();
            if let Some((index, _)) = oldest.min_by_key(|(_, layer)| layer.last) {
                self.layers.swap_remove(index);
            }
        }
        self.layers.push(Layer {
            stream: origin.stream,
            rid: rid.cloned(),
            bitrate: origin.bitrate,
            last: now,
        });
        self.looked = None;
    }

    /// The layer that is to go on, if it is time to ask.
    pub(super) fn choose(
        &mut self,
        now: Time,
        current: Option<u64>,
        budget: impl FnOnce() -> Option<u64>,
    ) -> Option<u64> {
        if self
            .looked
            .is_some_and(|looked| now.since(looked) < INTERVAL)
        {
            return self.chosen;
        }
        self.looked = Some(now);
        let newest = self.newest;
        let present = |layer: &&Layer| newest.since(layer.last) < SILENT;
        let best = || {
            let present = self.layers.iter().filter(present);
            present.max_by_key(|layer| layer.bitrate)
        };
        let chosen = match &self.choice {
            LayerChoice::Named(name) => {
                let named = |layer: &&Layer| layer.rid.as_ref() == Some(name);
                self.layers.iter().filter(present).find(named).or_else(best)
            }
            LayerChoice::Within(bits) => self.within(now, current, *bits),
            LayerChoice::Automatic => match budget() {
                Some(bits) => self.within(now, current, bits),
                None => best(),
            },
        };
        let before = self
            .layers
            .iter()
            .find(|layer| Some(layer.stream) == self.chosen);
        let rate = |layer: Option<&Layer>| layer.map_or(0, |layer| layer.bitrate);
        let is_less = rate(chosen) < rate(before);
        self.chosen = chosen.map(|layer| layer.stream);
        if is_less {
            self.lowered = Some(now);
        }
        self.chosen
    }

    /// What the next better layer would take, if only the receiver's congestion control stands against
    /// it.
    pub(super) fn lacks(&self) -> Option<u64> {
        if self.choice != LayerChoice::Automatic {
            return None;
        }
        let chosen = self
            .layers
            .iter()
            .find(|layer| Some(layer.stream) == self.chosen)?;
        let rates = self.layers.iter().filter_map(|layer| {
            let is_present = self.newest.since(layer.last) < SILENT;
            (is_present && layer.bitrate > chosen.bitrate).then_some(layer.bitrate)
        });
        Some(rates.min()?.saturating_mul(PARTS).div_ceil(UP))
    }

    /// The best layer of at most so many bits a second, without going to and fro.
    fn within(&self, now: Time, current: Option<u64>, bits: u64) -> Option<&Layer> {
        let newest = self.newest;
        let present = || {
            let layers = self.layers.iter();
            layers.filter(|layer| newest.since(layer.last) < SILENT)
        };
        let fits = |rate: u64, parts: u64| rate.saturating_mul(PARTS) <= bits.saturating_mul(parts);
        let chosen = self.chosen.or(current);
        let stays = present()
            .find(|layer| Some(layer.stream) == chosen)
            .filter(|layer| fits(layer.bitrate, STAY));
        // Of a layer whose rate is not known yet, nothing is.
        let known = present().filter(|layer| layer.bitrate > 0);
        let better = known
            .filter(|layer| fits(layer.bitrate, if stays.is_some() { UP } else { PARTS }))
            .max_by_key(|layer| layer.bitrate);
        let dwells = self.lowered.is_some_and(|at| now.since(at) < DWELL);
        match (stays, better) {
            (Some(stays), Some(better)) if better.bitrate <= stays.bitrate || dwells => Some(stays),
            (Some(stays), None) => Some(stays),
            (_, Some(better)) => Some(better),
            (None, None) => present().min_by_key(|layer| layer.bitrate),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(layers: &mut Layers, millis: u64, layer: usize) {
        let rid = ["q", "h", "f"][layer].parse().ok();
        let origin = Origin {
            stream: layer as u64,
            track: 1,
            position: 0,
            bitrate: [100_000, 400_000, 1_500_000][layer],
            captured: Time::ZERO,
            payload: None,
            begins: true,
        };
        layers.on_packet(Time::from_millis(millis), &origin, rid.as_ref());
    }

    fn choose(layers: &mut Layers, millis: u64, current: u64, bits: u64) -> Option<u64> {
        for layer in 0..3 {
            packet(layers, millis, layer);
        }
        layers.choose(Time::from_millis(millis), Some(current), || Some(bits))
    }

    #[test]
    fn the_best_layer_that_fits_is_chosen_without_going_to_and_fro() {
        let mut layers = Layers::default();
        assert_eq!(choose(&mut layers, 0, 9, 500_000), Some(1));
        // It stays while it fits, and nothing better is taken until there is room enough.
        assert_eq!(choose(&mut layers, 3_000, 1, 385_000), Some(1));
        assert_eq!(choose(&mut layers, 3_100, 1, 1_550_000), Some(1));
        assert_eq!(choose(&mut layers, 3_200, 1, 350_000), Some(0));
        assert_eq!(
            choose(&mut layers, 3_300, 0, 9_000_000),
            Some(0),
            "it dwells"
        );
        assert_eq!(choose(&mut layers, 5_300, 0, 9_000_000), Some(2));
        assert_eq!(choose(&mut layers, 5_400, 2, 10), Some(0), "down at once");
    }

    #[test]
    fn a_layer_that_is_not_sent_is_not_chosen() {
        let mut layers = Layers::default();
        assert_eq!(choose(&mut layers, 0, 9, 9_000_000), Some(2));
        for millis in (0..2_000).step_by(100) {
            packet(&mut layers, millis, 0);
            packet(&mut layers, millis, 1);
        }
        let chosen = layers.choose(Time::from_millis(2_000), Some(2), || Some(9_000_000));
        assert_eq!(chosen, Some(1));
        layers.set_choice(LayerChoice::Named("f".parse().expect("a name")));
        let now = Time::from_millis(2_000);
        assert_eq!(layers.choose(now, Some(1), || None), Some(1));
        packet(&mut layers, 2_100, 2);
        let now = Time::from_millis(2_100);
        assert_eq!(layers.choose(now, Some(1), || None), Some(2));
    }

    #[test]
    fn layers_are_bounded() {
        let mut layers = Layers::default();
        for stream in 0..100 {
            let origin = Origin {
                stream,
                track: 1,
                position: 0,
                bitrate: 0,
                captured: Time::ZERO,
                payload: None,
                begins: true,
            };
            layers.on_packet(Time::from_millis(stream), &origin, None);
        }
        assert_eq!(layers.layers.len(), MAX_LAYERS);
    }
}
