/** How a fence is read, by the first word of its info string. */
export type Reading =
  /** A script. */
  | 'shell'
  /** Prompts with commands, and output between them. */
  | 'session'
  /** Nothing says what it is. */
  | 'unnamed'
  /** It says that it is nothing in particular; mostly output. */
  | 'plain'
  /** A shell, but none whose grammar is read here. */
  | 'foreign'
  /** Holds no commands. */
  | 'data'
  /** May hold commands inside something else: the steps of a CI job, the lines of a Dockerfile. */
  | 'other'

const READINGS: Readonly<Record<Exclude<Reading, 'other'>, readonly string[]>> = {
  shell: [
    'bash',
    'sh',
    'shell',
    'zsh',
    'ksh',
    'dash',
    'ash',
    'posix',
    'shellscript',
    'shell-script',
    'bashrc',
    'command',
    'commands',
  ],
  session: [
    ...[
      'console',
      'shell-session',
      'shellsession',
      'sh-session',
      'shsession',
      'bash-session',
      'bashsession',
      'terminal',
    ],
    ...['term', 'tty', 'cli', 'commandline', 'command-line', 'cmdline', 'session', 'zsh-session'],
  ],
  unnamed: ['', 'usage', 'synopsis'],
  plain: [
    'text',
    'txt',
    'plain',
    'plaintext',
    'plain-text',
    'none',
    'nohighlight',
    'no-highlight',
    'raw',
    'code',
    'ansi',
  ],
  foreign: [
    ...[
      'fish',
      'powershell',
      'pwsh',
      'ps1',
      'ps',
      'posh',
      'cmd',
      'bat',
      'batch',
      'dosbatch',
      'dos',
      'doscon',
      'wincmd',
    ],
    ...['nu', 'nushell', 'csh', 'tcsh', 'elvish', 'xonsh', 'pwsh-session', 'ps1con'],
  ],
  data: [
    ...[
      'json',
      'jsonc',
      'json5',
      'jsonl',
      'ndjson',
      'jsonlines',
      'csv',
      'tsv',
      'xml',
      'html',
      'svg',
      'css',
      'scss',
      'less',
    ],
    ...['log', 'logs', 'output', 'stdout', 'stderr', 'http', 'sse', 'sql', 'graphql', 'proto', 'protobuf'],
    ...['mermaid', 'dot', 'plantuml', 'math', 'latex', 'tex', 'regex', 'ebnf', 'abnf', 'bnf', 'tree', 'pem', 'hex'],
  ],
}

const BY_NAME = new Map(
  Object.entries(READINGS).flatMap(([reading, names]) => names.map(name => [name, reading as Reading] as const)),
)

/** @param language - as it is written, also `{.bash}` and `bash,ignore` */
export function readingOf(language: string): Reading {
  return BY_NAME.get(nameOf(language)) ?? 'other'
}

export function nameOf(language: string): string {
  return /^[{.]*([\w+#-]*)/.exec(language.toLowerCase())![1]!
}
