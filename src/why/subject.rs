//! Whom and which names a message is about.

use std::collections::HashSet;

use crate::directory::host::HostName;
use crate::directory::text::fold;
use crate::judge::facts::Facts;
use crate::judge::requirements::Judged;
use crate::symptoms::Fault;

use super::message::{Message, Place};

/// What a message is about.
#[derive(Default)]
pub(super) struct Subject<'a> {
    /// The names of which SMTPSVC names are made, each once.
    pub(super) names: Vec<HostName>,
    /// The servers that need one of the names, or that the message names itself.
    pub(super) servers: Vec<&'a Judged<'a>>,
    /// Servers that the message names beside its SPN: the one that logged it. Their accounts matter, their names do not.
    pub(super) bystanders: Vec<&'a Judged<'a>>,
    /// The others, any of which may have sent what the message complains of.
    pub(super) suspects: Vec<&'a Judged<'a>>,
    /// Hosts of this forest, or SPNs, that the message names and nobody knows.
    pub(super) unknown: Vec<String>,
    /// Whether a server was asked about and nothing else, so that everything of it matters.
    pub(super) is_whole: bool,
    /// Whether somebody asked about a host name, without an SPN or a symptom.
    pub(super) is_bare: bool,
}

impl<'a> Subject<'a> {
    /// Finds in the directory what a message names. An SPN goes before a host name, of which an event has those of bystanders too. One of
    /// another service is nothing that can be judged here.
    pub(super) fn of(message: &Message, facts: &'a Facts<'a>) -> Self {
        let is_open = message.symptoms.iter().any(|symptom| symptom.fault == Fault::Sender);
        let mut subject = if !message.smtpsvc.is_empty() {
            Self::of_spns(message, facts, is_open)
        } else if message.others.is_empty() {
            Self::of_hosts(message, facts)
        } else {
            Self::default()
        };
        let mut known = HashSet::new();
        subject.names.retain(|name| known.insert(name.key().to_owned()));
        if is_open && !message.is_without_kerberos && !comes_from_outside(message) {
            subject.suspect_others(facts);
        }
        subject
    }

    /// What is about SPNs. Where both sides ask for a ticket, the names of the other server count as well.
    fn of_spns(message: &Message, facts: &'a Facts<'a>, is_open: bool) -> Self {
        let (names, unknown) = spns(message, facts);
        let servers: Vec<&Judged<'a>> = facts.servers.iter().filter(|judged| needs(judged, &names)).collect();
        let is_new = |judged: &&Judged<'a>| !servers.iter().any(|known| known.is(judged));
        let others: Vec<&Judged<'a>> = named(message, facts).into_iter().filter(is_new).collect();
        let mut subject = Self { names, servers, unknown, ..Self::default() };
        if is_open {
            subject.servers.extend(others);
            subject.names.extend(subject.servers.iter().flat_map(|judged| required(judged)).collect::<Vec<_>>());
        } else {
            subject.bystanders = others;
        }
        subject
    }

    /// What names servers or hosts only.
    fn of_hosts(message: &Message, facts: &'a Facts<'a>) -> Self {
        let servers = named(message, facts);
        let is_bare = message.symptoms.is_empty();
        let only = only_host(message).filter(|_| is_bare && servers.is_empty());
        let names = servers.iter().flat_map(|judged| asked_for(judged, message)).chain(only).collect();
        Self { names, servers, unknown: unknown_hosts(message, facts), is_whole: true, is_bare, ..Self::default() }
    }

    /// Where only one side is named, any other server may be the other.
    fn suspect_others(&mut self, facts: &'a Facts<'a>) {
        if self.servers.len() < 2 {
            let all = facts.servers.iter().filter(|judged| judged.server.skipped.is_none());
            self.suspects = all.filter(|judged| !self.servers.iter().any(|known| known.is(judged))).collect();
        }
    }

    /// Whether the directory knows nothing of it.
    pub(super) fn is_unknown(&self) -> bool {
        self.servers.is_empty() && self.names.is_empty()
    }
}

/// The names of the SPNs of a message, and those of which only a part is there. A reading may have lost a part of a name that another
/// one has whole, or have joined what stands behind it.
fn spns(message: &Message, facts: &Facts<'_>) -> (Vec<HostName>, Vec<String>) {
    let is_known = |name: &HostName| {
        !facts.directory.holders(name).is_empty()
            || facts.servers.iter().any(|judged| needs(judged, std::slice::from_ref(name)))
    };
    let known: Vec<&HostName> = message.smtpsvc.iter().filter(|name| is_known(name)).collect();
    let (mut names, mut unknown) = (Vec::new(), Vec::new());
    for name in &message.smtpsvc {
        let is_broken = known.iter().any(|other| {
            *other != name && (other.key().starts_with(name.key()) || name.key().starts_with(other.key()))
        });
        let is_joined = message.smtpsvc.iter().any(|other| other != name && name.key().starts_with(other.key()));
        if is_known(name) {
            names.push(name.clone());
        } else if !is_broken && !is_joined && (known.is_empty() || name.is_qualified()) {
            match whole(name, facts).as_slice() {
                [] => names.push(name.clone()),
                [only] => names.push(only.clone()),
                _ => unknown.push(format!("SMTPSVC/{name}")),
            }
        }
    }
    (names, unknown)
}

