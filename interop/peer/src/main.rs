//! An IronRTC peer for tests in other languages: commands come in as lines of JSON, answers and
//! events go out so. `README.md` has the list.
#![forbid(unsafe_code)]

mod channel;
mod connection;
mod media;
mod relay;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let peer = ironrtc_interop_driven::run(Box::new(connection::IronRtc::default())).await?;
    peer.close_all().await;
    Ok(())
}
