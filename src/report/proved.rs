//! What witnesses said takes its public shape.

use super::{ControllerProof, KdcProof, Proof, SmtpProof};
use crate::directory::kerberos_error;
use crate::directory::testimony::Answer;
use crate::directory::text::printable;
use crate::judge::proof::{self, OfController, OfEndpoint, OfKdc};
use crate::judge::requirements::Judged;

impl Proof {
    pub(super) fn new(judged: &Judged<'_>, proof: &proof::Proof<'_>) -> Self {
        Self {
            kdcs: proof.kdcs.iter().map(KdcProof::new).collect(),
            controllers: proof.controllers.iter().map(ControllerProof::new).collect(),
            smtp: proof.endpoints.iter().map(|said| SmtpProof::new(judged, said)).collect(),
        }
    }
}

impl KdcProof {
    fn new(said: &OfKdc<'_>) -> Self {
        const UNKNOWN_PRINCIPAL: i32 = 7;
        let (result, code, etype, kvno) = match said.answer {
            Ok(Answer::Issued { etype, kvno, .. }) => ("issued", Some(0), Some(*etype), *kvno),
            Ok(Answer::Refused { code: UNKNOWN_PRINCIPAL, .. }) => {
                ("unknown-principal", Some(UNKNOWN_PRINCIPAL), None, None)
            }
            Ok(Answer::Refused { code, .. }) => ("other", Some(*code), None, None),
            Ok(Answer::Referred { .. }) => ("other", Some(0), None, None),
            Err(_) => ("unheard", None, None, None),
        };
        let says = match said.answer {
            Ok(Answer::Issued { etype, kvno, .. }) => {
                let kvno = kvno.map_or_else(String::new, |kvno| format!(", key version {kvno}"));
                format!("a ticket, {}{kvno}", kerberos_error::etype(*etype))
            }
            Ok(Answer::Refused { code, .. }) => format!("no ticket: {}", kerberos_error::meaning(*code)),
            Ok(Answer::Referred { realm }) => format!("no ticket: refers to the realm {}", printable(realm)),
            Err(why) => printable(why),
        };
        Self { server: said.server.to_owned(), result, code, etype, kvno, agrees: said.agrees, says }
    }
}

impl ControllerProof {
    fn new(said: &OfController<'_>) -> Self {
        let server = said.server.to_owned();
        match &said.seen {
            Ok(seen) => {
                let result = if seen.is_same { "same" } else { "differs" };
                Self { server, result, holders: seen.holders.to_vec(), says: None }
            }
            Err(why) => Self { server, result: "unheard", holders: Vec::new(), says: Some(printable(why)) },
        }
    }
}

impl SmtpProof {
    fn new(judged: &Judged<'_>, said: &OfEndpoint<'_>) -> Self {
        let endpoint = format!("{}\\{}", judged.server.names.name, said.endpoint.name);
        let address = said.address.to_owned();
        match &said.greeting {
            Ok(greeting) => Self {
                endpoint,
                address,
                result: if greeting.is_named_so && greeting.offers_kerberos { "as-configured" } else { "differs" },
                announces: Some(greeting.announces.to_owned()),
                offers: greeting.offers.iter().map(|offer| (*offer).to_owned()).collect(),
                says: None,
            },
            Err(why) => Self {
                endpoint,
                address,
                result: "unheard",
                announces: None,
                offers: Vec::new(),
                says: Some(printable(why)),
            },
        }
    }
}
