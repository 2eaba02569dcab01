//! Whether it was seen what HOST stands for (`sPNMappings`): every forest says that.

use super::{Source, Survey};
use crate::directory::gap::{Gap, Kind, Prose};
use crate::directory::schema::Attribute;

const DIRECTORY_SERVICE: &str = "CN=Directory Service,CN=Windows NT,CN=Services,";

/// One problem at most. Where a recording holds nothing of the configuration, that is told elsewhere.
pub(super) fn gap(survey: &Survey) -> Option<Gap> {
    let is_told = survey.entries.iter().any(|entry| entry.has(Attribute::SpnMappings));
    let is_configuration = survey.entries.iter().any(|entry| entry.dn.key().contains(",cn=configuration,"));
    if is_told || !is_configuration && survey.commands.source() == Source::Recorded {
        return None;
    }
    let what = "sPNMappings could not be read: this account may not see it, or it was not exported";
    let dn = survey.commands.name_in_configuration(DIRECTORY_SERVICE);
    let place = dn.map_or_else(|| Prose::new("directory"), |dn| Prose::place(Kind::Dn, &dn));
    Some(Gap::new(place, what).fixed_by(survey.commands.in_configuration(DIRECTORY_SERVICE)))
}
