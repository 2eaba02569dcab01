//! Where the promise can be read in two ways: how the oracle reads it. One place to turn when the
//! author has decided.

/// Exchange 2000: `confirm` is set on whatever adds a name, so nothing is ready there.
pub(crate) const NOTHING_IS_READY_ON_2000: bool = true;
/// A machine that is only named, has no `dNSHostName`, and lies in another domain than the FQDN
/// is another machine (rule 3), not a candidate (rule 4).
pub(crate) const NAMELESS_IN_OTHER_DOMAIN_IS_ANOTHER: bool = false;
/// Rule 3 holds among dead machines too; otherwise there is no account then.
pub(crate) const DEAD_CAN_BE_MISNAMED: bool = true;
/// `stray-host-spn` needs an account whose name went astray.
pub(crate) const STRAY_NEEDS_AN_ACCOUNT: bool = true;
/// A machine that may be the server's own account is nobody else's name.
pub(crate) const CANDIDATES_ARE_NOT_FOREIGN: bool = true;
/// "The organisation has another server" counts servers that move mail, not skipped ones.
pub(crate) const ONLY_JUDGED_SERVERS_ARE_OTHERS: bool = true;
/// The only hub of 2007 or 2010: `SMTPSVC/F` of a connector with both bit 16 and 4096 is an error.
pub(crate) const FALLING_BACK_NEVER_SOFTENS_F: bool = true;
/// A connector whose role the server does not have is not used, so it does not count against `no-exchange-auth`.
pub(crate) const ANY_ENABLED_CONNECTOR_OFFERS: bool = false;
/// A server that needs a shared name as a sender only makes it an error, as bit 16 does.
pub(crate) const SENDING_CONCERNS_BIT_16: bool = true;
/// The remedy of a stray `HOST` name is ready only for an account that is live and has two marks.
pub(crate) const STRAY_READY_NEEDS_MARKS: bool = true;
/// Where no endpoint of a server was read, the answer is incomplete anyway: nothing is said of what its endpoints offer.
pub(crate) const NO_ENDPOINTS_OFFER_NOTHING: bool = false;
/// A host name of two server objects is shared too, but no endpoint can announce a name of its own: somebody has to decide.
pub(crate) const OWN_NAME_TWICE_IS_TO_DECIDE: bool = true;
/// Endpoints of `exchange-auth-fqdn` are those with bit 16, not all that announce the name.
pub(crate) const ONLY_BIT_16_IS_NAMED: bool = true;

/// The account of a 2000 or 2003 server matters even where none of its endpoints can use Kerberos.
pub(crate) const ACCOUNTS_OF_IDLE_SERVERS_ARE_JUDGED: bool = true;

/// The attributes of one object may come from two files; what one file does not show differs
/// from nothing.
pub(crate) const ENTRIES_MAY_BE_SPLIT: bool = true;

/// What the comparison leaves out.
pub(crate) const LEFT_OUT: [&str; 4] = [
    // Marks and readiness of an account whose `dNSHostName` stands in for the FQDN.
    "undotted-marks",
    // Commands where `sPNMappings` lets HOST stand for SMTPSVC.
    "mapped-commands",
    // `required` of an endpoint that could use Kerberos but announces no host name.
    "required-of-invalid",
    // The account of a skipped server.
    "account-of-skipped",
];

pub(crate) fn left_out(question: &str) -> bool {
    LEFT_OUT.contains(&question)
}

/// Whether the first line of a difference contains one of the words in `SPN_DOCTOR_LEAVE_OUT`.
pub(crate) fn is_left_out(difference: &str) -> bool {
    let words = std::env::var("SPN_DOCTOR_LEAVE_OUT").unwrap_or_default();
    let line = difference.lines().next().unwrap_or_default();
    words.split(',').any(|word| !word.is_empty() && line.contains(word))
}
