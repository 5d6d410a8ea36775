import type { Json } from './check.ts'
import { RunproofError } from './error.ts'
import type { Answer } from './http.ts'

/**
 * The document in an answer that must be JSON with one status; nothing of its text goes into an error.
 *
 * @param what - what was asked, as the subject of a sentence
 * @throws RunproofError ANSWER_MALFORMED for another status, a page in place of the document, and text that is not JSON
 */
export function jsonAnswer(what: string, answer: Pick<Answer, 'status' | 'headers' | 'text'>, status = 200): Json {
  const type = answer.headers['content-type'] ?? 'no content type'
  if (answer.status !== status) {
    throw new RunproofError('ANSWER_MALFORMED', `${what} answered ${answer.status} (${type}), not ${status}`)
  }
  // A proxy's login page and a status page of another service are 200, too.
  if (/^text\/html\b/i.test(type) || /^\s*</.test(answer.text)) {
    throw new RunproofError('ANSWER_MALFORMED', `${what} answered with a page (${type}) in place of JSON`, {
      hint: 'is it the daemon that answers, and not something in between?',
    })
  }
  return parseJson(answer.text, `${what} answered`)
}

/**
 * @param whose - subject and verb of the sentence `… no JSON`
 * @throws RunproofError ANSWER_MALFORMED; what the parser says stays out, since it quotes the text
 */
export function parseJson(text: string, whose: string): Json {
  if (isDeeper(text, MOST_LEVELS))
    throw new RunproofError(
      'ANSWER_MALFORMED',
      `${whose} JSON that is nested deeper than ${MOST_LEVELS} levels, ${text.length} characters`,
    )
  try {
    return JSON.parse(text) as Json
  } catch {
    throw new RunproofError('ANSWER_MALFORMED', `${whose} no JSON, ${text.length} characters`)
  }
}

/** What daemons say is some ten levels deep. Whatever walks a document would run out of stack, and the parser takes a gigabyte first. */
const MOST_LEVELS = 500
const [QUOTE, BACKSLASH] = [0x22, 0x5c]
const OPENS = new Set([0x5b, 0x7b])
const CLOSES = new Set([0x5d, 0x7d])

/** Seen before it is parsed; brackets in texts do not count. */
function isDeeper(text: string, most: number): boolean {
  let levels = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      at += 1
      while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1
    } else if (OPENS.has(code)) {
      levels += 1
      if (levels > most) return true
    } else if (CLOSES.has(code)) levels -= 1
  }
  return false
}
