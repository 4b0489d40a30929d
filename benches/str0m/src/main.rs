//! str0m under test.
//!
//! str0m brings no sockets, so this program is its driver: one task per peer, which does what its
//! documentation asks for after each input. `bench-str0m` sends and receives one datagram per
//! system call, as str0m's examples do; with `BENCH_GSO=1` it goes further and sends runs of
//! equal packets with GSO and receives with GRO.
#![forbid(unsafe_code)]

mod peer;
mod socket;

use bench_harness::Stack;
use str0m::change::SdpOffer;
use str0m::{Candidate, Rtc};

use crate::peer::Peer;
use crate::socket::Socket;

struct Str0m {
    gso: bool,
}

impl Stack for Str0m {
    type End = Peer;

    async fn pair(&self) -> (Peer, Peer) {
        let mut left = Peer::new(Socket::bind(self.gso));
        let mut right = Peer::new(Socket::bind(self.gso));
        for peer in [&mut left, &mut right] {
            let host = Candidate::host(peer.local_address(), "udp").expect("a host candidate");
            peer.rtc().add_local_candidate(host);
        }
        let (offer, pending) = offer(left.rtc());
        let answer = right
            .rtc()
            .sdp_api()
            .accept_offer(offer)
            .expect("an answer");
        left.rtc()
            .sdp_api()
            .accept_answer(pending, answer)
            .expect("the answer fits the offer");
        (left, right)
    }
}

fn offer(rtc: &mut Rtc) -> (SdpOffer, str0m::change::SdpPendingOffer) {
    let mut change = rtc.sdp_api();
    change.add_channel("bench".into());
    change.apply().expect("a channel is a change")
}

fn main() {
    str0m::crypto::from_feature_flags().install_process_default();
    bench_harness::run(Str0m {
        gso: std::env::var_os("BENCH_GSO").is_some(),
    });
}
