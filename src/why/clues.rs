//! What else it may be, in the order in which to look, with what the directory shows of each.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::SystemTime;

use serde::Serialize;

use super::message::Message;
use super::ranges;
use super::subject::Subject;
use crate::directory::account::Account;
use crate::directory::endpoint::{Endpoint, Kerberos, Kind};
use crate::directory::host::HostName;
use crate::directory::text::shown;
use crate::judge::facts::Facts;
use crate::judge::requirements::Judged;
use crate::symptoms::causes::Cause;

/// One cause, and what speaks for or against it.
#[derive(Clone, Debug, Serialize)]
pub struct Clue {
    /// `clock`, `replication`, `encryption-types`, …
    pub cause: &'static str,
    /// What would be the matter, in one or more sentences.
    pub text: &'static str,
    /// What the directory shows of it; nothing where the directory does not know.
    pub shown: Vec<String>,
    /// The command or place that shows whether it is this.
    pub check: String,
    /// Whether the directory shows that it is this.
    pub is_cause: bool,
}

/// What is looked at where the message says nothing of its own.
const USUAL: [Cause; 6] =
    [Cause::Clock, Cause::Replication, Cause::EncryptionTypes, Cause::Account, Cause::Ports, Cause::Connector];
/// So many servers are told of; a message names two.
const MOST_SERVERS: usize = 4;

/// All causes that the message may have, those that the directory shows first.
pub(super) fn all(message: &Message, subject: &Subject<'_>, facts: &Facts<'_>) -> Vec<Clue> {
    let mut causes: Vec<Cause> = Vec::new();
    let named = message.symptoms.iter().flat_map(|symptom| symptom.causes.iter().copied());
    let is_address = subject.is_unknown() && !message.senders.is_empty();
    let usual = match (message.symptoms.is_empty(), is_address) {
        (true, true) => [Cause::Connector].as_slice(),
        (true, false) => USUAL.as_slice(),
        (false, _) => &[],
    };
    for cause in named.chain(usual.iter().copied()) {
        if !causes.contains(&cause) {
            causes.push(cause);
        }
    }
    let look = Look::new(message, subject, facts);
    let mut clues: Vec<Clue> = causes.iter().map(|cause| look.at(*cause)).collect();
    // What the directory shows of an account counts, whatever the message says.
    let shown = [Cause::Account, Cause::EncryptionTypes].into_iter().filter(|cause| !causes.contains(cause));
    clues.extend(shown.map(|cause| look.at(cause)).filter(|clue| clue.is_cause));
    clues.sort_by_key(|clue| !clue.is_cause);
    clues
}

struct Look<'a> {
    message: &'a Message,
    subject: &'a Subject<'a>,
    facts: &'a Facts<'a>,
    /// What stands for what in the commands.
    names: Vec<(&'static str, String)>,
}

impl<'a> Look<'a> {
    fn new(message: &'a Message, subject: &'a Subject<'a>, facts: &'a Facts<'a>) -> Self {
        let mut look = Self { message, subject, facts, names: Vec::new() };
        look.names = look.names();
        look
    }

    fn at(&self, cause: Cause) -> Clue {
        let seen: Vec<Seen> = match cause {
            Cause::EncryptionTypes => self.of_accounts(encryption_types),
            Cause::Account => self.of_accounts(account),
            Cause::Connector => self.connectors(),
            Cause::Gssapi => self.servers().flat_map(without_gssapi).take(MOST_SERVERS).collect(),
            Cause::Uniqueness => self.uniqueness().into_iter().collect(),
            _ => Vec::new(),
        };
        Clue {
            cause: cause.name(),
            text: cause.text(),
            is_cause: seen.iter().any(|seen| seen.is_cause),
            shown: seen.into_iter().map(|seen| seen.text).collect(),
            check: self.check(cause),
        }
    }

