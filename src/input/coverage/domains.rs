//! Whether each domain's accounts were seen.

use std::collections::{BTreeMap, HashSet};

use super::searches::Searches;
use super::{Beside, Survey};
use crate::directory::account::is_domain_controller;
use crate::directory::dn::Dn;
use crate::directory::domain;
use crate::directory::entry::Entry;
use crate::directory::gap::{Gap, Kind, Prose, first_of_many};
use crate::directory::is_account;
use crate::directory::schema::{self, Attribute};
use crate::directory::text::same;

/// What is known of a domain.
#[derive(Default)]
struct Seen {
    has_cross_ref: bool,
    krbtgt: Krbtgt,
    controllers: Controllers,
}

/// What is known of the account that every domain has.
#[derive(Default)]
struct Krbtgt {
    was_read: bool,
    shows_its_name: bool,
    shows_its_flags: bool,
}

/// What is known of the domain controllers, of which every domain has one.
#[derive(Default)]
struct Controllers {
    were_read: bool,
    show_their_names: bool,
    show_their_spns: bool,
}

impl Seen {
    fn account(&mut self, entry: &Entry) {
        if entry.values(Attribute::SamAccountName).any(|name| same(name, schema::KRBTGT)) {
            let krbtgt = &mut self.krbtgt;
            krbtgt.was_read = true;
            krbtgt.shows_its_name |= entry.values(Attribute::ServicePrincipalName).any(|spn| same(spn, schema::KADMIN));
            krbtgt.shows_its_flags |= entry.has(Attribute::UserAccountControl);
        }
        if entry.values(Attribute::UserAccountControl).any(is_domain_controller) {
            let controllers = &mut self.controllers;
            controllers.were_read = true;
            controllers.show_their_names |= entry.has(Attribute::DnsHostName);
            controllers.show_their_spns |= entry.has(Attribute::ServicePrincipalName);
        }
    }

    /// What is missing of the accounts. Where nothing says who is a domain controller, that is told of the accounts themselves.
    fn missing(&self) -> Option<&'static str> {
        if !self.krbtgt.was_read {
            Some(
                "krbtgt was not read, which every domain has: the accounts of this domain are missing, or some of them, \
                 because they were not exported, were left out by a filter, or may not be seen",
            )
        } else if !self.krbtgt.shows_its_name {
            Some(
                "servicePrincipalName of krbtgt was not read, where every domain has kadmin/changepw: \
                 the attribute was not exported, or may not be read",
            )
        } else if self.krbtgt.shows_its_flags && !self.controllers.were_read {
            Some(
                "no domain controller was read, of which every domain has one: the computers of this domain are missing, or some of them, \
                 because they were not exported, were left out by a filter, or may not be seen",
            )
        } else if self.controllers.were_read && !self.controllers.show_their_names {
            Some(
                "dNSHostName was read of no domain controller, though each has one: it was not exported, or may not be read",
            )
        } else if self.controllers.were_read && !self.controllers.show_their_spns {
            Some(
                "servicePrincipalName was read of no domain controller, though each has several: \
                 it was not exported of computers, or may not be read there",
            )
        } else {
            None
        }
    }
}

/// One problem a domain at most. Where nothing of the configuration was read, that is told elsewhere.
pub(super) fn gaps(survey: &Survey, beside: &Beside) -> Vec<Gap> {
    let domains = domains(survey, &beside.named);
    let is_known = domains.values().any(|domain| domain.has_cross_ref);
    let mut gaps =
        first_of_many(domains.iter().filter_map(|(key, seen)| gap(survey, &beside.searches, key, seen, is_known)));
    if !is_known && forest_root(survey).is_some() {
        let accounts = domains.keys().filter_map(|key| Dn::parse(key).ok()).map(|dn| dn.dns_domain());
        let accounts: Vec<String> = accounts.filter(|domain| !domain.is_empty()).collect();
        let what = Prose::new("the domains of the forest are not known: no crossRef of one was read below CN=Partitions of the configuration, not even of ")
            .names(Kind::Host, accounts.iter().map(String::as_str), " or ");
        gaps.push(Gap::new("directory", what).fixed_by(survey.commands.in_configuration("CN=Partitions,")));
    }
    gaps
}

fn gap(survey: &Survey, searches: &Searches, key: &str, seen: &Seen, is_known: bool) -> Option<Gap> {
    let dns = Dn::parse(key).map(|dn| dn.dns_domain()).unwrap_or_default();
    let place = if dns.is_empty() { Prose::new("accounts outside any domain") } else { Prose::place(Kind::Host, &dns) };
    if let Some(what) = searches.missing(key).or_else(|| seen.missing().map(Prose::new)) {
        return Some(Gap::new(place, what).fixed_by(survey.commands.accounts(key)));
    }
    (is_known && !seen.has_cross_ref).then(|| {
        let what = "accounts of this domain were read, but no crossRef below CN=Partitions of the configuration names it: \
                    that was not read, or the domain belongs to another forest";
        Gap::new(place, what).fixed_by(survey.commands.in_configuration("CN=Partitions,"))
    })
}

/// The domain above the configuration: it has the first accounts of every forest.
fn forest_root<'a>(survey: &'a Survey) -> Option<&'a str> {
    let in_configuration = |entry: &&&Entry| entry.dn.key().contains(",cn=configuration,");
    survey.entries.iter().find(in_configuration).map(|entry| entry.dn.domain_key()).filter(|key| !key.is_empty())
}

/// All domains that anything speaks of, by their [keys](Dn::domain_key).
fn domains(survey: &Survey, named: &[Dn]) -> BTreeMap<String, Seen> {
    let mut domains: BTreeMap<String, Seen> = BTreeMap::new();
    let mut others: HashSet<Dn> = HashSet::new();
    for entry in survey.entries.iter().filter(|entry| entry.is_a(schema::CROSS_REF)) {
        let is_domain = domain::is_domain(entry);
        for context in contexts(entry) {
            if is_domain {
                domains.entry(context.key().to_owned()).or_default().has_cross_ref = true;
            } else {
                others.insert(context);
            }
        }
    }
    for entry in survey.entries.iter().filter(|entry| is_account(entry)) {
        domains.entry(entry.dn.domain_key().to_owned()).or_default().account(entry);
    }
    if let Some(root) = forest_root(survey) {
        domains.entry(root.to_owned()).or_default();
    }
    for dn in named.iter().filter(|dn| may_hold_accounts(dn, &others)) {
        domains.entry(dn.domain_key().to_owned()).or_default();
    }
    domains
}

fn contexts(cross_ref: &Entry) -> impl Iterator<Item = Dn> {
    cross_ref.values(Attribute::NcName).filter_map(|name| Dn::parse(name).ok())
}

/// Whether a name lies in a domain: not in the configuration, nor in an application partition.
fn may_hold_accounts(dn: &Dn, others: &HashSet<Dn>) -> bool {
    let is_zone = |above: &str| above.starts_with("dc=domaindnszones,") || above.starts_with("dc=forestdnszones,");
    let is_configuration = |above: &str| above.starts_with("cn=configuration,");
    let is_other = |above: &str| others.iter().any(|other| other.key() == above);
    !dn.domain_key().is_empty()
        && !dn.lineage().any(|above| is_zone(above) || is_configuration(above) || is_other(above))
}
