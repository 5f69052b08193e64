//! The API over HTTP: contract.md, and `GET /openapi.json` for callers.
//!
//! Every answer is JSON but for `/metrics`, refused requests included. A panic is one request's 500, never the daemon's
//! end. Tokens, bodies and what they hold are in no log.

mod acts;
mod events;
mod feed;
mod health;
mod openapi;
mod orders;
mod receive;
mod refusal;
pub(crate) mod shown;
pub mod tokens;
mod wrap;

use crate::config::Scope;
use crate::engine::decision::Regime;
use crate::metrics::Metrics;
use crate::order::body::BodyReader;
use crate::policy::model::RuleSet;
use crate::store::Store;
use crate::symbol::Symbol;
use crate::text::{Lang, Text};
use arc_swap::ArcSwapOption;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use axum::serve::ListenerExt;
use chrono_tz::Tz;
pub(crate) use health::RECEIVED_WITHIN_MS;
pub use health::{Health, InForce, ReloadFailure};
use refusal::Refusal;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokens::Tokens;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// When the daemon stops, requests under way get so long to end.
const LAST_ANSWERS: Duration = Duration::from_secs(3);

/// What the API works with.
pub struct Api {
    /// The store.
    pub store: Store,
    /// Who may call.
    pub tokens: Tokens,
    /// In what language refusals are.
    pub lang: Lang,
    /// The words in force; none until rules were loaded.
    pub words: Arc<ArcSwapOption<Words>>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// How the daemon is.
    pub health: Arc<Health>,
    /// Wakes the decide loop: there are new events.
    pub wake: Arc<tokio::sync::Notify>,
    /// Ends those who wait when the daemon stops.
    pub stop: CancellationToken,
}

/// The words under which events are taken and shown.
pub struct Words {
    /// The version in force, loaded.
    pub rules: Arc<RuleSet>,
    /// All versions: by what each instant is decided.
    pub regime: Arc<Regime>,
    /// Its vocabulary, made ready.
    pub reader: BodyReader,
    /// In which instants are shown.
    pub zone: Tz,
    /// What recipients are called.
    pub titles: BTreeMap<Symbol, String>,
}

/// One route: where, how, who, and what answers. The test of `/openapi.json` goes through the same table.
pub(crate) struct Route {
    pub(crate) path: &'static str,
    #[cfg_attr(not(test), expect(dead_code, reason = "what the description is compared with"))]
    pub(crate) method: &'static str,
    pub(crate) scope: Option<Scope>,
    handler: fn() -> MethodRouter<Arc<Api>>,
}

/// Every route there is.
#[rustfmt::skip] // a table
pub(crate) const ROUTES: [Route; 11] = [
    Route { path: "/api/v1/events", method: "post", scope: Some(Scope::Intake), handler: || post(events::take) },
    Route { path: "/api/v1/orders/{order}", method: "get", scope: Some(Scope::Read), handler: || get(orders::show) },
    Route { path: "/api/v1/decisions", method: "get", scope: Some(Scope::Read), handler: || get(feed::read) },
    Route { path: "/api/v1/decisions/{key}/acknowledge", method: "post", scope: Some(Scope::Supervise), handler: || post(acts::acknowledge) },
    Route { path: "/api/v1/decisions/{key}/approve", method: "post", scope: Some(Scope::Supervise), handler: || post(acts::approve) },
    Route { path: "/api/v1/decisions/{key}/decline", method: "post", scope: Some(Scope::Supervise), handler: || post(acts::decline) },
    Route { path: "/api/v1/decisions/{key}/withdraw", method: "post", scope: Some(Scope::Supervise), handler: || post(acts::withdraw) },
    Route { path: "/healthz", method: "get", scope: None, handler: || get(health::alive) },
    Route { path: "/readyz", method: "get", scope: None, handler: || get(health::ready) },
    Route { path: "/metrics", method: "get", scope: None, handler: || get(health::metrics) },
    Route { path: "/openapi.json", method: "get", scope: None, handler: || get(openapi::show) },
];

/// All routes, ready to be served.
pub fn router(api: Arc<Api>) -> Router {
    let routes = ROUTES.iter().fold(Router::new(), |router, route| {
        let handler = (route.handler)();
        let handler = match route.scope {
            Some(scope) => handler.layer(middleware::from_fn_with_state((Arc::clone(&api), scope), admit)),
            None => handler,
        };
        router.route(route.path, handler)
    });
    routes
        .fallback(wrap::no_such_route)
        .method_not_allowed_fallback(wrap::no_such_method)
        .layer(middleware::from_fn_with_state(Arc::clone(&api), wrap::around))
        .with_state(api)
}

/// Serves until the daemon stops.
pub async fn serve(listener: TcpListener, api: Arc<Api>) -> std::io::Result<()> {
    let stop = api.stop.clone();
    // Answers are small and wanted at once: waiting to fill a packet would cost each caller 40 ms.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    let ended = stop.clone();
    let serving = axum::serve(listener, router(api)).with_graceful_shutdown(async move { ended.cancelled().await });
    let too_long = async move {
        stop.cancelled().await;
        tokio::time::sleep(LAST_ANSWERS).await;
    };
    tokio::select! {
        served = serving.into_future() => served,
        () = too_long => Ok(()),
    }
}

/// Lets only those in whose token has the route's scope.
async fn admit(
    axum::extract::State((api, scope)): axum::extract::State<(Arc<Api>, Scope)>,
    mut request: Request,
    next: Next,
) -> Response {
    match api.tokens.admit(request.headers(), scope) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(refusal) => {
            receive::drain(request.into_body()).await;
            refusal.answer(api.lang)
        }
    }
}

fn no_words() -> Refusal {
    Refusal::unavailable(Text::new("规则尚未载入", "the rules are not loaded yet"))
}
