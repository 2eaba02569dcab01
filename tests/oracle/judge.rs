//! What the program promises, once more: the organisation as a handful of relations between
//! names, servers, endpoints and objects, and every promise as a question asked of them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::model::{Class, Endpoint, Kind, Object, Org, Server, fold};

/// What a report must say, with names and DNs folded where case means nothing.
pub(crate) struct Judgement {
    pub(crate) verdict: &'static str,
    pub(crate) exit: i32,
    pub(crate) servers: BTreeMap<String, ServerView>,
    pub(crate) findings: BTreeSet<Finding>,
    pub(crate) summary: BTreeMap<&'static str, usize>,
    /// Questions the promise leaves open that this organisation touches.
    pub(crate) open_questions: BTreeSet<&'static str>,
}

#[derive(Default)]
pub(crate) struct ServerView {
    pub(crate) skipped: bool,
    pub(crate) account: Option<AccountView>,
    /// Whether it can use Kerberos, by endpoint name.
    pub(crate) endpoints: BTreeMap<String, bool>,
    pub(crate) spns: BTreeMap<String, SpnView>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AccountView {
    pub(crate) dn: String,
    pub(crate) sam: Option<String>,
    pub(crate) domain: String,
    pub(crate) enabled: Option<bool>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SpnView {
    pub(crate) status: &'static str,
    pub(crate) needed_by: BTreeSet<String>,
    pub(crate) holders: BTreeSet<String>,
}

/// Each command as the set of spellings that are right.
pub(crate) type Commands = Vec<BTreeSet<String>>;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    pub(crate) code: &'static str,
    pub(crate) servers: BTreeSet<String>,
    pub(crate) spn: Option<String>,
    pub(crate) severity: &'static str,
    pub(crate) endpoints: BTreeSet<String>,
    pub(crate) holders: BTreeSet<String>,
    pub(crate) commands_2008: Commands,
    pub(crate) commands_2003: Commands,
}

type Name = String;
type Index = usize;

enum Account {
    One(Index),
    Nobody,
    Several,
}

#[derive(Clone, Copy)]
enum Dialect {
    Of2008,
    Of2003,
}

/// An endpoint that can use Kerberos asks for a name.
struct Ask<'a> {
    name: Name,
    spelled: String,
    server: Index,
    endpoint: &'a Endpoint,
}

struct Relations<'a> {
    org: &'a Org,
    asks: Vec<Ask<'a>>,
    owns: BTreeSet<(Name, Index)>,
    /// Folded SPN and who holds it.
    holds: BTreeMap<String, BTreeSet<Index>>,
    accounts: Vec<Account>,
    host_counts: bool,
}

pub(crate) fn judge(org: &Org) -> Judgement {
    let relations = Relations::of(org);
    let findings = relations.findings();
    let servers = relations.server_views();
    let incomplete = relations.incomplete();
    let errors = findings.iter().any(|finding| finding.severity == "error");
    let (verdict, exit) = match (incomplete, findings.is_empty(), errors) {
        (true, ..) => ("incomplete", 2),
        (false, _, true) => ("findings", 1),
        (false, false, false) => ("findings", 0),
        (false, true, _) => ("healthy", 0),
    };
    let summary = summary(&servers, &findings);
    Judgement { verdict, exit, servers, findings, summary, open_questions: relations.open_questions() }
}

fn summary(servers: &BTreeMap<String, ServerView>, findings: &BTreeSet<Finding>) -> BTreeMap<&'static str, usize> {
    let statuses = || servers.values().flat_map(|server| server.spns.values().map(|spn| spn.status));
    let with_status = |wanted| statuses().filter(|status| *status == wanted).count();
    let with_severity = |wanted| findings.iter().filter(|finding| finding.severity == wanted).count();
    BTreeMap::from([
        ("servers", servers.len()),
        ("required", statuses().count()),
        ("registered", with_status("registered")),
        ("missing", with_status("missing")),
        ("misplaced", with_status("misplaced")),
        ("duplicate", with_status("duplicate")),
        ("shared", with_status("shared")),
        ("unresolved", with_status("unresolved")),
        ("errors", with_severity("error")),
        ("warnings", with_severity("warning")),
        ("infos", with_severity("info")),
    ])
}

fn skipped(server: &Server) -> bool {
    server.roles.is_some_and(|roles| roles & 64 != 0 || roles == 4096)
}

