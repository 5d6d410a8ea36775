import { createDiffieHellmanGroup, randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type {
  CopyPlace,
  NginxCopy,
  NginxMessage,
  NginxSource,
  Prepared,
  PrepareOptions,
  ServerIdentity,
} from '../../model/nginx.ts'
import type { RunResult } from '../../model/run-command.ts'
import { readMessages } from '../../nginx/messages.ts'
import { AUTHORITY, DH_PARAMETERS, LEAF, LEAF_KEY, TICKET_KEY } from '../../nginx/relocate/rules.ts'
import { issueAuthority, issueLeaf } from '../../tls/issue.ts'
import type { MachineNginx } from './program.ts'

const TICKET_KEY_BYTES = 80
const SEVERE: readonly NginxMessage['level'][] = ['warn', 'error', 'crit', 'alert', 'emerg']

/** Writes a copy of a configuration and all it needs into one private directory. */
export async function writePrefix(
  program: MachineNginx,
  source: NginxSource,
  { directory, ports, upstream = () => undefined, identity, oneProcess = false }: PrepareOptions,
  { sockets = {}, asRoot = process.geteuid?.() === 0 }: { sockets?: CopyPlace['sockets']; asRoot?: boolean } = {},
): Promise<Prepared> {
  const copy = source.copy({
    ports,
    sockets,
    upstream,
    module: program.module,
    builtWith: program.builtWith,
    asRoot,
    oneProcess,
  })
  const { files: secrets, roots } = await identityFiles(source, identity)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  for (const { name, content } of [...copy.files, ...secrets]) {
    await writeFile(join(directory, name), content, { mode: 0o600 })
  }
  const command = (...words: readonly string[]) => ({
    argv: [
      program.path,
      '-p',
      `${directory}/`,
      '-e',
      'stderr',
      '-c',
      join(directory, copy.files[0]!.name),
      ...words,
    ] as const,
    cwd: directory,
  })
  return {
    program,
    rewrites: copy.rewrites,
    test: command('-t'),
    run: command(),
    errorLog: join(directory, 'error.log'),
    roots,
    caFile: join(directory, AUTHORITY),
    messages: output => readMessages(output, copy, directory),
    verdict: result => verdictOf(result, copy, directory),
  }
}

function verdictOf(
  { exitCode, stderr }: RunResult,
  copy: NginxCopy,
  directory: string,
): ReturnType<Prepared['verdict']> {
  const messages = readMessages(stderr, copy, directory).filter(({ level }) => SEVERE.includes(level))
  return [exitCode === 0 ? 'accepted' : 'refused', messages]
}

interface IdentityFiles {
  readonly files: readonly { readonly name: string; readonly content: string | Uint8Array }[]
  readonly roots: readonly string[]
}

async function identityFiles(source: NginxSource, given: ServerIdentity | undefined): Promise<IdentityFiles> {
  const { certificate, key, authority } = given ?? (await issueIdentity(source))
  const roots = authority === undefined ? [certificate] : [authority]
  return {
    files: [
      { name: LEAF, content: certificate },
      { name: LEAF_KEY, content: key },
      { name: AUTHORITY, content: roots[0]! },
      { name: TICKET_KEY, content: randomBytes(TICKET_KEY_BYTES) },
      { name: DH_PARAMETERS, content: dhParameters() },
    ],
    roots,
  }
}

async function issueIdentity({ names, key }: NginxSource): Promise<ServerIdentity> {
  const authority = await issueAuthority()
  const leaf = await issueLeaf(authority, {
    names: [...new Set(['localhost', '127.0.0.1', ...names])],
    key,
    purposes: ['serverAuth', 'clientAuth'],
  })
  return { certificate: leaf.chainPem, key: leaf.privateKeyPem.reveal(), authority: authority.certificatePem }
}

/** A well-known group of 2 048 bits as PKCS #3, which takes no time to find. @see RFC 3526, section 3 */
function dhParameters(): string {
  const group = createDiffieHellmanGroup('modp14')
  const integers = Buffer.concat([group.getPrime(), group.getGenerator()].map(derInteger))
  const base64 = der(0x30, integers).toString('base64').replaceAll(/.{64}/g, '$&\n')
  return `-----BEGIN DH PARAMETERS-----\n${base64}\n-----END DH PARAMETERS-----\n`
}

function derInteger(value: Buffer): Buffer {
  return der(0x02, value[0]! >= 0x80 ? Buffer.concat([Buffer.of(0), value]) : value)
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content
  return Buffer.concat([Buffer.from(length < 0x80 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff]), content])
}
