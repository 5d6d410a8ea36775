import { createReadStream } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import { RunproofError } from '../../model/error.ts'
import { fileError } from '../../model/system-error.ts'
import { parseSample, type Sample } from '../../slo/sample.ts'

/** A status with a thousand routes is a tenth of it. */
const MOST_LINE_CHARACTERS = 1024 * 1024

/**
 * The samples of a recording, in order, as soon as each line is whole.
 *
 * @param file - `-` is standard input
 * @throws RunproofError SAMPLES_INVALID naming the line; FILE_UNREADABLE
 */
export async function* recordedSamples(file: string, signal: AbortSignal): AsyncGenerator<Sample> {
  let before: { readonly at: string; readonly line: number } | undefined
  let line = 0
  for await (const text of lines(file, signal)) {
    line += 1
    const sample = located(file, line, () => parseSample(text))
    if (before !== undefined && Date.parse(sample.at) <= Date.parse(before.at))
      throw new RunproofError(
        'SAMPLES_INVALID',
        `${file}, line ${line}: ${sample.at} is not later than ${before.at} in the line before`,
      )
    before = { at: sample.at, line }
    yield sample
  }
}

function located<Value>(file: string, line: number, read: () => Value): Value {
  try {
    return read()
  } catch (thrown) {
    if (!(thrown instanceof RunproofError)) throw thrown
    throw new RunproofError(thrown.code, `${file}, line ${line}: ${thrown.message}`, { cause: thrown })
  }
}

async function* lines(file: string, signal: AbortSignal): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  let count = 0
  const stream = file === '-' ? process.stdin : createReadStream(file)
  const end = () => stream.destroy()
  signal.addEventListener('abort', end, { once: true })
  try {
    for await (const chunk of stream) {
      const parts = (rest + decoder.write(chunk as Buffer)).split('\n')
      rest = parts.pop()!
      if (rest.length > MOST_LINE_CHARACTERS)
        throw new RunproofError(
          'SAMPLES_INVALID',
          `${file}, line ${count + parts.length + 1}: more than ${MOST_LINE_CHARACTERS} characters`,
        )
      count += parts.length
      yield* parts
    }
    if (rest !== '') yield rest
  } catch (thrown) {
    if (signal.aborted) return
    throw fileError(thrown, file, 'read')
  } finally {
    signal.removeEventListener('abort', end)
  }
}
