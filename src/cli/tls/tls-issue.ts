import { dirname, join, resolve } from 'node:path'
import { files } from '../../adapters/files.ts'
import { readIdentity } from '../../adapters/tls/identity.ts'
import { refuseExisting, type SetFile, writeSet } from '../../adapters/tls/write-set.ts'
import { RunproofError } from '../../model/error.ts'
import { bracketed } from '../../model/host-text.ts'
import type { Secret } from '../../model/secret.ts'
import { terminalLine } from '../../reporters/text/terminal.ts'
import { authorityOf } from '../../tls/authority.ts'
import { type Issued, issueAuthority, issueLeaf } from '../../tls/issue.ts'
import { isAddress, type KeyKind } from '../../tls/template.ts'
import type { IssueFlags } from '../commands/tls.ts'
import { parsePairs } from '../options.ts'
import { readSecrets } from '../secrets.ts'

const DAY_MS = 86_400_000
const DEFAULT_DAYS = 30
const KEPT_AUTHORITY_DAYS = 365
const MOST_DAYS = 3_650
const PASSWORD = 'pkcs12-password'
const PRIVATE = 0o600
const PUBLIC = 0o644

/** What is to be made, read from the flags: what flags can get wrong was refused. */
interface Asked {
  readonly flags: IssueFlags
  readonly names: readonly string[]
  /** Undefined where nobody said how long. */
  readonly days: number | undefined
  readonly password: Secret | undefined
  readonly kind: 'client' | 'server'
  /** Whether there is an authority already. */
  readonly reused: boolean
  readonly keepKey: boolean
  /** In the directory that the flags name. */
  readonly paths: Readonly<Record<'ca' | 'caKey' | 'certificate' | 'key', string>>
}

interface Made extends Asked {
  readonly leaf: Issued
  readonly authority: Issued
}

/**
 * Makes an authority and a certificate by it, and writes them.
 *
 * @returns the exit code
 */
export async function issueTls(flags: IssueFlags): Promise<number> {
  const asked = await readAsked(flags)
  const made = { ...asked, ...(await issue(asked)) }
  const set = filesOf(made)
  // Made before anything is written: what cannot be made leaves nothing half done.
  const archive = await archiveOf(made)
  await writeSet(flags.out, set)
  if (archive !== undefined) await files.write(flags.pkcs12!, archive, PRIVATE)

  if (flags.json === true) process.stdout.write(`${JSON.stringify(toDocument(made, set))}\n`)
  else for (const line of lines(made, set)) process.stdout.write(`${terminalLine(line)}\n`)
  return 0
}

async function readAsked(flags: IssueFlags): Promise<Asked> {
  if (flags.out === '') throw new RunproofError('USAGE', '--out names no directory', { hint: '--out edge-tls' })
  const names = readNames(flags)
  const days = readDays(flags.days)
  const password = await readPassword(flags)
  const kind = flags.client === true ? 'client' : 'server'
  const paths = { ca: 'ca.pem', caKey: 'ca-key.pem', certificate: `${kind}.pem`, key: `${kind}-key.pem` }
  const keepKey = flags.keepCaKey === true
  const reused = flags.caCert !== undefined || flags.caKey !== undefined
  refuseMixed(flags, reused)
  const written = [paths.key, paths.certificate, ...(reused ? [] : [paths.ca]), ...(keepKey ? [paths.caKey] : [])]
  await refuseArchive(flags, written)
  const inPlace = written.map(name => join(flags.out, name))
  if (flags.force !== true) await refuseExisting([...inPlace, ...(flags.pkcs12 === undefined ? [] : [flags.pkcs12])])
  return { flags, names, days, password, kind, reused, keepKey, paths }
}

