import type { Code, Construct, Effects, Extension, State, TokenizeContext } from 'micromark-util-types'

declare module 'micromark-util-types' {
  interface TokenTypeMap {
    indentedBlock: 'indentedBlock'
    indentedBlockHead: 'indentedBlockHead'
    indentedBlockIndent: 'indentedBlockIndent'
  }
}

const TAB = -2
const VIRTUAL_SPACE = -1
const SPACE = 32
const QUOTE = 34
/** Columns by which Python-Markdown wants the content of a block indented. */
const INDENT = 4

/**
 * Blocks of Python-Markdown and MkDocs, whose content is indented: `!!! note`, `??? note`, `=== "Tab"`. To CommonMark the
 * content would be a paragraph or indented code; here it is a container like a list item.
 */
export const indentedBlocks: Extension = {
  document: Object.fromEntries(
    ['!', '?', '='].map(mark => [mark.codePointAt(0)!, construct(mark.codePointAt(0)!, mark === '=')]),
  ),
}

function construct(mark: number, isTab: boolean): Construct {
  return {
    name: 'indentedBlock',
    continuation: { tokenize: tokenizeContinuation },
    exit: effects => void effects.exit('indentedBlock'),

    tokenize(effects, ok, nok) {
      let marks = 0
      return code => {
        effects.enter('indentedBlock', { _container: true })
        effects.enter('indentedBlockHead')
        return marker(code)
      }

      function marker(code: Code): State | undefined {
        if (code === mark && marks < 3) {
          marks++
          effects.consume(code)
          return marker
        }
        if (marks < 3) return nok(code)
        // `???+` and `===+` are open at first, `===!` begins a new set.
        if (code === 43 || (code === 33 && isTab)) {
          effects.consume(code)
          return blank
        }
        return blank(code)
      }

      function blank(code: Code): State | undefined {
        if (!isSpace(code)) return nok(code)
        effects.consume(code)
        return afterBlank
      }

      function afterBlank(code: Code): State | undefined {
        if (isSpace(code)) return blank(code)
        if (isEnd(code) || (isTab && code !== QUOTE)) return nok(code)
        return title(code)
      }

      function title(code: Code): State | undefined {
        if (isEnd(code)) {
          effects.exit('indentedBlockHead')
          return ok(code)
        }
        effects.consume(code)
        return title
      }
    },
  }
}

/** A line goes on with the block when it is indented, or blank. */
function tokenizeContinuation(this: TokenizeContext, effects: Effects, ok: State, nok: State): State {
  let columns = 0
  return code => {
    if (!isSpace(code)) return isEnd(code) ? ok(code) : nok(code)
    effects.enter('indentedBlockIndent')
    return indent(code)
  }

  function indent(code: Code): State | undefined {
    if (isSpace(code) && columns < INDENT) {
      columns++
      effects.consume(code)
      return indent
    }
    effects.exit('indentedBlockIndent')
    return columns === INDENT || isEnd(code) ? ok(code) : nok(code)
  }
}

/** A tab arrives as itself and then as virtual spaces up to the next stop: each is one column. */
function isSpace(code: Code): boolean {
  return code === SPACE || code === TAB || code === VIRTUAL_SPACE
}

function isEnd(code: Code): boolean {
  return code === null || code < VIRTUAL_SPACE - 1
}
