//! The report, version 1: the public shape of the result, apart from the types that produce it.
//!
//! Fields may be added; removing one or changing its meaning needs another [`SCHEMA_VERSION`]. `src/output/schema.json` describes it.

use serde::Serialize;

use crate::checks;
use crate::finding::{Finding, Severity};
use crate::model::account::Account;
use crate::model::directory::Directory;
use crate::model::exchange::Endpoint;
use crate::model::text::{printable, printable_lines, same};
use crate::remedy::change::Change;
use crate::remedy::setspn::{self, Dialect, Unprintable};
use crate::remedy::{Remedy as Cure, registry};
use crate::requirements::{Judged, Requirement, Requirements, Status};

/// The version of the report's shape.
pub const SCHEMA_VERSION: u32 = 1;

/// The result of a check.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// What made the report.
    pub tool: Tool,
    /// Where the data came from.
    pub source: Source,
    /// What it comes to.
    pub verdict: Verdict,
    /// The numbers.
    pub summary: Summary,
    /// The Exchange servers, by name.
    pub servers: Vec<Server>,
    /// What is wrong: by severity, code, server, SPN.
    pub findings: Vec<ReportedFinding>,
    /// What could not be read; empty unless the verdict is `incomplete`.
    pub problems: Vec<Problem>,
}

/// What made the report.
#[derive(Clone, Debug, Serialize)]
pub struct Tool {
    /// `spn-doctor`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// Where the data came from.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Source {
    /// Recordings.
    Ldif {
        /// Their names, as given.
        files: Vec<String>,
    },
    /// A live directory.
    Ldap {
        /// The domain controller that answered, `HOST:PORT`.
        server: String,
        /// The DNS name of the forest.
        forest: String,
    },
}

/// What the report comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Everything was read, nothing is wrong.
    Healthy,
    /// Everything was read, something is wrong.
    Findings,
    /// Not everything could be read: nothing can be said of the whole.
    Incomplete,
}

/// The numbers of a report.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Summary {
    /// Exchange servers, skipped ones included.
    pub servers: usize,
    /// Their endpoints.
    pub endpoints: usize,
    /// Required SPNs; the sum of the next six.
    pub required: usize,
    /// Those with status `registered`.
    pub registered: usize,
    /// Those with status `missing`.
    pub missing: usize,
    /// Those with status `misplaced`.
    pub misplaced: usize,
    /// Those with status `duplicate`.
    pub duplicate: usize,
    /// Those with status `shared`.
    pub shared: usize,
    /// Those with status `unresolved`.
    pub unresolved: usize,
    /// Findings of severity error.
    pub errors: usize,
    /// Findings of severity warning.
    pub warnings: usize,
    /// Findings of severity info.
    pub infos: usize,
}

/// An Exchange server.
#[derive(Clone, Debug, Serialize)]
pub struct Server {
    /// The NetBIOS name.
    pub name: String,
    /// The FQDN; null when it could not be read.
    pub fqdn: Option<String>,
    /// The server object.
    pub dn: String,
    /// The product; null when the version was not read.
    pub product: Option<String>,
    /// Why the server is not judged; null when it is.
    pub skipped: Option<String>,
    /// The account; null when undetermined.
    pub account: Option<ServerAccount>,
    /// The SMTP endpoints.
    pub endpoints: Vec<ServerEndpoint>,
    /// The SPNs the server requires.
    pub spns: Vec<RequiredSpn>,
}

/// The account of a server.
#[derive(Clone, Debug, Serialize)]
pub struct ServerAccount {
    /// The computer object.
    pub dn: String,
    /// The logon name.
    pub sam_account_name: Option<String>,
    /// The DNS name of its domain.
    pub domain: String,
    /// Whether it may log on.
    pub enabled: bool,
}

/// An SMTP virtual server or receive connector.
#[derive(Clone, Debug, Serialize)]
pub struct ServerEndpoint {
    /// The name.
    pub name: String,
    /// `virtual-server` or `receive-connector`.
    pub kind: &'static str,
    /// The endpoint object.
    pub dn: String,
    /// The FQDN it announces, its own or its server's; null when neither could be read.
    pub fqdn: Option<String>,
    /// Whether it can use Kerberos and so requires an SPN.
    pub required: bool,
    /// Why it does not; null when it does.
    pub reason: Option<&'static str>,
}

