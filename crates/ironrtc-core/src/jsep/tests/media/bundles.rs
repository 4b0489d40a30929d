//! Media over one transport or several.

use super::*;

#[test]
fn every_bundle_policy_agrees_on_media_with_every_other() {
    let policies = [
        BundlePolicy::Balanced,
        BundlePolicy::MaxCompat,
        BundlePolicy::MaxBundle,
    ];
    for ours in policies {
        for theirs in policies {
            let (mut a, mut b) = (negotiator(1), negotiator(2));
            a.config.bundle_policy = ours;
            b.config.bundle_policy = theirs;
            for (kind, track) in [
                (MediaKind::Audio, "x"),
                (MediaKind::Video, "y"),
                (MediaKind::Video, "z"),
            ] {
                add_track(&mut a, kind, track);
                add_track(&mut b, kind, track);
            }
            a.add_data_channel();
            agree(&mut a, &mut b);
            for who in [&a, &b] {
                assert_eq!(rtp(who).sections.len(), 3, "{ours} {theirs}");
                assert_eq!(who.plans().len(), 1);
                let both = |s: &RtpSection| s.send.is_some() && s.receive.is_some();
                assert!(rtp(who).sections.iter().all(both));
                assert!(!who.negotiation_needed());
            }
        }
    }
}

#[test]
fn without_a_bundle_each_transport_has_its_section() {
    let (mut a, mut b) = (negotiator(1), negotiator(2));
    a.config.bundle_policy = BundlePolicy::MaxCompat;
    let audio = add_track(&mut a, MediaKind::Audio, "x");
    let video = add_track(&mut a, MediaKind::Video, "y");
    a.set_local_description(None).unwrap();
    let offer = local(&a).replace("a=group:BUNDLE 0 1\r\n", "");
    b.set_remote_description(SessionDescription::offer(offer))
        .unwrap();
    b.set_local_description(None).unwrap();
    a.set_remote_description(b.local_description().unwrap())
        .unwrap();
    assert_eq!(a.plans().len(), 2);
    for plan in a.plans().into_values().chain(b.plans().into_values()) {
        assert_eq!(plan.rtp.unwrap().sections.len(), 1);
    }
    assert_ne!(a.transport_of(audio), a.transport_of(video));
}

/// RFC 9143 section 7.5.2: what joins a bundle has its address, so that nothing is gathered or
/// connected for it.
#[test]
fn what_joins_a_bundle_that_was_agreed_on_has_its_transport() {
    for policy in [
        BundlePolicy::Balanced,
        BundlePolicy::MaxCompat,
        BundlePolicy::MaxBundle,
    ] {
        let (mut a, mut b) = (negotiator(1), negotiator(2));
        a.config.bundle_policy = policy;
        a.add_data_channel();
        agree(&mut a, &mut b);
        for (kind, track) in [
            (MediaKind::Audio, "x"),
            (MediaKind::Video, "y"),
            (MediaKind::Video, "v"),
        ] {
            add_track(&mut a, kind, track);
        }
        let applied = a.set_local_description(None).unwrap();
        assert_eq!(applied.steps, [], "{policy}");
        let offered = local(&a);
        assert_eq!(offered.matches("bundle-only").count(), 0, "{offered}");
        let answered = answer(&mut b, offered);
        let applied = a
            .set_remote_description(SessionDescription::answer(answered))
            .unwrap();
        assert!(
            matches!(applied.steps.as_slice(), [(_, Step::Update(_))]),
            "{policy}: {:?}",
            applied.steps
        );
        assert_eq!(rtp(&a).sections.len(), 3);
        // One more while an offer waits.
        add_track(&mut a, MediaKind::Audio, "w");
        a.set_local_description(None).unwrap();
        add_track(&mut a, MediaKind::Video, "z");
        let applied = a.set_local_description(None).unwrap();
        assert_eq!(applied.steps, [], "{policy}");
        // It cannot be taken out, as no address is there for it alone.
        let answered = answer(&mut b, local(&a));
        let apart = answered.replace(" 4 5\r\n", " 4\r\n");
        assert_ne!(apart, answered);
        let error = a.set_remote_description(SessionDescription::answer(apart));
        let mid = "5".parse().unwrap();
        assert_eq!(error.unwrap_err(), JsepError::OnlyBundled(mid));
        a.set_remote_description(SessionDescription::answer(answered))
            .unwrap();
        assert_eq!(a.plans().len(), 1);
    }
}
