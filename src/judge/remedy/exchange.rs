//! Changes of Exchange's own configuration, as commands of the Exchange Management Shell.
//!
//! Directory values are written by others. Names stand within single quotes, where PowerShell reads everything but a quotation mark as
//! itself; it takes the typographic ones for one too (`about_Quoting_Rules`).

use super::Unprintable;
use crate::directory::connector::SendConnector;
use crate::directory::endpoint::{Announces, Endpoint, Kind};
use crate::directory::host::HostName;
use crate::directory::text::{clipped, is_invisible, quoted};
use crate::judge::requirements::Judged;

/// A command of the Exchange Management Shell, and the one that takes it back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShellCommand {
    /// The command, as it is typed.
    pub run: String,
    /// What takes it back.
    pub undo: String,
}

/// The command that gives a receive connector another FQDN; none for a virtual server, which no shell knows, nor for one that has none
/// of its own.
pub(crate) fn set_fqdn(
    judged: &Judged<'_>,
    endpoint: &Endpoint,
    fqdn: &HostName,
) -> Option<Result<ShellCommand, Unprintable>> {
    let Kind::ReceiveConnector { .. } = endpoint.kind else { return None };
    let old = endpoint.announces.name()?;
    let command = |identity: String| {
        let set = |name: &HostName| format!("Set-ReceiveConnector -Identity '{identity}' -Fqdn {}", argument(name));
        ShellCommand { run: set(fqdn), undo: set(old) }
    };
    Some(identity(judged, endpoint).map(command))
}

/// The command after which a send connector gives the name of whichever server it sends from.
pub(crate) fn clear_fqdn(connector: &SendConnector) -> Option<Result<ShellCommand, Unprintable>> {
    let old = match &connector.announces {
        Announces::Name(old) => old,
        Announces::Own => return None,
        Announces::Invalid(old, _) => {
            let old = quoted(&clipped(old, 80));
            return Some(Err(Unprintable(format!(
                "the FQDN {old} is not a host name, so no undo command can be printed"
            ))));
        }
    };
    let command = |name: &str| {
        let set = |fqdn: String| format!("Set-SendConnector -Identity '{name}' -Fqdn {fqdn}");
        ShellCommand { run: set("$null".to_owned()), undo: set(argument(old)) }
    };
    Some(quotable("the connector's name", &connector.name).map(command))
}

/// `EX01\Default Frontend EX01`.
fn identity(judged: &Judged<'_>, endpoint: &Endpoint) -> Result<String, Unprintable> {
    let server = judged.server.names.netbios.as_ref();
    let server = server.ok_or_else(|| refusal("the server's name", &judged.server.names.name))?;
    Ok(format!("{server}\\{}", quotable("the connector's name", &endpoint.name)?))
}

/// A name that means the same within single quotes, and no path.
fn quotable<'a>(what: &str, name: &'a str) -> Result<&'a str, Unprintable> {
    let ends_quotes = |c: char| matches!(c, '\'' | '"' | '\\' | '\u{2018}'..='\u{201f}') || is_invisible(c);
    if name.is_empty() || name.len() > 256 || name.contains(ends_quotes) { Err(refusal(what, name)) } else { Ok(name) }
}

fn refusal(what: &str, name: &str) -> Unprintable {
    Unprintable(format!(
        "{what} {} contains a quotation mark, a backslash or an invisible character, which a command line could misread",
        quoted(&clipped(name, 80))
    ))
}

/// A host name that begins with a letter is one plain word to PowerShell; one of digits might be a number, one with a hyphen a parameter.
fn argument(name: &HostName) -> String {
    if name.as_str().starts_with(|c: char| c.is_ascii_alphabetic()) { name.to_string() } else { format!("'{name}'") }
}
