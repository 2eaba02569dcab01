//! The commands that get what is missing, with this forest's own names.

use super::Source;
use crate::directory::dn::{self, Dn};
use crate::directory::entry::Entry;
use crate::directory::text::same;

/// Whoever holds names, and every machine: what has to be exported of a domain.
const ACCOUNTS: &str = "(|(servicePrincipalName=*)(objectClass=computer))";

/// Where the Exchange organization lies, in the configuration.
pub(super) const EXCHANGE: &str = "CN=Microsoft Exchange,CN=Services,";

/// Writes commands for one forest.
pub(super) struct Commands {
    source: Source,
    /// The configuration partition, as far as is known.
    configuration: Option<String>,
}

impl Commands {
    /// Where the objects come from.
    pub(super) fn source(&self) -> Source {
        self.source
    }

    pub(super) fn of(entries: &[&Entry], named: &[Dn], source: Source) -> Self {
        let of_entries = || entries.iter().find_map(|entry| configuration_above(&entry.dn));
        let domains = || named.iter().chain(entries.iter().map(|entry| &entry.dn)).map(Dn::domain_key);
        let root = || domains().filter(|key| !key.is_empty()).min_by_key(|key| key.len());
        let guessed = || root().map(|key| format!("CN=Configuration,{}", domain_dn(key)));
        Self { source, configuration: of_entries().or_else(guessed) }
    }

    /// What lets an object of the configuration and all below it be read.
    pub(super) fn below(&self, dn: &str) -> Vec<String> {
        match self.source {
            Source::Live => grant(dn, "/I:T", "GR"),
            Source::Recorded => export("configuration", None, dn, ""),
        }
    }

    /// What lets the object at this path of the configuration, and all below it, be read.
    pub(super) fn in_configuration(&self, path: &str) -> Vec<String> {
        self.name_in_configuration(path).map_or_else(Vec::new, |dn| self.below(&dn))
    }

    /// The name of the object at this path of the configuration.
    pub(super) fn name_in_configuration(&self, path: &str) -> Option<String> {
        self.configuration.as_ref().map(|configuration| format!("{path}{configuration}"))
    }

    /// What lets the Exchange organization be read. Who exported nothing of it gets the rest of the configuration at once.
    pub(super) fn organization(&self) -> Vec<String> {
        self.in_configuration(if self.source == Source::Live { EXCHANGE } else { "" })
    }

    /// What would be exported of a forest called contoso.com.
    pub(super) fn example(&self) -> Vec<String> {
        let configuration = self.below("CN=Configuration,DC=contoso,DC=com");
        configuration.into_iter().chain(self.accounts("dc=contoso,dc=com")).collect()
    }

    /// What lets the accounts of a domain be read, given its [key](Dn::domain_key).
    pub(super) fn accounts(&self, domain: &str) -> Vec<String> {
        let dn = domain_dn(domain);
        match self.source {
            Source::Live => grant(&dn, "/I:T", "LCRP"),
            Source::Recorded => {
                let dns = Dn::parse(&dn).map(|dn| dn.dns_domain()).unwrap_or_default();
                export(&dns, Some(&dns), &dn, ACCOUNTS)
            }
        }
    }
}

/// The command that lets one account read an object; none where the object's name means something else to a command line.
#[must_use]
pub(crate) fn grant(dn: &str, inheritance: &str, rights: &str) -> Vec<String> {
    let inheritance = if inheritance.is_empty() { String::new() } else { format!("{inheritance} ") };
    is_plain(dn).then(|| format!("dsacls \"{dn}\" {inheritance}/G \"DOMAIN\\account:{rights}\"")).into_iter().collect()
}

/// What names the domain controllers of a domain, and tries each.
#[must_use]
pub fn other_controllers(domain: &str) -> Vec<String> {
    with_word(domain, &["nltest /dclist:", "spn-doctor check --domain "])
}

/// What finds a domain controller of a domain that has a global catalog, and reads from that domain on.
#[must_use]
pub fn elsewhere(domain: &str) -> Vec<String> {
    let found = with_word(domain, &["nltest /dsgetdc:"]).into_iter().map(|command| command + " /gc");
    found.chain(with_word(domain, &["spn-doctor check --domain "])).collect()
}