    fn servers(&self) -> impl Iterator<Item = &Judged<'_>> {
        self.subject.servers.iter().copied()
    }

    /// What there is to see of the accounts. Those of servers that merely may have sent are told of by findings.
    fn of_accounts(&self, look: impl Fn(&Account) -> Option<Seen>) -> Vec<Seen> {
        let mut seen: Vec<Seen> = self.accounts().filter_map(&look).collect();
        seen.sort_by_key(|seen| !seen.is_cause);
        seen.truncate(MOST_SERVERS);
        seen
    }

    /// The accounts of the servers; where no server needs the name, those that hold it.
    fn accounts(&self) -> impl Iterator<Item = &Account> {
        let own = self.servers().chain(self.subject.bystanders.iter().copied()).filter_map(Judged::account);
        let is_foreign = self.subject.servers.is_empty();
        let holders = self.subject.names.iter().flat_map(|name| self.facts.directory.holders(name));
        own.chain(holders.filter(move |_| is_foreign).take(MOST_SERVERS))
    }

    /// The names of this forest that go into commands: those that are host names, which no shell misreads.
    fn names(&self) -> Vec<(&'static str, String)> {
        let is_host = |name: &&str| HostName::parse(name).is_ok();
        let domain = self.accounts().map(|account| account.domain.dns.as_str()).find(is_host);
        let controllers = self.facts.directory.accounts.iter().filter(|account| account.clues.controller);
        let own = controllers.filter(|account| domain.is_none_or(|domain| account.domain.dns == domain));
        let controller = own.filter_map(|account| account.dns_host_name.as_deref()).find(is_host);
        let name = self.subject.names.first().map(HostName::as_str);
        let server = self.servers().find_map(|judged| judged.server.names.netbios.as_ref()).map(HostName::as_str);
        let spn = name.map(|name| format!("SMTPSVC/{name}"));
        let known = [
            ("SMTPSVC/<FQDN>", spn.as_deref()),
            ("<SPN>", spn.as_deref()),
            ("<name>", name),
            ("<domain controller>", controller),
            ("<domain>", domain),
            ("<server>", server),
        ];
        known.into_iter().filter_map(|(place, name)| Some((place, name?.to_owned()))).collect()
    }

    fn check(&self, cause: Cause) -> String {
        let fill = |command: String, (place, name): &(&str, String)| command.replace(place, name);
        self.names.iter().fold(cause.check().to_owned(), fill)
    }

    /// Which connectors take the sender's address; where that is not known, which take those of some senders only.
    fn connectors(&self) -> Vec<Seen> {
        // Somebody who asks about an address alone wants to hear of that, too.
        let is_refused = self.message.symptoms.is_empty() && self.subject.is_unknown()
            || self.message.symptoms.iter().any(|symptom| symptom.causes.first() == Some(&Cause::Connector));
        let addresses = &self.message.senders;
        let targets = if addresses.is_empty() { self.message.targets.as_slice() } else { &[] };
        let is_open = self.subject.servers.is_empty() && !addresses.is_empty();
        let all = self.facts.servers.iter().filter(|judged| is_open && judged.server.skipped.is_none());
        let servers = self.subject.servers.iter().copied().chain(all);
        let mut seen: Vec<Seen> = servers
            .flat_map(|judged| {
                let of_address = addresses.iter().flat_map(|address| taking(judged, *address, 0, is_refused));
                // Servers mostly stand beside each other: who takes the neighbours of the receiver may take the sender.
                let beside = targets.iter().flat_map(|address| taking(judged, *address, 1, is_refused));
                let of_address = of_address.chain(beside.filter(|seen| seen.is_cause));
                let narrow = if addresses.is_empty() { narrow(judged) } else { Vec::new() };
                of_address.chain(narrow).collect::<Vec<_>>()
            })
            .collect();
        seen.sort_by_key(|seen| !seen.is_cause);
        seen.truncate(MOST_SERVERS);
        seen
    }

    fn uniqueness(&self) -> Option<Seen> {
        /// Character 21 of `dSHeuristics`: `DoNotVerifyUPNAndOrSPNUniqueness` (MS-ADTS 6.1.1.2.4.1.2).
        const PLACE: usize = 20;
        let switch = self.facts.directory.heuristics.as_ref()?.chars().nth(PLACE)?;
        let is_off = matches!(switch, '2' | '3');
        is_off.then(|| {
            Seen::fact(format!(
                "dSHeuristics turns off the uniqueness check for SPNs (character 21 is {switch}), so duplicates can be created"
            ))
        })
    }
}

/// Something that the directory shows.
struct Seen {
    text: String,
    is_cause: bool,
}

impl Seen {
    fn fact(text: String) -> Self {
        Self { text, is_cause: false }
    }

    fn cause(text: String) -> Self {
        Self { text, is_cause: true }
    }
}

fn called(account: &Account) -> String {
    account.sam_account_name.as_deref().map_or_else(|| shown(account.dn.as_str()), shown)
}

fn day(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string().get(..10).unwrap_or_default().to_owned()
}

/// The encryption types of an account (MS-KILE 2.2.7). Known only where its password's age is: each account has that.
fn encryption_types(account: &Account) -> Option<Seen> {
    const KINDS: [(i64, &str); 4] = [(1, "DES"), (4, "RC4"), (8, "AES128"), (16, "AES256")];
    const USABLE: i64 = 4 | 8 | 16;
    let name = called(account);
    let set = account.clues.password_set;
    let age = set.map_or_else(String::new, |set| format!("; password set on {}", day(set)));
    match account.clues.encryption_types {
        Some(types) if types & USABLE == 0 && types != 0 => Some(Seen::cause(format!(
            "{name} allows none of RC4, AES128 and AES256 (msDS-SupportedEncryptionTypes is {types}){age}"
        ))),
        Some(types) if types != 0 => {
            let kinds: Vec<&str> = KINDS.iter().filter(|(bit, _)| types & bit != 0).map(|(_, kind)| *kind).collect();
            Some(Seen::fact(format!("{name} allows {}{age}", kinds.join(", "))))
        }
        _ if set.is_some() => Some(Seen::fact(format!(
            "{name} has no msDS-SupportedEncryptionTypes: by default, domain controllers with the updates of April 2026 issue only AES tickets for it{age}"
        ))),
        _ => None,
    }
}