/// An SPN that a server requires.
#[derive(Clone, Debug, Serialize)]
pub struct RequiredSpn {
    /// The SPN.
    pub spn: String,
    /// How it stands.
    pub status: &'static str,
    /// The endpoints that announce the name.
    pub needed_by: Vec<String>,
    /// The DNs of the objects that hold it, sorted.
    pub holders: Vec<String>,
    /// What the account holds that looks like it.
    pub near_misses: Vec<String>,
}

/// One thing wrong.
#[derive(Clone, Debug, Serialize)]
pub struct ReportedFinding {
    /// The code.
    pub code: &'static str,
    /// `error`, `warning` or `info`.
    pub severity: &'static str,
    /// The servers concerned.
    pub servers: Vec<String>,
    /// The endpoints concerned.
    pub endpoints: Vec<String>,
    /// The SPN concerned.
    pub spn: Option<String>,
    /// The DNs of the objects that hold it, sorted.
    pub holders: Vec<String>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: Remedy,
    #[serde(skip)]
    rank: Severity,
}

/// What to do about a finding.
#[derive(Clone, Debug, Serialize)]
pub struct Remedy {
    /// The commands, in the order in which to run them.
    pub commands: Vec<Command>,
    /// Another way, in words.
    pub alternative: Option<String>,
    /// What to consider first, or to decide.
    pub advice: String,
    /// The command that shows whether it worked.
    pub verify: Option<String>,
}

/// One command and the one that takes it back.
#[derive(Clone, Debug, Serialize)]
pub struct Command {
    /// `add` or `delete`.
    pub action: &'static str,
    /// The SPN.
    pub spn: String,
    /// The account, `CONTOSO\EX01$`.
    pub account: String,
    /// The command.
    pub run: String,
    /// What takes it back.
    pub undo: String,
}

/// Something that could not be read.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    /// What is missing, why, and what to do about it.
    pub what: String,
    /// Where.
    #[serde(rename = "where")]
    pub place: String,
}

impl Report {
    /// Judges a directory.
    #[must_use]
    pub fn new(directory: &Directory, source: Source, dialect: Dialect) -> Self {
        let requirements = Requirements::new(directory);
        let findings = checks::run(&requirements);
        let findings = findings.iter().map(|finding| ReportedFinding::new(finding, dialect, directory)).collect();
        let gaps = directory.gaps.iter().chain(&requirements.gap);
        let problems = gaps.map(|gap| Problem { what: printable_lines(&gap.what), place: printable(&gap.place) });
        let mut report = Self {
            schema_version: SCHEMA_VERSION,
            tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
            source,
            verdict: Verdict::Healthy,
            summary: Summary::default(),
            servers: requirements.servers.iter().map(Server::new).collect(),
            findings,
            problems: problems.collect(),
        };
        report.conclude();
        report
    }

    /// Leaves only the servers of these names and what concerns them. What could not be read concerns every server.
    pub fn restrict_to(&mut self, names: &[String]) -> Result<(), UnknownServer> {
        let wanted = |name: &str| names.iter().any(|wanted| same(wanted, name));
        for name in names {
            if !self.servers.iter().any(|server| same(&server.name, name)) {
                return Err(UnknownServer(printable(name)));
            }
        }
        self.servers.retain(|server| wanted(&server.name));
        self.findings.retain(|finding| finding.servers.iter().any(|server| wanted(server)));
        self.conclude();
        Ok(())
    }

    /// The severity of the worst finding.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.rank).min()
    }

    fn conclude(&mut self) {
        self.verdict = match (self.problems.is_empty(), self.findings.is_empty()) {
            (false, _) => Verdict::Incomplete,
            (true, false) => Verdict::Findings,
            (true, true) => Verdict::Healthy,
        };
        let status = |status: Status| {
            let spns = self.servers.iter().flat_map(|server| &server.spns);
            spns.filter(|spn| spn.status == status.name()).count()
        };
        let severity = |severity| self.findings.iter().filter(|finding| finding.rank == severity).count();
        self.summary = Summary {
            servers: self.servers.len(),
            endpoints: self.servers.iter().map(|server| server.endpoints.len()).sum(),
            required: self.servers.iter().map(|server| server.spns.len()).sum(),
            registered: status(Status::Registered),
            missing: status(Status::Missing),
            misplaced: status(Status::Misplaced),
            duplicate: status(Status::Duplicate),
            shared: status(Status::Shared),
            unresolved: status(Status::Unresolved),
            errors: severity(Severity::Error),
            warnings: severity(Severity::Warning),
            infos: severity(Severity::Info),
        };
    }
}

