//! The domain controllers of the forest, one by one: which there are, what time each has, and who holds which name there.

use std::collections::{BTreeMap, HashMap, HashSet};

use ldap3::Scope;

use super::address::Address;
use super::connect::Connector;
use super::failure::{Failure, Trouble};
use super::progress::Progress;
use super::response::SearchEntry;
use super::search::{SearchRequest, SearchResult};
use super::session::Session;
use super::settings::{Auth, Security, Settings};
use crate::directory::account;
use crate::directory::dn::Dn;
use crate::directory::host::HostName;
use crate::directory::schema::{self, Attribute};
use crate::directory::testimony::{Copy, Held, Questions, Statement, Witness};
use crate::directory::text::fold;
use crate::input::kerberos::seconds_of;
use crate::input::selection::term;

/// A domain controller, as its `nTDSDSA` object describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Controller {
    /// Its DNS name.
    pub(crate) host: String,
    /// The DNS name of its domain.
    pub(crate) domain: String,
    /// The naming context of its domain.
    context: String,
}

/// How many names are asked for at a time.
const BATCH: usize = 100;
/// The attributes of an nTDSDSA object that name the domain partitions of its controller.
const CONTEXTS: [&str; 3] = ["msDS-HasDomainNCs", "msDS-hasFullReplicaNCs", "hasMasterNCs"];

/// The domain controllers of the forest, as its configuration partition has them; of some only that they cannot be asked.
pub(crate) async fn list(
    settings: &Settings,
    server: &str,
    progress: &mut dyn Progress,
) -> Result<Vec<Result<Controller, Statement>>, Trouble> {
    let connector = Connector::new(settings)?;
    let address = Address::parse(server, settings.security).map_err(Trouble::new)?;
    let listed = async {
        let mut session = connector.open(&address).await?;
        let root = session.contexts(progress).await?;
        let sites = format!("CN=Sites,{}", root.configuration);
        let agents = session.all(&sites, "(objectClass=nTDSDSA)", &CONTEXTS, progress).await?;
        let servers = session.all(&sites, "(objectClass=server)", &["dNSHostName"], progress).await?;
        Ok::<_, Failure>((agents, servers, root.domains))
    };
    let (agents, servers, domains) = listed.await.map_err(Failure::trouble)?;
    let hosts: BTreeMap<String, String> = servers
        .iter()
        .filter_map(|server| {
            let host = server.texts("dNSHostName").next().filter(|host| HostName::parse(host).is_ok())?;
            Some((Dn::parse(&server.dn).ok()?.key().to_owned(), host))
        })
        .collect();
    Ok(agents.iter().filter_map(|agent| controller(agent, &hosts, &domains)).collect())
}

/// The controller behind an nTDSDSA object; none if it has no domain of ours.
fn controller(
    agent: &SearchEntry,
    hosts: &BTreeMap<String, String>,
    domains: &[Dn],
) -> Option<Result<Controller, Statement>> {
    let dn = Dn::parse(&agent.dn).ok().filter(|dn| !dn.is_deleted())?;
    let contexts = CONTEXTS.iter().flat_map(|name| agent.texts(name)).filter_map(|text| Dn::parse(&text).ok());
    let context = contexts.into_iter().find(|context| domains.contains(context))?;
    let domain = fold(&context.dns_domain());
    let above = dn.lineage().nth(1)?;
    Some(match hosts.get(above) {
        Some(host) => Ok(Controller { host: fold(host), domain, context: context.to_string() }),
        None => Err(Statement::Unheard {
            asked: Witness::Controllers,
            server: above.to_owned(),
            domain: Some(domain),
            endpoint: None,
            why: "the dNSHostName of this domain controller is not set, or may not be read".to_owned(),
            fix: Some("if the domain controller is gone for good, remove its metadata (ntdsutil, or Active Directory Users and Computers)".to_owned()),
        }),
    })
}

