//! The core's time and randomness, from the operating system's.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ironrtc_core::rng::Rng;
use ironrtc_core::time::Time;

use crate::ConfigurationError;

/// Maps the monotonic clock to the core's time: one for all connections of the process, as what one
/// receives another sends on, with its times.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    epoch: Instant,
}

impl Clock {
    pub(crate) fn new() -> Self {
        static EPOCH: OnceLock<Instant> = OnceLock::new();
        Self {
            epoch: *EPOCH.get_or_init(Instant::now),
        }
    }

    /// The moment of [`Time::ZERO`].
    pub(crate) const fn epoch(&self) -> Instant {
        self.epoch
    }

    /// How long after 1970 the moment of [`Time::ZERO`] was.
    pub(crate) fn since_1970(&self) -> Duration {
        unix_now().saturating_sub(self.epoch.elapsed())
    }

    pub(crate) fn now(&self) -> Time {
        let nanos = self.epoch.elapsed().as_nanos();
        Time::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// The `Instant` of a moment; never so far away that a timer cannot hold it.
    pub(crate) fn instant(&self, time: Time) -> Instant {
        const FAR: Duration = Duration::from_secs(365 * 24 * 3600);
        let offset = Duration::from_nanos(time.as_nanos()).min(self.epoch.elapsed() + FAR);
        self.epoch + offset
    }
}

/// The time since 1970; zero if the clock is before that.
pub(crate) fn unix_now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// A generator seeded by the operating system.
pub(crate) fn random() -> Result<Rng, ConfigurationError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| ConfigurationError::Entropy(error.to_string()))?;
    Ok(Rng::from_entropy(seed))
}
