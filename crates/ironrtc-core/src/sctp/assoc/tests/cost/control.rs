//! Chunks that carry no user data: what they cost against streams, messages and chunks that wait.

use super::*;
use crate::sctp::assoc::state::State;
use crate::sctp::packet::init::{Extensions, Init, write_init};
use crate::sctp::packet::param::cause;
use crate::sctp::packet::{CHUNK_HEADER_LEN, HEADER_LEN, write_checksum};

/// A victim that keeps as much as `count` says of everything: streams of both directions, what
/// waits to be read or for what is missing, what is sent and not acknowledged, and what waits for
/// that.
fn burdened(count: u32) -> Attack {
    let mut attack = Attack::new(true);
    attack.build(count, |attack, out, n| {
        attack.data(out, n as u16, 0, FLAG_BEGIN | FLAG_END);
        attack.data(out, n as u16, 2, FLAG_BEGIN);
    });
    for stream in 0..count {
        attack.pair.send(1, stream as u16, "answer");
    }
    let now = attack.pair.now;
    let mut out = Vec::new();
    while attack.victim().write_packet(now, &mut out).is_some() {
        out.clear();
    }
    for stream in 0..count {
        attack.victim().reset_stream(now, StreamId(stream as u16));
    }
    attack.pair.ends[1].collect();
    attack
}

fn own_init(tag: u32) -> Init {
    Init {
        tag,
        window: 1 << 20,
        outbound_streams: u16::MAX,
        inbound_streams: u16::MAX,
        initial_tsn: Tsn(tag),
        extensions: Extensions {
            forward_tsn: true,
            reconfig: true,
            interleaving: true,
            ..Extensions::default()
        },
    }
}

/// Parameters or causes without a value, as many as fit.
fn params(kind: u16) -> Vec<u8> {
    let mut params = Vec::new();
    while params.len() < PACKET - 100 {
        write_param(&mut params, kind, &[]);
    }
    params
}

#[test]
fn chunks_of_control_do_not_look_at_what_is_kept() {
    let nonce = {
        let mut info = Vec::new();
        write_param(&mut info, param_kind::HEARTBEAT_INFO, &[&[7; 8]]);
        info
    };
    let small: [(&str, u8, &[u8]); 12] = [
        ("HEARTBEAT", kind::HEARTBEAT, &[]),
        ("HEARTBEAT-ACK", kind::HEARTBEAT_ACK, &nonce),
        ("ERROR", kind::ERROR, &[0, 3, 0, 4]),
        ("COOKIE-ACK", kind::COOKIE_ACK, &[]),
        ("INIT-ACK", kind::INIT_ACK, &[1; 16]),
        ("SHUTDOWN", kind::SHUTDOWN, &[0; 4]),
        ("SHUTDOWN-ACK", kind::SHUTDOWN_ACK, &[]),
        ("SHUTDOWN-COMPLETE", kind::SHUTDOWN_COMPLETE, &[]),
        ("ABORT", kind::ABORT, &[]),
        ("PAD", kind::PAD, &[]),
        ("a chunk that is reported", 0xff, &[]),
        ("a chunk that is skipped", 0xbf, &[]),
    ];
    for (name, kind, value) in small {
        assert_independent(name, |count| {
            burdened(count).inject_full(|_, out| write_chunk(out, kind, 0, value))
        });
    }
    for (name, kind, kind_of_params) in [
        ("causes of an ERROR", kind::ERROR, 1),
        ("causes of an ABORT", kind::ABORT, 1),
        ("parameters of a RE-CONFIG", kind::RECONFIG, 0xc001),
        ("responses", kind::RECONFIG, param_kind::RECONFIG_RESPONSE),
    ] {
        assert_independent(name, |count| {
            let mut chunks = Vec::new();
            write_chunk(&mut chunks, kind, 0, &params(kind_of_params));
            burdened(count).inject(&chunks)
        });
    }
}

