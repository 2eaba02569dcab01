//! Flags become plain settings. Beside what is printed of them (completions, manual page), the one file that knows clap.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::builder::{PossibleValue, TypedValueParser as _};
use clap::{Args, Parser, Subcommand, ValueEnum};
use zeroize::Zeroizing;

use spn_doctor::directory::schema::Purpose;
use spn_doctor::directory::testimony::Witness;
use spn_doctor::directory::text::printable;
use spn_doctor::input::ldap::{Auth, Identity, Secret, Security, Settings};
use spn_doctor::judge::remedy::setspn::Dialect;
use spn_doctor::judge::severity::Severity;
use spn_doctor::render::why::Form as AnswerFormat;
use spn_doctor::render::{Format, Options};
use spn_doctor::report::FailOn;
use spn_doctor::trouble::Trouble;

use super::interrupt;

/// Finds missing, misplaced and duplicate SMTPSVC service principal names of Exchange servers, and prints the setspn commands that fix them.
#[derive(Debug, Parser)]
#[command(name = "spn-doctor", version, arg_required_else_help = true, max_term_width = 100)]
pub(crate) struct Cli {
    /// The command.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check a live or recorded directory, and report what is wrong
    #[command(
        after_help = "Exit codes: 0 if nothing at or above --fail-on was found, 1 if something was, 2 if the check could not be completed."
    )]
    Check(Check),
    /// Record what `check` and `why` read as LDIF; `--from` then gives the same result
    #[command(after_help = "Exit codes: 0 if everything was read and written, 2 if not.")]
    Record(Record),
    /// Find the cause of an event, a queued message or a name that does not work
    #[command(
        after_help = "Exit codes: 0 if the names are fine, 1 if a cause was found, 2 if the cause could not be determined."
    )]
    Why(Why),
    /// Explain a finding code or a symptom, or list them
    Explain {
        /// The code or symptom; without one, all are listed
        #[arg(
            value_name = "TOPIC",
            allow_negative_numbers = true,
            help = "Finding code (missing-spn), event (2017, \"KDC 11\"), SMTP reply (\"454 4.7.0\") or status word (TargetUnknown); without one, all are listed"
        )]
        topic: Option<String>,
    },
    /// Print the JSON Schema of the report, or of the answers of `why`
    Schema {
        /// The document
        #[arg(value_enum, default_value_t, value_name = "DOCUMENT")]
        of: Document,
    },
    /// Print the completion script for a shell
    Completions {
        /// Shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print the manual page for man(1)
    Man,
}

/// What has a JSON Schema.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Document {
    /// The report of `check`
    #[default]
    Report,
    /// The answer of `why`
    Answer,
}

/// A shell whose completions can be printed.
#[allow(clippy::enum_variant_names, reason = "that is its name")]
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
    #[value(name = "powershell")]
    PowerShell,
}

/// The flags of `check`.
#[derive(Args, Debug)]
pub(crate) struct Check {
    /// Format of the report
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", help_heading = "Report")]
    format: Form,
    /// Write the report to this file; FORMAT=FILE adds a report in that format; can be repeated
    #[arg(short, long, value_name = "[FORMAT=]FILE", value_parser = clap::builder::OsStringValueParser::new().try_map(Output::parse), help_heading = "Report")]
    output: Vec<Output>,
    /// Show everything that was checked (table only)
    #[arg(long, help_heading = "Report")]
    all: bool,
    /// Write the commands that undo the changes (cmd and exchange only)
    #[arg(long, help_heading = "Report")]
    undo: bool,
    /// Lowest severity that sets exit code 1; `new` means new or worse since --baseline
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "SEVERITY",
        requires_if("new", "baseline"),
        help_heading = "Continuous integration"
    )]
    fail_on: FailOnFlag,
    /// Compare with an earlier report (JSON): show what is new and what is gone
    #[arg(long, value_name = "FILE", help_heading = "Continuous integration")]
    pub(crate) baseline: Option<PathBuf>,
    /// Accept the findings that this file lists, with reasons (TOML)
    #[arg(long, value_name = "FILE", help_heading = "Continuous integration")]
    pub(crate) exceptions: Option<PathBuf>,
    /// Leave out what changes from run to run: version, folders, domain controller
    #[arg(long, help_heading = "Continuous integration")]
    pub(crate) stable: bool,
    /// Report only these Exchange servers: NetBIOS names, FQDNs, or patterns such as ex*
    #[arg(long, value_name = "NAME", num_args = 1.., value_delimiter = ',', help_heading = "Report")]
    pub(crate) only: Vec<String>,
    /// Write commands for setspn of Windows Server 2008 and later, or of 2003
    #[arg(long, value_enum, default_value_t, value_name = "VERSION", help_heading = "Report")]
    setspn: Setspn,
    #[command(flatten)]
    pub(crate) prove: Prove,
    /// Check again every 10 seconds until nothing at or above --fail-on is left and all witnesses agree, or this time is up: 90s, 15m
    #[arg(long, value_name = "DURATION", value_parser = duration, conflicts_with = "from", help_heading = "Live directory")]
    pub(crate) wait: Option<Duration>,
    #[command(flatten)]
    pub(crate) directory: Directory,
}

