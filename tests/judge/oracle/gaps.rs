//! What was not read, so that nothing is certain.

use std::collections::BTreeSet;

use crate::judge::oracle::account::Marks;
use crate::judge::oracle::directory::Object;
use crate::judge::oracle::entries::{Entry, domain_of, fold, in_configuration, own_name};
use crate::judge::oracle::judge::Relations;
use crate::judge::oracle::verdict::is_lost;

/// One reason for an incomplete answer.
#[derive(Clone, Debug)]
pub(crate) struct Gap {
    /// Words of which a problem has to say one.
    pub(crate) words: Vec<String>,
    /// Whether it leaves the rest of the judgement open.
    pub(crate) blinding: bool,
}

impl Gap {
    pub(crate) fn seen(words: &[&str]) -> Self {
        Self { words: words.iter().map(|word| fold(word)).collect(), blinding: false }
    }

    pub(crate) fn blinding(words: &[&str]) -> Self {
        Self { blinding: true, ..Self::seen(words) }
    }
}

pub(crate) fn gaps(entries: &[Entry], relations: &Relations) -> Vec<Gap> {
    let mut gaps = of_servers(relations);
    gaps.extend(of_domains(relations));
    gaps.extend(of_attributes(relations));
    gaps.extend(of_accounts(relations));
    gaps.extend(entries.iter().filter_map(cut_range));
    gaps
}

fn of_servers(relations: &Relations) -> Vec<Gap> {
    let directory = relations.directory;
    let mut gaps = Vec::new();
    if directory.servers.is_empty() {
        gaps.push(Gap::seen(&["server"]));
    }
    let bare = relations.judged().filter(|(_, server)| server.endpoints.is_empty());
    gaps.extend(bare.map(|(_, server)| Gap::seen(&[&server.name])));
    let homeless = directory.homeless.iter().filter(|endpoint| !is_lost(&endpoint.dn));
    // Told of the endpoint, or of the server three levels above.
    let server = |dn: &str| dn.splitn(4, ',').last().unwrap_or_default().to_owned();
    gaps.extend(homeless.map(|endpoint| Gap::seen(&[&endpoint.name, &endpoint.dn, &server(&endpoint.dn)])));
    let exchange = ",cn=microsoft exchange,cn=services,cn=configuration,";
    let unclassed =
        directory.entries.iter().filter(|entry| fold(&entry.dn).contains(exchange) && !entry.shows("objectClass"));
    gaps.extend(unclassed.map(|entry| Gap::blinding(&[&own_name(&entry.dn), "objectClass"])));
    gaps
}

fn of_domains(relations: &Relations) -> Vec<Gap> {
    let directory = relations.directory;
    let named: BTreeSet<&str> = directory.domains.iter().map(|known| known.domain.as_str()).collect();
    let outside = directory.entries.iter().filter(|entry| !in_configuration(&entry.dn));
    let read: BTreeSet<String> = outside.map(|entry| domain_of(&entry.dn)).collect();
    let with_accounts: BTreeSet<&str> = directory.objects.iter().map(|object| object.domain.as_str()).collect();
    let has_krbtgt = |domain: &str| directory.objects.iter().any(|o| o.domain == domain && o.is_called("krbtgt"));
    let unread = named.iter().filter(|domain| !read.contains(**domain)).map(|domain| Gap::seen(&[domain]));
    let seen = named.iter().filter(|domain| read.contains(**domain)).chain(with_accounts.difference(&named));
    let partly = seen.filter(|domain| !has_krbtgt(domain)).map(|_| Gap::seen(&["krbtgt"]));
    let unknown = with_accounts.difference(&named).map(|domain| Gap::blinding(&[domain]));
    let mapped = directory.entries.iter().any(|entry| entry.shows("sPNMappings"));
    let unmapped = (!mapped).then(|| Gap::seen(&["sPNMappings"]));
    unread.chain(partly).chain(unknown).chain(unmapped).collect()
}

/// What each receive connector is made with.
const CONNECTORS_HAVE: [&str; 3] =
    ["msExchSMTPReceiveConnectorFQDN", "msExchSMTPReceiveInboundSecurityFlag", "msExchSmtpReceiveProtocolRestrictions"];