fn flags(kind: Kind) -> Option<u32> {
    match kind {
        Kind::VirtualServer => None,
        Kind::Connector { flags, .. } => Some(flags.unwrap_or(29)),
    }
}

fn can_use_kerberos(endpoint: &Endpoint) -> bool {
    match endpoint.kind {
        Kind::VirtualServer => true,
        Kind::Connector { enabled, .. } => {
            enabled != Some(false) && flags(endpoint.kind).is_some_and(|bits| bits & (2 | 16) != 0)
        }
    }
}

fn demands_exchange_auth(endpoint: &Endpoint) -> bool {
    flags(endpoint.kind).is_some_and(|bits| bits & 16 != 0)
}

/// The name the endpoint announces, as configured; `None` where nothing says what it is.
fn announced<'a>(endpoint: &'a Endpoint, server: &'a Server) -> Option<&'a str> {
    endpoint.fqdn.as_deref().filter(|fqdn| !fqdn.is_empty()).or_else(|| address(server))
}

fn address(server: &Server) -> Option<&str> {
    by_likelihood(server).into_iter().next()
}

/// Of several addresses the server's own is the one that begins with its name. A directory keeps
/// values in no order, so the rest come by alphabet.
fn by_likelihood(server: &Server) -> Vec<&str> {
    let foreign = |address: &str| fold(address).split('.').next() != Some(&fold(&server.name));
    let mut addresses: Vec<&str> = server.addresses.iter().map(String::as_str).collect();
    addresses.sort_by_key(|address| (foreign(address), fold(address)));
    addresses
}

fn is_dns_host_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    name.len() <= 253 && name.split('.').all(label) && name.parse::<IpAddr>().is_err()
}

fn is_computer(object: &Object) -> bool {
    matches!(object.class, Class::Computer | Class::ManagedAccount)
}

impl<'a> Relations<'a> {
    fn of(org: &'a Org) -> Self {
        let mut holds: BTreeMap<String, BTreeSet<Index>> = BTreeMap::new();
        for (index, object) in org.objects.iter().enumerate() {
            for spn in &object.spns {
                holds.entry(fold(spn)).or_default().insert(index);
            }
        }
        let mut relations =
            Self { org, asks: asks(org), owns: owns(org), holds, accounts: Vec::new(), host_counts: host_counts(org) };
        relations.accounts = org.servers.iter().map(|server| relations.account_of(server)).collect();
        relations
    }

    fn server_name(&self, server: Index) -> String {
        self.org.servers[server].name.clone()
    }

    fn account_of(&self, server: &Server) -> Account {
        for fqdn in by_likelihood(server) {
            let held = |object: &Object| object.spns.iter().any(|spn| fold(spn) == format!("host/{}", fold(fqdn)));
            let by_host = self.computers_where(held);
            if !by_host.is_empty() {
                return only_one(&by_host);
            }
        }
        let by_name = self.computers_where(|o| o.sam.as_deref().map(fold) == Some(fold(&format!("{}$", server.name))));
        if by_name.len() < 2 {
            return only_one(&by_name);
        }
        let confirmed = |object: &Index| owns_dns_host(server, &self.org.objects[*object]);
        only_one_of_several(&by_name.into_iter().filter(confirmed).collect())
    }

    fn computers_where(&self, holds: impl Fn(&Object) -> bool) -> BTreeSet<Index> {
        let objects = self.org.objects.iter().enumerate();
        objects.filter(|(_, object)| is_computer(object) && holds(object)).map(|(index, _)| index).collect()
    }

    fn exact_holders(&self, spn: &str) -> BTreeSet<Index> {
        self.holds.get(spn).cloned().unwrap_or_default()
    }

    /// Who answers to the name: the explicit holders, and where `HOST` counts and there are
    /// none, those of `HOST`, which is the order in which a KDC looks.
    fn holders(&self, name: &str) -> BTreeSet<Index> {
        let explicit = self.exact_holders(&format!("smtpsvc/{name}"));
        if explicit.is_empty() && self.host_counts { self.exact_holders(&format!("host/{name}")) } else { explicit }
    }

    fn owners(&self, name: &str) -> BTreeSet<Index> {
        self.owns.iter().filter(|(owned, _)| owned == name).map(|(_, server)| *server).collect()
    }

