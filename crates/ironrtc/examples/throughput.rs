//! How fast two peers of one process are: set-up time, echo of 64 bytes, and one-way throughput.
//!
//! `cargo run --release --example throughput -- [seconds] [message size]`

use std::time::{Duration, Instant};

use bytes::Bytes;
use ironrtc::{Configuration, DataChannel, DataChannelInit, Event, PeerConnection};

type Anything<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

struct Pair {
    connections: [PeerConnection; 2],
    sender: DataChannel,
    receiver: DataChannel,
}

fn peer() -> Anything<PeerConnection> {
    Ok(PeerConnection::new(
        Configuration::default().bind(vec!["127.0.0.1:0".parse()?]),
    )?)
}

/// Offer and answer without trickle, up to an open channel on both sides.
async fn connect() -> Anything<Pair> {
    let (offerer, answerer) = (peer()?, peer()?);
    let mut events = answerer.events();
    let sender = offerer.create_data_channel("probe", DataChannelInit::default())?;
    offerer.set_local_description(None).await?;
    offerer.gathering_complete().await;
    let offer = offerer.local_description().ok_or("no offer")?;
    answerer.set_remote_description(offer).await?;
    answerer.set_local_description(None).await?;
    answerer.gathering_complete().await;
    let answer = answerer.local_description().ok_or("no answer")?;
    offerer.set_remote_description(answer).await?;
    let receiver = loop {
        match events.next().await {
            Some(Event::DataChannel(channel)) => break channel,
            Some(_) => {}
            None => return Err("the connection was closed".into()),
        }
    };
    sender.opened().await?;
    Ok(Pair {
        connections: [offerer, answerer],
        sender,
        receiver,
    })
}

async fn close(pair: Pair) {
    for connection in pair.connections {
        connection.close().await;
    }
}

fn median(mut values: Vec<Duration>) -> (Duration, Duration) {
    values.sort_unstable();
    let at = |percent: usize| values[(values.len() - 1) * percent / 100];
    (at(50), at(99))
}

async fn set_up() -> Anything<()> {
    let mut times = Vec::new();
    for _ in 0..50 {
        let start = Instant::now();
        let pair = connect().await?;
        times.push(start.elapsed());
        close(pair).await;
    }
    let (half, most) = median(times);
    println!("set-up       median {half:?}, 99 % within {most:?}");
    Ok(())
}

async fn echo(rounds: usize) -> Anything<()> {
    let pair = connect().await?;
    let receiver = pair.receiver.clone();
    let echo = tokio::spawn(async move {
        while let Some(message) = receiver.recv().await {
            if receiver.send(message).is_err() {
                break;
            }
        }
    });
    let payload = Bytes::from(vec![7; 64]);
    let mut times = Vec::new();
    for _ in 0..rounds {
        let start = Instant::now();
        pair.sender.send(payload.clone())?;
        pair.sender.recv().await.ok_or("closed")?;
        times.push(start.elapsed());
    }
    let (half, most) = median(times);
    println!("echo         median {half:?}, 99 % within {most:?}");
    close(pair).await;
    echo.await?;
    Ok(())
}

async fn throughput(size: usize, duration: Duration) -> Anything<()> {
    let pair = connect().await?;
    let receiver = pair.receiver.clone();
    let reading = tokio::spawn(async move {
        let (mut bytes, mut messages) = (0_u64, 0_u64);
        let mut span = None;
        while let Some(message) = receiver.recv().await {
            bytes += message.len() as u64;
            messages += 1;
            let now = Instant::now();
            let (start, _) = span.get_or_insert((now, now));
            span = Some((*start, now));
        }
        (bytes, messages, span)
    });
    let sender = pair.sender.clone();
    // In a task of its own: what `main` runs is not on a worker thread.
    let sending = tokio::spawn(async move {
        let payload = Bytes::from(vec![7; size]);
        let end = Instant::now() + duration;
        while Instant::now() < end {
            for _ in 0..8 {
                sender.send(payload.clone())?;
            }
            sender.buffered_amount_below(1 << 20).await?;
        }
        Anything::Ok(())
    });
    sending.await??;
    pair.sender.close();
    let (bytes, messages, span) = reading.await?;
    if let Some((start, end)) = span {
        let seconds = (end - start).as_secs_f64();
        let rate = bytes as f64 * 8.0 / seconds / 1e6;
        let per_second = messages as f64 / seconds;
        println!("{size:6} bytes {rate:8.0} Mbit/s, {per_second:9.0} messages/s");
    }
    close(pair).await;
    Ok(())
}

#[tokio::main]
async fn main() -> Anything<()> {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().map_or(Ok(3), |text| text.parse())?;
    let sizes = match arguments.next() {
        Some(text) => vec![text.parse()?],
        None => vec![1024, 16 * 1024, 64 * 1024],
    };
    tokio::spawn(set_up()).await??;
    tokio::spawn(echo(5000)).await??;
    for size in sizes {
        tokio::spawn(throughput(size, Duration::from_secs(seconds))).await??;
    }
    Ok(())
}
