//! `getStats` with the W3C's names.

use std::collections::BTreeSet;
use std::time::Duration;

use ironrtc_core::stats::{Stats, StatsReport, StatsValue};
use ironrtc_sim::{Pair, Setup, Side};

const UNIX_NOW: Duration = Duration::from_secs(1_790_000_000);

fn report(pair: &mut Pair, side: Side) -> StatsReport {
    let now = pair.now;
    pair.side(side).connection.stats(now, UNIX_NOW)
}

fn of_kind<'a>(report: &'a StatsReport, kind: &str) -> Vec<&'a Stats> {
    let of_kind = |object: &&Stats| object.stats_type().as_str() == kind;
    report.iter().filter(of_kind).collect()
}

fn field(object: &Stats, name: &str) -> StatsValue {
    object
        .member(name)
        .unwrap_or_else(|| panic!("{name} is missing in {object:?}"))
}

fn text(value: &str) -> StatsValue {
    StatsValue::Text(value.to_owned())
}

#[test]
fn a_fresh_connection_has_few_statistics() {
    let mut pair = Pair::new(Setup::new(50));
    let report = report(&mut pair, Side::A);
    let kinds: Vec<&str> = report
        .iter()
        .map(|object| object.stats_type().as_str())
        .collect();
    assert_eq!(kinds, ["certificate", "transport", "peer-connection"]);
    let transport = of_kind(&report, "transport")[0];
    assert_eq!(field(transport, "iceState"), text("new"));
    assert_eq!(field(transport, "dtlsState"), text("new"));
    assert_eq!(field(transport, "iceRole"), text("unknown"));
}

#[test]
fn objects_refer_to_each_other_and_keep_their_ids() {
    let mut pair = Pair::new(Setup::new(51));
    pair.connect();
    pair.run_for(Duration::from_secs(7));
    let first = report(&mut pair, Side::A);
    let ids: BTreeSet<&str> = first.iter().map(Stats::id).collect();
    assert_eq!(ids.len(), first.iter().count(), "ids are unique");
    for object in &first {
        for (name, value) in object.members() {
            if name.ends_with("Id")
                && let StatsValue::Text(id) = value
            {
                assert!(ids.contains(&*id), "{name} of {} is {id}", object.id());
            }
        }
    }
    let transport = of_kind(&first, "transport")[0];
    assert_eq!(field(transport, "iceRole"), text("controlling"));
    assert_eq!(field(transport, "dtlsRole"), text("server"));
    assert_eq!(field(transport, "dtlsState"), text("connected"));
    assert_eq!(field(transport, "tlsVersion"), text("FEFC"));
    let cipher = field(transport, "dtlsCipher");
    assert_eq!(cipher, text("TLS_AES_128_GCM_SHA256"));
    let changes = field(transport, "selectedCandidatePairChanges");
    assert_eq!(changes, StatsValue::Integer(1));
    assert_ne!(field(transport, "bytesSent"), StatsValue::Integer(0));
    assert_ne!(field(transport, "packetsReceived"), StatsValue::Integer(0));
    assert_eq!(of_kind(&first, "certificate").len(), 2);
    let pairs = of_kind(&first, "candidate-pair");
    assert_eq!(field(pairs[0], "state"), text("succeeded"));
    assert_eq!(field(pairs[0], "nominated"), StatsValue::Flag(true));
    assert_eq!(
        field(pairs[0], "currentRoundTripTime"),
        StatsValue::Float(0.002)
    );
    let local = of_kind(&first, "local-candidate")[0];
    assert_eq!(field(local, "address"), text("203.0.113.1"));
    assert_eq!(field(local, "candidateType"), text("host"));

    pair.run_for(Duration::from_secs(60));
    let later = report(&mut pair, Side::A);
    let later: BTreeSet<&str> = later.iter().map(Stats::id).collect();
    assert_eq!(ids, later);
}

#[test]
fn channels_are_counted() {
    let mut pair = Pair::new(Setup::new(52));
    let (at_a, at_b) = pair.open();
    pair.a
        .connection
        .channels_mut()
        .send(pair.now, at_a, "four".into())
        .unwrap();
    pair.a
        .connection
        .channels_mut()
        .send(pair.now, at_a, "".into())
        .unwrap();
    pair.run_for(Duration::from_secs(1));
    let at_a_report = report(&mut pair, Side::A);
    let channel = of_kind(&at_a_report, "data-channel")[0];
    let expected = [
        ("label", text("first")),
        ("protocol", text("")),
        ("state", text("open")),
        ("dataChannelIdentifier", StatsValue::Integer(1)),
        ("messagesSent", StatsValue::Integer(2)),
        ("bytesSent", StatsValue::Integer(4)),
        ("messagesReceived", StatsValue::Integer(0)),
    ];
    for (name, value) in expected {
        assert_eq!(field(channel, name), value, "{name}");
    }
    pair.b.connection.channels_mut().close(pair.now, at_b);
    pair.run_for(Duration::from_secs(1));
    let at_b_report = report(&mut pair, Side::B);
    let channel = of_kind(&at_b_report, "data-channel")[0];
    assert_eq!(field(channel, "bytesReceived"), StatsValue::Integer(4));
    assert_eq!(field(channel, "state"), text("closed"));
    let connection = of_kind(&at_b_report, "peer-connection")[0];
    for name in ["dataChannelsOpened", "dataChannelsClosed"] {
        assert_eq!(field(connection, name), StatsValue::Integer(1));
    }
}

#[test]
fn objects_are_found_by_type_and_reference_without_their_names() {
    let mut pair = Pair::new(Setup::new(53));
    pair.open();
    let report = report(&mut pair, Side::A);
    let transport = report.transports().next().expect("a transport");
    assert_eq!(transport.ice_state.as_str(), "completed");
    let selected = report.selected_candidate_pair(transport).expect("a pair");
    assert!(selected.nominated && selected.bytes_sent > 0);
    let local = report.get(&selected.local_candidate_id);
    assert!(matches!(local, Some(Stats::LocalCandidate(_))), "{local:?}");
    assert_eq!(report.data_channels().count(), 1);
    assert_eq!(report.certificates().count(), 2);
    let connection = report.peer_connection().expect("the connection");
    assert_eq!(connection.data_channels_opened, 1);
}