/// What finds the global catalogs of a forest: one, and all that the DNS has.
#[must_use]
pub(crate) fn catalogs(forest: &str) -> Vec<String> {
    let found = with_word(forest, &["nltest /dsgetdc:"]).into_iter().map(|command| command + " /gc");
    found.chain(with_word(forest, &["nslookup -type=SRV _gc._tcp."])).collect()
}

/// What shows the limits of the domain controllers, unless they have a policy of their own.
#[must_use]
pub(crate) fn query_policy(configuration: &str) -> Vec<String> {
    let dn = format!(
        "CN=Default Query Policy,CN=Query-Policies,CN=Directory Service,CN=Windows NT,CN=Services,{configuration}"
    );
    show("policy", &dn, "lDAPAdminLimits")
}

/// What shows an object as it is.
#[must_use]
pub(crate) fn look_at(dn: &str) -> Vec<String> {
    show("object", dn, "")
}

/// What reads from this server again, and shows how far that comes.
#[must_use]
pub fn again(server: &str) -> Vec<String> {
    let (host, port) = server.rsplit_once(':').unwrap_or((server, "389"));
    let is_port = !port.is_empty() && port.chars().all(|c| c.is_ascii_digit());
    let command = format!("spn-doctor check --server {server} --verbose");
    (is_word(host) && is_port).then_some(command).into_iter().collect()
}

/// These beginnings with a name that means nothing else to a command line; none if it does.
fn with_word(name: &str, beginnings: &[&str]) -> Vec<String> {
    beginnings.iter().filter(|_| is_word(name)).map(|beginning| format!("{beginning}{name}")).collect()
}

/// The exports of a subtree with the tools of Windows, and elsewhere. A domain controller is found by the domain's name.
fn export(file: &str, server: Option<&str>, dn: &str, filter: &str) -> Vec<String> {
    if server.is_some_and(|server| !is_word(server)) {
        return Vec::new();
    }
    let server = server.map_or_else(String::new, |server| format!(" -s {server}"));
    let (windows, other) = match filter {
        "" => (String::new(), String::new()),
        filter => (format!(" -r \"{filter}\""), format!(" \"{filter}\"")),
    };
    written(file, dn, &format!("{server} -d \"{dn}\" -p subtree{windows}"), &other)
}

/// The exports of one object: of this attribute, or of all.
fn show(file: &str, dn: &str, attribute: &str) -> Vec<String> {
    let (windows, other) = match attribute {
        "" => (String::new(), String::new()),
        attribute => (format!(" -l {attribute}"), format!(" {attribute}")),
    };
    written(file, dn, &format!(" -d \"{dn}\" -p base{windows}"), &format!(" -s base{other}"))
}

/// Both exports, given what follows the file, or the object; none where a name means something else to a command line.
fn written(file: &str, dn: &str, windows: &str, other: &str) -> Vec<String> {
    let domain = Dn::parse(dn).map(|dn| dn.domain_key().to_owned()).unwrap_or_default();
    if !is_plain(dn) || !is_word(file) || domain.is_empty() {
        return Vec::new();
    }
    let found_by = domain.replace('=', "%3D").replace(',', "%2C").replace(' ', "%20");
    vec![
        format!("ldifde -f {file}.ldf{windows}"),
        format!("ldapsearch -Y GSSAPI -E pr=1000/noprompt -H \"ldap:///{found_by}\" -b \"{dn}\"{other} > {file}.ldif"),
    ]
}

/// Whether a name between quotation marks means nothing else to any command line.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || " ,=.-_()".contains(c))
}

/// Whether a name means nothing else to any command line even without quotation marks, and is no option.
fn is_word(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

/// `dc=contoso,dc=com` as it is mostly written.
fn domain_dn(key: &str) -> String {
    key.split(',').map(|part| part.replacen("dc=", "DC=", 1)).collect::<Vec<_>>().join(",")
}

/// The configuration partition that an object lies in.
fn configuration_above(dn: &Dn) -> Option<String> {
    if !dn.key().contains("cn=configuration,dc=") {
        return None;
    }
    let mut parts = dn::parts(dn.as_str()).skip_while(|part| !same(part.trim(), "CN=Configuration"));
    let first = parts.next()?;
    Some(parts.fold(first.trim().to_owned(), |dn, part| format!("{dn},{}", part.trim())))
}
