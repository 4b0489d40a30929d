//! The dependency descriptor: which frames a frame needs, in every packet of it, whatever the codec
//! (AV1's RTP specification, appendix A).

use crate::serial::serial;

use super::bits::Bits;

/// Bits of a template's number, and how many there are.
const TEMPLATE_BITS: u32 = 6;
const TEMPLATES: usize = 64;
/// What a scalability structure may have at most; libwebrtc's bounds are the same.
const MAX_SPATIAL: u8 = 3;
const MAX_TEMPORAL: u8 = 7;
const MAX_TARGETS: usize = 32;
/// Most frames that a frame depends on. AV1 has seven references, with several times each as much
/// as an encoder may tell.
const MAX_DIFFS: usize = 16;

serial!(
    /// The number of a frame in its stream.
    pub FrameNo,
    u16,
    i16
);

impl FrameNo {
    /// As it is on the wire.
    pub const fn get(self) -> u16 {
        self.0
    }
}

/// What a frame is to a decode target, a selection of layers that can be decoded and shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indication {
    /// It is not part of it.
    NotPresent,
    /// Nothing in it depends on the frame.
    Discardable,
    /// Decoding it can begin here, if it was not decoded before.
    Switch,
    /// It is needed.
    Required,
}

/// The indications of a frame for all decode targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Indications {
    /// Two bits for each target, that of the first one lowest.
    bits: u64,
}

impl Indications {
    fn read(bits: &mut Bits<'_>, targets: u8) -> Option<Self> {
        let mut all = 0;
        for target in 0..targets {
            all |= u64::from(bits.number(2)?) << (2 * target);
        }
        Some(Self { bits: all })
    }

    /// What the frame is to a target; not part of one that there is not.
    pub const fn of(self, target: u8) -> Indication {
        let bits = if (target as usize) < MAX_TARGETS {
            self.bits >> (2 * target) & 3
        } else {
            0
        };
        match bits {
            0 => Indication::NotPresent,
            1 => Indication::Discardable,
            2 => Indication::Switch,
            _ => Indication::Required,
        }
    }
}

/// How far back the frames lie that a frame depends on, in frame numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameDiffs {
    diffs: [u16; MAX_DIFFS],
    len: u8,
}

impl FrameDiffs {
    fn push(&mut self, diff: u16) -> Option<()> {
        *self.diffs.get_mut(usize::from(self.len))? = diff;
        self.len += 1;
        Some(())
    }

    /// The distances, each at least 1.
    pub fn as_slice(&self) -> &[u16] {
        self.diffs.get(..usize::from(self.len)).unwrap_or_default()
    }
}

/// How far back the frame before lies in each chain: a chain is broken if that one is missing. 0 in a
/// chain that begins here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChainDiffs {
    diffs: [u8; MAX_TARGETS],
    len: u8,
}

impl ChainDiffs {
    fn read(bits: &mut Bits<'_>, chains: u8, width: u32) -> Option<Self> {
        let mut all = Self {
            len: chains,
            ..Self::default()
        };
        for slot in all.diffs.iter_mut().take(usize::from(chains)) {
            *slot = bits.number(width)? as u8;
        }
        Some(all)
    }

    /// The distances.
    pub fn as_slice(&self) -> &[u8] {
        self.diffs.get(..usize::from(self.len)).unwrap_or_default()
    }
}

/// What frames that refer to it have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Template {
    spatial: u8,
    temporal: u8,
    indications: Indications,
    diffs: FrameDiffs,
    chains: ChainDiffs,
}

/// The size that a layer's frames are shown in at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

/// The structure of a stream, which comes with a key frame and holds until the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateStructure {
    offset: u8,
    targets: u8,
    templates: Vec<Template>,
    /// The chain that protects each target, if there are chains.
    protected_by: Vec<u8>,
    resolutions: Vec<Resolution>,
}

