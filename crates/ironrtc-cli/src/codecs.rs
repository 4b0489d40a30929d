//! `ironrtc codecs`: what this machine can encode and decode.

use std::io::Write as _;

use ironrtc_codecs::{Library, Support, Unavailable};

use crate::args::CodecsOptions;

pub(crate) fn run(options: &CodecsOptions) -> anyhow::Result<()> {
    let list = ironrtc_codecs::list();
    let text = if options.json {
        let formats: Vec<_> = list.iter().map(json).collect();
        format!("{:#}\n", serde_json::Value::from(formats))
    } else {
        list.iter().map(lines).collect()
    };
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

type Side = Result<Library, Unavailable>;

fn lines(support: &Support) -> String {
    let name = support.format.name();
    // One line where both sides have the same to say.
    if text(&support.encode) == text(&support.decode) {
        let side = if support.encode.is_ok() {
            "both ways"
        } else {
            "neither"
        };
        return format!("{name:5} {side:9}  {}\n", text(&support.encode));
    }
    [("encode", &support.encode), ("decode", &support.decode)]
        .map(|(side, found)| {
            let mark = if found.is_ok() {
                side.to_owned()
            } else {
                format!("no {side}")
            };
            format!("{name:5} {mark:9}  {}\n", text(found))
        })
        .concat()
}

fn text(side: &Side) -> String {
    match side {
        Ok(library) => {
            let file = library.file.as_ref();
            let file = file.map(|file| format!(" ({file})")).unwrap_or_default();
            format!("{} {}{file}", library.name, library.version)
        }
        Err(reason) => reason.reason.clone(),
    }
}

fn json(support: &Support) -> serde_json::Value {
    let side = |side: &Side| match side {
        Ok(library) => serde_json::json!({
            "library": library.name,
            "version": library.version,
            "file": library.file,
        }),
        Err(reason) => serde_json::json!({ "reason": reason.reason }),
    };
    serde_json::json!({
        "format": support.format.name(),
        "encode": side(&support.encode),
        "decode": side(&support.decode),
    })
}

#[cfg(test)]
mod tests {
    use ironrtc_codecs::Format;

    use super::*;

    fn library(file: Option<&str>) -> Side {
        Ok(Library {
            name: "libvpx",
            version: "1.12.0".into(),
            file: file.map(str::to_owned),
        })
    }

    #[test]
    fn each_side_has_a_library_or_a_reason() {
        let reason = Err(Unavailable {
            format: Format::Av1,
            reason: "no encoder is bound".into(),
        });
        let support = Support {
            format: Format::Av1,
            encode: reason,
            decode: library(None),
        };
        assert_eq!(
            lines(&support),
            "AV1   no encode  no encoder is bound\nAV1   decode     libvpx 1.12.0\n"
        );
        let both = Support {
            format: Format::Vp8,
            encode: library(Some("libvpx.so.7")),
            decode: library(Some("libvpx.so.7")),
        };
        assert_eq!(
            lines(&both),
            "VP8   both ways  libvpx 1.12.0 (libvpx.so.7)\n"
        );
        assert_eq!(json(&support)["encode"]["reason"], "no encoder is bound");
        assert_eq!(json(&both)["decode"]["file"], "libvpx.so.7");
    }
}
