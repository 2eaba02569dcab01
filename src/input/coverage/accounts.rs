//! Whether the accounts that matter show what the judgement needs of them.

use super::{MOST_DOMAINS, Survey};
use crate::directory::entry::Entry;
use crate::directory::gap::{Gap, Kind, Prose};
use crate::directory::is_account;
use crate::directory::schema::{self, Attribute};

/// What every account has.
const NEEDED: [Attribute; 3] = [Attribute::ObjectClass, Attribute::SamAccountName, Attribute::UserAccountControl];

/// One problem an attribute.
pub(super) fn gaps(survey: &Survey) -> Vec<Gap> {
    let accounts: Vec<&Entry> = survey.entries.iter().copied().filter(|entry| is_account(entry)).collect();
    NEEDED.iter().filter_map(|attribute| missing(survey, &accounts, *attribute)).collect()
}

fn missing(survey: &Survey, accounts: &[&Entry], attribute: Attribute) -> Option<Gap> {
    let lacks = |entry: &&&Entry| {
        !entry.has(attribute) && (attribute == Attribute::ObjectClass || is_security_principal(entry))
    };
    let lacking: Vec<&Entry> = accounts.iter().filter(lacks).copied().collect();
    if lacking.is_empty() {
        return None;
    }
    let what = Prose::new(attribute.name()).say(" was not read of accounts that matter, though each has one: ");
    let what = what.names(Kind::Dn, lacking.iter().map(|entry| entry.dn.as_str()), ", ");
    Some(Gap::new("accounts", what).fixed_by(fix(survey, &lacking)))
}

/// Whether an object is of a class that always has a logon name; without a class, it may be.
fn is_security_principal(entry: &Entry) -> bool {
    !entry.has(Attribute::ObjectClass) || entry.is_a("user") || entry.is_a(schema::COMPUTER)
}

/// Commands for each domain that these lie in.
fn fix(survey: &Survey, accounts: &[&Entry]) -> Vec<String> {
    let mut domains: Vec<&str> =
        accounts.iter().map(|entry| entry.dn.domain_key()).filter(|key| !key.is_empty()).collect();
    domains.sort_unstable();
    domains.dedup();
    domains.into_iter().take(MOST_DOMAINS).flat_map(|domain| survey.commands.accounts(domain)).collect()
}
