//! webrtc (webrtc-rs) under test, on its tokio runtime, as in its examples. `BENCH_ROOMY=1` gives
//! its sockets larger buffers, `BENCH_REACTORS` its connections threads of their own.
#![forbid(unsafe_code)]

mod peer;
mod runtime;

use std::sync::Arc;

use bench_harness::{Stack, buffered};
use webrtc::peer_connection::{PeerConnection, PeerConnectionBuilder, RTCSessionDescription};
use webrtc::runtime::{Runtime, TokioRuntime};

use crate::peer::{Handler, Peer};

struct Webrtc {
    runtime: Arc<dyn Runtime>,
    /// Threads of its own for the connections, which its own benchmark uses.
    reactors: usize,
}

impl Webrtc {
    async fn connection(&self, handler: Handler) -> Arc<dyn PeerConnection> {
        let connection = PeerConnectionBuilder::new()
            .with_runtime(self.runtime.clone())
            .with_handler(Arc::new(handler))
            .with_udp_addrs(vec!["127.0.0.1:0"])
            .with_dedicated_reactor_pool_size(self.reactors)
            .with_data_channel_send_buffer_limit(buffered())
            .build()
            .await
            .expect("a connection");
        Arc::new(connection)
    }
}

/// Waits until all candidates are known, and gives the description that holds them.
async fn gathered(connection: &dyn PeerConnection, peer: &Gathering) -> RTCSessionDescription {
    peer.notified().await;
    connection
        .local_description()
        .await
        .expect("a local description")
}

type Gathering = Arc<tokio::sync::Notify>;

impl Stack for Webrtc {
    type End = Peer;

    async fn pair(&self) -> (Peer, Peer) {
        let (left_handler, left_gathered, _) = Handler::new();
        let (right_handler, right_gathered, incoming) = Handler::new();
        let left = self.connection(left_handler).await;
        let right = self.connection(right_handler).await;
        let channel = left
            .create_data_channel("bench", None)
            .await
            .expect("a channel");

        let offer = left.create_offer(None).await.expect("an offer");
        left.set_local_description(offer).await.expect("our offer");
        let offer = gathered(&*left, &left_gathered).await;
        right.set_remote_description(offer).await.expect("an offer");
        let answer = right.create_answer(None).await.expect("an answer");
        right
            .set_local_description(answer)
            .await
            .expect("our answer");
        let answer = gathered(&*right, &right_gathered).await;
        left.set_remote_description(answer)
            .await
            .expect("an answer");
        (
            Peer::offering(left, channel),
            Peer::answering(right, incoming),
        )
    }
}

fn main() {
    let reactors = std::env::var("BENCH_REACTORS").map_or(0, |count| {
        count.parse().expect("BENCH_REACTORS is a number")
    });
    let runtime: Arc<dyn Runtime> = match std::env::var_os("BENCH_ROOMY") {
        Some(_) => Arc::new(runtime::Roomy),
        None => Arc::new(TokioRuntime),
    };
    bench_harness::run(Webrtc { runtime, reactors });
}