/// A packet to no association yet.
fn inject_init(attack: &mut Attack, more: &[u8]) -> u64 {
    let mut init = Vec::new();
    write_init(&mut init, &own_init(4711), None, &[]);
    let mut packet = Vec::new();
    write_header(&mut packet, 5000, 5000, 0);
    let value = [&init[CHUNK_HEADER_LEN..], more].concat();
    write_chunk(&mut packet, kind::INIT, 0, &value);
    write_checksum(&mut packet, 0);
    let work = work::of(|| attack.pair.inject(1, &packet));
    let mut answer = Vec::new();
    let now = attack.pair.now;
    attack.victim().write_packet(now, &mut answer).unwrap();
    assert_eq!(answer[HEADER_LEN], kind::INIT_ACK);
    work
}

#[test]
fn an_init_costs_as_much_as_its_parameters() {
    for kind in [
        param_kind::FORWARD_TSN,
        param_kind::STATE_COOKIE,
        0x8000,
        0xc001,
    ] {
        assert_independent("INIT", |count| {
            inject_init(&mut burdened(count), &params(kind))
        });
    }
}

/// The peer starts over (RFC 9260 section 5.2.4, case A).
fn restart(attack: &mut Attack) -> u64 {
    let now = attack.pair.now;
    let mut out = Vec::new();
    while attack.victim().write_packet(now, &mut out).is_some() {
        out.clear();
    }
    let mut init = Vec::new();
    let number = attack.victim().peer_tag.wrapping_add(1);
    write_init(&mut init, &own_init(number), None, &[]);
    let mut packet = Vec::new();
    write_header(&mut packet, 5000, 5000, 0);
    packet.extend_from_slice(&init);
    write_checksum(&mut packet, 0);
    let first = work::of(|| attack.pair.inject(1, &packet));
    attack.victim().write_packet(now, &mut out).unwrap();
    let answer = &out[HEADER_LEN + CHUNK_HEADER_LEN..];
    let tag = u32::from_be_bytes(answer[..4].try_into().unwrap());
    let cookie = Params::new(&answer[16..])
        .find(|param| param.kind == param_kind::STATE_COOKIE)
        .unwrap();
    let mut packet = Vec::new();
    write_header(&mut packet, 5000, 5000, tag);
    write_chunk(&mut packet, kind::COOKIE_ECHO, 0, cookie.value);
    write_checksum(&mut packet, 0);
    let second = work::of(|| attack.pair.inject(1, &packet));
    assert_eq!(attack.victim().local_tag, tag);
    attack.pair.ends[1].collect();
    first + second
}

#[test]
fn starting_over_costs_what_it_took_to_use_the_streams() {
    for count in [500, 1000] {
        let mut attack = burdened(count);
        let first = restart(&mut attack);
        assert!(first <= 6 * u64::from(count), "{first}");
    }
    // There is nothing left to give up.
    assert_independent("COOKIE-ECHO", |count| {
        let mut attack = burdened(count);
        restart(&mut attack);
        restart(&mut attack)
    });
}

#[test]
fn an_acknowledgement_does_not_look_at_what_it_acknowledges_again() {
    let outstanding = |count: u32| {
        let mut attack = Attack::new(true);
        for _ in 0..count {
            attack.pair.send(1, 1, "x");
        }
        let now = attack.pair.now;
        let mut out = Vec::new();
        while attack.victim().write_packet(now, &mut out).is_some() {
            out.clear();
        }
        assert_eq!(attack.victim().stats().in_flight, count as usize);
        attack
    };
    let before = |attack: &mut Attack| attack.victim().local_tsn.0.wrapping_sub(1);
    // Blocks that lie in another, or are the same, or the wrong way round, or beyond what was sent.
    let narrow = (1..200_u16).map(|n| (2 * n, 2 * n));
    let wide = (1..200_u16).map(|n| (2 * n, 399));
    let wrong = (1..200_u16).map(|n| (400 - n, n));
    let beyond = (1..200_u16).map(|n| (n, 60_000));
    let cases: [(&str, Vec<(u16, u16)>); 4] = [
        ("narrow", narrow.collect()),
        ("wide", wide.collect()),
        ("wrong", wrong.collect()),
        ("beyond", beyond.collect()),
    ];
    for (name, blocks) in cases {
        assert_independent(name, |count| {
            let mut attack = outstanding(count);
            let cumulative = Tsn(before(&mut attack));
            let duplicates: Vec<Tsn> = (1..200)
                .map(|n| Tsn(cumulative.0.wrapping_add(n)))
                .collect();
            let sack = |_: &mut Attack, out: &mut Vec<u8>| {
                write_sack(out, cumulative, 0, blocks.iter().copied(), &duplicates);
            };
            attack.inject_full(sack);
            attack.pair.now += Duration::from_secs(1);
            attack.inject_full(sack);
            attack.inject_full(sack)
        });
    }
    // As many SACKs as fit, each with another window.
    assert_independent("windows", |count| {
        let mut attack = outstanding(count);
        let cumulative = Tsn(before(&mut attack));
        let mut window = 0;
        attack.inject_full(|_, out| {
            window = 100_000 - window;
            write_sack(out, cumulative, window, [].into_iter(), &[]);
        })
    });
}

