//! What was not read, why, and the least that would let it be read.

use crate::input::ldap::answer::Refusal;
use crate::model::dn::Dn;
use crate::model::entry::{Entry, Gap};
use crate::model::text::{clipped, quoted, shown};

/// A search that the server did not answer to the end.
pub(super) fn refused(what: &str, place: &str, refusal: &Refusal) -> Gap {
    let (why, cure) = match refusal.code {
        3 => ("the server's time limit was reached", "try again when it is less busy, or another server with --server"),
        4 => (
            "the server's size limit was reached",
            "ask with a smaller --page-size, or raise MaxPageSize in its query policy",
        ),
        11 => (
            "the server's administrative limit was reached",
            "raise the limits in its query policy, or ask another server",
        ),
        10 => (
            "the server says it lies elsewhere, where no credentials are sent",
            "name a domain controller of that domain with --server",
        ),
        32 => (
            "it is not there, or this account may not see it",
            "have Read on it granted to this account, and on what is above it",
        ),
        50 => ("this account may not read it", "have Read on it granted to this account"),
        53 => ("the server is unwilling", "its text says why; try another with --server"),
        _ => ("the server refused", "its text says why; try another with --server"),
    };
    let said = if refusal.text.is_empty() { String::new() } else { format!(": {}", quoted(&refusal.text)) };
    Gap::new(place, format!("{what} could not be read: {why} (result {}{said}); {cure}", refusal.code))
}

/// A referral that may hide accounts.
pub(super) fn elsewhere(url: &str, place: &str) -> Gap {
    Gap::new(
        place,
        format!(
            "the server refers to {} for more, where no credentials are sent; name a domain controller there with --server, \
             or make a global catalogue reachable",
            shown(&clipped(url, 500))
        ),
    )
}

/// An object whose name is none.
pub(super) fn nameless(dn: &str, place: &str) -> Gap {
    Gap::new(place, format!("an object was passed over, because its name cannot be read: {}", quoted(dn)))
}

/// A crossRef that does not say what it is for.
pub(super) fn unreadable_partition(crossref: &Dn) -> Gap {
    Gap::new(
        crossref.as_str(),
        "its nCName or systemFlags cannot be read, so it may be a domain whose accounts were not seen; have Read on it granted to this \
         account (by default all authenticated users have it)",
    )
}

/// An object that has to be there was not seen.
pub(super) fn unseen(what: &str, place: &str) -> Gap {
    Gap::new(
        place,
        format!("{what} could not be read: this account may not see it; have Read on it granted to this account"),
    )
}

/// Objects that came without what they were searched by.
pub(super) fn unexplained(objects: &[Dn]) -> Vec<Gap> {
    const MOST: usize = 20;
    let gap = |dn: &Dn| {
        let what = "it was found, but what it was searched by was not sent, so nobody can say what it is: this account may not read its attributes, \
                    or it holds a name that only looks like one that was searched for; look at it, or have Read on it granted to this account";
        Gap::new(dn.as_str(), format!("{what}{}", or_grant(dn.as_str(), "/G \"DOMAIN\\account:GR\"")))
    };
    let more = objects.len().saturating_sub(MOST);
    let rest = (more > 0)
        .then(|| Gap::new("directory", format!("{more} more objects were found whose attributes were not sent")));
    objects.iter().take(MOST).map(gap).chain(rest).collect()
}

/// A server that moves mail, but no endpoint of it was seen.
pub(super) fn no_endpoints(server: &Dn) -> Gap {
    Gap::new(
        server.as_str(),
        format!(
            "no SMTP endpoint of this server was seen, though it moves mail: this account may not read there. All that is needed is Read on \
             this object and everything below it{}",
            or_grant(server.as_str(), "/I:T /G \"DOMAIN\\account:GR\"")
        ),
    )
}

/// No crossRef of a domain was seen.
pub(super) fn no_domains(place: &str) -> Gap {
    Gap::new(
        place,
        "the domains of the forest are not known: no crossRef of one was seen; have Read on this container granted to this account \
         (by default all authenticated users have it)",
    )
}

/// The crossRef of a domain that exists was not seen, so others may be hidden as well.
pub(super) fn hidden_domain(place: &str, domain: &Dn) -> Gap {
    Gap::new(
        place,
        format!(
            "not all domains of the forest are known: the crossRef of {} was not seen; have Read on this container and all in it \
             granted to this account (by default all authenticated users have it)",
            shown(&domain.dns_domain())
        ),
    )
}

/// Not even a domain controller was seen in a domain.
pub(super) fn invisible_domain(domain: &Dn, server: &str, refusal: Option<&Refusal>) -> Gap {
    let said =
        refusal.map_or_else(String::new, |refusal| format!(" (result {}: {})", refusal.code, quoted(&refusal.text)));
    Gap::new(
        domain.as_str(),
        format!(
            "nothing of this domain was seen on {server}, not even its domain controllers{said}: this account may not read there, or \
             that server does not hold this domain yet. All that is needed is List Contents and Read Property \
             (by default authenticated users have both){}",
            or_grant(domain.as_str(), "/I:T /G \"DOMAIN\\account:LCRP\"")
        ),
    )
}

/// No Exchange server was seen.
pub(super) fn no_servers(place: &str) -> Gap {
    Gap::new(
        place,
        format!(
            "no Exchange server was seen: Exchange is not installed in this forest, or this account may not read there. \
             All that is needed is Read on this container and everything below it, which members of the role group \
             View-Only Organization Management have{}",
            or_grant(place, "/I:T /G \"DOMAIN\\account:GR\"")
        ),
    )
}

/// The command that grants just what is missing; only where the object's name means nothing else to a command line.
fn or_grant(dn: &str, grant: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " ,=.-_()".contains(c);
    if !dn.chars().all(is_plain) {
        return String::new();
    }
    format!("; for one account alone:\n  dsacls \"{dn}\" {grant}")
}

/// An account whose names are hidden.
pub(super) fn hidden_names(account: &Entry) -> Gap {
    Gap::new(
        account.dn.as_str(),
        format!(
            "its servicePrincipalName may not be read by this account, so nobody can say what it holds; have Read Property on \
             servicePrincipalName granted (by default authenticated users have it){}",
            or_grant(account.dn.as_str(), "/G \"DOMAIN\\account:RP;servicePrincipalName\"")
        ),
    )
}

/// No catalogue in a forest of several domains.
pub(super) fn no_catalogue(domains: &[String], read: &Dn, causes: &[String]) -> Gap {
    let domains = domains.iter().map(|domain| shown(domain)).collect::<Vec<_>>().join(", ");
    let causes = if causes.is_empty() { "none was found".to_owned() } else { causes.join("; ") };
    Gap::new(
        "global catalogue",
        format!(
            "the forest has several domains ({domains}), but no global catalogue could be read ({causes}), so only accounts of {} \
             were seen; make one reachable (port 3268, for LDAPS 3269), or name a domain controller that has one with --server",
            shown(&read.dns_domain())
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_command_is_printed_for_a_name_that_a_command_line_could_misread() {
        let gap = |name: &str| hidden_names(&Entry::new(Dn::parse(name).unwrap())).what;
        assert!(gap("CN=EX01,CN=Computers,DC=contoso,DC=com").contains("\n  dsacls \"CN=EX01,"));
        for name in
            ["CN=EX01\"&calc&\",DC=com\"", "CN=%PATH%,DC=com", "CN=$(calc),DC=com", "CN=a\\,b,DC=com", "CN=a`b,DC=com"]
        {
            assert!(Dn::parse(name).is_err() || !gap(name).contains("dsacls"), "{name}");
        }
    }
}
