//! The tickets that the user already has: where they are kept, and how they are read. Nothing is ever written there.

mod file;
#[cfg(unix)]
mod kcm;

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use self::file::Contents;
use super::config::Config;
use super::messages::Credential;
use super::principal::Principal;
use crate::directory::kerberos_error;
use crate::directory::text::printable;
use crate::trouble::Trouble;

/// More bytes than any cache has.
const LONGEST: u64 = 16 << 20;

/// The bytes are no credential cache, or not a whole one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Unreadable;

/// A credential as it is kept.
#[derive(Debug)]
enum Cached {
    /// One with a key that we know to use.
    Usable(Credential),
    /// One with another.
    OtherKey { client: Principal, server: Principal, etype: i32 },
}

/// The ticket of a cache that others are asked for with.
#[derive(Debug)]
pub(crate) struct Cache {
    pub(crate) tgt: Credential,
    /// What to add to this machine's clock to get the KDC's, in seconds.
    pub(crate) offset: i64,
}

/// Where tickets are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    File(PathBuf),
    /// A folder with several caches, and a file that says which is the chosen one.
    Folder(PathBuf),
    Kcm(Option<String>),
    /// Somewhere we cannot look.
    Other(String),
}

/// Reads the ticket that the user has now.
pub(crate) fn current(config: &Config) -> Result<Cache, Trouble> {
    let name = name(config);
    best_of(&read(&name, config)?, &printable(&name))
}

/// The best ticket of a cache that is shown so.
fn best_of(contents: &Contents, shown: &str) -> Result<Cache, Trouble> {
    let none = || Trouble::new(format!("there is no Kerberos ticket in {shown}")).hint(GET);
    // The first realm's own; tickets of other realms lie there too. The type of a name does not matter, and what was removed has no end.
    let principal = &contents.principal;
    let wanted = Principal::tickets_of(&principal.realm, &principal.realm);
    let is_wanted = |cached: &&Cached| {
        let (Cached::Usable(Credential { client, server, .. }) | Cached::OtherKey { client, server, .. }) = cached;
        let is_removed = matches!(cached, Cached::Usable(Credential { end: 0, .. }));
        let is_own = client.parts == principal.parts && client.realm == principal.realm;
        is_own && server.parts == wanted.parts && server.realm == wanted.realm && !is_removed
    };
    // Of several the one that is good for longest; one that we cannot use only where there is no other.
    let length = |cached: &&Cached| match cached {
        Cached::Usable(tgt) => Some(tgt.end),
        Cached::OtherKey { .. } => None,
    };
    match contents.credentials.iter().filter(is_wanted).max_by_key(length).ok_or_else(none)? {
        Cached::Usable(tgt) => Ok(Cache { tgt: tgt.clone(), offset: contents.offset }),
        Cached::OtherKey { etype, .. } => {
            let what = format!(
                "the Kerberos ticket in {shown} has a session key of an encryption type that this program does not support ({})",
                kerberos_error::etype(*etype)
            );
            Err(Trouble::new(what).hint(OTHER_KEYS))
        }
    }
}

/// The realm of whoever the current tickets belong to; none where it cannot be told.
#[cfg(unix)]
pub(crate) fn realm(config: &Config) -> Option<String> {
    let contents = read(&name(config), config).ok()?;
    String::from_utf8(contents.principal.realm).ok()
}

const GET: &str = "run kinit, or use --user with a password";
const OTHER_KEYS: &str = "remove RC4 from permitted_enctypes and default_tkt_enctypes in krb5.conf and run kinit again, or build with `--features libkrb5`";

/// The environment's word, else that of the configuration, else the usual file.
fn name(config: &Config) -> String {
    let named = env::var("KRB5CCNAME").ok().filter(|name| !name.is_empty());
    named.or_else(|| config.cache.clone()).map_or_else(|| expanded(USUAL), |name| expanded(&name))
}

const USUAL: &str = "FILE:/tmp/krb5cc_%{uid}";

/// What stands for the user and the folders of the machine, filled in.
fn expanded(name: &str) -> String {
    let number = if name.contains("id}") { user() } else { String::new() };
    let variables = [
        ("%{uid}", number.clone()),
        ("%{euid}", number.clone()),
        ("%{USERID}", number),
        ("%{TEMP}", env::temp_dir().display().to_string()),
        ("%{username}", env::var("USER").unwrap_or_default()),
    ];
    variables.iter().fold(name.to_owned(), |name, (variable, value)| name.replace(variable, value))
}