fn account(account: &Account) -> Option<Seen> {
    let name = called(account);
    let expired = account.clues.expires.filter(|day| *day < SystemTime::now());
    if let Some(expired) = expired {
        return Some(Seen::cause(format!("{name} expired on {}", day(expired))));
    }
    if account.disabled {
        return Some(Seen::cause(format!("{name} is disabled")));
    }
    let set = account.clues.password_set?;
    Some(Seen::fact(format!("{name} is enabled; password set on {}", day(set))))
}

fn without_gssapi(judged: &Judged<'_>) -> Vec<Seen> {
    let lacks = |endpoint: &&Endpoint| matches!(endpoint.kind, Kind::ReceiveConnector { enabled: true, gssapi: false, security, .. } if security & 2 != 0);
    let connectors = judged.server.endpoints.iter().filter(lacks);
    connectors
        .take(3)
        .map(|endpoint| {
            Seen::fact(format!(
                "{}\\{} has EnableAuthGSSAPI set to False",
                shown(&judged.server.names.name),
                shown(&endpoint.name)
            ))
        })
        .collect()
}

/// The enabled receive connectors of a server, by the ports that they listen on.
fn by_port<'a>(judged: &'a Judged<'_>) -> BTreeMap<u16, Vec<&'a Endpoint>> {
    let is_live = |endpoint: &&Endpoint| matches!(endpoint.kind, Kind::ReceiveConnector { enabled: true, .. });
    let mut by_port: BTreeMap<u16, Vec<&Endpoint>> = BTreeMap::new();
    for endpoint in judged.server.endpoints.iter().filter(is_live) {
        let ports: BTreeSet<u16> = endpoint.bindings.iter().filter_map(|binding| ranges::port(binding)).collect();
        for port in ports {
            by_port.entry(port).or_default().push(endpoint);
        }
    }
    by_port
}

fn offers_exchange(endpoint: &Endpoint) -> bool {
    matches!(endpoint.kerberos, Ok(Kerberos::ExchangeServer { .. }))
}

fn named(judged: &Judged<'_>, endpoint: &Endpoint) -> String {
    shown(&format!("{}\\{}", judged.server.names.name, endpoint.name))
}

const NOT_OFFERED: &str = "but does not offer Exchange Server authentication";

/// The connectors of a server that take an address and at least so many others: on the port of mail, and wherever one takes it that lacks
/// what another offers.
fn taking(judged: &Judged<'_>, address: IpAddr, others: u128, is_refused: bool) -> Vec<Seen> {
    const SMTP: u16 = 25;
    let size = |endpoint: &&Endpoint| {
        let sizes = endpoint.remote_ranges.iter().filter_map(|range| ranges::size_around(range, address));
        sizes.filter(|size| *size >= others).min()
    };
    let of_port = |(port, connectors): (u16, Vec<&Endpoint>)| {
        let winner = connectors.iter().copied().filter(|endpoint| size(endpoint).is_some()).min_by_key(size)?;
        let text = format!("{} accepts connections from {address} on port {port}", named(judged, winner));
        if !offers_exchange(winner) && connectors.iter().any(|other| offers_exchange(other)) {
            return Some(Seen { text: format!("{text}, {NOT_OFFERED}"), is_cause: is_refused });
        }
        (port == SMTP).then(|| Seen::fact(text))
    };
    by_port(judged).into_iter().filter_map(of_port).collect()
}

/// The connectors of a server that take some addresses only, and lack what another on the same port offers.
fn narrow(judged: &Judged<'_>) -> Vec<Seen> {
    const MOST: usize = 3;
    let of_port = |(port, connectors): (u16, Vec<&Endpoint>)| {
        let is_shared = connectors.iter().any(|endpoint| offers_exchange(endpoint));
        let catchers = connectors.into_iter().filter(move |endpoint| is_shared && !offers_exchange(endpoint));
        let seen = catchers.filter_map(|catcher| {
            let is_narrow = |range: &&String| ranges::size(range).is_some_and(|size| size < u128::from(u32::MAX));
            let ranges: Vec<&str> =
                catcher.remote_ranges.iter().filter(is_narrow).map(String::as_str).take(MOST).collect();
            let text = format!(
                "{} accepts connections from {} on port {port}, {NOT_OFFERED}",
                named(judged, catcher),
                shown(&ranges.join(", "))
            );
            (!ranges.is_empty()).then(|| Seen::fact(text))
        });
        seen.collect::<Vec<_>>()
    };
    by_port(judged).into_iter().flat_map(of_port).collect()
}
