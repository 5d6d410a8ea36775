import { Command, Option } from 'commander'

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
    const { checkTls } = await import('../tls-check.ts')
    process.exitCode = await checkTls(where, options)
  })

export default new Command('tls')
  .summary('certificates: make them, and check how they are served')
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