/// The names that somebody requires of which this is the beginning: a message that was cut ends in one. A short name is none.
fn whole(name: &HostName, facts: &Facts<'_>) -> Vec<HostName> {
    let begins = |other: &HostName| name.is_qualified() && other.key().starts_with(name.key());
    let mut whole: Vec<HostName> = facts.servers.iter().flat_map(required).filter(begins).collect();
    whole.sort_by(|one, other| one.key().cmp(other.key()));
    whole.dedup();
    whole
}

fn needs(judged: &Judged<'_>, names: &[HostName]) -> bool {
    judged.requirements.iter().any(|requirement| names.contains(&requirement.name))
}

/// The names that a server requires, apart from its NetBIOS name.
fn required<'b>(judged: &'b Judged<'_>) -> impl Iterator<Item = HostName> + 'b {
    let needed = judged.requirements.iter().filter(|requirement| !requirement.needs.is_only_host_name());
    needed.map(|requirement| requirement.name.clone())
}

/// Of the names that a server requires those that the message has, or all if it has the server's own name only.
fn asked_for(judged: &Judged<'_>, message: &Message) -> Vec<HostName> {
    let is_asked = |name: &HostName| message.words.contains_key(name.key());
    let asked: Vec<HostName> = required(judged).filter(|name| is_asked(name) && !judged.is_called(name)).collect();
    if asked.is_empty() { required(judged).collect() } else { asked }
}

/// The servers that a message names: by names that can be nothing else, or where there are none, by words that may be one.
fn named<'a>(message: &Message, facts: &'a Facts<'a>) -> Vec<&'a Judged<'a>> {
    let of_place = |least: Place| -> Vec<&Judged<'a>> {
        facts.servers.iter().filter(|judged| place_of(judged, message).is_some_and(|place| place >= least)).collect()
    };
    let sure = of_place(Place::Named);
    if sure.is_empty() { of_place(Place::Anywhere) } else { sure }
}

/// How a message names a server, its account, or a name that it announces.
fn place_of(judged: &Judged<'_>, message: &Message) -> Option<Place> {
    let hosts = judged.host_names().map(|name| name.key().to_owned());
    let announced = required(judged).map(|name| name.key().to_owned());
    let sam = judged.account().and_then(|account| account.sam_account_name.as_deref());
    let sam = sam.map(|sam| fold(sam.trim_end_matches('$')));
    let own = fold(&judged.server.names.name);
    hosts.chain(announced).chain(sam).chain([own]).filter_map(|name| message.words.get(&name).copied()).max()
}

/// The one host name that a text consists of.
fn only_host(message: &Message) -> Option<HostName> {
    let mut words = message.words.iter();
    let (only, _) = words.next().filter(|_| words.next().is_none())?;
    HostName::parse(only).ok().filter(HostName::is_qualified)
}

/// The hosts of this forest that a message names and nobody knows.
fn unknown_hosts(message: &Message, facts: &Facts<'_>) -> Vec<String> {
    let accounts = &facts.directory.accounts;
    let domains: HashSet<String> = accounts.iter().map(|account| fold(&account.domain.dns)).collect();
    let own =
        |judged: &'_ Judged<'_>| -> Vec<HostName> { judged.host_names().cloned().chain(required(judged)).collect() };
    let of_servers: HashSet<HostName> = facts.servers.iter().flat_map(own).collect();
    let hosts = message.hosts.iter().filter_map(|host| HostName::parse(host).ok());
    let is_unknown = |name: &HostName| {
        domains.iter().any(|domain| name.is_below(domain) && name.key() != domain)
            && accounts.calling_themselves(name).next().is_none()
            && facts.directory.holders(name).is_empty()
            && !of_servers.contains(name)
    };
    hosts.filter(is_unknown).map(|name| name.to_string()).collect()
}

/// Whether the other side is no server of this forest: its address is one of the Internet.
fn comes_from_outside(message: &Message) -> bool {
    let is_private = |address: &std::net::IpAddr| match address {
        std::net::IpAddr::V4(address) => address.is_private() || address.is_loopback() || address.is_link_local(),
        std::net::IpAddr::V6(address) => {
            address.is_loopback() || address.is_unicast_link_local() || address.is_unique_local()
        }
    };
    !message.senders.is_empty() && !message.senders.iter().any(is_private)
}
