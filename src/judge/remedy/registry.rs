//! Microsoft KB 914137, method 2: let a server connect to itself under another name without Kerberos.

use super::{Kind, Remedy};
use crate::directory::host::HostName;

/// The steps for a name, and what they are good for. The list keeps what is already in it.
#[must_use]
pub fn loopback_exception(name: &HostName) -> Remedy {
    let advice = format!(
        r"Microsoft KB 914137, method 2, only if the SPN cannot be registered:
1. On the server, look at what is there:
  reg query HKLM\SYSTEM\CurrentControlSet\Control\Lsa\MSV1_0 /v BackConnectionHostNames
2. In regedit, open that key. If BackConnectionHostNames is a REG_DWORD, delete it; if it is missing, create it as a multi-string value (REG_MULTI_SZ).
3. Keep the lines that are already there, and add below them:
  {name}
4. Restart the IIS Admin service, which restarts SMTP; restart the computer to be certain.
It only helps connections that the server makes to itself: other servers still need the SPN. To undo it, remove that one line and restart again. Do not set DisableLoopbackCheck, which switches the protection off for every name."
    );
    Remedy::new(Kind::Registry, format!("Let the server connect to itself as {name} without Kerberos")).advice(advice)
}
