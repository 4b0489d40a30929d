//! A datagram of RTCP: every packet, and all that it says.

use ironrtc_core::wire::rtcp::{Arrival, Compound, Packet, XrBlock};

/// Packets with a plausible head of each kind that has more than fields, and the count or format
/// that goes with it.
const HEADS: [(u8, u8); 9] = [
    (200, 1),
    (201, 2),
    (202, 3),
    (203, 4),
    (205, 1),
    (205, 11),
    (205, 15),
    (206, 4),
    (207, 0),
];

pub(crate) fn run(data: &[u8]) {
    read(data);
    let words = data.len() / 4;
    let Ok(field) = u16::try_from(words) else {
        return;
    };
    for (kind, count) in HEADS {
        let mut packet = vec![0x80 | count, kind];
        packet.extend_from_slice(&field.to_be_bytes());
        packet.extend_from_slice(&data[..words * 4]);
        read(&packet);
    }
}

fn read(data: &[u8]) {
    let Some(packets) = Compound::parse(data) else {
        return;
    };
    let mut count = 0;
    for packet in packets {
        count += 1;
        read_packet(packet, data.len());
    }
    assert!((1..=data.len() / 4).contains(&count));
}

/// Nothing says more than its bytes can.
fn read_packet(packet: Packet<'_>, length: usize) {
    match packet {
        Packet::SenderReport(report) => assert!(report.blocks.count() <= 31),
        Packet::ReceiverReport(report) => assert!(report.blocks.count() <= 31),
        Packet::SourceDescription(found) => {
            let items = found.chunks().map(|chunk| chunk.items().count());
            assert!(items.sum::<usize>() <= length / 2);
        }
        Packet::Goodbye(bye) => assert!(bye.sources.count() <= 31),
        Packet::Nack(nack) => assert!(nack.sequences().count() <= length / 4 * 17),
        Packet::FullIntraRequest(request) => assert!(request.requests.count() <= length / 8),
        Packet::MaxBitrate(remb) => assert!(remb.streams.count() <= length / 4),
        Packet::TransportFeedback(feedback) => {
            assert!(feedback.arrivals().count() <= length * 8);
            let told = feedback.arrivals().map(|arrival| match arrival {
                Arrival::Lost { packets, .. } => usize::from(packets),
                Arrival::Received { .. } => 1,
            });
            assert_eq!(told.sum::<usize>(), usize::from(feedback.packets));
        }
        Packet::CongestionFeedback(feedback) => {
            let reports = feedback.streams().map(|stream| stream.reports().count());
            assert!(reports.sum::<usize>() <= length / 2);
        }
        Packet::ExtendedReport(report) => {
            let entries = report.blocks.map(|block| match block {
                XrBlock::LastReceived(received) => received.count() + 1,
                _ => 1,
            });
            assert!(entries.sum::<usize>() <= length / 4);
        }
        _ => {}
    }
}
