//! Our own way: a ticket from the KDC, then RFC 4121.

use anyhow::{Result, anyhow};

use super::{Established, Peer, Pending, Step};
use crate::directory::kerberos_error as code;
use crate::input::kerberos::{self, Context, Problem, Tickets};
use crate::input::ldap::failure::{Failure, Trouble};
use crate::input::ldap::wire::layer::Seal;

/// Gets a ticket for the server, and makes the first token.
pub(super) async fn begin(tickets: &Tickets, peer: &Peer<'_>) -> Result<(Box<dyn Pending>, Vec<u8>), Failure> {
    let service = format!("ldap/{}", peer.host);
    let ticket = tickets.for_service(&service, peer.host).await.map_err(|failure| no_ticket(failure, peer.host))?;
    let now = tickets.moment().await;
    let begun = kerberos::Pending::begin(&ticket, now, peer.channel.as_deref());
    let (pending, token) = begun.map_err(|_| Failure::server("the operating system gives no random numbers"))?;
    Ok((Box::new(pending), token))
}

impl Pending for kerberos::Pending {
    fn step(self: Box<Self>, token: &[u8]) -> Result<Step, Failure> {
        let context = self.finish(token).map_err(|problem| match problem {
            Problem::Refused(reason) => Failure::last(
                format!("the server does not accept the Kerberos ticket: {}", code::meaning(reason.code)),
                format!("compare the clocks (five minutes apart is too much), and {}", super::RENEW),
            ),
            other => super::broken(&unopened(&other)),
        })?;
        Ok(Step::Established(Box::new(context), None))
    }
}

impl Seal for Context {
    fn seal(&mut self, plain: &[u8]) -> Result<Vec<u8>> {
        self.wrap(true, plain).map_err(|_| anyhow!("the operating system gives no random numbers"))
    }

    fn open(&mut self, sealed: &[u8]) -> Result<Vec<u8>> {
        self.unwrap(true, sealed).map_err(|problem| unopened(&problem))
    }
}

impl Established for Context {
    fn open_offer(&mut self, token: &[u8]) -> Result<Vec<u8>> {
        self.unwrap(false, token).map_err(|problem| unopened(&problem))
    }

    fn wrap_answer(&mut self, answer: &[u8]) -> Result<Vec<u8>> {
        self.wrap(false, answer).map_err(|_| anyhow!("the operating system gives no random numbers"))
    }
}

fn unopened(problem: &Problem) -> anyhow::Error {
    match problem {
        Problem::Refused(reason) => anyhow!("{}", code::meaning(reason.code)),
        Problem::Unusable(kerberos::Unusable::Changed) => {
            anyhow!("it was changed on the way, or sealed by someone else")
        }
        Problem::Unusable(unusable) => anyhow!("{unusable}"),
        Problem::OutOfOrder => anyhow!("a frame before it was left out or repeated"),
        Problem::NotSealed => anyhow!("it was not sealed"),
    }
}

/// Why there is no ticket, and whether another server may do better.
fn no_ticket(failure: kerberos::Failure, host: &str) -> Failure {
    match failure {
        kerberos::Failure::Credentials(trouble) => Failure::Final(trouble),
        kerberos::Failure::Unheard(trouble) => Failure::Server(trouble),
        kerberos::Failure::Refused(refusal) => {
            let said = format!("{} (error {})", code::meaning(refusal.code), refusal.code);
            match refusal.code {
                code::SERVICE_UNKNOWN => Failure::Server(
                    Trouble::new(format!("the KDC knows no service ldap/{host}: {said}"))
                        .hint("give the domain controller's full DNS name, not an alias or an address, as --server"),
                ),
                code::SKEW => Failure::last(
                    format!("the clocks are too far apart: {said}"),
                    "set this machine's clock, then try again",
                ),
                code::EXPIRED => Failure::last(said, format!("{}, then try again", super::RENEW)),
                _ => Failure::last(
                    format!("Kerberos gives no ticket for ldap/{host}: {said}"),
                    "check the ticket with klist, and krb5.conf; or use --auth simple with --user",
                ),
            }
        }
    }
}