/** A new authority lasts as long as what it issues; one whose key is kept issues more. */
async function issue({ flags, names, days, kind, reused, keepKey }: Asked): Promise<Pick<Made, 'leaf' | 'authority'>> {
  const now = new Date()
  const key: KeyKind = flags.rsa === undefined ? 'ec-p256' : `rsa-${flags.rsa}`
  const ends = new Date(+now + (days ?? DEFAULT_DAYS) * DAY_MS)
  const kept = new Date(Math.max(+ends, +now + KEPT_AUTHORITY_DAYS * DAY_MS))
  const authority = reused
    ? await readAuthority(flags, now)
    : await issueAuthority({ key, pathLength: 0, validTo: keepKey ? kept : ends })
  const { validToDate } = authority.certificate
  if (days !== undefined && ends > validToDate && reused)
    throw new RunproofError(
      'CERTIFICATE_INVALID',
      `--days ${days}: its authority ends before, ${validToDate.toISOString()}`,
      { hint: 'fewer days, or a new authority: leave --ca-cert and --ca-key out' },
    )
  const leaf = await issueLeaf(authority, {
    key,
    names,
    purposes: [kind === 'client' ? 'clientAuth' : 'serverAuth'],
    validTo: new Date(Math.min(+ends, +validToDate)),
  })
  return { authority, leaf }
}

function filesOf({ paths, leaf, authority, reused, keepKey }: Made): readonly SetFile[] {
  return [
    { path: paths.key, content: leaf.privateKeyPem, mode: PRIVATE },
    { path: paths.certificate, content: leaf.chainPem, mode: PUBLIC },
    ...(reused ? [] : [{ path: paths.ca, content: authority.certificatePem, mode: PUBLIC }]),
    ...(keepKey ? [{ path: paths.caKey, content: authority.privateKeyPem, mode: PRIVATE }] : []),
  ]
}

/** Where whoever connects finds the authority. */
function caFileOf({ flags, reused, paths }: Asked): string {
  return reused ? flags.caCert! : join(flags.out, paths.ca)
}

function readNames({ name, ip }: IssueFlags): readonly string[] {
  const address = name.find(isAddress)
  if (address !== undefined)
    throw new RunproofError('USAGE', `--name ${address} is an address`, { hint: `--ip ${address}` })
  const host = ip.find(text => !isAddress(text))
  if (host !== undefined) throw new RunproofError('USAGE', `--ip ${host} is no address`, { hint: `--name ${host}` })
  if (name.length + ip.length > 0) return [...name, ...ip]
  throw new RunproofError('USAGE', 'nothing says for whom', { hint: '--name edge.internal, or --ip 127.0.0.1' })
}

function readDays(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const days = Number(text)
  if (/^\d+$/.test(text) && days >= 1 && days <= MOST_DAYS) return days
  throw new RunproofError('USAGE', `--days ${text}: expected a whole number from 1 to ${MOST_DAYS}`)
}

function refuseMixed(flags: IssueFlags, reused: boolean): void {
  const refuse = (why: string, hint: string) => new RunproofError('USAGE', why, { hint })
  if (reused && (flags.caCert === undefined || flags.caKey === undefined))
    throw refuse('--ca-cert and --ca-key go together', 'name both, or neither for a new authority')
  if (reused && flags.keepCaKey === true)
    throw refuse('--keep-ca-key is for a new authority, and --ca-key names one that is kept', 'leave one of them out')
}

/** The archive is written last, and what is found only then would leave the rest behind. */
async function refuseArchive({ out, pkcs12 }: IssueFlags, written: readonly string[]): Promise<void> {
  if (pkcs12 === undefined) return
  const same = written.map(name => join(out, name)).find(path => resolve(path) === resolve(pkcs12))
  if (same !== undefined)
    throw new RunproofError('USAGE', `--pkcs12 ${pkcs12} is where ${same} is written to`, { hint: 'another name' })
  const directory = dirname(resolve(pkcs12))
  if (directory !== resolve(out) && (await files.facts(directory)) === undefined)
    throw new RunproofError('USAGE', `--pkcs12 ${pkcs12}: there is no directory ${directory}`, {
      hint: 'make it first, or write into --out',
    })
}

