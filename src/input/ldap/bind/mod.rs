//! Says who asks: simple, anonymous, or Kerberos (RFC 4511, section 4.2; RFC 4752).

mod handshake;
mod kerberos;
mod refusal;

use zeroize::Zeroizing;

pub(super) use self::handshake::Handshake;
use self::refusal::refused;
use super::failure::Failure;
use super::settings::{Auth, Security};
use super::wire::layer::Layer;
use super::wire::messages::{BIND_RESPONSE, EXTENDED_RESPONSE};
use super::wire::relay::Stream;
use crate::input::ber::{self, INTEGER, OCTETS};
use crate::input::kerberos::Tickets;

const BIND_REQUEST: u8 = 0x60;
const EXTENDED_REQUEST: u8 = 0x77;

/// Whom the connection leads to, as far as a bind needs to know.
pub(super) struct Peer<'a> {
    /// The name that the server was asked for.
    pub(super) host: &'a str,
    /// What ties a bind to the TLS connection it is made on (RFC 5929, `tls-server-end-point`).
    pub(super) channel: Option<Vec<u8>>,
    /// What protects the connection.
    pub(super) security: Security,
}

/// Binds, and says which layer the rest of the connection goes through.
pub(super) async fn bind<S: Stream>(
    handshake: &mut Handshake<S>,
    auth: &Auth,
    tickets: Option<&Tickets>,
    peer: &Peer<'_>,
) -> Result<Layer, Failure> {
    match (auth, tickets) {
        (Auth::Kerberos(identity), Some(tickets)) => kerberos::bind(handshake, identity, tickets, peer).await,
        (Auth::Simple { user, password }, _) => simple(handshake, auth, user, password.reveal()).await,
        (Auth::Anonymous | Auth::Kerberos(_), _) => simple(handshake, auth, "", "").await,
    }
}

async fn simple<S: Stream>(
    handshake: &mut Handshake<S>,
    auth: &Auth,
    user: &str,
    secret: &str,
) -> Result<Layer, Failure> {
    let password = Zeroizing::new(ber::element(0x80, &[secret.as_bytes()]));
    let user = ber::element(OCTETS, &[user.as_bytes()]);
    let request = Zeroizing::new(ber::element(BIND_REQUEST, &[&version(), &user, &password]));
    // What it says is shown, and it knows the password now.
    let outcome = handshake.ask(&request, BIND_RESPONSE).await;
    let mut outcome = outcome.map_err(|failure| failure.reworded(|what| auth.discreet(what)))?;
    outcome.text = auth.discreet(&outcome.text);
    if outcome.code == 0 { Ok(Layer::None) } else { Err(refused(&outcome, "the bind")) }
}

fn version() -> Vec<u8> {
    ber::element(INTEGER, &[&[3]])
}

/// Asks the server to begin with TLS (RFC 4511, section 4.14).
pub(super) async fn start_tls<S: Stream>(handshake: &mut Handshake<S>) -> Result<(), Failure> {
    let name = ber::element(0x80, &[b"1.3.6.1.4.1.1466.20037"]);
    let outcome = handshake.ask(&ber::element(EXTENDED_REQUEST, &[&name]), EXTENDED_RESPONSE).await?;
    if outcome.code == 0 { Ok(()) } else { Err(refused(&outcome, "StartTLS")) }
}