impl TemplateStructure {
    fn read(bits: &mut Bits<'_>) -> Option<Self> {
        let offset = bits.number(TEMPLATE_BITS)? as u8;
        let targets = bits.number(5)? as u8 + 1;
        let mut templates = Self::read_layers(bits)?;
        for template in &mut templates {
            template.indications = Indications::read(bits, targets)?;
        }
        for template in &mut templates {
            while bits.flag()? {
                template.diffs.push(bits.number(4)? as u16 + 1)?;
            }
        }
        let chains = bits.below(u32::from(targets) + 1)? as u8;
        let mut protected_by = Vec::new();
        if chains > 0 {
            for _ in 0..targets {
                protected_by.push(bits.below(u32::from(chains))? as u8);
            }
            for template in &mut templates {
                template.chains = ChainDiffs::read(bits, chains, 4)?;
            }
        }
        let mut resolutions = Vec::new();
        if bits.flag()? {
            let spatial = templates.last().map_or(0, |template| template.spatial);
            for _ in 0..=spatial {
                resolutions.push(Resolution {
                    width: bits.number(16)? + 1,
                    height: bits.number(16)? + 1,
                });
            }
        }
        Some(Self {
            offset,
            targets,
            templates,
            protected_by,
            resolutions,
        })
    }

    /// The layers of the templates, the rest of which is still to be read.
    fn read_layers(bits: &mut Bits<'_>) -> Option<Vec<Template>> {
        let mut templates = Vec::new();
        let (mut spatial, mut temporal) = (0, 0);
        loop {
            if templates.len() == TEMPLATES {
                return None;
            }
            templates.push(Template {
                spatial,
                temporal,
                indications: Indications::default(),
                diffs: FrameDiffs::default(),
                chains: ChainDiffs::default(),
            });
            match bits.number(2)? {
                0 => {}
                1 if temporal < MAX_TEMPORAL => temporal += 1,
                2 if spatial < MAX_SPATIAL => (spatial, temporal) = (spatial + 1, 0),
                3 => return Some(templates),
                _ => return None,
            }
        }
    }

    /// How many decode targets there are, 1 to 32.
    pub const fn decode_targets(&self) -> u8 {
        self.targets
    }

    /// How many chains there are, 0 to 32.
    pub fn chains(&self) -> u8 {
        self.templates.first().map_or(0, |first| first.chains.len)
    }

    /// The chain that protects a target: the target can be decoded as long as its chain is whole.
    pub fn protecting_chain(&self, target: u8) -> Option<u8> {
        self.protected_by.get(usize::from(target)).copied()
    }

    /// The highest spatial and temporal layer that a target has frames of.
    pub fn layers_of(&self, target: u8) -> (u8, u8) {
        let templates = self.templates.iter();
        templates
            .filter(|template| template.indications.of(target) != Indication::NotPresent)
            .fold((0, 0), |(spatial, temporal), template| {
                (
                    template.spatial.max(spatial),
                    template.temporal.max(temporal),
                )
            })
    }

    /// The size of each spatial layer's frames, if the structure says it.
    pub fn resolutions(&self) -> &[Resolution] {
        &self.resolutions
    }

    fn template(&self, id: u8) -> Option<&Template> {
        let index = (usize::from(id) + TEMPLATES - usize::from(self.offset)) % TEMPLATES;
        self.templates.get(index)
    }
}

/// The fields that can be read without a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DescriptorHead {
    /// The packet is the first one of its frame.
    pub is_first: bool,
    /// It is the last one.
    pub is_last: bool,
    /// The frame.
    pub frame: FrameNo,
    template: u8,
}

impl DescriptorHead {
    fn take(bits: &mut Bits<'_>) -> Option<Self> {
        Some(Self {
            is_first: bits.flag()?,
            is_last: bits.flag()?,
            template: bits.number(TEMPLATE_BITS)? as u8,
            frame: FrameNo(bits.number(16)? as u16),
        })
    }

    /// Reads these fields of a descriptor.
    pub fn read(value: &[u8]) -> Option<Self> {
        Self::take(&mut Bits::new(value))
    }
}

/// What is said of a packet's frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DependencyDescriptor {
    /// The packet's place in the frame, and the frame.
    pub head: DescriptorHead,
    /// The spatial layer.
    pub spatial: u8,
    /// The temporal layer.
    pub temporal: u8,
    /// What the frame is to each decode target.
    pub indications: Indications,
    /// The frames that it depends on.
    pub diffs: FrameDiffs,
    /// The frames before it in the chains.
    pub chains: ChainDiffs,
    /// Which targets are sent from this frame on, the first one lowest. None if that is as before.
    pub active_targets: Option<u32>,
    /// The size of the layer's frames, if it is known.
    pub resolution: Option<Resolution>,
    /// The structure that holds from this frame on, which is then a key frame.
    pub structure: Option<TemplateStructure>,
}

