//! Payload types and codecs in offers and answers (RFC 3264, RFC 8843 section 10.1.2): a payload
//! type means one codec in all sections of the session, for as long as it lasts.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use crate::ids::PayloadType;
use crate::rtp::{Codec, CodecName, CodecParameters, Format, MediaKind, RtxParameters};

/// RFC 3551 section 6: the dynamic payload types, and then the unassigned ones below those that
/// RTCP could be taken for (RFC 5761 section 4). 63 is left to RED.
const DYNAMIC: [RangeInclusive<u8>; 2] = [96..=127, 35..=62];

/// Payload types that a codec has where they are free: what browsers give them.
const USUAL: [(CodecName, u32, u8); 7] = [
    (CodecName::Opus, 48_000, 111),
    (CodecName::Red, 48_000, 63),
    (CodecName::G722, 8_000, 9),
    (CodecName::Pcmu, 8_000, 0),
    (CodecName::Pcma, 8_000, 8),
    (CodecName::TelephoneEvent, 48_000, 110),
    (CodecName::TelephoneEvent, 8_000, 126),
];

/// What a payload type stands for.
#[derive(Clone, Debug, PartialEq)]
enum Meaning {
    Codec(Codec),
    /// The retransmissions of another.
    Rtx(PayloadType),
    /// The peer means something by it that we do not know.
    Foreign,
}

/// What the payload types of the session stand for.
#[derive(Clone, Debug, Default)]
pub(in crate::jsep) struct PayloadTypes(BTreeMap<PayloadType, Meaning>);

impl PayloadTypes {
    /// Takes over what a section of the peer says, so that both sides mean the same by a number.
    pub(in crate::jsep) fn learn(&mut self, codecs: &[CodecParameters], foreign: &[PayloadType]) {
        for codec in codecs {
            self.note(codec.payload_type, Meaning::Codec(codec.codec.clone()));
            if let Some(rtx) = codec.rtx {
                self.note(rtx.payload_type, Meaning::Rtx(codec.payload_type));
            }
        }
        for payload_type in foreign {
            self.note(*payload_type, Meaning::Foreign);
        }
    }

    fn note(&mut self, payload_type: PayloadType, meaning: Meaning) {
        self.0.entry(payload_type).or_insert(meaning);
    }

    /// The codecs that we offer, in the order of `wanted`, under the numbers that this section had
    /// `before`, or else the session's. What the section had is reserved first, with the numbers of
    /// retransmissions: a packet that is under way must not be taken for another codec's.
    pub(in crate::jsep) fn offer(
        &mut self,
        wanted: &[Codec],
        before: &[CodecParameters],
    ) -> Vec<CodecParameters> {
        let rtx = wanted.iter().any(|codec| codec.name == CodecName::Rtx);
        let mut here: BTreeSet<PayloadType> = numbers_of(before).collect();
        let mut kept = BTreeSet::new();
        let mut offer: Vec<CodecParameters> = Vec::with_capacity(wanted.len());
        for codec in wanted.iter().filter(|codec| codec.name != CodecName::Rtx) {
            // An application may have written one number for two codecs.
            let known = before
                .iter()
                .find(|known| known.codec.matches(codec) && !kept.contains(&known.payload_type));
            let number = known.map(|known| known.payload_type);
            let Some(payload_type) = number.or_else(|| self.number_of(codec, &here)) else {
                continue;
            };
            kept.insert(payload_type);
            here.insert(payload_type);
            // What leaves in RED is sent again in RED.
            let carries = !codec.name.is_helper() || codec.name == CodecName::Red;
            let repeats = rtx && codec.kind == MediaKind::Video && carries;
            let known = known.and_then(|known| known.rtx).filter(|rtx| {
                let codecs = before.iter().map(|codec| codec.payload_type);
                !kept.contains(&rtx.payload_type) && codecs.clone().all(|n| n != rtx.payload_type)
            });
            let rtx = match repeats {
                true => known.or_else(|| {
                    let payload_type = self.number_of_rtx(payload_type, &here)?;
                    let time = None;
                    Some(RtxParameters { payload_type, time })
                }),
                false => None,
            };
            kept.extend(rtx.map(|rtx| rtx.payload_type));
            here.extend(rtx.map(|rtx| rtx.payload_type));
            offer.push(CodecParameters {
                payload_type,
                codec: codec.clone(),
                feedback: codec.usual_feedback(),
                rtx,
            });
        }
        point_red_at_its_codec(&mut offer);
        offer
    }

