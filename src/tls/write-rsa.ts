import type { KeyObject } from 'node:crypto'
import forge from 'node-forge'
import { COMMENT_OID, commentDer, isAddress, type Signer, type Template } from './template.ts'

const DNS_NAME = 2
const IP_ADDRESS = 7

/** A signed certificate as PEM; subject and issuer both with RSA keys, which is all that this library knows. */
export function writeWithForge(template: Template, signer: Signer): string {
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = forge.pki.publicKeyFromPem(pem(template.publicKey, 'spki'))
  certificate.serialNumber = template.serial
  certificate.validity.notBefore = template.validFrom
  certificate.validity.notAfter = template.validTo
  const subject = [
    {
      name: 'commonName',
      value: template.commonName,
      valueTagClass: forge.asn1.Type.UTF8 as unknown as forge.asn1.Class,
    },
  ]
  const issuer = signer.certificatePem === null ? undefined : forge.pki.certificateFromPem(signer.certificatePem)
  certificate.setSubject(subject)
  certificate.setIssuer(issuer?.subject.attributes ?? subject)
  certificate.setExtensions(extensionsOf(template, issuer ?? certificate))
  certificate.sign(forge.pki.privateKeyFromPem(pem(signer.privateKey, 'pkcs8')), forge.md[template.hash].create())
  return forge.pki.certificateToPem(certificate).replaceAll('\r', '')
}

function extensionsOf(template: Template, issuer: forge.pki.Certificate): object[] {
  const { authority, keyUsage, purposes, names, paddingBytes } = template
  const flags = (set: readonly string[]) => Object.fromEntries(set.map(name => [name, true]))
  const own = issuer.getExtension('subjectKeyIdentifier') as { subjectKeyIdentifier?: string } | null
  const keyIdentifier =
    own?.subjectKeyIdentifier === undefined
      ? issuer.generateSubjectKeyIdentifier().getBytes()
      : forge.util.hexToBytes(own.subjectKeyIdentifier)
  return [
    {
      name: 'basicConstraints',
      critical: true,
      cA: authority !== undefined,
      ...(authority?.pathLength === undefined ? {} : { pathLenConstraint: authority.pathLength }),
    },
    ...(keyUsage.length === 0 ? [] : [{ name: 'keyUsage', critical: true, ...flags(keyUsage) }]),
    ...(purposes.length === 0 ? [] : [{ name: 'extKeyUsage', ...flags(purposes) }]),
    ...(names.length === 0 ? [] : [{ name: 'subjectAltName', altNames: names.map(altName) }]),
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier },
    ...(paddingBytes === 0
      ? []
      : [{ id: COMMENT_OID, critical: false, value: commentDer(paddingBytes).toString('latin1') }]),
  ]
}

function altName(name: string): object {
  return isAddress(name) ? { type: IP_ADDRESS, ip: name } : { type: DNS_NAME, value: name }
}

function pem(key: KeyObject, type: 'spki' | 'pkcs8'): string {
  return key.export({ type, format: 'pem' } as never).toString()
}
