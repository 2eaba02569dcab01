#!/usr/bin/python3
"""trusted_domain.py SMB_CONF DNS_NAME NETBIOS_NAME SID SECRET: makes the domain controller trust that forest, in both directions.

`samba-tool domain trust create` would do so on both sides at once, but over SMB, and the lab has no file server. For the
system's Python, which knows Samba; `lab trust` runs it.
"""

import sys

import samba
from samba.credentials import Credentials
from samba.dcerpc import drsblobs, lsa, security
from samba.param import LoadParm
from samba.trust_utils import CreateTrustedDomainRelax

AES = 0x18


def secret_blob(secret):
    raw = samba.string_to_byte_array(secret.encode("utf-16-le"))
    clear = drsblobs.AuthInfoClear()
    clear.size, clear.password = len(raw), raw
    info = drsblobs.AuthenticationInformation()
    info.LastUpdateTime = samba.unix2nttime(samba.current_unix_time())
    info.AuthType, info.AuthInfo = lsa.TRUST_AUTH_TYPE_CLEAR, clear
    array = drsblobs.AuthenticationInformationArray()
    array.count, array.array = 1, [info]
    blob = drsblobs.trustAuthInOutBlob()
    blob.count, blob.current = 1, array
    return blob


def main(conf, dns_name, netbios_name, sid, secret):
    parameters, credentials = LoadParm(), Credentials()
    parameters.load(conf)
    credentials.guess(parameters)
    connection = lsa.lsarpc("ncalrpc:[auth_type=ncalrpc_as_system]", parameters, credentials)
    attributes = lsa.ObjectAttribute()
    attributes.sec_qos = lsa.QosInfo()
    policy = connection.OpenPolicy2("", attributes, security.SEC_FLAG_MAXIMUM_ALLOWED)
    info = lsa.TrustDomainInfoInfoEx()
    info.trust_type = lsa.LSA_TRUST_TYPE_UPLEVEL
    info.trust_direction = lsa.LSA_TRUST_DIRECTION_INBOUND | lsa.LSA_TRUST_DIRECTION_OUTBOUND
    info.trust_attributes = lsa.LSA_TRUST_ATTRIBUTE_FOREST_TRANSITIVE
    info.domain_name.string, info.netbios_name.string, info.sid = dns_name, netbios_name, security.dom_sid(sid)
    trusted = CreateTrustedDomainRelax(connection, policy, info, lsa.LSA_TRUSTED_DOMAIN_ALL_ACCESS,
                                       secret_blob(secret), secret_blob(secret))
    types = lsa.TrustDomainInfoSupportedEncTypes()
    types.enc_types = AES
    connection.SetInformationTrustedDomain(trusted, lsa.LSA_TRUSTED_DOMAIN_SUPPORTED_ENCRYPTION_TYPES, types)


main(*sys.argv[1:])
