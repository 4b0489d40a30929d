#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ironrtc_fuzz::run("media", data));
