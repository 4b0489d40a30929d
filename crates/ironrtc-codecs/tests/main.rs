//! Codecs judged by what comes through: frequencies and levels, pictures, and what FFmpeg makes of it.
#![forbid(unsafe_code)]

mod audio;
mod foreign;
mod hostile;
mod loss;
mod video;

/// Numbers that are the same in each run.
struct Seeded(u64);

impl Seeded {
    fn next(&mut self) -> u64 {
        // xorshift64*.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 33) as usize % bound.max(1)
    }
}
