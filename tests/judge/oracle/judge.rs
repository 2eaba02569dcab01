//! What the program promises, once more: a recording as a handful of relations between names,
//! servers, endpoints and objects, and every promise as a question asked of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::judge::oracle::account::{self, Choice, Marks};
use crate::judge::oracle::directory::{Directory, Endpoint, Kind, Object, Server, is_host_name};
use crate::judge::oracle::entries::{Entry, fold};
use crate::judge::oracle::gaps::{self, Gap};
use crate::judge::oracle::questions::{
    CANDIDATES_ARE_NOT_FOREIGN, FALLING_BACK_NEVER_SOFTENS_F, ONLY_JUDGED_SERVERS_ARE_OTHERS,
};
use crate::judge::oracle::verdict::{self, Finding};

/// What a report must say, with names and DNs folded where case means nothing.
pub(crate) struct Judgement {
    pub(crate) verdict: &'static str,
    pub(crate) exit: i32,
    pub(crate) servers: BTreeMap<String, ServerView>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) summary: BTreeMap<&'static str, usize>,
    pub(crate) gaps: Vec<Gap>,
}

#[derive(Default)]
pub(crate) struct ServerView {
    pub(crate) skipped: bool,
    /// Folded; the `dNSHostName` that stands in where there is no FQDN.
    pub(crate) fqdn: Option<String>,
    pub(crate) undotted: bool,
    pub(crate) account: Option<AccountView>,
    pub(crate) worst: Option<&'static str>,
    pub(crate) endpoints: BTreeMap<String, EndpointView>,
    pub(crate) spns: BTreeMap<String, SpnView>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AccountView {
    pub(crate) dn: String,
    pub(crate) sam: Option<String>,
    pub(crate) domain: String,
    pub(crate) enabled: Option<bool>,
    pub(crate) marks: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EndpointView {
    pub(crate) kind: &'static str,
    /// Folded; nothing where it is not known.
    pub(crate) fqdn: Option<String>,
    pub(crate) required: bool,
    pub(crate) invalid: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SpnView {
    pub(crate) status: String,
    pub(crate) needed_as: BTreeSet<String>,
    pub(crate) needed_by: BTreeSet<String>,
    pub(crate) holders: BTreeSet<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Severity {
    Info,
    Warning,
    Error,
}

impl Severity {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Why a server needs a name, and how bad it is if nobody holds it.
pub(crate) struct Need {
    pub(crate) needed_as: BTreeSet<&'static str>,
    pub(crate) endpoints: BTreeSet<usize>,
    pub(crate) severity: Severity,
}

pub(crate) type Needs = BTreeMap<(usize, String), Need>;

pub(crate) struct Relations<'a> {
    pub(crate) directory: &'a Directory,
    pub(crate) choices: Vec<Choice>,
    /// F of each server, folded.
    pub(crate) fqdns: Vec<Option<String>>,
    pub(crate) needs: Needs,
    holds: BTreeMap<String, BTreeSet<usize>>,
}

pub(crate) fn judge(entries: &[Entry], known_gaps: &[Gap]) -> Judgement {
    let directory = Directory::of(entries);
    let relations = Relations::of(&directory);
    let mut gaps = gaps::gaps(entries, &relations);
    gaps.extend_from_slice(known_gaps);
    let findings = verdict::findings(&relations, gaps.is_empty());
    let servers = relations.views(&findings);
    let errors = findings.iter().any(|finding| finding.severity == Severity::Error);
    let (verdict, exit) = match (gaps.is_empty(), findings.is_empty()) {
        (false, _) => ("incomplete", 2),
        (true, false) => ("findings", i32::from(errors)),
        (true, true) => ("healthy", 0),
    };
    Judgement { verdict, exit, summary: summary(&servers, &findings), servers, findings, gaps }
}

impl Judgement {
    /// The exit code where less than an error is taken for a failure, or nothing is.
    pub(crate) fn exit_at(&self, least: Option<Severity>) -> i32 {
        let reached = |finding: &Finding| least.is_some_and(|least| finding.severity >= least);
        if self.gaps.is_empty() { i32::from(self.findings.iter().any(reached)) } else { 2 }
    }
}

fn summary(servers: &BTreeMap<String, ServerView>, findings: &[Finding]) -> BTreeMap<&'static str, usize> {
    const STATUSES: [&str; 7] = ["registered", "missing", "misplaced", "duplicate", "foreign", "shared", "unresolved"];
    let statuses = || servers.values().flat_map(|server| server.spns.values().map(|spn| spn.status.as_str()));
    let with_severity = |wanted| findings.iter().filter(|finding| finding.severity == wanted).count();
    let mut summary = BTreeMap::from([
        ("servers", servers.len()),
        ("required", statuses().count()),
        ("errors", with_severity(Severity::Error)),
        ("warnings", with_severity(Severity::Warning)),
        ("infos", with_severity(Severity::Info)),
    ]);
    summary.extend(STATUSES.map(|wanted| (wanted, statuses().filter(|status| *status == wanted).count())));
    summary
}

impl<'a> Relations<'a> {
    fn of(directory: &'a Directory) -> Self {
        let mut holds: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for (index, object) in directory.objects.iter().enumerate() {
            for spn in &object.spns {
                holds.entry(fold(spn)).or_default().insert(index);
            }
        }
        let choices = account::choices(directory);
        let fqdns = directory.servers.iter().zip(&choices).map(|(server, choice)| fqdn(directory, server, *choice));
        let fqdns = fqdns.collect();
        let mut relations = Self { directory, choices, fqdns, needs: Needs::new(), holds };
        relations.needs = relations.all_needs();
        relations
    }

    pub(crate) fn servers(&self) -> impl Iterator<Item = (usize, &'a Server)> {
        self.directory.servers.iter().enumerate()
    }

    pub(crate) fn judged(&self) -> impl Iterator<Item = (usize, &'a Server)> {
        self.servers().filter(|(_, server)| !server.skipped())
    }

    pub(crate) fn account(&self, server: usize) -> Option<usize> {
        match self.choices[server] {
            Choice::Account(account) => Some(account),
            _ => None,
        }
    }

    pub(crate) fn marks(&self, server: usize) -> Option<Marks> {
        let object = &self.directory.objects[self.account(server)?];
        Some(Marks::of(object, &self.directory.servers[server].name, self.fqdns[server].as_deref()))
    }

    pub(crate) fn host_names(&self, server: usize) -> BTreeSet<String> {
        let name = fold(&self.directory.servers[server].name);
        self.fqdns[server].iter().cloned().chain([name]).collect()
    }

    /// What an endpoint announces, folded.
    pub(crate) fn announced(&self, server: usize, endpoint: &Endpoint) -> Option<String> {
        endpoint.fqdn.as_deref().map(fold).or_else(|| self.fqdns[server].clone())
    }

    fn all_needs(&self) -> Needs {
        let mut needs = Needs::new();
        for (index, server) in self.judged() {
            for (number, endpoint) in server.endpoints.iter().enumerate().filter(|(_, e)| e.capable) {
                if let Some(name) = self.announced(index, endpoint).filter(|name| is_host_name(name)) {
                    let severity = self.severity_of(index, endpoint, &name);
                    ask(&mut needs, index, &name, "announced", severity).endpoints.insert(number);
                }
            }
            if let Some(fqdn) = self.fqdns[index].as_ref().filter(|_| !server.generation.is_old()) {
                ask(&mut needs, index, fqdn, "sender", self.severity_as_sender(server));
            }
            if !server.generation.is_old() || server.endpoints.iter().any(|endpoint| endpoint.capable) {
                ask(&mut needs, index, &fold(&server.name), "host-name", Severity::Info);
            }
        }
        needs
    }

    fn is_only_server(&self) -> bool {
        let judged = self.judged().count();
        judged == 1 && (ONLY_JUDGED_SERVERS_ARE_OTHERS || self.directory.servers.len() == 1)
    }

    fn severity_as_sender(&self, server: &Server) -> Severity {
        let alone = self.judged().count() == 1 && server.generation == crate::judge::oracle::directory::Generation::Hub;
        if alone { Severity::Warning } else { Severity::Error }
    }

    fn severity_of(&self, server: usize, endpoint: &Endpoint, name: &str) -> Severity {
        let own = self.host_names(server).contains(name);
        let is_fqdn = self.fqdns[server].as_deref() == Some(name);
        let mild = match endpoint.kind {
            Kind::VirtualServer { .. } => own && self.is_only_server(),
            Kind::Connector { exchange_auth: false, .. } => true,
            Kind::Connector { falls_back, .. } => falls_back && !(is_fqdn && FALLING_BACK_NEVER_SOFTENS_F),
        };
        if mild { Severity::Warning } else { Severity::Error }
    }

    pub(crate) fn holders_of(&self, spn: &str) -> BTreeSet<usize> {
        self.holds.get(&fold(spn)).cloned().unwrap_or_default()
    }

    /// Who answers to the name: the explicit holders, and where `HOST` counts and there are
    /// none, those of `HOST`, which is the order in which a KDC looks.
    pub(crate) fn holders(&self, name: &str) -> BTreeSet<usize> {
        let explicit = self.holders_of(&format!("smtpsvc/{name}"));
        let mapped = explicit.is_empty() && self.directory.host_counts;
        if mapped { self.holders_of(&format!("host/{name}")) } else { explicit }
    }

    /// Live machines whose name it is.
    pub(crate) fn owners(&self, name: &str) -> BTreeSet<usize> {
        let called = |object: &Object| {
            if name.contains('.') {
                object.dns_host.as_deref() == Some(name)
            } else {
                object.is_called(&format!("{name}$"))
            }
        };
        let owns = |o: &Object| o.machine && !o.dead && (o.holds(&format!("host/{name}")) || called(o));
        let indexed = self.directory.objects.iter().enumerate();
        indexed.filter(|(_, object)| owns(object)).map(|(at, _)| at).collect()
    }

    pub(crate) fn servers_called(&self, name: &str) -> BTreeSet<usize> {
        self.servers().map(|(at, _)| at).filter(|at| self.host_names(*at).contains(name)).collect()
    }

    pub(crate) fn belongs_to_nobody(&self, name: &str) -> bool {
        self.owners(name).is_empty() && self.servers_called(name).is_empty()
    }

    /// Servers with an endpoint that announces the name and can use Kerberos.
    pub(crate) fn announcers(&self, name: &str) -> BTreeSet<usize> {
        let announces = |((server, wanted), need): (&(usize, String), &Need)| {
            (wanted == name && !need.endpoints.is_empty()).then_some(*server)
        };
        self.needs.iter().filter_map(announces).collect()
    }

    fn belongs_to_another(&self, name: &str, server: usize) -> bool {
        let of = &self.directory.servers[server];
        let account = self.account(server);
        let may_be_own = |machine: usize| {
            let object = &self.directory.objects[machine];
            account.is_none() && Marks::of(object, &of.name, self.fqdns[server].as_deref()).count() > 0
        };
        let another = |machine: usize| Some(machine) != account && !(CANDIDATES_ARE_NOT_FOREIGN && may_be_own(machine));
        self.owners(name).into_iter().any(another) || self.servers_called(name).iter().any(|other| *other != server)
    }

    pub(crate) fn status(&self, server: usize, name: &str) -> &'static str {
        let announces = self.announcers(name).contains(&server);
        let own = self.host_names(server).contains(name);
        if !own && announces && self.belongs_to_another(name, server) {
            return "foreign";
        }
        let twice = own && self.servers_called(name).len() > 1;
        if twice || (!own && self.belongs_to_nobody(name) && self.announcers(name).len() > 1) {
            return "shared";
        }
        let Some(account) = self.account(server) else { return "unresolved" };
        let holders = self.holders(name);
        match (holders.contains(&account), holders.len()) {
            (true, 1) => "registered",
            (true, _) => "duplicate",
            (false, 0) => "missing",
            (false, _) => "misplaced",
        }
    }

    pub(crate) fn dns(&self, objects: &BTreeSet<usize>) -> BTreeSet<String> {
        objects.iter().map(|at| self.directory.objects[*at].dn.clone()).collect()
    }

    fn views(&self, findings: &[Finding]) -> BTreeMap<String, ServerView> {
        let view = |(index, server): (usize, &Server)| (server.name.clone(), self.view(index, server, findings));
        self.servers().map(view).collect()
    }

    fn view(&self, index: usize, server: &Server, findings: &[Finding]) -> ServerView {
        let concerned = findings.iter().filter(|finding| finding.servers.contains(&server.name));
        let worst = concerned.map(|finding| finding.severity).max().map(Severity::word);
        let undotted = server.undotted;
        if server.skipped() {
            let fqdn = self.fqdns[index].clone();
            return ServerView { skipped: true, fqdn, undotted, worst, ..ServerView::default() };
        }
        ServerView {
            skipped: false,
            fqdn: self.fqdns[index].clone(),
            undotted,
            account: self.account_view(index),
            worst,
            endpoints: server.endpoints.iter().map(|e| (e.name.clone(), self.endpoint_view(index, e))).collect(),
            spns: self.spn_views(index),
        }
    }

    fn account_view(&self, server: usize) -> Option<AccountView> {
        let object = &self.directory.objects[self.account(server)?];
        Some(AccountView {
            dn: object.dn.clone(),
            sam: object.sam.clone(),
            domain: object.domain.clone(),
            enabled: Some(!object.disabled),
            marks: self.marks(server)?.names().into_iter().map(str::to_owned).collect(),
        })
    }

    fn endpoint_view(&self, server: usize, endpoint: &Endpoint) -> EndpointView {
        let fqdn = self.announced(server, endpoint);
        EndpointView {
            kind: if endpoint.is_virtual_server() { "virtual-server" } else { "receive-connector" },
            invalid: fqdn.as_deref().is_some_and(|name| !is_host_name(name)),
            fqdn,
            required: endpoint.capable,
        }
    }

    fn spn_views(&self, server: usize) -> BTreeMap<String, SpnView> {
        let own = self.needs.iter().filter(|((of, _), _)| *of == server);
        let view = |((_, name), need): (&(usize, String), &Need)| {
            let spn = SpnView {
                status: self.status(server, name).to_owned(),
                needed_as: need.needed_as.iter().map(|why| (*why).to_owned()).collect(),
                needed_by: self.endpoint_names(server, &need.endpoints),
                holders: self.dns(&self.holders(name)),
            };
            (format!("smtpsvc/{name}"), spn)
        };
        own.map(view).collect()
    }

    pub(crate) fn endpoint_names(&self, server: usize, endpoints: &BTreeSet<usize>) -> BTreeSet<String> {
        endpoints.iter().map(|at| self.directory.servers[server].endpoints[*at].name.clone()).collect()
    }
}

fn ask<'n>(needs: &'n mut Needs, server: usize, name: &str, why: &'static str, severity: Severity) -> &'n mut Need {
    let fresh = || Need { needed_as: BTreeSet::new(), endpoints: BTreeSet::new(), severity };
    let need = needs.entry((server, name.to_owned())).or_insert_with(fresh);
    need.needed_as.insert(why);
    need.severity = need.severity.max(severity);
    need
}

/// The FQDN of a server; where it has none, the `dNSHostName` of its account stands in.
fn fqdn(directory: &Directory, server: &Server, choice: Choice) -> Option<String> {
    match (&server.address, choice) {
        (Some(address), _) => Some(fold(address)),
        (None, Choice::Account(account)) => directory.objects[account].dns_host.clone(),
        _ => None,
    }
}
