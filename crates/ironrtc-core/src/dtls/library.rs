//! How the library is set up.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use dimpl::{Config, ConfigBuilder};

use super::records::TICK_EVERY;
use super::{DtlsError, tap};

/// Largest handshake datagram: fits IPv6's minimum MTU with UDP's header and a TURN header.
const HANDSHAKE_MTU: usize = 1200;
/// First retransmission of a flight. ICE has measured a working path by then, so RFC 9147's second
/// (section 5.8.2) would only slow down set-up on a lossy network.
pub(super) const FLIGHT_RTO: Duration = Duration::from_millis(200);
pub(super) const FLIGHT_RETRIES: usize = 8;
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(40);
/// Records of DTLS 1.3 under one key before its update: dimpl's default, of which it draws three
/// quarters to all. RFC 9147 section 4.5.3 allows 2^24.5.
const KEY_UPDATE_AFTER: u64 = 1 << 23;

/// Building a configuration tests the crypto library, which takes longer than a handshake.
pub(super) fn shared_config() -> Result<Arc<Config>, DtlsError> {
    static CONFIG: OnceLock<Result<Arc<Config>, String>> = OnceLock::new();
    let built = CONFIG.get_or_init(|| {
        let builder = config_builder().with_crypto_provider(tap::provider());
        let built = builder.build().map(Arc::new);
        built.map_err(|error| error.to_string())
    });
    built.clone().map_err(DtlsError::Setup)
}

/// All but where randomness comes from.
pub(super) fn config_builder() -> ConfigBuilder {
    Config::builder()
        .mtu(HANDSHAKE_MTU)
        // ICE has proved the peer's address by the time a ClientHello is read.
        .use_server_cookie(false)
        .flight_start_rto(FLIGHT_RTO)
        .flight_retries(FLIGHT_RETRIES)
        .handshake_timeout(HANDSHAKE_TIMEOUT)
        .aead_encryption_limit(KEY_UPDATE_AFTER / TICK_EVERY)
}
