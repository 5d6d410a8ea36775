// The library's container reads decorators' metadata, and throws where nothing has put it there.
import 'reflect-metadata'
import { type KeyObject, webcrypto } from 'node:crypto'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { COMMENT_OID, CURVES, commentDer, isAddress, type Signer, type Template } from './template.ts'

cryptoProvider.set(webcrypto)

const HASHES = { sha1: 'SHA-1', sha256: 'SHA-256', sha384: 'SHA-384' } as const

/** A signed certificate as PEM, whatever the key is for and whatever signs it, RSA included. */
export async function writeWithWebCrypto(template: Template, signer: Signer): Promise<string> {
  const { hash } = template
  if (hash === 'md5') throw new RangeError('Web Crypto knows no MD5')
  const issuer = signer.certificatePem === null ? undefined : new X509Certificate(signer.certificatePem)
  const subject = new Name([{ CN: [template.commonName] }])
  const algorithm = algorithmOf(signer.privateKey, HASHES[hash])
  const certificate = await X509CertificateGenerator.create({
    serialNumber: template.serial,
    subject,
    issuer: issuer?.subjectName ?? subject,
    notBefore: template.validFrom,
    notAfter: template.validTo,
    publicKey: publicKeyOf(template.publicKey),
    signingKey: signer.privateKey.toCryptoKey(algorithm, false, ['sign']),
    signingAlgorithm: algorithm,
    extensions: await extensionsOf(template, issuer),
  })
  return `${certificate.toString('pem')}\n`
}

async function extensionsOf(template: Template, issuer: X509Certificate | undefined): Promise<Extension[]> {
  const { authority, keyUsage, purposes, names, paddingBytes } = template
  const publicKey = publicKeyOf(template.publicKey)
  return [
    new BasicConstraintsExtension(authority !== undefined, authority?.pathLength, true),
    ...(keyUsage.length === 0
      ? []
      : [
          new KeyUsagesExtension(
            keyUsage.reduce((bits, usage) => bits | KeyUsageFlags[usage], 0),
            true,
          ),
        ]),
    ...(purposes.length === 0
      ? []
      : [new ExtendedKeyUsageExtension(purposes.map(purpose => ExtendedKeyUsage[purpose]))]),
    ...(names.length === 0
      ? []
      : [
          new SubjectAlternativeNameExtension(
            names.map(name => ({ type: isAddress(name) ? ('ip' as const) : ('dns' as const), value: name })),
          ),
        ]),
    await SubjectKeyIdentifierExtension.create(publicKey),
    issuer === undefined ? await AuthorityKeyIdentifierExtension.create(publicKey) : await identifierOf(issuer),
    ...(paddingBytes === 0 ? [] : [new Extension(COMMENT_OID, false, commentDer(paddingBytes))]),
  ]
}

/** The one the issuer gives itself: it may be computed differently. */
async function identifierOf(issuer: X509Certificate): Promise<Extension> {
  const own = issuer.getExtension(SubjectKeyIdentifierExtension)
  return own === null
    ? AuthorityKeyIdentifierExtension.create(issuer.publicKey)
    : new AuthorityKeyIdentifierExtension(own.keyId)
}

function publicKeyOf(key: KeyObject): PublicKey {
  return new PublicKey(key.export({ type: 'spki', format: 'der' }))
}

function algorithmOf(key: KeyObject, hash: string) {
  if (key.asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash }
  const namedCurve = CURVES[key.asymmetricKeyDetails?.namedCurve ?? '']
  if (namedCurve === undefined) throw new RangeError(`no signature with a key of type ${key.asymmetricKeyType}`)
  return { name: 'ECDSA', namedCurve, hash }
}
