import type { Piece, Word } from './command.ts'

const NOWHERE = { file: '', line: 0, column: 0, endLine: 0, endColumn: 0 }

/**
 * The words of a command line as `formatCommand` writes one: single quotes where a shell would need them, names of secrets
 * in front, and `< [secret name]` behind it; those two are no words.
 */
export function argvOf(line: string): readonly string[] {
  const command = line.replace(/^(?:\w+=\[secret [^\]]*\] )+/, '').replace(/ < (?:\[secret [^\]]*\]|\(text\))$/, '')
  return [...command.matchAll(/(?:'[^']*'|\\.|[^\s'\\])+/g)].map(([word]) =>
    word.replaceAll(/'([^']*)'|\\(.)/g, (_, quoted: string | undefined, escaped: string) => quoted ?? escaped),
  )
}

/** A command line of a plan, whose `<names>` stand for values and whose `…` stands for whatever else there is. */
export function templateWords(template: string): readonly Word[] {
  return argvOf(template).map(source => {
    if (source === '…') return { ...plainWord(source), pieces: [{ hole: source }], many: true }
    return templateWord(source)
  })
}

/** One word of a plan, quotes removed; `<names>` in it stand for values. */
export function templateWord(source: string): Word {
  const pieces: readonly Piece[] = source
    .split(/(<[^<>\s]+>)/)
    .filter(piece => piece !== '')
    .map(piece => (/^<[^<>\s]+>$/.test(piece) ? { hole: piece } : piece))
  return pieces.length === 0 ? plainWord(source) : { ...plainWord(source), pieces }
}

/** A word that means what it says. */
export function plainWord(source: string): Word {
  return { pieces: [source], many: false, optional: false, at: NOWHERE, source }
}