/// What answers our INIT, while as much as `count` says waits to be sent.
fn waiting(count: u32) -> Attack {
    let mut attack = Attack {
        pair: Pair::new(SctpConfig::default(), 1),
        interleaved: true,
        tsn: 0,
        request: 0,
    };
    let now = attack.pair.now;
    attack.victim().connect(now);
    let mut out = Vec::new();
    while attack.victim().write_packet(now, &mut out).is_some() {
        out.clear();
    }
    for n in 0..count {
        attack.pair.send(1, n as u16, "early");
    }
    assert_eq!(attack.victim().state(), SctpState::Connecting);
    attack
}

/// An INIT-ACK of a peer that takes so many streams.
fn answer(streams: u16, cookie: usize, more: &[u8]) -> Vec<u8> {
    let mut init = own_init(4711);
    init.inbound_streams = streams;
    let mut chunk = Vec::new();
    write_init(&mut chunk, &init, Some(&vec![7; cookie]), &[]);
    let value = [&chunk[CHUNK_HEADER_LEN..], more].concat();
    let mut out = Vec::new();
    write_chunk(&mut out, kind::INIT_ACK, 0, &value);
    out
}

/// What our application has used before is noted once, and whatever else the peer says is
/// independent of it.
#[test]
fn an_answer_to_our_init_costs_as_much_as_its_bytes() {
    let noted = |name: &str, worst: &dyn Fn(u32) -> u64| {
        assert_independent(name, |count| worst(count) - u64::from(count));
    };
    for kind in [
        param_kind::FORWARD_TSN,
        param_kind::STATE_COOKIE,
        0x8000,
        0xc001,
    ] {
        noted("INIT-ACK", &|count| {
            let mut attack = waiting(count);
            let work = attack.inject(&answer(u16::MAX, 4, &params(kind)));
            assert_eq!(attack.victim().state, State::CookieEchoed, "{kind}");
            work
        });
    }
    // One packet that answers, says that the cookie was stale, answers again, and so on.
    let mut stale = Vec::new();
    let mut causes = Vec::new();
    write_param(&mut causes, cause::STALE_COOKIE, &[&[0; 4]]);
    write_chunk(&mut stale, kind::ERROR, 0, &causes);
    let both = [answer(u16::MAX, 4, &[]), stale].concat();
    noted("INIT-ACK and ERROR", &|count| {
        waiting(count).inject_full(|_, out| out.extend_from_slice(&both))
    });
    // As many answers as fit: all but the first are too many.
    noted("INIT-ACKs", &|count| {
        waiting(count).inject_full(|_, out| out.extend(answer(u16::MAX, 4, &[])))
    });
}

/// A peer that takes few streams has us give up what waits on others, once.
#[test]
fn an_answer_that_takes_few_streams_costs_what_is_given_up() {
    for count in [500, 1000] {
        let mut attack = waiting(count);
        let work = attack.inject(&answer(1, 4, &[]));
        assert!(work <= 3 * u64::from(count) + 20, "{work}");
        let again = attack.inject(&answer(1, 4, &[]));
        assert!(again <= 20, "{again}");
    }
}