impl DependencyDescriptor {
    /// Reads a descriptor by the structure that came last in its stream, or by its own. None if it
    /// is malformed, or refers to a template that the structure does not have.
    pub fn read(value: &[u8], kept: Option<&TemplateStructure>) -> Option<Self> {
        let mut bits = Bits::new(value);
        let head = DescriptorHead::take(&mut bits)?;
        let (mut has_indications, mut has_diffs, mut has_chains) = (false, false, false);
        let (mut structure, mut active_targets) = (None, None);
        // A descriptor of three bytes has no more fields.
        if value.len() > 3 {
            let (has_structure, has_active) = (bits.flag()?, bits.flag()?);
            (has_indications, has_diffs, has_chains) = (bits.flag()?, bits.flag()?, bits.flag()?);
            if has_structure {
                let found = TemplateStructure::read(&mut bits)?;
                active_targets = Some(u32::MAX >> (MAX_TARGETS as u32 - u32::from(found.targets)));
                structure = Some(found);
            }
            if has_active {
                let targets = structure.as_ref().or(kept)?.targets;
                active_targets = Some(bits.number(u32::from(targets))?);
            }
        }
        let known = structure.as_ref().or(kept)?;
        let template = known.template(head.template)?;
        Some(Self {
            head,
            spatial: template.spatial,
            temporal: template.temporal,
            indications: if has_indications {
                Indications::read(&mut bits, known.targets)?
            } else {
                template.indications
            },
            diffs: if has_diffs {
                Self::read_diffs(&mut bits)?
            } else {
                template.diffs
            },
            chains: if has_chains {
                ChainDiffs::read(&mut bits, known.chains(), 8)?
            } else {
                template.chains
            },
            active_targets,
            resolution: known
                .resolutions
                .get(usize::from(template.spatial))
                .copied(),
            structure,
        })
    }

