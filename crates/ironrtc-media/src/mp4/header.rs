//! What comes before the fragments: which tracks there are.

use ironrtc_core::wire::payload::Format;
use mp4_atom::{
    Audio, Av01, Avc1, Codec, Dinf, Dops, Dref, Encode, Ftyp, Hdlr, Mdhd, Mdia, Minf, Moov, Mvex,
    Mvhd, Opus, Smhd, Stbl, Stco, Stsd, Tkhd, Trak, Trex, Url, Visual, Vmhd, Vp08, Vp09, VpcC,
};

use crate::WriteError;
use crate::track::{Config, Tracks, Video};

pub(super) fn encode(atom: &impl Encode) -> Result<Vec<u8>, WriteError> {
    let mut out = Vec::new();
    let encoded = atom.encode(&mut out);
    encoded.map_err(|error| WriteError::Container(error.to_string()))?;
    Ok(out)
}

pub(super) fn write(tracks: Tracks, video: Option<&Video>) -> Result<Vec<u8>, WriteError> {
    let mut trak = Vec::new();
    if let (Some(video), Some(format)) = (video, tracks.video) {
        trak.push(picture(video, format));
    }
    if let Some(channels) = tracks.audio {
        let id = if trak.is_empty() { 1 } else { 2 };
        trak.push(sound(id, channels));
    }
    let trex = trak.iter().map(|trak| Trex {
        track_id: trak.tkhd.track_id,
        default_sample_description_index: 1,
        ..Trex::default()
    });
    let moov = Moov {
        mvhd: Mvhd {
            timescale: 1_000,
            rate: 1.into(),
            volume: 1.into(),
            next_track_id: trak.len() as u32 + 1,
            ..Mvhd::default()
        },
        mvex: Some(Mvex {
            mehd: None,
            trex: trex.collect(),
        }),
        trak,
        ..Moov::default()
    };
    let ftyp = Ftyp {
        major_brand: b"iso6".into(),
        minor_version: 0,
        compatible_brands: vec![b"iso6".into(), b"mp41".into()],
    };
    let mut out = encode(&ftyp)?;
    out.extend(encode(&moov)?);
    Ok(out)
}

fn picture(video: &Video, format: Format) -> Trak {
    let side = |length: u32| u16::try_from(length).unwrap_or(u16::MAX);
    let (width, height) = (side(video.size.width), side(video.size.height));
    let visual = Visual {
        data_reference_index: 1,
        width,
        height,
        ..Visual::default()
    };
    let codec = match video.config.clone() {
        Config::Vp8 => Codec::from(Vp08 {
            visual,
            vpcc: VpcC {
                bit_depth: 8,
                chroma_subsampling: 1,
                color_primaries: 2,
                transfer_characteristics: 2,
                matrix_coefficients: 2,
                ..VpcC::default()
            },
            ..Vp08::default()
        }),
        Config::Vp9(vpcc) => Codec::from(Vp09 {
            visual,
            vpcc,
            ..Vp09::default()
        }),
        Config::H264(avcc) => Codec::from(Avc1 {
            visual,
            avcc,
            ..Avc1::default()
        }),
        Config::Av1(av1c) => Codec::from(Av01 {
            visual,
            av1c,
            ..Av01::default()
        }),
    };
    let tkhd = Tkhd {
        width: width.into(),
        height: height.into(),
        ..head(1)
    };
    let minf = Minf {
        vmhd: Some(Vmhd::default()),
        ..information(codec)
    };
    track(tkhd, *b"vide", format.clock_rate(), minf)
}

fn sound(id: u32, channels: u8) -> Trak {
    let codec = Codec::from(Opus {
        audio: Audio {
            data_reference_index: 1,
            channel_count: channels.into(),
            sample_size: 16,
            sample_rate: 48_000.into(),
        },
        dops: Dops {
            output_channel_count: channels,
            pre_skip: 0,
            input_sample_rate: 48_000,
            output_gain: 0,
            channel_mapping: None,
        },
        btrt: None,
    });
    let tkhd = Tkhd {
        volume: 1.into(),
        ..head(id)
    };
    let minf = Minf {
        smhd: Some(Smhd::default()),
        ..information(codec)
    };
    track(tkhd, *b"soun", Format::Opus.clock_rate(), minf)
}

fn head(track_id: u32) -> Tkhd {
    Tkhd {
        track_id,
        enabled: true,
        in_movie: true,
        ..Tkhd::default()
    }
}

fn information(codec: Codec) -> Minf {
    Minf {
        dinf: Dinf {
            dref: Dref {
                entries: vec![Url::default().into()],
            },
        },
        stbl: Stbl {
            stsd: Stsd {
                codecs: vec![codec],
            },
            stco: Some(Stco::default()),
            ..Stbl::default()
        },
        ..Minf::default()
    }
}

fn track(tkhd: Tkhd, handler: [u8; 4], timescale: u32, minf: Minf) -> Trak {
    Trak {
        tkhd,
        mdia: Mdia {
            mdhd: Mdhd {
                timescale,
                language: "und".into(),
                ..Mdhd::default()
            },
            hdlr: Hdlr {
                handler: handler.into(),
                name: "IronRTC".into(),
            },
            minf,
        },
        ..Trak::default()
    }
}