/// What one controller says: its clock, and who holds what.
pub(crate) async fn hear(settings: &Settings, controller: &Controller, questions: &Questions) -> Vec<Statement> {
    let mut said = Vec::new();
    let Controller { host, domain, .. } = controller;
    match clock(settings, controller).await {
        Ok(ahead) => said.push(Statement::Clock { server: host.clone(), domain: domain.clone(), ahead }),
        Err(failure) => return vec![unheard(controller, &failure.trouble())],
    }
    match directory(settings, controller, questions).await {
        Ok(statement) => said.push(statement),
        Err(failure) => said.push(unheard(controller, &failure.trouble())),
    }
    said
}

fn unheard(controller: &Controller, trouble: &Trouble) -> Statement {
    Statement::Unheard {
        asked: Witness::Controllers,
        server: controller.host.clone(),
        domain: Some(controller.domain.clone()),
        endpoint: None,
        why: trouble.what().to_owned(),
        fix: trouble.advice().map(str::to_owned),
    }
}

/// How far the clock is ahead of ours. Asked without credentials: with clocks too far apart, none are accepted.
async fn clock(settings: &Settings, controller: &Controller) -> Result<i64, Failure> {
    let security = match settings.security {
        Security::Sealed => Security::InsecurePlaintext,
        other => other,
    };
    let nobody = Settings { auth: Auth::Anonymous, security, ..settings.clone() };
    let connector = Connector::new(&nobody).map_err(Failure::Final)?;
    let mut session = connector.open(&Address::directory(&controller.host, security)).await?;
    let request =
        SearchRequest { base: "", scope: Scope::Base, filter: "(objectClass=*)", attributes: &["currentTime"] };
    let before = now();
    let result = session.read(&request, &mut ()).await?;
    let between = before.midpoint(now());
    let text = result.entries.first().and_then(|root| root.texts("currentTime").next()).unwrap_or_default();
    let there = seconds_of(&text).and_then(|seconds| i64::try_from(seconds).ok());
    let there = there.ok_or_else(|| Failure::server(format!("{} does not say what time it has", session.server)))?;
    Ok(there - between)
}

/// Who holds which name, and what the accounts are like there.
async fn directory(settings: &Settings, controller: &Controller, questions: &Questions) -> Result<Statement, Failure> {
    const ATTRIBUTES: [&str; 4] =
        ["servicePrincipalName", "sAMAccountName", "userAccountControl", "replPropertyMetaData"];
    let connector = Connector::new(settings).map_err(Failure::Final)?;
    let mut session = connector.open(&Address::directory(&controller.host, settings.security)).await?;
    let spns = &questions.spns;
    let names = questions.domains.get(&controller.domain).into_iter().flat_map(|asked| &asked.accounts);
    let mut terms: Vec<String> = spns.iter().map(|spn| term(Attribute::ServicePrincipalName, spn)).collect();
    terms.extend(names.map(|name| term(Attribute::SamAccountName, name)));
    let mut found: BTreeMap<String, SearchEntry> = BTreeMap::new();
    for batch in terms.chunks(BATCH) {
        let filter = format!("(|{})", batch.concat());
        for entry in session.all(&controller.context, &filter, &ATTRIBUTES, &mut ()).await? {
            found.insert(entry.dn.clone(), entry);
        }
    }
    let mut holders: HashMap<String, Vec<String>> = HashMap::new();
    for (dn, entry) in &found {
        let held: HashSet<String> =
            entry.bytes("servicePrincipalName").map(|spn| fold(&String::from_utf8_lossy(spn))).collect();
        for spn in held {
            holders.entry(spn).or_default().push(dn.clone());
        }
    }
    let held =
        spns.iter().map(|spn| Held { spn: spn.clone(), holders: holders.remove(&fold(spn)).unwrap_or_default() });
    let held = held.collect();
    Ok(Statement::Controller {
        server: controller.host.clone(),
        domain: controller.domain.clone(),
        held,
        accounts: found.values().map(copy).collect(),
    })
}

