//! Microsoft KB 914137, method 2: let a server connect to itself under another name without Kerberos.

use crate::model::host::HostName;

/// The steps for a name, and what they are good for. The list keeps what is already in it.
#[must_use]
pub fn loopback_exception(name: &HostName) -> String {
    format!(
        r"Microsoft KB 914137, method 2, only if the SPN cannot be registered: let this server connect to itself as {name}.
1. On the server, look at what is there:
  reg query HKLM\SYSTEM\CurrentControlSet\Control\Lsa\MSV1_0 /v BackConnectionHostNames
2. In regedit, open that key. If BackConnectionHostNames is a REG_DWORD, delete it; if there is none, create it as a multi-string value (REG_MULTI_SZ).
3. Below the lines already there, which have to stay, add the line:
  {name}
4. Restart the IIS Admin service, which restarts SMTP; restart the computer to be certain.
It only helps connections that the server makes to itself: other servers still need the SPN. To undo it, remove that one line and restart again. Do not set DisableLoopbackCheck, which switches the protection off for every name."
    )
}
