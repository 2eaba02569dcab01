//! The text of a change: one `setspn` command, or the reason why none can be printed.
//!
//! Directory values are written by others. A command is made only of parts that no shell reads as anything but one word:
//! a host name behind a plain service class, and plain account and domain names.

use super::Unprintable;
use super::change::{Action, Change};
use crate::directory::account::{Account, Accounts};
use crate::directory::host::HostName;
use crate::directory::spn::Spn;
use crate::directory::text::{clipped, quoted, shown};

/// Which setspn is at hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// That of Windows Server 2008 and later.
    #[default]
    Server2008,
    /// That of Windows 2000 and 2003, which knows only `-A -D -L -R` and no domains.
    Server2003,
}

/// The command that makes a change.
pub fn command(change: &Change, dialect: Dialect, accounts: &Accounts) -> Result<String, Unprintable> {
    let spn = plain_spn(&change.spn)?;
    let account = match dialect {
        Dialect::Server2008 => qualified_name(&change.account, accounts)?,
        Dialect::Server2003 => bare_name(&change.account, accounts)?.to_owned(),
    };
    let switches = match (dialect, change.action, change.account.computer) {
        (Dialect::Server2008, Action::Add, true) => "-F -S",
        (Dialect::Server2008, Action::Add, false) => "-U -F -S",
        (Dialect::Server2008, Action::Delete, false) => "-U -D",
        (Dialect::Server2003, Action::Add, _) => "-A",
        (_, Action::Delete, _) => "-D",
    };
    Ok(format!("setspn {switches} {spn} {account}"))
}

/// The command that shows whether the name is where it should be: who holds it, or with the old setspn what the account holds.
#[must_use]
pub(crate) fn verification(
    spn: &Spn,
    account: Option<&Account>,
    dialect: Dialect,
    accounts: &Accounts,
) -> Option<String> {
    match dialect {
        Dialect::Server2008 => Some(format!("setspn -F -Q {}", plain_spn(spn).ok()?)),
        Dialect::Server2003 => Some(format!("setspn -L {}", bare_name(account?, accounts).ok()?)),
    }
}

/// The SPN, if it is `class/host` and nothing more.
fn plain_spn(spn: &Spn) -> Result<&str, Unprintable> {
    let is_plain = |(class, host): (&str, &str)| {
        class.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !class.is_empty() && HostName::parse(host).is_ok()
    };
    if spn.as_str().split_once('/').is_some_and(is_plain) {
        return Ok(spn.as_str());
    }
    Err(refusal("the service principal name", spn.as_str()))
}

/// `CONTOSO\EX01$`, if that is just one object.
pub(crate) fn qualified_name(account: &Account, accounts: &Accounts) -> Result<String, Unprintable> {
    let domain = account.domain.netbios.as_deref().ok_or_else(|| {
        let domain = shown(&account.domain.dns);
        Unprintable(format!("the NetBIOS name of the domain {domain} was not read from its crossRef"))
    })?;
    if !is_plain(domain) {
        return Err(refusal("the NetBIOS name of the domain", domain));
    }
    let name = plain_name(account)?;
    let is_namesake = |other: &Account| other.dn != account.dn && other.domain.dns == account.domain.dns;
    if accounts.called(name).any(is_namesake) {
        return Err(Unprintable(format!("{domain}\\{name} is the logon name of more than one object")));
    }
    Ok(format!("{domain}\\{name}"))
}

/// `EX01`: the old setspn looks for a computer of that name, and only if there is none for a user.
fn bare_name<'a>(account: &'a Account, accounts: &Accounts) -> Result<&'a str, Unprintable> {
    let name = plain_name(account)?;
    let bare = name.strip_suffix('$').unwrap_or(name);
    let users = accounts.called(bare).filter(|_| !account.computer);
    let mut others = accounts.called(&format!("{bare}$")).chain(users).filter(|other| other.dn != account.dn);
    if others.next().is_some() {
        return Err(Unprintable(format!(
            "setspn of Windows Server 2003 cannot tell several accounts called {bare} apart; use setspn of Windows Server 2008 or later"
        )));
    }
    Ok(bare)
}

/// The logon name, in the form that its kind has: `EX01$` for a computer.
fn plain_name(account: &Account) -> Result<&str, Unprintable> {
    let Some(name) = account.sam_account_name.as_deref() else {
        return Err(Unprintable(format!(
            "{} has no logon name to use in a setspn command",
            shown(account.dn.as_str())
        )));
    };
    let bare = if account.computer { name.strip_suffix('$') } else { Some(name) };
    match bare {
        Some(bare) if is_plain(bare) => Ok(name),
        _ => Err(refusal("the account name", name)),
    }
}

/// Letters, digits, `.`, `-` and `_`, the first of them no sign: the same one word to cmd.exe, PowerShell and sh, and never an option.
fn is_plain(name: &str) -> bool {
    name.len() <= 256
        && name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

fn refusal(what: &str, value: &str) -> Unprintable {
    Unprintable(format!(
        "{what} {} is not safe on a command line (only ASCII letters, digits, dots, hyphens and underscores are)",
        quoted(&clipped(value, 80))
    ))
}