fn copy(entry: &SearchEntry) -> Copy {
    let flags = entry.texts("userAccountControl").next();
    let metadata = entry.bytes("replPropertyMetaData").find_map(metadata);
    Copy {
        dn: entry.dn.clone(),
        enabled: !flags.is_some_and(|flags| account::is_disabled(&flags)),
        version: metadata.map(|(version, _)| version),
        changed: metadata.map(|(_, changed)| changed),
    }
}

/// How often the service principal names were changed, and when last, in seconds since 1970: from the numbers that replication keeps with
/// each object ([MS-DRSR] 5.162, `PROPERTY_META_DATA_EXT_VECTOR`, as it is stored). Who may read them is told the same by
/// `msDS-ReplAttributeMetaData`, which Samba does not have.
fn metadata(blob: &[u8]) -> Option<(u64, u64)> {
    /// `servicePrincipalName`: 1.2.840.113556.1.4.771.
    const SERVICE_PRINCIPAL_NAME: u32 = 0x0009_0303;
    const TO_1970: u64 = 11_644_473_600;
    let (head, entries) = blob.split_first_chunk::<16>()?;
    if !head.starts_with(&1_u32.to_le_bytes()) {
        return None;
    }
    let number = |entry: &[u8], at: usize| Some(u32::from_le_bytes(*entry.get(at..)?.first_chunk::<4>()?));
    let own = entries.chunks_exact(48).find(|entry| number(entry, 0) == Some(SERVICE_PRINCIPAL_NAME))?;
    let changed = u64::from_le_bytes(*own.get(8..)?.first_chunk::<8>()?);
    Some((number(own, 4)?.into(), changed.checked_sub(TO_1970)?))
}

/// This machine's clock, in seconds since 1970.
pub(crate) fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// What a rootDSE says of partitions.
struct Contexts {
    configuration: Dn,
    domains: Vec<Dn>,
}

impl Session {
    /// The configuration partition, and all domain partitions of the forest.
    async fn contexts(&mut self, progress: &mut dyn Progress) -> Result<Contexts, Failure> {
        let attributes = ["configurationNamingContext"];
        let request =
            SearchRequest { base: "", scope: Scope::Base, filter: "(objectClass=*)", attributes: &attributes };
        let result = self.read(&request, progress).await?;
        let text = result.entries.first().and_then(|root| root.texts("configurationNamingContext").next());
        let configuration = text.and_then(|text| Dn::parse(&text).ok()).filter(|dn| !dn.is_root());
        let configuration = configuration
            .ok_or_else(|| Failure::server(format!("{} names no configuration partition", self.server)))?;
        let partitions = format!("CN=Partitions,{configuration}");
        let found = self.all(&partitions, "(objectClass=crossRef)", &["nCName", "systemFlags"], progress).await?;
        let is_domain = |entry: &&SearchEntry| {
            entry.texts("systemFlags").filter_map(|flags| schema::integer(&flags)).any(|flags| flags & 2 != 0)
        };
        let contexts = found.iter().filter(is_domain).flat_map(|entry| entry.texts("nCName"));
        let domains = contexts.filter_map(|context| Dn::parse(&context).ok()).collect();
        Ok(Contexts { configuration, domains })
    }

    /// A whole search; one that is refused, in part or altogether, is none.
    async fn all(
        &mut self,
        base: &str,
        filter: &str,
        attributes: &[&str],
        progress: &mut dyn Progress,
    ) -> Result<Vec<SearchEntry>, Failure> {
        let request = SearchRequest { base, scope: Scope::Subtree, filter, attributes };
        let SearchResult { entries, refusal, .. } = self.search(&request, progress).await?;
        match refusal {
            None => Ok(entries),
            Some(refusal) => Err(Failure::server(format!(
                "{} refuses a search below {base}: result {} ({})",
                self.server, refusal.code, refusal.text
            ))),
        }
    }
}
