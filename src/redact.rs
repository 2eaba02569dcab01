//! Takes the names out of what was read: of the organisation, domains, servers, accounts and connectors. What remains is judged alike.
//!
//! A name is replaced label by label, the same label by the same pseudonym wherever it stands, so that `EX01`, `EX01$` and
//! `ex01.contoso.com` still belong together. Everything between labels stays: what was no host name, or unsafe in a command, still is.

use std::collections::HashMap;

use crate::model::dn::{self, Dn};
use crate::model::entry::{Entry, Gap, Reading};
use crate::model::schema::Attribute;
use crate::model::spn::{SMTPSVC, Spn};
use crate::model::text::{fold, same};

/// Words that say nothing of an organisation: containers that every Active Directory and Exchange has, the words of default
/// connector names, service classes, common top-level domains.
const WELL_KNOWN: &[&str] = &[
    "administrative",
    "administrator",
    "applications",
    "builtin",
    "client",
    "com",
    "computers",
    "configuration",
    "connector",
    "connectors",
    "controllers",
    "default",
    "directory",
    "domain",
    "edge",
    "exchange",
    "exchangemdb",
    "exchangerfr",
    "first",
    "for",
    "forestdnszones",
    "domaindnszones",
    "frontend",
    "fydibohf23spdlt",
    "group",
    "groups",
    "host",
    "http",
    "internal",
    "internet",
    "local",
    "lostandfoundconfig",
    "lostandfound",
    "managed",
    "microsoft",
    "net",
    "nt",
    "org",
    "organization",
    "outbound",
    "partitions",
    "protocols",
    "proxy",
    "receive",
    "relay",
    "schema",
    "server",
    "servers",
    "service",
    "accounts",
    "services",
    "smtp",
    "smtpsvc",
    "system",
    "test",
    "transport",
    "users",
    "virtual",
    "windows",
    "cnf",
    "del",
];

/// The labels that were replaced, and by what.
#[derive(Debug, Default)]
struct Pseudonyms {
    labels: HashMap<String, String>,
    addresses: HashMap<String, usize>,
}

/// Replaces all names, and leaves out what the judgement does not need.
#[must_use]
pub fn redact(reading: &Reading) -> Reading {
    let mut pseudonyms = Pseudonyms::default();
    let mut redacted = Reading::default();
    for entry in reading.entries() {
        if let Some(entry) = pseudonyms.entry(entry) {
            redacted.add(entry);
        }
    }
    let gap = |gap: &Gap| Gap {
        place: pseudonyms_of(&mut pseudonyms, &gap.place),
        what: pseudonyms_of(&mut pseudonyms, &gap.what),
    };
    redacted.gaps = reading.gaps.iter().map(gap).collect();
    redacted
}

/// Prose may quote any name: only the labels that are names elsewhere are replaced.
fn pseudonyms_of(pseudonyms: &mut Pseudonyms, prose: &str) -> String {
    replace_labels(prose, |label| {
        let known = pseudonyms.labels.get(&fold(label));
        known.map_or_else(|| label.to_owned(), |pseudonym| like(label, pseudonym))
    })
}

impl Pseudonyms {
    fn entry(&mut self, entry: &Entry) -> Option<Entry> {
        let mut redacted = Entry::new(Dn::parse(&self.dn(entry.dn.as_str())).ok()?);
        for (attribute, value) in entry.attributes().filter(|(attribute, value)| is_needed(*attribute, value)) {
            redacted.add(attribute.name(), self.value(attribute, value).as_bytes());
        }
        Some(redacted)
    }