    fn asks_for(&self, name: &str) -> impl Iterator<Item = &Ask<'a>> {
        self.asks.iter().filter(move |ask| ask.name == name)
    }

    fn askers(&self, name: &str) -> BTreeSet<Index> {
        self.asks_for(name).map(|ask| ask.server).collect()
    }

    /// Servers with at least one endpoint that can use Kerberos.
    fn demanding(&self) -> BTreeSet<Index> {
        let servers = self.org.servers.iter().enumerate();
        let demanding = |server: &Server| !skipped(server) && server.endpoints.iter().any(can_use_kerberos);
        servers.filter(|(_, server)| demanding(server)).map(|(index, _)| index).collect()
    }

    fn required(&self) -> BTreeSet<(Name, Index)> {
        let demanding = self.demanding();
        let own = self.owns.iter().filter(|(_, server)| demanding.contains(server)).cloned();
        own.chain(self.asks.iter().map(|ask| (ask.name.clone(), ask.server))).collect()
    }

    fn is_shared(&self, name: &str, server: Index) -> bool {
        let others = |set: BTreeSet<Index>| set.into_iter().any(|other| other != server);
        let owned_elsewhere = others(self.owners(name));
        let asked_elsewhere = others(self.askers(name));
        let own = self.owners(name).contains(&server);
        if self.askers(name).contains(&server) {
            owned_elsewhere || (asked_elsewhere && !own)
        } else {
            owned_elsewhere && self.owners(name).len() > 1
        }
    }

    fn status(&self, name: &str, server: Index) -> &'static str {
        if self.is_shared(name, server) {
            return "shared";
        }
        let Account::One(account) = self.accounts[server] else { return "unresolved" };
        let holders = self.holders(name);
        match (holders.contains(&account), holders.len()) {
            (true, 1) => "registered",
            (true, _) => "duplicate",
            (false, 0) => "missing",
            (false, _) => "misplaced",
        }
    }

    fn needed_by(&self, name: &str, server: Index) -> BTreeSet<String> {
        let own = self.asks_for(name).filter(|ask| ask.server == server);
        own.map(|ask| ask.endpoint.name.clone()).collect()
    }

    fn dns(&self, objects: &BTreeSet<Index>) -> BTreeSet<String> {
        objects.iter().map(|object| fold(&self.org.object_dn(&self.org.objects[*object]))).collect()
    }

    fn server_views(&self) -> BTreeMap<String, ServerView> {
        let mut views: BTreeMap<String, ServerView> = BTreeMap::new();
        for (index, server) in self.org.servers.iter().enumerate() {
            views.insert(server.name.clone(), self.server_view(index, server));
        }
        for (name, server) in self.required() {
            let spn = SpnView {
                status: self.status(&name, server),
                needed_by: self.needed_by(&name, server),
                holders: self.dns(&self.holders(&name)),
            };
            let view = views.get_mut(&self.server_name(server)).expect("every server has a view");
            view.spns.insert(format!("smtpsvc/{name}"), spn);
        }
        views
    }

    fn server_view(&self, index: Index, server: &Server) -> ServerView {
        if skipped(server) {
            return ServerView { skipped: true, ..ServerView::default() };
        }
        let endpoints = server.endpoints.iter().map(|e| (e.name.clone(), can_use_kerberos(e))).collect();
        ServerView { endpoints, account: self.account_view(index), ..ServerView::default() }
    }

    fn account_view(&self, server: Index) -> Option<AccountView> {
        let Account::One(account) = self.accounts[server] else { return None };
        let object = &self.org.objects[account];
        Some(AccountView {
            dn: fold(&self.org.object_dn(object)),
            sam: object.sam.clone(),
            domain: self.org.domains[object.domain].dns.clone(),
            enabled: Some(!is_disabled(object)),
        })
    }

    fn findings(&self) -> BTreeSet<Finding> {
        let mut findings = BTreeSet::new();
        for (name, server) in self.required() {
            findings.extend(self.finding_for_status(&name, server));
        }
        for name in self.shared_names() {
            findings.insert(self.shared_fqdn(&name));
            findings.extend(self.shared_duplicate(&name));
        }
        for server in self.demanding() {
            findings.extend(self.account_trouble(server));
        }
        for (index, server) in self.org.servers.iter().enumerate().filter(|(_, server)| !skipped(server)) {
            findings.extend(self.invalid_fqdn(index, server));
            findings.extend(self.exchange_auth_fqdn(index));
            findings.extend(self.host_name_mismatch(index, server));
            findings.extend(self.odd_values(index));
        }
        findings.extend(self.orphan_endpoints());
        findings
    }

    fn finding(&self, code: &'static str, severity: &'static str, servers: &BTreeSet<Index>) -> Finding {
        Finding {
            code,
            severity,
            servers: servers.iter().map(|server| self.server_name(*server)).collect(),
            spn: None,
            endpoints: BTreeSet::new(),
            holders: BTreeSet::new(),
            commands_2008: Vec::new(),
            commands_2003: Vec::new(),
        }
    }

    fn finding_for_status(&self, name: &str, server: Index) -> Option<Finding> {
        let (code, severity) = match (self.status(name, server), self.askers(name).contains(&server)) {
            ("missing", true) => ("missing-spn", self.severity_of_missing(name, server)),
            ("missing", false) => ("missing-host-spn", "warning"),
            ("misplaced", _) => ("misplaced-spn", "error"),
            ("duplicate", _) => ("duplicate-spn", "error"),
            _ => return None,
        };
        let mut finding = self.finding(code, severity, &BTreeSet::from([server]));
        finding.spn = Some(format!("smtpsvc/{name}"));
        finding.endpoints = self.needed_by(name, server);
        finding.holders = self.dns(&self.holders(name));
        finding.commands_2008 = self.commands(code, name, server, Dialect::Of2008);
        finding.commands_2003 = self.commands(code, name, server, Dialect::Of2003);
        Some(finding)
    }

    fn severity_of_missing(&self, name: &str, server: Index) -> &'static str {
        let only_integrated = |ask: &Ask| flags(ask.endpoint.kind).is_some_and(|bits| bits & 2 != 0 && bits & 16 == 0);
        let mut own = self.asks_for(name).filter(|ask| ask.server == server);
        if own.all(only_integrated) { "warning" } else { "error" }
    }

    fn shared_names(&self) -> BTreeSet<Name> {
        let required = self.required().into_iter();
        required.filter(|(name, server)| self.is_shared(name, *server)).map(|(name, _)| name).collect()
    }

    fn shared_fqdn(&self, name: &str) -> Finding {
        let involved = |ask: &Ask| ask.endpoint.kind == Kind::VirtualServer || demands_exchange_auth(ask.endpoint);
        let asks = || self.asks_for(name).filter(|ask| self.is_shared(name, ask.server));
        let severity = if asks().any(involved) { "error" } else { "warning" };
        let concerned: BTreeSet<Index> = self.askers(name).union(&self.owners(name)).copied().collect();
        let mut finding = self.finding("shared-fqdn", severity, &concerned);
        finding.spn = Some(format!("smtpsvc/{name}"));
        finding.endpoints = asks().map(|ask| ask.endpoint.name.clone()).collect();
        finding.holders = self.dns(&self.holders(name));
        finding
    }

    fn shared_duplicate(&self, name: &str) -> Option<Finding> {
        let twice = self.holders(name).len() >= 2 && self.owners(name).is_empty();
        twice.then(|| Finding { code: "duplicate-spn", severity: "error", ..self.shared_fqdn(name) })
    }

    fn account_trouble(&self, server: Index) -> Option<Finding> {
        let (code, severity) = match self.accounts[server] {
            Account::Nobody => ("no-computer-account", "error"),
            Account::Several => ("ambiguous-computer-account", "error"),
            Account::One(account) if is_disabled(&self.org.objects[account]) => ("disabled-account", "warning"),
            Account::One(_) => return None,
        };
        Some(self.finding(code, severity, &BTreeSet::from([server])))
    }

    fn invalid_fqdn(&self, index: Index, server: &Server) -> Option<Finding> {
        let invalid = |endpoint: &&Endpoint| announced(endpoint, server).is_some_and(|fqdn| !is_dns_host_name(fqdn));
        let capable = server.endpoints.iter().filter(|endpoint| can_use_kerberos(endpoint));
        let endpoints: BTreeSet<String> = capable.filter(invalid).map(|endpoint| endpoint.name.clone()).collect();
        let finding = self.finding("invalid-fqdn", "error", &BTreeSet::from([index]));
        (!endpoints.is_empty()).then_some(Finding { endpoints, ..finding })
    }

    fn exchange_auth_fqdn(&self, server: Index) -> Vec<Finding> {
        let mut by_name: BTreeMap<&Name, BTreeSet<String>> = BTreeMap::new();
        for ask in self.asks.iter().filter(|ask| ask.server == server && demands_exchange_auth(ask.endpoint)) {
            if !self.owners(&ask.name).contains(&server) {
                by_name.entry(&ask.name).or_default().insert(ask.endpoint.name.clone());
            }
        }
        let finding = |(name, endpoints): (&Name, BTreeSet<String>)| Finding {
            spn: Some(format!("smtpsvc/{name}")),
            holders: self.dns(&self.holders(name)),
            endpoints,
            ..self.finding("exchange-auth-fqdn", "warning", &BTreeSet::from([server]))
        };
        by_name.into_iter().map(finding).collect()
    }

    fn host_name_mismatch(&self, index: Index, server: &Server) -> Option<Finding> {
        let Account::One(account) = self.accounts[index] else { return None };
        let object = &self.org.objects[account];
        let differs = object.dns_host.is_some() && !server.addresses.is_empty() && !owns_dns_host(server, object);
        differs.then(|| self.finding("host-name-mismatch", "warning", &BTreeSet::from([index])))
    }

    /// Malformed and unused values on the account of a server.
    fn odd_values(&self, server: Index) -> Vec<Finding> {
        let Account::One(account) = self.accounts[server] else { return Vec::new() };
        let required: BTreeSet<String> = self.required().into_iter().map(|(name, _)| name).collect();
        let code_of = |spn: &str| {
            let rest = smtpsvc_remainder(spn)?;
            let own = self.owners(rest).contains(&server);
            match (is_well_formed(rest), required.contains(rest) || own) {
                (false, _) => Some(("malformed-spn", "warning")),
                (true, false) => Some(("unused-spn", "info")),
                (true, true) => None,
            }
        };
        let values = self.org.objects[account].spns.iter().map(|spn| fold(spn));
        let finding = |spn: String| {
            let (code, severity) = code_of(&spn)?;
            let mut finding = self.finding(code, severity, &BTreeSet::from([server]));
            finding.holders = self.dns(&self.exact_holders(&spn));
            finding.spn = Some(spn);
            Some(finding)
        };
        values.filter_map(finding).collect()
    }

    /// One for all: they have neither a server nor an SPN that could tell them apart.
    fn orphan_endpoints(&self) -> Option<Finding> {
        let orphans = self.org.orphans.iter();
        let endpoints: Vec<_> = orphans.map(|orphan| orphan.endpoint.name.clone()).collect();
        let finding = Finding {
            endpoints: endpoints.into_iter().collect(),
            ..self.finding("orphan-endpoint", "warning", &BTreeSet::new())
        };
        (!self.org.orphans.is_empty()).then_some(finding)
    }

    /// All commands of a remedy, or none when one of them may not be printed.
    fn commands(&self, code: &str, name: &str, server: Index, dialect: Dialect) -> Commands {
        self.wanted_commands(code, name, server, dialect).into_iter().collect::<Option<_>>().unwrap_or_default()
    }

    fn wanted_commands(
        &self,
        code: &str,
        name: &str,
        server: Index,
        dialect: Dialect,
    ) -> Vec<Option<BTreeSet<String>>> {
        let Account::One(account) = self.accounts[server] else { return Vec::new() };
        let mut others = self.exact_holders(&format!("smtpsvc/{name}"));
        // Where it is `HOST` that others hold, nobody loses it: an explicit name comes before it.
        let adds = code != "duplicate-spn";
        others.remove(&account);
        let deletes = others.into_iter().map(|holder| self.delete(name, holder, dialect));
        let add = adds.then(|| self.add(name, server, account, dialect));
        deletes.chain(add).collect()
    }

    fn add(&self, name: &str, server: Index, account: Index, dialect: Dialect) -> Option<BTreeSet<String>> {
        let target = self.target(account, dialect)?;
        let start = match dialect {
            Dialect::Of2008 => "setspn -F -S",
            Dialect::Of2003 => "setspn -A",
        };
        let spellings = self.spellings(name, server).into_iter();
        Some(spellings.map(|name| format!("{start} SMTPSVC/{name} {target}")).collect())
    }

    /// How the name is configured, which may be in several ways at once.
    fn spellings(&self, name: &str, server: Index) -> BTreeSet<String> {
        let asked = self.asks_for(name).filter(|ask| ask.server == server).map(|ask| ask.spelled.clone());
        let of_server = &self.org.servers[server];
        let own = of_server.addresses.iter().chain([&of_server.name]).filter(|own| fold(own) == name).cloned();
        asked.chain(own).collect()
    }

    fn delete(&self, name: &str, holder: Index, dialect: Dialect) -> Option<BTreeSet<String>> {
        let object = &self.org.objects[holder];
        let target = self.target(holder, dialect)?;
        let held = object.spns.iter().find(|spn| fold(spn) == format!("smtpsvc/{name}"))?;
        let start = match (dialect, is_computer(object)) {
            (Dialect::Of2008, false) => "setspn -U -D",
            _ => "setspn -D",
        };
        Some(BTreeSet::from([format!("{start} {held} {target}")]))
    }

    fn target(&self, object: Index, dialect: Dialect) -> Option<String> {
        let object = &self.org.objects[object];
        let sam = object.sam.as_deref()?;
        let stem = sam.strip_suffix('$').filter(|_| is_computer(object)).unwrap_or(sam);
        let domain = self.netbios_domain(object);
        match dialect {
            Dialect::Of2008 => (harmless(stem) && harmless(&domain)).then(|| format!("{domain}\\{sam}")),
            Dialect::Of2003 => (harmless(stem) && self.is_only_one_called(stem)).then(|| stem.to_owned()),
        }
    }

    /// The old setspn takes neither a domain nor the kind of account.
    fn is_only_one_called(&self, stem: &str) -> bool {
        let called =
            |object: &&Object| object.sam.as_deref().is_some_and(|sam| fold(sam.trim_end_matches('$')) == fold(stem));
        self.org.objects.iter().filter(called).count() == 1
    }

    fn netbios_domain(&self, object: &Object) -> String {
        let domain = &self.org.domains[object.domain];
        let label = domain.dns.split('.').next().unwrap_or_default().to_uppercase();
        domain.netbios.clone().filter(|_| domain.cross_ref).unwrap_or(label)
    }

    fn incomplete(&self) -> bool {
        let no_servers = self.org.servers.is_empty();
        let no_accounts = !self.org.objects.iter().any(is_computer);
        let cut_off = self.org.objects.iter().any(|object| object.open_range);
        let nameless = self.org.servers.iter().any(|server| !skipped(server) && server.addresses.is_empty());
        no_servers || no_accounts || cut_off || nameless
    }

    fn open_questions(&self) -> BTreeSet<&'static str> {
        let questions = [
            ("server-without-fqdn", self.org.servers.iter().any(|s| s.addresses.is_empty())),
            ("server-with-two-fqdns", self.org.servers.iter().any(|s| s.addresses.len() > 1)),
            ("invalid-fqdn-on-idle-endpoint", self.has_invalid(|endpoint| !can_use_kerberos(endpoint))),
            ("invalid-fqdn-on-kerberos-endpoint", self.has_invalid(can_use_kerberos)),
            ("several-orphans", self.org.orphans.len() > 1),
            ("shared-and-unresolved", self.required().iter().any(|(n, s)| self.shared_unresolved(n, *s))),
            ("shared-name-of-owner", self.shared_names().iter().any(|name| !self.owners(name).is_empty())),
            ("shared-name-of-skipped", self.shared_names().iter().any(|name| self.owned_by_skipped(name))),
            ("name-of-two-servers", self.owns.iter().any(|(name, _)| self.owners(name).len() > 1)),
            ("mapped-host", self.host_counts),
            ("decorated-unused-spn", self.findings().iter().any(is_decorated_unused)),
            ("partly-unsafe-remedy", self.required().iter().any(|(n, s)| self.partly_unsafe(n, *s))),
            ("name-in-undescribed-domain", self.org.domains.iter().any(|d| !d.cross_ref || d.netbios.is_none())),
            ("non-ascii-account", self.required().iter().any(|(n, _)| self.held_by_non_ascii(n))),
            ("unsafe-domain", self.org.domains.iter().any(|d| d.netbios.as_deref() == Some("CON&CALC"))),
            ("accounts-but-no-computer", !self.org.objects.is_empty() && !self.org.objects.iter().any(is_computer)),
            ("all-skipped", !self.org.servers.is_empty() && self.org.servers.iter().all(skipped)),
        ];
        questions.into_iter().filter(|(_, touched)| *touched).map(|(question, _)| question).collect()
    }

    fn has_invalid(&self, wanted: impl Fn(&Endpoint) -> bool) -> bool {
        let invalid = |s: &Server, e: &Endpoint| announced(e, s).is_some_and(|fqdn| !is_dns_host_name(fqdn));
        let judged = self.org.servers.iter().filter(|server| !skipped(server));
        judged.into_iter().any(|s| s.endpoints.iter().any(|e| wanted(e) && invalid(s, e)))
    }

    fn shared_unresolved(&self, name: &str, server: Index) -> bool {
        self.is_shared(name, server) && !matches!(self.accounts[server], Account::One(_))
    }

    fn owned_by_skipped(&self, name: &str) -> bool {
        self.owners(name).iter().any(|server| skipped(&self.org.servers[*server]))
    }

    fn partly_unsafe(&self, name: &str, server: Index) -> bool {
        let code = match self.status(name, server) {
            "misplaced" => "misplaced-spn",
            "duplicate" => "duplicate-spn",
            _ => return false,
        };
        let wanted = [Dialect::Of2008, Dialect::Of2003].map(|d| self.wanted_commands(code, name, server, d));
        wanted.iter().any(|commands| commands.iter().any(Option::is_some) && commands.iter().any(Option::is_none))
    }

    fn held_by_non_ascii(&self, name: &str) -> bool {
        let sam = |object: &Index| self.org.objects[*object].sam.as_deref().unwrap_or_default();
        self.holders(name).iter().any(|object| !sam(object).is_ascii())
    }
}

