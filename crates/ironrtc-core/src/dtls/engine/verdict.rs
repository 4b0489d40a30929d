//! Errors of the library in a handshake: which of them end it, and whose fault they are.

use dimpl::{Error, SecurityError as Security};

use crate::dtls::HandshakeError;

/// Whether no retransmission can repair it.
pub(super) fn is_final(error: &Error) -> bool {
    matches!(
        error,
        Error::CertificateError(_) | Error::SecurityError(_) | Error::Timeout(_)
    )
}

/// Whose fault it is.
pub(super) fn of(error: &Error) -> HandshakeError {
    let text = error.to_string();
    match error {
        Error::Timeout(_) => HandshakeError::TimedOut(text),
        Error::SecurityError(Security::FatalAlert { description }) => {
            HandshakeError::Refused(*description)
        }
        Error::SecurityError(
            Security::UnsupportedHelloVerifyRequestVersion(_)
            | Security::UnsupportedServerVersion(_)
            | Security::UnsupportedClientVersion(_)
            | Security::UnsupportedKeyExchangeAlgorithm
            | Security::ExtendedMasterSecretNotNegotiated
            | Security::NoMutuallyAcceptableCipherSuite
            | Security::ClientHelloMissingDtls13SupportedVersions
            | Security::NoCommonCipherSuite
            | Security::NoCommonKeyExchangeGroup
            | Security::ServerDidNotNegotiateDtls13
            | Security::UnsupportedSignatureScheme(_),
        ) => HandshakeError::PeerIncompatible(text),
        // We make our own signature, which fits.
        Error::SecurityError(Security::SignatureTooLarge) => HandshakeError::Library(text),
        Error::SecurityError(_) | Error::CertificateError(_) | Error::RenegotiationAttempt => {
            HandshakeError::PeerMisbehaved(text)
        }
        _ => HandshakeError::Library(text),
    }
}

#[cfg(test)]
mod tests {
    use dimpl::TimeoutError;

    use super::*;

    #[test]
    fn a_peer_that_has_nothing_in_common_is_told_from_one_that_cheats_and_one_that_is_silent() {
        let of = |error: Security| of(&Error::SecurityError(error));
        assert!(matches!(
            of(Security::NoCommonCipherSuite),
            HandshakeError::PeerIncompatible(_)
        ));
        assert!(matches!(
            of(Security::ServerFinishedVerificationFailed),
            HandshakeError::PeerMisbehaved(_)
        ));
        let alert = Security::FatalAlert { description: 47 };
        assert_eq!(of(alert), HandshakeError::Refused(47));
        let silent = super::of(&Error::Timeout(TimeoutError::Handshake));
        assert_eq!(
            silent,
            HandshakeError::TimedOut("timeout: handshake".into())
        );
    }

    #[test]
    fn only_what_retransmission_cannot_repair_is_final() {
        assert!(is_final(&Error::SecurityError(
            Security::NoCommonCipherSuite
        )));
        assert!(!is_final(&Error::IncompleteServerHello));
        assert!(!is_final(&Error::ReceiveQueueFull));
    }
}
