//! A live directory. From outside to inside: where domain controllers are, a connection to one, a bind, a layer that seals,
//! searches, and the fixed set of them that makes a forest.
//!
//! This is the one place of the library that knows the client `ldap3` and the runtime `tokio`. Nobody outside waits for anything
//! but [`read`].

mod address;

mod bind;
mod connect;
pub(crate) mod controllers;
mod discover;
mod failure;
mod forest;
#[cfg(test)]
mod fuzz;
mod kept;
mod progress;
mod response;
#[cfg(test)]
mod sealed_peer;
mod search;
mod session;
mod settings;
mod wire;

use anyhow::{Context, Result};

use self::address::Address;
use self::connect::Connector;
pub(super) use self::connect::Trust;
use self::failure::Failure;
pub use self::failure::Trouble;

pub use self::progress::{Progress, SearchReport};
pub use self::settings::{Auth, Identity, Security, Settings};
use crate::directory::entry::Reading;
pub use crate::input::secret::Secret;

/// A forest as it was read.
#[derive(Clone, Debug)]
pub struct Live {
    /// The objects that matter, and what could not be read.
    pub reading: Reading,
    /// The server it was read from, `dc1.contoso.com:389`.
    pub server: String,
    /// The forest, by the name of its root domain.
    pub forest: String,
    /// The domain that the server is a controller of.
    pub domain: String,
    /// Whether it refused what another server may answer.
    is_refused: bool,
}

/// Reads a forest. The error, if any, is a [`Trouble`]: one sentence and a hint.
///
/// Returns when everything was read, nothing can be, or the time is up.
pub fn read(settings: &Settings, progress: &mut dyn Progress) -> Result<Live> {
    settings.check()?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime can be started")?;
    let outcome = runtime.block_on(async { tokio::time::timeout(settings.timeout, run(settings, progress)).await });
    // A look-up or a ticket may still be waited for, on a thread of its own. Nobody needs it any more.
    runtime.shutdown_background();
    Ok(outcome.unwrap_or_else(|_| Err(too_long(settings)))?)
}

fn too_long(settings: &Settings) -> Trouble {
    let what = format!("the reading took longer than {} seconds", settings.timeout.as_secs_f32());
    Trouble::new(what).hint("allow more with --timeout, or name a nearer domain controller with --server")
}

/// Tries one server after the other.
async fn run(settings: &Settings, progress: &mut dyn Progress) -> Result<Live, Trouble> {
    const HINT: &str = "try another domain controller with --server; --verbose shows how far it came";
    let addresses = addresses(settings).await.map_err(Failure::trouble)?;
    let connector = Connector::new(settings)?;
    let (mut passed, mut part): (Vec<Trouble>, Option<Live>) = (Vec::new(), None);
    for (number, address) in addresses.iter().enumerate() {
        let is_last = number + 1 == addresses.len();
        let before = connector.kept.now();
        progress.connecting(&address.to_string());
        match forest::read(&connector, address, progress).await {
            Ok(live) if live.is_refused && !is_last => {
                progress.note(&format!("{address} refuses a part, so the next is asked"));
                if part.is_some() {
                    connector.kept.drop_all_since(before);
                }
                part.get_or_insert(live);
            }
            Ok(live) => return Ok(fuller(part, live)),
            Err(Failure::Final(trouble)) => return part.ok_or_else(|| trouble.at(address)),
            Err(Failure::Server(trouble)) => {
                connector.kept.drop_all_since(before);
                let trouble = trouble.at(address);
                if !is_last {
                    progress.note(&format!("{address} is passed over: {}", trouble.what()));
                }
                passed.push(trouble);
            }
        }
    }
    part.ok_or_else(|| {
        let trouble = none_left(passed);
        if trouble.advice().is_some() { trouble } else { trouble.hint(HINT) }
    })
}

/// Of two readings the one with fewer gaps.
fn fuller(first: Option<Live>, second: Live) -> Live {
    match first {
        Some(first) if first.reading.gaps.len() <= second.reading.gaps.len() => first,
        _ => second,
    }
}

/// The servers to try, in order.
async fn addresses(settings: &Settings) -> Result<Vec<Address>, Failure> {
    if settings.servers.is_empty() {
        let domain = settings.domain.clone().map_or_else(discover::domain, Ok).map_err(Failure::Final)?;
        let hosts = discover::controllers(&domain, settings.step_timeout).await?;
        return Ok(hosts.iter().map(|host| Address::directory(host, settings.security)).collect());
    }
    let parsed = settings.servers.iter().map(|server| Address::parse(server, settings.security));
    parsed.collect::<Result<_, _>>().map_err(|error| Failure::last(error, "for example --server dc1.contoso.com"))
}

fn none_left(mut passed: Vec<Trouble>) -> Trouble {
    match (passed.pop(), passed.is_empty()) {
        (Some(only), true) => only,
        (last, _) => {
            passed.extend(last);
            let each: Vec<&str> = passed.iter().map(Trouble::what).collect();
            let trouble =
                Trouble::new(format!("none of {} domain controllers can be read: {}", each.len(), each.join("; ")));
            match passed.iter().find_map(Trouble::advice) {
                Some(hint) => trouble.hint(hint),
                None => trouble,
            }
        }
    }
}
