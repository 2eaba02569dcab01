//! The end before its time: Ctrl-C, and the signals that mean the same. It comes at any moment, waits for nobody, and leaves
//! nothing half-written.

use std::fs::File;
use std::future::Future;
use std::io;
use std::path::Path;
use std::process::exit;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tempfile::{NamedTempFile, TempPath};

use spn_doctor::trouble::Trouble;

use super::error::{UNKNOWN, tell};
use super::progress::Terminal;

/// How far the result is. Only who holds this lock makes, moves or removes a file.
static RESULT: Mutex<Stage> = Mutex::new(Stage::None);

enum Stage {
    /// There is none yet.
    None,
    /// A file is being written, under this name until it is whole.
    Unfinished(TempPath),
    /// It is known, and an interrupt does not change it any more.
    Known,
}

/// Held while a terminal does not show what is typed.
static PROMPT: Mutex<()> = Mutex::new(());

/// How long an interrupt waits for these locks, and for somebody to read what it says.
const PATIENCE: Duration = Duration::from_millis(500);

/// From now on an interrupt ends the program, on a thread of its own.
pub(crate) fn watch() -> Result<()> {
    start_watching().context("cannot watch for interrupts")
}

fn start_watching() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let interrupt = {
        let _context = runtime.enter();
        interrupt()?
    };
    thread::Builder::new().spawn(move || {
        runtime.block_on(interrupt);
        end()
    })?;
    Ok(())
}

/// Ends the program as interrupted.
pub(crate) fn end() -> ! {
    let _ = thread::Builder::new().spawn(|| {
        thread::sleep(PATIENCE);
        exit(i32::from(UNKNOWN))
    });
    // Kept: no file is begun any more, and none is finished.
    let mut result = locked(&RESULT);
    if matches!(*result, Stage::Known) {
        drop(result);
        // The program ends by itself, or the patience does.
        loop {
            thread::park();
        }
    }
    *result = Stage::None;
    // Clears the line that shows how far the reading is.
    drop(Terminal::new(false));
    tell(&Trouble::new("interrupted; nothing was checked").into());
    let _shows_what_is_typed = locked(&PROMPT);
    exit(i32::from(UNKNOWN))
}

/// The outcome is known, and an interrupt does not change it any more.
pub(crate) fn too_late() {
    *locked(&RESULT) = Stage::Known;
}

/// Asks at the terminal. Ctrl-C ends the program, but not before the terminal is as it was.
pub(crate) fn prompt(ask: impl FnOnce() -> io::Result<String>) -> io::Result<String> {
    let asking = locked(&PROMPT);
    let answer = ask();
    drop(asking);
    match answer {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => end(),
        answer => answer,
    }
}

/// A lock is as good after a panic: what it guards is replaced whole.
fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file that gets its name when it is whole, and is removed otherwise. There is one at a time.
pub(crate) struct Unfinished(File);

impl Unfinished {
    pub(crate) fn begin(make: impl FnOnce() -> io::Result<NamedTempFile>) -> io::Result<Self> {
        let mut result = locked(&RESULT);
        let (file, name) = make()?.into_parts();
        *result = Stage::Unfinished(name);
        Ok(Self(file))
    }

    pub(crate) fn file(&mut self) -> &mut File {
        &mut self.0
    }

    pub(crate) fn finish(self, path: &Path) -> io::Result<()> {
        self.0.sync_all()?;
        let mut result = locked(&RESULT);
        if let Stage::Unfinished(name) = std::mem::replace(&mut *result, Stage::None) {
            name.persist(path).map_err(|error| error.error)?;
            *result = Stage::Known;
        }
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let mut result = locked(&RESULT);
        if matches!(*result, Stage::Unfinished(_)) {
            *result = Stage::None;
        }
    }
}

/// Comes with the first interrupt.
#[cfg(unix)]
fn interrupt() -> io::Result<impl Future<Output = ()>> {
    use std::task::Poll;
    use tokio::signal::unix::{SignalKind, signal};
    let mut kinds = vec![SignalKind::interrupt(), SignalKind::terminate()];
    if !outlives_its_terminal() {
        kinds.push(SignalKind::hangup());
    }
    let mut signals = kinds.into_iter().map(signal).collect::<io::Result<Vec<_>>>()?;
    Ok(std::future::poll_fn(move |context| {
        let came = signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
        if came { Poll::Ready(()) } else { Poll::Pending }
    }))
}

/// Whether it was started to go on without its terminal, as by nohup. Only Linux tells, without unsafe code.
#[cfg(unix)]
fn outlives_its_terminal() -> bool {
    const HANGUP: u64 = 1;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & HANGUP != 0)
}

/// Comes with the first interrupt.
#[cfg(windows)]
fn interrupt() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close};
    let (mut c, mut r#break, mut close) = (ctrl_c()?, ctrl_break()?, ctrl_close()?);
    Ok(async move {
        tokio::select! {
            _ = c.recv() => (),
            _ = r#break.recv() => (),
            _ = close.recv() => (),
        }
    })
}
