//! Video layers allocation: which layers a video is sent in, with their rates and sizes, so that a
//! relay can choose (`video-layers-allocation00`).

use crate::wire::Reader;

use super::bits::Bits;
use super::descriptor::Resolution;
use super::extension::ElementSet;

/// RTP streams, spatial layers of each, and temporal layers of those, at most.
const MAX: usize = 4;

/// All layers of a video, over all streams of a simulcast.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VideoLayers {
    /// Which of the streams this was sent on, 0 to 3.
    pub stream: u8,
    /// How many streams there are, 1 to 4; 0 if nothing is sent.
    pub streams: u8,
    /// The layers that are sent, by stream and then from the lowest one on.
    pub layers: Vec<SpatialLayer>,
}

/// One spatial layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpatialLayer {
    /// The stream that it is sent on, 0 to 3.
    pub stream: u8,
    /// Its place among the stream's layers, 0 to 3.
    pub spatial: u8,
    /// How many temporal layers it has, 1 to 4.
    pub temporal_layers: u8,
    /// The rate of each temporal layer with all that it needs, in kbit/s.
    pub rates: [u32; MAX],
    /// The frames' size and rate at most, if that is told.
    pub frames: Option<(Resolution, u8)>,
}

impl VideoLayers {
    /// Reads an allocation.
    pub fn read(value: &[u8]) -> Option<Self> {
        // A single 0 says that nothing is sent.
        if value == [0] {
            return Some(Self::default());
        }
        let mut reader = Reader::new(value);
        let head = reader.u8()?;
        let mut found = Self {
            stream: head >> 6,
            streams: (head >> 4 & 3) + 1,
            layers: Vec::new(),
        };
        found.read_masks(head & 0x0f, &mut reader)?;
        let counts = reader.bytes(found.layers.len().div_ceil(MAX))?;
        let mut counts = Bits::new(counts);
        for layer in &mut found.layers {
            layer.temporal_layers = counts.number(2)? as u8 + 1;
        }
        for layer in &mut found.layers {
            let count = usize::from(layer.temporal_layers);
            for rate in layer.rates.iter_mut().take(count) {
                *rate = read_leb128(&mut reader)?;
            }
        }
        // Whether sizes follow is told by whether anything does.
        if !reader.rest().is_empty() {
            for layer in &mut found.layers {
                let resolution = Resolution {
                    width: u32::from(reader.u16()?) + 1,
                    height: u32::from(reader.u16()?) + 1,
                };
                layer.frames = Some((resolution, reader.u8()?));
            }
        }
        Some(found)
    }

    /// Reads which layers are sent: one mask for all streams, or one for each.
    fn read_masks(&mut self, common: u8, reader: &mut Reader<'_>) -> Option<()> {
        let length = if common == 0 {
            usize::from(self.streams).div_ceil(2)
        } else {
            0
        };
        let mut masks = Bits::new(reader.bytes(length)?);
        for stream in 0..self.streams {
            let mask = match common {
                0 => masks.number(4)? as u8,
                _ => common,
            };
            let sent = (0..MAX as u8).filter(|spatial| mask >> spatial & 1 != 0);
            self.layers.extend(sent.map(|spatial| SpatialLayer {
                stream,
                spatial,
                temporal_layers: 1,
                rates: [0; MAX],
                frames: None,
            }));
        }
        Some(())
    }

    /// Adds it to a packet. Sizes are told if they are known of all layers.
    pub fn push(&self, id: u8, elements: &mut ElementSet) -> bool {
        elements.push_with(id, |out| self.write(out))
    }

    fn write(&self, out: &mut Vec<u8>) {
        let streams = self.streams.min(MAX as u8);
        if streams == 0 || self.layers.is_empty() {
            out.push(0);
            return;
        }
        let mask = |stream: u8| {
            let layers = self.layers.iter().filter(|layer| layer.stream == stream);
            layers.fold(0, |mask, layer| mask | 1 << (layer.spatial & 3))
        };
        let first = mask(0);
        let common = (1..streams).all(|stream| mask(stream) == first);
        let head = (self.stream & 3) << 6 | (streams - 1) << 4;
        out.push(head | if common { first } else { 0 });
        if !common {
            for stream in (0..streams).step_by(2) {
                out.push(mask(stream) << 4 | mask(stream + 1));
            }
        }
        let count = |layer: &SpatialLayer| layer.temporal_layers.clamp(1, MAX as u8);
        for layers in self.layers.chunks(MAX) {
            let bits = layers.iter().zip([6, 4, 2, 0]);
            out.push(bits.fold(0, |byte, (layer, shift)| byte | (count(layer) - 1) << shift));
        }
        for layer in &self.layers {
            for rate in layer.rates.iter().take(usize::from(count(layer))) {
                write_leb128(out, *rate);
            }
        }
        if self.layers.iter().all(|layer| layer.frames.is_some()) {
            for (size, rate) in self.layers.iter().filter_map(|layer| layer.frames) {
                for side in [size.width, size.height] {
                    let side = u16::try_from(side.saturating_sub(1)).unwrap_or(u16::MAX);
                    out.extend_from_slice(&side.to_be_bytes());
                }
                out.push(rate);
            }
        }
    }
}