/// Reads a time such as `90s` or `15m`, up to a day.
fn duration(text: &str) -> Result<Duration, String> {
    const DAY: Duration = Duration::from_secs(86_400);
    let time = humantime::parse_duration(text).map_err(|error| format!("{error}; write it as 90s or 15m"))?;
    if time > DAY { Err("it is longer than a day".to_owned()) } else { Ok(time) }
}

/// Who is asked besides the directory.
#[derive(Args, Debug)]
pub(crate) struct Prove {
    /// Ask those who decide, too, and compare what they say with the directory [without WITNESS: kdcs,controllers]
    #[arg(
        long,
        value_enum,
        value_name = "WITNESS,...",
        num_args = 0..=1,
        require_equals = true,
        value_delimiter = ',',
        default_missing_values = ["kdcs", "controllers"],
        conflicts_with = "from",
        help_heading = "Live directory"
    )]
    prove: Vec<ProveFlag>,
}

impl Prove {
    /// Those who are asked; none if nobody is.
    pub(crate) fn witnesses(&self) -> Vec<Witness> {
        let witness = |flag: &ProveFlag| match flag {
            ProveFlag::Kdcs => Witness::Kdcs,
            ProveFlag::Controllers => Witness::Controllers,
            ProveFlag::Smtp => Witness::Smtp,
        };
        self.prove.iter().map(witness).collect()
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ProveFlag {
    /// The KDC of each domain controller: whether it issues a ticket to each SPN
    Kdcs,
    /// The directory and the clock of each domain controller
    Controllers,
    /// The SMTP endpoints: the name and the authentication that they announce
    Smtp,
}

impl Check {
    /// What makes the exit code 1.
    pub(crate) fn fail_on(&self) -> FailOn {
        match self.fail_on {
            FailOnFlag::Error => FailOn::Least(Severity::Error),
            FailOnFlag::Warning => FailOn::Least(Severity::Warning),
            FailOnFlag::Info => FailOn::Least(Severity::Info),
            FailOnFlag::New => FailOn::New,
            FailOnFlag::Never => FailOn::Never,
        }
    }

    /// The reports to write: the form of each, and where it goes; standard output unless a file takes its place.
    ///
    /// Standard output comes last. No file is written twice, nor one that is read.
    pub(crate) fn outputs(&self) -> Result<Vec<(Format, Option<&Path>)>> {
        let form = |output: &Output| output.form.unwrap_or(self.format).0;
        let (to_stdout, to_files): (Vec<&Output>, Vec<&Output>) =
            self.output.iter().partition(|output| output.path.as_os_str() == "-");
        let mut outputs: Vec<(Format, Option<&Path>)> =
            to_files.iter().map(|output| (form(output), Some(output.path.as_path()))).collect();
        let inputs = self.directory.from.iter().chain(&self.baseline).chain(&self.exceptions);
        let inputs =
            inputs.chain(&self.directory.password_file).chain(&self.directory.keytab).chain(&self.directory.ca_file);
        let mut taken: Vec<PathBuf> = inputs.filter_map(|path| file_at(path)).collect();
        for path in to_files.iter().filter_map(|output| file_at(&output.path)) {
            if taken.contains(&path) {
                let what = format!("{} would be overwritten", printable(&path.display().to_string()));
                return Err(Trouble::new(what).hint("name another file with --output").into());
            }
            taken.push(path);
        }
        match to_stdout.as_slice() {
            [] if to_files.iter().any(|output| output.form.is_none()) => {}
            [] => outputs.push((self.format.0, None)),
            [one] => outputs.push((form(one), None)),
            _ => {
                return Err(Trouble::new("only one report can go to standard output")
                    .hint("name files for the others")
                    .into());
            }
        }
        self.refuse_idle_flags(&outputs)?;
        Ok(outputs)
    }

    /// Refuses what would be passed over in silence: whoever asks for an undo is not to run something else.
    fn refuse_idle_flags(&self, outputs: &[(Format, Option<&Path>)]) -> Result<(), Trouble> {
        let has = |forms: &[Format]| outputs.iter().any(|(form, _)| forms.contains(form));
        if self.undo && !has(&[Format::Cmd, Format::Exchange]) {
            return Err(Trouble::new("--undo needs a script to write").hint("add --format cmd or --format exchange"));
        }
        if self.all && !has(&[Format::Table]) {
            return Err(
                Trouble::new("--all needs a table to write").hint("leave it out: the other formats need no --all")
            );
        }
        Ok(())
    }

    /// What is asked of the forms.
    pub(crate) fn options(&self) -> Options {
        Options { all: self.all, undo: self.undo, fail_on: self.fail_on() }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.setspn.dialect()
    }
}

/// The flags of `why`.
#[derive(Args, Debug)]
pub(crate) struct Why {
    /// SPN, host name, server, IP address, or text from an event or queue
    #[arg(
        value_name = "TEXT",
        required_unless_present = "event",
        conflicts_with = "event",
        allow_negative_numbers = true
    )]
    pub(crate) text: Vec<String>,
    /// Read the text of an event, or lines of a log, from this file; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) event: Option<PathBuf>,
    /// Format of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: AnswerForm,
    /// Write commands for setspn of Windows Server 2008 and later, or of 2003
    #[arg(long, value_enum, default_value_t, value_name = "VERSION")]
    setspn: Setspn,
    #[command(flatten)]
    pub(crate) directory: Directory,
}

