//! From an address to a connection that can be searched: TCP, TLS where wanted, bind, and the client library on top.

mod tls;

use tokio::net::TcpStream;

pub(in crate::input) use self::tls::Trust;
use super::address::Address;
use super::bind::{self, Handshake, Peer};
use super::failure::{Failure, Trouble, within};
use super::kept::Kept;
use super::session::Session;
use super::settings::{Auth, Security, Settings};
use super::wire::layer::Layer;
use super::wire::relay::Stream;
use crate::input::kerberos::Tickets;
use crate::input::net;

/// What to look at where nothing listens.
const PORTS: &str = "check the port and that this is a domain controller; LDAP is 389, LDAPS 636";

/// Everything that is the same for all servers of a run.
pub(super) struct Connector<'a> {
    settings: &'a Settings,
    trust: Option<Trust>,
    /// Of whoever asks, where Kerberos says who that is.
    tickets: Option<Tickets>,
    /// What is kept of all that they send.
    pub(super) kept: Kept,
}

impl<'a> Connector<'a> {
    /// Reads what has to be read before the first connection.
    pub(super) fn new(settings: &'a Settings) -> Result<Self, Trouble> {
        let needed = matches!(settings.security, Security::Ldaps | Security::StartTls);
        let trust = if needed { Some(Trust::new(settings)?) } else { None };
        let tickets = match &settings.auth {
            Auth::Kerberos(identity) => Some(Tickets::new(identity.clone(), settings.step_timeout)),
            _ => None,
        };
        Ok(Self { settings, trust, tickets, kept: Kept::default() })
    }

    pub(super) fn settings(&self) -> &'a Settings {
        self.settings
    }

    /// Connects and binds.
    pub(super) async fn open(&self, address: &Address) -> Result<Session, Failure> {
        let limit = self.settings.step_timeout;
        let tcp = async { net::connect(&address.host, address.port, limit, PORTS).await.map_err(Failure::Server) };
        let stream = within(limit, "the connection", tcp).await?;
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
        let bind = bind::bind(&mut handshake, &self.settings.auth, self.tickets.as_ref(), &peer);
        let layer: Layer = within(self.settings.step_timeout, "the bind", bind).await?;
        Session::start(handshake.into_stream(), layer, address, self.settings, self.kept.clone()).await
    }
}
