import { Command, Option } from 'commander'

const CHECK_EXAMPLES = `
Examples:
  runproof nginx check nginx/runproof.conf
  runproof nginx check /etc/nginx/nginx.conf --host daemon.example.com --format sarif --output nginx.sarif`

const EXPLAIN_EXAMPLES = `
Examples:
  runproof nginx explain nginx/runproof.conf /v1/events/stream
  runproof nginx explain /etc/nginx/nginx.conf /v1/sessions --host daemon.example.com --method POST --json`

const check = new Command('check')
  .summary('judge a configuration by what requests for the daemon get')
  .description(
    'Reads an nginx configuration with its includes, asks it what becomes of each path of the daemon, and judges that.',
  )
  .argument('<file>', 'the main configuration file')
  .option('--target <id>', 'the daemon behind it', 'stand-in')
  .option('--host <name>', 'judge the server of this name only (default: each that passes the daemon’s paths on)')
  .addOption(new Option('--format <format>', 'of the result').choices(['pretty', 'json', 'sarif']).default('pretty'))
  .option('--output <file>', 'write the result there (0600) instead of to standard output')
  .option('--waivers <file>', 'JSON list of findings that are accepted until a day, each with a reason')
  .addOption(new Option('--fail-on <level>', 'the level that fails').choices(['error', 'warning']).default('error'))
  .option('--no-nginx', 'do not ask the nginx of this machine as well')
  .option('--json', 'as --format json; errors as JSON on standard error')
  .addHelpText(
    'after',
    `${CHECK_EXAMPLES}

Waivers, where path (an id as in "judged") and location may be left out:
  [{"rule": "stream-http2", "path": "run-stream", "location": "edge.conf:12",
    "reason": "the balancer before it speaks HTTP/1.1 only", "expires": "2027-01-31"}]

Here 0 is: nothing was found at the level that fails. 1: something was, or nginx itself refuses the configuration.
3: the configuration cannot be read, or passes none of the daemon's paths on. Findings that are waived do not fail.`,
  )
  .action(async (file: string, flags: CheckFlags) => {
    const { checkNginx } = await import('../nginx/check-nginx.ts')
    process.exitCode = await checkNginx(file, flags)
  })

const explain = new Command('explain')
  .summary('say what one request gets: server, location, upstream, settings and headers, and where each comes from')
  .argument('<file>', 'the main configuration file')
  .argument('<path>', 'path of the request, with its query')
  .option('--host <name>', 'of the request (default: the first name of a server)')
  .option('--method <method>', 'of the request', 'GET')
  .addOption(new Option('--scheme <scheme>', 'of the request').choices(['https', 'http']).default('https'))
  .option('--json', 'the view as JSON on standard output; errors as JSON on standard error')
  .addHelpText('after', EXPLAIN_EXAMPLES)
  .action(async (file: string, path: string, flags: ExplainFlags) => {
    const { explainNginx } = await import('../nginx/explain-nginx.ts')
    process.exitCode = await explainNginx(file, path, flags)
  })

export default new Command('nginx')
  .summary('the reverse proxy in front of the daemon, by what a request really gets')
  .addCommand(check)
  .addCommand(explain)
  .addHelpText('after', CHECK_EXAMPLES)

export interface CheckFlags {
  readonly target: string
  readonly host?: string
  readonly format: 'pretty' | 'json' | 'sarif'
  readonly output?: string
  readonly waivers?: string
  readonly failOn: 'error' | 'warning'
  readonly nginx: boolean
  readonly json?: boolean
}

export interface ExplainFlags {
  readonly host?: string
  readonly method: string
  readonly scheme: 'https' | 'http'
  readonly json?: boolean
}
