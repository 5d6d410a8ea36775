/**
 * Units of the private use area that stand for what is not shell while the shell parser reads. To it they are letters.
 * Where a page has one of them itself, it is read as U+FFFD.
 */

/** The first unit of a hole. */
export const HOLE = '\uE000'
/** Every other unit of a hole, and what is passed over. */
export const REST = '\uE001'
/** Around alternatives that are part of a word, and between them: `--as={json|text}`. */
export const OPEN = '\uE002'
export const CLOSE = '\uE003'
export const BETWEEN = '\uE004'

export const MARKS = /[\uE000-\uE004]/g
export const TOKENS = /\uE000|\uE001+|[\uE002-\uE004]|[^\uE000-\uE004]+/g
export const hasMark = (text: string): boolean => /[\uE000-\uE004]/.test(text)