impl Why {
    pub(crate) fn form(&self) -> AnswerFormat {
        match self.format {
            AnswerForm::Text => AnswerFormat::Text,
            AnswerForm::Json => AnswerFormat::Json,
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.setspn.dialect()
    }
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum AnswerForm {
    /// For people, at a terminal
    #[default]
    Text,
    /// For programs; contains everything
    Json,
}

/// The flags of `record`.
#[derive(Args, Debug)]
pub(crate) struct Record {
    #[command(flatten)]
    pub(crate) directory: Directory,
    /// Write the recording to this file, readable by its owner only; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Replace the names of the organization, domains, servers, accounts and connectors
    #[arg(long)]
    pub(crate) redact: bool,
    #[command(flatten)]
    pub(crate) prove: Prove,
}

/// Where the data comes from: recordings, or a live directory and how to reach it.
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Args, Debug)]
pub(crate) struct Directory {
    /// Read LDIF recordings instead of a live directory; `-` is standard input
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["domain", "server", "auth", "user", "password_file", "keytab", "ldaps", "starttls", "ca_file", "insecure_plaintext", "insecure_skip_certificate_check"])]
    pub(crate) from: Vec<PathBuf>,
    /// Find the domain controllers of this domain in DNS [default: from the environment]
    #[arg(long, value_name = "DOMAIN", conflicts_with = "server", help_heading = "Live directory")]
    pub(crate) domain: Option<String>,
    /// Read from this domain controller; can be repeated: the first that answers is used
    #[arg(long, value_name = "HOST[:PORT]", help_heading = "Live directory")]
    pub(crate) server: Vec<String>,
    /// How to authenticate [default: kerberos; simple with --user]
    #[arg(long, value_enum, value_name = "HOW", help_heading = "Live directory")]
    auth: Option<AuthKind>,
    /// User for a simple bind: user@contoso.com, CONTOSO\user or a DN; with --auth kerberos: user@contoso.com. The password comes
    /// from --password-file, the variable `SPN_DOCTOR_PASSWORD`, or a prompt
    #[arg(long, value_name = "USER", help_heading = "Live directory")]
    user: Option<String>,
    /// Read the password from the first line of this file (UTF-8)
    #[arg(long, value_name = "FILE", requires = "user", help_heading = "Live directory")]
    password_file: Option<PathBuf>,
    /// Authenticate with Kerberos and the key of an account in this file
    #[arg(long, value_name = "FILE", conflicts_with = "password_file", help_heading = "Live directory")]
    keytab: Option<PathBuf>,
    /// Use TLS on port 636; the default for a simple bind
    #[arg(long, group = "protection", help_heading = "Live directory")]
    ldaps: bool,
    /// Use StartTLS on port 389
    #[arg(long, group = "protection", help_heading = "Live directory")]
    starttls: bool,
    /// No encryption: anyone on the network can read and change everything, even the password
    #[arg(long, group = "protection", help_heading = "Live directory")]
    insecure_plaintext: bool,
    /// Trust these certificate authorities (PEM) instead of the system's
    #[arg(long, value_name = "FILE", help_heading = "Live directory")]
    ca_file: Option<PathBuf>,
    /// Accept any certificate: anyone on the network can read everything, even the password
    #[arg(long, conflicts_with = "ca_file", help_heading = "Live directory")]
    insecure_skip_certificate_check: bool,
    /// Time limit for reading the directory
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=86_400), help_heading = "Live directory")]
    timeout: u64,
    /// Number of objects to request at a time
    #[arg(long, value_name = "NUMBER", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000), help_heading = "Live directory")]
    page_size: u32,
    /// Show each search: base, filter, entries, pages and milliseconds
    #[arg(short, long, help_heading = "Live directory")]
    pub(crate) verbose: bool,
}

