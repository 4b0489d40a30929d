//! What a peer connection and a bare transport begin with alike.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ironrtc_core::dtls::Certificate;
use ironrtc_core::observe::Observer;
use ironrtc_core::rng::Rng;
use ironrtc_core::time::Time;

use crate::clock::{self, Clock};
use crate::driver;
use crate::machine::Machine;
use crate::observe;
use crate::shared::Shared;
use crate::url;
use crate::{Configuration, ConfigurationError};

/// What a machine is made of, beside the configuration.
pub(crate) struct Beginning {
    pub(crate) certificate: Certificate,
    pub(crate) rng: Rng,
    /// The moment of [`Time::ZERO`].
    pub(crate) epoch: Instant,
    /// How long after 1970 that was.
    pub(crate) since_1970: Duration,
    pub(crate) now: Time,
    pub(crate) observer: Observer,
}

/// Makes a machine with `make`, and a task of the present runtime that drives it.
pub(crate) fn begin<M: Machine>(
    configuration: &Configuration,
    make: impl FnOnce(Beginning) -> M,
) -> Result<Arc<Shared<M>>, ConfigurationError> {
    let servers = url::servers(&configuration.ice_servers)?;
    let mut rng = clock::random()?;
    let certificate = configuration.certificate(&mut rng)?;
    let runtime =
        tokio::runtime::Handle::try_current().map_err(|_| ConfigurationError::NoRuntime)?;
    let bound = driver::bind(&configuration.bind)?;
    let clock = Clock::new();
    let (name, observer) = observe::for_new_connection(&configuration.observer);
    let beginning = Beginning {
        certificate,
        rng,
        epoch: clock.epoch(),
        since_1970: clock.since_1970(),
        now: clock.now(),
        observer,
    };
    let machine = name.span.in_scope(|| make(beginning));
    let window = configuration.sctp.receive_window;
    let shared = Shared::new(name, machine, clock, servers, window);
    driver::spawn(&runtime, shared.clone(), configuration.bind.clone(), bound);
    Ok(shared)
}