    fn number_of(&mut self, codec: &Codec, here: &BTreeSet<PayloadType>) -> Option<PayloadType> {
        let mut known = self.0.iter().filter(|(number, _)| !here.contains(number));
        let known = known.find(|(_, meaning)| match meaning {
            Meaning::Codec(known) => known.matches(codec),
            _ => false,
        });
        if let Some((payload_type, _)) = known {
            return Some(*payload_type);
        }
        let mut usual = USUAL.iter();
        let usual = usual
            .find(|(name, clock, _)| *name == codec.name && *clock == codec.clock_rate)
            .filter(|_| codec.kind == MediaKind::Audio)
            .and_then(|(_, _, number)| PayloadType::new(*number));
        let free = |number: &PayloadType| !self.0.contains_key(number) && !here.contains(number);
        match usual.filter(free) {
            Some(number) => Some(self.give(number, Meaning::Codec(codec.clone()))),
            None => self.new_number(Meaning::Codec(codec.clone()), here),
        }
    }

    fn number_of_rtx(
        &mut self,
        of: PayloadType,
        here: &BTreeSet<PayloadType>,
    ) -> Option<PayloadType> {
        let mut known = self.0.iter().filter(|(number, _)| !here.contains(number));
        if let Some((payload_type, _)) = known.find(|(_, known)| **known == Meaning::Rtx(of)) {
            return Some(*payload_type);
        }
        self.new_number(Meaning::Rtx(of), here)
    }

    fn give(&mut self, number: PayloadType, meaning: Meaning) -> PayloadType {
        self.0.insert(number, meaning);
        number
    }

    /// A number that nobody has used; or where a peer has listed them all, one by which it means
    /// what we do not know, and so have never agreed on; or at last any that this section has not,
    /// since sections are told apart by more than numbers (RFC 9143 section 9.2).
    fn new_number(
        &mut self,
        meaning: Meaning,
        here: &BTreeSet<PayloadType>,
    ) -> Option<PayloadType> {
        let usual = |number: u8| USUAL.iter().any(|(_, _, usual)| *usual == number);
        let all = DYNAMIC.into_iter().flatten();
        let mut all = (all
            .filter(|number| !usual(*number))
            .filter_map(PayloadType::new))
        .filter(|number| !here.contains(number));
        let of = |number: &PayloadType| self.0.get(number);
        let unused = all.clone().find(|number| of(number).is_none());
        let foreign = || {
            let mut all = all.clone();
            all.find(|number| of(number) == Some(&Meaning::Foreign))
        };
        match unused.or_else(foreign) {
            Some(number) => Some(self.give(number, meaning)),
            // The others' meaning stays what it is.
            None => all.next(),
        }
    }
}

/// All numbers of a section.
fn numbers_of(codecs: &[CodecParameters]) -> impl Iterator<Item = PayloadType> {
    let numbers = |codec: &CodecParameters| {
        [
            Some(codec.payload_type),
            codec.rtx.map(|rtx| rtx.payload_type),
        ]
    };
    codecs.iter().flat_map(numbers).flatten()
}