#[cfg(unix)]
fn user() -> String {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").map_or_else(|_| "0".to_owned(), |about| about.uid().to_string())
}

#[cfg(not(unix))]
fn user() -> String {
    env::var("USERNAME").unwrap_or_default()
}

fn place(name: &str) -> Place {
    let Some((kind, rest)) = name.split_once(':').filter(|(kind, _)| kind.len() > 1) else {
        return Place::File(name.into());
    };
    match kind {
        "FILE" => Place::File(rest.into()),
        "DIR" => match rest.strip_prefix(':') {
            Some(file) => Place::File(file.into()),
            None => Place::Folder(rest.into()),
        },
        "KCM" => Place::Kcm((!rest.is_empty()).then(|| rest.to_owned())),
        other => Place::Other(other.to_owned()),
    }
}

fn read(name: &str, config: &Config) -> Result<Contents, Trouble> {
    match place(name) {
        Place::File(path) => read_file(&path),
        Place::Folder(folder) => read_file(&chosen(&folder)),
        Place::Kcm(cache) => read_kcm(cache.as_deref(), config),
        Place::Other(kind) => Err(elsewhere(&kind)),
    }
}

/// The chosen one of the caches in a folder: `primary` names it.
fn chosen(folder: &Path) -> PathBuf {
    let named = fs::read_to_string(folder.join("primary")).unwrap_or_default();
    let name = named.lines().next().map(str::trim).filter(|name| name.starts_with("tkt") && !name.contains('/'));
    folder.join(name.unwrap_or("tkt"))
}

fn read_file(path: &Path) -> Result<Contents, Trouble> {
    let shown = printable(&path.display().to_string());
    let unreadable = |error: &dyn std::fmt::Display| {
        Trouble::new(format!("the Kerberos tickets in {shown} cannot be read: {error}")).hint(GET)
    };
    let about = fs::metadata(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            Trouble::new(format!("there is no Kerberos ticket: {shown} does not exist")).hint(GET)
        }
        _ => unreadable(&error),
    })?;
    if !about.is_file() || about.len() > LONGEST {
        return Err(unreadable(&"it is no credential cache"));
    }
    let bytes = zeroize::Zeroizing::new(fs::read(path).map_err(|error| unreadable(&error))?);
    file::parse(&bytes).map_err(|Unreadable| unreadable(&"it is damaged, or no credential cache of version 3 or 4"))
}

#[cfg(unix)]
fn read_kcm(name: Option<&str>, config: &Config) -> Result<Contents, Trouble> {
    let socket = config.kcm_socket.as_deref().unwrap_or(kcm::SOCKET);
    kcm::read(socket, name).map_err(|trouble| match trouble {
        kcm::Trouble::Unreachable(error) => {
            let what =
                format!("the daemon that keeps Kerberos tickets cannot be reached at {}: {error}", printable(socket));
            Trouble::new(what).hint("start it (sssd-kcm.socket), or use `kinit -c FILE:…` and KRB5CCNAME=FILE:…")
        }
        kcm::Trouble::Refused => {
            Trouble::new("there is no Kerberos ticket with the daemon that keeps them (KCM)").hint(GET)
        }
        kcm::Trouble::Unreadable => {
            Trouble::new("what the daemon that keeps Kerberos tickets (KCM) says cannot be read")
                .hint("use `kinit -c FILE:…` and KRB5CCNAME=FILE:…")
        }
    })
}

#[cfg(not(unix))]
fn read_kcm(_: Option<&str>, _: &Config) -> Result<Contents, Trouble> {
    Err(elsewhere("KCM"))
}

/// Tickets that only the system's library can read.
fn elsewhere(kind: &str) -> Trouble {
    let what = format!("Kerberos tickets kept in {}: cannot be read", printable(kind));
    let hint = match kind {
        "KEYRING" => {
            "copy the ticket from the kernel's keyring to a file with `kvno --cached-only --out-cache FILE:t krbtgt/REALM@REALM`, and set KRB5CCNAME=FILE:t"
        }
        _ => "get one in a file: `kinit -c FILE:t`, and set KRB5CCNAME=FILE:t",
    };
    Trouble::new(what).hint(hint)
}

#[cfg(test)]
pub(super) mod tests;

/// How many credentials a file holds.
#[cfg(test)]
pub(super) fn count(bytes: &[u8]) -> Result<usize, ()> {
    file::parse(bytes).map(|contents| contents.credentials.len()).map_err(|Unreadable| ())
}