fn of_attributes(relations: &Relations) -> Vec<Gap> {
    let directory = relations.directory;
    let connectors: Vec<&Entry> = directory
        .entries
        .iter()
        .filter(|entry| entry.is("msExchSmtpReceiveConnector") && !is_lost(&entry.dn))
        .collect();
    let dns_of = |modern: bool| -> BTreeSet<&str> {
        let wanted = directory.servers.iter().filter(|server| !modern || !server.generation.is_old());
        wanted.map(|server| server.dn.as_str()).collect()
    };
    let of = |dns: &BTreeSet<&str>| -> Vec<&Entry> {
        directory.entries.iter().filter(|entry| dns.contains(fold(&entry.dn).as_str())).collect()
    };
    let (modern, servers) = (of(&dns_of(true)), of(&dns_of(false)));
    let hidden = |entries: &[&Entry], name: &str| !entries.is_empty() && entries.iter().all(|e| !e.shows(name));
    let mut gaps = Vec::new();
    for name in CONNECTORS_HAVE {
        gaps.extend(hidden(&connectors, name).then(|| Gap::blinding(&[name])));
    }
    // Setup and the cmdlets give each server these, so that one of its endpoints shows them at least.
    let below = |server: &str, class: &str| -> Vec<&Entry> {
        let end = format!(",{}", fold(server));
        directory.entries.iter().filter(|entry| entry.is(class) && fold(&entry.dn).ends_with(&end)).collect()
    };
    for (_, server) in relations.judged() {
        let own = below(&server.dn, "msExchSmtpReceiveConnector");
        for name in CONNECTORS_HAVE {
            gaps.extend((!hidden(&connectors, name) && hidden(&own, name)).then(|| Gap::blinding(&[name])));
        }
    }
    let old = directory.servers.iter().filter(|server| server.generation.is_old());
    let old: Vec<&Entry> = old.flat_map(|server| below(&server.dn, "protocolCfgSMTPServer")).collect();
    for name in ["msExchSmtpFullyQualifiedDomainName", "msExchAuthenticationFlags", "msExchServerAutoStart"] {
        gaps.extend(hidden(&old, name).then(|| Gap::blinding(&[name])));
    }
    gaps.extend(hidden(&modern, "msExchCurrentServerRoles").then(|| Gap::blinding(&["msExchCurrentServerRoles"])));
    gaps.extend(hidden(&servers, "networkAddress").then(|| Gap::blinding(&["networkAddress"])));
    if directory.objects.iter().all(|object| object.spns.is_empty()) {
        gaps.push(Gap::blinding(&["servicePrincipalName"]));
    }
    gaps
}

fn of_accounts(relations: &Relations) -> Vec<Gap> {
    let directory = relations.directory;
    let lacks = |entry: &Entry| {
        let needed = ["sAMAccountName", "userAccountControl", "objectClass"];
        let lacking: Vec<&str> = needed.into_iter().filter(|name| !entry.shows(name)).collect();
        let matters = |object: &Object| object.dn == fold(&entry.dn) && matters(relations, object);
        let counts = !lacking.is_empty() && directory.objects.iter().any(matters);
        counts.then(|| Gap::blinding(&[&own_name(&entry.dn), lacking[0]]))
    };
    directory.entries.iter().filter(|entry| !in_configuration(&entry.dn)).filter_map(lacks).collect()
}

/// Whether the judgement rests on an account.
fn matters(relations: &Relations, object: &Object) -> bool {
    let marked = relations
        .judged()
        .any(|(at, server)| Marks::of(object, &server.name, relations.fqdns[at].as_deref()).count() > 0);
    marked || relations.needs.keys().any(|(_, name)| object.holds(&format!("smtpsvc/{name}")))
}

/// A range of values that does not go on to `*`.
fn cut_range(entry: &Entry) -> Option<Gap> {
    let range = |name: &String| fold(name).split_once(";range=").map(|(_, range)| range.to_owned());
    let ranges: Vec<String> = entry.attributes.iter().filter_map(|(name, _)| range(name)).collect();
    let cut = !ranges.is_empty() && !ranges.iter().any(|range| range.ends_with('*'));
    cut.then(|| Gap::seen(&[&own_name(&entry.dn), "range"]))
}
