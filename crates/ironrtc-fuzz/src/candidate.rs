//! A candidate's line: what is read is written again in the grammar, and reads as the same.

use ironrtc_core::ice::Candidate;

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(candidate) = text.parse::<Candidate>() else {
        return;
    };
    let written = candidate.to_string();
    assert!(
        written.chars().all(|c| c.is_ascii_graphic() || c == ' '),
        "{written:?} would not be one line of SDP"
    );
    let again: Candidate = written.parse().expect("what is written can be read");
    assert_eq!(again.to_string(), written);
}