impl Directory {
    /// How to reach the live directory; asks for the password where one is needed.
    pub(crate) fn settings(&self) -> Result<Settings> {
        let auth = self.auth()?;
        let security = match (&auth, self.ldaps, self.starttls, self.insecure_plaintext) {
            (_, true, _, _) => Security::Ldaps,
            (_, _, true, _) => Security::StartTls,
            (_, _, _, true) => Security::InsecurePlaintext,
            (Auth::Kerberos(_), ..) => Security::Sealed,
            _ => Security::Ldaps,
        };
        let timeout = Duration::from_secs(self.timeout);
        Ok(Settings {
            domain: self.domain.clone(),
            servers: self.server.clone(),
            auth,
            security,
            ca_file: self.ca_file.clone(),
            insecure_skip_certificate_check: self.insecure_skip_certificate_check,
            purpose: Purpose::Check,
            page_size: self.page_size,
            timeout,
            step_timeout: Settings::default().step_timeout.min(timeout),
        })
    }

    fn auth(&self) -> Result<Auth> {
        let kind = match (self.auth, &self.user, &self.keytab) {
            (Some(kind), ..) => kind,
            (None, Some(_), None) => AuthKind::Simple,
            (None, ..) => AuthKind::Kerberos,
        };
        let user = self.user.clone();
        match (kind, user, &self.keytab) {
            (AuthKind::Kerberos, user, Some(path)) => Ok(Auth::Kerberos(Identity::Keytab { path: path.clone(), user })),
            (AuthKind::Kerberos, Some(user), None) => {
                Ok(Auth::Kerberos(Identity::Password { user, password: self.password()? }))
            }
            (AuthKind::Kerberos, None, None) => Ok(Auth::Kerberos(Identity::Current)),
            (AuthKind::Simple, Some(user), None) => Ok(Auth::Simple { user, password: self.password()? }),
            (AuthKind::Anonymous, None, None) => Ok(Auth::Anonymous),
            (AuthKind::Simple, None, _) => {
                Err(Trouble::new("a simple bind needs a user").hint("specify one with --user").into())
            }
            (AuthKind::Simple | AuthKind::Anonymous, _, Some(_)) => {
                Err(Trouble::new("--keytab is for Kerberos only").hint("omit it, or use --auth kerberos").into())
            }
            (AuthKind::Anonymous, Some(_), None) => {
                Err(Trouble::new("--user is not for --auth anonymous").hint("omit one of them").into())
            }
        }
    }