async function readPassword(flags: IssueFlags): Promise<Secret | undefined> {
  const references = parsePairs('--secret', flags.secret, { secret: true })
  const refuse = (why: string, hint: string) => new RunproofError('USAGE', why, { hint })
  if (references[PASSWORD] === 'generate')
    throw refuse(
      `--secret ${PASSWORD}: a generated password would be known to nobody`,
      'env:VAR, file:PATH, keyring:NAME or stdin',
    )
  const { [PASSWORD]: password } = await readSecrets(references, [PASSWORD], process.env, process.stdin)
  if (flags.pkcs12 === undefined) {
    if (password === undefined) return undefined
    throw refuse(`--secret ${PASSWORD} is for --pkcs12`, '--pkcs12 FILE')
  }
  if (flags.rsa === undefined)
    throw refuse(
      '--pkcs12 is written for RSA keys only',
      '--rsa; for ECDSA: openssl pkcs12 -export -in server.pem -inkey server-key.pem',
    )
  if (password === undefined) throw refuse('--pkcs12 needs a password', `--secret ${PASSWORD}=env:VAR`)
  return password
}

async function readAuthority({ caCert, caKey }: IssueFlags, now: Date): Promise<Issued> {
  const read = await readIdentity({ certificate: caCert!, key: caKey! }, { certificate: '--ca-cert', key: '--ca-key' })
  return authorityOf(read, `--ca-cert ${caCert}`, now)
}

async function archiveOf({ leaf, authority, password }: Made): Promise<Uint8Array | undefined> {
  if (password === undefined) return undefined
  if (authority.privateKey.asymmetricKeyType !== 'rsa')
    throw new RunproofError('USAGE', '--pkcs12 is written for authorities with RSA keys only', {
      hint: 'openssl pkcs12 -export -in server.pem -inkey server-key.pem',
    })
  const { writePkcs12 } = await import('../../adapters/tls/pkcs12.ts')
  return writePkcs12(leaf, authority, password)
}

function lines(made: Made, set: readonly SetFile[]): string[] {
  const { flags, names, leaf, authority, kind, reused, keepKey } = made
  const caFile = caFileOf(made)
  const at = (name: string) => join(flags.out, name)
  const show = ({ certificate }: Issued) => [
    `    ${certificate.subject.replaceAll('\n', ', ')}, until ${certificate.validToDate.toISOString()}`,
    `    sha256 ${fingerprint(certificate)}`,
  ]
  const next =
    kind === 'server'
      ? [
          `next: in nginx: ssl_certificate ${at('server.pem')}; ssl_certificate_key ${at('server-key.pem')};`,
          `      runproof tls check ${bracketed(names[0]!).replace('*', 'www')}:443 --ca-file ${caFile}`,
        ]
      : [
          `next: in nginx: ssl_verify_client on; ssl_client_certificate ${caFile};`,
          `      runproof tls check HOST:443 --client-cert ${at('client.pem')} --client-key ${at('client-key.pem')} --require-client-cert`,
        ]
  return [
    ...set.map(({ path, mode }) => `${at(path)}  0${mode.toString(8)}`),
    ...(flags.pkcs12 === undefined ? [] : [`${flags.pkcs12}  0600`]),
    `  ${kind} certificate for ${names.join(', ')}`,
    ...show(leaf),
    `  ${reused ? 'by the authority' : 'by a new authority'}`,
    ...show(authority),
    ...(reused || keepKey
      ? []
      : ['the authority’s key was not kept: nobody issues with it again (--keep-ca-key keeps it)']),
    ...next,
  ]
}

function toDocument(made: Made, set: readonly SetFile[]): object {
  const { flags, names, leaf, authority, kind, reused, keepKey } = made
  const show = ({ certificate }: Issued) => ({
    subject: certificate.subject.replaceAll('\n', ', '),
    sha256: fingerprint(certificate),
    serial: certificate.serialNumber.toLowerCase(),
    validFromAt: certificate.validFromDate.toISOString(),
    validToAt: certificate.validToDate.toISOString(),
  })
  return {
    schema: 'runproof-tls-issue-1',
    kind,
    names,
    certificate: show(leaf),
    authority: { ...show(authority), file: caFileOf(made), isNew: !reused, keyKept: reused || keepKey },
    files: [
      ...set.map(({ path, mode }) => ({ path: join(flags.out, path), mode: `0${mode.toString(8)}` })),
      ...(flags.pkcs12 === undefined ? [] : [{ path: flags.pkcs12, mode: '0600' }]),
    ],
  }
}

function fingerprint({ fingerprint256 }: Issued['certificate']): string {
  return fingerprint256.replaceAll(':', '').toLowerCase()
}
