//! The API over HTTP: contract.md, and `GET /openapi.json` for callers.
//!
//! Every answer is JSON but for `/metrics`, refused requests included. A panic is one request's 500, never the daemon's
//! end. Tokens, bodies and what they hold are in no log.

mod acts;
mod calls;
mod events;
mod feed;
mod health;
mod openapi;
mod orders;
mod receipts;
mod receive;
mod refusal;
pub(crate) mod shown;
pub mod tokens;
mod wrap;

use crate::config::Scope;
use crate::engine::decision::Regime;
use crate::metrics::Metrics;
use crate::notify::outbox::sender::Sender;
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
use chrono_tz::Tz;
pub(crate) use events::ACT_KINDS;
pub(crate) use health::RECEIVED_WITHIN_MS;
pub use health::{Health, InForce, ReloadFailure, SourceHealth};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use refusal::Refusal;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokens::Tokens;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// When the daemon stops, requests under way get so long to end.
const LAST_ANSWERS: Duration = Duration::from_secs(2);
/// The head of a request has to arrive within so long, and a connection may be idle for no longer: who sends a byte now
/// and then would hold it for ever.
const HEAD_WITHIN: Duration = Duration::from_secs(30);
/// Where no connection could be taken, the next is tried after so long.
const ACCEPT_AGAIN: Duration = Duration::from_millis(500);

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
    /// The channels, whose receipts are taken.
    pub sender: Arc<Sender>,
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
pub(crate) const ROUTES: [Route; 14] = [
    Route { path: "/api/v1/events", method: "post", scope: Some(Scope::Intake), handler: || post(events::take) },
    Route { path: "/api/v1/orders/{order}", method: "get", scope: Some(Scope::Read), handler: || get(orders::show) },
    Route { path: "/api/v1/decisions", method: "get", scope: Some(Scope::Read), handler: || get(feed::read) },
    Route { path: "/api/v1/decisions/{key}/acknowledge", method: "post", scope: Some(Scope::Supervise), handler: || post(acts::acknowledge) },
    Route { path: "/api/v1/decisions/{key}/approve", method: "post", scope: Some(Scope::Supervise), handler: || post(acts::approve) },
    Route { path: "/api/v1/decisions/{key}/decline", method: "post", scope: Some(Scope::Supervise), handler: || post(acts::decline) },
    Route { path: "/api/v1/decisions/{key}/withdraw", method: "post", scope: Some(Scope::Supervise), handler: || post(acts::withdraw) },
    Route { path: "/api/v1/calls", method: "get", scope: Some(Scope::Supervise), handler: || get(calls::list) },
    Route { path: "/api/v1/calls/{id}/done", method: "post", scope: Some(Scope::Supervise), handler: || post(calls::done) },
    Route { path: "/api/v1/receipts/{channel}/{token}", method: "post", scope: None, handler: || post(receipts::take) },
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

/// Serves until the daemon stops; what is under way then gets a little time to end.
pub async fn serve(listener: TcpListener, api: Arc<Api>) -> std::io::Result<()> {
    let stop = api.stop.clone();
    serve_routes(listener, router(api), stop, HEAD_WITHIN).await;
    Ok(())
}

async fn serve_routes(listener: TcpListener, routes: Router, stop: CancellationToken, head_within: Duration) {
    let service = TowerToHyperService::new(routes);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head_within);
    let under_way = GracefulShutdown::new();
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => break,
            stream = accept(&listener) => stream,
        };
        let connection = http.serve_connection(TokioIo::new(stream), service.clone());
        let connection = under_way.watch(connection);
        // How a connection ends is its caller's affair.
        tokio::spawn(async move { drop(connection.await) });
    }
    drop(listener);
    let _ = tokio::time::timeout(LAST_ANSWERS, under_way.shutdown()).await;
}

/// The next connection. Where there can be none, because all descriptors are in use, it is waited for.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Answers are small and wanted at once: waiting to fill a packet would cost each caller 40 ms.
                let _ = stream.set_nodelay(true);
                return stream;
            }
            Err(error) => {
                warn!(error = %error, "could not take a connection");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn served(head_within: Duration, stop: &CancellationToken) -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let routes = Router::new().route("/", get(|| async { "here" }));
        tokio::spawn(serve_routes(listener, routes, stop.clone(), head_within));
        TcpStream::connect(address).await.unwrap()
    }

    #[tokio::test]
    async fn who_takes_too_long_for_a_head_is_let_go() {
        let stop = CancellationToken::new();
        let mut slow = served(Duration::from_millis(200), &stop).await;
        slow.write_all(b"GET / HTTP/1.1\r\nHost: h\r\nX-Never: ends").await.unwrap();
        let mut answer = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(20), slow.read_to_end(&mut answer)).await;
        assert!(read.is_ok(), "the connection is held for ever");
        assert!(!answer.starts_with(b"HTTP/1.1 200"));
    }

    #[tokio::test]
    async fn a_request_is_answered_and_an_idle_connection_ends_with_the_daemon() {
        let stop = CancellationToken::new();
        let mut quick = served(Duration::from_secs(30), &stop).await;
        quick.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
        let mut answer = vec![0; 12];
        quick.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, b"HTTP/1.1 200");
        stop.cancel();
        let rest = tokio::time::timeout(Duration::from_secs(20), quick.read_to_end(&mut answer)).await;
        assert!(rest.is_ok(), "an idle connection keeps the daemon");
    }
}
