//! The words of short codes: short, common, and hard to mistake for each other.

/// A power of two, so that each is as likely as the others.
pub(super) const WORDS: [&str; 128] = [
    "acorn", "amber", "anchor", "apple", "arrow", "atlas", "autumn", "badge", "bamboo", "banjo",
    "basil", "beach", "bell", "birch", "bison", "bloom", "boat", "bread", "breeze", "brick",
    "bridge", "brook", "butter", "cabin", "cactus", "camel", "candle", "canyon", "carpet",
    "castle", "cedar", "cherry", "cider", "cliff", "clover", "cobalt", "comet", "copper", "coral",
    "cotton", "crane", "crystal", "daisy", "desert", "dolphin", "dragon", "drum", "eagle", "ember",
    "falcon", "feather", "fern", "fiddle", "flame", "forest", "fossil", "fox", "garden", "ginger",
    "glacier", "granite", "grape", "guitar", "hammer", "harbor", "hazel", "honey", "igloo",
    "indigo", "island", "ivory", "jacket", "jasmine", "jungle", "kettle", "kite", "lagoon", "lamp",
    "lantern", "lemon", "lilac", "linen", "magnet", "mango", "maple", "marble", "meadow", "melon",
    "mirror", "moss", "nectar", "nickel", "oasis", "ocean", "olive", "onyx", "orbit", "orchid",
    "otter", "panda", "pearl", "pebble", "pepper", "piano", "pilot", "planet", "plum", "pond",
    "quartz", "rabbit", "radish", "raven", "ribbon", "river", "rocket", "saddle", "salmon",
    "silver", "sparrow", "spruce", "summit", "sunset", "tiger", "tulip", "velvet", "walnut",
    "willow", "zebra",
];
