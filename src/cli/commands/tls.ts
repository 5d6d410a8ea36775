import { Command, Option } from 'commander'
import { collect } from '../options.ts'

const EXAMPLES = `
Examples:
  runproof tls issue --out edge-tls --name edge.internal --ip 127.0.0.1
  runproof tls check edge.internal:443 --ca-file edge-tls/ca.pem --plain-port 80`

const check = new Command('check')
  .summary('look at what a server’s TLS gives a client')
  .description('Connects about ten times, judges what it sees, and changes nothing. No evidence is sealed.')
  .argument('<host:port>', 'where the server listens; an IPv6 address in brackets')
  .option('--ca-file <file>', 'certificates in PEM that are trusted instead of this machine’s roots')
  .option('--servername <name>', 'ask by this name (SNI), which the certificate has to be for; default: the host')
  .option('--warn-days <n>', 'warn when less is left; default: 21, or a third of a shorter life')
  .option('--expect-cert <file>', 'the certificate that has to be served, on several connections')
  .option('--alpn <protocol>', 'what has to be chosen of h2 and http/1.1')
  .option('--client-cert <file>', 'certificate to come with, PEM; it has to be let in')
  .option('--client-key <file>', 'its private key, PEM')
  .option('--require-client-cert', 'nobody may be let in without a certificate')
  .addOption(
    new Option('--plain-port <n>', 'a port of the same host that has to redirect to TLS').conflicts('redirectFrom'),
  )
  .option('--redirect-from <url>', 'the same, at any http: address')
  .option('--timeout <duration>', 'for each connection', '5s')
  .addOption(new Option('--fail-on <level>', 'the level that fails').choices(['warn', 'fail']).default('fail'))
  .option('--json', 'findings as JSON on standard output; errors as JSON on standard error')
  .addHelpText(
    'after',
    `${EXAMPLES}

Here 0 is: no finding reached the level that fails. 1: one did. 3: no TLS to judge (nothing listens, no TLS, no
answer in time), or a question without an answer and nothing that fails. 130: interrupted.`,
  )
  .action(async (where: string, options: CheckFlags) => {
    const { checkTls } = await import('../tls/tls-check.ts')
    process.exitCode = await checkTls(where, options)
  })

const issue = new Command('issue')
  .summary('make a private authority and a certificate by it')
  .description('Writes ca.pem, server.pem and server-key.pem, or client.pem and client-key.pem. Keys are 0600.')
  .requiredOption('--out <dir>', 'where to; made with mode 0700 when it is not there')
  .option('--name <host...>', 'DNS names to be for; the first label may be *', collect, [])
  .option('--ip <address...>', 'addresses to be for', collect, [])
  .option('--client', 'for a client instead of a server')
  .option('--days <n>', 'until when it is valid; default: 30, and not longer than its authority')
  .addOption(
    new Option('--rsa [bits]', 'RSA keys instead of ECDSA P-256').choices(['2048', '3072', '4096']).preset('2048'),
  )
  .option('--keep-ca-key', 'keep the authority’s key as ca-key.pem, and let the authority last 365 days')
  .option('--ca-cert <file>', 'issue by this authority instead of a new one')
  .option('--ca-key <file>', 'its private key, PEM')
  .option('--pkcs12 <file>', 'also write key and certificates there as PKCS #12; RSA only')
  .option(
    '--secret <name=source>',
    'pkcs12-password=env:VAR, file:PATH, keyring:NAME or stdin; repeatable',
    collect,
    [],
  )
  .option('--force', 'replace files that are there')
  .option('--json', 'what was made as JSON on standard output; errors as JSON on standard error')
  .addHelpText(
    'after',
    `${EXAMPLES}

The authority’s key is not kept unless that is asked for: what nobody has, nobody steals, and a certificate of a short
life is renewed together with its authority. Here 0 is: everything was written. 3: nothing was, or could not be.`,
  )
  .action(async (options: IssueFlags) => {
    const { issueTls } = await import('../tls/tls-issue.ts')
    process.exitCode = await issueTls(options)
  })

export default new Command('tls')
  .summary('certificates: make them, and check how they are served')
  .addCommand(issue)
  .addCommand(check)
  .addHelpText('after', EXAMPLES)

export interface CheckFlags {
  readonly caFile?: string
  readonly servername?: string
  readonly warnDays?: string
  readonly expectCert?: string
  readonly alpn?: string
  readonly clientCert?: string
  readonly clientKey?: string
  readonly requireClientCert?: boolean
  readonly plainPort?: string
  readonly redirectFrom?: string
  readonly timeout: string
  readonly failOn: 'warn' | 'fail'
  readonly json?: boolean
}

export interface IssueFlags {
  readonly out: string
  readonly name: readonly string[]
  readonly ip: readonly string[]
  readonly client?: boolean
  readonly days?: string
  readonly rsa?: '2048' | '3072' | '4096'
  readonly keepCaKey?: boolean
  readonly caCert?: string
  readonly caKey?: string
  readonly pkcs12?: string
  readonly secret: readonly string[]
  readonly force?: boolean
  readonly json?: boolean
}
