//! The rootDSE: what a server says of itself.

use ldap3::Scope;

use crate::directory::dn::Dn;
use crate::directory::schema;
use crate::input::ldap::failure::{Failure, Trouble};
use crate::input::ldap::progress::Progress;
use crate::input::ldap::search::SearchRequest;
use crate::input::ldap::session::Session;

/// What of the rootDSE matters.
#[derive(Clone, Debug)]
pub(super) struct Root {
    /// The domain that the server is a controller of.
    pub(super) domain: Dn,
    /// The configuration partition of the forest.
    pub(super) configuration: Dn,
    /// The forest's root domain.
    pub(super) forest: Dn,
    /// Whether the server has a global catalog, if it says.
    pub(super) has_catalog: Option<bool>,
    /// Whether `vendorName` says so: Samba answers some searches otherwise than Windows.
    pub(super) is_samba: bool,
}

const ATTRIBUTES: [&str; 6] = [
    "defaultNamingContext",
    "configurationNamingContext",
    "rootDomainNamingContext",
    "isGlobalCatalogReady",
    "vendorName",
    "isSynchronized",
];

impl Root {
    /// Asks a server.
    pub(super) async fn read(session: &mut Session, progress: &mut dyn Progress) -> Result<Self, Failure> {
        let request =
            SearchRequest { base: "", scope: Scope::Base, filter: "(objectClass=*)", attributes: &ATTRIBUTES };
        let result = session.read(&request, progress).await?;
        if let Some(refusal) = result.refusal {
            let what =
                format!("{} does not say what it is: result {} ({})", session.server, refusal.code, refusal.text);
            return Err(Failure::server(what));
        }
        let found = result.entries.first();
        let [domain, configuration, forest, catalog, vendor, synchronized] = ATTRIBUTES;
        let text = |name: &str| found.and_then(|found| found.texts(name).next());
        let context = |name: &str| {
            let context = text(name).and_then(|text| Dn::parse(&text).ok()).filter(|dn| !dn.is_root());
            context.ok_or_else(|| no_controller(session, name))
        };
        let truth = |name: &str| text(name).and_then(|text| schema::boolean(&text));
        if truth(synchronized) == Some(false) {
            let what = format!("{} has not finished its first synchronization with the others", session.server);
            return Err(Failure::Server(Trouble::new(what).hint("name another domain controller with --server")));
        }
        Ok(Self {
            domain: context(domain)?,
            configuration: context(configuration)?,
            forest: context(forest)?,
            is_samba: text(vendor).is_some_and(|vendor| vendor.contains("Samba")),
            has_catalog: truth(catalog),
        })
    }
}

fn no_controller(session: &Session, missing: &str) -> Failure {
    let what = format!("{} is no domain controller of Active Directory: its rootDSE has no {missing}", session.server);
    Failure::Server(Trouble::new(what).hint("name a domain controller with --server"))
}
