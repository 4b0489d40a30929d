//! What a sender is told: encodings of a new transceiver, `getParameters` and `setParameters`.

use super::*;

#[test]
fn what_a_new_transceiver_is_told_is_checked() {
    let mut a = negotiator(1);
    let mut add = |encodings: Vec<EncodingParameters>| {
        let init = TransceiverInit::default().send_encodings(encodings);
        let id = a.add_transceiver(MediaKind::Video, None, init)?;
        Ok(a.get_parameters(id)?.encodings)
    };
    let plain = EncodingParameters::default;
    assert_eq!(
        add(vec![plain(), plain()]),
        Err(TransceiverError::RidMissing)
    );
    assert_eq!(
        add(rids(&["a", "a"])),
        Err(TransceiverError::RidTwice("a".into()))
    );
    let small = plain().scale_resolution_down_by(Some(0.5));
    assert_eq!(add(vec![small]), Err(TransceiverError::Scale));
    let slow = plain().max_framerate(Some(f64::NAN));
    assert_eq!(add(vec![slow]), Err(TransceiverError::FrameRate));
    assert_eq!(add(rids(&["a"])).unwrap()[0].rid, None, "one needs no name");
    let many: Vec<String> = (0..50).map(|n| format!("r{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(add(rids(&many)).unwrap().len(), 8);
    for _ in 0..600 {
        let _ = add(Vec::new());
    }
    assert!(matches!(add(Vec::new()), Err(TransceiverError::TooMany(_))));
    assert!(a.transceivers().count() <= 256);
}

/// webrtc-pc section 5.2.
#[test]
fn parameters_are_got_changed_and_set_once() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    let id = add_track(&mut a, MediaKind::Video, "x");
    agree(&mut a, &mut b);
    let mut parameters = a.get_parameters(id).unwrap();
    assert!(!parameters.codecs.is_empty() && !parameters.header_extensions.is_empty());
    parameters.encodings[0].active = false;
    parameters.encodings[0].max_bitrate = Some(100_000);
    a.set_parameters(id, parameters.clone()).unwrap();
    let steps = a.updates();
    assert_eq!(steps.len(), 1);
    let encoding = section(&a, id).send.unwrap().encodings.remove(0);
    assert!(!encoding.active && encoding.max_bitrate == Some(100_000));
    assert_eq!(
        a.set_parameters(id, parameters),
        Err(TransceiverError::Stale)
    );
    let mut other = a.get_parameters(id).unwrap();
    other.codecs.clear();
    assert_eq!(a.set_parameters(id, other), Err(TransceiverError::ReadOnly));
    let mut other = a.get_parameters(id).unwrap();
    other.encodings.clear();
    assert_eq!(a.set_parameters(id, other), Err(TransceiverError::ReadOnly));
    let old = a.get_parameters(id).unwrap();
    agree(&mut a, &mut b);
    assert_eq!(a.set_parameters(id, old), Err(TransceiverError::Stale));
    let received = b.receive_parameters(only(&b));
    assert!(!received.codecs.is_empty() && received.reduced_size);
}