/// A server that was asked for is not in the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownServer(pub String);

impl std::fmt::Display for UnknownServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no Exchange server is called {}", self.0)
    }
}

impl std::error::Error for UnknownServer {}

impl Server {
    fn new(judged: &Judged<'_>) -> Self {
        let server = judged.server;
        Self {
            name: server.names.netbios.clone(),
            fqdn: server.names.fqdn().map(ToString::to_string),
            dn: server.dn.to_string(),
            product: server.product.clone(),
            skipped: server.skipped.map(|skipped| skipped.reason().to_owned()),
            account: judged.account.one().map(ServerAccount::new),
            endpoints: server.endpoints.iter().map(|endpoint| ServerEndpoint::new(judged, endpoint)).collect(),
            spns: judged.requirements.iter().map(RequiredSpn::new).collect(),
        }
    }
}

impl ServerAccount {
    fn new(account: &Account) -> Self {
        Self {
            dn: account.dn.to_string(),
            sam_account_name: account.sam_account_name.clone(),
            domain: account.domain.dns.clone(),
            enabled: !account.disabled,
        }
    }
}

impl ServerEndpoint {
    fn new(judged: &Judged<'_>, endpoint: &Endpoint) -> Self {
        let skipped = judged.server.skipped.map(|_| "its server is skipped");
        let reason = skipped.or_else(|| endpoint.kind.without_kerberos());
        Self {
            name: endpoint.name.clone(),
            kind: endpoint.kind.name(),
            dn: endpoint.dn.to_string(),
            fqdn: judged.server.announced_by(endpoint).map(ToOwned::to_owned),
            required: reason.is_none(),
            reason,
        }
    }
}

impl RequiredSpn {
    fn new(requirement: &Requirement<'_>) -> Self {
        Self {
            spn: requirement.spn.to_string(),
            status: requirement.status.name(),
            needed_by: requirement.needed_by.iter().map(|endpoint| endpoint.name.clone()).collect(),
            holders: requirement.holders.iter().map(|holder| holder.dn.to_string()).collect(),
            near_misses: requirement.near_misses.iter().map(ToString::to_string).collect(),
        }
    }
}

impl ReportedFinding {
    fn new(finding: &Finding, dialect: Dialect, directory: &Directory) -> Self {
        Self {
            code: finding.code,
            severity: finding.severity.name(),
            servers: finding.servers.clone(),
            endpoints: finding.endpoints.clone(),
            spn: finding.spn.as_ref().map(ToString::to_string),
            holders: finding.holders.clone(),
            message: finding.message.clone(),
            remedy: Remedy::new(&finding.remedy, dialect, directory),
            rank: finding.severity,
        }
    }
}

impl Remedy {
    /// All commands or none: half of a remedy can do more harm than the finding.
    fn new(cure: &Cure, dialect: Dialect, directory: &Directory) -> Self {
        let commands: Result<Vec<_>, _> =
            cure.changes.iter().map(|change| Command::new(change, dialect, directory)).collect();
        let (commands, advice) = match commands {
            Ok(commands) => (commands, cure.advice.clone()),
            Err(reason) => (Vec::new(), format!("No command is printed: {reason}. {}", cure.advice)),
        };
        let verify = cure.verify.as_ref();
        Self {
            commands,
            alternative: cure.loopback.as_ref().map(registry::loopback_exception),
            advice,
            verify: verify
                .and_then(|(spn, account)| setspn::verification(spn, account.as_ref(), dialect, &directory.accounts)),
        }
    }
}

impl Command {
    fn new(change: &Change, dialect: Dialect, directory: &Directory) -> Result<Self, Unprintable> {
        Ok(Self {
            action: change.action.name(),
            spn: change.spn.to_string(),
            account: setspn::display_name(&change.account),
            run: setspn::command(change, dialect, &directory.accounts)?,
            undo: setspn::command(&change.inverse(), dialect, &directory.accounts)?,
        })
    }
}
