//! The witnesses: whoever decides whether Kerberos works is asked itself. Nothing is written anywhere, no mail is sent, and no ticket
//! is kept.

mod kdcs;
mod smtp;

use std::time::Duration;

use anyhow::{Context as _, Result};
use futures_util::StreamExt as _;

use super::kerberos::{Identity, Tickets};
use super::ldap::controllers::{self, Controller};
use super::ldap::{Auth, Progress, Settings};
use crate::directory::testimony::{OfEndpoint, Questions, Statement, Testimony, Witness};
use crate::trouble::Trouble;

/// So many are asked at the same time.
const AT_ONCE: usize = 16;

/// Asks everybody, and returns when all have answered or their time is up. Who cannot be heard is a statement, too.
pub fn hear(
    settings: &Settings,
    server: &str,
    questions: &Questions,
    progress: &mut dyn Progress,
) -> Result<Testimony> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime can be started")?;
    let heard = runtime.block_on(ask(settings, server, questions, progress));
    runtime.shutdown_background();
    Ok(Testimony::new(heard))
}

async fn ask(settings: &Settings, server: &str, questions: &Questions, progress: &mut dyn Progress) -> Vec<Statement> {
    let mut heard = Vec::new();
    if questions.asks(Witness::Kdcs) || questions.asks(Witness::Controllers) {
        match controllers::list(settings, server, progress).await {
            Ok(found) => heard.extend(of_controllers(settings, questions, found, progress).await),
            Err(trouble) => heard.push(nobody(Witness::Controllers, "domain controllers", &trouble)),
        }
    }
    if questions.asks(Witness::Smtp) {
        progress.detail(&format!("asking SMTP endpoints what they announce: {}", questions.endpoints.len()));
        heard.extend(of_endpoints(&questions.endpoints, settings.step_timeout).await);
    }
    heard
}

/// What the domain controllers say whose domains the questions are about.
async fn of_controllers(
    settings: &Settings,
    questions: &Questions,
    found: Vec<Result<Controller, Statement>>,
    progress: &mut dyn Progress,
) -> Vec<Statement> {
    let mut heard = Vec::new();
    let mut controllers = Vec::new();
    for found in found {
        match found {
            Ok(controller) if questions.domains.contains_key(&controller.domain) => controllers.push(controller),
            Ok(_) => {}
            Err(statement) => heard.push(statement),
        }
    }
    for domain in questions.domains.keys() {
        if !controllers.iter().any(|controller| controller.domain == *domain) {
            let trouble = Trouble::new("the configuration partition names no domain controller of this domain")
                .hint("ask as somebody who may read CN=Sites in the configuration partition");
            heard.push(nobody(Witness::Controllers, domain, &trouble));
        }
    }
    if questions.asks(Witness::Controllers) {
        progress.detail(&format!("comparing domain controllers: {}", hosts(&controllers)));
        let asked = controllers.iter().map(|controller| controllers::hear(settings, controller, questions));
        let said: Vec<Vec<Statement>> = futures_util::stream::iter(asked).buffer_unordered(AT_ONCE).collect().await;
        heard.extend(said.into_iter().flatten());
    }
    if questions.asks(Witness::Kdcs) {
        progress.detail(&format!("asking KDCs for tickets: {}", hosts(&controllers)));
        match identity(&settings.auth, questions) {
            Ok(identity) => {
                let tickets = Tickets::new(identity, settings.step_timeout);
                heard.extend(kdcs::hear(&tickets, &controllers, questions).await);
            }
            Err(trouble) => heard.push(nobody(Witness::Kdcs, "domain controllers", &trouble)),
        }
    }
    heard
}

fn hosts(controllers: &[Controller]) -> String {
    controllers.iter().map(|controller| controller.host.as_str()).collect::<Vec<_>>().join(", ")
}

/// Who asks the KDCs.
fn identity(auth: &Auth, questions: &Questions) -> Result<Identity, Trouble> {
    const HINT: &str = "use --auth kerberos with --user user@contoso.com, or --keytab";
    match auth {
        Auth::Kerberos(Identity::Current) if cfg!(windows) => Err(Trouble::new(
            "the KDCs were not asked: with the logged-on user's ticket, Windows does not let a program choose the KDC",
        )
        .hint(HINT)),
        Auth::Kerberos(identity) => Ok(identity.clone()),
        Auth::Simple { user, password } => {
            let user = questions.principal(user).ok_or_else(|| {
                Trouble::new("the KDCs were not asked: the user is not given as user@contoso.com or CONTOSO\\user")
                    .hint(HINT)
            })?;
            Ok(Identity::Password { user, password: password.clone() })
        }
        Auth::Anonymous => {
            Err(Trouble::new("the KDCs were not asked: without credentials there is no ticket").hint(HINT))
        }
    }
}

async fn of_endpoints(endpoints: &[OfEndpoint], limit: Duration) -> Vec<Statement> {
    let asked = endpoints.iter().map(|endpoint| of_endpoint(endpoint, limit));
    futures_util::stream::iter(asked).buffer_unordered(AT_ONCE).collect().await
}

async fn of_endpoint(question: &OfEndpoint, limit: Duration) -> Statement {
    let OfEndpoint { endpoint, host, port } = question;
    let address = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    match smtp::ask(host, *port, limit).await {
        Ok(heard) => Statement::Endpoint {
            endpoint: endpoint.clone(),
            address,
            announces: heard.announces,
            offers: heard.offers,
            within_tls: heard.offers_within_tls,
            ahead: heard.clock.map(|clock| clock - controllers::now()),
        },
        Err(trouble) => Statement::Unheard {
            asked: Witness::Smtp,
            server: address,
            domain: None,
            endpoint: Some(endpoint.clone()),
            why: trouble.what().to_owned(),
            fix: trouble.advice().map(str::to_owned),
        },
    }
}

/// Nobody of a kind could be heard.
fn nobody(asked: Witness, server: &str, trouble: &Trouble) -> Statement {
    Statement::Unheard {
        asked,
        server: server.to_owned(),
        domain: None,
        endpoint: None,
        why: trouble.what().to_owned(),
        fix: trouble.advice().map(str::to_owned),
    }
}
