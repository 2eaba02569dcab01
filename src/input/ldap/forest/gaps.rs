//! What was not read, why, and the least that would let it be read.

use crate::directory::dn::Dn;
use crate::directory::gap::{Gap, Kind, Prose};
use crate::directory::schema::Attribute;
use crate::input::coverage::commands::{self, grant};
use crate::input::ldap::search::Refusal;
use crate::input::referral;

/// An object, and what it does not show.
pub(super) struct Silent {
    pub(super) dn: Dn,
    pub(super) lacks: Vec<Attribute>,
    pub(super) sam_account_name: String,
}

/// The names that commands need.
pub(super) struct Names {
    pub(super) forest: Dn,
    pub(super) configuration: Dn,
    pub(super) domains: Vec<Dn>,
}

impl Names {
    /// What may let a refused search be made.
    fn cure(&self, place: &str, code: u32) -> Vec<String> {
        let object = Dn::parse(place).ok().filter(|dn| !dn.domain_key().is_empty());
        let domain = object.as_ref().unwrap_or(&self.forest).dns_domain();
        match code {
            4 | 11 => commands::query_policy(self.configuration.as_str()),
            10 => commands::elsewhere(&domain),
            32 | 50 => match object {
                Some(object) if !self.domains.contains(&object) => grant(object.as_str(), "/I:T", "GR"),
                object => self.accounts(object.as_ref()),
            },
            _ => commands::other_controllers(&domain),
        }
    }

    /// What lets the accounts of a domain be read, or those of all.
    fn accounts(&self, domain: Option<&Dn>) -> Vec<String> {
        let domains = domain.map_or(self.domains.as_slice(), std::slice::from_ref);
        domains.iter().flat_map(|domain| grant(domain.as_str(), "/I:T", "LCRP")).collect()
    }
}

/// A search that the server did not answer to the end.
pub(super) fn refused(what: &'static str, place: &str, refusal: &Refusal, names: &Names) -> Gap {
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
    let mut told = Prose::new(what).say(" could not be read: ").say(why).say(" (result ").count(refusal.code.into());
    if !refusal.text.is_empty() {
        told = told.say(": ").name(Kind::Text, &refusal.text);
    }
    Gap::new(place_of(place), told.say("); ").say(cure)).fixed_by(names.cure(place, refusal.code))
}

/// Where a search was made: an object, or a server.
fn place_of(place: &str) -> Prose {
    let kind = if place.contains('=') { Kind::Dn } else { Kind::Text };
    Prose::place(kind, place)
}

/// A referral that may hide accounts.
pub(super) fn references(url: &str, place: &str, forest: &Dn) -> Gap {
    let what = Prose::new("the server refers to ").name(Kind::Text, url).say(
        " for more, where no credentials are sent; name a domain controller there with --server, or make a global catalog reachable",
    );
    let there = referral::target(url).or_else(|| referral::domain(url)).map(|dn| dn.dns_domain());
    let fix = there.map(|domain| commands::elsewhere(&domain)).filter(|fix| !fix.is_empty());
    Gap::new(place_of(place), what).fixed_by(fix.unwrap_or_else(|| commands::catalogs(&forest.dns_domain())))
}

/// An object whose name is none: no command can name it either.
pub(super) fn nameless(dn: &str, place: &str) -> Gap {
    let what = Prose::new("an object was passed over, because its name cannot be read: ").name(Kind::Text, dn);
    Gap::new(place_of(place), what)
}

/// A crossRef that does not say what it is for.
pub(super) fn unreadable_partition(crossref: &Dn) -> Gap {
    Gap::at(
        crossref,
        "its nCName or systemFlags cannot be read, so it may be a domain whose accounts were not seen; have Read on it granted to this \
         account (by default all authenticated users have it)",
    )
    .fixed_by(grant(crossref.as_str(), "", "GR"))
}

/// Objects that came without what they were searched by.
pub(super) fn unexplained(objects: &[Dn], names: &Names) -> Vec<Gap> {
    const MOST: usize = 20;
    let gap = |dn: &Dn| {
        let what = "it was found, but what it was searched by was not sent, so it is not clear what it is: this account may not read its attributes, \
                    or it holds a name that only looks like one that was searched for; look at it, or have Read on it granted to this account";
        Gap::at(dn, what).fixed_by(grant(dn.as_str(), "", "GR"))
    };
    let more = objects.len().saturating_sub(MOST);
    let told = || Prose::default().count(more as u64).say(" more objects were found whose attributes were not sent");
    let rest = (more > 0).then(|| Gap::new("directory", told()).fixed_by(names.accounts(None)));
    objects.iter().take(MOST).map(gap).chain(rest).collect()
}

/// An account whose names are hidden.
pub(super) fn hidden_names(account: &Silent) -> Gap {
    let what = attributes(Prose::new("it shows no "), &account.lacks, " and ").say(
        ", and may have one that this account may not read; have Read Property on that granted (by default authenticated users have it)",
    );
    let grants = account.lacks.iter().flat_map(|name| grant(account.dn.as_str(), "", &format!("RP;{}", name.name())));
    Gap::at(&account.dn, what).fixed_by(grants.collect::<Vec<_>>())
}

/// Servers and connectors of which something is hidden: one problem, as one command puts it right.
pub(super) fn hidden_settings(base: &str, hidden: &[Silent]) -> Option<Gap> {
    let mut lacks: Vec<Attribute> = hidden.iter().flat_map(|object| object.lacks.iter().copied()).collect();
    lacks.sort();
    lacks.dedup();
    let what = attributes(Prose::new("this account may not read "), &lacks, " or ")
        .say(" of these objects, so it is not clear whether it is set there: ")
        .names(Kind::Dn, hidden.iter().map(|object| object.dn.as_str()), ", ")
        .say("; have Read on this container and everything below it granted, which members of the role group View-Only Organization Management have");
    (!hidden.is_empty()).then(|| Gap::new(place_of(base), what).fixed_by(grant(base, "/I:T", "GR")))
}

/// Goes on with names of attributes.
fn attributes(mut prose: Prose, attributes: &[Attribute], between: &'static str) -> Prose {
    for (number, attribute) in attributes.iter().enumerate() {
        prose = prose.say(if number == 0 { "" } else { between }).say(attribute.name());
    }
    prose
}

/// No catalog in a forest of several domains.
pub(super) fn no_catalog(names: &Names, read: &Dn, causes: &[String]) -> Gap {
    let domains: Vec<String> = names.domains.iter().map(Dn::dns_domain).collect();
    let what = Prose::new("the forest has several domains (")
        .names(Kind::Host, domains.iter().map(String::as_str), ", ")
        .say("), but no global catalog could be read (");
    let what = match causes {
        [] => what.say("none was found"),
        causes => what.names(Kind::Text, causes.iter().map(String::as_str), "; "),
    };
    let what = what.say("), so only accounts of ").name(Kind::Host, &read.dns_domain()).say(
        " were seen; make one reachable (port 3268, for LDAPS 3269), or name a domain controller that has one with --server",
    );
    Gap::new("global catalog", what).fixed_by(commands::catalogs(&names.forest.dns_domain()))
}
