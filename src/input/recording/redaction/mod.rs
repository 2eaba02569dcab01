//! Takes the names out of what was read. What is known to be harmless stays: words that everyone has, numbers that are
//! flags, syntax. Everything else becomes a pseudonym, the same for the same, so that what remains is judged alike.

mod pseudonyms;
#[cfg(test)]
mod tests;
mod tree;
mod words;

use self::pseudonyms::Pseudonyms;
use crate::directory::Directory;
use crate::directory::dn::Dn;
use crate::directory::entry::{Entry, Reading};
use crate::directory::gap::{Gap, Kind};
use crate::directory::schema::{self, Attribute};
use crate::directory::spn::Spn;
use crate::directory::testimony::{Answer, Statement, Testimony};
use crate::directory::text::{fold, same};
use crate::directory::version::Version;
use crate::input::coverage::{self, Beside};

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
    let others: Vec<Gap> = not_shown_by_objects(reading).map(|gap| pseudonyms.gap(gap)).collect();
    coverage::complete(&mut redacted, &Beside::default(), coverage::Source::Recorded);
    redacted.gaps = Directory::new(&redacted).gaps;
    redacted.gaps.extend(others);
    redacted.gaps.sort();
    let statements = reading.testimony.statements().iter().map(|statement| pseudonyms.statement(statement));
    redacted.testimony = Testimony::new(statements.collect());
    redacted
}

/// The problems that the objects do not show again by themselves: those that only the reading knew of.
fn not_shown_by_objects(reading: &Reading) -> impl Iterator<Item = &Gap> {
    let mut shown = coverage::gaps(reading, &Beside::default(), coverage::Source::Recorded);
    shown.extend(Directory::of(reading.entries(), Vec::new()).gaps);
    let is_shown = move |gap: &Gap| shown.iter().any(|other| other.place == gap.place && other.what == gap.what);
    reading.gaps.iter().filter(move |gap| !is_shown(gap))
}

impl Pseudonyms {
    /// A problem in the same words about other names. What would get what is missing is left out: it is made of names.
    fn gap(&mut self, gap: &Gap) -> Gap {
        let mut rename = |kind, name: &str| match kind {
            Kind::Dn => self.dn(name),
            Kind::Host => self.host(name),
            Kind::Text => self.text(name),
        };
        Gap::new(gap.place.renamed(&mut rename), gap.what.renamed(&mut rename))
    }

    /// What a witness said, in the same words about other names. Of what an endpoint offers, the words that matter stay.
    fn statement(&mut self, statement: &Statement) -> Statement {
        let mut statement = statement.clone();
        match &mut statement {
            Statement::Kdc { server, domain, spn, answer } => {
                (*server, *domain) = (self.host(server), self.host(domain));
                *spn = self.spn(spn).unwrap_or_default();
                if let Answer::Referred { realm } = answer {
                    *realm = self.host(realm);
                }
            }
            Statement::Controller { server, domain, held, accounts } => {
                (*server, *domain) = (self.host(server), self.host(domain));
                for held in held {
                    held.spn = self.spn(&held.spn).unwrap_or_default();
                    held.holders = held.holders.iter().map(|dn| self.dn(dn)).collect();
                }
                for copy in accounts {
                    // Times tell of whom a recording is; which copy is older is told by the versions.
                    copy.changed = None;
                    copy.dn = self.dn(&copy.dn);
                }
            }
            Statement::Clock { server, domain, .. } => (*server, *domain) = (self.host(server), self.host(domain)),
            Statement::Endpoint { endpoint, address, announces, offers, within_tls, .. } => {
                (*endpoint, *announces, *address) = (self.dn(endpoint), self.host(announces), self.place(address));
                offers.iter_mut().chain(within_tls.iter_mut().flatten()).for_each(|offer| {
                    *offer = self
                        .list(&offer.replace(' ', ","), ',', |this, word| this.unless(word, words::is_offered))
                        .replace(',', " ");
                });
            }
            Statement::Unheard { server, domain, endpoint, why, fix, .. } => {
                *server = self.place(server);
                *domain = domain.as_ref().map(|domain| self.host(domain));
                *endpoint = endpoint.as_ref().map(|endpoint| self.dn(endpoint));
                (*why, *fix) = (self.text(why), None);
            }
        }
        statement
    }

