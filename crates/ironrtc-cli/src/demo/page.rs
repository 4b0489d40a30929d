//! The page, built into the program.

use std::sync::Arc;

use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::routing::get;

use super::hub::Hub;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// Only the page's own files, and WebSockets to wherever the page came from.
const POLICY: &str = "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Path, type and text of each file.
const FILES: &[(&str, &str, &str)] = &[
    ("/", HTML, include_str!("../../page/index.html")),
    ("/style.css", CSS, include_str!("../../page/style.css")),
    ("/icon.svg", SVG, include_str!("../../page/icon.svg")),
    ("/app.js", JS, include_str!("../../page/app.js")),
    ("/camera.js", JS, include_str!("../../page/camera.js")),
    ("/chat.js", JS, include_str!("../../page/chat.js")),
    ("/devices.js", JS, include_str!("../../page/devices.js")),
    ("/files.js", JS, include_str!("../../page/files.js")),
    ("/link.js", JS, include_str!("../../page/link.js")),
    ("/ping.js", JS, include_str!("../../page/ping.js")),
    ("/rows.js", JS, include_str!("../../page/rows.js")),
    ("/sha256.js", JS, include_str!("../../page/sha256.js")),
    ("/state.js", JS, include_str!("../../page/state.js")),
    ("/transfer.js", JS, include_str!("../../page/transfer.js")),
];

/// Serves the files.
pub(super) fn router() -> Router<Arc<Hub>> {
    let mut router = Router::new();
    for &(path, kind, text) in FILES {
        let headers = [
            (CONTENT_TYPE, kind),
            // The program may be another one the next time it runs.
            (CACHE_CONTROL, "no-cache"),
            (CONTENT_SECURITY_POLICY, POLICY),
            (REFERRER_POLICY, "no-referrer"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        router = router.route(path, get(move || std::future::ready((headers, text))));
    }
    router
}
