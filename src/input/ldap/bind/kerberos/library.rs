//! The system's library: GSSAPI on Unix, SSPI on Windows.

use anyhow::{Context as _, Result};
use cross_krb5::{ClientCtx, InitiateFlags, K5Ctx, PendingClientCtx, Step as Stepped};

use super::sequence::Sequence;
use super::words::no_ticket;
use super::{Established, Peer, Pending, Step};
use crate::directory::text::printable;
use crate::input::ldap::failure::Failure;
use crate::input::ldap::wire::layer::Seal;

/// Gets a ticket for the server. Asks the KDC, and so may wait for the network: not on the thread that keeps the deadlines.
pub(super) async fn begin(peer: &Peer<'_>) -> Result<(Box<dyn Pending>, Vec<u8>), Failure> {
    let service = format!("ldap/{}", peer.host);
    let channel = peer.channel.clone();
    let ticket = move || {
        ClientCtx::new(InitiateFlags::empty(), None, &service, channel.as_deref())
            .map(|(context, token)| (context, token.to_vec()))
    };
    match tokio::task::spawn_blocking(ticket).await {
        Ok(Ok((context, token))) => Ok((Box::new(Waiting(context)), token)),
        Ok(Err(error)) => Err(no_ticket(&plainly(&error), peer.host)),
        Err(_) => Err(Failure::server("the Kerberos library failed")),
    }
}

struct Waiting(PendingClientCtx);

impl Pending for Waiting {
    fn step(self: Box<Self>, token: &[u8]) -> Result<Step, Failure> {
        let stepped = self.0.step(token);
        let stepped =
            stepped.map_err(|error| Failure::server(format!("the Kerberos exchange failed: {}", plainly(&error))))?;
        Ok(match stepped {
            Stepped::Finished((context, last)) => {
                let context = Sealing { context, sequence: Sequence::default() };
                Step::Established(Box::new(context), last.map(|last| last.to_vec()))
            }
            Stepped::Continue((next, reply)) => Step::Continue(Box::new(Waiting(next)), reply.to_vec()),
        })
    }
}

/// What a Kerberos library says, without the frame that GSSAPI puts around it.
fn plainly(error: &anyhow::Error) -> String {
    let said = printable(&format!("{error:#}"));
    let inner =
        said.split_once("Minor code may provide more information (").and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.map_or_else(|| said.clone(), ToOwned::to_owned)
}

/// An established context that seals.
struct Sealing {
    context: ClientCtx,
    sequence: Sequence,
}

impl Seal for Sealing {
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

impl Established for Sealing {
    fn open_offer(&mut self, token: &[u8]) -> Result<Vec<u8>> {
        let offer = self.context.unwrap(token)?.to_vec();
        self.sequence.follow(token, false)?;
        Ok(offer)
    }

    fn wrap_answer(&mut self, answer: &[u8]) -> Result<Vec<u8>> {
        Ok(self.context.wrap(false, answer)?.to_vec())
    }
}
