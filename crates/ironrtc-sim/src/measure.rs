//! Bulk transfers and pings over a simulated link, measured in virtual time.

use std::time::Duration;

use ironrtc_core::channel::{ChannelId, Message};
use ironrtc_core::sctp::{CongestionAlgorithm, SctpStats};
use ironrtc_core::time::Time;

use crate::{Link, Pair, Setup, Side};

/// Size of the messages of a transfer.
const MESSAGE: usize = 16 * 1024;
/// How much an application keeps in the send buffer.
const BUFFERED: usize = 4 << 20;

/// Small messages that are answered, one after the other.
#[derive(Debug)]
pub struct Ping {
    here: ChannelId,
    there: ChannelId,
    /// Time between two.
    interval: Duration,
    next: Time,
    sent: Option<Time>,
    /// The round-trip times so far.
    pub times: Vec<Duration>,
}

/// A connection on which A sends to B as fast as it can.
#[derive(Debug)]
pub struct Flow {
    /// The connection.
    pub pair: Pair,
    channel: ChannelId,
    message: Vec<u8>,
    /// Pings beside the transfer.
    pub ping: Option<Ping>,
    /// Payload that has arrived, in bytes.
    pub received: usize,
}

/// What a time of measuring gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// Payload in Mbit/s.
    pub mbits: f64,
}

impl Flow {
    /// Connects over a link that is the same both ways, with a congestion control on both sides.
    pub fn new(seed: u64, link: Link, congestion: CongestionAlgorithm) -> Self {
        let mut setup = Setup::new(seed).link(link);
        setup.a.sctp.congestion = congestion;
        setup.b.sctp.congestion = congestion;
        let mut pair = Pair::new(setup);
        // As many as drivers hand to the system in one call.
        pair.a.max_segments = 64;
        pair.b.max_segments = 64;
        let (channel, _) = pair.open();
        Self {
            pair,
            channel,
            message: vec![7; MESSAGE],
            ping: None,
            received: 0,
        }
    }

    /// Begins to ping from A to B and back on a channel of its own.
    pub fn ping(&mut self, interval: Duration) {
        let now = self.pair.now;
        let known = self.pair.b.announced.len();
        let here = self.pair.a.create(now, "ping");
        let announced = self.pair.run_until(Duration::from_secs(30), |pair| {
            pair.b.announced.len() > known
        });
        assert!(announced, "the channel for pings is announced");
        self.ping = Some(Ping {
            here,
            there: self.pair.b.announced[known],
            interval,
            next: self.pair.now,
            sent: None,
            times: Vec::new(),
        });
    }

    /// Fills the send buffer and sends pings that are due.
    fn act(&mut self) {
        let now = self.pair.now;
        let connection = &mut self.pair.a.connection;
        while connection.transport().buffered_amount(self.channel) < BUFFERED {
            let message = Message::from(self.message.clone());
            connection
                .channels_mut()
                .send(now, self.channel, message)
                .expect("there is room in the send buffer");
        }
        if let Some(ping) = &mut self.ping
            && ping.sent.is_none()
            && ping.next <= now
        {
            ping.sent = Some(now);
            ping.next = now + ping.interval;
            connection
                .channels_mut()
                .send(now, ping.here, Message::from(vec![1; 32]))
                .expect("there is room in the send buffer");
        }
    }

    /// Takes what has arrived, and answers pings.
    fn collect(&mut self) {
        let now = self.pair.now;
        for (channel, messages) in std::mem::take(&mut self.pair.b.messages) {
            for message in messages {
                if self.ping.as_ref().is_some_and(|ping| ping.there == channel) {
                    self.pair
                        .b
                        .connection
                        .channels_mut()
                        .send(now, channel, message)
                        .expect("there is room in the send buffer");
                } else {
                    self.received += message.len();
                }
            }
        }
        let answered = !std::mem::take(&mut self.pair.a.messages).is_empty();
        if let Some(ping) = &mut self.ping
            && answered
            && let Some(sent) = ping.sent.take()
        {
            ping.times.push(now.since(sent));
        }
        self.pair.a.events.clear();
        self.pair.b.events.clear();
    }

    /// When something happens next, by `limit`.
    fn next(&mut self, limit: Time) -> Time {
        self.act();
        let next = self.pair.next_event().unwrap_or(limit);
        let ping = self.ping.as_ref().filter(|ping| ping.sent.is_none());
        next.min(ping.map_or(limit, |ping| ping.next)).min(limit)
    }

    fn advance(&mut self, to: Time) {
        self.pair.step(to);
        self.collect();
    }

    /// Goes on for a while.
    pub fn run(&mut self, time: Duration) -> Measured {
        let [measured] = run_together([self], time);
        measured
    }

    /// Figures of the sender.
    pub fn stats(&self) -> SctpStats {
        let transport = self.pair.a.connection.transport();
        transport.sctp().expect("an association").stats()
    }

    /// Has this flow and another send on one line.
    pub fn share_line(&mut self, other: &mut Self) {
        self.pair.share_line(Side::A, &mut other.pair);
    }
}

/// Runs flows side by side in one time.
pub fn run_together<const N: usize>(mut flows: [&mut Flow; N], time: Duration) -> [Measured; N] {
    let latest = flows.iter().map(|flow| flow.pair.now).max();
    let begin = latest.unwrap_or_default();
    for flow in &mut flows {
        // Set up one after the other, they meet where the last one is.
        flow.advance(begin);
        while flow.pair.now < begin {
            flow.advance(begin);
        }
    }
    let limit = begin + time;
    let before = flows.each_ref().map(|flow| flow.received);
    loop {
        let mut first = (limit, 0);
        for (index, flow) in flows.iter_mut().enumerate() {
            let next = flow.next(limit);
            if next < first.0 {
                first = (next, index);
            }
        }
        if first.0 >= limit {
            break;
        }
        if let Some(flow) = flows.get_mut(first.1) {
            flow.advance(first.0);
        }
    }
    for flow in &mut flows {
        flow.advance(limit);
    }
    let mut index = 0;
    flows.map(|flow| {
        let bytes = flow.received - before[index];
        index += 1;
        Measured {
            mbits: bytes as f64 * 8e-6 / time.as_secs_f64(),
        }
    })
}
