//! A Kerberos bind with the ticket at hand: the credential cache on Unix, SSPI on Windows.

use anyhow::{Context, Result};
use cross_krb5::{ClientCtx, InitiateFlags, K5Ctx, PendingClientCtx, Step};

use super::sasl::Offer;
use super::sequence::Sequence;
use super::ticket::{RENEW, no_ticket};
use super::{Peer, refused, sasl_step};
use crate::directory::text::printable;
use crate::input::ldap::bind::Handshake;
use crate::input::ldap::failure::Failure;
use crate::input::ldap::settings::Security;
use crate::input::ldap::wire::layer::{Layer, Seal, Sealed};
use crate::input::ldap::wire::messages::Outcome;
use crate::input::ldap::wire::relay::Stream;

const IN_PROGRESS: u32 = 14;
/// A handshake takes two or three steps; a server that wants more is playing.
const MOST_STEPS: usize = 8;

/// Binds, and takes the layer that the connection needs.
pub(crate) async fn bind<S: Stream>(handshake: &mut Handshake<S>, peer: &Peer<'_>) -> Result<Layer, Failure> {
    let (context, first) = initiate(peer).await?;
    let (mut context, last) = agree(handshake, context, first).await?;
    let outcome = sasl_step(handshake, last.as_deref()).await?;
    let sealed = in_progress(&outcome)?;
    let offer = context.unwrap(sealed).map_err(|error| broken(&error))?;
    let offer = Offer::parse(&offer).map_err(|error| Failure::server(error.to_string()))?;
    let within_tls = matches!(peer.security, Security::Ldaps | Security::StartTls);
    let answer = offer.accept(within_tls).map_err(|error| {
        Failure::last(format!("Kerberos cannot seal this connection: {error}"), "use LDAPS, or another server")
    })?;
    let mut sequence = Sequence::default();
    sequence.follow(sealed, false).map_err(|error| broken(&error))?;
    let answer = context.wrap(false, &answer).map_err(|error| broken(&error))?;
    let outcome = sasl_step(handshake, Some(&answer)).await?;
    if outcome.code != 0 {
        return Err(refusal(&outcome));
    }
    if within_tls {
        return Ok(Layer::None);
    }
    let sealed = Sealed::new(Box::new(Context5 { context, sequence }), offer.limit);
    sealed.map(Layer::Sealed).map_err(|error| Failure::server(format!("{error:#}")))
}

/// Gets a ticket for the server. Asks the KDC, and so may wait for the network: not on the thread that keeps the deadlines.
async fn initiate(peer: &Peer<'_>) -> Result<(PendingClientCtx, Vec<u8>), Failure> {
    let service = format!("ldap/{}", peer.host);
    let channel = peer.channel.clone();
    let ticket = move || {
        ClientCtx::new(InitiateFlags::empty(), None, &service, channel.as_deref())
            .map(|(context, token)| (context, token.to_vec()))
    };
    match tokio::task::spawn_blocking(ticket).await {
        Ok(Ok(started)) => Ok(started),
        Ok(Err(error)) => Err(no_ticket(&plainly(&error), peer.host)),
        Err(_) => Err(Failure::server("the Kerberos library failed")),
    }
}

async fn agree<S: Stream>(
    handshake: &mut Handshake<S>,
    mut context: PendingClientCtx,
    mut token: Vec<u8>,
) -> Result<(ClientCtx, Option<Vec<u8>>), Failure> {
    for _ in 0..MOST_STEPS {
        let outcome = sasl_step(handshake, Some(&token)).await?;
        let reply = in_progress(&outcome)?;
        match context.step(reply).map_err(|error| broken(&error))? {
            Step::Finished((context, last)) => return Ok((context, last.map(|last| last.to_vec()))),
            Step::Continue((next, reply)) => {
                context = next;
                token = reply.to_vec();
            }
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
    let said = format!("{} ({})", outcome.code, printable(outcome.text.trim()));
    match outcome.code {
        49 => Failure::last(
            format!("the server does not accept the Kerberos ticket: {said}"),
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
    Failure::server(format!("the Kerberos exchange failed: {}", plainly(error)))
}

/// What a Kerberos library says, without the frame that GSSAPI puts around it.
fn plainly(error: &anyhow::Error) -> String {
    let said = printable(&format!("{error:#}"));
    let inner =
        said.split_once("Minor code may provide more information (").and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.map_or_else(|| said.clone(), ToOwned::to_owned)
}

/// An established context that seals.
struct Context5 {
    context: ClientCtx,
    sequence: Sequence,
}

impl Seal for Context5 {
    fn seal(&mut self, plain: &[u8]) -> Result<Vec<u8>> {
        Ok(self.context.wrap(true, plain)?.to_vec())
    }

    fn open(&mut self, sealed: &[u8]) -> Result<Vec<u8>> {
        let plain =
            self.context.unwrap(sealed).context("it was changed on the way, or sealed by someone else")?.to_vec();
        self.sequence.follow(sealed, true)?;
        Ok(plain)
    }
}
