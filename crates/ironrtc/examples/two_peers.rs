//! Two peers in one program: one asks, the other echoes.

use ironrtc::{Configuration, DataChannelInit, Event, PeerConnection};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let alice = PeerConnection::new(Configuration::default())?;
    let bob = PeerConnection::new(Configuration::default())?;

    let mut events = bob.events();
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            let Event::DataChannel(channel) = event else {
                continue;
            };
            while let Some(message) = channel.recv().await {
                channel.send(message).expect("the channel is open");
            }
        }
    });

    let chat = alice.create_data_channel("chat", DataChannelInit::default())?;
    alice.set_local_description(None).await?;
    alice.gathering_complete().await;
    bob.set_remote_description(alice.local_description().expect("an offer"))
        .await?;
    bob.set_local_description(None).await?;
    bob.gathering_complete().await;
    alice
        .set_remote_description(bob.local_description().expect("an answer"))
        .await?;

    chat.opened().await?;
    chat.send("hello")?;
    println!("{:?} came back", chat.recv().await);
    alice.close().await;
    bob.close().await;
    Ok(())
}
