//! Datagrams of a stranger for a DTLS engine: no application byte comes out of them.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use arbitrary::Arbitrary;
use ironrtc_core::dtls::{Certificate, CertificateOptions, DtlsState, Engine, Role};
use ironrtc_core::rng::Rng;
use ironrtc_core::time::Time;

const MOST_OPERATIONS: usize = 32;
const MOST_OUTPUT: usize = 64;

#[derive(Arbitrary, Debug)]
enum Operation {
    /// Bytes as they come.
    Datagram(Vec<u8>),
    /// A record with a true header.
    Record {
        content: u8,
        version: bool,
        epoch: u8,
        sequence: u8,
        body: Vec<u8>,
    },
    /// What the victim sent before, changed in one place, comes back.
    Echo { at: u16, byte: u8 },
    /// Milliseconds pass.
    Wait(u16),
}

fn certificate() -> &'static (Certificate, Instant) {
    static MADE: OnceLock<(Certificate, Instant)> = OnceLock::new();
    MADE.get_or_init(|| {
        let now = Duration::from_secs(1_790_000_000);
        let mut rng = Rng::from_test_seed(1);
        let certificate = Certificate::generate(CertificateOptions::default(), now, &mut rng);
        (certificate.expect("a certificate"), Instant::now())
    })
}

pub(crate) fn run(data: &[u8]) {
    let Some((&role, data)) = data.split_first() else {
        return;
    };
    let (certificate, epoch) = certificate();
    let role = if role & 1 == 0 {
        Role::Server
    } else {
        Role::Client
    };
    let expected = certificate.fingerprints();
    let mut now = Time::ZERO;
    let engine = Engine::new(certificate, role, expected, *epoch, now);
    let mut engine = engine.expect("an engine");
    let mut last = Vec::new();
    for operation in crate::operations::<Operation>(data, MOST_OPERATIONS) {
        let mut datagram = match operation {
            Operation::Datagram(bytes) => bytes,
            Operation::Record {
                content,
                version,
                epoch,
                sequence,
                body,
            } => {
                let Ok(length) = u16::try_from(body.len()) else {
                    continue;
                };
                let mut record = vec![20 + content % 7, 254, if version { 253 } else { 255 }];
                record.extend([0, epoch % 4, 0, 0, 0, 0, 0, sequence]);
                record.extend(length.to_be_bytes());
                record.extend(body);
                record
            }
            Operation::Echo { at, byte } => {
                let mut bytes: Vec<u8> = last.clone();
                let length = bytes.len().max(1);
                if let Some(place) = bytes.get_mut(usize::from(at) % length) {
                    *place = byte;
                }
                bytes
            }
            Operation::Wait(millis) => {
                now += Duration::from_millis(millis.into());
                engine.handle_timeout(now);
                Vec::new()
            }
        };
        engine.handle_datagram(now, &mut datagram, &mut |_| {
            panic!("application data out of nothing")
        });
        let mut sent = 0;
        loop {
            let mut out = Vec::new();
            if engine.poll_transmit(&mut out).is_none() {
                break;
            }
            last = out;
            sent += 1;
            assert!(sent <= MOST_OUTPUT, "one datagram made {sent} others");
        }
        assert_ne!(engine.state(), DtlsState::Connected);
    }
}
