/** Everything that Markdown or HTML could take for more than a letter. */
const MARKS = /[\\`*_[\]<>|~&$]/g

/** A text as itself, in a cell or anywhere else, under every reader of GitHub's Markdown: no mark, no element, no address. */
export function escapeMarkdown(text: string): string {
  return text
    .replace(MARKS, mark => `\\${mark}`)
    .replace(/:\/\//g, ':\\/\\/')
    .replace(/\bwww\./gi, word => `${word.slice(0, 3)}&#46;`)
}

/** A line as a piece of code: nothing in it ends it. */
export function asCode(line: string): string {
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  const pad = /^`|`$/.test(line) ? ' ' : ''
  return `${fence}${pad}${line}${pad}${fence}`
}