    fn read_diffs(bits: &mut Bits<'_>) -> Option<FrameDiffs> {
        let mut diffs = FrameDiffs::default();
        loop {
            match bits.number(2)? {
                0 => return Some(diffs),
                size => diffs.push(bits.number(4 * size)? as u16 + 1)?,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes of a text of zeros and ones, the last byte filled with zeros.
    fn bytes(text: &str) -> Vec<u8> {
        let bits: Vec<u8> = text
            .bytes()
            .filter(|byte| !byte.is_ascii_whitespace())
            .map(|byte| byte - b'0')
            .collect();
        let byte = |bits: &[u8]| {
            let filled = bits.iter().chain(std::iter::repeat(&0)).take(8);
            filled.fold(0, |byte, bit| byte << 1 | bit)
        };
        bits.chunks(8).map(byte).collect()
    }

    /// Two temporal layers in one chain, with a resolution: for a key frame, and for frames of both
    /// layers. The first number of a template is 62.
    const STRUCTURE: &str = "
        111110 00001
        00 01 11
        1010 1011 0001
        0 100010 100000
        10
        0000 0010 0001
        1 0000001001111111 0000000101100111";
    const KEY_FRAME: &str = "1 0 111110 0000000000000111 10000";

    fn key_frame() -> DependencyDescriptor {
        let value = bytes(&format!("{KEY_FRAME}{STRUCTURE}"));
        DependencyDescriptor::read(&value, None).expect("a descriptor")
    }

    fn structure() -> TemplateStructure {
        key_frame().structure.expect("a structure")
    }

    #[test]
    fn a_key_frame_brings_the_structure() {
        let found = key_frame();
        assert!(found.head.is_first && !found.head.is_last);
        assert_eq!(found.head.frame.get(), 7);
        assert_eq!((found.spatial, found.temporal), (0, 0));
        assert_eq!(found.active_targets, Some(0b11));
        assert!(found.diffs.as_slice().is_empty());
        let size = Resolution {
            width: 640,
            height: 360,
        };
        assert_eq!(found.resolution, Some(size));
        let structure = structure();
        assert_eq!((structure.decode_targets(), structure.chains()), (2, 1));
        assert_eq!(structure.protecting_chain(1), Some(0));
        assert_eq!(structure.protecting_chain(2), None);
        assert_eq!(
            (structure.layers_of(0), structure.layers_of(1)),
            ((0, 0), (0, 1))
        );
        assert_eq!(structure.resolutions(), [size]);
    }

    #[test]
    fn a_descriptor_of_three_bytes_says_all_by_its_template() {
        let structure = structure();
        // Templates 62, 63 and 0: numbers wrap.
        let value = bytes("0 1 000000 0000000000001001");
        assert!(DependencyDescriptor::read(&value, None).is_none());
        let found = DependencyDescriptor::read(&value, Some(&structure)).expect("a descriptor");
        assert_eq!((found.spatial, found.temporal), (0, 1));
        assert_eq!(found.indications.of(0), Indication::NotPresent);
        assert_eq!(found.indications.of(1), Indication::Discardable);
        assert_eq!(found.indications.of(40), Indication::NotPresent);
        assert_eq!(
            (found.diffs.as_slice(), found.chains.as_slice()),
            (&[1][..], &[1][..])
        );
        assert_eq!((found.active_targets, found.structure), (None, None));
        let base = bytes("1 1 111111 0000000000001001");
        let found = DependencyDescriptor::read(&base, Some(&structure)).expect("a descriptor");
        assert_eq!(found.indications.of(0), Indication::Switch);
        assert_eq!(found.indications.of(1), Indication::Required);
        assert_eq!(
            (found.diffs.as_slice(), found.chains.as_slice()),
            (&[2][..], &[2][..])
        );
        // There is no fourth template; the head can be read all the same.
        let beyond = bytes("1 1 000001 0000000000001001");
        assert!(DependencyDescriptor::read(&beyond, Some(&structure)).is_none());
        let head = DescriptorHead::read(&beyond).expect("a head");
        assert_eq!(head.frame.get(), 9);
    }

    #[test]
    fn a_frame_may_differ_from_its_template() {
        let value = bytes(
            "1 1 000000 0000000000001001
             0 1 1 1 1
             01
             1111
             01 0000 11 111111111111 00
             11111111",
        );
        let found = DependencyDescriptor::read(&value, Some(&structure())).expect("a descriptor");
        assert_eq!(found.active_targets, Some(1));
        assert_eq!(found.indications.of(0), Indication::Required);
        assert_eq!(found.diffs.as_slice(), [1, 4096]);
        assert_eq!(found.chains.as_slice(), [255]);
    }

    #[test]
    fn no_beginning_of_a_descriptor_is_one() {
        let value = bytes(&format!("{KEY_FRAME}{STRUCTURE}"));
        for length in (0..value.len()).filter(|length| *length != 3) {
            assert!(
                DependencyDescriptor::read(&value[..length], None).is_none(),
                "{length}"
            );
        }
    }

    #[test]
    fn a_structure_has_bounds() {
        // Layers without an end, of one kind and of more than there may be.
        for idc in ["00", "01", "10"] {
            let value = bytes(&format!("{KEY_FRAME} 000000 00000 {}", idc.repeat(200)));
            assert!(DependencyDescriptor::read(&value, None).is_none(), "{idc}");
        }
        // More frames than one may depend on.
        let diffs = "01 0000".repeat(MAX_DIFFS + 1);
        let value = bytes(&format!("1 1 000000 0000000000001001 00010 {diffs} 00"));
        assert!(DependencyDescriptor::read(&value, Some(&structure())).is_none());
        let diffs = "01 0000".repeat(MAX_DIFFS);
        let value = bytes(&format!("1 1 000000 0000000000001001 00010 {diffs} 00"));
        assert!(DependencyDescriptor::read(&value, Some(&structure())).is_some());
    }

    #[test]
    fn all_32_targets_have_their_bit() {
        let value = bytes(&format!(
            "{KEY_FRAME} 111110 11111 11 {} 0 {} 0",
            "01".repeat(32),
            "00000"
        ));
        let found = DependencyDescriptor::read(&value, None).expect("a descriptor");
        assert_eq!(found.active_targets, Some(u32::MAX));
        assert_eq!(found.indications.of(31), Indication::Discardable);
    }
}