fn asks(org: &Org) -> Vec<Ask<'_>> {
    let mut asks = Vec::new();
    for (index, server) in org.servers.iter().enumerate().filter(|(_, server)| !skipped(server)) {
        for endpoint in server.endpoints.iter().filter(|endpoint| can_use_kerberos(endpoint)) {
            if let Some(fqdn) = announced(endpoint, server).filter(|fqdn| is_dns_host_name(fqdn)) {
                asks.push(Ask { name: fold(fqdn), spelled: fqdn.to_owned(), server: index, endpoint });
            }
        }
    }
    asks
}

/// The host names of every server, whether it is judged or not.
fn owns(org: &Org) -> BTreeSet<(Name, Index)> {
    let names = |server: &Server| server.addresses.iter().chain([&server.name]).map(|n| fold(n)).collect::<Vec<_>>();
    let servers = org.servers.iter().enumerate();
    servers.flat_map(|(index, server)| names(server).into_iter().map(move |name| (name, index))).collect()
}

fn host_counts(org: &Org) -> bool {
    let maps = |value: &String| {
        let value = fold(value);
        value.strip_prefix("host=").is_some_and(|services| services.split(',').any(|service| service == "smtpsvc"))
    };
    org.mappings.iter().any(maps)
}

fn only_one(candidates: &BTreeSet<Index>) -> Account {
    match (candidates.first(), candidates.len()) {
        (Some(only), 1) => Account::One(*only),
        (None, _) => Account::Nobody,
        _ => Account::Several,
    }
}

