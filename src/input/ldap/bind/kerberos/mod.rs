//! A Kerberos bind: our own way with a ticket, a password or a keytab; the system's library for whoever is logged on to Windows, and on
//! Unix where it was asked for.

#[cfg(any(windows, feature = "libkrb5"))]
mod library;
mod offer;
mod own;
#[cfg(any(windows, feature = "libkrb5"))]
mod sequence;
#[cfg(any(windows, feature = "libkrb5"))]
mod words;

use anyhow::Result;

use self::offer::Offer;
use super::{Peer, refused};
use crate::directory::kerberos_error as code;
use crate::directory::text::printable;
use crate::input::ber::{self, OCTETS};
use crate::input::kerberos::{self, Identity, Tickets};
use crate::input::ldap::bind::Handshake;
use crate::input::ldap::failure::Failure;
use crate::input::ldap::settings::Security;
use crate::input::ldap::wire::layer::{Layer, Seal, Sealed};
use crate::input::ldap::wire::messages::{BIND_RESPONSE, Outcome};
use crate::input::ldap::wire::relay::Stream;

const IN_PROGRESS: u32 = 14;
/// A handshake takes two or three steps; a server that wants more is playing.
const MOST_STEPS: usize = 8;

/// How to get a new ticket.
#[cfg(not(windows))]
const RENEW: &str = "renew the ticket with kinit";
/// How to get a new ticket.
#[cfg(windows)]
const RENEW: &str = "log on again, or run `klist purge`";

/// A context that waits for the server to prove itself.
trait Pending: Send {
    /// Takes the server's token.
    fn step(self: Box<Self>, token: &[u8]) -> Result<Step, Failure>;
}

/// What comes of a server's token.
enum Step {
    /// The server proved itself; some libraries have a last word to send.
    Established(Box<dyn Established>, Option<Vec<u8>>),
    /// Another token has to be sent.
    #[cfg_attr(not(any(windows, feature = "libkrb5")), allow(dead_code, reason = "our own way has one step only"))]
    Continue(Box<dyn Pending>, Vec<u8>),
}

/// A security context whose both ends have proved who they are.
trait Established: Seal {
    /// Opens what the server offers, sealed or not.
    fn open_offer(&mut self, token: &[u8]) -> Result<Vec<u8>>;
    /// Wraps our answer, in clear with a checksum.
    fn wrap_answer(&mut self, answer: &[u8]) -> Result<Vec<u8>>;
}

/// Whether the system's library speaks for this identity.
fn is_for_library(identity: &Identity) -> bool {
    cfg!(any(windows, feature = "libkrb5")) && matches!(identity, Identity::Current)
}

/// Binds, and takes the layer that the connection needs.
pub(crate) async fn bind<S: Stream>(
    handshake: &mut Handshake<S>,
    identity: &Identity,
    tickets: &Tickets,
    peer: &Peer<'_>,
) -> Result<Layer, Failure> {
    let (pending, first) = match is_for_library(identity) {
        #[cfg(any(windows, feature = "libkrb5"))]
        true => library::begin(peer).await?,
        _ => own::begin(tickets, peer).await?,
    };
    let (mut context, last) = agree(handshake, pending, first).await?;
    let outcome = sasl_step(handshake, last.as_deref()).await?;
    let offer = context.open_offer(in_progress(&outcome)?).map_err(|error| broken(&error))?;
    let offer = Offer::parse(&offer).map_err(|error| Failure::server(error.to_string()))?;
    let within_tls = matches!(peer.security, Security::Ldaps | Security::StartTls);
    let answer = offer.accept(within_tls).map_err(|error| {
        Failure::last(format!("Kerberos cannot seal this connection: {error}"), "use LDAPS, or another server")
    })?;
    let answer = context.wrap_answer(&answer).map_err(|error| broken(&error))?;
    let outcome = sasl_step(handshake, Some(&answer)).await?;
    if outcome.code != 0 {
        return Err(refusal(&outcome));
    }
    if within_tls {
        return Ok(Layer::None);
    }
    let sealed = Sealed::new(context, offer.limit);
    sealed.map(Layer::Sealed).map_err(|error| Failure::server(format!("{error:#}")))
}

/// One step of a SASL bind.
async fn sasl_step<S: Stream>(handshake: &mut Handshake<S>, token: Option<&[u8]>) -> Result<Outcome, Failure> {
    let mechanism = ber::element(OCTETS, &[b"GSSAPI"]);
    let token = token.map(|token| ber::element(OCTETS, &[token])).unwrap_or_default();
    let credentials = ber::element(0xa3, &[&mechanism, &token]);
    let request = ber::element(super::BIND_REQUEST, &[&super::version(), &ber::element(OCTETS, &[]), &credentials]);
    handshake.ask(&request, BIND_RESPONSE).await
}

async fn agree<S: Stream>(
    handshake: &mut Handshake<S>,
    mut pending: Box<dyn Pending>,
    mut token: Vec<u8>,
) -> Result<(Box<dyn Established>, Option<Vec<u8>>), Failure> {
    for _ in 0..MOST_STEPS {
        let outcome = sasl_step(handshake, Some(&token)).await?;
        match pending.step(in_progress(&outcome)?)? {
            Step::Established(context, last) => return Ok((context, last)),
            Step::Continue(next, reply) => (pending, token) = (next, reply),
        }
    }
    Err(Failure::server("it never comes to an end of the Kerberos exchange"))
}

/// The server's token, if the bind goes on.
fn in_progress(outcome: &Outcome) -> Result<&[u8], Failure> {
    match &outcome.token {
        Some(token) if outcome.code == IN_PROGRESS => Ok(token),
        _ if outcome.code == IN_PROGRESS || outcome.code == 0 => {
            Err(Failure::server("it ended the Kerberos exchange before it proved who it is"))
        }
        _ => Err(refusal(outcome)),
    }
}

fn refusal(outcome: &Outcome) -> Failure {
    // What the server says in the language of Kerberos is clearer than its text.
    let reason = outcome.token.as_deref().and_then(kerberos::refusal);
    let reason = reason.map_or_else(String::new, |reason| format!(": {}", code::meaning(reason.code)));
    let said = format!("{} ({})", outcome.code, printable(outcome.text.trim()));
    match outcome.code {
        49 => Failure::last(
            format!("the server does not accept the Kerberos ticket{reason}: {said}"),
            format!("compare the clocks (five minutes apart is too much), and {RENEW}"),
        ),
        8 => Failure::last(
            format!("the server refuses Kerberos within TLS: {said}"),
            "use Kerberos on port 389, where it seals by itself; Samba takes it within TLS with `ldap server require strong auth = allow_sasl_over_tls`",
        ),
        _ => refused(outcome, "the Kerberos bind"),
    }
}

fn broken(error: &anyhow::Error) -> Failure {
    Failure::server(format!("the Kerberos exchange failed: {}", printable(&format!("{error:#}"))))
}
