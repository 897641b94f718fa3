//! The loop that takes connections. `axum::serve` has no time limit for a request's head, so a client that sends
//! a byte a minute would keep its connection for ever (slow loris); and it waits for the last request
//! without end when the server is told to stop.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;

use crate::config::ServerConfig;

/// After an error that is the machine's, not the client's: no more file handles.
const PAUSE: Duration = Duration::from_secs(1);

/// Serves until `stop` comes; then takes no more connections, lets requests under way end for
/// `stop_seconds`, and breaks off what is left. Whether all ended in time.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    config: &ServerConfig,
    stop: impl Future<Output = ()>,
) -> bool {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(config.read_timeout_seconds));
    let graceful = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection = http.serve_connection(
                    TokioIo::new(quick(stream)),
                    TowerToHyperService::new(router.clone().map_request(
                        move |request: hyper::Request<Incoming>| with_peer(request, peer),
                    )),
                );
                let connection = graceful.watch(connection);
                tokio::spawn(async move {
                    if let Err(error) = connection.await {
                        // a client that went away or was too slow
                        tracing::debug!(%error, "连接中断");
                    }
                });
            }
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                tracing::error!(%error, "不能接受新的连接，稍后再试");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    let deadline = Duration::from_secs(config.stop_seconds);
    let ended = tokio::time::timeout(deadline, graceful.shutdown()).await;
    if ended.is_err() {
        tracing::warn!(
            stop_seconds = config.stop_seconds,
            "停止期限已到，仍有请求没有办完，已断开"
        );
    }
    ended.is_ok()
}

fn quick(stream: TcpStream) -> TcpStream {
    // an answer goes out at once; a connection that does not take this works, too
    let _slower = stream.set_nodelay(true);
    stream
}

fn with_peer(request: hyper::Request<Incoming>, peer: SocketAddr) -> Request {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    request
}

fn is_the_clients(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}