/// RFC 2198 section 5: RED says which payload types its blocks have, one before and the newest.
fn point_red_at_its_codec(offer: &mut Vec<CodecParameters>) {
    let primary = |red: &Codec| {
        let first = (offer.iter()).find(|codec| {
            let codec = &codec.codec;
            !codec.name.is_helper()
                && codec.clock_rate == red.clock_rate
                && codec.channels == red.channels
        });
        first.map(|codec| codec.payload_type)
    };
    let pointed: Vec<Option<PayloadType>> = offer.iter().map(|c| primary(&c.codec)).collect();
    let mut pointed = pointed.into_iter();
    offer.retain_mut(|codec| {
        let primary = pointed.next().flatten();
        let audio_red = codec.codec.name == CodecName::Red && codec.codec.kind == MediaKind::Audio;
        if !audio_red {
            return true;
        }
        let Some(primary) = primary else { return false };
        codec.codec.parameters.format = Format::Red(vec![primary; 2]);
        true
    });
}

/// What we answer to the codecs that are offered: those that we `can` use, under the offer's payload
/// types, in the offer's order, or in that of `can` where the application has `preferences`.
/// Without a codec that carries media there is none.
pub(in crate::jsep) fn answer_codecs(
    offered: &[CodecParameters],
    can: &[Codec],
    preferences: bool,
) -> Vec<CodecParameters> {
    let rtx = can.iter().any(|codec| codec.name == CodecName::Rtx);
    let answer = |offered: &CodecParameters| {
        let codec = offered.codec.best_answer(can)?;
        Some(CodecParameters {
            payload_type: offered.payload_type,
            feedback: offered.feedback.intersection(codec.usual_feedback()),
            codec,
            // RFC 4588 section 8.6: what is not known cannot be asked for again.
            rtx: offered.rtx.filter(|_| rtx),
        })
    };
    let mut answers: Vec<CodecParameters> = offered.iter().filter_map(answer).collect();
    if preferences {
        let place = |codec: &CodecParameters| {
            let same = can.iter().position(|known| known.matches(&codec.codec));
            same.or_else(|| can.iter().position(|known| known.name == codec.codec.name))
        };
        answers.sort_by_key(|codec| place(codec).unwrap_or(usize::MAX));
    }
    keep_what_stands(&mut answers);
    answers
}

/// Leaves out RED whose blocks are of no codec that is here, and everything where only helpers are.
fn keep_what_stands(codecs: &mut Vec<CodecParameters>) {
    let here: Vec<PayloadType> = (codecs.iter())
        .filter(|codec| !codec.codec.name.is_helper())
        .map(|codec| codec.payload_type)
        .collect();
    codecs.retain(|codec| match &codec.codec.parameters.format {
        Format::Red(blocks) if codec.codec.kind == MediaKind::Audio => {
            blocks.iter().all(|block| here.contains(block))
        }
        _ => true,
    });
    if here.is_empty() {
        codecs.clear();
    }
}

/// What we send: what the peer can receive, under its payload types and in its order, of what we
/// have said too.
pub(in crate::jsep) fn agree_to_send(
    ours: &[CodecParameters],
    theirs: &[CodecParameters],
) -> Vec<CodecParameters> {
    both(theirs, ours)
}

/// What we receive: what we said, of what the peer has said too.
pub(in crate::jsep) fn agree_to_receive(
    ours: &[CodecParameters],
    theirs: &[CodecParameters],
) -> Vec<CodecParameters> {
    both(ours, theirs)
}

