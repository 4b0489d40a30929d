//! `GET /recordings/NAME`: a recording, to be played or kept.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use tower_http::services::ServeFile;

use super::hub::Hub;
use super::origin::is_own_host;

/// Parts of it too, so that players can seek.
pub(super) async fn download(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    if !is_own_host(request.headers(), &hub.names) {
        return (
            StatusCode::FORBIDDEN,
            "open the page by this machine's address",
        )
            .into_response();
    }
    let Some(path) = hub.with_shelf(|shelf| shelf.path(&name)) else {
        return (StatusCode::NOT_FOUND, "there is no such recording").into_response();
    };
    let mut response = match ServeFile::new(path).try_call(request).await {
        Ok(response) => response.into_response(),
        Err(error) => {
            let text = format!("the recording cannot be read: {error}");
            return (StatusCode::INTERNAL_SERVER_ERROR, text).into_response();
        }
    };
    for (name, value) in [
        (CACHE_CONTROL, "no-cache"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Pages of other sites may not show it.
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}
