//! Short codes under which a sender waits for its receiver.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::wire::Wire;
use super::words::WORDS;

/// Senders that wait at once.
const MAX_CODES: usize = 64;
/// How long a sender waits.
pub(super) const LIFETIME: Duration = Duration::from_secs(600);
/// The number in front: 1 to this.
const NUMBERS: u16 = 99;

/// Senders that wait, by their codes.
#[derive(Debug, Default)]
pub(super) struct Codes(HashMap<String, Waiting>);

#[derive(Debug)]
struct Waiting {
    since: Instant,
    meet: oneshot::Sender<Wire>,
}

impl Codes {
    /// A new code. The receiver gets the wire to whoever redeems it. `None` if too many wait.
    pub(super) fn create(
        &mut self,
        now: Instant,
        mut random: impl FnMut() -> u64,
    ) -> Option<(String, oneshot::Receiver<Wire>)> {
        self.0.retain(|_, waiting| waiting.is_alive(now));
        if self.0.len() >= MAX_CODES {
            return None;
        }
        // With 64 of 1.6 million codes taken, two attempts nearly always do.
        let code = (0..16)
            .map(|_| code_of(random()))
            .find(|code| !self.0.contains_key(code))?;
        let (meet, met) = oneshot::channel();
        self.0.insert(code.clone(), Waiting { since: now, meet });
        Some((code, met))
    }

    /// Hands the wire to the sender that waits under `code`; a code works once.
    pub(super) fn redeem(&mut self, code: &str, now: Instant, wire: Wire) -> bool {
        self.0
            .remove(code)
            .is_some_and(|waiting| waiting.is_alive(now) && waiting.meet.send(wire).is_ok())
    }
}

impl Waiting {
    /// False once it has expired or the sender has gone.
    fn is_alive(&self, now: Instant) -> bool {
        now.duration_since(self.since) < LIFETIME && !self.meet.is_closed()
    }
}

/// Such as `7-amber-lamp`.
fn code_of(random: u64) -> String {
    let [.., a, b, high, low] = random.to_be_bytes();
    let number = u16::from_be_bytes([a, b]) % NUMBERS + 1;
    let word = |byte: u8| WORDS[usize::from(byte) % WORDS.len()];
    format!("{number}-{}-{}", word(high), word(low))
}

#[cfg(test)]
mod tests {
    use super::super::wire::pair;
    use super::*;

    fn counter() -> impl FnMut() -> u64 {
        let mut next = 0;
        move || {
            next += 1;
            next
        }
    }

    #[test]
    fn a_code_works_once_and_for_a_while() {
        let mut codes = Codes::default();
        let now = Instant::now();
        let mut random = counter();
        let (code, mut met) = codes.create(now, &mut random).unwrap();
        assert!(!codes.redeem("1-no-code", now, pair().0));
        assert!(codes.redeem(&code, now, pair().0));
        assert!(met.try_recv().is_ok());
        assert!(!codes.redeem(&code, now, pair().0));
        let (late, _met) = codes.create(now, &mut random).unwrap();
        assert!(!codes.redeem(&late, now + LIFETIME, pair().0));
        let (gone, met) = codes.create(now, &mut random).unwrap();
        drop(met);
        assert!(!codes.redeem(&gone, now, pair().0));
    }

    #[test]
    fn the_number_of_codes_is_bounded() {
        let mut codes = Codes::default();
        let now = Instant::now();
        let mut random = counter();
        let waiting: Vec<_> = (0..MAX_CODES)
            .map(|_| codes.create(now, &mut random).unwrap())
            .collect();
        assert!(codes.create(now, &mut random).is_none());
        assert!(codes.create(now + LIFETIME, &mut random).is_some());
        drop(waiting);
        assert!(codes.create(now, &mut random).is_some());
    }

    #[test]
    fn a_taken_code_is_not_given_again() {
        let mut codes = Codes::default();
        let now = Instant::now();
        let first = codes.create(now, || 5);
        assert!(first.is_some());
        assert!(codes.create(now, || 5).is_none());
    }

    #[test]
    fn codes_are_easy_to_say() {
        assert_eq!(code_of(0), format!("1-{}-{}", WORDS[0], WORDS[0]));
        assert!(
            WORDS
                .iter()
                .all(|word| word.len() <= 7 && word.bytes().all(|c| c.is_ascii_lowercase()))
        );
        let distinct: std::collections::BTreeSet<_> = WORDS.iter().collect();
        assert_eq!(distinct.len(), WORDS.len());
    }
}
