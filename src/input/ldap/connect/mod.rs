//! From an address to a connection that can be searched: TCP, TLS where wanted, bind, and the client library on top.

mod tls;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;

pub(super) use self::tls::Trust;
use super::address::Address;
use super::bind::{self, Handshake, Peer};
use super::failure::{Failure, Trouble, within};
use super::kept::Kept;
use super::session::Session;
use super::settings::{Security, Settings};
use super::wire::layer::Layer;
use super::wire::relay::Stream;

/// Everything that is the same for all servers of a run.
pub(super) struct Connector<'a> {
    settings: &'a Settings,
    trust: Option<Trust>,
    /// What is kept of all that they send.
    pub(super) kept: Kept,
}

impl<'a> Connector<'a> {
    /// Reads what has to be read before the first connection.
    pub(super) fn new(settings: &'a Settings) -> Result<Self, Trouble> {
        let needed = matches!(settings.security, Security::Ldaps | Security::StartTls);
        let trust = if needed { Some(Trust::new(settings)?) } else { None };
        Ok(Self { settings, trust, kept: Kept::default() })
    }

    pub(super) fn settings(&self) -> &'a Settings {
        self.settings
    }

    /// Connects and binds.
    pub(super) async fn open(&self, address: &Address) -> Result<Session, Failure> {
        let limit = self.settings.step_timeout;
        let stream = within(limit, "the connection", tcp(address, limit)).await?;
        match (self.settings.security, &self.trust) {
            (Security::Ldaps, Some(trust)) => self.open_tls(address, stream, trust).await,
            (Security::StartTls, Some(trust)) => {
                let mut handshake = Handshake::new(stream);
                within(limit, "StartTLS", bind::start_tls(&mut handshake)).await?;
                self.open_tls(address, handshake.into_stream(), trust).await
            }
            _ => self.open_bound(address, stream, None).await,
        }
    }

    async fn open_tls(&self, address: &Address, stream: TcpStream, trust: &Trust) -> Result<Session, Failure> {
        let handshake = trust.handshake(&address.host, stream);
        let stream = within(self.settings.step_timeout, "the TLS handshake", handshake).await?;
        let channel = tls::channel_binding(&stream);
        self.open_bound(address, stream, channel).await
    }

    async fn open_bound(
        &self,
        address: &Address,
        stream: impl Stream + 'static,
        channel: Option<Vec<u8>>,
    ) -> Result<Session, Failure> {
        let mut handshake = Handshake::new(stream);
        let peer = Peer { host: &address.host, channel, security: self.settings.security };
        let bind = bind::bind(&mut handshake, &self.settings.auth, &peer);
        let layer: Layer = within(self.settings.step_timeout, "the bind", bind).await?;
        Session::start(handshake.into_stream(), layer, address, self.settings, self.kept.clone()).await
    }
}

/// Connects to the first of the host's addresses that answers. Each gets its share of the time: an address that swallows
/// everything, as IPv6 does behind many a firewall, leaves some for the next.
async fn tcp(address: &Address, limit: Duration) -> Result<TcpStream, Failure> {
    let found = tokio::net::lookup_host((address.host.as_str(), address.port)).await;
    let candidates = found.map_err(|error| {
        let what = format!("the host {} is not known: {error}", address.host);
        Failure::Server(Trouble::new(what).hint("check the name, and which DNS server this machine asks"))
    })?;
    let candidates: Vec<SocketAddr> = candidates.collect();
    let share = limit / u32::try_from(candidates.len()).unwrap_or(u32::MAX).max(1);
    let mut last = None;
    for candidate in candidates {
        let connected = tokio::time::timeout(share, TcpStream::connect(candidate)).await;
        match connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(stream) => {
                // Requests are short, and each waits for its reply.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => last = Some(error),
        }
    }
    Err(unreachable(address, last))
}

fn unreachable(address: &Address, error: Option<io::Error>) -> Failure {
    let error = error.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into());
    let (what, hint) = match error.kind() {
        io::ErrorKind::ConnectionRefused => (
            format!("nothing listens on port {} of {}: {error}", address.port, address.host),
            "check the port and that this is a domain controller; LDAP is 389, LDAPS 636",
        ),
        _ => (format!("{address} cannot be reached: {error}"), "check the network, and firewalls on the way"),
    };
    Failure::Server(Trouble::new(what).hint(hint))
}
