import { isUtf8 } from 'node:buffer'
import type { Block, ConfigFile, Directive, Ended, ForeignBlock, Word } from './ast.ts'
import { invalid } from './invalid.ts'
import { Lexer, type Statement } from './lex.ts'

/** Deeper nesting than anyone writes; whoever walks through the tree may do so by recursion. */
const MAX_DEPTH = 1000

/** A block that is being read. The file itself is the outermost, without a name. */
interface Open {
  readonly name?: Word
  readonly args: readonly Word[]
  readonly before: string
  readonly directives: Directive[]
}

/**
 * One file of a configuration, in linear time. What is allowed where is not asked here.
 *
 * @param path - as positions and messages shall name it
 * @param bytes - UTF-8, else every byte is a character
 * @throws RunproofError CONFIG_INVALID with `file:line:column` and what was expected, where `nginx -t` would not read it
 *   either, and for more than 1000 blocks in each other
 */
export function parseConfig(path: string, bytes: Uint8Array): ConfigFile {
  const encoding = isUtf8(bytes) ? 'utf8' : 'latin1'
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(encoding)
  const lexer = new Lexer(path, text, encoding)
  const outermost: Open = { args: [], before: '', directives: [] }
  const outer: Open[] = []
  let open = outermost

  for (;;) {
    const statement = lexer.next()
    const [name, ...args] = statement.words
    if (statement.end === 'end of file') {
      if (open.name !== undefined) throw unclosed(statement, open.name)
      return { path, directives: outermost.directives, after: statement.before, encoding }
    }
    if (statement.end === '}') {
      const parent = outer.pop()
      if (parent === undefined || open.name === undefined) {
        throw invalid(statement.endAt, 'unexpected "}", no block is open', 'remove it, or the one too many before it')
      }
      const body: Block = {
        kind: 'block',
        before: open.before,
        directives: open.directives,
        beforeEnd: statement.before,
      }
      parent.directives.push({ name: open.name, args: open.args, body })
      open = parent
    } else if (statement.end === ';') {
      const body: Ended = { kind: 'ended', before: statement.before }
      open.directives.push({ name: name!, args, body })
    } else if (name!.text.endsWith('_by_lua_block')) {
      const body: ForeignBlock = { kind: 'foreign', before: statement.before, text: lexer.lua(name!) }
      open.directives.push({ name: name!, args, body })
    } else {
      if (outer.length === MAX_DEPTH) {
        throw invalid(name!.at, `more than ${MAX_DEPTH} blocks are open in each other`, 'is a "}" missing before it?')
      }
      outer.push(open)
      open = { name: name!, args, before: statement.before, directives: [] }
    }
  }
}

function unclosed({ endAt }: Statement, name: Word) {
  return invalid(
    endAt,
    `the file ends unexpectedly, expected "}" for "${name.text}" of line ${name.at.line}`,
    'close every block that was opened in this file',
  )
}
