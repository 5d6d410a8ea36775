import { X509Certificate } from 'node:crypto'
import { calibrate } from '../../adapters/tls/calibrate.ts'
import type { ClientIdentity, Place } from '../../adapters/tls/connection.ts'
import { readIdentity } from '../../adapters/tls/identity.ts'
import { inspect } from '../../adapters/tls/inspect.ts'
import { rootsIn, rootsOfMachine } from '../../adapters/tls/roots.ts'
import { parseDuration } from '../../model/duration.ts'
import { RunproofError } from '../../model/error.ts'
import { hostOf } from '../../model/host-text.ts'
import { readCertificate } from '../../tls/facts.ts'
import { verdictOf } from '../../tls/finding.ts'
import { judge } from '../../tls/judge.ts'
import type { CheckFlags } from '../commands/tls.ts'
import { interruptible } from '../interrupt.ts'
import { findingLines, toDocument } from './tls-table.ts'

const MOST_TIMEOUT_MS = 60_000
const PROTOCOLS = ['h2', 'http/1.1']

/**
 * Looks at one server's TLS, and prints what it came to.
 *
 * @returns the exit code
 */
export async function checkTls(where: string, flags: CheckFlags): Promise<number> {
  const began = performance.now()
  const place = readPlace(where, flags.servername)
  const timeoutMs = readTimeout(flags.timeout)
  const redirect = readRedirect(flags, place)
  const warnDays = flags.warnDays === undefined ? undefined : readNumber('--warn-days', flags.warnDays, 0, 36_500)
  if (flags.alpn !== undefined && !PROTOCOLS.includes(flags.alpn))
    throw new RunproofError('USAGE', `--alpn ${flags.alpn}: expected ${PROTOCOLS.join(' or ')}`)
  const identity = await readClient(flags)
  const roots =
    flags.caFile === undefined ? await rootsOfMachine() : await rootsIn(flags.caFile, `--ca-file ${flags.caFile}`)
  const expected = await readExpected(flags.expectCert)
  using interrupt = interruptible(process, () => process.stderr.write('interrupted: nothing was changed\n'))

  const limits = { timeoutMs, signal: interrupt.signal }
  const calibrated = calibrate(limits)
  // Where the first handshake fails, nobody waits for it.
  calibrated.catch(() => {})
  const seen = await inspect({
    ...limits,
    place,
    calibrated,
    roots,
    identity,
    redirect,
    requireClientCertificate: flags.requireClientCert === true,
    compareServed: expected !== undefined,
  })
  const now = new Date()
  const { findings, path } = judge(seen, {
    name: place.name,
    roots: readable(roots),
    rootsName: flags.caFile ?? 'a root of this machine',
    now,
    warnDays,
    alpn: flags.alpn,
    expected,
    redirectFrom: flags.redirectFrom ?? (flags.plainPort === undefined ? undefined : `port ${flags.plainPort}`),
    requireClientCertificate: flags.requireClientCert === true,
  })
  const checked = {
    place,
    seen,
    path,
    findings,
    now,
    durationMs: performance.now() - began,
    exitCode: verdictOf(findings, flags.failOn),
  }
  if (flags.json === true) process.stdout.write(`${JSON.stringify(toDocument(checked))}\n`)
  else process.stdout.write(findingLines(checked).join(''))
  return checked.exitCode
}

/** A list of roots may hold one that this library does not read, and that therefore trusts nothing. */
function readable(roots: readonly string[]): readonly X509Certificate[] {
  return roots.flatMap(root => {
    try {
      return [new X509Certificate(root)]
    } catch {
      return []
    }
  })
}

function readPlace(where: string, servername: string | undefined): Place {
  const [, six, other, digits = ''] = /^(?:\[([0-9a-f:.]+)\]|([^\s:/@[\]]+)):(\d{1,5})$/i.exec(where) ?? []
  const host = six ?? other
  const port = Number(digits)
  if (host === undefined || port < 1 || port > 65_535)
    throw new RunproofError('USAGE', `${where} is no HOST:PORT`, {
      hint: 'for example edge.internal:443 or [::1]:8443',
    })
  const name = (servername ?? host).replace(/\.$/, '').toLowerCase()
  if (!/^[a-z0-9_.:-]{1,253}$/.test(name))
    throw new RunproofError('USAGE', `--servername ${name} is no name`, { hint: 'other scripts in their xn-- form' })
  return { host, port, name }
}

function readTimeout(text: string): number {
  const timeoutMs = parseDuration(text)
  if (timeoutMs >= 1 && timeoutMs <= MOST_TIMEOUT_MS) return timeoutMs
  throw new RunproofError('USAGE', `--timeout ${text}: expected 1ms to 60s`)
}

function readNumber(flag: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw new RunproofError('USAGE', `${flag} ${text}: expected a whole number from ${least} to ${most}`)
}

function readRedirect(flags: CheckFlags, place: Place): { readonly place: Place; readonly path: string } | undefined {
  if (flags.plainPort !== undefined)
    return { place: { ...place, port: readNumber('--plain-port', flags.plainPort, 1, 65_535) }, path: '/' }
  if (flags.redirectFrom === undefined) return undefined
  const url = URL.canParse(flags.redirectFrom) ? new URL(flags.redirectFrom) : undefined
  if (url?.protocol !== 'http:' || url.username !== '' || url.password !== '')
    throw new RunproofError('USAGE', '--redirect-from: expected an http: address without a user', {
      hint: '--redirect-from http://edge.internal/',
    })
  const host = hostOf(url)
  return { place: { host, name: host, port: Number(url.port || 80) }, path: `${url.pathname}${url.search}` }
}

async function readClient({ clientCert, clientKey }: CheckFlags): Promise<ClientIdentity | undefined> {
  if (clientCert === undefined && clientKey === undefined) return undefined
  if (clientCert === undefined || clientKey === undefined)
    throw new RunproofError('USAGE', '--client-cert and --client-key go together', {
      hint: 'runproof tls issue --client makes a pair',
    })
  const { certificatesPem, privateKeyPem } = await readIdentity(
    { certificate: clientCert, key: clientKey },
    { certificate: '--client-cert', key: '--client-key' },
  )
  return { certificatePem: certificatesPem.join('\n'), privateKeyPem }
}

async function readExpected(file: string | undefined) {
  if (file === undefined) return undefined
  const [first] = await rootsIn(file, `--expect-cert ${file}`)
  return { certificate: readCertificate(first!, `--expect-cert ${file}`), file }
}