    /// `ex01.contoso.com:25`
    fn place(&mut self, place: &str) -> String {
        match place.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
                format!("{}:{port}", self.host(host))
            }
            _ => self.host(place),
        }
    }

    fn entry(&mut self, entry: &Entry) -> Option<Entry> {
        let mut redacted = Entry::new(Dn::parse(&self.dn(entry.dn.as_str())).ok()?);
        for (attribute, value) in entry.attributes() {
            if let Some(value) = self.value(attribute, value) {
                redacted.add(attribute.name(), value.as_bytes());
            }
        }
        redacted.copy_ranges(entry);
        Some(redacted)
    }

    /// The value under which it is judged alike; none if the judgement does not look at it.
    fn value(&mut self, attribute: Attribute, value: &str) -> Option<String> {
        Some(match attribute {
            // Times and addresses tell of whom a recording is.
            Attribute::ObjectGuid
            | Attribute::LastLogonTimestamp
            | Attribute::PasswordLastSet
            | Attribute::AccountExpires
            | Attribute::DsHeuristics
            | Attribute::ConnectorBindings
            | Attribute::ConnectorRemoteRanges
            | Attribute::ServerBindings => return None,
            Attribute::ServicePrincipalName => return self.spn(value),
            Attribute::ObjectClass => self.unless(value, words::is_class),
            Attribute::SerialNumber => self.version(value),
            Attribute::IsDeleted
            | Attribute::ServerAutoStart
            | Attribute::ConnectorEnabled
            | Attribute::SendEnabled => self.unless(value, |value| schema::boolean(value).is_some()),
            Attribute::VersionNumber
            | Attribute::CurrentServerRoles
            | Attribute::AuthenticationFlags
            | Attribute::ConnectorSecurity
            | Attribute::ConnectorRestrictions
            | Attribute::ConnectorOptions
            | Attribute::ConnectorRole
            | Attribute::SendFlags
            | Attribute::UserAccountControl
            | Attribute::SupportedEncryptionTypes
            | Attribute::SystemFlags => self.flags(value),
            Attribute::AuthenticationProviders => {
                self.list(value, ',', |this, name| this.unless(name, words::is_package))
            }
            Attribute::SpnMappings => self.mappings(value),
            Attribute::NcName
            | Attribute::ObjectCategory
            | Attribute::SourceBridgeheads
            | Attribute::TargetBridgeheads => self.dn(value),
            Attribute::NetworkAddress => self.address(value),
            Attribute::SmartHost if value == "--" => value.to_owned(),
            Attribute::SmartHost => self.list(&value.replace(';', ","), ',', Self::host),
            Attribute::VirtualServerFqdn
            | Attribute::ConnectorFqdn
            | Attribute::SendFqdn
            | Attribute::DnsHostName
            | Attribute::DnsRoot => self.host(value),
            Attribute::SamAccountName => self.logon_name(value),
            Attribute::Cn | Attribute::AdminDisplayName | Attribute::NetbiosName => self.name(value),
        })
    }

    /// A value that is harmless if it is one of a kind.
    fn unless(&mut self, value: &str, is_harmless: impl Fn(&str) -> bool) -> String {
        if is_harmless(value) { value.to_owned() } else { self.text(value) }
    }

    /// Flags, or a version packed into a number, without signs and zeros that say nothing. What is too large for either is no number to
    /// the judgement, nor is its pseudonym.
    fn flags(&mut self, value: &str) -> String {
        schema::integer(value).map_or_else(|| self.text(value), |number| number.to_string())
    }

    /// A version; where it is written as Exchange never does, one that is judged alike.
    fn version(&mut self, value: &str) -> String {
        match Version::of_text(value) {
            Some(_) if words::is_version(value) => value.to_owned(),
            Some(version) => version.alike().to_owned(),
            None => self.text(value),
        }
    }

    fn list(&mut self, value: &str, between: char, mut each: impl FnMut(&mut Self, &str) -> String) -> String {
        let parts: Vec<String> = value.split(between).map(|part| each(self, part.trim())).collect();
        parts.join(&between.to_string())
    }

    /// `host=alerter,appmgmt,…`
    fn mappings(&mut self, value: &str) -> String {
        let (class, aliases) = value.split_once('=').unwrap_or((value, ""));
        let class = self.unless(class.trim(), words::is_mapped);
        format!("{class}={}", self.list(aliases, ',', |this, alias| this.unless(alias, words::is_mapped)))
    }

    /// `ncacn_ip_tcp:ex01.contoso.com`
    fn address(&mut self, value: &str) -> String {
        match value.split_once(':') {
            Some((protocol, address)) if words::is_protocol(protocol) => format!("{protocol}:{}", self.host(address)),
            _ => self.text(value),
        }
    }

    /// A service principal name of a class that the judgement looks at. One meant for SMTP that is malformed stays so.
    fn spn(&mut self, value: &str) -> Option<String> {
        if same(value, schema::KADMIN) {
            return Some(fold(value));
        }
        let spn = Spn::held(value);
        let Some(parts) = spn.parts().filter(|parts| words::is_spn_class(parts.class)) else {
            return spn.is_smtpsvc().then(|| format!("SMTPSVC\\{}", self.text(value)));
        };
        let host = self.host(parts.host);
        let port = parts.port.map(|port| format!(":{}", self.port(port))).unwrap_or_default();
        let name = parts.name.map(|name| format!("/{}", self.name(name))).unwrap_or_default();
        Some(format!("{}/{host}{port}{name}", parts.class.to_uppercase()))
    }
}