    fn value(&mut self, attribute: Attribute, value: &str) -> String {
        match attribute {
            Attribute::ObjectClass
            | Attribute::IsDeleted
            | Attribute::SerialNumber
            | Attribute::CurrentServerRoles
            | Attribute::ConnectorEnabled
            | Attribute::ConnectorSecurity
            | Attribute::UserAccountControl
            | Attribute::SystemFlags
            | Attribute::SpnMappings => value.to_owned(),
            Attribute::NcName => self.dn(value),
            Attribute::NetworkAddress => match value.split_once(':') {
                Some((protocol, address)) => format!("{protocol}:{}", self.name(address)),
                None => self.name(value),
            },
            Attribute::ServicePrincipalName => match value.split_once('/') {
                Some((class, target)) => format!("{class}/{}", self.name(target)),
                None => self.name(value),
            },
            Attribute::Cn
            | Attribute::AdminDisplayName
            | Attribute::VirtualServerFqdn
            | Attribute::ConnectorFqdn
            | Attribute::SamAccountName
            | Attribute::DnsHostName
            | Attribute::DnsRoot
            | Attribute::NetbiosName => self.name(value),
        }
    }

    /// A distinguished name: attribute types and escapes stay as they are.
    fn dn(&mut self, text: &str) -> String {
        let part = |part: &str| match part.split_once('=') {
            Some((kind, value)) => format!("{kind}={}", self.name(value)),
            None => self.name(part),
        };
        dn::parts(text).map(part).collect::<Vec<_>>().join(",")
    }

    /// A name made of labels, or an address.
    fn name(&mut self, text: &str) -> String {
        if text.parse::<std::net::IpAddr>().is_ok() {
            let next = self.addresses.len() + 1;
            let number = *self.addresses.entry(text.to_owned()).or_insert(next);
            return format!("192.0.2.{number}");
        }
        replace_labels(text, |label| self.label(label))
    }

    fn label(&mut self, label: &str) -> String {
        let is_number = label.bytes().all(|byte| byte.is_ascii_digit());
        if is_number || WELL_KNOWN.iter().any(|known| same(known, label)) {
            return label.to_owned();
        }
        let next = self.labels.len() + 1;
        let pseudonym = self.labels.entry(fold(label)).or_insert_with(|| pseudonym(label, next));
        like(label, pseudonym)
    }
}

/// Whether the judgement looks at this value.
fn is_needed(attribute: Attribute, value: &str) -> bool {
    let spn = Spn::held(value);
    let class = value.split(['/', ':']).next().unwrap_or_default();
    attribute != Attribute::ServicePrincipalName
        || spn.is_smtpsvc()
        || [SMTPSVC, "SMTP", "HOST"].iter().any(|known| same(known, class))
}

/// A label that is as long as the original where that matters, begins with a hyphen and is outside ASCII where that does.
fn pseudonym(label: &str, number: usize) -> String {
    let hyphen = if label.starts_with('-') { "-" } else { "" };
    let umlaut = if label.is_ascii() { "" } else { "ü" };
    let mut pseudonym = format!("{hyphen}n{number}{umlaut}");
    while label.len() > 63 && pseudonym.len() < label.len() {
        pseudonym.push('x');
    }
    pseudonym
}

/// The pseudonym in capitals where the label is.
fn like(label: &str, pseudonym: &str) -> String {
    if label.chars().any(char::is_lowercase) { pseudonym.to_owned() } else { pseudonym.to_uppercase() }
}

/// Replaces every run of letters, digits, hyphens and underscores; an escaped byte of a DN (`\0A`) is none.
fn replace_labels(text: &str, mut replace: impl FnMut(&str) -> String) -> String {
    let in_label = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = if in_label(first) {
            rest.find(|c| !in_label(c)).unwrap_or(rest.len())
        } else if first == '\\' && rest.get(1..3).is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            3
        } else {
            first.len_utf8()
        };
        let (part, tail) = rest.split_at(end);
        replaced += &if in_label(first) { replace(part) } else { part.to_owned() };
        rest = tail;
    }
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_name_is_replaced_however_its_commas_are_written() {
        for name in [
            "CN=Secret,DC=contoso,DC=com",
            "CN=\"x, Secret\",DC=contoso",
            "CN=x\\, Secret,DC=contoso",
            "CN=Secret\\\\,DC=contoso",
        ] {
            let redacted = Pseudonyms::default().dn(name);
            assert!(!redacted.contains("Secret") && !redacted.contains("contoso"), "{redacted}");
            assert_eq!(
                Dn::parse(&redacted).unwrap().lineage().count(),
                Dn::parse(name).unwrap().lineage().count(),
                "{redacted}"
            );
        }
    }
}
