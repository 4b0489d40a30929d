//! Messages, back-pressure and the events of channels.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use futures_core::Stream;
use ironrtc::{
    Configuration, DataChannel, DataChannelEvent, DataChannelInit, DataChannelState, Message,
    Priority, SendError,
};

use crate::support::{announced, loopback, pair, pair_with, peer, soon};

async fn event(channel: &DataChannel, wanted: DataChannelEvent) {
    soon(async {
        loop {
            let event = channel.next_event().await;
            let event = event.unwrap_or_else(|| panic!("no {wanted:?} came"));
            if event == wanted {
                return;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn every_kind_of_message_arrives_as_it_was_sent() {
    let pair = pair().await;
    let (mine, theirs) = pair.channels;
    let large: Vec<u8> = (0..256 * 1024_u32).map(|i| (i % 251) as u8).collect();
    let messages = [
        Message::from("text with é and 🦀"),
        Message::from(vec![0, 255, 0]),
        Message::from(""),
        Message::from(Vec::new()),
        Message::from(large),
    ];
    for message in &messages {
        mine.send(message.clone()).unwrap();
        assert_eq!(soon(theirs.recv()).await.as_ref(), Some(message));
        theirs.send(message.clone()).unwrap();
        assert_eq!(soon(mine.recv()).await.as_ref(), Some(message));
    }
    assert_eq!(theirs.try_recv(), None);
    assert_eq!(mine.buffered_amount(), 0);
}

#[tokio::test]
async fn a_channel_is_a_stream_of_its_messages() {
    let pair = pair().await;
    let (mine, mut theirs) = pair.channels;
    let reader = tokio::spawn(async move {
        let mut texts = Vec::new();
        while let Some(message) = poll_fn(|context| pin!(&mut theirs).poll_next(context)).await {
            texts.push(message.as_text().map(str::to_owned));
        }
        texts
    });
    // The second comes when the reader waits already.
    for text in ["one", "two"] {
        mine.send(text).unwrap();
        soon(mine.buffered_amount_below(0)).await.unwrap();
        tokio::task::yield_now().await;
    }
    mine.close();
    let texts = soon(reader).await.unwrap();
    assert_eq!(texts, [Some("one".to_owned()), Some("two".to_owned())]);
}

#[tokio::test]
async fn a_channel_has_the_same_properties_at_both_ends() {
    let init = DataChannelInit {
        ordered: false,
        max_retransmits: Some(3),
        protocol: "proto".into(),
        priority: Priority::High,
        ..DataChannelInit::default()
    };
    let pair = pair_with(loopback(), loopback(), init).await;
    let (mine, theirs) = &pair.channels;
    for end in [mine, theirs] {
        assert_eq!(end.label(), "test");
        assert_eq!(end.protocol(), "proto");
        assert!(!end.ordered() && !end.negotiated());
        assert_eq!(end.max_retransmits(), Some(3));
        assert_eq!(end.max_packet_life_time(), None);
        assert_eq!(end.priority(), Priority::High);
        assert_eq!(end.ready_state(), DataChannelState::Open);
    }
    assert!(mine.id().is_some());
    assert_eq!(mine.id(), theirs.id());
    assert_ne!(format!("{mine:?}"), "");
    assert!(pair.offerer.sctp().unwrap().max_channels.is_some());
}

#[tokio::test]
async fn negotiated_channels_meet_without_an_announcement() {
    let mut pair = pair().await;
    let init = DataChannelInit {
        negotiated: true,
        id: Some(100),
        ..DataChannelInit::default()
    };
    let mine = pair.offerer.create_data_channel("a", init.clone()).unwrap();
    let theirs = pair.answerer.create_data_channel("b", init).unwrap();
    event(&mine, DataChannelEvent::Open).await;
    event(&theirs, DataChannelEvent::Open).await;
    mine.send("ping").unwrap();
    assert!(soon(theirs.recv()).await.is_some());
    // Only the other kind is announced.
    let plain = DataChannelInit::default();
    let _announced = pair.offerer.create_data_channel("c", plain).unwrap();
    let channel = announced(&mut pair.answerer_events).await;
    assert_eq!(channel.label(), "c");
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused() {
    let alone = peer();
    let channel = alone
        .create_data_channel("early", DataChannelInit::default())
        .unwrap();
    assert_eq!(channel.ready_state(), DataChannelState::Connecting);
    assert_eq!(channel.send("early"), Err(SendError::NotOpen));
    let pair = pair().await;
    let size = 256 * 1024 + 1;
    let refused = pair.channels.0.send(vec![0; size]).unwrap_err();
    let limit = 256 * 1024;
    assert_eq!(refused, SendError::TooLarge { size, limit });
}

#[tokio::test]
async fn close_reaches_the_other_side_after_what_was_sent() {
    for by_offerer in [true, false] {
        let pair = pair().await;
        let (mine, theirs) = match by_offerer {
            true => pair.channels,
            false => (pair.channels.1, pair.channels.0),
        };
        mine.send("first").unwrap();
        mine.close();
        assert_eq!(mine.send("second"), Err(SendError::NotOpen));
        event(&theirs, DataChannelEvent::Closing).await;
        let message = soon(theirs.recv()).await;
        assert_eq!(message.unwrap().as_text(), Some("first"));
        assert_eq!(soon(theirs.recv()).await, None);
        for end in [mine, theirs] {
            event(&end, DataChannelEvent::Close).await;
            assert_eq!(end.ready_state(), DataChannelState::Closed);
            assert_eq!(soon(end.next_event()).await, None);
        }
    }
}

/// An unread message makes the peer wait, and nothing is lost once it is read.
#[tokio::test]
async fn who_does_not_read_makes_the_sender_wait() {
    const SIZE: usize = 16 * 1024;
    const COUNT: usize = 256;
    const WINDOW: usize = 256 * 1024;
    let mut configuration = loopback();
    configuration.sctp.receive_window = WINDOW;
    let pair = pair_with(loopback(), configuration, DataChannelInit::default()).await;
    let (mine, theirs) = pair.channels;
    for index in 0..COUNT {
        mine.send(vec![index as u8; SIZE]).unwrap();
    }
    let total = SIZE * COUNT;
    soon(mine.buffered_amount_below(total - WINDOW / 2))
        .await
        .unwrap();
    let waiting = mine.buffered_amount();
    assert!(waiting + 2 * WINDOW > total, "{waiting} of {total} wait");
    for index in 0..COUNT {
        let message = soon(theirs.recv()).await.unwrap().into_bytes();
        assert_eq!(message, vec![index as u8; SIZE]);
    }
    soon(mine.buffered_amount_below(0)).await.unwrap();
}

#[tokio::test]
async fn the_low_threshold_is_told() {
    let pair = pair().await;
    let (mine, theirs) = pair.channels;
    mine.set_buffered_amount_low_threshold(10_000);
    assert_eq!(mine.buffered_amount_low_threshold(), 10_000);
    mine.send(vec![0; 200_000]).unwrap();
    event(&mine, DataChannelEvent::BufferedAmountLow).await;
    assert!(mine.buffered_amount() <= 10_000);
    assert!(soon(theirs.recv()).await.is_some());
}

/// A future of `recv` that is dropped has taken nothing with it.
#[tokio::test]
async fn recv_and_events_can_be_cancelled() {
    const COUNT: u32 = 200;
    let pair = pair().await;
    let (mine, theirs) = pair.channels;
    let mut received = Vec::new();
    for number in 0..COUNT {
        mine.send(number.to_be_bytes().to_vec()).unwrap();
        // Polled once and dropped, whether it is ready or not.
        let mut once = pin!(theirs.recv());
        let polled = poll_fn(|context| Poll::Ready(once.as_mut().poll(context))).await;
        if let Poll::Ready(message) = polled {
            received.push(message.unwrap());
        }
        let mut once = pin!(theirs.next_event());
        let _event = poll_fn(|context| Poll::Ready(once.as_mut().poll(context))).await;
    }
    while received.len() < COUNT as usize {
        received.push(soon(theirs.recv()).await.unwrap());
    }
    let numbers: Vec<u32> = received
        .into_iter()
        .map(|message| u32::from_be_bytes(message.into_bytes()[..].try_into().unwrap()))
        .collect();
    assert_eq!(numbers, (0..COUNT).collect::<Vec<u32>>());
}

#[tokio::test]
async fn a_channel_whose_handles_are_dropped_stays_open() {
    let mut pair = pair().await;
    let label = "dropped";
    let init = DataChannelInit::default();
    let kept = pair.offerer.create_data_channel(label, init).unwrap();
    drop(announced(&mut pair.answerer_events).await);
    soon(kept.opened()).await.unwrap();
    kept.send("nobody reads this").unwrap();
    // The other channel shows that all of it went through.
    pair.channels.0.send("after").unwrap();
    assert!(soon(pair.channels.1.recv()).await.is_some());
    assert_eq!(kept.ready_state(), DataChannelState::Open);
}

/// Both ways at once, with several writers and readers on other threads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn channels_work_from_many_tasks() {
    const COUNT: usize = 300;
    let pair = pair().await;
    let (mine, theirs) = pair.channels;
    let write = |channel: DataChannel| async move {
        for _ in 0..COUNT {
            channel.send(vec![1; 8000]).unwrap();
            channel.buffered_amount_below(100_000).await.unwrap();
        }
    };
    let read = |channel: DataChannel| async move {
        for _ in 0..2 * COUNT {
            assert_eq!(channel.recv().await.unwrap().len(), 8000);
        }
    };
    let mut tasks = tokio::task::JoinSet::new();
    for channel in [&mine, &theirs] {
        tasks.spawn(write(channel.clone()));
        tasks.spawn(write(channel.clone()));
        tasks.spawn(read(channel.clone()));
    }
    soon(tasks.join_all()).await;
}

#[tokio::test]
async fn messages_larger_than_the_default_go_where_the_peer_takes_them() {
    let mut large: Configuration = loopback();
    large.sctp.max_receive_message_size = 4 * 1024 * 1024;
    let pair = pair_with(loopback(), large, DataChannelInit::default()).await;
    let (mine, theirs) = pair.channels;
    mine.send(vec![7; 3_000_000]).unwrap();
    assert_eq!(soon(theirs.recv()).await.unwrap().len(), 3_000_000);
}
