//! The transports of senders, receivers and data channels, bundled and each for itself.

use ironrtc::{
    BundlePolicy, DataChannelInit, DtlsState, DtlsTransport, Event, Events, IceConnectionState,
    IceGatheringState, LocalTrack, MediaKind, PeerConnection, SessionDescription,
};

use crate::support::{announced, loopback, next, peer, soon};

/// A connection that sends audio, video and data, and offers a transport for each.
struct Offerer {
    connection: PeerConnection,
    events: Events,
}

impl Offerer {
    fn new(policy: BundlePolicy) -> Self {
        let connection = PeerConnection::new(loopback().bundle_policy(policy)).unwrap();
        let events = connection.events();
        for track in [LocalTrack::audio(), LocalTrack::video()] {
            connection.add_track(&track, &["mine"]).unwrap();
        }
        connection
            .create_data_channel("mine", DataChannelInit::default())
            .unwrap();
        Self { connection, events }
    }

    async fn offer(&self) -> SessionDescription {
        self.connection.set_local_description(None).await.unwrap();
        soon(self.connection.gathering_complete()).await;
        self.connection.local_description().unwrap()
    }

    /// The transports of audio, video and data.
    fn transports(&self) -> Vec<DtlsTransport> {
        transports(&self.connection)
    }

    /// Waits until this was told of each of these transports, in any order.
    async fn told(&mut self, transports: &[DtlsTransport], state: DtlsState) {
        let mut left = transports.to_vec();
        while !left.is_empty() {
            let changed = |event| match event {
                Event::DtlsStateChange(transport, now) if now == state => Some(transport),
                _ => None,
            };
            let changed = next(&mut self.events, changed).await;
            let place = left.iter().position(|one| *one == changed);
            left.remove(place.expect("it is one of them, and not told twice"));
        }
    }
}

fn transports(connection: &PeerConnection) -> Vec<DtlsTransport> {
    let senders = connection.senders().into_iter();
    let mut all: Vec<_> = senders
        .map(|sender| {
            let transport = sender.transport().expect("a description has it");
            let receiver = sender.transceiver().receiver();
            assert_eq!(receiver.transport().as_ref(), Some(&transport));
            transport
        })
        .collect();
    all.push(connection.data_transport());
    all
}

async fn answers(connection: &PeerConnection, offer: SessionDescription) -> SessionDescription {
    connection.set_remote_description(offer).await.unwrap();
    for sender in connection.senders() {
        assert_eq!(sender.transport(), None, "nothing is agreed on yet");
    }
    connection.set_local_description(None).await.unwrap();
    soon(connection.gathering_complete()).await;
    connection.local_description().unwrap()
}

#[tokio::test]
async fn sections_that_are_not_bundled_have_a_transport_each() {
    let mut one = Offerer::new(BundlePolicy::MaxCompat);
    let other = peer();
    let mut others = other.events();
    for sender in one.connection.senders() {
        assert_eq!(sender.transport(), None, "nothing is described yet");
    }
    let mut offer = one.offer().await;
    let offered = one.transports();
    for transport in &offered {
        assert_eq!(offered.iter().filter(|it| *it == transport).count(), 1);
        assert_eq!(transport.state(), DtlsState::New);
        let ice = transport.ice_transport();
        assert_eq!(ice.gathering_state(), IceGatheringState::Complete);
        assert_eq!(ice.local_candidates().len(), 1);
        assert_eq!(ice.remote_parameters(), None);
        assert_eq!(transport.remote_certificate(), None);
    }
    let groups: Vec<_> = (offer.sdp.lines())
        .filter(|line| !line.starts_with("a=group"))
        .collect();
    offer.sdp = groups.join("\r\n") + "\r\n";
    let answer = answers(&other, offer).await;
    one.connection.set_remote_description(answer).await.unwrap();
    assert_eq!(one.transports(), offered);

    one.told(&offered, DtlsState::Connected).await;
    soon(announced(&mut others)).await;
    let theirs = transports(&other);
    for (mine, peers) in offered.iter().zip(&theirs) {
        assert_eq!(mine.state(), DtlsState::Connected);
        let (here, there) = (mine.ice_transport(), peers.ice_transport());
        let (local, remote) = here.selected_candidate_pair().unwrap();
        assert_eq!(there.selected_candidate_pair(), Some((remote, local)));
        assert_eq!(here.local_parameters(), there.remote_parameters());
        assert_ne!(here.role(), there.role());
        assert!(mine.remote_certificate().is_some());
        assert_eq!(
            mine.remote_certificate(),
            one.connection.remote_certificate()
        );
    }
    let sctp = one.connection.sctp().unwrap();
    assert_eq!(sctp.transport, offered[2]);
    assert!(offered[2].carries_data() && !offered[0].carries_data());

    soon(other.close()).await;
    one.told(&offered, DtlsState::Closed).await;
}

