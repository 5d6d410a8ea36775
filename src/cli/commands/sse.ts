import { Command } from 'commander'

const EXAMPLES = `
Examples:
  runproof sse check http://127.0.0.1:4000/v1/events/stream --token-file /keys/readonly-token
  runproof sse check https://gateway/v1/events/stream --token-file T --ca-file CA --http2 --direct http://127.0.0.1:4000/v1/events/stream`

const check = new Command('check')
  .summary('whether an event stream comes when it is sent, and goes on where a reader left')
  .description(
    'Reads an event stream in every way a reader does: from the beginning, from the middle by cursor and by Last-Event-ID, after a cut, with cursors that are none, and idle. Writes nothing to the server. No evidence is sealed.',
  )
  .argument('<url>', 'of the stream: the global one, or that of a session or run')
  .option('--token-file <file>', 'holds the bearer token; a read-only one is enough')
  .option('--ca-file <file>', 'certificates to trust instead of the roots of this machine, PEM')
  .option('--http2', 'also over HTTP/2, which is offered and has to be taken')
  .option('--direct <url>', 'the same stream without the proxy; what is worse through the proxy is told')
  .option('--cursor-param <name>', 'member of the query that says where to go on (default: what the target calls it)')
  .option('--events <n>', 'compare at most so many, 3 to 100000', '200')
  .option('--timeout <duration>', 'for an answer, and for the next event where one is owed, up to 10m', '5s')
  .option('--heartbeat-within <duration>', 'of silence, up to 10m', '15s')
  .option('--no-heartbeat', 'do not wait for one')
  .option('--target <id>', 'who names heartbeats, gaps and refusals; none for a server of another kind', 'stand-in')
  .option('--json', 'the findings as JSON on standard output; errors as JSON on standard error')
  .addHelpText(
    'after',
    `${EXAMPLES}

At most two requests with a malformed cursor are refused for each way the stream is reached, which no audit log records;
a token that is refused is shown once for each way, and leaves one row.
Here 0 is: nothing was found. 1: something was. 3: no answer, or not one event. 130: interrupted; what was found
so far is printed.`,
  )
  .action(async (url: string, options: CheckFlags) => {
    const { checkSse } = await import('../sse/check-sse.ts')
    process.exitCode = await checkSse(url, options)
  })

export default new Command('sse')
  .summary('event streams: replay, heartbeats, buffering')
  .addCommand(check)
  .addHelpText('after', EXAMPLES)

export interface CheckFlags {
  readonly tokenFile?: string
  readonly caFile?: string
  readonly http2?: boolean
  readonly direct?: string
  readonly cursorParam?: string
  readonly events: string
  readonly timeout: string
  readonly heartbeatWithin: string
  readonly heartbeat: boolean
  readonly target: string
  readonly json?: boolean
}