fn only_one_of_several(confirmed: &BTreeSet<Index>) -> Account {
    match only_one(confirmed) {
        Account::One(only) => Account::One(only),
        _ => Account::Several,
    }
}

fn owns_dns_host(server: &Server, object: &Object) -> bool {
    let host = object.dns_host.as_deref().map(fold);
    server.addresses.iter().any(|address| Some(fold(address)) == host)
}

fn is_disabled(object: &Object) -> bool {
    object.control.is_some_and(|bits| bits & 2 != 0)
}

/// What follows `SMTPSVC/` in a folded value of that class.
fn smtpsvc_remainder(spn: &str) -> Option<&str> {
    spn.strip_prefix("smtpsvc/")
}

/// `host[:port][/name]`
fn is_well_formed(rest: &str) -> bool {
    let (host_and_port, name) = rest.split_once('/').map_or((rest, None), |(before, after)| (before, Some(after)));
    let (host, port) =
        host_and_port.split_once(':').map_or((host_and_port, None), |(before, after)| (before, Some(after)));
    let good_port = port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()));
    !host.is_empty() && good_port && name.is_none_or(|name| !name.is_empty() && !name.contains('/'))
}

fn is_decorated_unused(finding: &Finding) -> bool {
    let decorated = |spn: &String| spn.matches([':', '/']).count() > 1 || spn.ends_with('.');
    finding.code == "unused-spn" && finding.spn.as_ref().is_some_and(decorated)
}

/// Nothing in it means anything to cmd.exe, PowerShell or sh.
fn harmless(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}