#[tokio::test]
async fn a_bundle_leaves_one_transport_and_closes_the_others() {
    let mut one = Offerer::new(BundlePolicy::MaxCompat);
    let other = peer();
    let offer = one.offer().await;
    let offered = one.transports();
    let answer = answers(&other, offer).await;
    one.connection.set_remote_description(answer).await.unwrap();

    let [kept, gone @ ..] = &offered[..] else {
        unreachable!("there are three")
    };
    assert_eq!(one.transports(), vec![kept.clone(); 3]);
    assert_eq!(one.connection.sctp().unwrap().transport, *kept);
    for transport in gone {
        assert_eq!(transport.state(), DtlsState::Closed);
        let ice = transport.ice_transport();
        assert_eq!(ice.state(), IceConnectionState::Closed);
        assert_eq!(ice.selected_candidate_pair(), None);
    }
    one.told(gone, DtlsState::Closed).await;
    one.told(std::slice::from_ref(kept), DtlsState::Connected)
        .await;
    assert_eq!(transports(&other), vec![other.data_transport(); 3]);
}

#[tokio::test]
async fn an_ice_transport_tells_of_its_own_states() {
    use IceConnectionState::{Checking, Closed, Connected};
    use IceGatheringState::{Complete, Gathering};
    let mut one = Offerer::new(BundlePolicy::MaxCompat);
    let other = peer();
    let offer = one.offer().await;
    let ice: Vec<_> = (one.transports().iter())
        .map(DtlsTransport::ice_transport)
        .collect();
    let answer = answers(&other, offer).await;
    one.connection.set_remote_description(answer).await.unwrap();
    let mut told = vec![Vec::new(); ice.len()];
    let mut gathered = vec![Vec::new(); ice.len()];
    let place = |transport| ice.iter().position(|one| *one == transport).unwrap();
    let mut path = false;
    while !path || told[0].last() != Some(&Connected) {
        match soon(one.events.next()).await.unwrap() {
            Event::IceTransportStateChange(transport, state) => {
                told[place(transport)].push(state);
            }
            Event::IceTransportGatheringStateChange(transport, state) => {
                gathered[place(transport)].push(state);
            }
            Event::SelectedCandidatePairChange {
                transport, local, ..
            } => {
                let pair = transport.selected_candidate_pair().unwrap();
                assert_eq!(pair.0.socket_addr(), Some(local));
                assert_eq!(transport, ice[0]);
                path = true;
            }
            _ => {}
        }
    }
    assert_eq!(
        told,
        [vec![Checking, Connected], vec![Closed], vec![Closed]]
    );
    assert_eq!(gathered, vec![vec![Gathering, Complete]; 3]);
}

/// RFC 8829 section 4.1.1: one for each kind of media, and one for data.
#[tokio::test]
async fn a_balanced_offer_has_a_transport_for_each_kind() {
    let one = Offerer::new(BundlePolicy::Balanced);
    let more = one
        .connection
        .add_transceiver(MediaKind::Audio, Default::default());
    one.offer().await;
    let mut offered = one.transports();
    let second = offered.remove(2);
    assert_eq!(second, offered[0], "the other audio section");
    assert_eq!(more.unwrap().sender().transport(), Some(second));
    assert!(offered[0] != offered[1] && offered[1] != offered[2]);
    assert_ne!(offered[0], offered[2]);

    let back = SessionDescription::rollback();
    one.connection.set_local_description(back).await.unwrap();
    for sender in one.connection.senders() {
        assert_eq!(sender.transport(), None, "nothing is described any more");
    }
}

#[tokio::test]
async fn a_transport_keeps_its_connection_and_knows_its_own() {
    let (one, other) = (peer(), peer());
    assert_eq!(one.data_transport(), one.clone().data_transport());
    assert_ne!(one.data_transport(), other.data_transport());
    let transport = one.data_transport();
    let mut events = one.events();
    drop(one);
    assert_eq!(transport.state(), DtlsState::New);
    drop(transport);
    soon(async { while events.next().await.is_some() {} }).await;
}