fn both(under: &[CodecParameters], other: &[CodecParameters]) -> Vec<CodecParameters> {
    let both = under.iter().filter_map(|codec| {
        // An answer may say the profile of H.264 that includes the other's.
        let same = other.iter().find(|known| {
            known.payload_type == codec.payload_type
                && (known.codec.answer(&codec.codec).is_some()
                    || codec.codec.answer(&known.codec).is_some())
        });
        let same = same.or_else(|| other.iter().find(|known| known.codec.matches(&codec.codec)))?;
        Some(CodecParameters {
            payload_type: codec.payload_type,
            codec: codec.codec.clone(),
            feedback: codec.feedback.intersection(same.feedback),
            rtx: codec.rtx.filter(|_| same.rtx.is_some()),
        })
    });
    let mut both = both.collect();
    keep_what_stands(&mut both);
    both.shrink_to_fit();
    both
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::{Feedback, FeedbackSet, RtpCapabilities};

    fn pt(number: u8) -> PayloadType {
        PayloadType::new(number).unwrap()
    }

    fn usual(kind: MediaKind) -> Vec<Codec> {
        RtpCapabilities::usual(kind).codecs
    }

    fn codec(payload_type: u8, mime: &str, fmtp: &str) -> CodecParameters {
        let (mime, clock) = mime.split_once(' ').unwrap();
        let (clock, channels) = clock.split_once('/').unwrap_or((clock, "1"));
        let channels = channels.parse().ok().filter(|channels| *channels != 1);
        CodecParameters {
            payload_type: pt(payload_type),
            codec: Codec::from_w3c(mime, clock.parse().unwrap(), channels, Some(fmtp)).unwrap(),
            feedback: FeedbackSet::of(&[Feedback::Nack, Feedback::TransportCc, Feedback::AckCcfb]),
            rtx: None,
        }
    }

    fn with_rtx(mut codec: CodecParameters, payload_type: u8) -> CodecParameters {
        codec.rtx = Some(RtxParameters {
            payload_type: pt(payload_type),
            time: None,
        });
        codec
    }

    fn said(codecs: &[CodecParameters]) -> Vec<String> {
        let said = |c: &CodecParameters| {
            let rtx = c.rtx.map(|rtx| format!("+{}", rtx.payload_type));
            format!(
                "{} {}{}",
                c.payload_type,
                c.codec.name,
                rtx.unwrap_or_default()
            )
        };
        codecs.iter().map(said).collect()
    }

    #[test]
    fn numbers_are_those_that_browsers_give_and_each_has_one_meaning() {
        let mut types = PayloadTypes::default();
        let video = types.offer(&usual(MediaKind::Video), &[]);
        let audio = types.offer(&usual(MediaKind::Audio), &[]);
        assert_eq!(
            said(&audio),
            [
                "111 opus",
                "63 red",
                "9 G722",
                "0 PCMU",
                "8 PCMA",
                "110 telephone-event",
                "126 telephone-event"
            ]
        );
        assert_eq!(audio[1].codec.sdp_fmtp_line().as_deref(), Some("111/111"));
        assert_eq!(said(&video[..2]), ["96 VP8+97", "98 H264+99"]);
        let mut numbers: Vec<PayloadType> = (audio.iter().chain(&video))
            .flat_map(|c| [Some(c.payload_type), c.rtx.map(|rtx| rtx.payload_type)])
            .flatten()
            .collect();
        let count = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), count);
        let allowed = |n: u8| (96..=127).contains(&n) || (35..=63).contains(&n) || n <= 9;
        assert!(numbers.iter().all(|n| allowed(n.get())), "{numbers:?}");
        assert_eq!(types.offer(&usual(MediaKind::Video), &[]), video, "again");
    }

    #[test]
    fn what_the_peer_means_by_a_number_is_taken_over_and_kept() {
        let mut types = PayloadTypes::default();
        let theirs = [
            with_rtx(codec(120, "video/VP8 90000", ""), 124),
            codec(96, "video/VP9 90000", "profile-id=0"),
        ];
        types.learn(&theirs, &[pt(98)]);
        let ours = types.offer(&usual(MediaKind::Video), &[]);
        assert_eq!(said(&ours[..1]), ["120 VP8+124"]);
        let vp9 = ours
            .iter()
            .find(|c| c.codec.name == CodecName::Vp9)
            .unwrap();
        assert_eq!(vp9.payload_type, pt(96));
        assert!(
            ours.iter()
                .all(|c| c.payload_type != pt(98)
                    && c.rtx.is_none_or(|rtx| rtx.payload_type != pt(98))),
            "the peer means something else by it"
        );
        // Later it means another codec by it, in some section: ours stay what they were.
        types.learn(&[codec(120, "video/AV1 90000", "")], &[]);
        assert_eq!(types.offer(&usual(MediaKind::Video), &[]), ours);
    }

    #[test]
    fn a_section_keeps_the_numbers_it_had() {
        let mut types = PayloadTypes::default();
        types.offer(&usual(MediaKind::Audio), &[]);
        let before = [codec(109, "audio/opus 48000/2", "")];
        let again = types.offer(&usual(MediaKind::Audio), &before);
        assert_eq!(said(&again[..2]), ["109 opus", "63 red"]);
        assert_eq!(again[1].codec.sdp_fmtp_line().as_deref(), Some("109/109"));
    }

    /// What a peer's answer or offer has numbered otherwise than we would.
    #[test]
    fn no_number_is_given_to_two_codecs_of_a_section() {
        let wanted = usual(MediaKind::Video);
        let h264 = "packetization-mode=1;profile-level-id=42e01f";
        // 96 and 97 are the numbers that a new VP8 would have, or its retransmissions.
        let cases = [
            vec![with_rtx(codec(96, "video/H264 90000", h264), 97)],
            vec![with_rtx(codec(97, "video/H264 90000", h264), 98)],
            vec![with_rtx(codec(98, "video/VP9 90000", "profile-id=0"), 96)],
            // Two codecs of one number, and one of another's retransmissions.
            vec![
                with_rtx(codec(96, "video/VP8 90000", ""), 97),
                with_rtx(codec(97, "video/VP9 90000", "profile-id=0"), 97),
                with_rtx(codec(96, "video/H264 90000", h264), 97),
            ],
        ];
        for before in cases {
            let mut types = PayloadTypes::default();
            types.offer(&wanted, &[]);
            let offer = types.offer(&wanted, &before);
            let mut numbers: Vec<PayloadType> = numbers_of(&offer).collect();
            let count = numbers.len();
            numbers.sort_unstable();
            numbers.dedup();
            assert_eq!(numbers.len(), count, "{before:?}\n{:?}", said(&offer));
            assert_eq!(offer.len() + 1, wanted.len(), "each codec has one");
            assert!(offer.iter().all(|codec| codec.rtx.is_some()));
            let first = &before[0];
            let same = offer
                .iter()
                .find(|c| c.codec.matches(&first.codec))
                .unwrap();
            assert_eq!(same.payload_type, first.payload_type, "it keeps its own");
            assert_eq!(types.offer(&wanted, &before), offer, "again");
        }
    }

    #[test]
    fn a_number_that_this_section_had_is_not_given_to_another_codec() {
        let mut types = PayloadTypes::default();
        let before = [with_rtx(codec(96, "video/x-old 90000", ""), 97)];
        let offer = types.offer(&usual(MediaKind::Video), &before);
        assert!(numbers_of(&offer).all(|number| number != pt(96) && number != pt(97)));
    }

    #[test]
    fn a_peer_that_lists_all_numbers_leaves_us_some() {
        let all: Vec<PayloadType> = (0..128).filter_map(PayloadType::new).collect();
        let mut types = PayloadTypes::default();
        types.learn(&[codec(96, "audio/opus 48000/2", "")], &all);
        let offer = types.offer(&usual(MediaKind::Video), &[]);
        assert_eq!(offer.len() + 1, usual(MediaKind::Video).len());
        assert!(numbers_of(&offer).all(|number| number != pt(96)), "Opus");
        assert_eq!(types.offer(&usual(MediaKind::Video), &[]), offer, "again");
        // Codecs that it knows and we do not need have all of them.
        let mut types = PayloadTypes::default();
        for number in &all {
            types.learn(&[codec(number.get(), "audio/x 8000", "")], &[]);
        }
        let offer = types.offer(&usual(MediaKind::Video), &[]);
        assert_eq!(offer.len() + 1, usual(MediaKind::Video).len());
        assert_eq!(types.offer(&usual(MediaKind::Video), &[]), offer, "again");
    }

    #[test]
    fn numbers_run_out_without_harm() {
        let mut types = PayloadTypes::default();
        let many: Vec<Codec> = (0..200)
            .map(|n| {
                let name = CodecName::read(&format!("x{n}")).unwrap();
                Codec::new(MediaKind::Video, name, 90_000)
            })
            .collect();
        let offer = types.offer(&many, &[]);
        assert_eq!(offer.len(), 32 - 3 + 28);
    }

    #[test]
    fn an_answer_has_the_offers_numbers_and_the_feedback_of_both() {
        let offered = [
            codec(109, "audio/opus 48000/2", "stereo=1"),
            codec(9, "audio/G722 8000", ""),
            codec(50, "audio/x-new 8000", ""),
            codec(101, "audio/telephone-event 8000", "0-15"),
        ];
        let answer = answer_codecs(&offered, &usual(MediaKind::Audio), false);
        assert_eq!(said(&answer), ["109 opus", "9 G722", "101 telephone-event"]);
        let common: Vec<Feedback> = answer[0].feedback.iter().collect();
        assert_eq!(common, [Feedback::TransportCc]);
        let ours = answer[0].codec.sdp_fmtp_line();
        assert_eq!(
            ours.as_deref(),
            Some("minptime=10;useinbandfec=1"),
            "our own wishes"
        );
    }

    #[test]
    fn preferences_order_an_answer_and_leave_out_what_is_not_preferred() {
        let offered = [
            with_rtx(codec(96, "video/VP8 90000", ""), 97),
            with_rtx(codec(98, "video/VP9 90000", "profile-id=0"), 99),
            codec(45, "video/AV1 90000", ""),
        ];
        let pick = |names: &[CodecName]| -> Vec<Codec> {
            let usual = usual(MediaKind::Video);
            let find = |name: &CodecName| {
                usual
                    .iter()
                    .find(|codec| codec.name == *name)
                    .unwrap()
                    .clone()
            };
            names.iter().map(find).collect()
        };
        let wanted = pick(&[CodecName::Vp9, CodecName::Vp8]);
        let answer = answer_codecs(&offered, &wanted, true);
        assert_eq!(said(&answer), ["98 VP9", "96 VP8"], "RTX was not preferred");
        let wanted = pick(&[CodecName::Av1, CodecName::Rtx, CodecName::Vp8]);
        let answer = answer_codecs(&offered, &wanted, true);
        assert_eq!(said(&answer), ["45 AV1", "96 VP8+97"]);
    }

    #[test]
    fn helpers_alone_are_no_answer_and_red_needs_its_codec() {
        let usual = usual(MediaKind::Audio);
        let opus = codec(111, "audio/opus 48000/2", "");
        let red = codec(63, "audio/red 48000/2", "111/111");
        let other = codec(64, "audio/red 48000/2", "50/50");
        let tones = codec(126, "audio/telephone-event 8000", "");
        let answer = |offered: &[&CodecParameters]| {
            let offered: Vec<_> = offered.iter().map(|codec| (*codec).clone()).collect();
            said(&answer_codecs(&offered, &usual, false))
        };
        assert_eq!(answer(&[&opus, &red, &tones]).len(), 3);
        assert_eq!(answer(&[&opus, &other]), ["111 opus"]);
        assert!(answer(&[&red, &tones]).is_empty());
    }

    #[test]
    fn each_side_sends_under_the_others_numbers() {
        let ours = [
            with_rtx(codec(96, "video/VP8 90000", ""), 97),
            codec(
                98,
                "video/H264 90000",
                "packetization-mode=1;profile-level-id=42e01f",
            ),
        ];
        let theirs = [
            codec(
                102,
                "video/H264 90000",
                "packetization-mode=1;profile-level-id=42e034",
            ),
            with_rtx(codec(120, "video/VP8 90000", ""), 121),
            codec(121, "video/AV1 90000", ""),
        ];
        assert_eq!(
            said(&agree_to_send(&ours, &theirs)),
            ["102 H264", "120 VP8+121"]
        );
        assert_eq!(
            said(&agree_to_receive(&ours, &theirs)),
            ["96 VP8+97", "98 H264"]
        );
    }
}
