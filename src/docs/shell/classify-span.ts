/** What a piece of code in prose looks like; whether there is such a command is for its reader to say. */
export type SpanKind = 'command-like' | 'flag' | 'path' | 'url' | 'json-path' | 'identifier' | 'other'

/**
 * What a span of code is by its looks.
 *
 * `command-like`: words of which the first could name a program or a sub-command (`doctor`, `runs get <run_id>`).
 * `flag`: one option and perhaps its value, nothing else (`--state-root`, `--output=json`, `-v`, `--provider <name>`).
 * `path`: a file, also by its name only (`routes.json`, `<state_root>/audit.jsonl`); also a route of an API (`/v1/status`).
 * `identifier`: a name of code or an environment variable (`auth_ref`, `std::env`, `run()`, `KEY=value`, `RUST_LOG`).
 */
export function classifySpan(text: string): SpanKind {
  const span = text.trim()
  if (span === '') return 'other'
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(span) || /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) \//.test(span)) return 'url'
  if (/^(?:localhost|[\d.]+|\[[\da-f:]+\]):\d+(?:\/\S*)?$/i.test(span)) return 'url'
  if (/^(?:\.[A-Za-z_]\w*(?:\[\d*\])?)+$/.test(span) && !FILE_NAME.test(span)) return 'json-path'
  if (/^\$?(?:\.?[A-Za-z_]\w*(?:\[\d*\])?)(?:\.[A-Za-z_]\w*(?:\[\d*\])?)+$/.test(span) && !FILE_NAME.test(span))
    return 'json-path'
  if (/^[[{"']/.test(span) && /[\]}"']$/.test(span) && !/^\[[A-Z<-]/.test(span)) return 'other'
  if (/^-{1,2}[A-Za-z\d]/.test(span)) return 'flag'
  if (/^\S+$/.test(span)) return ofWord(span)
  if (/^[A-Z][A-Z\d_]*=\S*$/.test(span)) return 'identifier'
  const [first, second] = span.split(/\s+/)
  if (/^[A-Z][A-Z\d_]*=/.test(first!)) return 'command-like'
  if (
    /^[.~/\w][\w./~|-]*$/.test(first!) &&
    /[A-Za-z]/.test(first!) &&
    !/^(?:[=:!<>]?=|[-=]>|<<|>>|[+*/%<>?-])$/.test(second!)
  )
    return 'command-like'
  if (/^(?:<[^>]+>|\$\{?\w+\}?|\$\(.*)$/.test(first!) || first === '$') return 'command-like'
  return 'other'
}

const FILE_NAME =
  /\.(?:json|jsonl|ya?ml|toml|md|mdx|txt|sh|bash|py|ts|js|mjs|rs|go|conf|cfg|ini|env|key|pem|crt|service|log|lock|sock|tar|gz|zst|tgz|zip|html|xml|csv|sql|db|sqlite)$/i

function ofWord(span: string): SpanKind {
  if (/^[A-Za-z_]\w*=/.test(span)) return 'identifier'
  if (/^(?:~|\.{1,2})?\//.test(span) || FILE_NAME.test(span) || /\/$/.test(span)) return 'path'
  if (/\//.test(span)) return 'path'
  if (/::|\(\)?$|[()]|_|[A-Z]|[^\x20-\x7e]/.test(span)) return 'identifier'
  if (/^[a-z][a-z\d-]*(?:\|[a-z][a-z\d-]*)*$/.test(span)) return 'command-like'
  if (/^[a-z][\w.-]*$/i.test(span)) return 'identifier'
  return 'other'
}