    /// From the file, the environment, or whoever sits at the terminal.
    fn password(&self) -> Result<Secret> {
        if let Some(path) = &self.password_file {
            return password_in(path);
        }
        if let Some(password) = std::env::var_os("SPN_DOCTOR_PASSWORD") {
            let password = password.into_string().ok().context("SPN_DOCTOR_PASSWORD is not UTF-8")?;
            return Ok(Secret::new(password));
        }
        let asked = interrupt::prompt(|| rpassword::prompt_password("Password: "));
        asked.map(Secret::new).map_err(|error| {
            Trouble::new(format!("cannot prompt for the password: {error}"))
                .hint("use --password-file or SPN_DOCTOR_PASSWORD")
                .into()
        })
    }
}

/// The first line of a file, without the mark that Notepad puts before it: a server would take that for a part of the password.
fn password_in(path: &Path) -> Result<Secret> {
    let name = || format!("the password file {}", printable(&path.display().to_string()));
    let bytes = short_file(path).with_context(|| format!("{} cannot be read", name()))?;
    if bytes.len() > PASSWORD_FILE {
        let what = format!("{} is longer than 64 KiB", name());
        return Err(Trouble::new(what).hint("use a file whose first line is the password").into());
    }
    let Ok(text) = std::str::from_utf8(&bytes) else {
        let what = format!("{} is not UTF-8", name());
        return Err(Trouble::new(what).hint("save it as UTF-8; its first line is the password").into());
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let line = text.split(['\r', '\n']).next().unwrap_or_default();
    Ok(Secret::new(line.to_owned()))
}

/// What a password file may hold, in bytes.
const PASSWORD_FILE: usize = 64 * 1024;

/// A file, or as much of it as shows that it is too long, in memory that does not move and is wiped.
fn short_file(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let enough = PASSWORD_FILE + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(enough));
    File::open(path)?.take(enough as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The form of a report, as the value of a flag.
#[derive(Clone, Copy, Debug, Default)]
struct Form(Format);

impl ValueEnum for Form {
    fn value_variants<'a>() -> &'a [Self] {
        static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| Format::ALL.map(Form).to_vec());
        &FORMS
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name()).help(self.0.purpose()))
    }
}

/// A file that a report goes to, and the form it has there if it is not that of `--format`.
#[derive(Clone, Debug)]
struct Output {
    form: Option<Form>,
    path: PathBuf,
}

impl Output {
    /// `report.json`, or `json=report.json`. A file whose name begins like that is written `./json=…`.
    fn parse(text: OsString) -> Result<Self, String> {
        let is_word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let named = text.to_str().and_then(|text| text.split_once('=')).filter(|(form, _)| is_word(form));
        let output = match named {
            Some((form, path)) => {
                let known = Form::from_str(form, true)
                    .map_err(|_| format!("`{form}` is not a format; for a file of this name, write ./{form}=…"))?;
                Self { form: Some(known), path: path.into() }
            }
            None => Self { form: None, path: text.into() },
        };
        if output.path.as_os_str().is_empty() { Err("the file name is missing".to_owned()) } else { Ok(output) }
    }
}

/// The file at a path, or the one that would be made there, however it is written; none of what is no file.
fn file_at(path: &Path) -> Option<PathBuf> {
    if let Ok(found) = path.canonicalize() {
        return found.is_file().then_some(found);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Some(folder.canonicalize().ok()?.join(path.file_name()?))
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum AuthKind {
    /// With the current Kerberos ticket (on Windows, as the logged-on user), or as --user with a password or a keytab
    Kerberos,
    /// As --user, with a password
    Simple,
    /// Without credentials
    Anonymous,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum FailOnFlag {
    #[default]
    Error,
    Warning,
    Info,
    New,
    Never,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Setspn {
    #[default]
    #[value(name = "2008")]
    Server2008,
    #[value(name = "2003")]
    Server2003,
}

impl Setspn {
    fn dialect(self) -> Dialect {
        match self {
            Self::Server2008 => Dialect::Server2008,
            Self::Server2003 => Dialect::Server2003,
        }
    }
}
