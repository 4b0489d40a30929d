//! Whether the transceivers ask for an exchange (webrtc-pc section 4.7.3, "check if negotiation is
//! needed").

use super::super::media::Msid;
use super::super::read::{Description, RtpSection};
use super::{Life, Transceiver, Transceivers};
use crate::ids::Mid;

impl Transceivers {
    /// `local` and `remote` are the descriptions of the last completed exchange.
    pub(in crate::jsep) fn need_negotiation(
        &self,
        local: Option<&Description>,
        remote: Option<&Description>,
    ) -> bool {
        self.all.iter().any(|known| known.needs(local, remote))
    }
}

impl Transceiver {
    fn needs(&self, local: Option<&Description>, remote: Option<&Description>) -> bool {
        match self.life {
            Life::Stopping => return true,
            Life::Stopped => return false,
            Life::Active => {}
        }
        let section = |description| section_of(description, self.mid.as_ref()?);
        let Some((description, ours)) = local.zip(section(local)) else {
            return true;
        };
        // Who may not send says no streams either; what it would say is no reason to ask again.
        if self.direction.sends() && ours.direction.sends() && !self.is_announced(ours) {
            return true;
        }
        let theirs = section(remote).map(|theirs| theirs.direction.reversed());
        if description.is_answer() {
            let offered = theirs.unwrap_or_default();
            ours.direction != self.direction.intersection(offered)
        } else {
            // Either side may have said it.
            ours.direction != self.direction && theirs != Some(self.direction)
        }
    }

    /// Our description names the streams that the track is in now.
    fn is_announced(&self, ours: &RtpSection) -> bool {
        let said: Vec<&String> = (ours.msids.iter())
            .filter_map(|msid: &Msid| msid.stream.as_ref())
            .collect();
        let wanted = &self.sender.streams;
        !ours.msids.is_empty()
            && said.len() == wanted.len()
            && wanted.iter().all(|stream| said.contains(&stream))
    }
}

fn section_of<'a>(description: Option<&'a Description>, mid: &Mid) -> Option<&'a RtpSection> {
    let mut sections = description?.sections.iter();
    sections.find(|section| section.mid == *mid)?.rtp()
}
