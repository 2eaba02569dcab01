//! What puts a finding right: changes as data, their inverse, and the commands that make them.

pub mod change;
pub mod registry;
pub mod setspn;

use self::change::Change;
use crate::model::account::Account;
use crate::model::host::HostName;
use crate::model::spn::Spn;
use crate::requirements::{Judged, Requirement};

/// What to do about a finding.
#[derive(Clone, Debug, Default)]
pub struct Remedy {
    /// The changes, in the order in which they are made: nothing is added before it is deleted elsewhere.
    pub changes: Vec<Change>,
    /// The name for which a server may be let connect to itself without Kerberos (KB 914137, method 2).
    pub loopback: Option<HostName>,
    /// What to consider or decide.
    pub advice: String,
    /// The name to ask for afterwards, and the account that should answer.
    pub verify: Option<(Spn, Option<Account>)>,
}

impl Remedy {
    /// Nothing can be put right by a command; `advice` says what to decide.
    pub fn decide(advice: impl Into<String>) -> Self {
        Self { advice: advice.into(), ..Self::default() }
    }

    /// Makes the server's account the only holder of what it requires.
    #[must_use]
    pub fn only_holder(judged: &Judged<'_>, requirement: &Requirement<'_>, advice: impl Into<String>) -> Self {
        let mut remedy = Self::decide(advice);
        if let Some(account) = judged.account.one() {
            let others = requirement.holders.iter().filter(|holder| holder.dn != account.dn);
            remedy.changes =
                others.filter_map(|other| Some(Change::delete(other.held(&requirement.spn)?, other))).collect();
            let holds_it = requirement.holders.iter().any(|holder| holder.dn == account.dn);
            if !holds_it {
                remedy.changes.push(Change::add(&requirement.spn, account));
            }
        }
        remedy.loopback = loopback_name(judged, requirement);
        remedy.verify = Some((requirement.spn.clone(), judged.account.one().cloned()));
        remedy
    }
}

/// The name of a virtual server that is not its machine's: the case of KB 914137, in which the machine's own loopback check gets in the way.
#[must_use]
pub fn loopback_name(judged: &Judged<'_>, requirement: &Requirement<'_>) -> Option<HostName> {
    let virtual_server =
        requirement.needed_by.iter().any(|endpoint| endpoint.kind == crate::model::exchange::Kind::VirtualServer);
    let name = HostName::parse(requirement.spn.target()).ok()?;
    (virtual_server && !judged.server.names.include(name.as_str())).then_some(name)
}