/// A number of at most 32 bits in groups of seven, the lowest ones first.
fn read_leb128(reader: &mut Reader<'_>) -> Option<u32> {
    let mut number = 0_u64;
    for shift in (0..35).step_by(7) {
        let byte = reader.u8()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return u32::try_from(number).ok();
        }
    }
    None
}

fn write_leb128(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(layers: &VideoLayers) -> Vec<u8> {
        let mut out = Vec::new();
        layers.write(&mut out);
        out
    }

    fn layer(stream: u8, spatial: u8, rates: &[u32]) -> SpatialLayer {
        let mut all = [0; MAX];
        all[..rates.len()].copy_from_slice(rates);
        SpatialLayer {
            stream,
            spatial,
            temporal_layers: rates.len() as u8,
            rates: all,
            frames: None,
        }
    }

    #[test]
    fn three_streams_of_a_simulcast_have_one_mask() {
        let size = |width, height| Some((Resolution { width, height }, 30));
        let mut layers = vec![
            layer(0, 0, &[100, 150]),
            layer(1, 0, &[500]),
            layer(2, 0, &[2500]),
        ];
        layers[0].frames = size(320, 180);
        layers[1].frames = size(640, 360);
        layers[2].frames = size(1280, 720);
        let all = VideoLayers {
            stream: 1,
            streams: 3,
            layers,
        };
        let value = [
            0b0110_0001, // on the second of three, each with its lowest layer
            0b0100_0000, // two, one and one temporal layer
            100,
            0x96,
            0x01,
            0xf4,
            0x03,
            0xc4,
            0x13, // rates
            0x01,
            0x3f,
            0x00,
            0xb3,
            30,
            0x02,
            0x7f,
            0x01,
            0x67,
            30,
            0x04,
            0xff,
            0x02,
            0xcf,
            30,
        ];
        assert_eq!(VideoLayers::read(&value).as_ref(), Some(&all));
        assert_eq!(written(&all), value);
    }

    #[test]
    fn streams_that_differ_have_a_mask_each() {
        let all = VideoLayers {
            stream: 0,
            streams: 3,
            layers: vec![
                layer(0, 0, &[1]),
                layer(0, 1, &[2]),
                layer(2, 0, &[3]),
                layer(2, 2, &[4]),
                layer(2, 3, &[5]),
            ],
        };
        let value = [0x20, 0x30, 0xd0, 0, 0, 1, 2, 3, 4, 5];
        assert_eq!(VideoLayers::read(&value).as_ref(), Some(&all));
        assert_eq!(written(&all), value);
    }

    #[test]
    fn nothing_sent_is_a_single_zero() {
        assert_eq!(VideoLayers::read(&[0]), Some(VideoLayers::default()));
        assert_eq!(written(&VideoLayers::default()), [0]);
    }

    #[test]
    fn no_beginning_of_an_allocation_is_one_but_that_without_sizes() {
        let value = [0x01, 0xc0, 1, 2, 3, 0x84, 1, 1, 0x3f, 0, 0xb3, 30];
        for length in 0..value.len() {
            let found = VideoLayers::read(&value[..length]);
            assert_eq!(found.is_some(), length == 7, "{length}");
        }
        assert!(VideoLayers::read(&value).is_some());
    }

    #[test]
    fn a_rate_has_32_bits_at_most() {
        let rate = |bytes: &[u8]| {
            let value = [&[0x01, 0], bytes].concat();
            VideoLayers::read(&value).map(|all| all.layers[0].rates[0])
        };
        assert_eq!(rate(&[0xff, 0xff, 0xff, 0xff, 0x0f]), Some(u32::MAX));
        assert_eq!(rate(&[0xff, 0xff, 0xff, 0xff, 0x1f]), None);
        assert_eq!(rate(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x00]), None);
        let most = VideoLayers {
            streams: 1,
            layers: vec![layer(0, 0, &[u32::MAX])],
            stream: 0,
        };
        assert_eq!(written(&most)[2..], [0xff, 0xff, 0xff, 0xff, 0x0f]);
    }
}
